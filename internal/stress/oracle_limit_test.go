package stress_test

import (
	"slices"
	"time"
)

// olimiter counts slots. A body takes one of each limiter from its own up to
// the outermost, in that order. At each of them bodies that go on come first, in
// the order in which their waits ended, and then those that start, by rank, by
// whether the end of another made them ready, and by when that was.
type olimiter struct {
	free, size int
	up         *olimiter
	woken      []*oticket
	ready      []*onode
	bare       bool     // has no slots: it is for shared alone
	shared     *oshared // that of the bodies
	inHand     bool     // a slot is kept for who waits there
}

type oticket struct {
	n    *onode
	turn int // when its wait ended
	at   *olimiter
	goOn func()
}

func newOLimiter(n int, up *olimiter) *olimiter { return &olimiter{free: n, size: n, up: up} }

// oseat is a running body's claim to its slots.
type oseat struct {
	held   bool
	bare   bool // goes on without, for its group has ended
	waits  int
	rose   time.Duration // when it last began to wait
	queued *oticket
}

// climb takes slots from l up and reports whether there was one everywhere.
func (l *olimiter) climb(t *oticket, n *onode) bool {
	if l != nil && l.shared != nil {
		if t != nil {
			n = t.n
		}
		return l.shared.arrive(t, n)
	}
	for ; l != nil; l = l.up {
		if l.free > 0 {
			l.free--
			continue
		}
		if t != nil {
			t.at = l
			l.woken = append(l.woken, t)
		} else {
			l.ready = append(l.ready, n)
		}
		return false
	}
	return true
}

// give gives slots back from l up to, but not including, end.
func (l *olimiter) give(o *oracle, end *olimiter) {
	if l != nil && l.shared != nil {
		l.shared.give(l)
		return
	}
	if s := o.shared; s != nil && s.free > 0 {
		s.giveUp(l, end)
		return
	}
	for ; l != end; l = l.up {
		l.giveOne()
	}
}

// next takes out the ready body that comes first.
func (l *olimiter) next() *onode {
	if !*finishFlag {
		n := l.ready[0]
		l.ready = l.ready[1:]
		return n
	}
	first := slices.MinFunc(l.ready, func(a, b *onode) int {
		switch {
		case a.rank() != b.rank():
			return b.rank() - a.rank()
		case a.byEnd != b.byEnd:
			if a.byEnd {
				return -1
			}
			return 1
		}
		return a.turn - b.turn
	})
	l.ready = slices.DeleteFunc(l.ready, func(n *onode) bool { return n == first })
	return first
}

// ranked reports whether ranks count for what has the limiter l in g: some place in a
// queue may hang on them.
func (g *ogroup) ranked(l *olimiter) bool { return l != nil || g.root().shares }

// rank is that of n's group, or what a wait has raised n to, or the Map or Race around it.
func (n *onode) rank() int {
	rank := n.group.rank
	if !n.group.ranked(n.limiter()) {
		return rank
	}
	rank = max(rank, n.raised)
	if n.of != nil && n.of.group.ranked(n.of.limiter()) {
		rank = max(rank, n.of.raised)
	}
	return rank
}

// raise gives n, and all that it still needs, at least that rank.
func (o *oracle) raise(n *onode, rank int) {
	rank = min(rank, 31)
	if n.state == done || !n.group.ranked(n.limiter()) || max(n.raised, n.group.rank) >= rank {
		return
	}
	n.raised = rank
	for _, k := range n.kids {
		o.raise(k, rank)
	}
	switch n.state {
	case running:
		o.raiseAwaited(n, rank)
	case pending:
		if n.of != nil {
			break
		}
		for _, e := range n.task.edges() {
			if d := o.tasks[e.on.id]; d != nil {
				o.raise(d, rank)
			}
		}
	}
}

// raiseAwaited ranks what the body of n, of the given rank, waits for above it.
func (o *oracle) raiseAwaited(n *onode, rank int) {
	for _, h := range n.hards {
		if h.on != nil {
			o.raise(h.on, rank+1)
		} else {
			o.raiseGroup(h.onGroup, rank+1)
		}
	}
}

// raiseGroup ranks a nested group, and what its bodies wait for.
func (o *oracle) raiseGroup(g *ogroup, rank int) {
	rank = min(rank, 31)
	if !g.ranked(g.lim) || g.rank >= rank {
		return
	}
	g.rank = rank
	for _, n := range g.nodes {
		if n.state == running {
			o.raiseAwaited(n, rank)
		}
	}
}

func (t *oticket) grant() {
	s := &t.n.seat
	s.queued, s.held = nil, true
	t.n.o.soon = append(t.n.o.soon, t.goOn)
}

// admit starts a ready body, or queues it.
func (n *onode) admit() {
	if n.state == done {
		return
	}
	if n.group.end != nil || n.entrant() && n.of.decided {
		s := &settling{o: n.o}
		s.skip(n, nil)
		s.close(nil)
		return
	}
	n.state = queued
	n.o.turn++
	n.turn = n.o.turn
	if n.limiter().climb(nil, n) {
		n.begin()
	}
}

// begin starts a body that has its slots.
func (n *onode) begin() {
	n.seat.held = n.limiter() != nil
	n.o.soon = append(n.o.soon, func() {
		n.state = running
		if n.undue != nil {
			n.undue()
		}
		ctx := n.group.ctx
		if n.entrant() {
			ctx = n.raceCtx
		} else if c := n.limitBody(); c != nil {
			ctx = c
		}
		n.o.stats.bodies++
		n.main = n.o.thread(n.script, n, ctx, n.returned)
	})
}

// rise gives the slots back when the first goroutine of a body begins to wait.
func (n *onode) rise() {
	s := &n.seat
	if n.state == done { // a goroutine that the body has left behind
		return
	}
	s.waits++
	if s.waits > 1 {
		return
	}
	s.rose = n.o.now
	if t := s.queued; t != nil {
		s.queued = nil
		n.unqueue(t)
		n.o.soon = append(n.o.soon, t.goOn)
	} else if s.held {
		s.held = false
		n.limiter().give(n.o, nil)
	}
}

// sit takes them again when the last has ended its wait, and then does goOn.
func (n *onode) sit(goOn func()) {
	s := &n.seat
	if n.state == done {
		n.o.soon = append(n.o.soon, goOn)
		return
	}
	s.waits--
	if s.waits == 0 && !s.bare {
		if n.group.end != nil {
			s.bare = true
			if n.group.end.why == outside && s.rose == n.o.now {
				n.o.unsure("a wait that ends at once, in a group whose parent has ended and nobody looked")
			}
		} else {
			n.o.seq++
			t := &oticket{n: n, turn: n.o.seq, goOn: goOn}
			if !n.limiter().climb(t, nil) {
				s.queued = t
				return
			}
			s.held = true
		}
	}
	n.o.soon = append(n.o.soon, goOn)
}

// unqueue takes a body that was to go on out of the queue.
func (n *onode) unqueue(t *oticket) {
	if l := n.limiter(); l.shared != nil {
		l.shared.leave(n)
		return
	}
	t.at.woken = slices.DeleteFunc(t.at.woken, func(u *oticket) bool { return u == t })
	n.limiter().give(n.o, t.at)
}

// vacate gives back the slots of a body that has ended.
func (n *onode) vacate() {
	if t := n.seat.queued; t != nil { // of a goroutine that it leaves behind
		n.seat.queued = nil
		n.unqueue(t)
		n.o.soon = append(n.o.soon, t.goOn)
	}
	if n.seat.held {
		n.seat.held = false
		n.limiter().give(n.o, nil)
	}
}

// skipQueued skips the group's queued tasks and lets its woken bodies go on.
func (g *ogroup) skipQueued() {
	mine := func(n *onode) bool { return n.group == g }
	for _, l := range g.lims {
		g.skipIn(l, mine)
	}
	g.skipIn(g.lim, mine)
}

func (g *ogroup) skipIn(first *olimiter, mine func(*onode) bool) {
	var out []*onode
	var seated []*olimiter
	for l := first.own(); l != nil; l = l.up {
		l.ready = slices.DeleteFunc(l.ready, func(n *onode) bool {
			if !mine(n) {
				return false
			}
			out, seated = append(out, n), append(seated, l)
			return true
		})
		if g.end == nil {
			continue
		}
		for _, t := range slices.Clone(l.woken) {
			if mine(t.n) {
				if g.end.why == outside && g.owner != nil {
					g.o.unsure("a nested group's body goes on without a slot while one is handed on")
				}
				l.woken = slices.DeleteFunc(l.woken, func(u *oticket) bool { return u == t })
				t.n.seat.bare, t.n.seat.queued = true, nil
				t.n.limiter().give(g.o, l)
				g.o.soon = append(g.o.soon, t.goOn)
			}
		}
	}
	if s := g.o.shared; s != nil {
		for _, p := range slices.Clone(s.waiting) {
			switch {
			case !mine(p.n):
			case p.t == nil:
				s.leave(p.n)
				out, seated = append(out, p.n), append(seated, nil)
			case g.end != nil:
				if g.end.why == outside && g.owner != nil {
					g.o.unsure("a nested group's body goes on without a slot while one is handed on")
				}
				s.leave(p.n)
				p.n.seat.bare, p.n.seat.queued = true, nil
				g.o.soon = append(g.o.soon, p.t.goOn)
			}
		}
	}
	if len(out) > 0 && g.owner != nil {
		g.o.unsure("a nested group's last tasks are skipped while a slot is handed on")
	}
	for i, n := range out {
		if seated[i] != nil {
			n.limiter().give(g.o, seated[i])
		}
	}
	for _, n := range out {
		s := &settling{o: g.o}
		s.skip(n, nil)
		s.close(nil)
	}
}
