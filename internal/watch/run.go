package watch

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// run is shared by an outermost observed group and those nested in it. It hands
// out numbers and entries, and any goroutine may ask it.
type run struct {
	began time.Time
	clock func() time.Time // nil for that of this process
	id    uint64           // the upper half of every ID, drawn so that one observer can tell runs apart
	ids   atomic.Uint32
	chunk atomic.Pointer[slots]
	table atomic.Pointer[record.Table] // nil until somebody reads it
	mu    sync.Mutex                   // guards changes of chunk and table
}

func newRun(clock func() time.Time) *run {
	r := &run{clock: clock, id: uint64(1+rand.Uint32N(math.MaxUint32)) << 32} // not 0, which is no run
	if clock != nil {
		r.began = clock()
	} else {
		r.began = time.Now()
	}
	return r
}

// now is the monotonic time since the start of the outermost observed group.
func (r *run) now() time.Duration {
	if r.clock != nil {
		return r.clock().Sub(r.began)
	}
	return time.Since(r.began)
}

// slots are the places for what observers are told of adjacent numbers, taken
// in order of declaration. Nothing in an entry leads to a task: who keeps one
// keeps its neighbours' entries and no bodies.
type slots struct {
	first   uint32
	entries record.Chunk
}

// next is how many slots follow a chunk of n: sizes that leave little of what
// the allocator hands out unused, and few for a small group.
func (s *slots) next() *slots {
	switch {
	case s == nil:
		return newSlots(1, 7) // a group of six tasks
	case len(s.entries) < 22:
		return newSlots(s.end(), 22)
	case len(s.entries) < 51:
		return newSlots(s.end(), 51)
	}
	return newSlots(s.end(), 102)
}

func (s *slots) end() uint32 { return s.first + uint32(len(s.entries)) }

func newSlots(first uint32, n int) *slots {
	return &slots{first, make(record.Chunk, n)}
}

// slot returns the place of the next task or group, which is the caller's.
func (r *run) slot() *record.Entry {
	n := r.ids.Add(1)
	if c := r.chunk.Load(); c != nil {
		if i := n - c.first; i < uint32(len(c.entries)) {
			e := &c.entries[i]
			e.Number = n
			return e
		}
	}
	return r.slowSlot(n)
}

// slowSlot is slot for a number that is not of the chunk: it makes the next
// ones, up to that of n. Who comes so late that its chunk has been replaced gets
// one of its own.
func (r *run) slowSlot(n uint32) *record.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.chunk.Load()
	if c != nil && n < c.first {
		c = r.addLocked(newSlots(n, 1))
	} else {
		for c == nil || n >= c.end() {
			c = r.addLocked(c.next())
		}
		r.chunk.Store(c)
	}
	e := &c.entries[n-c.first]
	e.Number = n
	return e
}

func (r *run) addLocked(c *slots) *slots {
	if t := r.table.Load(); t != nil {
		t.Add(c.entries)
	}
	return c
}

// tableOf returns the table of the run and makes it if need be. What was
// declared long before it was made is not in it.
func (r *run) tableOf() *record.Table {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.table.Load()
	if t == nil {
		t = &record.Table{Run: uint32(r.id >> 32), Began: r.began}
		if c := r.chunk.Load(); c != nil {
			t.Add(c.entries)
		}
		r.table.Store(t)
	}
	return t
}
