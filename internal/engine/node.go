package engine

import (
	"runtime"
	"sync/atomic"
)

// Node is the untyped part of a task and the first field of its one heap
// object, which holds the value, the function and the dependencies as well. It
// is also the context of the task's body: see context.go.
//
// Fields without an atomic are written before the node is shared, or by the one
// goroutine that settles it, and are read by others only after the list was
// seen closed. Users can reach a Node as a context, so its only exported methods
// are those of one; the rest are functions of this package.
type Node struct {
	// pending is 0 once the body may run: a count of what is still to come,
	// holds that keep the node from starting or settling while somebody uses
	// its dependencies, and dead once it is to be skipped: see 3. It is plain
	// until the node is shared, and a uint32 and no atomic.Uint32 for that.
	pending   uint32
	kind      Kind
	rank      uint8  // see rank.go; guarded by the mu of the top limiter
	queueMark uint8  // mark of the limiter whose queue it is in, 0 if none; likewise
	turn      uint32 // place in that queue; likewise
	order     uint32 // place in the group's order of declaration: see before
	group     *Group
	// list holds the edges to what waits for this node, the latest first;
	// it is &closed when the node is done.
	list atomic.Pointer[Edge]
	next *Node // in a queue, or in a chain of one goroutine
	body Body
	side atomic.Pointer[side] // made when a node waits, fails, or is observed
	name string
}

const (
	one       = 1
	countMask = 1<<24 - 1
	hold      = 1 << 24
	holdMask  = 127 << 24
	dead      = 1 << 31

	// MaxDeps is how many dependencies a node may have.
	MaxDeps = countMask - 1
)

// Edge links a node into the list of what it waits for: see 2 for who owns it.
// Those of declared dependencies are part of the task's heap object, that of a
// wait is in its waiter, so linking allocates nothing.
type Edge struct {
	next *Edge
	to   *Node
}

// closed is the list of a node that is done. Nobody writes to it.
var closed Edge

// Init fills in what every node has. The caller has just made it, and nobody else
// knows it; declaring it is the next step.
func Init(n *Node, g *Group, name string, b Body, k Kind) {
	n.group, n.name, n.body, n.kind = g, name, b, k
}

// InitPart is Init for the element or function b of a Race or Map of g.
func InitPart(n, of *Node, b Body, k Kind) {
	n.group, n.body, n.kind, n.order = of.group, b, k, of.order
}

// GroupOf returns the group of n, nil for a zero Node.
func GroupOf(n *Node) *Group { return n.group }

// Name returns the name that n was declared with, "" for a part.
func Name(n *Node) string { return n.name }

// PlainLabel returns the name of n: likes[3] for a part, and task without one.
func PlainLabel(n *Node) string { return n.label() }

// Label returns the name of n in errors: likes[3] for a part, and user#2 for the
// second user of a group that numbers its names.
func Label(n *Node) string { return n.numberedLabel() }

// OrderOf returns the place of n in its group's order of declaration; a part has
// that of what it is a part of.
func OrderOf(n *Node) uint32 { return n.order }

// WholeOf returns the Race or Map that n is a part of, nil if it is none.
func WholeOf(n *Node) *Node { return n.whole() }

// KindOf returns what is special about n.
func KindOf(n *Node) Kind { return n.kind }

// BodyOf returns what n runs.
func BodyOf(n *Node) Body { return n.body }

// IsDone reports whether n has ended. Its value and its failure may be read then.
func IsDone(n *Node) bool { return n.isDone() }

// FailureOf returns how n ended, nil if it succeeded, of a node that is done.
func FailureOf(n *Node) *Failure { return n.failure() }

// RaceOver reports whether the Race that the function n belongs to is decided.
func RaceOver(n *Node) bool { return n.race().isDecided() }

// isDone may be asked by anybody, at any time. Whoever sees true sees all that was
// written before: keeps 1.
func (n *Node) isDone() bool { return n.list.Load() == &closed }

// link adds e, which the caller owns, to the list of n, for a node or a wait that
// to stands for. It reports false, and does nothing, when n is done: then the
// caller still owns e. Keeps 2.
func (n *Node) link(e *Edge, to *Node) bool {
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

// detach clears e, of a list that the caller has closed, and returns what it led
// to and the rest of the list. The caller tells or counts off what e led to after
// this and not before, since that frees e: keeps 2. A kept edge would keep the
// tasks behind it alive; to stays, as most edges are part of what they lead to.
func (e *Edge) detach() (to *Node, rest *Edge) {
	to, rest = e.to, e.next
	e.next = nil
	return to, rest
}

// reverse turns a list round that the caller has closed. Only who must start the
// first waiter first pays for it.
func reverse(e *Edge) *Edge {
	var r *Edge
	for e != nil {
		next := e.next
		e.next = r
		r, e = e, next
	}
	return r
}

// isTold reports whether the end of a dependency is not counted by n but told
// to it: n is a hub, or its body waits in the list. The caller has the edge in
// hand and has not counted it off, so nobody else makes pending zero: keeps 4.
func (n *Node) isTold() bool {
	return n.kind&helper != 0 || atomic.LoadUint32(&n.pending) == 0
}

// arrived counts off one dependency and reports whether it was the last: then the
// caller makes n ready. Keeps 3.
func (n *Node) arrived() bool { return atomic.AddUint32(&n.pending, ^uint32(0)) == 0 }

// kill marks n as one to be skipped and reports whether the caller settles it.
// With holds it is the last of those who unpin it that does. Keeps 3.
func (n *Node) kill() bool {
	old := atomic.OrUint32(&n.pending, dead)
	return old&dead == 0 && old&holdMask == 0
}

// pin keeps a pending node from starting and from settling, so that its
// dependencies can be read: Drop forgets them. It reports false when n is not
// pending. Any mutex may be held; who has pinned releases without one. Keeps 3.
func (n *Node) pin() bool {
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

// unpin takes a hold back. The caller makes n ready or settles it as skipped when
// unpin says so: see release, the only caller. Keeps 3.
func (n *Node) unpin() (ready, skip bool) {
	p := atomic.AddUint32(&n.pending, ^uint32(hold-1))
	return p == 0, p&dead != 0 && p&holdMask == 0
}

// isPending reports whether n waits for dependencies and is not to be skipped.
func (n *Node) isPending() bool {
	p := atomic.LoadUint32(&n.pending)
	return p&countMask != 0 && p&dead == 0
}

// expand makes n wait for its k parts, when all it waited for is done. The caller
// is the one that made n ready, and none of the parts has started.
func (n *Node) expand(k int) { atomic.StoreUint32(&n.pending, uint32(k)*one) }

// failure is how n ended, nil if it succeeded. It is set before n is done.
func (n *Node) failure() *Failure {
	if s := n.side.Load(); s != nil {
		return s.fail
	}
	return nil
}

// setFailure is called by the one that settles n, before the list is closed:
// keeps 1.
func (n *Node) setFailure(f *Failure) {
	if f != nil {
		n.makeSide().fail = f
	}
}

// before reports whether n was declared before m, of the same group, if there were
// less than 2³¹ declarations between them. The parts of a Race or Map come right
// before it, in no order of their own. A difference and no comparison, as a group
// that lives long counts past 2³².
func (n *Node) before(m *Node) bool {
	d := int32(n.order - m.order)
	return d < 0 || d == 0 && n.kind&part != 0 && m.kind&part == 0
}
