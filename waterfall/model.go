package waterfall

import (
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
	due   time.Duration // wait: after so long it ends by a deadline of its own; or 0
	tasks []spawned     // spawn
	// goesOn says of a wait that the body goes on when it fails: it did then. Any
	// other is taken to return the error.
	goesOn bool
	failed bool          // it did then
	unsure bool          // it took no time, and what is declared in that instant may be so before or after
	at     time.Duration // when it began in the record
}

type opKind uint8

const (
	opRun       opKind = iota // the body runs
	opWait                    // it waits for a task
	opWaitGroup               // it waits for a nested group
	opPause                   // it waits and gives up after d
	opLag                     // it could go on, and nobody ran it; only without a limit
	opSpawn                   // tasks inside it are declared
	opMore                    // it runs on, as it seems: then its context had ended
	opFork                    // the record ends, and what other runs tell begins; but on, if its context has ended
	opEnd                     // it ends, as in another run: on is the outcome
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
	isRace            // ends with the first function that succeeds
	isUnrun           // its body never ran
)

// bodyEnd is how a body ends after its steps.
type bodyEnd uint8

const (
	endsWell     bodyEnd = iota
	endsBadly            // by itself, as it did: with an error, a panic, an exit
	endsWithWait         // its last step was a wait, whose error it returned
	endsCut              // its context had ended: without that it would have gone on
)

type modelTask struct {
	kind    taskKind
	ops     []op
	ending  bodyEnd
	own     asap.Outcome  // endsBadly: how it ends if its context has not
	late    time.Duration // endsCut: how long after its context
	deaf    bool          // it does not look at its context
	several bool          // its waits are of several goroutines
	refused bool          // endsWithWait: of a wait that the record does not have, as the context had ended
	deps    []int
	ends    []bool        // of deps: their end is enough
	lag     time.Duration // from ready to started without a limit; of a Map or Gather, from its last part to its end
	parts   []spawned     // of a Map, after it is ready; of a Race, after its declaration or its dependencies
	// mayFail says that what needs the task is skipped if it fails, tolerated that
	// its failure is none of its group.
	mayFail, tolerated bool
	given              bool // from other runs, all of it
	heard              bool // other runs tell whether it is deaf
}

type model struct {
	*index // of a copy of the run whose last task is its caller
	tasks  []modelTask
	caller int
	// recorded is how many tasks the run has; those between them and the caller are from
	// other runs.
	recorded int
	chains   map[int][]spawned
	nested   [][]int         // groups that were made in a body
	within   [][]declaration // tasks that a body declares, while the model is made
	// limited are the tasks that queued for a slot: their time in the queue
	// was no lag of the machine.
	limited []bool
	// cancels[g] is the task whose end canceled group g, or -1
	cancels []int
	settled []bool          // by group
	over    []time.Duration // when the context of a body ended in the record, or never
	typical time.Duration   // what a body takes that never ran
	jitter  time.Duration   // until everybody knows that a context has ended, on a real clock
	// seconds are, of bodies that are called twice, their second calls, and of those their
	// first; nil if there are none.
	seconds map[int]int
	// taskKeys and groupKeys tell where tasks and groups were declared, in a model that
	// others are completed by; learned is what others have told of tasks.
	taskKeys, groupKeys []string
	byKey               map[string]int
	learned             map[int]learned
}

const never = time.Duration(1<<63 - 1)

// mostJitter is what a loaded machine makes of it, however long a run takes.
const mostJitter = 2 * time.Millisecond

func (r *Run) model() *model {
	m := &model{index: r.withCaller().index(), caller: len(r.Tasks), recorded: len(r.Tasks), chains: make(map[int][]spawned), jitter: min(r.Makespan/1000, mostJitter)}
	n := len(m.run.Tasks)
	m.tasks = make([]modelTask, n)
	m.nested = make([][]int, n)
	m.over = make([]time.Duration, n)
	m.cancels = make([]int, len(m.run.Groups))
	m.settled = make([]bool, len(m.run.Groups))
	for g := range m.run.Groups {
		if m.cancels[g] = m.firstFailure(g); m.run.Groups[g].EndedBy == 0 {
			m.cancels[g] = m.culprit(m.cancels[g])
		}
		m.settled[g] = m.run.Groups[g].Settled
		if p, ok := m.task[m.run.Groups[g].Parent]; ok {
			m.nested[p] = append(m.nested[p], g)
		}
	}
	m.limited = make([]bool, n)
	for i, l := range m.limiters(r.limit()) {
		m.limited[i] = l != nil
	}
	m.findEnds()
	for i := range m.tasks {
		m.describe(i)
	}
	m.guessDeaf()
	m.findTypical()
	m.within = make([][]declaration, n)
	for i := range m.tasks {
		m.place(i)
	}
	for i := range m.tasks {
		if len(m.within[i]) > 0 {
			m.putSpawns(i)
		}
	}
	m.within = nil
	return m
}

// culprit is c, the task that seems to have ended its group, or another of that very instant that
// is more likely to be it: what only waited ended because of that one.
func (m *model) culprit(c int) int {
	if c < 0 {
		return c
	}
	best, at := 0, c
	t := &m.run.Tasks[c]
	for _, i := range m.members[m.groupAt(c)] {
		o := &m.run.Tasks[i]
		if o.Outcome != t.Outcome || o.End() != t.End() || len(o.Pieces) == 0 {
			continue
		}
		last := len(o.Pieces) - 1
		for last > 0 && o.Pieces[last].Len() == 0 && o.Pieces[last].State != Blocked {
			last--
		}
		likely := 1
		switch p := o.Pieces[last]; {
		case p.State == Running:
			likely = 3
		case p.State == Blocked && m.ended(p.On, o.End()):
			likely = 2
		}
		if likely > best {
			best, at = likely, i
		}
	}
	return at
}

// ended tells whether the task had succeeded by then.
func (m *model) ended(id asap.ID, at time.Duration) bool {
	k, ok := m.task[id]
	return ok && good(m.run.Tasks[k].Outcome) && m.run.Tasks[k].End() <= at
}

// describe finds out what kind of task i is and what its body did.
func (m *model) describe(i int) {
	t, mt := &m.run.Tasks[i], &m.tasks[i]
	for _, d := range t.Deps {
		if k, ok := m.task[d]; ok {
			mt.deps = append(mt.deps, k)
			mt.ends = append(mt.ends, slices.Contains(t.AfterEnd, d))
		}
	}
	mt.mayFail = t.MayFail && !t.Optional
	mt.several = t.Several
	mt.tolerated = t.MayFail || t.Optional || t.Outcome == asap.Tolerated
	switch {
	case m.container(i):
		m.describeContainer(i)
	case m.late(i) && t.Within == 0:
		mt.kind, mt.deps, mt.ends, mt.ending, mt.own = isBody, nil, nil, endsBadly, t.Outcome
		mt.ops = []op{{kind: opLag, d: t.End() - t.Pieces[0].Start}}
	case t.started(), m.unbegun(i) && t.Within == 0:
		mt.kind = isBody
		mt.lag = m.startLag(i)
		m.body(i)
		mt.own = m.ownEnd(i)
	case t.Outcome != asap.Tolerated && (good(t.Outcome) || t.Outcome == 0):
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
	if m.tasks[i].given {
		return false
	}
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

// due is how long after its group's start task i has to begin, 0 if it may at any time. Of
// a MapOptional its elements have to.
func (m *model) due(i int) time.Duration {
	if m.tasks[i].kind == isMap && slices.ContainsFunc(m.tasks[i].parts, func(p spawned) bool { return m.run.Tasks[p.task].Optional }) {
		return 0
	}
	return m.run.Tasks[i].Within
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
