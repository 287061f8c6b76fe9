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
	chunk atomic.Pointer[record.Chunk]
	mu    sync.Mutex    // guards changes of chunk, and last
	last  *record.Chunk // the chunk that was made last
}

// newRun makes one with the number that an engine gave it, or with one that is drawn: not
// 0, which is no run.
func newRun(c *Config) *run {
	number := c.Run
	if number == 0 {
		number = 1 + rand.Uint32N(math.MaxUint32)
	}
	r := &run{clock: c.Clock, id: uint64(number) << 32, began: c.Made}
	switch {
	case r.clock != nil:
		r.began = r.clock()
	case r.began.IsZero():
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

// following makes the chunk after c, which may be nil: of sizes that leave little of
// what the allocator hands out unused, and of few entries for a small group. Nothing
// in an entry leads to a task: who keeps one keeps its neighbours' entries and no
// bodies.
func following(c *record.Chunk) *record.Chunk {
	switch {
	case c == nil:
		return newChunk(1, 7) // a group of six tasks
	case len(c.Entries) < 11:
		return newChunk(c.End(), 11)
	case len(c.Entries) < 22:
		return newChunk(c.End(), 22)
	case len(c.Entries) < 51:
		return newChunk(c.End(), 51)
	}
	return newChunk(c.End(), 102)
}

func newChunk(first uint32, n int) *record.Chunk {
	return &record.Chunk{First: first, Entries: make([]record.Entry, n)}
}

// slot returns the place of the task or group with a number, which is the caller's, and
// the chunk that it is in.
func (r *run) slot(n uint32) (*record.Entry, *record.Chunk) {
	if c := r.chunk.Load(); c != nil {
		if i := n - c.First; i < uint32(len(c.Entries)) {
			e := &c.Entries[i]
			e.Number = n
			return e, c
		}
	}
	return r.slowSlot(n)
}

// slowSlot is slot for a number that is not of the chunk: it makes the next
// ones, up to that of n. Who comes so late that its chunk has been replaced gets
// one of its own, which comes after all: tables that begin before it have it.
func (r *run) slowSlot(n uint32) (*record.Entry, *record.Chunk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.chunk.Load()
	if c != nil && n < c.First {
		c = r.addLocked(newChunk(n, 1))
	} else {
		for c == nil || n >= c.End() {
			c = r.addLocked(following(c))
		}
		r.chunk.Store(c)
	}
	e := &c.Entries[n-c.First]
	e.Number = n
	return e, c
}

func (r *run) addLocked(c *record.Chunk) *record.Chunk {
	if r.last != nil {
		r.last.Then(c)
	}
	r.last = c
	return c
}
