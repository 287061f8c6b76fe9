package waterfall

import (
	"container/heap"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// sim runs a model again: a discrete-event simulation with the engine's rules.
// What one event makes ready goes in order of declaration, a body gives its slot
// back while it waits, and limiter says who gets it.
type sim struct {
	m     *model
	scale []float64 // of a task's runs
	gone  []bool    // dropped tasks
	limit []*limiter

	now    time.Duration
	seq    int
	turn   int
	events eventHeap
	tasks  []simTask
	// open counts the tasks of each group that have not ended.
	open         []int
	groupWaiters [][]int
	groupRank    []int
	cancelled    []bool
}

type simTask struct {
	declared, ended bool
	started         bool
	pending         int // dependencies that have not ended
	next            int // op
	waiting         bool
	waited          bool // at least once
	queued          bool
	queuedAt        *limiter
	place           place // in that queue
	rank            int
	byEnd           bool // made ready by the end of another
	pausing         int  // the seq of the event that ends its pause, or 0
	parts           int  // that have not ended
	waiters         []int
	dependents      []int
	pieces          []Piece
	at              time.Duration // end of the last piece
	fate            asap.Outcome  // of a body that is canceled
	outcome         asap.Outcome
}

type event struct {
	at   time.Duration
	seq  int
	kind eventKind
	task int
}

type eventKind uint8

const (
	evDeclare eventKind = iota
	evStart             // the lag before a start is over
	evStep              // a run or a lag is over
	evPause             // a pause is over
	evEnd
	evCancel
)

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	e := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return e
}

// simulate runs the model with scaled runs, without the tasks that are gone,
// under a limit of the outermost group (0: none).
func (m *model) simulate(scale []float64, gone []bool, limit int) *sim {
	s := &sim{
		m: m, scale: scale, gone: gone, limit: m.limiters(limit),
		tasks:        make([]simTask, len(m.tasks)),
		open:         make([]int, len(m.run.Groups)),
		groupWaiters: make([][]int, len(m.run.Groups)),
		groupRank:    make([]int, len(m.run.Groups)),
		cancelled:    make([]bool, len(m.run.Groups)),
	}
	for i := range m.tasks {
		s.open[m.group[m.run.Tasks[i].Group]]++
		for _, d := range m.tasks[i].deps {
			s.tasks[d].dependents = append(s.tasks[d].dependents, i)
		}
		for _, p := range m.tasks[i].parts {
			if !s.dropped(p.task) {
				s.tasks[i].parts++
			}
		}
	}
	s.spawn(m.roots)
	for s.events.Len() > 0 {
		e := heap.Pop(&s.events).(event)
		s.now = max(s.now, e.at)
		s.handle(e)
	}
	return s
}

func (s *sim) dropped(t int) bool { return s.gone != nil && s.gone[t] }

func (s *sim) after(d time.Duration, k eventKind, t int) int {
	s.seq++
	heap.Push(&s.events, event{add(s.now, max(0, d)), s.seq, k, t})
	return s.seq
}

func (s *sim) spawn(list []spawned) {
	list = slices.Clone(list)
	byDeclaration(list)
	for _, c := range list {
		if c.after == 0 {
			s.declare(c.task)
		} else {
			s.after(c.after, evDeclare, c.task)
		}
	}
}

func (s *sim) handle(e event) {
	t := &s.tasks[e.task]
	switch e.kind {
	case evDeclare:
		s.declare(e.task)
	case evStart:
		s.start(e.task)
	case evStep:
		if !t.ended {
			s.step(e.task)
		}
	case evPause:
		if t.pausing == e.seq && !t.ended {
			s.giveUp(e.task)
		}
	case evEnd:
		s.end(e.task, s.result(e.task))
	case evCancel:
		s.end(e.task, t.fate)
	}
}

// piece notes that task i has been in a state until now.
func (s *sim) piece(i int, st State, on asap.ID) {
	t := &s.tasks[i]
	if st == Queued && t.at == s.now {
		return
	}
	if n := len(t.pieces); n > 0 && st == Running && t.pieces[n-1].State == Running {
		t.pieces[n-1].End, t.at = s.now, s.now
		return
	}
	t.pieces = append(t.pieces, Piece{State: st, Start: t.at, End: s.now, On: on})
	t.at = s.now
}

func (s *sim) declare(i int) {
	t := &s.tasks[i]
	if t.declared {
		return
	}
	t.declared, t.at = true, s.now
	mt := &s.m.tasks[i]
	s.nest(s.m.group[s.m.run.Tasks[i].Group])
	if p := s.whole(i); p >= 0 {
		t.byEnd = s.tasks[p].byEnd
	}
	if s.dropped(i) {
		for _, p := range mt.parts { // which its group waits for
			s.declare(p.task)
		}
		s.end(i, asap.Skipped)
		return
	}
	if s.tooLate(i) {
		s.end(i, asap.Skipped)
		return
	}
	for _, d := range mt.deps {
		if !s.tasks[d].ended {
			t.pending++
		}
	}
	if mt.kind == isUnrun {
		if (t.pending < len(mt.deps) || s.cancelled[s.m.group[s.m.run.Tasks[i].Group]]) && s.skipDue(i) {
			s.end(i, asap.Skipped)
		}
		return
	}
	if mt.kind == isRace && len(mt.deps) == 0 {
		s.spawn(mt.parts)
	}
	if t.pending == 0 {
		s.ready(i)
	}
}

// blockedOnDeps notes the wait for the dependencies, which is over.
func (s *sim) blockedOnDeps(i int) {
	if len(s.m.tasks[i].deps) > 0 {
		s.piece(i, Blocked, s.blocker(i))
	}
}

// ready is called when the last dependency of task i has ended.
func (s *sim) ready(i int) {
	s.blockedOnDeps(i)
	mt := &s.m.tasks[i]
	switch mt.kind {
	case isBody:
		if s.limit[i] == nil {
			s.after(mt.lag, evStart, i)
			return
		}
		s.enter(i, false)
	case isInline:
		if mt.lag == 0 { // what it makes ready was so when it was declared
			s.end(i, s.result(i))
			return
		}
		s.after(mt.lag, evEnd, i)
	case isRace:
		if len(mt.deps) > 0 {
			s.spawn(mt.parts)
		}
	case isMap:
		s.spawn(mt.parts)
		if s.tasks[i].parts == 0 {
			s.after(mt.lag, evEnd, i)
		}
	}
}

// granted lets a body start or go on that has its slots now, after what else
// this instant brings.
func (s *sim) granted(i int) { s.after(0, evStart, i) }

// start begins the body, or goes on with it after a wait.
func (s *sim) start(i int) {
	t := &s.tasks[i]
	t.queued = false
	if t.ended { // canceled in the queue
		s.release(s.limit[i])
		return
	}
	s.piece(i, Queued, 0)
	t.started = true
	s.step(i)
}

// step does what a body does next, up to something that takes time.
func (s *sim) step(i int) {
	t := &s.tasks[i]
	ops := s.m.tasks[i].ops
	for {
		if t.next > 0 {
			switch prev := ops[t.next-1]; prev.kind {
			case opRun:
				s.piece(i, Running, 0)
			case opLag:
				s.piece(i, Queued, 0)
			}
		}
		if t.next == len(ops) {
			s.end(i, s.m.run.Tasks[i].Outcome)
			return
		}
		o := ops[t.next]
		t.next++
		switch o.kind {
		case opRun:
			if d := scaled(o.d, s.scale[i]); d > 0 {
				s.after(d, evStep, i)
				return
			}
		case opLag:
			if s.limit[i] == nil && o.d > 0 {
				s.after(o.d, evStep, i)
				return
			}
		case opSpawn:
			s.spawn(o.tasks)
		case opWait, opPause:
			if o.on >= 0 {
				if s.tasks[o.on].ended || s.dropped(o.on) {
					s.piece(i, Blocked, s.m.run.Tasks[o.on].ID)
					continue
				}
				s.tasks[o.on].waiters = append(s.tasks[o.on].waiters, i)
			}
			if o.kind == opPause {
				t.pausing = s.after(o.d, evPause, i)
			}
			s.block(i)
			return
		case opWaitGroup:
			if s.open[o.on] == 0 {
				s.piece(i, Blocked, s.m.run.Groups[o.on].ID)
				continue
			}
			s.groupWaiters[o.on] = append(s.groupWaiters[o.on], i)
			s.block(i)
			return
		}
	}
}

// block gives the slots of a body back while it waits.
func (s *sim) block(i int) {
	s.tasks[i].waiting, s.tasks[i].waited = true, true
	s.raiseWait(i)
	s.release(s.limit[i])
}

// giveUp ends a wait before its reason: the end of what was waited for must not
// end another wait later.
func (s *sim) giveUp(i int) {
	if on := s.m.tasks[i].ops[s.tasks[i].next-1].on; on >= 0 {
		w := &s.tasks[on].waiters
		*w = slices.DeleteFunc(*w, func(k int) bool { return k == i })
	}
	s.wake(i)
}

// wake ends a wait; under a limit the body queues for its slot.
func (s *sim) wake(i int) {
	t := &s.tasks[i]
	if !t.waiting || t.ended {
		return
	}
	t.waiting, t.pausing = false, 0
	var on asap.ID
	switch o := s.m.tasks[i].ops[t.next-1]; {
	case o.kind == opWaitGroup:
		on = s.m.run.Groups[o.on].ID
	case o.on >= 0:
		on = s.m.run.Tasks[o.on].ID
	}
	s.piece(i, Blocked, on)
	s.enter(i, true)
}

func scaled(d time.Duration, by float64) time.Duration {
	return time.Duration(min(float64(d)*by+0.5, 1<<62))
}
