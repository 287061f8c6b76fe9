package asap

import (
	"context"
	"runtime"
	"sync/atomic"
)

// node is the untyped part of a task and the first field of its one heap
// record, which holds the value, the function and the dependencies as well.
// It is also the context of the task's body: see context.go.
//
// Fields without an atomic are written before the node is shared or by the one
// goroutine that settles it, and are read by others only after the list was
// seen closed.
type node struct {
	// pending is 0 once the body may run: a count of what is still to come,
	// holds that keep the node from starting or settling while somebody uses
	// its dependencies, and dead once it is to be skipped. Exactly one change
	// makes it 0, and exactly one makes it dead without holds: whoever makes
	// that change starts or settles the node.
	pending uint32
	kind    kind
	group   *Group
	// list holds the edges to what waits for this node, the latest first;
	// it is &closed when the node is done.
	list atomic.Pointer[edge]
	next *node // in a queue, or in a chain of one goroutine
	body body
	side atomic.Pointer[side] // made when a node waits, fails, or is observed
	name string
}

const (
	one       = 1
	countMask = 1<<24 - 1
	hold      = 1 << 24
	holdMask  = 127 << 24
	dead      = 1 << 31

	maxDeps = countMask - 1
)

// kind says what is special about a node, as bits. Above them, in a group with
// a limit, is the node's place in the order of declaration.
type kind uint32

const orderShift = 12

const (
	inline   kind = 1 << iota // has no body to start: settles on the spot, holds no slot
	optional                  // a failure of the body becomes its value
	element                   // an element of a Map: its name and limiter are those of the Map
	entrant                   // a function of a Race: another one may have won
	given                     // has its value from the start
	gather                    // a Gather
	mapped                    // a Map
	helper                    // not a task: collects waiters that may leave early
	race                      // a Race itself: ends with the first success of its functions
)

// body is what a node runs. It is the node's own record.
type body interface {
	// call runs the user's function and keeps its value.
	call(ctx context.Context) error
	// dep returns the i-th dependency, nil behind the last.
	dep(i int) *node
	// drop forgets the function and the dependencies.
	drop()
}

// edge links a node into the list of what it waits for.
type edge struct {
	next *edge
	to   *node
}

// closed is the list of a node that is done. Nobody writes to it.
var closed edge

func (n *node) done() bool { return n.list.Load() == &closed }

// link adds e to the list of n. It reports false, and does nothing, when n is done.
func (n *node) link(e *edge, to *node) bool {
	e.to = to
	for {
		head := n.list.Load()
		if head == &closed {
			e.to, e.next = nil, nil
			return false
		}
		e.next = head
		if n.list.CompareAndSwap(head, e) {
			return true
		}
	}
}

// arrived counts off one dependency and reports whether it was the last.
func (n *node) arrived() bool { return atomic.AddUint32(&n.pending, ^uint32(0)) == 0 }

// kill marks n as one to be skipped and reports whether the caller settles it.
func (n *node) kill() bool {
	old := atomic.OrUint32(&n.pending, dead)
	return old&dead == 0 && old&holdMask == 0
}

// pin keeps a pending node from starting and from settling, so that its
// dependencies can be read. It reports false when n is not pending.
func (n *node) pin() bool {
	for {
		p := atomic.LoadUint32(&n.pending)
		if p&countMask == 0 || p&dead != 0 {
			return false
		}
		if p&holdMask == holdMask {
			runtime.Gosched() // the holds of so many searches end soon
			continue
		}
		if atomic.CompareAndSwapUint32(&n.pending, p, p+hold) {
			return true
		}
	}
}

// unpin takes a hold back. The caller starts n or settles it as skipped when
// unpin says so.
func (n *node) unpin() (start, skip bool) {
	p := atomic.AddUint32(&n.pending, ^uint32(hold-1))
	return p == 0, p&dead != 0 && p&holdMask == 0
}

// waits reports whether n waits for dependencies and is not to be skipped.
func (n *node) waits() bool {
	p := atomic.LoadUint32(&n.pending)
	return p&countMask != 0 && p&dead == 0
}

// before reports whether n was declared before m, which is not too far away.
func (n *node) before(m *node) bool {
	return int32(n.order()-m.order()) < 0
}

// order is n's place in the order of declaration, as a kind.
func (n *node) order() kind { return n.kind &^ (1<<orderShift - 1) }

// label is the name of n, also of an element of a Map.
func (n *node) label() string {
	if n.kind&element != 0 {
		return n.body.(interface{ label() string }).label()
	}
	return n.name
}

// failure is how n ended, nil if it succeeded. It is set before n is done.
func (n *node) failure() *failure {
	if s := n.more(); s != nil {
		return s.fail
	}
	return nil
}

func (n *node) setFailure(f *failure) {
	if f != nil {
		n.moreOf().fail = f
	}
}

// chain is a list of nodes linked by next, in one goroutine's hands.
type chain struct{ head, tail *node }

func (c *chain) push(n *node) {
	n.next = nil
	if c.head == nil {
		c.head, c.tail = n, n
		return
	}
	c.tail.next = n
	c.tail = n
}

func (c *chain) pushFront(n *node) {
	n.next = c.head
	c.head = n
	if c.tail == nil {
		c.tail = n
	}
}

func (c *chain) pop() *node {
	n := c.head
	if n == nil {
		return nil
	}
	c.head = n.next
	if c.head == nil {
		c.tail = nil
	}
	n.next = nil
	return n
}

func (c *chain) append(d chain) {
	switch {
	case d.head == nil:
	case c.head == nil:
		*c = d
	default:
		c.tail.next = d.head
		c.tail = d.tail
	}
}

// expand makes n wait for k more, when all it waited for is done.
func (n *node) expand(k int) { atomic.StoreUint32(&n.pending, uint32(k)*one) }
