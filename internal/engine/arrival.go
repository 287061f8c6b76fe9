package engine

import (
	"context"
	"time"
)

// Arrival is what a node waits for that has no body to run, once its dependencies are
// there: an instant, or a value that somebody brings. The node holds no slot meanwhile,
// and no goroutine; at most one timer. Who makes it ready begins the wait, and observers
// hear of a body that starts and is blocked at once, on nothing of the group: so the wait
// for a person does not look like work.
//
// It is ended once, by who takes it out of the list of its group: the timer, who brings
// the value, or who ends the group. Then its pending is counted off, and who makes that
// zero settles the node: keeps 3 and 38.
type Arrival struct {
	// Check is called before anything is declared, and panics if g cannot have it.
	Check func(g *Group)
	// Begin is called when the wait has begun, with no lock held, and reports whether
	// the value is there already; otherwise somebody calls Arrive. It is nil if nobody
	// brings anything.
	Begin func() (there bool)
	// After is how long the wait takes by itself, 0 for as long as it takes.
	After time.Duration
	// Tag is for who declares it.
	Tag any

	n          *Node
	state      arrivalState // under the group's mu until it is taken
	err        error        // why there is no value: of who has taken it
	limit      error        // what the timer's call says, nil if that is the value; written before it is noted
	timer      *time.Timer  // under the group's mu
	prev, next *Arrival     // in the group's list, likewise
}

type arrivalState uint8

const (
	arrivalDeclared arrivalState = iota
	arrivalNoted
	arrivalTaken
)

// ArrivalOf returns what n waits for that has no body, nil if it has one.
func ArrivalOf(n *Node) *Arrival {
	if n.kind&Arriving == 0 {
		return nil
	}
	return n.rare().arrival
}

// checkArrival panics if the options of n say what only bodies have. Nothing has
// happened yet.
func (g *Group) checkArrival(n *Node, c *TaskConfig) {
	switch {
	case len(c.Around) > 0:
		panic("asap: Around of task " + n.label() + ", which has no body; leave it out")
	case c.Shared != nil:
		panic("asap: SharedLimit of task " + n.label() + ", which has no body and takes no slot; leave it out")
	}
	if c.Arrival.Check != nil {
		c.Arrival.Check(g)
	}
}

// setArrival makes n, which nobody else knows yet, wait for a. Bounded by no limiter, so
// that no limit of the group counts it.
func (n *Node) setArrival(a *Arrival) {
	a.n = n
	r := n.makeSide().makeRare()
	r.arrival, r.limiter = a, nil
	n.kind |= Arriving | Bounded
	if !n.group.elsewhere {
		n.kind |= Inline
	}
}

// beginArrival begins the wait of n, which its caller has made ready. It notes it and
// then looks at the group's end, and who ends that looks at what is noted afterwards:
// keeps 10 and 38.
func (s *settling) beginArrival(n *Node) {
	g, a := n.group, n.rare().arrival
	g.Report(n)
	n.reportBlocked(nil, nil, nil)
	n.expand(1) // until it is taken
	g.watchParent()
	a.note()
	switch {
	case g.ending.Load() != nil:
		a.end(g.cutArrival())
	case a.Begin != nil && a.Begin() && a.take() && n.arrived():
		s.concludeArrival(n)
	}
}

// note adds it to the list of the group, with its timer.
func (a *Arrival) note() {
	g := a.n.group
	at := a.instant()
	b := g.makeLedger()
	g.mu.Lock()
	defer g.mu.Unlock()
	a.state = arrivalNoted
	if b.dues == nil {
		b.dues = new(dues)
	}
	if a.next = b.dues.arrivals; a.next != nil {
		a.next.prev = a
	}
	b.dues.arrivals = a
	if !at.IsZero() {
		g.alive.Add(1) // until the timer is stopped, or its call has made its last step
		a.timer = time.AfterFunc(time.Until(at), a.fire)
	}
}

// instant is when the timer is to end the wait that begins now, the zero time for
// never: by itself, or by a limit of time if that comes first.
func (a *Arrival) instant() (at time.Time) {
	g, o, now := a.n.group, a.n.options(), time.Now()
	if a.After > 0 {
		at = now.Add(a.After)
	}
	if o.timeout > 0 && (at.IsZero() || now.Add(o.timeout).Before(at)) {
		at, a.limit = now.Add(o.timeout), g.host.OutOfTime("timeout", o.timeout)
	}
	if due := a.n.due(); due != nil && (at.IsZero() || due.at.Before(at)) {
		at, a.limit = due.at, g.host.OutOfTime("within", o.within)
	}
	return at
}

// fire is the timer's call, on a goroutine of its own.
func (a *Arrival) fire() {
	g := a.n.group
	a.end(a.limit)
	g.leave()
}

// Arrive ends the wait with its value, unless it has ended. Anybody may call it, with no
// lock held, once Begin was called.
func (a *Arrival) Arrive() { a.end(nil) }

// end ends the wait, if nobody has. Whose change makes pending zero settles the node:
// this one, or a search that reads its dependencies at this moment.
func (a *Arrival) end(err error) {
	if !a.take() {
		return
	}
	a.err = err
	if n := a.n; n.arrived() {
		n.group.readyOrSkip(n, true, byEnd)
	}
}

// take takes it out of the list, and reports whether it was there.
func (a *Arrival) take() bool {
	g := a.n.group
	g.mu.Lock()
	if a.state != arrivalNoted {
		g.mu.Unlock()
		return false
	}
	a.state = arrivalTaken
	if a.prev == nil {
		g.ledger.Load().dues.arrivals = a.next
	} else {
		a.prev.next = a.next
	}
	if a.next != nil {
		a.next.prev = a.prev
	}
	a.prev, a.next = nil, nil
	timer := a.timer
	g.mu.Unlock()
	if timer != nil && timer.Stop() {
		g.alive.Add(-1) // not sealed before that, as the node has not ended
	}
	return true
}

// hasArrived reports whether n is ready since its wait is over, and not since its
// dependencies are there. Who has made it ready asks.
func (n *Node) hasArrived() bool {
	return n.kind&Arriving != 0 && n.rare().arrival.state == arrivalTaken
}

// concludeArrival is the end of what beginArrival has begun: the node is settled with
// what its function gives, which only reads what was brought.
func (s *settling) concludeArrival(n *Node) {
	g, err := n.group, n.rare().arrival.err
	n.reportResumed(nil, nil)
	s.inlined = true
	if err == nil {
		err = n.body.Call(n)
	}
	var v Verdict
	if err != nil || g.ending.Load() != nil {
		v = g.host.Returned(n, err)
	}
	n.setFailure(v.Fail)
	s.cancel = s.cancel || v.Cancel
	if v.Told != nil { // then it is the first that is published
		s.told = v.Told
	}
	if g.watch != nil {
		s.at = g.watch.Now()
	}
	s.work.Push(n)
}

// endArrivals ends what waits in a group that has ended: keeps 10.
func (g *Group) endArrivals() {
	b := g.ledger.Load()
	if b == nil {
		return
	}
	for {
		var a *Arrival
		g.mu.Lock()
		if b.dues != nil {
			a = b.dues.arrivals
		}
		g.mu.Unlock()
		if a == nil {
			return
		}
		a.end(g.cutArrival())
	}
}

// cutArrival is what such a wait ends with: what a body would return, as its context
// has ended.
func (g *Group) cutArrival() error {
	if e := g.ending.Load(); e.Why == ByOutside {
		return e.Cause
	}
	return context.Canceled
}

// ReportArrival tells that n, which a Backend waits for, is blocked on nothing of the
// group from now on, and ReportArrived that it is no more.
func ReportArrival(n *Node) { n.reportBlocked(nil, nil, nil) }

// ReportArrived is the end of what ReportArrival has begun.
func ReportArrived(n *Node) { n.reportResumed(nil, nil) }
