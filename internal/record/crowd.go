package record

import (
	"slices"
	"sync/atomic"
)

// crowd is what only bodies need of which several goroutines wait at once: those that
// wait beside the noted wait. The lock of the waits guards it.
type crowd struct {
	several atomic.Bool // another goroutine waits than that of the noted wait, or did
	oldest  *beside
	newest  *beside
	by      map[uint64]queue // the same, by what is waited for
	free    *beside          // to be used again, by newer
	unknown int              // how many wait for what has no number
	passed  []uint64         // what was waited for during the noted wait, and is not any more
	idle    chan struct{}    // closed when nobody tells any more, if the body has ended before
}

// beside is a wait for what has a number.
type beside struct {
	id           uint64
	older, newer *beside
	same         *beside // the next that waits for it
}

// queue are those that wait for the same.
type queue struct{ first, last *beside }

// mostPassed is how many waits are remembered that pass during another one.
const mostPassed = 256

// join adds a wait.
func (c *crowd) join(id uint64) {
	if id == 0 {
		c.unknown++
		return
	}
	b := c.free
	if b == nil {
		b = new(beside)
	}
	c.free = b.newer
	*b = beside{id: id, older: c.newest}
	if c.newest == nil {
		c.oldest = b
	} else {
		c.newest.newer = b
	}
	c.newest = b
	if c.by == nil {
		c.by = make(map[uint64]queue)
	}
	q := c.by[id]
	if q.first == nil {
		q.first = b
	} else {
		q.last.same = b
	}
	q.last = b
	c.by[id] = q
}

// leave takes out the oldest wait for id, and reports whether there is one.
func (c *crowd) leave(id uint64) bool {
	if id == 0 {
		is := c.unknown > 0
		c.unknown = max(0, c.unknown-1)
		return is
	}
	q := c.by[id]
	b := q.first
	if b == nil {
		return false
	}
	if q.first = b.same; q.first == nil {
		delete(c.by, id)
	} else {
		c.by[id] = q
	}
	if b.older == nil {
		c.oldest = b.newer
	} else {
		b.older.newer = b.newer
	}
	if b.newer == nil {
		c.newest = b.older
	} else {
		b.newer.older = b.older
	}
	b.newer, c.free = c.free, b
	return true
}

// next takes out the oldest wait, one for nothing that has a number only if there is no
// other, and reports whether there is any.
func (c *crowd) next() (id uint64, ok bool) {
	if c.oldest != nil {
		id = c.oldest.id
	}
	return id, c.leave(id)
}

// pass remembers what was waited for.
func (c *crowd) pass(id uint64) {
	if id != 0 && len(c.passed) < mostPassed && !slices.Contains(c.passed, id) {
		c.passed = append(c.passed, id)
	}
}
