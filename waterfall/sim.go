package waterfall

import (
	"container/heap"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// sim runs a model again: a discrete-event simulation with the engine's rules.
// What one event makes ready goes in order of declaration, a body gives its slot
// back while it waits, limiter says who gets it, and a failure ends its group.
type sim struct {
	m         *model
	scale     []float64 // of a task's runs
	gone      []bool    // dropped tasks
	limit     []*bodyLimits
	sharings  []*sharing
	unlimited ranks

	now    time.Duration
	seq    int
	turn   int
	cause  int // the event that is handled
	events eventHeap
	tasks  []simTask
	groups []simGroup
	notes  map[assumption]bool
	gather *settling // takes the bodies that are declared, if not nil
}

type simTask struct {
	declared, ended bool
	started         bool
	pending         int // dependencies that have not ended
	next            int // op
	waiting         bool
	waited          bool // at least once
	queued          bool
	bare            bool // goes on without slots, after a cancel
	queuedAt        *limiter
	waitsShared     bool
	place           place // in that queue
	rank            int
	byEnd           bool          // made ready by the end of another
	timer           int           // the seq of the event that ends what it does, or 0
	parts           int           // that have not ended
	over            cause         // why its context has ended, or 0: the last of several reasons,
	first           cause         // and the first
	more            time.Duration // when what is known of its body was over
	wentOn          bool          // that wait failed, and it goes on
	forked          bool          // since then it does what others did
	failed          bool          // its wait has
	late            bool          // by its own deadline
	returns         asap.Outcome  // it ends so, once the groups inside it have ended, or 0
	waiters         []int
	dependents      []int
	pieces          []Piece
	at              time.Duration // end of the last piece
	outcome         asap.Outcome
}

type simGroup struct {
	begun, ended, failed bool
	start                time.Duration
	open                 int // tasks that have not ended
	waiters              []int
	rank                 int
	exit                 bool // why it has ended
	outside              bool // likewise
	died                 bool // it has a task that has
}

// cause is why the context of a body has ended.
type cause uint8

const (
	byGroup cause = iota + 1
	byExit
	byRace
	byTime
)

// simulate runs the model with scaled runs, without the tasks that are gone,
// under a limit of the outermost group (0: none).
func (m *model) simulate(scale []float64, gone []bool, limit int) *sim {
	s := &sim{
		m: m, scale: scale, gone: gone, limit: m.limiters(limit),
		tasks:  make([]simTask, len(m.tasks)),
		groups: make([]simGroup, len(m.run.Groups)),
		notes:  make(map[assumption]bool),
	}
	for _, l := range s.limit {
		if l != nil && l.shared != nil && !slices.Contains(s.sharings, l.shared) {
			s.sharings = append(s.sharings, l.shared)
		}
	}
	for i := range m.tasks {
		for _, d := range m.tasks[i].deps {
			s.tasks[d].dependents = append(s.tasks[d].dependents, i)
		}
		for _, c := range m.chains[i] { // for which their group waits
			s.groups[m.groupAt(c.task)].open++
		}
	}
	s.spawn([]spawned{{m.caller, 0}})
	for s.events.Len() > 0 {
		e := heap.Pop(&s.events).(event)
		s.now = max(s.now, e.at)
		s.cause = e.seq
		s.handle(e)
	}
	return s
}

// groupAt is the group of task i.
func (x *index) groupAt(i int) int { return x.group[x.run.Tasks[i].Group] }

func (s *sim) dropped(t int) bool { return s.gone != nil && t < len(s.gone) && s.gone[t] }

func (s *sim) after(d time.Duration, k eventKind, t int) int {
	s.seq++
	heap.Push(&s.events, event{add(s.now, max(0, d)), s.seq, k, t})
	return s.seq
}

// spawn declares tasks, now or after a while, and counts them in.
func (s *sim) spawn(list []spawned) {
	list = slices.Clone(list)
	byDeclaration(list)
	for _, c := range list {
		s.groups[s.m.groupAt(c.task)].open++
	}
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
		if t.timer == e.seq && !t.ended {
			t.timer = 0
			if t.waiting {
				t.late = true
				s.giveUp(e.task)
			} else {
				s.step(e.task)
			}
		}
	case evEnd:
		s.end(e.task, s.result(e.task))
	case evCut:
		if t.timer == e.seq && !t.ended {
			s.leave(e.task, t.returns)
		}
	case evWithin:
		s.within(e.task)
	case evLost:
		s.cut(e.task, byRace)
	case evTimeout:
		s.cut(e.task, byTime)
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
	mt, g := &s.m.tasks[i], s.m.groupAt(i)
	s.begin(g, i)
	if p := s.whole(i); p >= 0 {
		t.byEnd = s.tasks[p].byEnd
	}
	if s.dropped(i) {
		s.end(i, asap.Skipped)
		return
	}
	if s.groups[g].ended || s.isLate(i) {
		s.end(i, s.unbegunEnd(i))
		return
	}
	if w := s.m.due(i); w > 0 {
		s.after(s.groups[g].start+w-s.now, evWithin, i)
	}
	for k, d := range mt.deps {
		switch {
		case !s.tasks[d].ended:
			t.pending++
		case !mt.ends[k] && s.missed(d):
			s.end(i, s.unbegunEnd(i))
			return
		}
	}
	if mt.kind == isRace && len(mt.deps) == 0 {
		s.expand(i)
	}
	switch {
	case t.pending > 0:
	case s.gather != nil && (mt.kind == isBody || mt.kind == isUnrun):
		s.gather.ready = append(s.gather.ready, i)
	default:
		s.ready(i)
	}
}

// begin begins a group as the first of its tasks is declared: ranked above the body
// around it, and ended if the context of that has.
func (s *sim) begin(g, first int) {
	b := &s.groups[g]
	if b.begun {
		return
	}
	b.begun = true
	b.start = s.now - max(0, s.m.run.Tasks[first].Start()-s.m.run.Groups[g].Start)
	if owner, ok := s.m.task[s.m.run.Groups[g].Parent]; ok {
		b.rank = min(s.rank(owner)+1, maxRank)
		b.ended = s.tasks[owner].over != 0
		b.outside = b.ended
	}
}

// missed tells whether what needs task d is skipped.
func (s *sim) missed(d int) bool {
	o := s.tasks[d].outcome
	return !s.dropped(d) && (!good(o) || o == asap.Tolerated && s.m.tasks[d].mayFail)
}

// expand declares the parts of a Map or a Race.
func (s *sim) expand(i int) {
	parts := slices.DeleteFunc(slices.Clone(s.m.tasks[i].parts), func(p spawned) bool { return s.dropped(p.task) })
	s.tasks[i].parts = len(parts)
	s.spawn(parts)
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
	case isBody, isUnrun:
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
			s.expand(i)
		}
	case isMap:
		s.expand(i)
		if s.tasks[i].parts == 0 && !s.tasks[i].ended {
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
	if t.ended { // meanwhile
		if !t.bare {
			s.release(s.limit[i])
		}
		return
	}
	s.piece(i, Queued, 0)
	if !t.started {
		t.started = true
		switch mt := &s.m.tasks[i]; {
		case mt.given:
			s.note(fromOthers, i)
		case mt.kind == isUnrun:
			s.note(neverRan, i)
		}
		if d := s.m.run.Tasks[i].Timeout; d > 0 {
			s.after(d, evTimeout, i)
		}
		if s.groups[s.m.groupAt(i)].ended { // it was to start in the instant of that
			s.cut(i, s.causeOf(s.m.groupAt(i)))
		}
	}
	s.step(i)
}

func (s *sim) causeOf(g int) cause {
	if s.groups[g].exit {
		return byExit
	}
	return byGroup
}
