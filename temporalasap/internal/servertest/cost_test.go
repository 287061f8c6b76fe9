package servertest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

func add(_ context.Context, n int) (int, error)        { return n + 1, nil }
func add2(_ context.Context, a, b int) (int, error)    { return a + b, nil }
func add3(_ context.Context, a, b, c int) (int, error) { return a + b + c, nil }
func sumOf(_ context.Context, list []int) (n int, err error) {
	for _, v := range list {
		n += v
	}
	return n, nil
}

// shape is a flow, and the same workflow as one writes it by hand.
type shape struct {
	tasks int
	flow  *flow.Flow[int, int]
	hand  func(ctx workflow.Context, in int) (int, error)
}

// page is the graph of six tasks that the seeds begin with.
func page() shape {
	return shape{6, flow.Define("page", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		user := in.Then("user", add)
		config := in.Then("config", add)
		profile := user.Then("profile", add)
		posts := user.Then("posts", add)
		analytics := user.And(posts).Then("analytics", add2)
		return config.And(profile).And(analytics).Then("page", add3)
	}), handPage}
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
	run("hand.add", &config, nil, in)
	run("hand.add", &user, func() {
		run("hand.add", &profile, nil, user)
		run("hand.add", &posts, func() {
			run("hand.add2", &analytics, nil, user, posts)
		}, user)
	}, in)
	for left > 0 && failed == nil {
		s.Select(ctx)
	}
	if failed != nil {
		return 0, failed
	}
	var out int
	err := workflow.ExecuteActivity(ctx, "hand.add3", config, profile, analytics).Get(ctx, &out)
	return out, err
}

// chain is n tasks one after the other.
func chain(n int) shape {
	return shape{n, flow.Define(fmt.Sprint("chain", n), func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for range n {
			in = in.Then("add", add)
		}
		return in
	}), func(ctx workflow.Context, in int) (int, error) {
		for range n {
			if err := workflow.ExecuteActivity(ctx, "hand.add", in).Get(ctx, &in); err != nil {
				return 0, err
			}
		}
		return in, nil
	}}
}

// wide is n tasks side by side and one behind them.
func wide(n int) shape {
	return shape{n + 1, flow.Define(fmt.Sprint("wide", n), func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		tasks := make([]*asap.Task[int], n)
		for i := range tasks {
			tasks[i] = in.Then("add", add)
		}
		return g.Gather("all", tasks...).Then("sum", sumOf)
	}), func(ctx workflow.Context, in int) (int, error) {
		futures := make([]workflow.Future, n)
		for i := range futures {
			futures[i] = workflow.ExecuteActivity(ctx, "hand.add", in)
		}
		values := make([]int, n)
		for i, f := range futures {
			if err := f.Get(ctx, &values[i]); err != nil {
				return 0, err
			}
		}
		var out int
		err := workflow.ExecuteActivity(ctx, "hand.sumOf", values).Get(ctx, &out)
		return out, err
	}}
}

// names are those of the two workflows.
func (s *shape) names() [2]string { return [2]string{s.flow.Name(), s.flow.Name() + " by hand"} }

// byHand has the options that a careful author gives, as the flow does.
func (s *shape) byHand(ctx workflow.Context, in int) (int, error) {
	return s.hand(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: 10 * time.Second}), in)
}

// serveBoth starts a worker with the flows and the workflows by hand.
func serveBoth(t testing.TB, shapes ...shape) *cluster {
	return serve(t, func(w worker.Worker) error {
		for name, fn := range map[string]any{"add": add, "add2": add2, "add3": add3, "sumOf": sumOf} {
			w.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: "hand." + name})
		}
		for _, s := range shapes {
			w.RegisterWorkflowWithOptions(s.byHand, workflow.RegisterOptions{Name: s.names()[1]})
			if err := temporalasap.Register(w, s.flow, defaults); err != nil {
				return err
			}
		}
		return nil
	}, worker.Options{MaxConcurrentActivityTaskPollers: 8, MaxConcurrentWorkflowTaskPollers: 8, DeadlockDetectionTimeout: 10 * time.Second})
}

// once runs a workflow and returns its result, its history, and the time from
// start to result.
func (c *cluster) once(name string) (out int, h *history.History, took time.Duration) {
	c.t.Helper()
	options := c.options()
	options.WorkflowTaskTimeout = time.Minute
	began := time.Now()
	run, err := c.client.ExecuteWorkflow(c.t.Context(), options, name, 1)
	if err == nil {
		err = run.Get(c.t.Context(), &out)
	}
	took = time.Since(began)
	if err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	return out, c.history(run.GetID(), run.GetRunID()), took
}

// A flow does what the workflow by hand does, with as many activities.
func TestServerSameAsByHand(t *testing.T) {
	shapes := []shape{page(), chain(3), wide(5)}
	c := serveBoth(t, shapes...)
	for _, s := range shapes {
		var outs [2]int
		for i, name := range s.names() {
			var h *history.History
			outs[i], h, _ = c.once(name)
			if n := count(h, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED); n != s.tasks || count(h, enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED) != n {
				t.Errorf("%s has scheduled %d activities, want %d, and each to complete", name, n, s.tasks)
			}
		}
		if outs[0] != outs[1] {
			t.Errorf("%s gives %d, and %d by hand", s.flow.Name(), outs[0], outs[1])
		}
	}
}

// Ten thousand tasks that are all declared: those that a server does not take
// at once wait in the flow.
func TestServerWidest(t *testing.T) {
	const n = 10_000
	if testing.Short() {
		t.Skip("half a minute")
	}
	s := wide(n)
	got, h, took := serveBoth(t, s).once(s.flow.Name())
	if got != 2*n {
		t.Errorf("%d side by side give %d, want %d", n, got, 2*n)
	}
	t.Logf("%d side by side: %.1f s, %d events", n, took.Seconds(), len(h.Events))
}

// BenchmarkServer runs a flow and the same by hand in turn, on one server and
// one worker, and reports medians: docs/temporal.md has them.
func BenchmarkServer(b *testing.B) {
	shapes := []shape{page(), chain(20), chain(100), wide(20), wide(100), wide(1000)}
	c := serveBoth(b, shapes...)
	for _, s := range shapes {
		b.Run(s.flow.Name(), func(b *testing.B) {
			var took [2][]time.Duration
			var events [2][]int
			for first := 0; b.Loop(); first = 1 - first {
				for _, i := range [2]int{first, 1 - first} {
					_, h, d := c.once(s.names()[i])
					took[i], events[i] = append(took[i], d), append(events[i], len(h.Events))
				}
			}
			middle := len(took[0]) / 2
			for i := range took {
				slices.Sort(took[i])
				slices.Sort(events[i])
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(took[0][middle].Seconds()*1000, "ms/flow")
			b.ReportMetric(took[1][middle].Seconds()*1000, "ms/hand")
			b.ReportMetric(float64(took[0][middle])/float64(took[1][middle]), "flow/hand")
			b.ReportMetric(float64(events[0][middle]), "events/flow")
			b.ReportMetric(float64(events[1][middle]), "events/hand")
		})
	}
}
