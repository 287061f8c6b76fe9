package temporalasap_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

func fan() *flow.Flow[int, int] {
	return flow.Define("fan", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		list := in.Then("list", func(_ context.Context, n int) ([]int, error) { return make([]int, n), nil })
		return g.Map("item", list, add).Then("sum", sumOf)
	})
}

// A history that would grow too long ends the flow beforehand, in words.
func TestHistoryLimit(t *testing.T) {
	// All that are in flight are canceled at once, and the environment of the tests hangs
	// when its queue is full: of a thousand.
	temporalasap.SetMaxFlying(t, 500)
	f := fan()
	for _, test := range []struct {
		name           string
		in, events, mb int
		say            string
	}{
		{"too wide", 20_000, 0, 0, "flow fan does not fit into one workflow: its history has 0 events of at most 51200, and "},
		{"too long", 10, 51_190, 0, "its history has 51190 events of at most 51200"},
		{"too large", 10, 0, 47, "its history has 47 MB of at most 50; pass references"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := runIn(t, f, test.in, func(env *testsuite.TestWorkflowEnvironment) {
				env.SetCurrentHistoryLength(test.events)
				env.SetCurrentHistorySize(test.mb << 20)
			})
			if v != 0 || err == nil || !strings.Contains(err.Error(), test.say) || !strings.Contains(err.Error(), "Child") {
				t.Errorf("Run = %d, %v, want an error with %q that says what to do", v, err, test.say)
			}
		})
	}
}

// Ten thousand side by side, a thousand at a time.
func TestWide(t *testing.T) {
	v, err := runIn(t, fan(), 10_000, func(env *testsuite.TestWorkflowEnvironment) { env.SetTestTimeout(5 * time.Minute) })
	if v != 10_000 || err != nil {
		t.Errorf("Run = %d, %v, want 10000, nil", v, err)
	}
}
