package waterfall

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// The engine fills a [record.Table] for observers that read one. An observer
// that is called for each event instead, because it is wrapped in another one
// or because the events come from elsewhere, fills a table of the same entries
// itself: this one.

const (
	fewEntries   = 16
	chunkBits    = 7
	chunkEntries = 1 << chunkBits
	maxDense     = 1 << 24
)

// table holds the entries of one outermost observed group. IDs are dense, so
// it is an array; the first few entries are part of it, for small groups.
type table struct {
	key  uint32 // the high half of its IDs
	next atomic.Pointer[table]
	open int // outermost groups that have not ended; guarded by the collector's mu

	began  time.Time
	few    [fewEntries]record.Entry
	chunks atomic.Pointer[[]atomic.Pointer[[chunkEntries]record.Entry]]

	mu     sync.Mutex               // guards growing, and what follows
	sparse map[uint32]*record.Entry // IDs that are not dense
}

// at returns the entry of an ID, made if need be.
func (t *table) at(n uint32) *record.Entry {
	if n < fewEntries {
		return &t.few[n]
	}
	if n < maxDense {
		if dir := t.chunks.Load(); dir != nil && int(n>>chunkBits) < len(*dir) {
			if c := (*dir)[n>>chunkBits].Load(); c != nil {
				return &c[n&(chunkEntries-1)]
			}
		}
	}
	return t.grow(n)
}

func (t *table) grow(n uint32) *record.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n >= maxDense {
		if t.sparse == nil {
			t.sparse = make(map[uint32]*record.Entry)
		}
		if t.sparse[n] == nil {
			t.sparse[n] = new(record.Entry)
		}
		return t.sparse[n]
	}
	i := int(n >> chunkBits)
	dir := t.chunks.Load()
	if dir == nil || i >= len(*dir) {
		bigger := make([]atomic.Pointer[[chunkEntries]record.Entry], max(4, 2*i))
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
		c = new([chunkEntries]record.Entry)
		(*dir)[i].Store(c)
	}
	return &c[n&(chunkEntries-1)]
}

// Each calls f with every entry that has been written to.
func (t *table) Each(f func(e *record.Entry, state uint32)) {
	visit := func(e *record.Entry) {
		if s := e.State(); s != 0 {
			f(e, s)
		}
	}
	for n := range t.few {
		visit(&t.few[n])
	}
	if dir := t.chunks.Load(); dir != nil {
		for i := range *dir {
			if c := (*dir)[i].Load(); c != nil {
				for j := range c {
					visit(&c[j])
				}
			}
		}
	}
	t.mu.Lock()
	sparse := slices.Collect(maps.Values(t.sparse))
	t.mu.Unlock()
	for _, e := range sparse {
		visit(e)
	}
}

// write puts an event into its entry; bits may have [record.Outermost], for
// the start of a group.
func (t *table) write(r *record.Entry, e *asap.Event, bits uint32) {
	if r.Fresh() {
		r.Number = uint32(e.Task)
		if e.Task == 0 {
			r.Number = uint32(e.Group)
		}
		r.Name, r.Group = e.Name, uint32(e.Group)
		if e.Parent != 0 {
			r.SetParent(uint32(e.Parent))
		}
	}
	on := uint32(0)
	if e.On>>32 == e.Group>>32 { // else of another run
		on = uint32(e.On)
	}
	switch e.Kind {
	case asap.Declared:
		for _, d := range e.Deps {
			r.Depend(uint32(d))
		}
		if e.Limit > 0 {
			r.Note(&record.Facts{Limit: e.Limit})
		}
		if e.Race {
			bits |= record.Race
		}
		r.Declare(e.At, bits|record.Told)
	case asap.Ready:
		if c := t.at(on); on != 0 && c.State()&record.SeenEnded != 0 && c.Ended == e.At || on == 0 && r.Declared == e.At {
			r.SetReady(e.At, on)
		} else {
			r.SetReadyLater(e.At, on)
		}
	case asap.Started:
		r.Start(e.At)
	case asap.Blocked:
		r.Block(e.At, on)
	case asap.Resumed:
		r.Resume(e.At, on)
	case asap.Ended, asap.GroupEnd:
		if r.CloseWaits() {
			r.EndWaits(e.At)
		}
		r.End(e.At, uint8(e.Outcome), e.Err)
	case asap.GroupStart:
		if e.Settled {
			bits |= record.Settled
		}
		if e.Limit > 0 {
			r.Note(&record.Facts{Limit: e.Limit})
		}
		r.Begin(e.At, bits|record.Told)
	}
}

func (t *table) root(group uint32, trace string) *root {
	return &root{t, t.key, group, t.began, trace, t.at(group)}
}
