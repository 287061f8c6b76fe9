package engine

import (
	"context"
	"runtime/trace"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// side is what only a node has that fails, waits, is observed, or whose body
// has a context of its own or runs elsewhere. Most have none: the fields would
// cost every task 32 bytes.
type side struct {
	entry  *record.Entry // where observers read its steps
	fail   *Failure      // how it ended; read by others once the node is done
	rare   atomic.Pointer[rare]
	waiter atomic.Pointer[waiter]
}

// rare is what few of those have. Fields without an atomic belong to whoever declares
// or starts the node, but for lost.
type rare struct {
	bodyContext *bodyContext          // of its body, if that is not the node
	options     *options              // of a node that is Opted, or whose whole is; nil once it is done
	due         *due                  // when it must have begun, if that matters
	calls       atomic.Pointer[calls] // of its body, if an Around wraps it; nil once that is done
	limiter     *Limiter              // of a node that is Bounded
	arrival     *Arrival              // what it waits for; nil once it is done
	backing     any                   // of a Backend
	undos       atomic.Pointer[undo]  // the latest first; changed under the group's mu
	lost        []*Lost               // values that are not the task's; under the group's mu
}

// sideWithWaiter is the side of a node that nobody observes and whose body waits:
// one allocation for both.
type sideWithWaiter struct {
	side
	waiter waiter
}

// Backing returns what a [Backend] has given n, nil if nothing.
func Backing(n *Node) any {
	if r := n.rare(); r != nil {
		return r.backing
	}
	return nil
}

// SetBacking gives n, which nobody else knows yet, what a Backend wants to find
// again.
func SetBacking(n *Node, v any) { n.makeSide().makeRare().backing = v }

// makeSide returns n's side and makes it if need be. Anybody may call it.
func (n *Node) makeSide() *side {
	s := n.side.Load()
	if s == nil {
		s = new(side)
		if !n.side.CompareAndSwap(nil, s) {
			s = n.side.Load()
		}
	}
	return s
}

// waiter returns what n's body has to wait, nil if it has never waited.
func (n *Node) waiter() *waiter {
	if s := n.side.Load(); s != nil {
		return s.waiter.Load()
	}
	return nil
}

// makeWaiter returns n's waiter and makes it if need be. Goroutines of one body may
// call it at the same time, and whoever ends a wait may be first.
func (n *Node) makeWaiter() *waiter {
	s := n.side.Load()
	if s == nil {
		b := new(sideWithWaiter)
		b.side.waiter.Store(b.waiter.init(n))
		if n.side.CompareAndSwap(nil, &b.side) {
			return &b.waiter
		}
		s = n.side.Load()
	}
	b := s.waiter.Load()
	if b == nil {
		b = new(waiter).init(n)
		if !s.waiter.CompareAndSwap(nil, b) {
			b = s.waiter.Load()
		}
	}
	return b
}

// entry is where the steps of n are noted, nil if nobody observes it.
func (n *Node) entry() *record.Entry {
	if s := n.side.Load(); s != nil {
		return s.entry
	}
	return nil
}

// declaredAt is when n was declared, for observers; 0 if nobody observes it.
func (n *Node) declaredAt() time.Duration {
	if e := n.entry(); e != nil {
		return e.Declared
	}
	return 0
}

// NumberOf is n's in events, 0 if nobody observes it.
func NumberOf(n *Node) uint32 { return n.number() }

func (n *Node) number() uint32 {
	if e := n.entry(); e != nil {
		return e.Number
	}
	return 0
}

// clearRegion returns the tracer's region of n's body and forgets it, nil if there is
// none any more. Only the body's goroutine may call it.
func (n *Node) clearRegion() (r *trace.Region) {
	if c := n.bodyContext(); c != nil {
		r, c.region = c.region, nil
	}
	return r
}

// rare returns what n has of it, nil if nothing.
func (n *Node) rare() *rare {
	if s := n.side.Load(); s != nil {
		return s.rare.Load()
	}
	return nil
}

// makeRare may be called by anybody, as makeSide.
func (s *side) makeRare() *rare {
	r := s.rare.Load()
	if r == nil {
		r = new(rare)
		if !s.rare.CompareAndSwap(nil, r) {
			r = s.rare.Load()
		}
	}
	return r
}

// bodyContext is the context of n's body that is not n itself, nil if it is.
func (n *Node) bodyContext() *bodyContext {
	if r := n.rare(); r != nil {
		return r.bodyContext
	}
	return nil
}

// ownContext is the context of n's body: n itself, or another if it has one.
func (n *Node) ownContext() context.Context {
	if c := n.bodyContext(); c != nil {
		return c.given
	}
	return n
}

// forget lets go of what keeps others alive through n, or n through others, when
// n is about to be done: keeps 5. Who settles n calls it, beside Drop.
func (n *Node) forget() {
	if s := n.side.Load(); s != nil {
		s.forget(n)
	}
}

func (s *side) forget(n *Node) {
	if r := s.rare.Load(); r != nil {
		n.placeUndos(true)
		r.options, r.arrival = nil, nil
		r.calls.Store(nil)
		if r.bodyContext != nil {
			r.bodyContext.node.Store(nil)
		}
	}
	if b := s.waiter.Load(); b != nil {
		b.hint.Store(nil)
		b.first.firm.Store(nil)
		b.wakeForGood()
	}
}
