package temporalasap_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// weighed counts how often it is encoded.
type weighed struct{ Text string }

var encodings atomic.Int64

func (w weighed) MarshalJSON() ([]byte, error) { encodings.Add(1); return json.Marshal(w.Text) }
func (w *weighed) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &w.Text)
}

// sized is a flow in which a value of n bytes travels to a task.
var sized = flow.Define("sized", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
	return in.Then("make", func(_ context.Context, n int) (weighed, error) { return weighed{strings.Repeat("x", n)}, nil }).
		Then("size", func(_ context.Context, w weighed) (int, error) { return len(w.Text), nil })
})

// A value is encoded once where it is returned, and once where it is taken.
func TestEncodedOnce(t *testing.T) {
	for _, n := range []int{1 << 10, 300 << 10, 1 << 20} {
		c := &envClient{register: registering(sized, nil)}
		if _, err := temporalasap.Run(t.Context(), c, sized, n); err != nil {
			t.Fatal(err)
		}
		encodings.Store(0)
		if v, err := temporalasap.Run(t.Context(), c, sized, n); v != n || err != nil {
			t.Errorf("Run(%d) = %d, %v", n, v, err)
		}
		if got := encodings.Load() - registered(t); got != 2 {
			t.Errorf("a value of %d bytes was encoded %d times, want twice", n, got)
		}
	}
}

// registered is how often Register encodes values to try them.
func registered(t *testing.T) int64 {
	n := encodings.Load()
	if err := temporalasap.Register(newEnv(), sized, defaults); err != nil {
		t.Fatal(err)
	}
	return encodings.Load() - n
}

// The limit of a payload is that of the option; what a local activity takes has none.
func TestPayloadLimit(t *testing.T) {
	const large = 3 << 20
	local := temporalasap.Task("size", temporalasap.Local(workflow.LocalActivityOptions{}))
	localMake := temporalasap.Task("make", temporalasap.Local(workflow.LocalActivityOptions{}))
	for _, test := range []struct {
		name    string
		options []temporalasap.Option
		n       int
		err     string
	}{
		{"without", nil, large, "make: its value is 3.0 MB, and Temporal takes at most 2 MB; pass a reference instead"},
		{"none", []temporalasap.Option{temporalasap.PayloadLimit(0)}, large, ""},
		{"more", []temporalasap.Option{temporalasap.PayloadLimit(4 << 20)}, large, ""},
		{"less", []temporalasap.Option{temporalasap.PayloadLimit(1 << 20)}, 3 << 19, "make: its value is 1.5 MB, and Temporal takes at most 1 MB; pass a reference instead"},
		{"local", []temporalasap.Option{local, localMake}, large, ""},
	} {
		c := &envClient{register: registering(sized, nil, test.options...)}
		v, err := temporalasap.Run(t.Context(), c, sized, test.n)
		if test.err == "" && (v != test.n || err != nil) || test.err != "" && (err == nil || err.Error() != test.err) {
			t.Errorf("Run with the limit %s = %d, %v, want %q", test.name, v, err, test.err)
		}
	}
}

// Final takes the policy of Defaults back for one task.
func TestFinal(t *testing.T) {
	var tries atomic.Int64
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(context.Context, int) (int, error) { tries.Add(1); return 0, errors.New("declined") })
	})
	policy := temporalasap.Defaults(workflow.ActivityOptions{RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3}})
	for _, test := range []struct {
		options []temporalasap.TaskOption
		tries   int64
	}{
		{nil, 3},
		{[]temporalasap.TaskOption{temporalasap.Final()}, 1},
		{[]temporalasap.TaskOption{temporalasap.Local(workflow.LocalActivityOptions{}), temporalasap.Final()}, 1},
	} {
		tries.Store(0)
		c := &envClient{register: registering(f, nil, policy, temporalasap.Task("charge", test.options...))}
		if _, err := temporalasap.Run(t.Context(), c, f, 1); err == nil || err.Error() != "charge: declined" || tries.Load() != test.tries {
			t.Errorf("Run = %v after %d tries, want %d", err, tries.Load(), test.tries)
		}
	}
}

// A flow in a flow is a child, or says that it is one activity.
func TestNestedFlow(t *testing.T) {
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("one", same) })
	outer := flow.Define("outer", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("inner", inner.Run) })
	err := temporalasap.Register(newEnv(), outer, defaults)
	if err == nil || !strings.HasPrefix(err.Error(), "asap: flow outer: task inner: its body is the Run of a flow") {
		t.Errorf("Register = %v, want it refused", err)
	}
	for _, option := range []temporalasap.TaskOption{temporalasap.Child(inner, workflow.ChildWorkflowOptions{}), temporalasap.Activity(workflow.ActivityOptions{}), temporalasap.Local(workflow.LocalActivityOptions{})} {
		if err := temporalasap.Register(newEnv(), outer, defaults, temporalasap.Task("inner", option)); err != nil {
			t.Errorf("Register: %v", err)
		}
	}
}
