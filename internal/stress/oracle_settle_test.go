package stress_test

import (
	"cmp"
	"slices"
)

// declare is a declaring call. It reports what a caller sees: "" if all is well.
func (o *oracle) declare(t *task) string {
	if t.omit {
		return "omitted"
	}
	if o.tasks[t.id] != nil {
		return "declared before"
	}
	g := o.groups[t.scope]
	if g == nil {
		return "no group"
	}
	for _, d := range t.deps {
		if o.tasks[d.id] == nil {
			return "no dependency"
		}
	}
	if g.live == 0 {
		return "ended"
	}
	n := o.node(t, g, t.name(), -1, nil)
	o.tasks[t.id] = n
	o.stats.tasks++
	g.count(+1)
	n.state = pending
	s := &settling{o: o, declaring: true}
	switch {
	case t.kind == kInput:
		n.value = inputValue(t)
		s.publish(n)
	case g.end != nil:
		var culprit *onode
		for _, d := range t.deps {
			if dep := o.tasks[d.id]; dep.fail != nil && culprit == nil {
				culprit = dep
			}
		}
		s.skip(n, culprit)
	case t.kind == kRace:
		n.left = len(t.scripts)
		n.raceCtx = g.ctx.child()
		g.count(+n.left)
		for i, sc := range t.scripts {
			k := o.node(t, g, t.element(i), i, n)
			k.script = sc
			n.kids = append(n.kids, k)
			s.ready = append(s.ready, k)
		}
	default:
		if len(t.scripts) == 1 && t.kind != kMap {
			n.script = t.scripts[0]
		}
		for _, d := range t.deps {
			dep := o.tasks[d.id]
			if dep.state != done {
				n.left++
				dep.then = append(dep.then, n)
			} else if dep.fail != nil && !n.killed {
				n.killed = true
				s.skip(n, dep)
			}
		}
		if n.left == 0 && !n.killed {
			s.started(n)
		}
	}
	s.close(nil)
	return ""
}

func (o *oracle) node(t *task, g *ogroup, label string, index int, of *onode) *onode {
	o.seq++
	n := &onode{o: o, task: t, label: label, index: index, of: of, group: g, seq: o.seq}
	o.nodes = append(o.nodes, n)
	g.nodes = append(g.nodes, n)
	return n
}

// settling is what follows at one instant from the end of a task.
type settling struct {
	o         *oracle
	work      []*onode
	ready     []*onode
	cancel    *ogroup
	declaring bool // what is ready is so by its declaration
	ended     map[*ogroup]int
}

func (s *settling) publish(n *onode) {
	s.end(n)
	for len(s.work) > 0 {
		n := s.work[0]
		s.work = s.work[1:]
		s.end(n)
	}
}

func (s *settling) end(n *onode) {
	n.state = done
	n.endedAt = s.o.now
	n.compareCut()
	if s.ended == nil {
		s.ended = make(map[*ogroup]int)
	}
	s.ended[n.group]++
	if n.outcome == 'S' {
		s.o.stats.skips++
	}
	if n.of != nil {
		if n.task.kind == kRace {
			s.raced(n)
		} else if n.fail != nil {
			s.kill(n.of, n)
		} else if n.of.left--; n.of.left == 0 && !n.of.killed {
			n.of.gathered(n.of.kids)
			s.work = append(s.work, n.of)
		}
	}
	waits := n.waits
	n.waits = nil
	unordered, short := 0, false
	for _, w := range waits {
		if w.seated && !w.parked() {
			unordered++
		}
		w.fire()
		short = short || w.seated && w.th.node.seat.queued != nil
	}
	if unordered > 0 && unordered < len(waits) && short {
		s.o.unsure("soft and hard waiters of one task, and not a slot for each")
	}
	for _, d := range n.then {
		if n.fail != nil {
			s.kill(d, n)
		} else if d.left--; d.left == 0 && !d.killed {
			s.started(d)
		}
	}
	n.then = nil
}

// compareCut says that it is open what a wait returns that is cut short at the
// instant when its task ends, unless it is the same.
func (n *onode) compareCut() {
	if n.cutErr != nil && n.cutAt == n.endedAt && n.cutErr.canon(n.o.g.limited) != n.fail.canon(n.o.g.limited) {
		n.o.unsure("a task ends at the instant when a wait for it is cut short")
	}
}

func (n *onode) entrant() bool { return n.of != nil && n.task.kind == kRace }

func (s *settling) kill(n, dep *onode) {
	if !n.killed && n.state != done {
		n.killed = true
		s.skip(n, dep)
	}
}

// skip ends a node whose body never runs. The root is the failure of the
// dependency, or why the group has ended.
func (s *settling) skip(n, dep *onode) {
	g := n.group
	cause := oCanceled
	switch {
	case dep == nil && g.end != nil:
		cause = g.end.cause
	case dep == nil: // a function of a Race that is decided
	case dep.fail.kind == 'S':
		cause = dep.fail.in[0]
	case g.end != nil && dep.outcome != 'F':
		cause = g.end.cause
	default:
		cause = dep.fail
	}
	g.left(n)
	n.fail, n.outcome = &oerr{kind: 'S', name: n.label, in: []*oerr{cause}}, 'S'
	s.work = append(s.work, n)
}

// started takes a node that waits for nothing any more.
func (s *settling) started(n *onode) {
	if n.group.end != nil {
		if n.group.lim != nil && n.group.owner != nil {
			s.o.unsure("a nested group's last tasks are skipped while a slot is handed on")
		}
		s.skip(n, nil)
		return
	}
	n.in = foldDeps(len(n.task.deps), func(i int) uint64 { return s.o.tasks[n.task.deps[i].id].value })
	switch n.task.kind {
	case kGather:
		deps := make([]*onode, len(n.task.deps))
		for i, d := range n.task.deps {
			deps[i] = s.o.tasks[d.id]
		}
		n.gathered(deps)
		s.work = append(s.work, n)
	case kMap:
		n.expand(s)
	default:
		n.byEnd = !s.declaring
		s.ready = append(s.ready, n)
	}
}

func (n *onode) gathered(from []*onode) {
	for _, d := range from {
		n.vals = append(n.vals, d.value)
	}
	n.value = fold(n.vals)
}

func (n *onode) expand(s *settling) {
	in := s.o.tasks[n.task.deps[0].id].vals
	if len(in) == 0 {
		n.gathered(nil)
		s.work = append(s.work, n)
		return
	}
	if n.task.limit > 0 {
		n.ownLim = newOLimiter(n.task.limit, n.group.lim)
		n.group.lims = append(n.group.lims, n.ownLim)
	}
	n.left = len(in)
	n.group.count(+n.left)
	for i, v := range in {
		k := s.o.node(n.task, n.group, n.task.element(i), i, n)
		k.script, k.in, k.lim = n.task.scripts[i], v, n.ownLim
		k.byEnd = !s.declaring
		n.kids = append(n.kids, k)
		s.ready = append(s.ready, k)
	}
}

// raced is the end of a function of a Race.
func (s *settling) raced(n *onode) {
	r := n.of
	r.left--
	switch {
	case r.decided:
	case n.fail == nil:
		r.decided = true
		r.value = n.value
		s.work = append(s.work, r)
		if n.limiter() != nil && (r.raceCtx.racy() || r.raceCtx.nests()) {
			s.o.unsure("losers of a Race wake up while its winner gives its slot away")
		}
		r.raceCtx.cancel(oCanceled, oCanceled)
		n.group.skipIn(n.limiter(), func(m *onode) bool { return m.of == r })
	case r.left == 0:
		r.decided = true
		join := &oerr{kind: 'J'}
		skipped := true
		for _, k := range r.kids {
			join.in = append(join.in, k.fail)
			skipped = skipped && k.outcome == 'S'
		}
		if skipped {
			s.skip(r, nil)
		} else {
			s.judge(r, join)
			s.work = append(s.work, r)
		}
		r.raceCtx.cancel(oCanceled, oCanceled)
	default:
		s.o.checkRaces()
	}
}

// close does what follows: the group's cancel, then starts in order of
// declaration, then the slot of the body that has ended.
func (s *settling) close(left *onode) {
	if len(s.work) > 0 {
		n := s.work[0]
		s.work = s.work[1:]
		s.publish(n)
	}
	if s.cancel != nil {
		s.cancel.ctx.cancel(oCanceled, s.cancel.end.cause)
		s.cancel.skipQueued()
	}
	slices.SortStableFunc(s.ready, func(a, b *onode) int { return cmp.Compare(a.order(), b.order()) })
	for _, n := range s.ready {
		n.admit()
	}
	for g, k := range s.ended {
		g.count(-k)
	}
	if left != nil {
		left.vacate()
	}
}

// order is that of declaration; bodies of one task follow each other.
func (n *onode) order() int {
	if n.of != nil {
		return n.of.seq
	}
	return n.seq
}
