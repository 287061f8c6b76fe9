package waterfall

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

// Run is one run of an outermost group: what every task did, and when.
// All times are since the group's start. A [Recorder] or [ReadJSON] makes it;
// one that is put together by hand is checked by [Run.Validate].
// Its methods only read it, so they may be called at the same time.
type Run struct {
	// Name is that of the outermost group, or empty.
	Name string
	// Number tells apart the runs that one [Stats] saw, from 1 on; 0 elsewhere.
	Number uint64
	// TraceID is that of the trace that the group was made in, empty if nobody
	// told: the TraceID of a [Recorder] or [Stats] does.
	TraceID string
	// Began is the wall clock at the group's start, zero if unknown.
	Began time.Time
	// Makespan is the time from the group's start to the end of its last task,
	// or to the snapshot if it was taken before.
	Makespan time.Duration
	// Ended tells whether the outermost group has ended.
	Ended bool
	// Groups are the outermost group and those nested in it, in order of start.
	Groups []Group
	// Tasks are those of all groups, in order of declaration.
	Tasks []Task
	// Shared are the shared limits of its bodies, in order of first mention.
	Shared []SharedLimit
	// Notes say in words what is missing from the record, if anything is.
	Notes []string
}

// Group is one group of a [Run].
type Group struct {
	// ID is unique in the run, among groups and tasks, and never 0.
	ID asap.ID
	// Parent is the task in whose body the group was made, 0 for the outermost.
	Parent asap.ID
	Name   string
	// Limit is how many bodies may run at once in this group and the groups
	// inside it, by its own option; 0 means that it has none.
	Limit int
	// Shared is the shared limit of its bodies and of those inside them, as a
	// number in Run.Shared from 1 on; 0 means that of the task around it, if any.
	Shared int
	// Settled says that a failure ends nothing.
	Settled bool
	// Waits are those for its tasks outside of any body, as by the handler that
	// has made it, in order and one at a time: of several who wait at once the
	// first is told, and when it goes on the next, and those that have waited
	// meanwhile for no time.
	Waits []Wait
	// Several says that several waited at once outside of bodies.
	Several bool
	// Start and End are the instants of its making and its end; End is the
	// run's makespan as long as Outcome is 0.
	Start, End time.Duration
	Outcome    asap.Outcome
	// Late says of a canceled group that its deadline, from outside, had passed.
	Late bool
	// EndedBy is the task whose failure, exit or death has ended the group before its
	// other tasks had ended, 0 if there is none, or if that is not known.
	EndedBy asap.ID
	// Err is the text of the error that Wait returned.
	Err string
}

// Wait is a stretch in which somebody waits outside of any body.
type Wait struct {
	On         asap.ID // a task or a group, 0 if it is not known
	Start, End time.Duration
	Deadline   time.Duration // as that of a [Piece]
}

// SharedLimit is one [asap.SharedLimit] of a [Run]. What has it outside of the run
// is not known.
type SharedLimit struct {
	Limit int // how many bodies run at once of all that have it
}

// Task is one task of a [Run]. What is said of the body of a Map is said of each of its
// elements, and they have it too.
type Task struct {
	// ID is unique in the run, among groups and tasks, and never 0.
	ID asap.ID
	// Group is the group that declared the task.
	Group asap.ID
	// Parent is the Map or Race that a task is part of, or else the task in
	// whose body the group was made, 0 in the outermost group.
	Parent asap.ID
	// Name is unique in its group: the second task named price is price#2.
	Name string
	// Deps are the declared dependencies, in order of declaration.
	Deps []asap.ID
	// After and AfterEnd are those of Deps that are for the order only: the task
	// was to come after their success, or after their end.
	After, AfterEnd []asap.ID
	// Limit is how many elements of a Map run at once, by its own option, 0 if
	// it has none.
	Limit int
	// Shared is the shared limit of its body, as a number in Run.Shared from 1
	// on; 0 means that of its group.
	Shared int
	// Timeout and Within are the limits of time of its body, 0 without.
	Timeout, Within time.Duration
	// Around tells whether an Around is around its body.
	Around bool
	// MayFail tells whether its failure is one only for those that need it, and
	// Optional whether it is a value for them.
	MayFail, Optional bool
	// Race tells whether it is a Race itself.
	Race bool
	// Several tells whether several goroutines of its body waited at once, of which
	// Pieces have one at a time, as [Group] has.
	Several bool
	Outcome asap.Outcome // 0 while the task has not ended
	// Err is the text of the task's error.
	Err string
	// Pieces follow each other without a gap from the task's declaration to
	// its end. A piece of no length says that a body ran, or waited, for no time.
	Pieces []Piece
}

// Piece is a stretch of a task's time in one state.
type Piece struct {
	State      State
	Start, End time.Duration
	// On is what a Blocked piece waits for: a task, or a nested group; 0 if it
	// is not known.
	On asap.ID
	// Deadline is the instant at which the wait would have ended by itself: that of a
	// context of its own, if it comes before that of the body. It is 0 without one.
	Deadline time.Duration
}

// Len is the length of the piece.
func (p Piece) Len() time.Duration { return p.End - p.Start }

// State is what a task does during a [Piece].
type State uint8

// The states of a task. Outside is only in a critical path: time in which the
// run waited for its caller, who had not declared the next task yet.
const (
	Queued  State = iota + 1 // it could go on, and waits for a slot or a processor
	Running                  // its body runs
	Blocked                  // it waits for a task or a nested group
	Outside
)

var stateNames = [...]string{"", "queued", "running", "blocked", "outside"}

// String returns the state in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) && s > 0 {
		return stateNames[s]
	}
	return "unknown"
}

// Start is the instant of the task's declaration.
func (t *Task) Start() time.Duration {
	if len(t.Pieces) == 0 {
		return 0
	}
	return t.Pieces[0].Start
}

// End is the instant of the task's end, or of the snapshot before it.
func (t *Task) End() time.Duration {
	if len(t.Pieces) == 0 {
		return 0
	}
	return t.Pieces[len(t.Pieces)-1].End
}

// Took is the time that the task's body ran, without its waits: d(v) in the
// terms of project planning.
func (t *Task) Took() time.Duration { return t.in(Running) }

func (t *Task) in(s State) time.Duration {
	var sum time.Duration
	for _, p := range t.Pieces {
		if p.State == s {
			sum += p.Len()
		}
	}
	return sum
}

// started tells whether the body ever ran.
func (t *Task) started() bool {
	for _, p := range t.Pieces {
		if p.State == Running {
			return true
		}
	}
	return false
}

// bad tells whether the task ended with an error of its own.
func bad(o asap.Outcome) bool {
	return o == asap.Failed || o == asap.Panicked || o == asap.Goexited
}

// isLate tells whether the error of a group says that a deadline from outside had passed.
func isLate(o asap.Outcome, err error) (late bool) {
	e, ok := err.(*asap.GroupError)
	if !ok || o != asap.Canceled || e.Cause == nil {
		return false
	}
	defer func() { _ = recover() }() // a cause is a user's, and so are its methods
	// The context's own error comes first; what bodies return may be of limits of theirs.
	return e.Unwrap()[0] == context.DeadlineExceeded || errors.Is(e.Cause, context.DeadlineExceeded)
}

// good tells whether those that depend on the task could go on. Of a task that may
// fail they cannot.
func good(o asap.Outcome) bool {
	return o == asap.Succeeded || o == asap.LeftOut || o == asap.Tolerated
}

// Task returns the first task of that name, or path (checkout/charge, the
// names of the tasks around it and its own), and nil if there is none.
func (r *Run) Task(name string) *Task {
	x := r.index()
	for i := range r.Tasks {
		if r.Tasks[i].Name == name || x.path(i) == name {
			return &r.Tasks[i]
		}
	}
	return nil
}

// index finds tasks and groups by ID, and the tasks inside others. It can be used
// again for another run; then it has no maps, and there is taskOf and groupOf.
type index struct {
	run      *Run
	task     map[asap.ID]int
	group    map[asap.ID]int
	inOrder  bool      // the IDs of groups, and then those of tasks, count from 1 on
	children [][]int   // by task, in order of declaration
	members  [][]int   // by group, in order of declaration
	ends     [][]int   // by group, in order of end, as far as needed
	outside  [][]Wait  // by group, as far as needed
	waited   []int     // the groups that have any
	depths   []int     // by task, once one was needed
	lists    []int     // what children and members are made of
	counts   []int     // of members, and then of children
	found    *sync.Map // what find has found, by name; nil if that is not kept
}

func (r *Run) index() *index {
	x := &index{task: make(map[asap.ID]int, len(r.Tasks)), group: make(map[asap.ID]int, len(r.Groups))}
	for i := range r.Groups {
		x.group[r.Groups[i].ID] = i
	}
	for i := range r.Tasks {
		x.task[r.Tasks[i].ID] = i
	}
	x.of(r)
	return x
}

// of makes x that of a run. Unless x has maps the IDs have to be in order.
func (x *index) of(r *Run) {
	x.run, x.inOrder, x.depths = r, true, nil
	x.ends, x.outside, x.waited = x.ends[:0], x.outside[:0], x.waited[:0]
	n := asap.ID(0)
	for i := range r.Groups {
		n++
		x.inOrder = x.inOrder && r.Groups[i].ID == n
	}
	for i := range r.Tasks {
		n++
		x.inOrder = x.inOrder && r.Tasks[i].ID == n
	}
	x.counts = slices.Grow(x.counts[:0], len(r.Groups)+len(r.Tasks))[:len(r.Groups)+len(r.Tasks)]
	clear(x.counts)
	ofTask, total := x.counts[len(r.Groups):], 0
	for i := range r.Tasks {
		if p, ok := x.taskOf(r.Tasks[i].Parent); ok {
			ofTask[p]++
			total++
		}
		if g, ok := x.groupOf(r.Tasks[i].Group); ok {
			x.counts[g]++
			total++
		}
	}
	x.lists = slices.Grow(x.lists[:0], total)
	x.members = x.parts(x.members, x.counts[:len(r.Groups)])
	x.children = x.parts(x.children, ofTask)
	for i := range r.Tasks {
		if p, ok := x.taskOf(r.Tasks[i].Parent); ok {
			x.children[p] = append(x.children[p], i)
		}
		if g, ok := x.groupOf(r.Tasks[i].Group); ok {
			x.members[g] = append(x.members[g], i)
		}
	}
}

// parts cuts empty lists with room for so many.
func (x *index) parts(out [][]int, counts []int) [][]int {
	out = slices.Grow(out[:0], len(counts))[:len(counts)]
	for i, n := range counts {
		at := len(x.lists)
		x.lists = x.lists[:at+n]
		out[i] = x.lists[at : at : at+n]
	}
	return out
}

// taskOf returns the task with an ID.
func (x *index) taskOf(id asap.ID) (int, bool) {
	if !x.inOrder {
		i, ok := x.task[id]
		return i, ok
	}
	if n := asap.ID(len(x.run.Groups)); id > n && id-n <= asap.ID(len(x.run.Tasks)) {
		return int(id - n - 1), true
	}
	return 0, false
}

// groupOf returns the group with an ID.
func (x *index) groupOf(id asap.ID) (int, bool) {
	if !x.inOrder {
		i, ok := x.group[id]
		return i, ok
	}
	if id > 0 && id <= asap.ID(len(x.run.Groups)) {
		return int(id - 1), true
	}
	return 0, false
}

// parent returns the task around task i, or -1.
func (x *index) parent(i int) int {
	if p, ok := x.taskOf(x.run.Tasks[i].Parent); ok {
		return p
	}
	return -1
}

// container tells whether task i is a Map or a Race: its parts belong to the
// same group, and it has no body of its own.
func (x *index) container(i int) bool {
	for _, c := range x.children[i] {
		if x.run.Tasks[c].Group == x.run.Tasks[i].Group {
			return true
		}
	}
	return false
}

// race tells whether task i is a Race with functions, and no Map.
func (x *index) race(i int) bool { return x.run.Tasks[i].Race && x.container(i) }

// path is the task's name after those of the tasks around it.
func (x *index) path(i int) string {
	names := []string{x.run.Tasks[i].Name}
	for p := x.parent(i); p >= 0 && len(names) < 64; p = x.parent(p) {
		if !x.container(p) { // likes[3] names its Map already
			names = append(names, x.run.Tasks[p].Name)
		}
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return strings.Join(names, "/")
}
