package flow

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/internal/wire"
)

// Call is one body that an [Executor] is to run, or that [Flow.Calls] lists.
type Call struct {
	// Flow is the name of the flow, or else of the group.
	Flow string
	// Task is the name of the task, unique in the flow.
	Task string
	// Body is the name of the call in [Flow.Calls], where an engine elsewhere
	// finds the function: likes[] for the element likes[3] of a Map, else Task.
	Body string
	// Func is the user's function, In are its arguments after the context and then
	// the values of Needs, and Out points to where its value goes, nil for a
	// function without one.
	Func, Out any
	In        []any
	// Needs are the tasks that the body reads with [asap.Task.Get] beside its
	// arguments.
	Needs []Need
	// Timeout and Within are the limits of time of the body, 0 for none. Within
	// ends at Deadline by the engine's [Clock]; an engine elsewhere, with another
	// clock, says what that is there before it calls Invoke.
	Timeout, Within time.Duration
	Deadline        time.Time
	// Undo says that the call undoes a value, its only argument: see [asap.Task.Undo]. It
	// is started when no other call is in flight, one after the other, also after Cancel,
	// which does not touch it.
	Undo bool
	// Around says that [asap.Around] wraps the body: only Run and Invoke do that.
	Around bool
	// Run runs the body here and fills Out: for executors that stay in the
	// process. It is nil in a call of Flow.Calls.
	Run func(context.Context) error

	backend *backend
	node    *engine.Node
	args    []*engine.Node // whose values the arguments are
	needs   []*engine.Node // of Needs
	around  []engine.Around
	within  error         // that of its end, nil if there is none
	left    time.Duration // of Within, when the group started the call
}

// Need is a value that a body reads beside its arguments.
type Need struct {
	Task string // as in Flow.Graph
	Type reflect.Type
}

// RemoteError is what is left of an error that was encoded in one process and
// decoded in another: its text and its type. [errors.Is] still finds in it what
// the original had of [asap.ErrSkipped], [asap.ErrExited], [asap.ErrGoexit],
// [context.Canceled] and [context.DeadlineExceeded], and [errors.As] the
// [*asap.TaskError], [*asap.GroupError], [*asap.PanicError] and
// [*asap.CycleError]; its other causes are RemoteErrors too.
//
// It is an alias because the JSON of [asap.Result], in package asap, makes them.
type RemoteError = wire.RemoteError

// Invoke calls Func with In in this process, within what [asap.Around] says and the
// limits of time, and puts its value where Out points. It returns when the last
// call of Func has. A panic and Goexit of the body are errors, and so are
// arguments of other types and the use of the flow's tasks in the body, but for
// Get of what it needs. An engine that runs bodies elsewhere fills a copy of a
// call of [Flow.Calls], with Task, In, Out and Deadline, and invokes that.
func (c *Call) Invoke(ctx context.Context) error {
	fn, args, err := c.arguments(ctx)
	if err != nil {
		return err
	}
	values, err := c.values()
	if err != nil {
		return err
	}
	if c.backend == nil && c.Timeout > 0 {
		return fmt.Errorf("asap: Invoke of a call of task %s with a Timeout that no group has made; fill a copy of one of Flow.Calls", c.Task)
	}
	own := *c
	if own.within = nil; c.Within > 0 && c.backend != nil && !c.Deadline.IsZero() {
		own.within = c.outOfTime("within", c.Within)
	}
	return own.run(ctx, values, time.Until(c.Deadline), c.reflected(fn, args))
}

// reflected is the body: a call of fn whose value goes to Out if it is the first
// that succeeds.
func (c *Call) reflected(fn reflect.Value, args []reflect.Value) func(context.Context) error {
	var mu sync.Mutex
	kept := false
	return func(ctx context.Context) error {
		args := slices.Clone(args)
		args[0] = reflect.ValueOf(ctx)
		results := fn.Call(args)
		if err, _ := results[len(results)-1].Interface().(error); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if c.Out != nil && len(results) == 2 && !kept {
			kept = true
			reflect.ValueOf(c.Out).Elem().Set(results[0])
		}
		return nil
	}
}

// arguments checks those of the call and leaves the first, the context, out.
func (c *Call) arguments(ctx context.Context) (fn reflect.Value, args []reflect.Value, err error) {
	fn = reflect.ValueOf(c.Func)
	if ctx == nil || !fn.IsValid() || fn.Kind() != reflect.Func {
		return fn, nil, fmt.Errorf("asap: call of task %s without a context or a function", c.Task)
	}
	t := fn.Type()
	if n := t.NumIn() - 1; len(c.In) != n+len(c.Needs) {
		also := ""
		if len(c.Needs) > 0 {
			also = fmt.Sprintf(" and the body needs %d values", len(c.Needs))
		}
		return fn, nil, fmt.Errorf("asap: call of task %s with %d arguments, but its function takes %d after the context%s", c.Task, len(c.In), n, also)
	}
	args = make([]reflect.Value, t.NumIn())
	for i, in := range c.In[:t.NumIn()-1] {
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

// Exited reports whether err is, or wraps, what [asap.Exit.With] of the call's
// group made: then it returns which exit of the group that is, in order of
// NewExit, and the value. So an exit can cross to [Call.Exit] of the same flow
// elsewhere.
func (c *Call) Exited(err error) (exit int, value any, ok bool) {
	if c.backend == nil || err == nil {
		return 0, nil, false
	}
	e, value, ok := c.backend.group.Host().ExitOf(err)
	if !ok {
		return 0, nil, false
	}
	for i, handle := range c.backend.exits {
		if handle == e {
			return i, value, true
		}
	}
	return 0, nil, false
}

// Exit returns the error that stands for an exit that a body took elsewhere:
// an executor gives it to done. decode is given a pointer of the type of the
// exit's value and is to fill it.
func (c *Call) Exit(exit int, decode func(into any) error) error {
	if c.backend == nil {
		return fmt.Errorf("asap: Exit of a call of task %s that no group has made", c.Task)
	}
	handles := c.backend.exits
	if exit < 0 || exit >= len(handles) {
		return fmt.Errorf("asap: task %s took exit number %d of flow %s, which has %d; run the same definition everywhere", c.Task, exit, c.Flow, len(handles))
	}
	return handles[exit].Receive(decode)
}
