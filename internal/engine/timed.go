package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// timedContext is where the end of the context of a body with a limit of time comes
// from: its timer, or the group's end. Package context has no such thing: the timer
// of a WithDeadline cannot be stopped without ending the context, and this one's is
// when the body has ended, while the context lives on.
//
// Once somebody asks for Done there are three layers. The timedContext is what the
// body gets. Behind it is real, a cancelCtx of package context: all that is derived
// attaches to it, so that starts no goroutine. And that was derived from a
// [timedParent], for a cancelCtx takes its Err and its cause from its parent, and
// nobody else can give it DeadlineExceeded. A parent with a method AfterFunc is given
// the function that ends the child then.
//
// The group's end does not come to it through package context. Who makes real lets
// the group be told of its parent's end, and notes the context in the group, whose
// [Group.cancel] and finish end what is noted: keeps 32.
type timedContext struct {
	group  *Group
	at     time.Time
	within time.Duration // the limit, as it was given: one of the two is 0
	after  time.Duration
	timer  *time.Timer // its worker's, nil once the body has ended
	real   atomic.Pointer[realContext]

	mu      sync.Mutex
	cause   error           // the limit's, if anybody has asked
	err     error           // not nil once it has ended
	carrier context.Context // has that as its cause, if it has ended by the limit
	tell    func()          // ends real
	waits   chan struct{}   // closed when it has ended, if the body has waited
	told    bool            // it has: everybody sees err
	lifted  bool            // the body has ended before the limit, which is none any more

	noted      bool // in the group's list, under the group's mu
	prev, next *timedContext
}

// timedBody is the context of a body with a limit of time, in one object.
type timedBody struct {
	bodyContext
	timedContext
}

// start starts the timer. The caller is alive in the group, and calls stop when the
// body has ended.
func (t *timedContext) start(g *Group) {
	t.group = g
	g.alive.Add(1) // the timer: off it is by stop, or as the last step of expire
	t.timer = time.AfterFunc(time.Until(t.at), t.expire)
}

// limit is the cause of its end, if that is the limit's: one error, whoever asks.
func (t *timedContext) limit() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == nil {
		if t.within != 0 {
			t.cause = t.group.host.OutOfTime("within", t.within)
		} else {
			t.cause = t.group.host.OutOfTime("timeout", t.after)
		}
	}
	return t.cause
}

// expire is the timer's. What has ended the group before is the cause.
func (t *timedContext) expire() {
	t.lookAtGroup()
	carrier, cancel := context.WithCancelCause(context.WithoutCancel((*groupContext)(t.group)))
	cancel(t.limit())
	t.end(context.DeadlineExceeded, carrier)
	t.group.leave()
}

// stop stops the timer when the body has ended, and reports whether it has ended the
// context before. The body's worker calls it, before the node is counted off: so the
// group is not sealed.
func (t *timedContext) stop() (late bool) {
	if t.timer == nil {
		return false
	}
	stopped := t.timer.Stop()
	t.timer = nil
	if stopped {
		t.mu.Lock()
		t.lifted = true
		t.mu.Unlock()
		t.group.alive.Add(-1)
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err == nil || t.carrier != nil // it is about to, or has
}

// end ends the context, if nothing has before. carrier has the cause, nil if it is
// the group's or err. Anybody may call it, with no lock held.
func (t *timedContext) end(err error, carrier context.Context) {
	t.mu.Lock()
	if t.err != nil {
		t.mu.Unlock()
		return
	}
	t.err, t.carrier = err, carrier
	tell := t.tell
	t.tell = nil
	t.mu.Unlock()
	t.group.forgetTimed(t)
	if tell != nil {
		tell()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told = true; t.waits != nil {
		close(t.waits)
	}
}

// ended is its Err as far as it has heard.
func (t *timedContext) ended() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// ownEnd is for the waits of the body: see ender. It makes nothing that is noted. It
// is closed when Err says so already, as who waits asks for the cause then.
func (t *timedContext) ownEnd() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waits == nil {
		t.waits = make(chan struct{})
		if t.told {
			close(t.waits)
		}
	}
	return t.waits
}

// makeReal returns the real context and makes it if need be. It asks the caller's
// context, so no lock may be held. Anybody may call it, also when the group is over.
// A real context that comes after the end is ended before anybody knows it: so Err
// does not go back.
func (t *timedContext) makeReal() *realContext {
	if r := t.real.Load(); r != nil {
		return r
	}
	x := &timedParent{of: t, done: make(chan struct{})}
	r := new(realContext)
	r.ctx, r.cancel = context.WithCancelCause(x)
	t.mu.Lock()
	ended := t.err != nil
	first := !ended && t.real.CompareAndSwap(nil, r)
	if first {
		t.tell = x.tell
	}
	t.mu.Unlock()
	if ended {
		x.tell()
		t.real.CompareAndSwap(nil, r)
	}
	if first {
		t.group.watchParent()
		t.group.noteTimed(t)
		t.lookAtGroup()
	}
	return t.real.Load()
}

// lookAtGroup ends it if the group's context has ended.
func (t *timedContext) lookAtGroup() {
	if err := t.group.ctxErr(); err != nil {
		t.end(err, nil)
	}
}

// noteTimed notes t for who ends the group, unless t has ended. The caller looks at
// the group's context afterwards: keeps 32.
func (g *Group) noteTimed(t *timedContext) {
	b := g.makeLedger()
	g.mu.Lock()
	t.noted = true
	if t.next = b.timed; t.next != nil {
		t.next.prev = t
	}
	b.timed = t
	g.mu.Unlock()
	if t.ended() != nil {
		g.forgetTimed(t)
	}
}

// forgetTimed is the end of what noteTimed has begun. It may not have begun.
func (g *Group) forgetTimed(t *timedContext) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !t.noted {
		return
	}
	t.noted = false
	if t.prev == nil {
		g.ledger.Load().timed = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
}

// endTimedContexts ends the contexts that are noted, once the group's context has ended:
// keeps 32. It is a copy of the list, as none is ended with the mu held.
func (g *Group) endTimedContexts() {
	b := g.ledger.Load()
	if b == nil {
		return
	}
	var list []*timedContext
	g.mu.Lock()
	for t := b.timed; t != nil; t = t.next {
		list = append(list, t)
	}
	g.mu.Unlock()
	for _, t := range list {
		t.lookAtGroup()
	}
}

// Deadline is the earlier of the limit's and the group's. When the body has ended
// before the limit, only the group's is left: package context makes no timer for what
// is derived with a later one than this.
func (t *timedContext) Deadline() (time.Time, bool) {
	d, ok := t.group.base.parent.Deadline()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lifted || ok && d.Before(t.at) {
		return d, ok
	}
	return t.at, true
}

func (t *timedContext) Done() <-chan struct{} { return t.makeReal().ctx.Done() }

// Err is what the real context says, if there is one: so it is not ahead of Done. It
// asks again behind the end, as the real context may have been made meanwhile.
func (t *timedContext) Err() error {
	if r := t.real.Load(); r != nil {
		if err := r.ctx.Err(); err != nil {
			return err
		}
	}
	t.lookAtGroup() // whose end may be on its way
	err := t.ended()
	if r := t.real.Load(); r != nil {
		return r.ctx.Err()
	}
	return err
}

// Value asks the real context if it was made: so Cause is right, and a derived
// context needs no goroutine.
func (t *timedContext) Value(key any) any {
	if r := t.real.Load(); r != nil {
		return r.ctx.Value(key)
	}
	return t.valueBehind(key)
}

// valueBehind is what the real context has from its parent: package context asks it
// for the cause when it ends the child.
func (t *timedContext) valueBehind(key any) any {
	t.mu.Lock()
	carrier := t.carrier
	t.mu.Unlock()
	if carrier != nil {
		return carrier.Value(key)
	}
	return t.group.ctxValue(key)
}

// timedParent is the context that the real one is derived from. Nobody else knows
// it. Its Done is never closed: package context looks at it once, and from then on
// trusts the AfterFunc.
type timedParent struct {
	of   *timedContext
	done chan struct{}
	tell func()
}

func (x *timedParent) Deadline() (time.Time, bool) { return x.of.Deadline() }
func (x *timedParent) Done() <-chan struct{}       { return x.done }
func (x *timedParent) Err() error                  { return x.of.ended() }

// AfterFunc takes the function that ends the child, once, while that is made.
func (x *timedParent) AfterFunc(end func()) (stop func() bool) {
	x.tell = end
	return func() bool { return true }
}

func (x *timedParent) Value(key any) any { return x.of.valueBehind(key) }
