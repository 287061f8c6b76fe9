package waterfall

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
)

// The recorder keeps one record per task in a table, indexed by the task's ID,
// and every event writes its own fields of the record. The events of one task
// come one after the other, so a record has one writer at a time and needs no
// lock; it ends each event with a store to the record's state, which publishes
// the fields to a snapshot that is taken at the same time. A published field is
// never written again. What is not done here is done in [Recorder.Run].

// record is what the events of a task or a group leave. It is small, and has
// few pointers, because a run has one for every task.
type record struct {
	state atomic.Uint64 // seen* bits, and above them the count of waits begun and ended

	declared, ready, started, ended time.Duration // of a group: start and end

	name              string
	group, parent, on uint32 // low halves of IDs; on: the dependency that ended last
	deps              [4]uint32
	depth             int16 // waits at this moment; only the writer reads it
	ndeps             uint8 // of deps, if more is nil
	outcome           asap.Outcome
	outermost         bool  // a group without a known parent
	unpublished       uint8 // seen* bits that the next event publishes

	wait  wait
	waits *waits    // from the second wait on
	more  *[]uint32 // all dependencies, if there are more than four
	err   *error    // nil without an error
}

const (
	seenDeclared = 1 << iota
	seenReady
	seenStarted
	seenEnded
	seenGroup // the record is of a group: seenDeclared is its start, seenEnded its end
	oneStep   = 1 << 8
)

// wait is one stretch between Blocked and Resumed.
type wait struct {
	on        uint32
	at, until time.Duration
}

// waits is a chunk of the waits after the first, linked to the next chunk.
type waits struct {
	w    [6]wait
	next *waits
}

// nth returns the place of a record's nth wait; grow makes it if needed.
func (r *record) nth(n int, grow bool) *wait {
	if n == 0 {
		return &r.wait
	}
	n--
	link := &r.waits
	for {
		if *link == nil {
			if !grow {
				return nil
			}
			*link = new(waits)
		}
		if n < len((*link).w) {
			return &(*link).w[n]
		}
		n -= len((*link).w)
		link = &(*link).next
	}
}

const (
	fewRecords   = 16
	chunkBits    = 7
	chunkRecords = 1 << chunkBits
	maxDense     = 1 << 24
)

// table holds the records of one outermost observed group. IDs are dense, so
// it is an array; the first few records are part of it, for small groups.
type table struct {
	key   uint32 // the high half of its IDs
	next  atomic.Pointer[table]
	began time.Time // where the clock of its events is zero
	open  int       // outermost groups that have not ended; guarded by the collector's mu

	few    [fewRecords]record
	chunks atomic.Pointer[[]atomic.Pointer[[chunkRecords]record]]

	mu     sync.Mutex         // guards growing, and what follows
	sparse map[uint32]*record // IDs that are not dense
}

// at returns the record of an ID, made if need be.
func (t *table) at(n uint32) *record {
	if n < fewRecords {
		return &t.few[n]
	}
	if n < maxDense {
		if dir := t.chunks.Load(); dir != nil && int(n>>chunkBits) < len(*dir) {
			if c := (*dir)[n>>chunkBits].Load(); c != nil {
				return &c[n&(chunkRecords-1)]
			}
		}
	}
	return t.grow(n)
}

func (t *table) grow(n uint32) *record {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n >= maxDense {
		if t.sparse == nil {
			t.sparse = make(map[uint32]*record)
		}
		if t.sparse[n] == nil {
			t.sparse[n] = new(record)
		}
		return t.sparse[n]
	}
	i := int(n >> chunkBits)
	dir := t.chunks.Load()
	if dir == nil || i >= len(*dir) {
		bigger := make([]atomic.Pointer[[chunkRecords]record], max(4, 2*i))
		if dir != nil {
			for j := range *dir {
				bigger[j].Store((*dir)[j].Load())
			}
		}
		dir = &bigger
		t.chunks.Store(dir)
	}
	c := (*dir)[i].Load()
	if c == nil {
		c = new([chunkRecords]record)
		(*dir)[i].Store(c)
	}
	return &c[n&(chunkRecords-1)]
}

// each calls f with every record that has been written to.
func (t *table) each(f func(n uint32, r *record, state uint64)) {
	visit := func(n uint32, r *record) {
		if s := r.state.Load(); s != 0 {
			f(n, r, s)
		}
	}
	for n := range t.few {
		visit(uint32(n), &t.few[n])
	}
	if dir := t.chunks.Load(); dir != nil {
		for i := range *dir {
			if c := (*dir)[i].Load(); c != nil {
				for j := range c {
					visit(uint32(i)<<chunkBits|uint32(j), &c[j])
				}
			}
		}
	}
	t.mu.Lock()
	sparse := make(map[uint32]*record, len(t.sparse))
	maps.Copy(sparse, t.sparse)
	t.mu.Unlock()
	for n, r := range sparse {
		visit(n, r)
	}
}

// write puts an event into its record and publishes it.
func (r *record) write(e *asap.Event) {
	s := r.state.Load() | uint64(r.unpublished)
	if s == 0 {
		r.name = e.Name
		r.group = uint32(e.Group)
		r.parent = uint32(e.Parent)
	}
	switch e.Kind {
	case asap.Declared:
		r.declared = e.At
		r.ndeps = uint8(min(len(e.Deps), len(r.deps)))
		for i := range r.ndeps {
			r.deps[i] = uint32(e.Deps[i])
		}
		if len(e.Deps) > len(r.deps) {
			more := make([]uint32, len(e.Deps))
			for i, d := range e.Deps {
				more[i] = uint32(d)
			}
			r.more = &more
		}
		s |= seenDeclared
	case asap.Ready:
		if s&seenReady != 0 { // of a Map, whose elements are done
			return
		}
		// Most often the start follows at once, and publishes this as well;
		// meanwhile the ends of the dependencies tell a snapshot the same.
		r.ready, r.on = e.At, uint32(e.On)
		r.unpublished = seenReady
		if s&seenDeclared != 0 {
			return
		}
		s |= seenReady
	case asap.Started:
		r.started = e.At
		s |= seenStarted
	case asap.Blocked:
		if r.depth++; r.depth > 1 { // blocked already: a second wait of the same body
			return
		}
		w := r.nth(int(s/oneStep)/2, true)
		w.on, w.at = uint32(e.On), e.At
		s += oneStep
	case asap.Resumed:
		if r.depth--; r.depth != 0 {
			return
		}
		r.nth(int(s/oneStep)/2, false).until = e.At
		s += oneStep
	case asap.Ended:
		r.ended, r.outcome = e.At, e.Outcome
		if e.Err != nil {
			err := e.Err
			r.err = &err
		}
		s |= seenEnded
	case asap.GroupStart:
		r.declared = e.At
		s |= seenDeclared | seenGroup
	case asap.GroupEnd:
		r.ended, r.outcome = e.At, e.Outcome
		if e.Err != nil {
			err := e.Err
			r.err = &err
		}
		s |= seenEnded | seenGroup
	}
	r.state.Store(s)
}
