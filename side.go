package asap

import (
	"context"
	"runtime/trace"
	"sync"
	"sync/atomic"
)

// side is what a node needs only when its body waits or fails, is observed, or
// has a context that is not the node.
type side struct {
	id     ID              // for observers
	ctx    context.Context // of the body; written before it starts
	region *trace.Region
	fail   *failure
	remote *remoteCall
	bed    atomic.Pointer[bed]
	log    atomic.Pointer[waitLog] // if anybody looks: made for the first wait
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

// sideWithBed is the side of a node that nobody looks at.
type sideWithBed struct {
	side
	first bed
}

func (n *node) sideOf() *side {
	if s := n.side.Load(); s != nil {
		return s
	}
	return n.takeSide(new(side))
}

// takeSide makes s n's side, unless it has one.
func (n *node) takeSide(s *side) *side {
	if !n.side.CompareAndSwap(nil, s) {
		s = n.side.Load()
	}
	return s
}

// bedOf returns n's bed and makes it if need be.
func (n *node) bedOf() *bed {
	s := n.side.Load()
	if s == nil {
		both := &sideWithBed{}
		both.first.node = n
		both.side.bed.Store(&both.first)
		s = n.takeSide(&both.side)
	}
	b := s.bed.Load()
	if b == nil {
		b = &bed{node: n}
		if !s.bed.CompareAndSwap(nil, b) {
			b = s.bed.Load()
		}
	}
	return b
}

// madeBed returns n's bed, nil if its body has never waited.
func (n *node) madeBed() *bed {
	if s := n.side.Load(); s != nil {
		return s.bed.Load()
	}
	return nil
}
