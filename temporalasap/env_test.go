package temporalasap_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// defaults is what most tests register flows with.
var defaults = temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute})

// quiet drops what the SDK has to say.
var quiet = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

// envClient is a client of the SDK's test environment: each workflow runs in an
// environment of its own, with the flows that register registers.
type envClient struct {
	register func(*testsuite.TestWorkflowEnvironment) error
	prepare  func(*testsuite.TestWorkflowEnvironment) // may be nil
	last     *envRun
}

func (c *envClient) ExecuteWorkflow(_ context.Context, _ client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 30 * time.Second}) // 1 s of a busy machine is no deadlock
	if err := c.register(env); err != nil {
		return nil, err
	}
	if c.prepare != nil {
		c.prepare(env)
	}
	env.ExecuteWorkflow(workflow, args...)
	c.last = &envRun{env}
	return c.last, nil
}

func (c *envClient) GetWorkflow(context.Context, string, string) client.WorkflowRun { return c.last }

func (c *envClient) CancelWorkflow(context.Context, string, string) error {
	return errors.New("workflows of the test environment have ended before anybody can cancel them")
}

func (c *envClient) SignalWorkflow(context.Context, string, string, string, any) error {
	return serviceerror.NewNotFound("workflow execution already completed")
}

func (c *envClient) QueryWorkflow(_ context.Context, _, _, query string, args ...any) (converter.EncodedValue, error) {
	if c.last == nil {
		return nil, errors.New("no workflow has been started")
	}
	return c.last.env.QueryWorkflow(query, args...)
}

type envRun struct {
	env *testsuite.TestWorkflowEnvironment
}

func (r *envRun) GetID() string                  { return "order-1" }
func (r *envRun) GetRunID() string               { return "run-1" }
func (r *envRun) GetFirstExecutionRunID() string { return "run-1" }

func (r *envRun) Get(_ context.Context, out any) error {
	if err := r.env.GetWorkflowError(); err != nil {
		return err
	}
	return r.env.GetWorkflowResult(out)
}

func (r *envRun) GetWithOptions(ctx context.Context, out any, _ client.WorkflowRunGetOptions) error {
	return r.Get(ctx, out)
}

// equal compares what a call gave with what it should.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// newReplayer returns one that no slow machine stops.
func newReplayer(t *testing.T) worker.WorkflowReplayer {
	t.Helper()
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replay runs the flow's workflow again on a history and wants the same commands.
func replay[In, Out any](t *testing.T, f *flow.Flow[In, Out], h *history.History, options ...temporalasap.Option) {
	t.Helper()
	r := newReplayer(t)
	if err := temporalasap.Register(r, f, append([]temporalasap.Option{defaults}, options...)...); err != nil {
		t.Fatal(err)
	}
	if err := r.ReplayWorkflowHistory(quiet, h); err != nil {
		t.Errorf("replay of %s: %v", f.Name(), err)
	}
}
