package flow

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"

	"github.com/asap-go/asap"
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
	// Func is the user's function, In are its arguments after the context, and
	// Out points to where its value goes, nil for a function without one.
	Func, Out any
	In        []any
	// Run runs the body here and fills Out: for executors that stay in the
	// process. It is nil in a call of Flow.Calls.
	Run func(context.Context) error

	backend *backend
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

// Exited reports whether err is, or wraps, what [asap.Exit.With] of the call's
// group made: then it returns which exit of the group that is, in order of
// NewExit, and the value. So an exit can cross to [Call.Exit] of the same flow
// elsewhere.
func (c *Call) Exited(err error) (exit int, value any, ok bool) {
	if c.backend == nil {
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

// remoteKey is the key under which a body's context has the task's name while
// the body runs for an executor.
type remoteKey struct{}

// apart runs a body on a goroutine of its own, which ends before apart
// returns, so that a Goexit ends it alone. A panic and Goexit are errors.
func apart(task string, body func() error) (err error) {
	done := make(chan struct{})
	go func() {
		returned := false
		defer close(done)
		defer func() {
			v := recover()
			if p, ok := v.(*asap.PanicError); ok { // of a nested group: it names the task
				err = p
			} else if v != nil {
				err = &asap.PanicError{Task: task, Value: v, Stack: debug.Stack()}
			} else if !returned {
				err = asap.ErrGoexit
			}
		}()
		err = body()
		returned = true
	}()
	<-done
	return err
}
