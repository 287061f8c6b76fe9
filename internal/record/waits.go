package record

import (
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

// waits makes one sequence of the waits of a body, whatever goroutines of it
// wait at the same time: the first to begin is noted, and when it goes on, at
// the same instant the next. Those that have begun and ended meanwhile are noted
// then, for no time: so what somebody has waited for is known. One for what has a
// number comes before one that has none: so of an await inside of a Blocking call the
// await is noted, and of two such calls, one in the other, one. Steps are the beginnings
// and ends in turn.
//
// The sequence is read without the lock by who has a [Table], up to a number of
// steps: what these have written is not written again. It is also the queue of
// what is still to be told to observers that are called, but for what has passed meanwhile.
type waits struct {
	mu    sync.Mutex    // guards all that follows; a reader needs it for nothing
	steps atomic.Uint32 // noted; the last is a beginning if odd
	told  uint32        // of them, and the bit telling while somebody tells the others
	last  time.Duration // of the last step
	crowd atomic.Pointer[crowd]
	first Wait
	rest  *chunk
}

// telling is a bit beside a number of steps, which has room for it.
const telling = 1 << 31

// Wait is one stretch in which a body waits. On is the lower half of what it
// waits for, 0 if nobody observes that. Run is the upper half, 0 if it is that
// of the body. Due is the deadline that the wait has and the body has not, 0 without, and
// less than 0 of what has passed during another wait.
type Wait struct {
	On, Run   uint32
	At, Until time.Duration
	Due       time.Duration
}

// id is what is waited for, whole.
func (w *Wait) id() uint64 { return uint64(w.Run)<<32 | uint64(w.On) }

// chunk holds waits after the first, and leads to the next. The first one leads to the
// last, too, where waits begin and end.
type chunk struct {
	w    [7]Wait
	next *chunk
	last *chunk
}

// Block notes that a goroutine of the body begins to wait for what is of the
// same run, or unknown if 0.
func (e *Entry) Block(at time.Duration, on uint32) { e.BlockOn(at, 0, on, 0) }

// Resume notes that the goroutine goes on that Block has noted.
func (e *Entry) Resume(at time.Duration, on uint32) { e.ResumeFrom(at, 0, on) }

// BlockOn notes that a goroutine of the body begins to wait; for run, on and due see
// [Wait]. Of a wait that is not noted at once due is forgotten. Any goroutine may call
// it, as also ResumeFrom, at any time: it does nothing after CloseWaits, and ResumeFrom
// nothing after EndWaits.
func (e *Entry) BlockOn(at time.Duration, run, on uint32, due time.Duration) {
	w := &e.moreOf().waits
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.state.Load()&closed != 0 {
		return
	}
	id, n := uint64(run)<<32|uint64(on), w.steps.Load()
	if n%2 == 1 {
		c := w.crowdLocked()
		if noted := w.nthLocked(n / 2).id(); noted != 0 || id == 0 {
			if noted != 0 { // who is in a Blocking call may wait in it
				c.several.Store(true)
			}
			c.join(id)
			return
		}
		c.join(0) // the noted one goes back
		w.endLocked(at)
	}
	w.beginLocked(at, id, due)
}

// ResumeFrom notes that the goroutine of the body that waited for on, or the
// only one that waited, goes on.
func (e *Entry) ResumeFrom(at time.Duration, run, on uint32) {
	w := &e.moreOf().waits
	w.mu.Lock()
	defer w.mu.Unlock()
	c, id, n := w.crowd.Load(), uint64(run)<<32|uint64(on), w.steps.Load()
	if c != nil && c.leave(id) { // of two that wait for the same, the one that is not noted goes
		if id != w.nthLocked(n/2).id() {
			c.pass(id)
		}
		return
	}
	if n%2 == 0 { // no wait goes on
		return
	}
	w.endLocked(at)
	if c != nil {
		if next, ok := c.next(); ok {
			w.beginLocked(at, next, 0)
		}
	}
}

// Several reports whether goroutines of the body are known to have waited at once.
func (e *Entry) Several() bool {
	if m := e.more.Load(); m != nil {
		c := m.waits.crowd.Load()
		return c != nil && c.several.Load()
	}
	return false
}

// Steps returns how many times the body has begun to wait and gone on.
func (e *Entry) Steps() int {
	if m := e.more.Load(); m != nil {
		return int(m.waits.steps.Load())
	}
	return 0
}

// Waits yields the waits of the first n steps. If n is odd the last one has no
// Until. A reader knows one run: a wait for what is of another has On 0.
func (e *Entry) Waits(n int) iter.Seq[Wait] {
	return func(yield func(Wait) bool) {
		m := e.more.Load()
		if m == nil || n == 0 {
			return
		}
		at, in := &m.waits.first, (*chunk)(nil)
		for i := 0; ; {
			w := Wait{On: at.On, At: at.At, Due: at.Due}
			if at.Run != 0 {
				w.On = 0
			}
			if 2*i+1 < n {
				w.Until = at.Until
			}
			if i++; !yield(w) || 2*i >= n {
				return
			}
			switch k := (i - 1) % len(in.w); {
			case in == nil:
				in = m.waits.rest
			case k == 0:
				in = in.next
			}
			at = &in.w[(i-1)%len(in.w)]
		}
	}
}

func (w *waits) beginLocked(at time.Duration, id uint64, due time.Duration) {
	n := w.steps.Load()
	w.last = max(w.last, at) // of two goroutines, the later may come first
	p := w.nthLocked(n / 2)
	p.On, p.Run, p.At, p.Due = uint32(id), uint32(id>>32), w.last, due
	w.steps.Store(n + 1)
}

// endLocked ends the noted wait, and notes those that have passed during it.
func (w *waits) endLocked(at time.Duration) {
	n := w.steps.Load()
	w.last = max(w.last, at)
	w.nthLocked(n / 2).Until = w.last
	w.steps.Store(n + 1)
	if c := w.crowd.Load(); c != nil && len(c.passed) > 0 {
		passed := c.passed
		c.passed = passed[:0]
		for _, id := range passed {
			w.beginLocked(at, id, -1)
			w.endLocked(at)
		}
	}
}

func (w *waits) crowdLocked() *crowd {
	c := w.crowd.Load()
	if c == nil {
		c = new(crowd)
		w.crowd.Store(c)
	}
	return c
}

// nthLocked returns the place of the nth wait, made if need be.
func (w *waits) nthLocked(n uint32) *Wait {
	if n == 0 {
		return &w.first
	}
	n--
	if w.rest == nil {
		w.rest = new(chunk)
		w.rest.last = w.rest
	}
	c, k := w.rest, uint32(0)
	size := uint32(len(c.w))
	if begun := (w.steps.Load() + 1) / 2; begun > 1 && n/size >= (begun-2)/size {
		c, k = c.last, (begun-2)/size
	}
	for ; k < n/size; k++ {
		if c.next == nil {
			c.next = new(chunk)
			w.rest.last = c.next
		}
		c = c.next
	}
	return &c.w[n%size]
}
