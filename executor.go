package asap

import (
	"context"
	"fmt"
	"reflect"
)

// Executor runs the bodies of a group on another engine: [On] installs it.
// The group calls it from the one goroutine that is inside its methods, so it
// needs no locks and may be deterministic.
//
// Two further methods are used if an executor has them:
//
//   - CancelCall(call *Call, cause error) asks one call in flight to end, which
//     still calls its done: a function of a [Group.Race] that has lost. Without
//     it the losers run to their end.
//   - Now() time.Time is the engine's clock for the times of events.
type Executor interface {
	// Start begins a call and returns without waiting for it. It fills
	// call.Out and then calls done(nil), or done with the body's error, from
	// within Start or Step, once.
	Start(call *Call, done func(error))
	// Step blocks until at least one done was called or the context that the
	// group was made with has ended. An error ends the group. If Step never
	// returns, because it panics or its goroutine is ended, the group ends
	// without another call of the executor.
	Step() error
	// Cancel asks every call in flight to end; each still calls its done.
	Cancel(cause error)
}

// Call is one body that an [Executor] is to run, or that [Flow.Calls] lists.
type Call struct {
	// Flow is the name of the flow, or else of the group.
	Flow string
	// Task is the name of the task, unique in the flow.
	Task string
	// Body is the name of the call in [Flow.Calls], where an engine elsewhere
	// finds the function: likes[] for the element likes[3] of a Map, else Task.
	Body string
	// Func is the user's function, In are its arguments after the context, and
	// Out points to where its value goes, nil for a function without one.
	Func, Out any
	In        []any
	// Run runs the body here and fills Out: for executors that stay in the
	// process. It is nil in a call of Flow.Calls.
	Run func(context.Context) error

	group *Group
}

// Invoke calls Func with In in this process and puts its value where Out
// points. A panic and Goexit of the body are errors, and so are arguments of
// other types and the use of the flow's tasks in the body. An engine that runs
// bodies elsewhere fills a copy of a call of [Flow.Calls] and invokes that.
func (c *Call) Invoke(ctx context.Context) error {
	fn, args, err := c.arguments(ctx)
	if err != nil {
		return err
	}
	return apart(c.Task, func() error {
		args[0] = reflect.ValueOf(context.WithValue(ctx, remoteKey{}, c.Task))
		results := fn.Call(args)
		if err, _ := results[len(results)-1].Interface().(error); err != nil {
			return err
		}
		if c.Out != nil && len(results) == 2 {
			reflect.ValueOf(c.Out).Elem().Set(results[0])
		}
		return nil
	})
}

// arguments checks those of the call and leaves the first, the context, out.
func (c *Call) arguments(ctx context.Context) (fn reflect.Value, args []reflect.Value, err error) {
	fn = reflect.ValueOf(c.Func)
	if ctx == nil || !fn.IsValid() || fn.Kind() != reflect.Func {
		return fn, nil, fmt.Errorf("asap: call of task %s without a context or a function", c.Task)
	}
	t := fn.Type()
	if t.NumIn() != len(c.In)+1 {
		return fn, nil, fmt.Errorf("asap: call of task %s with %d arguments, but its function takes %d after the context", c.Task, len(c.In), t.NumIn()-1)
	}
	args = make([]reflect.Value, t.NumIn())
	for i, in := range c.In {
		want, v := t.In(i+1), reflect.ValueOf(in)
		if !v.IsValid() {
			v = reflect.Zero(want)
		}
		if !v.Type().AssignableTo(want) {
			return fn, nil, fmt.Errorf("asap: call of task %s: argument %d is of type %s, but its function takes %s", c.Task, i+1, v.Type(), want)
		}
		args[i+1] = v
	}
	if c.Out != nil && (t.NumOut() != 2 || reflect.TypeOf(c.Out) != reflect.PointerTo(t.Out(0))) {
		return fn, nil, fmt.Errorf("asap: call of task %s: Out is a %T, but its function returns %s", c.Task, c.Out, t.Out(0))
	}
	return fn, args, nil
}

// Exited reports whether err is, or wraps, what [Exit.With] of the call's group
// made: then it returns which exit of the group that is, in order of NewExit,
// and the value. So an exit can cross to [Call.Exit] of the same flow elsewhere.
func (c *Call) Exited(err error) (exit int, value any, ok bool) {
	if c.group == nil {
		return 0, nil, false
	}
	x := c.group.exitOf(err)
	if x == nil {
		return 0, nil, false
	}
	for i, handle := range c.group.exitHandles() {
		if any(handle) == x.handle {
			return i, x.value, true
		}
	}
	return 0, nil, false
}

// Exit returns the error that stands for an exit that a body took elsewhere:
// an executor gives it to done. decode is given a pointer of the type of the
// exit's value and is to fill it.
func (c *Call) Exit(exit int, decode func(into any) error) error {
	if c.group == nil {
		return fmt.Errorf("asap: Exit of a call of task %s that no group has made", c.Task)
	}
	handles := c.group.exitHandles()
	if exit < 0 || exit >= len(handles) {
		return fmt.Errorf("asap: task %s took exit number %d of flow %s, which has %d; run the same definition everywhere", c.Task, exit, c.Flow, len(handles))
	}
	return handles[exit].receive(decode)
}

// exitHandle is an *Exit[R].
type exitHandle interface {
	receive(decode func(any) error) error
}

func (e *Exit[R]) receive(decode func(any) error) error {
	var v R
	if err := decode(&v); err != nil {
		return fmt.Errorf("asap: value of an exit, a %T: %w", v, err)
	}
	return &exitError{group: e.group, handle: e, value: v}
}

// keepExit numbers the exits of a group whose bodies run elsewhere.
func (g *Group) keepExit(e exitHandle) {
	switch {
	case g.remote != nil:
		g.remote.exits = append(g.remote.exits, e)
	case g.plan != nil && g.plan.drawing:
		g.plan.refuseRecorded("NewExit", nil)
		g.plan.exits = append(g.plan.exits, e)
	}
}

func (g *Group) exitHandles() []exitHandle {
	switch {
	case g.remote != nil:
		return g.remote.exits
	case g.plan != nil:
		return g.plan.exits
	}
	return nil
}
