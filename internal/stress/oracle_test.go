package stress_test

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"time"
)

// oracle simulates a graph, one event after the other, as the rules R1 to R22
// have it. It shares nothing with the engine: no goroutine, no atomic, no
// queue of the engine's kind. Where the rules leave something open, because
// two things happen at one instant, it says so in ambiguous, and only what
// holds in any case is compared.
type oracle struct {
	g         *graph
	now       time.Duration
	events    eventHeap
	seq       int
	soon      []func() // follows from the present event, at the same instant
	tasks     []*onode // by number; nil while not declared
	nodes     []*onode
	groups    []*ogroup // by scope; nil while not open
	recs      []record  // by script
	ambiguous string
	live      int // scripts that have not ended
	stats     stats
}

// stats counts what happened in graphs.
type stats struct {
	tasks, bodies, failures, panics, goexits, exits, skips, awaits, cycles, cuts, groups int
}

func (s *stats) add(t stats) {
	s.tasks += t.tasks
	s.bodies += t.bodies
	s.failures += t.failures
	s.panics += t.panics
	s.goexits += t.goexits
	s.exits += t.exits
	s.skips += t.skips
	s.awaits += t.awaits
	s.cycles += t.cycles
	s.cuts += t.cuts
	s.groups += t.groups
}

func (s stats) String() string {
	return fmt.Sprintf("%d groups, %d tasks, %d bodies, %d failures, %d panics, %d Goexits, %d exits, %d skipped, %d awaits, %d of them cut short, %d cycles",
		s.groups, s.tasks, s.bodies, s.failures, s.panics, s.goexits, s.exits, s.skips, s.awaits, s.cuts, s.cycles)
}

// record is what one script did, in the simulation or in the run.
type record struct {
	started int
	notes   []note
}

type note struct {
	at   time.Duration
	what string
	path []string            // of a CycleError
	may  map[string][]string // who waits for whom, where the path must go
}

func (r *record) add(at time.Duration, what string) {
	r.notes = append(r.notes, note{at: at, what: what})
}

type event struct {
	at  time.Duration
	seq int
	do  func()
}

type eventHeap []*event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(e any)   { *h = append(*h, e.(*event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

// after runs do when d has passed, unless it is stopped before.
func (o *oracle) after(d time.Duration, do func()) (stop func()) {
	o.seq++
	e := &event{o.now + d, o.seq, do}
	heap.Push(&o.events, e)
	return func() { e.do = nil }
}

// sleep is after, but for no time it does not wait at all.
func (o *oracle) sleep(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	o.after(d, do)
}

func (o *oracle) unsure(why string) {
	if o.ambiguous == "" {
		o.ambiguous = why
	}
}

// simulate runs the graph to its end.
func simulate(g *graph) *oracle {
	o := &oracle{g: g, tasks: make([]*onode, len(g.tasks)), groups: make([]*ogroup, len(g.scopes)), recs: make([]record, len(g.scripts))}
	for _, s := range g.outside {
		o.thread(s, nil, &octx{}, func(*othread) {})
	}
	o.thread(g.scripts[0], nil, &octx{}, func(*othread) {})
	o.drain()
	for len(o.events) > 0 {
		e := heap.Pop(&o.events).(*event)
		if e.do == nil {
			continue
		}
		if e.at == o.now && o.now > 0 {
			o.unsure("two timers at one instant")
		}
		o.now = e.at
		e.do()
		o.drain()
	}
	if o.live > 0 {
		o.unsure("hangs")
	}
	return o
}

func (o *oracle) drain() {
	for len(o.soon) > 0 {
		do := o.soon[0]
		o.soon = o.soon[1:]
		do()
	}
}

// octx is a context.
type octx struct {
	err, cause *oerr
	kids       []*octx
	waits      []*owait
	group      *ogroup // whose own it is
}

func (c *octx) child() *octx {
	k := &octx{err: c.err, cause: c.cause}
	if c.err == nil {
		c.kids = append(c.kids, k)
	}
	return k
}

func (c *octx) cancel(err, cause *oerr) {
	if c.err != nil {
		return
	}
	c.err, c.cause = err, cause
	if g := c.group; g != nil && !g.over && g.endBy(outside, cause) && c.racy() {
		// Whether such a body gets a slot first or learns of the end first is open.
		g.o.unsure("soft wait cut with a nested group")
	}
	for _, w := range slices.Clone(c.waits) {
		w.fire()
	}
	for _, k := range c.kids {
		k.cancel(err, cause)
	}
	if c.group != nil {
		c.group.skipQueued()
	}
}

// racy reports whether a body with a limit waits in c for more than a task of its group.
func (c *octx) racy() bool {
	return slices.ContainsFunc(c.waits, func(w *owait) bool { return w.seated && !w.parked() }) ||
		slices.ContainsFunc(c.kids, func(k *octx) bool { return k.group == nil && k.racy() })
}

// nests reports whether a group that has not ended was made with c.
func (c *octx) nests() bool {
	return slices.ContainsFunc(c.kids, func(k *octx) bool { return k.group != nil && !k.group.over || k.nests() })
}

// ogroup is a group.
type ogroup struct {
	o          *oracle
	sc         *scope
	parent     *octx
	ctx        *octx
	owner      *onode // whose context it was made with
	ownerWaits bool
	lim        *olimiter
	lims       []*olimiter // of running Maps
	end        *oend
	failures   []*oerr
	panicked   *oerr
	goexited   bool
	unfinished bool
	raised     bool
	live       int // of tasks, and one until somebody waits
	waited     bool
	joiners    int // besides the first
	over       bool
	result     *oerr
	waits      []func()
	ownerSits  func()
	nodes      []*onode
}

type oend struct {
	why        byte
	err, cause *oerr
	value      uint64 // of an exit
}

const (
	failure byte = iota + 1
	exit
	outside
	panicked
	goexit
)

func (g *ogroup) endBy(why byte, cause *oerr) bool {
	if g.end != nil {
		return false
	}
	g.end = &oend{why: why, err: oCanceled, cause: cause}
	if g.parent.err != nil {
		g.end.err = g.parent.err
	}
	return true
}

// count changes the number of tasks that have not ended.
func (g *ogroup) count(d int) {
	before := g.live
	g.live += d
	if g.live > 0 || before == 0 {
		return
	}
	if g.ownerSits != nil {
		sit := g.ownerSits
		g.ownerSits = nil
		sit()
	}
	g.over = true
	g.result = g.verdict()
	g.ctx.cancel(oCanceled, oCanceled)
	for _, w := range g.waits {
		g.o.soon = append(g.o.soon, w)
	}
	g.waits = nil
}

func (g *ogroup) verdict() *oerr {
	switch {
	case g.panicked != nil:
		return g.panicked
	case g.end != nil && g.end.why == exit:
		return nil
	case len(g.failures) > 0:
		return &oerr{kind: 'G', name: g.sc.name, in: g.failures}
	case g.end != nil && g.end.why == outside && g.unfinished:
		return &oerr{kind: 'E', in: []*oerr{g.end.err, g.end.cause}}
	}
	return nil
}

// onode is a task, an element of a Map or a function of a Race.
type onode struct {
	o       *oracle
	task    *task
	label   string
	index   int // of an element or function, else -1
	of      *onode
	group   *ogroup
	script  *script
	seq     int
	left    int // dependencies, elements or functions that are to come
	state   nstate
	then    []*onode
	waits   []*owait
	kids    []*onode
	decided bool // a Race
	raceCtx *octx
	lim     *olimiter
	ownLim  *olimiter // a Map's
	seat    oseat
	main    *othread
	hard    *othread // whose hard wait is the body's
	on      *onode   // what it waits for hard
	onGroup *ogroup
	endedAt time.Duration
	cutAt   time.Duration // when a wait for it was last cut short
	cutErr  *oerr         // what that returned
	cutMay  map[string][]string
	in      uint64
	value   uint64 // digest
	vals    []uint64
	fail    *oerr
	outcome byte // 'F'ailed, 'C'anceled, 'S'kipped, 'X' exited, 'P'anicked, 'G'oexit
	killed  bool
}

type nstate uint8

const (
	pending nstate = iota
	queued
	running
	done
)

func (n *onode) limiter() *olimiter {
	if n.lim != nil {
		return n.lim
	}
	return n.group.lim
}

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
	s := &settling{o: o}
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
	o      *oracle
	work   []*onode
	ready  []*onode
	cancel *ogroup
	ended  map[*ogroup]int
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
	if n.of == nil || n.task.kind != kRace || !n.of.decided {
		g.unfinished = g.unfinished || !n.entrant()
	}
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
