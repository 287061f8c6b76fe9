package temporalasap_test

import (
	"context"
	"testing"

	"go.temporal.io/sdk/testsuite"

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// The rules that hold on every engine, in the SDK's test environment.
func TestEngine(t *testing.T) {
	asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
		c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
			return temporalasap.Register(env, f, defaults)
		}}
		return temporalasap.Run(ctx, c, f, in)
	})
}
