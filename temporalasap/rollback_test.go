package temporalasap_test

import (
	"context"
	"errors"
	"testing"

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
