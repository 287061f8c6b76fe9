package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// A model is a run taken apart into what its tasks did and what they did it
// after, without the instants: a program that can be run again with other
// durations and other limits.

// op is one step of a body.
type op struct {
	kind  opKind
	d     time.Duration // run, pause, lag
	on    int           // wait, pause: the task; waitGroup: the group; or -1
	tasks []spawned     // spawn
}

type opKind uint8

const (
	opRun       opKind = iota // the body runs
	opWait                    // it waits for a task
	opWaitGroup               // it waits for a nested group
	opPause                   // it waits and gives up after d
	opLag                     // it could go on, and nobody ran it; only without a limit
	opSpawn                   // tasks inside it are declared
)

// spawned is a task that is declared some time after its parent's step.
type spawned struct {
	task  int
	after time.Duration
}

type taskKind uint8

const (
	isBody   taskKind = iota
	isInline          // Gather, Input: ends when its dependencies have ended
	isMap             // ends when its elements have ended
	isRace            // ends with the first element that succeeds
	isUnrun           // its body never ran
)

type modelTask struct {
	kind  taskKind
	ops   []op
	deps  []int
	lag   time.Duration // from ready to started without a limit; of a Map or Gather, from its last part to its end
	parts []spawned     // of a Map, after it is ready; of a Race, after its declaration
}

type model struct {
	*index
	tasks  []modelTask
	roots  []spawned // declared by the caller, after the start
	chains map[int][]spawned
	// limited are the tasks that queued for a slot: their time in the queue
	// was no lag of the machine.
	limited []bool
	// cancels[g] is the task whose end cancels group g, or -1
	cancels []int
}

func (r *Run) model() *model {
	m := &model{index: r.index(), chains: make(map[int][]spawned)}
	m.tasks = make([]modelTask, len(r.Tasks))
	m.cancels = make([]int, len(r.Groups))
	for g := range r.Groups {
		m.cancels[g] = m.firstFailure(g)
	}
	m.limited = make([]bool, len(r.Tasks))
	for i, l := range m.limiters(r.limit()) {
		m.limited[i] = l != nil
	}
	for i := range r.Tasks {
		m.describe(i)
	}
	for i := range r.Tasks {
		m.place(i)
	}
	return m
}

// describe finds out what kind of task i is and what its body did.
func (m *model) describe(i int) {
	t, mt := &m.run.Tasks[i], &m.tasks[i]
	for _, d := range t.Deps {
		if k, ok := m.task[d]; ok {
			mt.deps = append(mt.deps, k)
		}
	}
	switch {
	case m.container(i):
		m.describeContainer(i)
	case m.late(i):
		mt.kind, mt.deps = isBody, nil
		mt.ops = []op{{kind: opLag, d: t.End() - t.Pieces[0].Start}}
	case t.started(), m.unbegun(i):
		mt.kind = isBody
		mt.ops = m.body(i)
		mt.lag = m.startLag(i)
	case good(t.Outcome) || t.Outcome == 0:
		mt.kind = isInline
		mt.lag = m.startLag(i)
	default:
		mt.kind = isUnrun
	}
}

// unbegun tells whether the body of task i ended on an engine that never got to
// it. It took no slot.
func (m *model) unbegun(i int) bool {
	t := &m.run.Tasks[i]
	switch t.Outcome {
	case asap.Canceled, asap.Failed, asap.Exited, asap.Tolerated:
		return !t.started() && !m.container(i)
	}
	return false
}

// late tells whether task i has failed before what it waited for had ended, as one
// does that has not begun within its time: it ends at that instant, whatever the
// others do.
func (m *model) late(i int) bool {
	t := &m.run.Tasks[i]
	return m.unbegun(i) && len(t.Pieces) > 0 && slices.ContainsFunc(m.tasks[i].deps, func(d int) bool { return m.run.Tasks[d].End() > t.End() })
}

// startLag is the time in the queue before the body runs.
func (m *model) startLag(i int) time.Duration {
	if m.limited[i] {
		return 0
	}
	t := &m.run.Tasks[i]
	var d time.Duration
	for _, p := range t.Pieces {
		if p.State == Running {
			break
		}
		if p.State == Queued {
			d += p.Len()
		}
	}
	return d
}

// describeContainer tells a Map from a Race.
func (m *model) describeContainer(i int) {
	t, mt := &m.run.Tasks[i], &m.tasks[i]
	mt.kind = isMap
	if m.race(i) {
		mt.kind = isRace
	}
	var last time.Duration
	for _, c := range m.children[i] {
		if part := &m.run.Tasks[c]; part.Group == t.Group && part.End() <= t.End() {
			last = max(last, part.End())
		}
	}
	if !m.limited[i] {
		mt.lag = t.End() - last
	}
}

// body turns the pieces of a body into steps.
func (m *model) body(i int) []op {
	t := &m.run.Tasks[i]
	var ops []op
	started := false
	for _, p := range t.Pieces {
		switch {
		case p.State == Running:
			started = true
			ops = append(ops, op{kind: opRun, d: p.Len()})
		case !started:
		case p.State == Queued && m.limited[i]:
		case p.State == Queued:
			ops = append(ops, op{kind: opLag, d: p.Len()})
		default:
			ops = append(ops, m.wait(t, p))
		}
	}
	return ops
}

// wait is the step of a blocked piece. A wait that ended before what it waited
// for ended by itself, and does so again after the same time; so does one that
// was refused, because it would have closed a cycle.
func (m *model) wait(t *Task, p Piece) op {
	if g, ok := m.group[p.On]; ok {
		return op{kind: opWaitGroup, on: g}
	}
	k, ok := m.task[p.On]
	switch {
	case !ok, p.Len() == 0 && m.run.Tasks[k].End() >= p.End && cyclePath(t.Err) != nil:
		return op{kind: opPause, d: p.Len(), on: -1}
	case m.run.Tasks[k].Outcome != 0 && m.run.Tasks[k].End() <= p.End:
		return op{kind: opWait, on: k}
	}
	return op{kind: opPause, d: p.Len(), on: k}
}

// place finds who declares task i, and when.
func (m *model) place(i int) {
	t := &m.run.Tasks[i]
	at := t.Start()
	p := m.parent(i)
	switch {
	case p < 0:
		if a := m.anchor(i, at); a >= 0 && at > 0 {
			m.chains[a] = append(m.chains[a], spawned{i, at - m.run.Tasks[a].End()})
		} else {
			m.roots = append(m.roots, spawned{i, at})
		}
	case m.run.Tasks[p].Group == t.Group:
		m.tasks[p].parts = append(m.tasks[p].parts, spawned{i, max(0, at-m.readyAt(p))})
	case m.tasks[p].kind == isBody:
		m.placeInBody(i, p, at)
	default:
		m.roots = append(m.roots, spawned{i, at})
	}
}

// readyAt is the instant at which a Map or a Race declared its parts.
func (m *model) readyAt(p int) time.Duration {
	t := &m.run.Tasks[p]
	at := t.Start()
	for _, d := range t.Deps {
		if k, ok := m.task[d]; ok {
			at = max(at, m.run.Tasks[k].End())
		}
	}
	return at
}

// placeInBody puts a spawn into the body of p, at the progress that it had
// made at that instant, and before it waits for the group of task i.
func (m *model) placeInBody(i, p int, at time.Duration) {
	t := &m.run.Tasks[p]
	group := m.run.Tasks[i].Group
	piece := -1
	for k, q := range t.Pieces {
		if q.State == Blocked && q.On == group {
			break
		}
		if q.State == Running && q.Start <= at {
			piece = k
		}
	}
	if piece < 0 {
		m.roots = append(m.roots, spawned{i, at})
		return
	}
	// Its place among the steps: runs before it, spawns do not count.
	run := 0
	for k := range piece {
		if t.Pieces[k].State == Running {
			run++
		}
	}
	left := min(at, t.Pieces[piece].End) - t.Pieces[piece].Start
	late := max(0, at-t.Pieces[piece].End)
	m.tasks[p].ops = insertSpawn(m.tasks[p].ops, run, left, spawned{i, late})
}

// insertSpawn splits the run of that number, counted between waits, after the
// given progress.
func insertSpawn(ops []op, run int, left time.Duration, s spawned) []op {
	k := 0
	for ; run > 0; run-- { // to the step after the next wait or lag
		for k < len(ops) && (ops[k].kind == opRun || ops[k].kind == opSpawn) {
			k++
		}
		for k < len(ops) && ops[k].kind != opRun {
			k++
		}
	}
	for k < len(ops) {
		switch {
		case ops[k].kind == opSpawn && left == 0:
			ops[k].tasks = append(ops[k].tasks, s)
			return ops
		case ops[k].kind == opSpawn:
			k++
		case ops[k].kind != opRun:
			return slices.Insert(ops, k, op{kind: opSpawn, tasks: []spawned{s}})
		case left > ops[k].d:
			left -= ops[k].d
			k++
		case left == ops[k].d:
			left = 0
			k++
			if k == len(ops) || ops[k].kind != opSpawn {
				return slices.Insert(ops, k, op{kind: opSpawn, tasks: []spawned{s}})
			}
		default:
			rest := ops[k].d - left
			ops[k].d = left
			return slices.Insert(ops, k+1, op{kind: opSpawn, tasks: []spawned{s}}, op{kind: opRun, d: rest})
		}
	}
	return append(ops, op{kind: opSpawn, tasks: []spawned{s}})
}

// byDeclaration sorts what is declared at the same time.
func byDeclaration(list []spawned) {
	slices.SortStableFunc(list, func(a, b spawned) int {
		return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.task, b.task))
	})
}
