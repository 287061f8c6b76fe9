package servertest_test

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// An interceptor may have coroutines that wait for what the flow does, such as
// an update that returns when a task has been started: they go on in the same
// workflow task, and in the same one on replay.
func TestServerInterceptorWaitsForFlow(t *testing.T) {
	running, waits, told := make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	until := func(ctx context.Context, done chan struct{}, n int) (int, error) {
		select {
		case <-done:
			return n + 1, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	f := flow.Define("intercepted", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		first := in.Then("first", func(ctx context.Context, n int) (int, error) {
			running <- struct{}{}
			return until(ctx, waits, n)
		})
		return first.Then("second", func(ctx context.Context, n int) (int, error) { return until(ctx, told, n) })
	})
	limit := temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}})
	clerks := []interceptor.WorkerInterceptor{&clerk{}}
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, limit) }, worker.Options{Interceptors: clerks})
	h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
	if err != nil {
		t.Fatal(err)
	}
	<-running // the coroutine of an update that comes now is resumed before the flow's
	update, err := c.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: h.ID(), UpdateName: startedUpdate, Args: []any{2}, WaitForStage: client.WorkflowUpdateStageAccepted})
	if err != nil {
		t.Fatal(err)
	}
	close(waits)
	if err := update.Get(t.Context(), nil); err != nil {
		t.Error(err)
	}
	close(told)
	v, err := h.Wait(t.Context())
	if v != 3 || err != nil {
		t.Errorf("Get = %d, %v, want 3, nil", v, err)
	}
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: clerks})
	if err != nil {
		t.Fatal(err)
	}
	if err := temporalasap.Register(r, f, limit); err != nil {
		t.Fatal(err)
	}
	if err := r.ReplayWorkflowHistory(server.Quiet{}, c.history(h.ID(), h.RunID())); err != nil {
		t.Errorf("replay: %v", err)
	}
}

const startedUpdate = "started"

// clerk counts the activities that a workflow starts, and has an update that
// waits for a number of them.
type clerk struct {
	interceptor.WorkerInterceptorBase
}

func (*clerk) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &clerkIn{out: &clerkOut{}}
	in.Next = next
	return in
}

type clerkIn struct {
	interceptor.WorkflowInboundInterceptorBase
	out *clerkOut
}

type clerkOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	started int
}

func (i *clerkIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	i.out.Next = out
	return i.Next.Init(i.out)
}

func (i *clerkIn) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	err := workflow.SetUpdateHandler(ctx, startedUpdate, func(ctx workflow.Context, n int) error {
		return workflow.Await(ctx, func() bool { return i.out.started >= n })
	})
	if err != nil {
		return nil, err
	}
	return i.Next.ExecuteWorkflow(ctx, in)
}

func (o *clerkOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.started++
	return o.Next.ExecuteActivity(ctx, name, args...)
}
