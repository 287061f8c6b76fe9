package stress_test

import (
	"slices"
	"time"
)

// olimiter counts slots. A body takes one of each limiter from its own up to
// the outermost, in that order. At each of them bodies that go on come before
// bodies that start, and those by rank and by what has made them ready: R21.
type olimiter struct {
	free, size int
	up         *olimiter
	woken      []*oticket
	ready      []*onode
}

type oticket struct {
	n    *onode
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
func (l *olimiter) give(end *olimiter) {
	for ; l != end; l = l.up {
		switch {
		case len(l.woken) > 0:
			t := l.woken[0]
			l.woken = l.woken[1:]
			if l.up.climb(t, nil) {
				t.grant()
			}
		case len(l.ready) > 0:
			i := l.best()
			n := l.ready[i]
			l.ready = slices.Delete(l.ready, i, i+1)
			if l.up.climb(nil, n) {
				n.begin()
			}
		default:
			l.free++
		}
	}
}

// best is the place of who starts next: of the highest rank, and of those the
// first that became ready by the end of another, or else the first.
func (l *olimiter) best() int {
	best := 0
	for i, n := range l.ready {
		m := l.ready[best]
		if n.rankNow() > m.rankNow() || n.rankNow() == m.rankNow() && n.late && !m.late {
			best = i
		}
	}
	return best
}

func (l *olimiter) top() *olimiter {
	for l.up != nil {
		l = l.up
	}
	return l
}

func (n *onode) rankNow() int { return max(n.rank, n.group.rank) }

// raise gives n and all that it still needs at least the rank r.
func (n *onode) raise(r int, top *olimiter) {
	if n.state == done || n.limiter() == nil || n.limiter().top() != top || n.rankNow() >= r {
		return
	}
	n.rank = r
	all, one := n.waitsFor()
	if n.onGroup == nil {
		for _, m := range slices.Concat(all, one) {
			m.raise(r, top)
		}
	} else {
		n.onGroup.lift(r, top)
	}
}

// lift gives a nested group, of which somebody waits for all tasks, a rank.
func (g *ogroup) lift(r int, top *olimiter) {
	if g.lim == nil || g.lim.top() != top || g.rank >= r {
		return
	}
	g.rank = r
	for _, n := range g.nodes {
		switch {
		case n.state == done || n.state != running:
		case n.on != nil:
			n.on.raise(r, top)
		case n.onGroup != nil:
			n.onGroup.lift(r, top)
		}
	}
}

func (t *oticket) grant() {
	s := &t.n.seat
	s.queued, s.held = nil, true
	t.n.o.soon = append(t.n.o.soon, t.goOn)
}

// admit starts a ready body, or queues it: late, if it became ready by the end of
// another.
func (n *onode) admit(late bool) {
	n.late = late
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
	if n.limiter().climb(nil, n) {
		n.begin()
	}
}

// begin starts a body that has its slots.
func (n *onode) begin() {
	n.seat.held = n.limiter() != nil
	n.o.soon = append(n.o.soon, func() {
		n.state = running
		ctx := n.group.ctx
		if n.entrant() {
			ctx = n.of.raceCtx
		}
		n.o.stats.bodies++
		n.main = n.o.thread(n.script, n, ctx, n.returned)
	})
}

// rise gives the slots back when the first goroutine of a body begins to wait.
func (n *onode) rise() {
	s := &n.seat
	s.waits++
	if s.waits > 1 {
		return
	}
	s.rose = n.o.now
	if t := s.queued; t != nil {
		s.queued = nil
		t.at.woken = slices.DeleteFunc(t.at.woken, func(u *oticket) bool { return u == t })
		n.limiter().give(t.at)
		n.o.soon = append(n.o.soon, t.goOn)
	} else if s.held {
		s.held = false
		n.limiter().give(nil)
	}
}

// sit takes them again when the last has ended its wait, and then does goOn.
func (n *onode) sit(goOn func()) {
	s := &n.seat
	s.waits--
	if s.waits == 0 && !s.bare {
		if n.group.end != nil {
			s.bare = true
			if n.group.end.why == outside && s.rose == n.o.now {
				n.o.unsure("a wait that ends at once, in a group whose parent has ended and nobody looked")
			}
		} else {
			t := &oticket{n: n, goOn: goOn}
			if !n.limiter().climb(t, nil) {
				s.queued = t
				return
			}
			s.held = true
		}
	}
	n.o.soon = append(n.o.soon, goOn)
}

// vacate gives back the slots of a body that has ended.
func (n *onode) vacate() {
	if n.seat.held {
		n.seat.held = false
		n.limiter().give(nil)
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
	for l := first; l != nil; l = l.up {
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
				t.n.limiter().give(l)
				g.o.soon = append(g.o.soon, t.goOn)
			}
		}
	}
	if len(out) > 0 && g.owner != nil {
		g.o.unsure("a nested group's last tasks are skipped while a slot is handed on")
	}
	for i, n := range out {
		n.limiter().give(seated[i])
	}
	for _, n := range out {
		s := &settling{o: g.o}
		s.skip(n, nil)
		s.close(nil)
	}
}
