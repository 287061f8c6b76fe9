package stress_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// The weights of what a body, or a graph, may do besides; 0 leaves it out, and
// the other steps of a seed's graph are then the same.
var (
	leftFlag      = flag.Float64("left", .1, "weight of bodies that leave a goroutine behind, which awaits and declares")
	severalFlag   = flag.Float64("several", .2, "weight of bodies of which several goroutines wait at once, for each other's tasks too")
	strangersFlag = flag.Float64("strangers", .2, "weight of strangers that stop a nested group")
	sharedFlag    = flag.Float64("shared", .5, "weight of a limit that groups and tasks share, in graphs with limits")
	endsFlag      = flag.Float64("ends", .3, "weight of nested groups whose context the body ends")
)

// generate makes the graph of a seed. Tasks are numbered so that waiting for
// lower numbers only can never be a cycle.
func generate(seed uint64, ties bool) *graph {
	b := &builder{rng: rand.New(rand.NewPCG(seed, 0xa5a9)), g: &graph{seed: seed, ties: ties}}
	b.g.limited = b.chance(.3)
	b.g.cyclic = b.chance(.35)
	b.g.observed = b.chance(.2)
	if b.chance(.6) {
		b.failing = []float64{.01, .03, .08, .2}[b.rng.IntN(4)]
	}
	b.awaiting = []float64{0, .3, .6, 1.2}[b.rng.IntN(4)]
	b.nesting = []float64{0, .05, .15}[b.rng.IntN(3)]
	driver := b.script()
	size := 1 + b.rng.IntN(8)
	switch {
	case b.chance(.3):
		size += b.rng.IntN(20)
	case b.chance(.02):
		size += 100
		b.nesting, b.awaiting = b.nesting/10, b.awaiting/3
	}
	root := b.open(driver, size, 0)
	b.tieCycles()
	if b.chance(.3) {
		driver.steps = append(driver.steps, step{op: opSleep, d: b.time()})
		for range b.rng.IntN(3) {
			driver.steps = append(driver.steps, step{op: opDeclare, task: b.task(root, 1, driver)}, step{op: opSleep, d: b.time()})
		}
	}
	switch {
	case b.chance(.9):
		driver.steps = append(driver.steps, step{op: opWait, scope: root})
	default: // Stop alone
		driver.steps = append(driver.steps, step{op: opSleep, d: b.time() + b.time()})
	}
	b.outsiders(root)
	b.share()
	b.letFail()
	b.limitTime()
	return b.g
}

// share gives a limit to some of the groups and tasks, by chances of its own.
func (b *builder) share() {
	b.rng = rand.New(rand.NewPCG(b.g.seed, 0x5a4e))
	if !b.g.limited || !b.kind(*sharedFlag) {
		return
	}
	b.g.shared = 1 + b.rng.IntN(3)
	groups, tasks := pick(b, 0, .3, .7, 1), pick(b, 0, .1, .4)
	for _, sc := range b.g.scopes {
		sc.shared = b.chance(groups)
	}
	for _, t := range b.g.tasks {
		t.shared = b.chance(tasks) && t.kind != kInput && t.kind != kGather && t.kind != kRace
	}
}

type builder struct {
	rng                        *rand.Rand
	g                          *graph
	failing, awaiting, nesting float64
}

// finishFlag is of the simulation, not of the graphs.
var finishFlag = flag.Bool("finish", true, "expect slots to go to what has begun (R21); else to who is ready first")

// kind is chance for a weight that may be 0.
func (b *builder) kind(weight float64) bool { return weight > 0 && b.chance(weight) }

func (b *builder) chance(p float64) bool { return b.rng.Float64() < p }

// time is a duration that no other sum of durations meets, or one of a few.
func (b *builder) time() time.Duration {
	if b.g.ties {
		return time.Duration(b.rng.IntN(4)) * time.Millisecond
	}
	return time.Duration(1 + b.rng.Int64N(1<<(20+b.rng.IntN(20))))
}

func (b *builder) script() *script {
	s := &script{id: len(b.g.scripts)}
	b.g.scripts = append(b.g.scripts, s)
	return s
}

// open makes a scope, with its tasks, and the step that opens it.
func (b *builder) open(by *script, size, depth int) *scope {
	sc := &scope{id: len(b.g.scopes), owner: by}
	b.g.scopes = append(b.g.scopes, sc)
	sc.settled = b.chance(.3)
	if b.g.limited && b.chance([]float64{.9, .3, .3}[min(depth, 2)]) {
		sc.limit = 1 + b.rng.IntN(4)
	}
	if b.chance(.1) {
		sc.name = fmt.Sprintf("g%d", sc.id)
	}
	if depth == 0 {
		sc.ctx = pick(b, ctxOwn, ctxOwn, ctxOwn, ctxOwn, ctxCancel, ctxCancel, ctxStrange, ctxTimeout)
		if b.chance(.01) {
			sc.ctx = ctxDead
		}
	} else {
		sc.ctx = pick(b, ctxOwn, ctxOwn, ctxOwn, ctxValue, ctxTimeout, ctxForeign)
		if b.kind(*endsFlag) {
			sc.ctx = ctxEnded
		}
	}
	sc.d = b.time() + b.time()
	shape := b.rng.IntN(6)
	for range size {
		sc.build = append(sc.build, b.shaped(sc, shape, depth, by))
	}
	o := opOpen
	if depth > 0 && b.chance(.4) {
		for _, t := range sc.build {
			if t.class() == 'U' && b.chance(.5) {
				o, sc.result = opRun, t
			}
		}
	}
	by.steps = append(by.steps, step{op: o, scope: sc, after: b.time()})
	return sc
}

// shaped makes the next task of a scope that looks like a chain, a fan, a
// tree, layers or anything.
func (b *builder) shaped(sc *scope, shape, depth int, by *script) *task {
	t := b.task(sc, depth, by)
	k := len(sc.build)
	var deps []*task
	switch shape {
	case 0:
		deps = sc.build[max(0, k-1):]
	case 1:
		deps = sc.build[:min(1, k)]
	case 2:
		if k > 0 {
			deps = sc.build[(k-1)/2 : (k-1)/2+1]
		}
	case 3:
		if layer := k / 4 * 4; layer >= 4 {
			deps = sc.build[layer-4 : layer]
		}
	default:
		return t
	}
	if len(deps) > 0 && b.chance(.8) && t.kind <= kOptional {
		t.deps = b.usable(deps)
	}
	return t
}

// usable takes what And can put together here: only the first may be of any
// type, and the second an Optional.
func (b *builder) usable(from []*task) (deps []*task) {
	for _, t := range from {
		switch c := t.class(); {
		case len(deps) == 6:
		case len(deps) == 0, c == 'U', len(deps) == 1 && c == 'R':
			deps = append(deps, t)
		}
	}
	return deps
}

func (b *builder) some(sc *scope, most int) (deps []*task) {
	var all []*task
	for _, t := range b.g.tasks {
		if t.scope == sc.id {
			all = append(all, t)
		}
	}
	for range b.rng.IntN(most + 1) {
		if len(all) > 0 {
			near := len(all) - 1 - b.rng.IntN(min(len(all), 1+b.rng.IntN(8)))
			deps = append(deps, all[near])
		}
	}
	return deps
}

func (b *builder) task(sc *scope, depth int, by *script) *task {
	t := &task{scope: sc.id}
	t.kind = pick(b, kGo, kGo, kGo, kGo, kGo, kDo, kOptional, kInput, kGather, kMap, kRace)
	bodies := 1
	switch t.kind {
	case kInput:
		bodies = 0
	case kGather:
		bodies = 0
		for _, d := range b.some(sc, 5) {
			left := d.leftOut && slices.ContainsFunc(t.deps, func(d *task) bool { return d.leftOut }) // no two values are the same
			if d.class() == 'U' && !slices.Contains(t.deps, d) && !left {
				t.deps = append(t.deps, d)
			}
		}
	case kMap:
		t.kind = kGo
		for _, d := range b.some(sc, 6) {
			if d.class() == 'V' {
				t.kind, t.deps, bodies = kMap, []*task{d}, d.width()
				break
			}
		}
		if b.g.limited && b.chance(.3) {
			t.limit = 1 + b.rng.IntN(3)
		}
	case kRace:
		bodies = 1 + b.rng.IntN(3)
	default:
		if b.chance(.7) {
			t.deps = b.usable(b.some(sc, pick(b, 1, 1, 2, 3, 6, 8)))
		}
	}
	b.addOptions(t, sc)
	for range bodies {
		t.scripts = append(t.scripts, b.body(sc, depth, b.script(), t.kind != kRace))
	}
	t.id = len(b.g.tasks)
	b.g.tasks = append(b.g.tasks, t)
	return t
}

func (b *builder) body(sc *scope, depth int, s *script, prompt bool) *script {
	s.scope, s.body = sc.id, true
	if prompt && b.chance(.1) && !b.g.limited {
		return s // returns at once
	}
	s.steps = append(s.steps, step{op: b.sleep(), d: b.time(), after: b.time()})
	if b.kind(*leftFlag) {
		s.steps = append(s.steps, step{op: opLeave, script: b.left(sc, depth)})
	}
	for b.chance(b.awaiting / (1 + b.awaiting)) {
		b.await(s, false)
	}
	var open *scope
	if depth < 3 && b.chance(b.nesting) {
		open = b.open(s, 1+b.rng.IntN(4), depth+1)
		if open.result != nil {
			open = nil
		}
	}
	for b.g.limited && b.chance(.2) || b.chance(.04) || b.kind(*severalFlag) {
		f := b.script()
		f.steps = append(f.steps, step{op: opSleep, d: b.time()})
		b.await(f, true)
		if b.chance(.5) {
			b.await(f, true)
		}
		if depth < 3 && (!b.g.cyclic || *severalFlag > 0) && b.chance(.5) {
			sc := b.open(f, 1+b.rng.IntN(3), depth+1)
			f.steps = append(f.steps, step{op: opSleep, d: b.time()}, step{op: opWait, scope: sc, after: b.time()})
		}
		s.steps = append(s.steps, step{op: opFork, script: f, after: b.time()})
	}
	if open != nil && b.kind(*strangersFlag) { // a goroutine of the body stops its group
		f := b.script()
		f.steps = append(f.steps, step{op: opSleep, d: b.time()}, step{op: opStop, scope: open})
		s.steps = append(s.steps, step{op: opFork, script: f, after: b.time()})
	}
	for b.chance(b.awaiting / (2 + b.awaiting)) {
		b.await(s, false)
	}
	if open != nil && open.ctx == ctxEnded && b.chance(.7) {
		s.steps = append(s.steps, step{op: opSleep, d: b.time()}, step{op: opEnd, scope: open})
		if len(open.build) > 0 && b.chance(.6) { // before those in it have run
			t := open.build[b.rng.IntN(len(open.build))]
			s.steps = append(s.steps, step{op: opAwait, task: t, mode: hard, after: b.time()})
		}
	}
	if b.chance(.06) {
		into := sc
		if open != nil && b.chance(.5) {
			into = open
		}
		if b.g.cyclic && b.chance(.3) {
			into = b.g.scopes[b.rng.IntN(len(b.g.scopes))] // perhaps not open, or ended
		}
		s.steps = append(s.steps, step{op: opDeclare, task: b.task(into, depth+1, s)}, step{op: opSleep, d: b.time()})
	}
	if open != nil && b.chance(.8) {
		s.steps = append(s.steps, step{op: opWait, scope: open, after: b.time(), policy: b.policy()})
	}
	if b.chance(.2) {
		b.await(s, false)
	}
	s.last = b.time()
	if b.chance(b.failing) {
		s.ret = pick(b, retFail, retFail, retFail, retFail, retFail, retPanic, retGoexit, retExit, retExit)
		s.wrap = b.chance(.2)
		if s.ret == retExit && b.chance(.15) {
			s.scope = b.rng.IntN(len(b.g.scopes))
		}
	} else if b.chance(.5) {
		s.ret = pick(b, retCause, retErr)
	}
	return s
}

// left is a goroutine that its body leaves behind: it waits, as a rule with a
// context of its own, and declares, while the body runs or when all has ended.
func (b *builder) left(sc *scope, depth int) *script {
	f := b.script()
	f.steps = append(f.steps, step{op: opSleep, d: b.time()})
	for range 1 + b.rng.IntN(2) {
		if b.chance(.3) {
			f.steps = append(f.steps, step{op: opDeclare, task: b.task(sc, max(depth, 2), nil)}, step{op: opSleep, d: b.time()})
		}
		n := len(f.steps)
		b.await(f, true)
		if n < len(f.steps) {
			f.steps[n].policy = ignore
			if f.steps[n].mode <= value && b.chance(.9) {
				f.steps[n].mode = timeout
			}
		}
	}
	return f
}

func (b *builder) sleep() op {
	if b.chance(.5) {
		return opNap
	}
	return opSleep
}

func (b *builder) policy() policy { return pick(b, ignore, propagate, propagate, wrapped) }

func (b *builder) await(s *script, fork bool) {
	if len(b.g.tasks) == 0 {
		return
	}
	st := step{op: opAwait, d: b.time(), after: b.time(), policy: b.policy()}
	n := len(b.g.tasks)
	st.task = b.g.tasks[n-1-b.rng.IntN(min(n, 1+b.rng.IntN(12)))]
	st.mode = pick(b, hard, hard, hard, hard, value, timeout, never, anonTimeout, anon)
	if st.mode == anon && (b.g.limited || b.g.cyclic) || b.g.cyclic && (st.mode == never || fork && *severalFlag == 0) {
		st.mode = timeout
	}
	s.steps = append(s.steps, st, step{op: opSleep, d: b.time()})
}

// tieCycles makes some hard awaits go anywhere.
func (b *builder) tieCycles() {
	if !b.g.cyclic || len(b.g.tasks) == 0 {
		return
	}
	p := []float64{.05, .2, .5}[b.rng.IntN(3)]
	for _, s := range b.g.scripts {
		for i := range s.steps {
			if st := &s.steps[i]; st.op == opAwait && st.mode <= timeout && b.chance(p) {
				st.task = b.g.tasks[b.rng.IntN(len(b.g.tasks))]
			}
		}
	}
}

// outsiders are goroutines that have nothing to do with any task.
func (b *builder) outsiders(root *scope) {
	add := func(steps ...step) {
		s := b.script()
		s.steps = append([]step{{op: opSleep, d: b.time() + b.time()}}, steps...)
		b.g.outside = append(b.g.outside, s)
	}
	if (root.ctx == ctxCancel || root.ctx == ctxStrange) && b.chance(.5) {
		add(step{op: opCancel})
	}
	if b.chance(.05) {
		add(step{op: opStop, scope: root})
	}
	for len(b.g.scopes) > 1 && b.kind(*strangersFlag) {
		add(step{op: opStop, scope: b.g.scopes[1+b.rng.IntN(len(b.g.scopes)-1)]})
	}
	for b.chance(.2) {
		t := b.g.tasks[b.rng.IntN(len(b.g.tasks))]
		add(step{op: opAwait, task: t, mode: pick(b, anonTimeout, anon), d: b.time()})
	}
	for b.chance(.1) {
		add(step{op: opDeclare, task: b.task(root, 2, nil)})
	}
}

func pick[T any](b *builder, from ...T) T { return from[b.rng.IntN(len(from))] }
