package asap

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/asap-go/asap/internal/engine"
)

// Group is a set of tasks that use each other's results. Each task starts at
// the earliest possible moment, and none outlives [Group.Wait].
//
// Make it with [New]. All methods may be called from any goroutine at the same
// time, tasks of the group included, but for Wait and Stop, which a task of
// the group itself must not call.
type Group struct {
	core    engine.Group
	verdict atomic.Pointer[verdict] // what has not simply succeeded
}

// New makes a group. Its tasks get a context that ends with ctx, with the
// first failure, with an early exit, with [Group.Stop] and with the group.
//
// Without options the first failure cancels the rest, any number of bodies run
// at once, and nobody observes. Every group must be ended by Wait or Stop:
//
//	g := asap.New(ctx)
//	defer g.Stop()
//
// A group made with the context of a task is nested in that task's group: it
// shares its limit and its observers.
func New(ctx context.Context, options ...Option) *Group {
	if ctx == nil {
		panic("asap: New with a nil context; pass context.Background()")
	}
	g := new(Group)
	g.core.Init(ctx, (*host)(g), configured(options))
	return g
}

// Wait blocks until every task of the group has ended and nothing that the
// group started is left, and returns nil or what went wrong: a [*GroupError]
// with the failures. When the context ended or Stop was called before every task
// had succeeded, it is that context's error and cause as well, and names the tasks
// that were running. If all have succeeded all the same, it is nil.
//
// If a body panicked, Wait panics with its [*PanicError], or with the value if
// that is http.ErrAbortHandler; if one called [runtime.Goexit], Wait does.
//
// When the group ends its context is canceled: a response body or rows that a
// task has opened are dead after Wait, so consume them in the task.
//
// Wait runs bodies on its caller's goroutine as long as some are ready. A body
// that locks its thread, or sets pprof labels, and leaves them so hands them to
// the caller, and so does a body on any goroutine to the one that it runs next.
//
// Under a limit Wait gives back the slot of the body that the group was made in
// until the group has ended, so call it in that body, and nowhere else.
//
// After New write defer g.Stop(): it ends the group if the function is left before
// Wait, and after Wait does nothing. What has to be cleaned up if the group fails is
// [Task.Undo], what in any case a defer before New.
//
// Wait may be called more than once: later calls return the panic as an error
// and repeat a Goexit. Called from a task of its own group it never returns.
func (g *Group) Wait() error {
	g.check("Wait")
	g.core.Refuse("Wait", nil)
	g.joinAndRaise(true)
	v := g.verdict.Load()
	if v == nil {
		return nil
	}
	if v.panicked == nil && v.goexit != nil {
		runtime.Goexit()
	}
	return v.result
}

// Stop cancels the group and waits as [Group.Wait] does, for defer after New:
// it makes sure that nothing outlives the function. After Wait it does nothing.
// It runs no bodies, and keeps the slot of the body that it is called in, so it
// may be called by anybody.
//
// If a body panicked and Wait was not called, Stop panics with its
// [*PanicError].
func (g *Group) Stop() {
	g.check("Stop")
	g.core.Refuse("Stop", nil)
	if !g.core.IsOver() && g.core.NoticedEnd() == nil {
		g.core.EndOutside(context.Canceled, context.Canceled)
	}
	g.joinAndRaise(false)
}

// joinAndRaise raises a panic also when a body's Goexit unwinds the join.
func (g *Group) joinAndRaise(wait bool) {
	defer g.raise(wait)
	if wait {
		g.core.Join()
	} else {
		g.core.JoinStopped()
	}
}

// raise panics with a body's panic, once: in Wait, or in Stop if nobody waits.
func (g *Group) raise(wait bool) {
	v := g.verdict.Load()
	if v == nil {
		return
	}
	v.mu.Lock()
	raises := v.panicked != nil && !v.raised && (wait || !g.core.IsJoined())
	v.raised = v.raised || raises
	v.mu.Unlock()
	if raises {
		panic(v.panicked.raised())
	}
}

func (g *Group) check(call string) {
	if g == nil || g.core.IsZero() {
		panic("asap: " + call + " of a zero Group; make one with New")
	}
}
