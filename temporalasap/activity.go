package temporalasap

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/api/workflowservicemock/v1"
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
