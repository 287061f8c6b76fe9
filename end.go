package asap

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
)

// ending is why no further body of a group starts. The first one counts.
type ending struct {
	why    reason
	cause  error      // of the group's context, and the root of every skip
	exit   *exitError // byExit only
	report error      // byOutside only: what Wait returns
}

type reason uint8

const (
	byFailure reason = iota + 1 // of a body, in a fail-fast group
	byExit
	byOutside // the parent's end, or Stop
	byPanic
	byGoexit
)

// failure is how a task ended that did not succeed.
type failure struct {
	err     error
	outcome Outcome
}

// record makes e the reason why the group ends, unless there is one already,
// and notes what belongs to it. It returns before anything is canceled: the
// caller publishes the task's end first, so that who awaits that very task
// sees its error, and then calls cancel. The real context exists by then, so
// that nobody sees a dead context without its cause.
func (g *Group) record(e *ending, te *TaskError) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if te != nil {
		b := g.ledger()
		b.failures = append(b.failures, te)
		te.listed = true
		if g.settled {
			return false
		}
	}
	if g.end.Load() != nil {
		return false
	}
	g.end.Store(e)
	return true
}

// cancel ends the group's context and everything that only waits, once record
// has said why.
func (g *Group) cancel() {
	e := g.end.Load()
	g.cancelable().cancel(e.cause)
	if g.remote != nil {
		g.remote.cancel(e.cause)
	}
	g.wakeParked()
	g.skipQueued(true, func(n *node) bool { return n.group == g })
}

// ended returns why no further body starts, nil if they may. It is the first
// to notice the end of a parent that nothing was waiting for.
func (g *Group) ended() *ending {
	if e := g.end.Load(); e != nil {
		return e
	}
	if g.parent.Err() != nil {
		g.outsideEnded()
		return g.end.Load()
	}
	return nil
}

// hasEnded is ended for the common case, in which they may.
func (g *Group) hasEnded() bool {
	return (g.end.Load() != nil || g.parent.Err() != nil) && g.ended() != nil
}

// outsideEnded takes over the end of the parent context.
func (g *Group) outsideEnded() {
	cause := context.Cause(g.parent)
	g.endOutside(cause, &endError{g.parent.Err(), cause})
}

// endOutside ends the group for a cause outside its bodies; Wait returns
// report if that kept a task from succeeding.
func (g *Group) endOutside(cause, report error) {
	g.cancelable()
	if g.record(&ending{why: byOutside, cause: cause, report: report}, nil) {
		g.cancel()
	}
}

// judge says what it means that n's body returned err, and records a failure
// or an exit. It reports true when the caller has to cancel the group after
// it has published n's end.
func (g *Group) judge(n *node, err error) (f *failure, cancel bool) {
	if err == nil {
		if end := g.end.Load(); end != nil && end.why == byExit {
			n.body.(interface{ forget() }).forget()
			return g.exitedFailure(n), false
		}
		return nil, false
	}
	end := g.ended()
	if x := g.exitOf(err); x != nil {
		g.cancelable()
		if g.record(&ending{why: byExit, cause: ErrExited, exit: x}, nil) {
			return g.exitedFailure(n), true
		}
		if end = g.end.Load(); end.why != byExit {
			g.noteUnfinished(n)
			return &failure{&TaskError{Task: n.label(), Err: err, group: g}, Canceled}, false
		}
	}
	if end != nil && end.why == byExit {
		return g.exitedFailure(n), false
	}
	te := &TaskError{Task: n.label(), Err: err, group: g}
	if n.kind&entrant != 0 && n.body.(racer).race().over() {
		return &failure{te, Canceled}, false
	}
	if end != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, end.cause)) {
		g.noteUnfinished(n)
		return &failure{te, Canceled}, false
	}
	if n.kind&entrant != 0 {
		return &failure{te, Failed}, false // the Race may still succeed
	}
	if n.kind&optional != 0 && !(g.remote != nil && isDeath(err)) {
		n.body.(absorber).absorb(te)
		return nil, false
	}
	g.noteUnfinished(n)
	f = &failure{te, Failed}
	if g.lists(err) {
		return f, false // the root is in the list already
	}
	if end != nil && end.why == byOutside && !g.failedBefore() {
		return f, false
	}
	g.cancelable()
	return f, g.record(&ending{why: byFailure, cause: te}, te)
}

// lists reports whether err wraps a failure that is in the group's list.
func (g *Group) lists(err error) bool {
	return findError(err, func(err error) bool {
		te, ok := err.(*TaskError)
		return ok && te.group == g && te.listed
	})
}

// absorber is the body of an Optional: a failure becomes its value.
type absorber interface{ absorb(*TaskError) }

func (g *Group) failedBefore() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.ledger().failures) > 0
}

// isDeath reports whether err is a panic or Goexit that came back from an executor.
func isDeath(err error) bool {
	_, panicked := errors.AsType[*PanicError](err)
	return panicked || errors.Is(err, ErrGoexit)
}

// noteUnfinished notes that n did not succeed. A function of a Race is no task.
func (g *Group) noteUnfinished(n *node) {
	if n.kind&entrant != 0 {
		return
	}
	b := g.ledger()
	g.mu.Lock()
	b.unfinished = true
	g.mu.Unlock()
}

func (g *Group) exitedFailure(n *node) *failure {
	return &failure{&exitedError{n.label()}, Exited}
}

// skip is the end of a task whose body never runs, because of dep or, when dep
// is nil, because the group has ended.
func (g *Group) skip(n, dep *node) *failure {
	cause := g.skipCause(dep)
	if cause == nil { // a Race is decided: its other functions are not missed
		cause = context.Canceled
	} else {
		g.noteUnfinished(n)
	}
	return &failure{&skipError{n.label(), cause}, Skipped}
}

// skipCause is what a skipped task names as the root of it.
func (g *Group) skipCause(dep *node) error {
	end := g.end.Load()
	if dep == nil {
		if end == nil {
			return nil
		}
		return end.cause
	}
	f := dep.failure()
	if s, ok := f.err.(*skipError); ok {
		return s.cause
	}
	if end != nil && f.outcome != Failed {
		return end.cause
	}
	return f.err
}

// newPanicError is the error of n, whose body panicked with v.
func newPanicError(n *node, v any, stack []byte) *PanicError {
	if p, ok := v.(*PanicError); ok {
		return p // of a nested group: it names the task
	}
	return &PanicError{Task: n.label(), Value: v, Stack: stack}
}

func (p *PanicError) failure() *failure {
	return &failure{p, Panicked}
}

func (n *node) goexited() *failure {
	return &failure{&TaskError{Task: n.label(), Err: ErrGoexit, group: n.group}, Goexited}
}

// recordDeath records a body's panic or Goexit. It reports true when the
// caller has to cancel the group.
func (g *Group) recordDeath(f *failure) bool {
	g.ended() // a parent that has ended comes first
	why, b := byGoexit, g.ledger()
	g.mu.Lock()
	b.unfinished = true
	if p, ok := f.err.(*PanicError); ok {
		why = byPanic
		if p.Stack == nil {
			p.Stack = debug.Stack()
		}
		if b.panicked == nil {
			b.panicked = p
		}
	} else {
		b.goexit = cmp.Or(b.goexit, f.err)
	}
	g.mu.Unlock()
	g.cancelable()
	return g.record(&ending{why: why, cause: f.err}, nil)
}

// finish ends the group, as the last step of the last goroutine in it.
func (g *Group) finish() {
	if b := g.book.Load(); b != nil && b.parentWatch != nil {
		b.parentWatch.stop()
	}
	g.over.Store(true)
	if c := g.real.Load(); c != nil {
		c.cancel(nil)
	}
	g.result = g.verdict()
	if g.watch != nil {
		g.watch.groupEnd(g)
	}
	g.idle.Done()
}

// verdict is what Wait returns.
func (g *Group) verdict() error {
	end, b := g.end.Load(), g.book.Load()
	switch {
	case b == nil:
		return nil
	case b.panicked != nil:
		return b.panicked
	case b.goexit != nil:
		return b.goexit
	case end == nil && len(b.failures) == 0, end != nil && end.why == byExit:
		return nil
	case len(b.failures) > 0:
		return &GroupError{Group: g.name, Failures: b.failures}
	case end.why == byOutside && b.unfinished:
		return end.report
	}
	return nil
}
