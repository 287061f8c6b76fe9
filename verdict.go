package asap

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/internal/wire"
)

// verdict is what a group keeps of the ends of its tasks, made for the first
// that has not simply succeeded.
type verdict struct {
	mu         sync.Mutex
	failures   []*TaskError
	later      int          // of them, that came after the end
	undos      []*TaskError // what undos have returned
	running    []string     // tasks whose bodies ran when the group was ended from outside,
	ended      []error      // and with what those bodies ended
	panicked   *PanicError
	goexit     error // of the first body that called it
	unfinished bool  // the group was ended from outside, and a task has not succeeded since
	raised     bool  // the panic was, by Wait or Stop

	result error // of Wait, from the end on
}

// makeVerdict returns the group's and makes it if need be.
func (g *Group) makeVerdict() *verdict {
	v := g.verdict.Load()
	if v == nil {
		v = new(verdict)
		if !g.verdict.CompareAndSwap(nil, v) {
			v = g.verdict.Load()
		}
	}
	return v
}

// host says what the ends of a group mean, to the engine.
type host Group

var _ engine.Host = (*host)(nil)

func (h *host) group() *Group { return (*Group)(h) }

// Returned judges what n's body has returned, in the order of the rules: an exit,
// what an exit has ended, a lost function, an echo of the group's end, what an
// Optional tolerates, a failure.
func (h *host) Returned(n *engine.Node, err error) engine.Verdict {
	g := h.group()
	if err == nil {
		if end := g.core.End(); end != nil && end.Why == engine.ByExit {
			v := g.exited(n)
			v.Fail.Late = true
			return v
		}
		return engine.Verdict{}
	}
	err, lives := wire.Lives(err)
	end := g.core.NoticedEnd()
	j := g.judge(n, end)
	j.Add(err)
	if j.Exit != nil {
		g.core.PrepareEnd()
		if g.core.Record(&engine.Ending{Why: engine.ByExit, Cause: ErrExited, Exit: j.Exit, By: engine.NumberOf(n)}) {
			v := g.exited(n)
			v.Cancel = true
			return v
		}
		if end = g.core.End(); end.Why != engine.ByExit { // it came too late
			j.PassOn(end.Cause)
		}
	}
	if end != nil && end.Why == engine.ByExit {
		return g.exited(n)
	}
	te := &TaskError{engine.Label(n), err, j.Mark()}
	kind := engine.KindOf(n)
	tolerant := !g.core.IsElsewhere() || lives || !isDeath(err)
	g.noteRunning(n, te, end)
	switch {
	case kind&engine.Entrant != 0 && tolerant && engine.RaceOver(n), te.mark.Echo:
		return g.canceled(n, te, end)
	case kind&engine.Entrant != 0 && tolerant: // the Race may still succeed
		return ended(te, engine.Failed)
	case kind&engine.Optional != 0 && tolerant:
		engine.BodyOf(n).(absorber).absorb(te)
		return engine.Verdict{Told: &engine.Failure{Err: te, Outcome: engine.Tolerated}}
	case kind&engine.MayFail != 0 && tolerant:
		te.mark.Tolerated = true
		return ended(te, engine.Tolerated)
	}
	return g.fail(n, te, end)
}

// absorber is the body of an Optional: a failure becomes its value.
type absorber interface{ absorb(*TaskError) }

// isDeath reports whether err is a panic or Goexit that came back from an executor.
func isDeath(err error) bool { return wire.Has[*PanicError](err) || errors.Is(err, ErrGoexit) }

// fail records a failure. If its root is in the list already, nothing is added.
func (g *Group) fail(n *engine.Node, te *TaskError, end *engine.Ending) engine.Verdict {
	v := ended(te, engine.Failed)
	g.noteUnfinished(n, end)
	if te.mark.Collateral {
		return v
	}
	g.core.PrepareEnd()
	all := g.makeVerdict()
	all.mu.Lock()
	defer all.mu.Unlock()
	all.failures = append(all.failures, te)
	te.mark.Listed = true
	v.Cancel = !g.core.IsSettled() && g.core.Record(&engine.Ending{Why: engine.ByFailure, Cause: te, By: engine.NumberOf(n)})
	if !v.Cancel && g.core.End() != nil {
		all.later++
	}
	return v
}

func ended(err error, how engine.Outcome) engine.Verdict {
	return engine.Verdict{Fail: &engine.Failure{Err: err, Outcome: how}}
}

// canceled is the end of a body that has returned because its context ended.
func (g *Group) canceled(n *engine.Node, te *TaskError, end *engine.Ending) engine.Verdict {
	g.noteUnfinished(n, end)
	return ended(te, engine.Canceled)
}

// exited is the end of a task that an early exit ended.
func (g *Group) exited(n *engine.Node) engine.Verdict {
	return ended(&exitedError{engine.Label(n)}, engine.Exited)
}

// noteUnfinished notes that n did not succeed when the group was ended from
// outside. A function of a Race is no task.
func (g *Group) noteUnfinished(n *engine.Node, end *engine.Ending) {
	if end == nil || end.Why != engine.ByOutside || engine.KindOf(n)&engine.Entrant != 0 {
		return
	}
	v := g.makeVerdict()
	v.mu.Lock()
	v.unfinished = true
	v.mu.Unlock()
}

// noteRunning notes the error of a body that ran when the group was ended from
// outside: not of one that only waited for another task then. Of one that waited for
// a nested group the error is kept, which has those of the bodies in there.
func (g *Group) noteRunning(n *engine.Node, te *TaskError, end *engine.Ending) {
	cut := engine.WaitsCut(n)
	if end == nil || end.Why != engine.ByOutside || cut&engine.CutTask != 0 {
		return
	}
	v := g.makeVerdict()
	v.mu.Lock()
	defer v.mu.Unlock()
	te.mark.Running = true
	v.ended = append(v.ended, te)
	if cut == 0 {
		v.running = append(v.running, te.Task)
	}
}

// ExitOf returns the exit of the group that err is or wraps.
func (h *host) ExitOf(err error) (handle engine.ExitHandle, value any, ok bool) {
	j := h.group().judge(nil, nil)
	j.Add(err)
	if x, ok := j.Exit.(*exitError); ok {
		return x.handle, x.value, true
	}
	return nil, nil, false
}

// Lost judges a Race whose functions have all failed. Their errors were judged
// in their bodies; no method of a user's is called here.
func (h *host) Lost(race *engine.Node) engine.Verdict {
	g := h.group()
	all := &raceError{}
	skipped := true
	end := g.core.NoticedEnd()
	j := g.judge(race, end)
	for f := range parts(race) {
		all.errs = append(all.errs, f.Err)
		skipped = skipped && f.Outcome == engine.Skipped
		err := f.Err
		if s, ok := err.(*skipError); ok {
			err = s.cause
		}
		j.AddPart(err)
	}
	switch {
	case skipped:
		return engine.Verdict{Fail: h.Skipped(race, nil)}
	case end != nil && end.Why == engine.ByExit:
		return g.exited(race)
	}
	te := &TaskError{engine.Label(race), all, j.Mark()}
	if te.mark.Echo {
		return g.canceled(race, te, end)
	}
	return g.fail(race, te, end)
}

// RaceLost is the cause of the contexts of functions that have not won.
func (h *host) RaceLost(race string) error { return &raceLostError{race} }

// parts yields how the functions of a Race have ended.
func parts(race *engine.Node) func(yield func(*engine.Failure) bool) {
	return func(yield func(*engine.Failure) bool) {
		body := engine.BodyOf(race).(engine.Contest)
		for i := 0; body.Function(i) != nil && yield(engine.FailureOf(body.Function(i))); i++ {
		}
	}
}

// Skipped is the end of a task whose body never runs, because of dep or, when dep
// is nil, because the group has ended.
func (h *host) Skipped(n, dep *engine.Node) *engine.Failure {
	g := h.group()
	cause := g.skipCause(dep)
	if cause == nil { // a Race is decided: its other functions are not missed
		cause = context.Canceled
	} else { // also of a task that can be done without: it might have succeeded
		g.noteUnfinished(n, g.core.End())
	}
	return &engine.Failure{Err: &skipError{engine.Label(n), cause}, Outcome: engine.Skipped}
}

// skipCause is what a skipped task names as the root of it.
func (g *Group) skipCause(dep *engine.Node) error {
	end := g.core.End()
	if dep == nil {
		if end == nil {
			return nil
		}
		return end.Cause
	}
	f := engine.FailureOf(dep)
	if s, ok := f.Err.(*skipError); ok {
		return s.cause
	}
	if end != nil && f.Outcome != engine.Failed && f.Outcome != engine.Tolerated {
		return end.Cause
	}
	return f.Err
}

// IsRaised reports whether value is what Wait of a nested group panics with.
func (h *host) IsRaised(value any) bool {
	_, ok := value.(*PanicError)
	return ok
}

// Panicked records a body's panic.
func (h *host) Panicked(n *engine.Node, value any, stack []byte) engine.Verdict {
	p, ok := value.(*PanicError)
	if !ok { // else of a nested group: it names the task
		p = &PanicError{Task: engine.Label(n), Value: value, Stack: stack}
	}
	return h.group().died(n, p, engine.ByPanic, engine.Panicked)
}

// Goexited records that a body has called runtime.Goexit.
func (h *host) Goexited(n *engine.Node) engine.Verdict {
	j := h.group().judge(n, nil)
	return h.group().died(n, &TaskError{engine.Label(n), ErrGoexit, j.Failure()}, engine.ByGoexit, engine.Goexited)
}

// died records the death of a body. A parent that has ended comes first.
func (g *Group) died(n *engine.Node, err error, why engine.Reason, how engine.Outcome) engine.Verdict {
	g.core.NoticedEnd()
	g.core.PrepareEnd()
	v := g.makeVerdict()
	v.mu.Lock()
	if p, ok := err.(*PanicError); ok {
		v.panicked = cmp.Or(v.panicked, p)
	} else {
		v.goexit = cmp.Or(v.goexit, err)
	}
	v.mu.Unlock()
	verdict := ended(err, how)
	verdict.Cancel = g.core.Record(&engine.Ending{Why: why, Cause: err, By: engine.NumberOf(n)})
	return verdict
}

// Place returns a pointer to the value of n, for bodies that read it elsewhere.
func (h *host) Place(n *engine.Node) any {
	return engine.BodyOf(n).(interface{ place() any }).place()
}

// Late is the error of a body that has returned err after its limit of time.
func (h *host) Late(limit, err error) error { return &lateError{limit, err} }

// OutOfTime is the error of a limit of time.
func (h *host) OutOfTime(limit string, after time.Duration) error {
	return &limitError{limit, after}
}

// CutShort is the error of a wait for n that a cause has ended before n.
func (h *host) CutShort(n *engine.Node, cause error) error {
	return &awaitError{engine.Label(n), cause}
}

// Cycle is the error of a wait that can never end.
func (h *host) Cycle(path []string) error { return &CycleError{path} }

// Outside is the end of the group by its parent, or by Stop.
func (h *host) Outside(err, cause error) *engine.Ending {
	return &engine.Ending{Why: engine.ByOutside, Cause: cause, Err: err}
}

// Ended says how the group has ended, for observers, and keeps what Wait returns.
func (h *host) Ended() (engine.Outcome, error) {
	g := h.group()
	end, v := g.core.End(), g.verdict.Load()
	byExit := end != nil && end.Why == engine.ByExit
	switch {
	case v == nil:
		if byExit {
			return engine.Exited, nil
		}
		return engine.Succeeded, nil
	case v.panicked != nil:
		v.result = v.panicked
		return engine.Panicked, v.result
	case v.goexit != nil:
		v.result = v.goexit
		return engine.Goexited, v.result
	case byExit && len(v.undos) == 0:
		return engine.Exited, nil
	case v.unfinished:
		v.result = g.unfinished(v, end)
		if v.result != nil {
			return engine.Canceled, v.result
		}
	case byExit: // which drops all failures but those of undos
		v.result = &GroupError{Group: g.core.Name(), Failures: v.undos}
		return engine.Failed, v.result
	case len(v.failures)+len(v.undos) > 0:
		v.result = &GroupError{Group: g.core.Name(), Failures: append(v.failures, v.undos...), later: v.later}
		return engine.Failed, v.result
	}
	return engine.Succeeded, nil
}

// unfinished is what Wait returns when the group was ended from outside. An engine
// that ends it says that itself, unless something has failed as well.
func (g *Group) unfinished(v *verdict, end *engine.Ending) error {
	if end.Err == nil && len(v.failures)+len(v.undos) == 0 {
		return end.Report
	}
	return &GroupError{Group: g.core.Name(), Failures: append(v.failures, v.undos...), Cause: end.Cause, Running: v.running,
		err: end.Err, ended: v.ended, later: v.later}
}
