package temporalasap

import (
	"testing"

	"go.temporal.io/sdk/workflow"
)

// SetMaxFlying lets fewer activities be in flight until the test ends.
func SetMaxFlying(t *testing.T, n int) {
	was := maxFlying
	maxFlying = n
	t.Cleanup(func() { maxFlying = was })
}

// Fits is whether a value fits into a payload.
func Fits(v any) error { return configured(nil).values().fits("it is", v) }

// workflowcheck follows only functions with a workflow.Context: this one leads
// it to the methods that the group calls.
func everyMethodOfTheEngine(ctx workflow.Context, e *engine) error {
	e.Start(nil, nil)
	e.Cancel(nil)
	e.CancelCall(nil, nil)
	e.Now()
	e.answers()
	e.states()
	e.close()
	if err := e.result(nil, nil); err != nil {
		return err
	}
	return e.Step()
}

var _ = everyMethodOfTheEngine
