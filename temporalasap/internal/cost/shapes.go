package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/temporalasap"
)

// shape is a flow, and the same workflow as one writes it by hand.
type shape struct {
	name  string
	tasks int
	hops  int // tasks one after the other
	flow  *asap.Flow[int, int]
	hand  func(ctx workflow.Context, in int) (int, error)
}

func add1(_ context.Context, a int) (int, error)       { return a + 1, nil }
func add2(_ context.Context, a, b int) (int, error)    { return a + b, nil }
func add3(_ context.Context, a, b, c int) (int, error) { return a + b + c, nil }

func total(_ context.Context, list []int) (int, error) {
	sum := 0
	for _, n := range list {
		sum += n
	}
	return sum, nil
}

// page is the graph of six tasks that the seeds begin with.
func page() shape {
	flow := asap.Define("page", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		user := in.Then("user", add1)
		config := in.Then("config", add1)
		profile := user.Then("profile", add1)
		posts := user.Then("posts", add1)
		analytics := user.And(posts).Then("analytics", add2)
		return config.And(profile).And(analytics).Then("page", add3)
	})
	return shape{"page of six tasks", 6, 4, flow, handPage}
}

// handPage is page with futures and a selector: the shortest way in which
// every step starts as soon as its inputs are there.
func handPage(ctx workflow.Context, in int) (int, error) {
	var user, config, profile, posts, analytics int
	var failed error
	left := 0
	s := workflow.NewSelector(ctx)
	run := func(name string, out *int, then func(), args ...any) {
		left++
		s.AddFuture(workflow.ExecuteActivity(ctx, name, args...), func(f workflow.Future) {
			left--
			if err := f.Get(ctx, out); err != nil {
				failed = err
				return
			}
			if then != nil {
				then()
			}
		})
	}
	run("hand.config", &config, nil, in)
	run("hand.user", &user, func() {
		run("hand.profile", &profile, nil, user)
		run("hand.posts", &posts, func() {
			run("hand.analytics", &analytics, nil, user, posts)
		}, user)
	}, in)
	for left > 0 && failed == nil {
		s.Select(ctx)
	}
	if failed != nil {
		return 0, failed
	}
	var out int
	err := workflow.ExecuteActivity(ctx, "hand.page", config, profile, analytics).Get(ctx, &out)
	return out, err
}

// chain is n tasks one after the other.
func chain(n int) shape {
	flow := asap.Define(fmt.Sprint("chain", n), func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for range n {
			in = in.Then("add", add1)
		}
		return in
	})
	return shape{fmt.Sprintf("chain of %d", n), n, n, flow, func(ctx workflow.Context, in int) (int, error) {
		for range n {
			if err := workflow.ExecuteActivity(ctx, "hand.user", in).Get(ctx, &in); err != nil {
				return 0, err
			}
		}
		return in, nil
	}}
}

// wide is n tasks side by side and one behind them.
func wide(n int) shape {
	flow := asap.Define(fmt.Sprint("wide", n), func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		tasks := make([]*asap.Task[int], n)
		for i := range tasks {
			tasks[i] = in.Then("add", add1)
		}
		return g.Gather("all", tasks...).Then("total", total)
	})
	return shape{fmt.Sprintf("%d side by side", n), n + 1, 2, flow, func(ctx workflow.Context, in int) (int, error) {
		futures := make([]workflow.Future, n)
		for i := range futures {
			futures[i] = workflow.ExecuteActivity(ctx, "hand.user", in)
		}
		values := make([]int, n)
		for i, f := range futures {
			if err := f.Get(ctx, &values[i]); err != nil {
				return 0, err
			}
		}
		var out int
		err := workflow.ExecuteActivity(ctx, "hand.total", values).Get(ctx, &out)
		return out, err
	}}
}

// options are the same for both: those that a careful author gives by hand.
var options = workflow.ActivityOptions{StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: 10 * time.Second}

func (s *shape) handName() string { return s.flow.Name() + ".hand" }

func (s *shape) byHand(ctx workflow.Context, in int) (int, error) {
	return s.hand(workflow.WithActivityOptions(ctx, options), in)
}

// register registers both with a worker, or the workflows with a replayer.
func (s *shape) register(r temporalasap.Registry) error {
	r.RegisterWorkflowWithOptions(s.byHand, workflow.RegisterOptions{Name: s.handName()})
	return temporalasap.Register(r, s.flow, temporalasap.Defaults(options))
}

func registerHand(w worker.Worker) {
	for name, fn := range map[string]any{
		"user": add1, "config": add1, "profile": add1, "posts": add1, "analytics": add2, "page": add3, "total": total,
	} {
		w.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: "hand." + name})
	}
}
