package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

func once(ctx context.Context, _ string, body func(context.Context) error) error { return body(ctx) }

func same(_ context.Context, n int) (int, error) { return n, nil }

// What options of tasks say that cannot work is refused beforehand.
func TestRegisterTaskOptions(t *testing.T) {
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("inner", same) })
	child := temporalasap.Task("user", temporalasap.Child(inner, workflow.ChildWorkflowOptions{}))
	with := func(options ...asap.TaskOption) *flow.Flow[int, int] {
		return flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("user", inner.Run, options...) })
	}
	for _, test := range []struct {
		name    string
		flow    *flow.Flow[int, int]
		options []temporalasap.Option
		want    string
	}{
		{"a child with a Timeout", with(asap.Timeout(time.Second)), []temporalasap.Option{child}, "task user: Child of a body with an Around or a Timeout"},
		{"a child with an Around", with(asap.Around(once)), []temporalasap.Option{child}, "task user: Child of a body with an Around or a Timeout"},
		{"a child in a flow with an Around", with().With(asap.Around(once)), []temporalasap.Option{child}, "task user: Child of a body with an Around or a Timeout"},
		{"a Timeout that the server does not wait for", with(asap.Timeout(time.Minute)), nil, "its Timeout is 1m0s, and its StartToCloseTimeout 1m0s; set a longer StartToCloseTimeout"},
		{"a need that does not travel", flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			cart := in.Then("cart", produce[secret])
			return g.Go("user", func(ctx context.Context) (int, error) { return len(cart.Get(ctx).note), nil }, asap.Needs(cart))
		}), nil, "secret.note is not exported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := temporalasap.Register(newEnv(), test.flow, append(test.options, defaults)...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Register = %v, want an error with %q", err, test.want)
			}
		})
	}
}

// A When that is another one when the flow is built again is one that would be another
// one on replay.
func TestRegisterUnsteadyOptions(t *testing.T) {
	for name, option := range map[string]func(n int) asap.TaskOption{
		"which may fail":       func(n int) asap.TaskOption { return []asap.TaskOption{asap.MayFail(), asap.When(true)}[n%2] },
		"left out":             func(n int) asap.TaskOption { return asap.When(n%2 == 0) },
		"with a timeout of 1s": func(n int) asap.TaskOption { return asap.Timeout(time.Duration(1+n%2) * time.Second) },
	} {
		n := 0
		f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			n++
			return in.Then("user", same, option(n/2))
		})
		if err := temporalasap.Register(newEnv(), f, defaults); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Register = %v, want an error with %q", err, name)
		}
	}
}

// registering returns what registers f with options, and inner if that is not nil.
func registering[Out any](f *flow.Flow[int, Out], inner *flow.Flow[int, int], options ...temporalasap.Option) func(*testsuite.TestWorkflowEnvironment) error {
	return func(env *testsuite.TestWorkflowEnvironment) error {
		if inner != nil {
			if err := temporalasap.Register(env, inner, defaults); err != nil {
				return err
			}
		}
		return temporalasap.Register(env, f, append(options, defaults)...)
	}
}

// Local activities and children have needs, names and limits as others do.
func TestLocalAndChildOptions(t *testing.T) {
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("inner", same) })
	type key struct{}
	named := asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
		return body(context.WithValue(ctx, key{}, task))
	})
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		ten := in.Then("ten", func(context.Context, int) (int, error) { return 10, nil })
		child := in.Then("child", inner.Run, asap.Needs(ten), asap.Within(time.Hour))
		likes := g.Map("likes", in.Then("list", func(_ context.Context, n int) ([]int, error) { return make([]int, n), nil }), func(ctx context.Context, _ int) (string, error) {
			return fmt.Sprint(ctx.Value(key{}), " ", ten.Get(ctx)), nil
		}, asap.Needs(ten), named, asap.Within(time.Hour))
		late := in.Optional("late", func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, asap.Timeout(20*time.Millisecond))
		return g.Go("all", func(ctx context.Context) (string, error) {
			return fmt.Sprint(child.Get(ctx), " ", likes.Get(ctx), " ", errors.Is(late.Get(ctx).Err, context.DeadlineExceeded)), nil
		}, asap.Needs(child, likes, late))
	})
	c := &envClient{}
	c.register = registering(f, inner,
		temporalasap.Task("likes[]", temporalasap.Local(workflow.LocalActivityOptions{})),
		temporalasap.Task("late", temporalasap.Local(workflow.LocalActivityOptions{})),
		temporalasap.Task("child", temporalasap.Child(inner, workflow.ChildWorkflowOptions{})))
	out, err := temporalasap.Run(t.Context(), c, f, 2)
	if want := "2 [likes[0] 10 likes[1] 10] true"; out != want || err != nil {
		t.Errorf("Run = %q, %v, want %q", out, err, want)
	}
}

// What When leaves out says so, and needs no activity.
func TestLeftOutState(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("coupons", same, asap.When(false)).Then("user", same)
	})
	c := &envClient{register: registering(f, nil)}
	if _, err := temporalasap.Run(t.Context(), c, f, 1); err != nil {
		t.Fatal(err)
	}
	states, err := temporalasap.Attach(t.Context(), c, f, "", "").Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Tasks", timeless(t, states), []flow.TaskState{{Task: "user", State: flow.StateSucceeded, Attempt: 1}, {Task: "coupons", State: flow.StateLeftOut}})
}
