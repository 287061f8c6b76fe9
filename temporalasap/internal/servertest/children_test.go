package servertest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

var pickLine = flow.Define("pick", func(g *asap.Group, sku *asap.Task[string]) *asap.Task[string] {
	return sku.Then("shelf", func(_ context.Context, sku string) (string, error) { return "picked " + sku, nil })
})

var basket = flow.Define("basket", func(g *asap.Group, skus *asap.Task[[]string]) *asap.Task[string] {
	picked := g.Map("line", skus, pickLine.Run)
	parcel := picked.Then("pack", func(context.Context, []string) (string, error) { return "", errors.New("only on a cluster") })
	return parcel.Then("label", func(_ context.Context, parcel string) (string, error) { return "to " + parcel, nil })
})

// PackByHand is the workflow by hand of basket's pack.
func PackByHand(ctx workflow.Context, picked []string) (string, error) {
	if err := workflow.Sleep(ctx, 100*time.Millisecond); err != nil {
		return "", err
	}
	if len(picked) > 2 {
		return "", temporal.NewApplicationError("too many", "Heavy", len(picked))
	}
	return strings.Join(picked, "+"), nil
}

// TestServerChildren: ids and queues by the input, a workflow by hand as a task, and the
// picture of the history.
func TestServerChildren(t *testing.T) {
	prefix := fmt.Sprint("children-", time.Now().UnixNano(), "-")
	options := []temporalasap.Option{defaults,
		temporalasap.Task("line", temporalasap.Child(pickLine, workflow.ChildWorkflowOptions{}),
			temporalasap.ChildOptions(func(sku string) workflow.ChildWorkflowOptions {
				return workflow.ChildWorkflowOptions{WorkflowID: prefix + sku, TaskQueue: "lines " + sku[:1]}
			})),
		temporalasap.Task("pack", temporalasap.ChildWorkflow(PackByHand, workflow.ChildWorkflowOptions{})),
	}
	c := serve(t, func(w worker.Worker) error {
		w.RegisterWorkflow(PackByHand)
		return temporalasap.Register(w, basket, options...)
	})
	for _, queue := range []string{"lines a", "lines b"} {
		w := worker.New(c.client, queue, worker.Options{})
		if err := errors.Join(temporalasap.Register(w, pickLine, defaults), w.Start()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
	}
	for _, test := range []struct {
		skus, want, err string
	}{
		{"a1 b1", "to picked a1+picked b1", ""},
		{"a2 b2 a2", "", "line[2]: its child workflow has the id " + prefix + "a2, which that of line[0] has, too; give each its own"},
		{"a3 a4 b3", "", "pack: too many"},
	} {
		h, err := temporalasap.Start(t.Context(), c.client, basket, strings.Fields(test.skus), c.options())
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Wait(t.Context())
		text := ""
		if err != nil {
			text, _, _ = strings.Cut(err.Error(), " (")
		}
		if got != test.want || text != test.err {
			t.Errorf("basket of %s = %q, %v, want %q, %s", test.skus, got, err, test.want, test.err)
		}
		his := c.history(h.ID(), h.RunID())
		replay(t, basket, his, options...)
		if strings.HasPrefix(test.err, "line") { // the second of one id is nowhere in a history
			continue
		}
		run, err := temporalasap.History(basket, his, options...)
		if err != nil || !run.Ended || (run.Groups[0].Err == "") != (test.err == "") {
			t.Errorf("History of %s = %v, %v", test.skus, run, err)
		}
	}
	d, err := c.client.DescribeWorkflowExecution(t.Context(), prefix+"b1", "")
	if err != nil || d.GetExecutionConfig().GetTaskQueue().GetName() != "lines b" {
		t.Errorf("the child of b1: %v, %v, want it on lines b", d, err)
	}
}

// TestServerChildTwice: an id that another workflow has.
func TestServerChildTwice(t *testing.T) {
	id := fmt.Sprint("taken-", time.Now().UnixNano())
	f := flow.Define("one", func(g *asap.Group, n *asap.Task[string]) *asap.Task[string] { return n.Then("only", pickLine.Run) })
	child := temporalasap.Task("only", temporalasap.Child(pickLine, workflow.ChildWorkflowOptions{WorkflowID: id}))
	c := serve(t, func(w worker.Worker) error {
		return temporalasap.Register(w, f, defaults, child)
	})
	if _, err := c.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "nobody", WorkflowExecutionTimeout: time.Minute}, "Any"); err != nil {
		t.Fatal(err)
	}
	h, err := temporalasap.Start(t.Context(), c.client, f, "a", c.options())
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Wait(t.Context())
	want := "only: child workflow execution already started: id " + id
	if err == nil || err.Error() != want {
		t.Errorf("Wait = %v, want %s", err, want)
	}
	run, err := temporalasap.History(f, c.history(h.ID(), h.RunID()), child)
	if err != nil || run.Groups[0].Err != want {
		t.Errorf("History = %v, %v, want %s", run, err, want)
	}
}

// TestServerInline: flows in a workflow by hand, with workers that keep nothing in memory,
// so that each step is a replay, and one that keeps it.
func TestServerInline(t *testing.T) {
	slow := flow.Define("slow", func(g *asap.Group, n *asap.Task[int]) *asap.Task[string] {
		charge := n.Then("charge", func(_ context.Context, n int) (int, error) { return n, nil }).
			Undo(func(context.Context, int) error { return nil })
		by := flow.Signal[string](g, "approval", asap.After(charge), asap.Timeout(time.Minute))
		return charge.And(by).Then("ship", func(_ context.Context, n int, by asap.Result[string]) (string, error) {
			return fmt.Sprint(n, " by ", by.Value), by.Err
		})
	})
	for name, memory := range map[string]time.Duration{"in memory": 0, "replayed": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			register := func(w temporalasap.Registry) error {
				ship, err1 := temporalasap.Inline(w, slow, defaults)
				pick, err2 := temporalasap.Inline(w, pickLine, defaults)
				byHand := func(ctx workflow.Context, n int) (string, error) {
					ctx = temporalasap.Inside(ctx)
					shipped := make([]string, n)
					fails := make([]error, n)
					wg := workflow.NewWaitGroup(ctx)
					for i := range n {
						wg.Add(1)
						workflow.Go(ctx, func(ctx workflow.Context) {
							defer wg.Done()
							shipped[i], fails[i] = ship(ctx, i)
						})
					}
					var all []string
					for i := range n {
						s, err := pick(ctx, fmt.Sprint(i))
						if err != nil { // canceled: the others undo what they have done
							fails = append(fails, err)
							break
						}
						all = append(all, s)
					}
					wg.Wait(ctx)
					return strings.Join(append(all, shipped...), ", "), errors.Join(fails...)
				}
				w.RegisterWorkflowWithOptions(byHand, workflow.RegisterOptions{Name: "ByHand"})
				return errors.Join(err1, err2)
			}
			o := worker.Options{}
			if memory > 0 {
				o.StickyScheduleToStartTimeout = memory
			}
			c := serveOn(t, server.Shared(t), func(w worker.Worker) error { return register(w) }, o)
			start := func() client.WorkflowRun {
				w, err := c.client.ExecuteWorkflow(t.Context(), c.options(), "ByHand", 3)
				if err != nil {
					t.Fatal(err)
				}
				return w
			}
			send := func(w client.WorkflowRun, signals ...string) {
				for _, signal := range signals {
					if err := c.client.SignalWorkflow(t.Context(), w.GetID(), w.GetRunID(), signal, signal); err != nil {
						t.Fatal(err)
					}
				}
			}
			w := start()
			send(w, "slow.approval", "slow#3.approval", "slow#2.approval")
			var got string
			err := w.Get(t.Context(), &got)
			if want := "picked 0, picked 1, picked 2, 0 by slow.approval, 1 by slow#2.approval, 2 by slow#3.approval"; got != want || err != nil {
				t.Errorf("the workflow = %q, %v, want %q", got, err, want)
			}
			var states []flow.TaskState
			v, err := c.client.QueryWorkflow(t.Context(), w.GetID(), w.GetRunID(), temporalasap.TasksQuery)
			if err == nil {
				err = v.Get(&states)
			}
			if len(states) != 12 || err != nil || slices.ContainsFunc(states, func(s flow.TaskState) bool { return s.State != flow.StateSucceeded }) {
				t.Errorf("the query = %v, %v, want 12 that have succeeded", states, err)
			}

			gone := start()
			send(gone, "slow#2.approval")
			for { // until two are charged and one is shipped
				h := c.history(gone.GetID(), gone.GetRunID())
				if done := completed(h); done["slow.charge"] && done["slow#3.charge"] && done["slow#2.ship"] {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if err := c.client.CancelWorkflow(t.Context(), gone.GetID(), gone.GetRunID()); err != nil {
				t.Fatal(err)
			}
			if err := gone.Get(t.Context(), nil); !temporal.IsCanceledError(errors.Unwrap(err)) {
				t.Errorf("the workflow that was canceled = %v", err)
			}
			h := c.history(gone.GetID(), gone.GetRunID())
			if done := completed(h); !done["slow.charge.undo"] || !done["slow#3.charge.undo"] || done["slow#2.charge.undo"] {
				t.Errorf("activities %v, want the undos of slow and slow#3", done)
			}
			for _, h := range []*history.History{h, c.history(w.GetID(), w.GetRunID())} {
				r := newReplayer(t)
				if err := register(r); err != nil {
					t.Fatal(err)
				}
				if err := r.ReplayWorkflowHistory(server.Quiet{}, h); err != nil {
					t.Errorf("replay: %v", err)
				}
			}
		})
	}
}

// completed are the ids of the activities that have succeeded.
func completed(h *history.History) map[string]bool {
	ids, done := make(map[int64]string), make(map[string]bool)
	for _, e := range h.GetEvents() {
		switch e.GetEventType() {
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			ids[e.GetEventId()] = e.GetActivityTaskScheduledEventAttributes().GetActivityId()
		case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			done[ids[e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()]] = true
		}
	}
	return done
}
