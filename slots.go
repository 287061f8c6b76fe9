package asap

import (
	"time"

	"github.com/asap-go/asap/internal/record"
)

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

// slot returns the place of the next task or group.
func (b *watchBase) slot() *record.Entry {
	n := b.ids.Add(1)
	if c := b.chunk.Load(); c != nil {
		if i := n - c.first; i < uint32(len(c.entries)) {
			e := &c.entries[i]
			e.Number = n
			return e
		}
	}
	return b.slowSlot(n)
}

// slowSlot is slot for a number that is not of the chunk: it makes the next
// ones, up to that of n. Who comes so late that its chunk has been replaced gets
// one of its own.
func (b *watchBase) slowSlot(n uint32) *record.Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.chunk.Load()
	if c != nil && n < c.first {
		c = b.addLocked(newSlots(n, 1))
	} else {
		for c == nil || n >= c.end() {
			c = b.addLocked(c.next())
		}
		b.chunk.Store(c)
	}
	e := &c.entries[n-c.first]
	e.Number = n
	return e
}

func (b *watchBase) addLocked(c *slots) *slots {
	if t := b.table.Load(); t != nil {
		t.Add(c.entries)
	}
	return c
}

// tableOf returns the table of the run and makes it if need be. What was
// declared long before it was made is not in it.
func (b *watchBase) tableOf() *record.Table {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.table.Load()
	if t == nil {
		t = &record.Table{Run: uint32(b.run >> 32), Began: b.start}
		if c := b.chunk.Load(); c != nil {
			t.Add(c.entries)
		}
		b.table.Store(t)
	}
	return t
}

// now is the monotonic time since the start of the outermost observed group.
func (b *watchBase) now() time.Duration {
	if b.clock != nil {
		return b.clock().Sub(b.start)
	}
	return time.Since(b.start)
}
