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
	for _, e := range t.edges() {
		if o.tasks[e.on.id] == nil {
			return "no dependency"
		}
	}
	if g.live == 0 {
		return "ended"
	}
	n := o.node(t, g, t.name(), -1, nil)
	if t.shared {
		n.lim = o.limited(g, g.lim, true, 0)
	}
	o.tasks[t.id] = n
	o.stats.tasks++
	g.count(+1)
	n.state = pending
	s := &settling{o: o, declaring: true}
	if t.kind != kInput && g.end == nil && !n.beginWithin() {
		return ""
	}
	switch {
	case t.kind == kInput:
		n.value = inputValue(t)
		s.publish(n)
	case g.end != nil:
		var culprit *onode
		for _, e := range t.edges() {
			if dep := o.tasks[e.on.id]; e.must && dep.fail != nil && culprit == nil {
				culprit = dep
			}
		}
		s.skip(n, culprit)
	default:
		if t.kind <= kOptional {
			n.script = t.scripts[0]
		}
		for _, e := range t.edges() {
			dep := o.tasks[e.on.id]
			if dep.state != done {
				n.left++
				dep.then = append(dep.then, oedge{n, e.must})
			} else if e.must && dep.fail != nil && !n.killed {
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
	if n.undue != nil {
		n.undue()
	}
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
		result := n.task.kind == kMapOptional && (n.outcome == 'S' || n.outcome == 'C')
		if result {
			n.value = resultDigest(0, true, n.fail.canon(s.o.g.limited))
		}
		if n.task.kind == kRace {
			s.raced(n)
		} else if n.fail != nil && !result {
			s.kill(n.of, n)
		} else if n.of.left--; n.of.left == 0 && !n.of.killed {
			n.of.gathered(n.of.kids)
			s.work = append(s.work, n.of)
		}
	}
	waits := n.waits
	n.waits = nil
	if n.behind && len(waits) > 0 {
		s.o.unsure("a wait is cut short by what skips its task")
	}
	unordered, short, seated := 0, false, 0
	first := make(map[*onode]bool) // bodies of which one wait has been seen
	for _, w := range waits {
		if w.seated && (!w.parked() || first[w.th.node]) {
			unordered++
		}
		first[w.th.node] = true
		if w.seated {
			seated++
		}
		w.fire()
		short = short || w.seated && w.th.node.seat.queued != nil
	}
	if n.group.lim == nil && seated > 1 && short {
		s.o.unsure("several waiters of one task, in a group whose tasks alone have limits")
	}
	if unordered > 0 && unordered < len(waits) && short {
		s.o.unsure("soft and hard waiters of one task, and not a slot for each")
	}
	if n.fail != nil && n.group.end != nil && n.skipCause() != n.group.end.cause && mixed(n.then) {
		s.o.unsure("tasks that are skipped at one instant, for a failure and for the group's end")
	}
	for _, e := range n.then {
		if n.fail != nil && e.must {
			s.kill(e.n, n)
		} else if e.n.left--; e.n.left == 0 && !e.n.killed {
			s.started(e.n)
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

// ends reports whether n's body has a context that may end before its group's.
func (n *onode) ends() bool { return n.entrant() || n.time != nil }

func (s *settling) kill(n, dep *onode) {
	switch {
	case !n.killed && n.state != done:
		n.killed, n.killedAt = true, s.o.now
		n.behind = n.behind || dep.behind
		s.skip(n, dep)
	case n.killedAt == s.o.now && n.group.end != nil && n.outcome == 'S' && n.fail.in[0] != dep.skipCause():
		s.o.unsure("a task is skipped for two of its dependencies at one instant, for a failure and for the group's end")
	}
}

// mixed reports whether of those that wait for one task some must have its success,
// and others only its end.
func mixed(edges []oedge) bool {
	return slices.ContainsFunc(edges, func(e oedge) bool { return e.must }) &&
		slices.ContainsFunc(edges, func(e oedge) bool { return !e.must })
}

// skipCause is the root of the skip of what must have the success of n, which has failed.
func (n *onode) skipCause() *oerr {
	switch g := n.group; {
	case n.fail.kind == 'S':
		return n.fail.in[0]
	case g.end != nil && n.outcome != 'F':
		return g.end.cause
	}
	return n.fail
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
	default:
		cause = dep.skipCause()
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
		if n.group.isAwaitedWithSlots() {
			s.o.unsure("tasks that a body of another group waits for are skipped while a shared slot is handed on")
		}
		n.behind = s.cancel == n.group
		s.skip(n, nil)
		return
	}
	reads := n.task.reads()
	n.in = foldDeps(len(reads), func(i int) uint64 { return s.o.tasks[reads[i].id].value })
	if n.task.leftOut {
		n.value = n.task.zero()
		s.work = append(s.work, n)
		return
	}
	switch n.task.kind {
	case kRace:
		n.enter(s)
	case kGather:
		deps := make([]*onode, len(n.task.deps))
		for i, d := range n.task.deps {
			deps[i] = s.o.tasks[d.id]
		}
		n.gathered(deps)
		s.work = append(s.work, n)
	case kMap, kMapOptional:
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
		n.ownLim = s.o.limited(n.group, n.limiter(), false, n.task.limit)
		n.group.lims = append(n.group.lims, n.ownLim)
	}
	n.left = len(in)
	n.group.count(+n.left)
	for i, v := range in {
		k := s.o.node(n.task, n.group, n.task.element(i), i, n)
		k.script, k.in, k.lim = n.task.scripts[i], v, n.ownLim
		if k.lim == nil {
			k.lim = n.lim
		}
		k.byEnd = !s.declaring
		n.kids = append(n.kids, k)
		if n.group.end == nil && n.task.within > 0 && s.o.now >= n.group.made+n.task.within { // of a MapOptional
			s.judge(k, limitError("within", n.task.within))
			s.work = append(s.work, k)
			continue
		}
		s.ready = append(s.ready, k)
	}
}

// enter starts the functions of a Race.
func (n *onode) enter(s *settling) {
	n.left = len(n.task.scripts)
	n.group.count(+n.left)
	for i, sc := range n.task.scripts {
		k := s.o.node(n.task, n.group, n.task.element(i), i, n)
		k.script, k.in, k.raceCtx = sc, n.in, n.group.ctx.child()
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
		losers := slices.DeleteFunc(slices.Clone(r.kids), func(k *onode) bool { return k == n })
		if n.limiter() != nil && slices.ContainsFunc(losers, func(k *onode) bool { return k.raceCtx.racy() || k.raceCtx.nests() }) {
			s.o.unsure("losers of a Race wake up while its winner gives its slot away")
		}
		for _, k := range losers {
			k.raceCtx.cancel(oCanceled, oLost)
		}
		n.group.skipIn(n.limiter(), func(m *onode) bool { return m.of == r })
	case r.left == 0:
		r.decided = true
		join := &oerr{kind: 'J'}
		skipped := true
		for _, k := range r.kids {
			join.in = append(join.in, k.fail)
			skipped = skipped && k.outcome == 'S'
			if end := n.group.end; end != nil && k.outcome == 'F' && k.fail.wraps(end.cause) {
				s.o.unsure("a function of a lost Race has returned before the end what became its cause")
			}
		}
		if skipped {
			s.skip(r, nil)
		} else {
			s.judge(r, join)
			s.work = append(s.work, r)
		}
		for _, k := range r.kids {
			k.raceCtx.cancel(oCanceled, oLost)
		}
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
