package temporalasap_test

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/temporalasap"
)

// An interceptor may have coroutines that wait for what the flow does, such as
// an update that returns when a task has been started: they go on before the
// next event.
func TestServerInterceptorWaitsForFlow(t *testing.T) {
	waits, told := make(chan struct{}), make(chan struct{})
	until := func(ctx context.Context, done chan struct{}, n int) (int, error) {
		select {
		case <-done:
			return n + 1, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	flow := asap.Define("intercepted", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		first := in.Then("first", func(ctx context.Context, n int) (int, error) { return until(ctx, waits, n) })
		return first.Then("second", func(ctx context.Context, n int) (int, error) { return until(ctx, told, n) })
	})
	c := serve(t, func(w worker.Worker) error {
		return temporalasap.Register(w, flow, temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second}))
	}, worker.Options{Interceptors: []interceptor.WorkerInterceptor{&clerk{}}})
	h, err := temporalasap.Start(t.Context(), c.client, flow, 1, c.options())
	if err != nil {
		t.Fatal(err)
	}
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
	v, err := h.Get(t.Context())
	if v != 3 || err != nil {
		t.Errorf("Get = %d, %v, want 3, nil", v, err)
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
