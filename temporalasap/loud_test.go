package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
	"github.com/asap-go/asap/temporalasap"
)

// What a body that the server has canceled says beside that is a failure of its own: of a
// rollback. (The context here is that of all activities, as the environment drops what a
// canceled one says.)
func TestRollback(t *testing.T) {
	for _, row := range []struct {
		name string
		err  func(ctx context.Context) error
		want string
	}{
		{"an echo", func(ctx context.Context) error { return ctx.Err() }, "slow: context canceled"},
		{"the cause", context.Cause, "slow: context canceled"},
		{"a rollback", func(ctx context.Context) error { return errors.Join(ctx.Err(), errors.New("no rollback")) }, "slow: context canceled\nno rollback"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := flow.Define("rollback", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
				return in.Then("slow", func(ctx context.Context, _ int) (int, error) {
					<-ctx.Done()
					return 0, row.err(ctx)
				})
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(temporal.NewCanceledError())
			c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
				env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
				return temporalasap.Register(env, f, defaults)
			}}
			if _, err := temporalasap.Run(t.Context(), c, f, 1); err == nil || err.Error() != row.want {
				t.Errorf("Run gives %v, want %s", err, row.want)
			}
		})
	}
}

// Methods of errors are the user's, and what they panic with is the body's panic.
func TestLoudErrors(t *testing.T) {
	for _, l := range randomflow.Louds() {
		c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
			return temporalasap.Register(env, l.Flow, defaults)
		}}
		_, err := temporalasap.Run(t.Context(), c, l.Flow, 1)
		if err := l.Check(err); err != nil {
			t.Error(err)
		}
	}
}

// loud has methods that panic: when it is written, or when it is read.
type loud struct{ Reads bool }

func (l loud) MarshalJSON() ([]byte, error) {
	if !l.Reads {
		panic("no writing")
	}
	return []byte("{}"), nil
}

func (l *loud) UnmarshalJSON([]byte) error { panic("no reading") }

// Methods of values that panic are a final error of the task: neither the body nor the
// workflow task runs for ever.
func TestLoudValues(t *testing.T) {
	for _, reads := range []bool{false, true} {
		var ran atomic.Int32
		f := flow.Define("loud", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("loud", func(context.Context, int) (loud, error) { ran.Add(1); return loud{reads}, nil }).
				Then("take", func(context.Context, loud) (int, error) { return 1, nil })
		})
		c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
			return temporalasap.Register(env, f, defaults)
		}}
		_, err := temporalasap.Run(t.Context(), c, f, 1)
		if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != "loud" || !strings.Contains(err.Error(), "panic: no ") || ran.Load() != 1 {
			t.Errorf("reads %t: Run gives %v after %d calls, want an error of loud after one", reads, err, ran.Load())
		}
	}
	f := flow.Define("loud", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		return flow.Signal[loud](g, "approval", asap.After(in)).Then("text", func(_ context.Context, r asap.Result[loud]) (string, error) { return fmt.Sprint(r.Err), nil })
	})
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		return temporalasap.Register(env, f, defaults)
	}, prepare: func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow("approval", loud{true}) }, time.Minute)
	}}
	if got, err := temporalasap.Run(t.Context(), c, f, 1); got != "approval: signal approval was sent what is no temporalasap_test.loud" || err != nil {
		t.Errorf("Run gives %q, %v", got, err)
	}
}

// A nil pointer is the result of a test as it is of a run.
func TestNilResult(t *testing.T) {
	f := flow.Define("nil", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[*int] {
		return in.Then("none", func(context.Context, int) (*int, error) { return nil, nil })
	})
	env := newEnv()
	if err := temporalasap.Register(env, f, defaults); err != nil {
		t.Fatal(err)
	}
	if got, err := temporalasap.RunTest(env, f, 1); got != nil || err != nil {
		t.Errorf("RunTest gives %v, %v", got, err)
	}
}
