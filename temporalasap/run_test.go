package temporalasap_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/asap-go/asap/temporalasap"
)

// hasty is a server that gives up a call a moment before its caller does: it
// has its own clock.
type hasty struct {
	start             time.Duration // until it has started a workflow
	started, canceled int
}

func (c *hasty) ExecuteWorkflow(ctx context.Context, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	c.started++
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < c.start {
		return nil, giveUp(ctx)
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(c.start):
		return &hastyRun{c: c}, nil
	}
}

func (c *hasty) GetWorkflow(context.Context, string, string) client.WorkflowRun {
	return &hastyRun{c: c}
}
func (c *hasty) CancelWorkflow(context.Context, string, string) error              { c.canceled++; return nil }
func (c *hasty) SignalWorkflow(context.Context, string, string, string, any) error { return nil }
func (c *hasty) QueryWorkflow(ctx context.Context, _, _, _ string, _ ...any) (converter.EncodedValue, error) {
	return nil, giveUp(ctx)
}

func giveUp(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	deadline, _ := ctx.Deadline()
	time.Sleep(time.Until(deadline) - time.Millisecond)
	return serviceerror.NewCanceled("stream terminated by RST_STREAM with error code: CANCEL")
}

type hastyRun struct {
	envRun
	c *hasty
}

func (r *hastyRun) Get(ctx context.Context, _ any) error {
	if r.c.canceled > 0 {
		return errors.New("canceled")
	}
	return giveUp(ctx)
}

// The end of Run's context cancels the workflow, and is the error, whoever has
// noticed it first.
func TestDeadlineThatTheServerSeesFirst(t *testing.T) {
	flow := through[int]()
	slow := errors.New("slow")
	for _, test := range []struct {
		start    time.Duration
		canceled int
		after    time.Duration
	}{
		{0, 1, 5 * time.Second},
		{6 * time.Second, 1, 6 * time.Second}, // the server starts it when Run's context has ended
		{time.Hour, 0, 15 * time.Second},      // there is no server
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, slow)
			defer cancel()
			began := time.Now()
			c := &hasty{start: test.start}
			_, err := temporalasap.Run(ctx, c, flow, 1)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, slow) {
				t.Errorf("Run, started after %v: %v, want the context's error and cause", test.start, err)
			}
			if took := time.Since(began); c.canceled != test.canceled || took != test.after {
				t.Errorf("Run, started after %v, has canceled the workflow %d times after %v, want %d times after %v", test.start, c.canceled, took, test.canceled, test.after)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, slow)
		defer cancel()
		_, err := temporalasap.Start(ctx, &hasty{start: time.Hour}, flow, 1)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, slow) {
			t.Errorf("Start: %v, want the context's error and cause", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, slow)
		defer cancel()
		_, err := temporalasap.Attach(ctx, &hasty{}, flow, "order-1", "").Wait(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, slow) {
			t.Errorf("Get: %v, want the context's error and cause", err)
		}
	})
}

// A context that has ended already is the error of Run, as in the process.
func TestRunWithDeadContext(t *testing.T) {
	flow := through[int]()
	closed := errors.New("shop is closed")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(closed)
	c := new(hasty)
	for where, run := range map[string]func() error{
		"there": func() error { _, err := temporalasap.Run(ctx, c, flow, 1); return err },
		"here":  func() error { _, err := flow.Run(ctx, 1); return err },
	} {
		if err := run(); !errors.Is(err, context.Canceled) || !errors.Is(err, closed) {
			t.Errorf("Run %s: %v, want the context's error and cause", where, err)
		}
	}
	if c.started != 0 {
		t.Errorf("Run with a dead context has started %d workflows, want none", c.started)
	}
}
