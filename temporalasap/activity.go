package temporalasap

import (
	"context"
	"errors"
	"reflect"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/api/workflowservicemock/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// function is the activity of the task: of the type of the user's function, so
// that the data converter sees the same values as in a workflow written by hand.
func (t *task) function() any {
	fn := reflect.TypeOf(t.call.Func)
	in, out := make([]reflect.Type, fn.NumIn()), make([]reflect.Type, fn.NumOut())
	for i := range in {
		in[i] = fn.In(i)
	}
	for i := range out {
		out[i] = fn.Out(i)
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		call := *t.call
		call.In = make([]any, len(args)-1)
		for i, arg := range args[1:] {
			call.In[i] = arg.Interface()
		}
		results := make([]reflect.Value, len(out))
		for i := range results {
			results[i] = reflect.New(out[i]).Elem()
		}
		call.Out = nil
		if len(out) == 2 {
			call.Out = results[0].Addr().Interface()
		}
		ctx, stop := t.keepAlive(args[0].Interface().(context.Context))
		err := call.Invoke(ctx)
		if err == nil && call.Out != nil {
			err = fits(t.values, "its value is", results[0].Interface())
		}
		err = t.send(ctx, &call, err)
		stop()
		if err != nil {
			results[0].SetZero()
			results[len(results)-1].Set(reflect.ValueOf(err))
		}
		return results
	}).Interface()
}

// errHeartbeat is the cause of a body's context when the adapter's heartbeat
// learned that the server wants the body to end.
var errHeartbeat = errors.New("asap: canceled")

// keepAlive sends heartbeats while a body runs, three in the time that the
// server allows, and ends its context when the server asks for that. The
// SDK's own heartbeats come once in four fifths of that time: too late to tell
// a sibling of a failure in half of it, so these go past its batching.
func (t *task) keepAlive(ctx context.Context) (context.Context, func()) {
	info := activity.GetInfo(ctx)
	if info.HeartbeatTimeout <= 0 || info.IsLocalActivity || t.ownHeartbeat {
		return ctx, func() {}
	}
	body, cancel := context.WithCancelCause(ctx)
	record := recorder(activity.GetClient(ctx))
	var beat *time.Timer
	stopped := make(chan struct{})
	done := make(chan struct{})
	beat = time.NewTimer(info.HeartbeatTimeout / 3)
	go func() { // ends when stop is called, which waits for it
		defer close(done)
		for {
			select {
			case <-stopped:
				return
			case <-ctx.Done():
				return
			case <-beat.C:
			}
			call, end := context.WithTimeout(ctx, info.HeartbeatTimeout)
			err := record(call, info.TaskToken)
			end()
			if gone(err) {
				cancel(errHeartbeat)
				return
			}
			beat.Reset(info.HeartbeatTimeout / 3)
		}
	}()
	return body, func() {
		close(stopped)
		beat.Stop()
		<-done
		cancel(nil)
	}
}

// recorder returns what sends a heartbeat. The client of the SDK's test
// environment ends the process, without a word, before it sends one; what it
// would ask then waits for heartbeats as a server does.
func recorder(c client.Client) func(ctx context.Context, token []byte) error {
	service := c.WorkflowService()
	if _, mock := service.(*workflowservicemock.MockWorkflowServiceClient); mock {
		return func(ctx context.Context, token []byte) error {
			_, err := service.RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{TaskToken: token})
			return err
		}
	}
	return func(ctx context.Context, token []byte) error { return c.RecordActivityHeartbeat(ctx, token) }
}

// gone reports whether the server wants an activity to end or has given it up.
func gone(err error) bool {
	if err == nil {
		return false
	}
	_, notFound := errors.AsType[*serviceerror.NotFound](err)
	return notFound || temporal.IsCanceledError(err)
}
