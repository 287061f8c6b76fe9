package temporalasap

import (
	"context"
	"fmt"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// chronicle is an observer that keeps what happens by the clock of a history.
type chronicle struct {
	now     time.Duration
	over    bool      // the history is: what happens now only clears up
	started *recorded // by the latest Started, which comes just before its call
	order   []*recorded
	byID    map[asap.ID]*recorded
	names   map[string]int
	outcome asap.Outcome
	settled bool
	limit   int
}

// recorded is what happened to a task.
type recorded struct {
	waterfall.Task
	on                     asap.ID // what it waited for last
	declared, ready, ended time.Duration
	isReady                bool
	play                   *play     // of its body, nil if the history has none
	last                   *recorded // the part of a Map or Race that ended last
	deps                   []asap.ID
}

const groupID asap.ID = 1

func (r *chronicle) init() {
	r.byID, r.names = make(map[asap.ID]*recorded), make(map[string]int)
}

// Unlabeled goes without labels for the profiler.
func (r *chronicle) Unlabeled() {}

// Start returns ctx.
func (r *chronicle) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }

// Observe keeps the event.
func (r *chronicle) Observe(e asap.Event) {
	if r.over {
		return
	}
	if e.Task == 0 {
		if e.Kind == asap.GroupStart {
			r.settled, r.limit = e.Settled, e.Limit
		}
		r.outcome = e.Outcome
		return
	}
	t := r.byID[e.Task]
	switch e.Kind {
	case asap.Declared:
		r.declare(e)
	case asap.Ready:
		t.isReady, t.ready = true, t.declared
		if d := t.latest(r); d != nil {
			t.on, t.ready = d.ID, max(t.ready, d.ended)
		}
	case asap.Started:
		r.started = t
	case asap.Ended:
		t.Outcome = e.Outcome
		if first := t.first(r); first != nil {
			t.last = first
		}
		t.ended = max(r.end(t), t.ready, t.declared)
		if e.Err != nil {
			t.Err = e.Err.Error()
		}
		if of := r.byID[e.Parent]; of != nil && of.Outcome == 0 && (of.last == nil || of.last.ended <= t.ended) {
			of.last = t
		}
	}
}

func (r *chronicle) declare(e asap.Event) {
	t := &recorded{}
	t.ID, t.Group, t.Name = groupID+asap.ID(len(r.order))+1, groupID, r.unique(e.Name)
	if of := r.byID[e.Parent]; of != nil {
		t.Parent, t.declared = of.ID, of.ready
	}
	for _, d := range e.Deps {
		if dep := r.byID[d]; dep != nil {
			t.Deps = append(t.Deps, dep.ID)
		}
	}
	t.deps, t.Limit, t.Race = e.Deps, e.Limit, e.Race
	r.order = append(r.order, t)
	r.byID[e.Task] = t
}

// unique numbers a name that comes again, as a Recorder does.
func (r *chronicle) unique(name string) string {
	for {
		r.names[name]++
		if r.names[name] == 1 {
			return name
		}
		numbered := fmt.Sprint(name, "#", r.names[name])
		if r.names[numbered] == 0 {
			r.names[numbered]++
			return numbered
		}
	}
}

// finish makes the run of what was recorded until the history's last event.
func (r *chronicle) finish(name string, began time.Time, last time.Duration) *waterfall.Run {
	run := &waterfall.Run{Name: name, Began: began}
	for _, t := range r.order {
		if t.Outcome == 0 {
			run.Makespan = last
		}
		run.Makespan = max(run.Makespan, t.ended)
	}
	run.Groups = []waterfall.Group{{ID: groupID, Name: name, Limit: r.limit, Settled: r.settled, End: run.Makespan}}
	for _, t := range r.order {
		t.pieces(r, run)
		run.Tasks = append(run.Tasks, t.Task)
	}
	return run
}

// pieces cuts the time of a task into what it did.
func (t *recorded) pieces(r *chronicle, run *waterfall.Run) {
	end := t.ended
	if t.Outcome == 0 {
		end = run.Makespan
	}
	at := t.declared
	add := func(s waterfall.State, until time.Duration, on asap.ID) {
		if until = min(until, end); until > at || s == waterfall.Running {
			t.Pieces = append(t.Pieces, waterfall.Piece{State: s, Start: at, End: max(at, until), On: on})
			at = max(at, until)
		}
	}
	ready := t.ready
	if !t.isReady {
		ready = end
	}
	if len(t.deps) > 0 {
		on := t.on
		if dep := t.culprit(r); on == 0 && dep != nil {
			on = dep.ID
		}
		add(waterfall.Blocked, ready, on)
	}
	p := t.play
	switch {
	case t.last != nil: // a Map or a Race
		add(waterfall.Blocked, end, t.last.ID)
	case p != nil && p.attempt > 0:
		started := p.started
		if started < 0 {
			started = at // a local activity: its start is not in the history
		}
		add(waterfall.Queued, started, 0)
		add(waterfall.Running, end, 0)
		if p.attempt > 1 {
			run.Notes = append(run.Notes, fmt.Sprintf("task %s ran %d times; the time of all attempts but the last is shown as queued", t.Name, p.attempt))
		}
	default:
		add(waterfall.Queued, end, 0)
	}
	if len(t.Pieces) == 0 {
		t.Pieces = []waterfall.Piece{{State: waterfall.Queued, Start: at, End: at}}
	}
}

// end is when the task that ends now has ended: several may be told at once.
func (r *chronicle) end(t *recorded) time.Duration {
	switch dep := t.culprit(r); {
	case t.play != nil && t.play.over:
		return t.play.ended
	case t.play != nil:
		return r.now
	case t.last != nil && t.last.Outcome == 0: // the first to succeed, which comes later
		return t.last.play.ended
	case t.last != nil:
		return t.last.ended
	case t.isReady && t.Outcome != asap.Skipped:
		return t.ready
	case t.isReady: // and it was too late
		return r.now
	case dep != nil:
		return dep.ended
	}
	return r.now
}

// first is the function of a decided Race that was the first to succeed, for
// which the workflow decided, even if it took the value of another one that it
// heard of at once.
func (t *recorded) first(r *chronicle) (first *recorded) {
	if t.last == nil || !t.Race || t.Outcome != asap.Succeeded {
		return nil
	}
	for _, part := range r.order {
		if part.Parent == t.ID && part.play != nil && part.play.succeeded && (first == nil || part.play.ended < first.play.ended) {
			first = part
		}
	}
	return first
}

// latest is the dependency that ended last.
func (t *recorded) latest(r *chronicle) (on *recorded) {
	for _, d := range t.deps {
		if dep := r.byID[d]; dep != nil && dep.Outcome != 0 && (on == nil || dep.ended > on.ended) {
			on = dep
		}
	}
	return on
}

// culprit is the dependency whose end ended the wait of a task that was never
// ready: the first that failed, or else the last to end so far.
func (t *recorded) culprit(r *chronicle) (on *recorded) {
	for _, d := range t.deps {
		dep := r.byID[d]
		if dep != nil && dep.Outcome != 0 && dep.Outcome != asap.Succeeded && (on == nil || dep.ended < on.ended) {
			on = dep
		}
	}
	if on == nil {
		return t.latest(r)
	}
	return on
}
