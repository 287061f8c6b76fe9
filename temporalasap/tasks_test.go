package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// runIn runs a flow in the test environment.
func runIn[In, Out any](t *testing.T, f *flow.Flow[In, Out], in In, prepare func(*testsuite.TestWorkflowEnvironment), options ...temporalasap.Option) (Out, error) {
	t.Helper()
	c := &envClient{prepare: prepare, register: func(env *testsuite.TestWorkflowEnvironment) error {
		return temporalasap.Register(env, f, append([]temporalasap.Option{defaults}, options...)...)
	}}
	return temporalasap.Run(t.Context(), c, f, in)
}

type notFound struct{ ID int }

func (e *notFound) Error() string { return fmt.Sprint("no user ", e.ID) }

// An error of a body is final, unless the task's policy says more.
func TestRetry(t *testing.T) {
	var tries atomic.Int64
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("user", func(_ context.Context, n int) (int, error) {
			if tries.Add(1) < int64(n) {
				return 0, fmt.Errorf("try %d: %w", tries.Load(), &notFound{7})
			}
			return n, nil
		})
	})
	policy := func(p temporal.RetryPolicy) temporalasap.Option {
		return temporalasap.Task("user", temporalasap.Activity(workflow.ActivityOptions{RetryPolicy: &p}))
	}
	for _, test := range []struct {
		name    string
		options []temporalasap.Option
		tries   int64
		err     string
	}{
		{"by default", nil, 1, "user: try 1: no user 7"},
		{"twice", []temporalasap.Option{policy(temporal.RetryPolicy{MaximumAttempts: 2})}, 2, "user: try 2: no user 7"},
		{"until it goes well", []temporalasap.Option{policy(temporal.RetryPolicy{})}, 3, ""},
		{"not that type", []temporalasap.Option{policy(temporal.RetryPolicy{NonRetryableErrorTypes: []string{"notFound"}})}, 1, "user: try 1: no user 7"},
		{"a local activity", []temporalasap.Option{temporalasap.Task("user", temporalasap.Local(workflow.LocalActivityOptions{}))}, 1, "user: try 1: no user 7"},
		{"a local activity again", []temporalasap.Option{temporalasap.Task("user", temporalasap.Local(workflow.LocalActivityOptions{RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond}}))}, 3, ""},
		{"a local activity with a policy of Defaults", []temporalasap.Option{
			temporalasap.Defaults(workflow.ActivityOptions{RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumAttempts: 2}}),
			temporalasap.Task("user", temporalasap.Local(workflow.LocalActivityOptions{}))}, 2, "user: try 2: no user 7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tries.Store(0)
			_, err := runIn(t, f, 3, nil, test.options...)
			if got := tries.Load(); got != test.tries {
				t.Errorf("the body ran %d times, want %d", got, test.tries)
			}
			if test.err == "" {
				if err != nil {
					t.Errorf("Run: %v, want nil", err)
				}
				return
			}
			if err == nil || err.Error() != test.err {
				t.Errorf("Run: %v, want %q", err, test.err)
			}
			te, ok := errors.AsType[*asap.TaskError](err)
			if !ok || te.Task != "user" {
				t.Errorf("errors.As(%v) = %v, want the error of user", err, te)
			}
			if r, ok := errors.AsType[*flow.RemoteError](err); !ok || r.Type != "*fmt.wrapError" || !strings.Contains(fmt.Sprintf("%#v", r.Unwrap()[0]), "notFound") {
				t.Errorf("errors.As(%v) = %#v, want what is left of the body's error", err, r)
			}
			if _, ok := errors.AsType[*temporal.WorkflowExecutionError](err); !ok {
				t.Errorf("no *temporal.WorkflowExecutionError in %v", err)
			}
		})
	}
}

// Options reach the activities, and only those that they name.
func TestActivityOptions(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		say := func(ctx context.Context, n int) (int, error) { return n + 1, nil }
		likes := g.Map("likes", in.Then("list", func(context.Context, int) ([]int, error) { return []int{1, 2}, nil }), say)
		won := g.Race("mirror", func(context.Context) (int, error) { return 1, nil })
		prices := in.Then("price", say).And(in.Then("price", say)).Then("prices", func(_ context.Context, a, b int) (int, error) { return a + b, nil })
		return likes.And(won).And(prices).Then("sum", func(_ context.Context, l []int, a, b int) (int, error) { return len(l) + a + b, nil })
	})
	saw := make(map[string]string)
	v, err := runIn(t, f, 1, func(env *testsuite.TestWorkflowEnvironment) {
		env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
			saw[info.ActivityID] = fmt.Sprintf("%s on %s, %v, beat %v", info.ActivityType.Name, info.TaskQueue, info.StartToCloseTimeout, info.HeartbeatTimeout)
		})
	}, temporalasap.Task("likes[]", temporalasap.Activity(workflow.ActivityOptions{StartToCloseTimeout: time.Hour})),
		temporalasap.Task("mirror", temporalasap.Activity(workflow.ActivityOptions{TaskQueue: "far"})),
		temporalasap.Task("price#2", temporalasap.Activity(workflow.ActivityOptions{HeartbeatTimeout: time.Second}), temporalasap.OwnHeartbeat()))
	if v != 7 || err != nil {
		t.Errorf("Run = %d, %v, want 7, nil", v, err)
	}
	queue := "default-test-taskqueue"
	equal(t, "activities", saw, map[string]string{
		"list":      "shop.list on " + queue + ", 1m0s, beat 10s",
		"likes[0]":  "shop.likes[] on " + queue + ", 1h0m0s, beat 10s",
		"likes[1]":  "shop.likes[] on " + queue + ", 1h0m0s, beat 10s",
		"mirror[0]": "shop.mirror[0] on far, 1m0s, beat 10s",
		"price":     "shop.price on " + queue + ", 1m0s, beat 10s",
		"price#2":   "shop.price#2 on " + queue + ", 1m0s, beat 1s",
		"prices":    "shop.prices on " + queue + ", 1m0s, beat 10s",
		"sum":       "shop.sum on " + queue + ", 1m0s, beat 10s",
	})
}

// A flow inside another one is a child workflow on request.
func TestChild(t *testing.T) {
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("half", func(_ context.Context, n int) (int, error) {
			if n%2 != 0 {
				return 0, fmt.Errorf("%d is odd", n)
			}
			return n / 2, nil
		})
	})
	outer := flow.Define("outer", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("inner", inner.Run).Then("again", func(_ context.Context, n int) (int, error) { return 10 * n, nil })
	})
	for _, test := range []struct {
		in, out int
		err     string
	}{{4, 20, ""}, {3, 0, "inner: half: 3 is odd"}} {
		children := 0
		v, err := runIn(t, outer, test.in, func(env *testsuite.TestWorkflowEnvironment) {
			if err := temporalasap.Register(env, inner, defaults); err != nil {
				t.Fatal(err)
			}
			env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) { children++ })
		}, temporalasap.Task("inner", temporalasap.Child(inner, workflow.ChildWorkflowOptions{})))
		if v != test.out || fmt.Sprint(err) != cmpOr(test.err, "<nil>") || children != 1 {
			t.Errorf("Run(%d) = %d, %v with %d children; want %d, %q, 1", test.in, v, err, children, test.out, test.err)
		}
		if here, hereErr := outer.Run(t.Context(), test.in); here != v || fmt.Sprint(hereErr) != fmt.Sprint(err) {
			t.Errorf("in this process %d, %v; there %d, %v", here, hereErr, v, err)
		}
	}
}

// A policy of the child decides whether a flow that failed runs again.
func TestChildRetry(t *testing.T) {
	var tries atomic.Int64
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("half", func(_ context.Context, n int) (int, error) {
			if tries.Add(1) < 3 {
				return 0, errors.New("not yet")
			}
			return n / 2, nil
		})
	})
	outer := flow.Define("outer", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("inner", inner.Run) })
	for _, test := range []struct {
		options workflow.ChildWorkflowOptions
		tries   int64
		err     string
	}{
		{workflow.ChildWorkflowOptions{}, 1, "inner: half: not yet"},
		{workflow.ChildWorkflowOptions{RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1, MaximumAttempts: 5}}, 3, "<nil>"},
		{workflow.ChildWorkflowOptions{RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, NonRetryableErrorTypes: []string{"asap.GroupError"}}}, 1, "inner: half: not yet"},
	} {
		tries.Store(0)
		_, err := runIn(t, outer, 4, func(env *testsuite.TestWorkflowEnvironment) {
			if err := temporalasap.Register(env, inner, defaults); err != nil {
				t.Fatal(err)
			}
		}, temporalasap.Task("inner", temporalasap.Child(inner, test.options)))
		if fmt.Sprint(err) != test.err || tries.Load() != test.tries {
			t.Errorf("Run with %+v: %v after %d tries, want %s after %d", test.options.RetryPolicy, err, tries.Load(), test.err, test.tries)
		}
	}
}

// The SDK's test environment knows heartbeats, and waits for them as a server does.
func TestHeartbeatInEnvironment(t *testing.T) {
	beats := make(chan struct{}, 100)
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("slow", func(ctx context.Context, n int) (int, error) {
			for range 3 {
				select {
				case <-beats:
				case <-ctx.Done():
					return 0, context.Cause(ctx)
				case <-time.After(time.Minute):
					return 0, errors.New("no heartbeat in a minute")
				}
			}
			return n, nil
		})
	})
	v, err := runIn(t, f, 7, func(env *testsuite.TestWorkflowEnvironment) {
		env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { beats <- struct{}{} })
	}, temporalasap.Defaults(workflow.ActivityOptions{HeartbeatTimeout: 2 * time.Second}))
	if v != 7 || err != nil {
		t.Errorf("Run = %d, %v, want 7, nil", v, err)
	}
}

// What Tasks says of a body that exits early, and of one that panics.
func TestTasksOfEnds(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[string]) *asap.Task[int] {
		hit := g.NewExit[int]()
		return in.Then("cache", func(_ context.Context, how string) (int, error) {
			switch how {
			case "exit":
				return 0, hit.With(3)
			case "panic":
				panic("cold")
			}
			return 0, errors.New(strings.Repeat("x", 1<<20))
		}).Then("quote", add)
	})
	for how, want := range map[string]flow.TaskState{
		"exit":  {Task: "cache", State: flow.StateSucceeded, Attempt: 1},
		"panic": {Task: "cache", State: flow.StateFailed, Attempt: 1, Error: "cache: panic: cold"},
		"fail":  {Task: "cache", State: flow.StateFailed, Attempt: 1, Error: strings.Repeat("x", 1<<10) + "…"},
	} {
		c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error { return temporalasap.Register(env, f, defaults) }}
		_, _ = temporalasap.Run(t.Context(), c, f, how)
		states, err := temporalasap.Attach(t.Context(), c, f, "", "").Tasks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "Tasks after "+how, timeless(t, states), []flow.TaskState{want, {Task: "quote", State: flow.StateSkipped}})
	}
}

// A value that cannot be encoded is its task's error, and not a workflow that
// tries for ever.
func TestValueThatCannotBeEncoded(t *testing.T) {
	type odd struct{ V any }
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return g.Input("odd", odd{func() {}}).Then("quote", consume[odd])
	})
	_, err := runIn(t, f, 1, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "quote: ") || !strings.Contains(err.Error(), "unable to encode") {
		t.Errorf("Run: %v, want the error of quote", err)
	}
}

// A body that uses the flow's tasks is told so, whatever context it uses.
func TestHandlesInBodies(t *testing.T) {
	for name, use := range map[string]func(context.Context, *asap.Task[int]) (int, error){
		"await":           func(ctx context.Context, user *asap.Task[int]) (int, error) { return user.Await(ctx) },
		"await elsewhere": func(_ context.Context, user *asap.Task[int]) (int, error) { return user.Await(context.Background()) },
		"Value":           func(_ context.Context, user *asap.Task[int]) (int, error) { return user.Value(), nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
				user := in.Then("user", add)
				return in.Then("page", func(ctx context.Context, _ int) (int, error) { return use(ctx, user) })
			})
			_, err := runIn(t, f, 1, nil)
			if err == nil || !strings.HasPrefix(err.Error(), "page: ") || !strings.Contains(err.Error(), "task user") || !strings.Contains(err.Error(), "declare") {
				t.Errorf("Run: %v, want the error of page that names user and what to declare", err)
			}
		})
	}
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}
