package temporalasap_test

import (
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/randomflow"
	"github.com/asap-go/asap/temporalasap"
)

// Random flows in which time decides give in the test environment, whose timers are
// virtual, what they give in the process.
func TestTimedEnvironment(t *testing.T) {
	seeds := uint64(500)
	if testing.Short() {
		seeds = 60
	}
	for seed := range seeds {
		c := randomflow.NewTimed(seed, randomflow.Pace{Tick: time.Minute, Sleeps: true})
		var seen randomflow.Observer
		client := &envClient{
			register: func(env *testsuite.TestWorkflowEnvironment) error {
				return temporalasap.Register(env, c.Flow.With(asap.Observe(&seen)), temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: 10000 * time.Hour}))
			},
			prepare: func(env *testsuite.TestWorkflowEnvironment) {
				for _, a := range c.Script {
					env.RegisterDelayedCallback(func() {
						if a.Signal != "" {
							env.SignalWorkflow(a.Signal, a.Value)
							return
						}
						if a.Cause != nil {
							env.SignalWorkflow(temporalasap.CancelSignal, asap.Result[struct{}]{Err: a.Cause})
						}
						env.CancelWorkflow()
					}, a.At)
				}
			},
		}
		out, err := temporalasap.Run(t.Context(), client, c.Flow, c.In)
		if err := c.Check(out, err, true); err != nil {
			t.Error(err)
		}
		if err := c.CheckTasks(seen.Runs()[0]); err != nil {
			t.Error(err)
		}
	}
}
