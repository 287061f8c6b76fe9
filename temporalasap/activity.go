package temporalasap

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

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
	c := activity.GetClient(ctx)
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
			err := heartbeat(call, c, info)
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

// heartbeat tells the server that the attempt goes on, and returns what it says to that.
// It is a call of the service, as the client's own needs a server that is one: the SDK's
// test environment knows of this alone.
func heartbeat(ctx context.Context, c client.Client, info activity.Info) error {
	r, err := c.WorkflowService().RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
		Namespace: info.Namespace, TaskToken: info.TaskToken})
	if err == nil && r.GetCancelRequested() {
		return temporal.NewCanceledError()
	}
	return err
}

// gone reports whether the server wants an activity to end or has given it up.
func gone(err error) bool {
	if err == nil {
		return false
	}
	_, notFound := errors.AsType[*serviceerror.NotFound](err)
	return notFound || temporal.IsCanceledError(err)
}

// stale is the error of an attempt that the server may have given up before its body
// begins, as its worker was stopped, or had it in hand for too long: then another attempt
// is under way, or the flow is over. The age is that by the clocks of the server and of
// this machine, so only the server's answer counts. What remains is a worker that is
// stopped between the answer and the body, or within the body.
func (t *task) stale(ctx context.Context) error {
	info := activity.GetInfo(ctx)
	if info.IsLocalActivity || info.StartedTime.IsZero() || info.HeartbeatTimeout <= 0 {
		return nil
	}
	age := time.Since(info.StartedTime)
	if age < info.HeartbeatTimeout/2 || t.ownHeartbeat && age < info.HeartbeatTimeout {
		return nil
	}
	ask, end := context.WithTimeout(ctx, max(info.HeartbeatTimeout, time.Second))
	defer end()
	err := heartbeat(ask, activity.GetClient(ctx), info)
	switch {
	case temporal.IsCanceledError(err):
		return temporal.NewApplicationErrorWithOptions("canceled before it began", canceledType, temporal.ApplicationErrorOptions{
			NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign})
	case gone(err):
		return interruption(errTooOld)
	}
	return nil
}

var errTooOld = errors.New("asap: the server has given this attempt up before its body began")

// pend is the end of the activity of a body that has answered ErrResultPending: somebody
// else says how the task ends. With Pending the server is left to wait for that. Without,
// the attempt stays here: heartbeats go on, and a cancel is heard.
func (t *task) pend(ctx context.Context) error {
	if t.pending || t.ownHeartbeat || activity.GetInfo(ctx).IsLocalActivity {
		return activity.ErrResultPending
	}
	select {
	case <-ctx.Done():
	case <-activity.GetWorkerStopChannel(ctx):
		return interruption(errors.New("asap: the worker stops"))
	}
	return sendCanceled(ctx, context.Cause(ctx))
}
