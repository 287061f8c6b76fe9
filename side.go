package asap

import (
	"context"
	"runtime/trace"
	"sync"
	"sync/atomic"

	"github.com/asap-go/asap/internal/record"
)

// side is what a node has beside its record. Only an observed node has one from
// the start.
type side struct {
	entry *record.Entry           // for observers
	log   atomic.Pointer[waitLog] // for those that are called: made for the first wait
	more  atomic.Pointer[more]
}

// more is what a node needs only when its body waits or fails, or has a context
// that is not the node.
type more struct {
	ctx    context.Context // of the body; written before it starts
	region *trace.Region
	fail   *failure
	remote *remoteCall
	bed    atomic.Pointer[bed]
}

// bed is where a body sleeps.
type bed struct {
	node *node
	hard atomic.Bool // the body is in its one hard wait
	// For the search of cycles: what the hard wait is for, a task or a nested
	// group, and a shortcut.
	on    atomic.Pointer[node]
	firm  atomic.Pointer[node] // the same, if the wait ends only with its target or w's group
	group atomic.Pointer[Group]
	hint  atomic.Pointer[hint]

	asleep atomic.Bool // whoever makes it false wakes the body
	wg     sync.WaitGroup
	edge   edge
	ticket ticket
	seat   seat

	// Among the group's parked, under its mu.
	parked     bool
	prev, next *bed
}

// plainSide is the side of a node that nobody observes, plainBed that of one
// whose body waits, and remoteSide that of one whose body an executor runs.
type (
	plainSide struct {
		side
		first more
	}
	remoteSide struct {
		plainSide
		call remoteCall
	}
	plainBed struct {
		side
		first moreWithBed
	}
	moreWithBed struct {
		more
		first bed
	}
)

// more returns what n needs so far, nil if that is nothing.
func (n *node) more() *more {
	if s := n.side.Load(); s != nil {
		return s.more.Load()
	}
	return nil
}

// moreOf is more, made if need be.
func (n *node) moreOf() *more {
	if m := n.more(); m != nil {
		return m
	}
	if n.side.Load() == nil {
		p := &plainSide{}
		p.side.more.Store(&p.first)
		return n.takeMore(&p.side, &p.first)
	}
	return n.takeMore(nil, new(more))
}

// moreForRemote gives n, which nobody else has yet, what an executor needs.
func (n *node) moreForRemote(c remoteCall) {
	if n.side.Load() != nil { // observed
		own := c
		n.moreOf().remote = &own
		return
	}
	p := &remoteSide{call: c}
	p.first.remote = &p.call
	p.side.more.Store(&p.first)
	n.side.Store(&p.side)
}

// takeMore makes m what n needs, in the side s if n has none, unless there is
// something already.
func (n *node) takeMore(s *side, m *more) *more {
	if s != nil && n.side.CompareAndSwap(nil, s) {
		return m
	}
	s = n.side.Load()
	if s.more.CompareAndSwap(nil, m) {
		return m
	}
	return s.more.Load()
}

// bedOf returns n's bed and makes it if need be.
func (n *node) bedOf() *bed {
	m := n.more()
	if m == nil {
		var s *side
		var both *moreWithBed
		if n.side.Load() == nil {
			p := &plainBed{}
			p.side.more.Store(&p.first.more)
			s, both = &p.side, &p.first
		} else {
			both = &moreWithBed{}
		}
		both.first.node = n
		both.bed.Store(&both.first)
		m = n.takeMore(s, &both.more)
	}
	b := m.bed.Load()
	if b == nil {
		b = &bed{node: n}
		if !m.bed.CompareAndSwap(nil, b) {
			b = m.bed.Load()
		}
	}
	return b
}

// madeBed returns n's bed, nil if its body has never waited.
func (n *node) madeBed() *bed {
	if m := n.more(); m != nil {
		return m.bed.Load()
	}
	return nil
}
