package servertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// large is a value of n bytes.
type large struct{ Text string }

// What is too large for a payload is an error that says so, and not a flow that
// hangs: the SDK would try to send it for ever.
func TestServerPayload(t *testing.T) {
	const mega = 1 << 20
	makeLarge := func(_ context.Context, n int) (large, error) {
		return large{Text: strings.Repeat("x", n)}, nil
	}
	first := func(_ context.Context, a, _ large) (int, error) { return len(a.Text), nil }
	value := flow.Define("value", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("make", makeLarge).Then("size", func(_ context.Context, v large) (int, error) { return len(v.Text), nil })
	})
	arguments := flow.Define("arguments", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		a, b := in.Then("a", makeLarge), in.Then("b", makeLarge)
		return a.And(b).Then("first", first)
	})
	result := flow.Define("result", func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]large] {
		return g.Gather("both", in.Then("a", makeLarge), in.Then("b", makeLarge))
	})
	exit := flow.Define("exit", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		other := g.NewExit[string]()
		return in.Then("leave", func(_ context.Context, n int) (int, error) {
			return 0, other.With(strings.Repeat("x", n))
		})
	})
	c := serve(t, func(w worker.Worker) error {
		// A policy of retries has no say in it: the value will not be smaller.
		retry := temporalasap.Task("make", temporalasap.Activity(workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{}}))
		for _, err := range []error{
			temporalasap.Register(w, value, defaults, retry),
			temporalasap.Register(w, arguments, defaults),
			temporalasap.Register(w, result, defaults),
			temporalasap.Register(w, exit, defaults),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}, worker.Options{})
	run := func(f *flow.Flow[int, int], n int) (int, error) {
		return temporalasap.Run(t.Context(), c.client, f, n, c.options())
	}
	for _, test := range []struct {
		name string
		run  func() (int, error)
		want int
		err  string
	}{
		{"a value that fits", func() (int, error) { return run(value, mega) }, mega, ""},
		{"a value", func() (int, error) { return run(value, 3*mega) }, 0, "make: its value is 3.0 MB, and Temporal takes at most 2 MB; pass a reference instead"},
		{"arguments that fit", func() (int, error) { return run(arguments, mega*9/10) }, mega * 9 / 10, ""},
		{"arguments", func() (int, error) { return run(arguments, mega*3/2) }, 0, "first: its arguments are 3.0 MB, and Temporal takes at most 2 MB; pass a reference instead"},
		{"a result", func() (int, error) {
			v, err := temporalasap.Run(t.Context(), c.client, result, mega*3/2, c.options())
			return len(v), err
		}, 0, "flow result: its result is 3.0 MB, and Temporal takes at most 2 MB; pass a reference instead"},
		{"an exit", func() (int, error) { return run(exit, 3*mega) }, 0, "leave: the value of its exit is 3.0 MB, and Temporal takes at most 2 MB; pass a reference instead"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.run()
			if got != test.want || test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
				t.Errorf("Run = %d, %v, want %d, %q", got, err, test.want, test.err)
			}
		})
	}
	t.Run("an input", func(t *testing.T) {
		texts := flow.Define("texts", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] { return in })
		if _, err := temporalasap.Run(t.Context(), c.client, texts, strings.Repeat("x", 3*mega), c.options()); err == nil || !strings.HasPrefix(err.Error(), "asap: flow texts: start: ") {
			t.Errorf("Run with an input of 3 MB = %v, want an error of the start", err)
		}
	})
}

// Errors that are too many, too long, or no text at all end the flow as others do.
func TestServerLargeErrors(t *testing.T) {
	errs := map[string]error{"long": errors.New(strings.Repeat("x", 5<<20)), "no text": errors.New("bad byte \xff")}
	var many []error
	for range 300 {
		many = append(many, errors.New(strings.Repeat("y", 20<<10)))
	}
	errs["many"] = errors.Join(many...)
	fails := func(_ context.Context, how string) (string, error) { return "", errs[how] }
	for _, test := range []struct {
		name string
		flow *flow.Flow[string, string]
		kind temporalasap.TaskOption
	}{
		{"activity", flow.Define("large-error", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] { return in.Then("user", fails) }),
			temporalasap.Activity(workflow.ActivityOptions{})},
		{"local", flow.Define("large-error-local", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] { return in.Then("user", fails) }),
			temporalasap.Local(workflow.LocalActivityOptions{})},
	} {
		c := serve(t, func(w worker.Worker) error {
			return temporalasap.Register(w, test.flow, defaults, temporalasap.Task("user", test.kind))
		})
		for how, start := range map[string]string{"long": "user: xxx", "no text": "user: bad byte \ufffd", "many": "user: yyy"} {
			h, err := temporalasap.Start(t.Context(), c.client, test.flow, how, c.options())
			if err != nil {
				t.Fatal(err)
			}
			_, err = h.Wait(t.Context())
			te, ok := errors.AsType[*asap.TaskError](err)
			if !ok || te.Task != "user" || !strings.HasPrefix(err.Error(), start) {
				t.Errorf("Get of %s, %s: %.200v, want %q", test.name, how, err, start)
			}
			if r, ok := errors.AsType[*flow.RemoteError](err); how == "many" && (!ok || len(r.Unwrap()) != len(many)) {
				t.Errorf("%s: of %d errors %d arrived", test.name, len(many), len(r.Unwrap()))
			}
			replay(t, test.flow, c.history(h.ID(), h.RunID()), temporalasap.Task("user", test.kind))
		}
	}
}

// So does a flow in which much has failed, each of it a report that fits.
func TestServerManyErrors(t *testing.T) {
	f := flow.Define("many-errors", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		for i := range 200 {
			in.Do(fmt.Sprint("fails", i), func(_ context.Context, n int) error { return errors.New(strings.Repeat("x", n)) })
		}
		return in.Then("value", func(_ context.Context, n int) (string, error) { return "there", nil })
	}, asap.Settled())
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) })
	h, err := temporalasap.Start(t.Context(), c.client, f, 16<<10, c.options())
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.Wait(t.Context())
	if ge, ok := errors.AsType[*asap.GroupError](err); v != "there" || !ok || len(ge.Failures) != 200 {
		t.Errorf("Get = %q, %.200v, want the value and 200 failures", v, err)
	}
	replay(t, f, c.history(h.ID(), h.RunID()))
}
