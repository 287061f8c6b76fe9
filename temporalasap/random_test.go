package temporalasap_test

import (
	"testing"

	"go.temporal.io/sdk/testsuite"

	"github.com/asap-go/asap/internal/randomflow"
	"github.com/asap-go/asap/temporalasap"
)

// Random flows give in the test environment what they give in the process.
func TestRandomEnvironment(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		c := randomflow.New(seed)
		env := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
			return temporalasap.Register(env, c.Flow, defaults)
		}}
		if err := c.Check(temporalasap.Run(t.Context(), env, c.Flow, c.In)); err != nil {
			t.Error(err)
		}
	}
}
