package record

import (
	"context"
	"sync/atomic"
	"time"
)

// Table holds the entries of an outermost observed group and of those nested in
// it: all entries of the run from that of the group on, so others may be among
// them. It leads to what was declared after the group and to nothing before it:
// what nobody's table needs any more the collector takes, however long the run
// goes on.
type Table struct {
	Run   uint32 // the upper half of its IDs
	Began time.Time
	Own   *Entry // of the group

	first atomic.Pointer[Chunk]
}

// NewTable makes the table of a group whose entry is in the chunk.
func NewTable(run uint32, began time.Time, own *Entry, in *Chunk) *Table {
	t := &Table{Run: run, Began: began, Own: own}
	t.first.Store(in)
	return t
}

// Each calls f with every entry that has a state, which tells what of it may
// be read.
func (t *Table) Each(f func(e *Entry, state uint32)) {
	for c := t.first.Load(); c != nil; c = c.next.Load() {
		for i := range c.Entries {
			if s := c.Entries[i].State(); s != 0 {
				f(&c.Entries[i], s)
			}
		}
	}
}

// All calls f with every entry that has a state, until it returns false, and reports
// whether it has returned true for all.
func (t *Table) All(f func(e *Entry, state uint32) bool) bool {
	for c := t.first.Load(); c != nil; c = c.next.Load() {
		for i := range c.Entries {
			if s := c.Entries[i].State(); s != 0 && !f(&c.Entries[i], s) {
				return false
			}
		}
	}
	return true
}

// Close cuts the table off from what is declared later, after the end of the
// group. Who keeps the table from then on calls it; several may.
func (t *Table) Close() {
	old := t.first.Load()
	first := &Chunk{First: old.First, Entries: old.Entries}
	for last := first; ; {
		if old = old.next.Load(); old == nil {
			break
		}
		c := &Chunk{First: old.First, Entries: old.Entries}
		last.next.Store(c)
		last = c
	}
	t.first.Store(first)
}

// Chunk is entries of adjacent numbers, the first of which is First, and leads to
// the chunk that was made next. Nothing in an entry leads to its chunk: who keeps
// one keeps its neighbours' entries.
type Chunk struct {
	First   uint32
	Entries []Entry
	next    atomic.Pointer[Chunk]
}

// End is the number after the last one.
func (c *Chunk) End() uint32 { return c.First + uint32(len(c.Entries)) }

// Then makes c lead to the next chunk, once.
func (c *Chunk) Then(next *Chunk) { c.next.Store(next) }

// Sink is told of a table instead of the events that fill it. An observer with
// a method Sink() Sink, whose Owner is that observer itself and not one that
// it is wrapped in, is not called otherwise.
type Sink interface {
	Owner() any
	// Began is called when a group starts that the observer was given to, and
	// that is not nested in another one it was given to, with the context that
	// the observers which are called have made.
	Began(ctx context.Context, t *Table) (began any)
	// Ended is called after everything else of that group, with the same table and
	// with what Began has returned.
	Ended(t *Table, began any)
}
