package record

import (
	"context"
	"sync"
	"time"
)

// Table holds the entries of an outermost observed group and of those nested
// in it.
type Table struct {
	Run   uint32 // the upper half of its IDs
	Began time.Time

	mu     sync.Mutex
	chunks []Chunk
}

// Chunk is entries of adjacent numbers.
type Chunk []Entry

// Add adds the entries of a chunk, which may have been written to.
func (t *Table) Add(c Chunk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chunks = append(t.chunks, c)
}

// Each calls f with every entry that has a state, which tells what of it may
// be read.
func (t *Table) Each(f func(e *Entry, state uint32)) {
	t.mu.Lock()
	chunks := t.chunks
	t.mu.Unlock()
	for _, c := range chunks {
		for i := range c {
			if s := c[i].State(); s != 0 {
				f(&c[i], s)
			}
		}
	}
}

// Sink is told of a table instead of the events that fill it. An observer with
// a method Sink() Sink, whose Owner is that observer itself and not one that
// it is wrapped in, is not called otherwise.
type Sink interface {
	Owner() any
	// Began is called when a group starts that the observer was given to, and
	// that is not nested in another one it was given to, with the context that
	// the observers which are called have made.
	Began(ctx context.Context, t *Table, group uint32)
	// Ended is called after everything else of that group.
	Ended(t *Table, group uint32)
}
