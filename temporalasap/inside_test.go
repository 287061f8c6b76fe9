package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// inline is a flow in a workflow by hand.
type inline[In, Out any] = func(workflow.Context, In) (Out, error)

// runByHand runs w in an environment with what register registers.
func runByHand(t *testing.T, w any, prepare func(*testsuite.TestWorkflowEnvironment), in any) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	prepare(env)
	env.RegisterWorkflow(w)
	env.ExecuteWorkflow(w, in)
	return env
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type taskKey struct{}

// greeting has an Around that tells bodies the names of their tasks.
func greeting(name string, bodies func(context.Context, int) (string, error)) *flow.Flow[int, string] {
	named := asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
		return body(context.WithValue(ctx, taskKey{}, task))
	})
	return flow.Define(name, func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		list := in.Then("list", func(_ context.Context, n int) ([]int, error) { return make([]int, n), nil })
		each := g.Map("each", list, func(ctx context.Context, _ int) (string, error) { return fmt.Sprint(ctx.Value(taskKey{})), nil })
		word := in.Then("word", bodies)
		return each.And(word).Then("join", func(ctx context.Context, each []string, w string) (string, error) {
			return fmt.Sprint(each, " ", w, " ", ctx.Value(taskKey{})), nil
		})
	}, named)
}

func ok(context.Context, int) (string, error) { return "ok", nil }

// Flows in a workflow by hand, one after the other and at once, one of them twice, with
// names that are made to collide.
func TestInline(t *testing.T) {
	a, b := greeting("a", ok), greeting("a.each[0]", ok)
	var first, second inline[int, string]
	var ids diary
	byHand := func(ctx workflow.Context, n int) (string, error) {
		ctx = temporalasap.Inside(temporalasap.Inside(ctx))
		one, err := first(ctx, n)
		if err != nil {
			return "", err
		}
		results := make([]string, 3)
		wg := workflow.NewWaitGroup(ctx)
		for i, f := range []inline[int, string]{first, first, second} {
			wg.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer wg.Done()
				results[i], _ = f(ctx, i+1)
			})
		}
		wg.Wait(ctx)
		return strings.Join(append([]string{one}, results...), "; "), nil
	}
	env := runByHand(t, byHand, func(env *testsuite.TestWorkflowEnvironment) {
		first, second = must(temporalasap.Inline(env, a, defaults)), must(temporalasap.Inline(env, b, defaults, temporalasap.Task("each", temporalasap.Local(workflow.LocalActivityOptions{}))))
		env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
			ids.add(info.ActivityID)
		})
	}, 1)
	var got string
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if want := "[each[0]] ok join; [each[0]] ok join; [each[0] each[1]] ok join; [each[0] each[1] each[2]] ok join"; got != want {
		t.Errorf("the flows = %s, want %s", got, want)
	}
	for _, want := range []string{"a.list", "a.each[0]", "a#2.list", "a#3.each[1]", "a_each[0].join"} {
		if !strings.Contains(ids.String(), want) {
			t.Errorf("activities: %s, want one of %s", ids.String(), want)
		}
	}
	seen := make(map[string]bool)
	for id := range strings.SplitSeq(ids.String(), ", ") {
		if seen[id] && id != "" && strings.Contains(id, ".") {
			t.Errorf("activity %s has begun twice", id)
		}
		seen[id] = true
	}
	var states []flow.TaskState
	v, err := env.QueryWorkflow(temporalasap.TasksQuery)
	if err = errors.Join(err, v.Get(&states)); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]flow.State)
	for _, s := range states {
		names[s.Task] = s.State
	}
	if len(names) != len(states) || names["a.word"] != flow.StateSucceeded || names["a#3.each[1]"] != flow.StateSucceeded || names["a_each[0].each[2]"] != flow.StateSucceeded {
		t.Errorf("the query = %v", states)
	}
}

// What a flow returns there is what it returns in the process.
func TestInlineErrors(t *testing.T) {
	boom := errors.New("boom")
	f := flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		return in.Then("word", func(context.Context, int) (string, error) { return "", boom })
	})
	settled := flow.Define("s", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		in.Then("word", func(context.Context, int) (string, error) { return "", boom })
		return in.Then("value", ok)
	}, asap.Settled())
	var run, runSettled inline[int, string]
	byHand := func(ctx workflow.Context, n int) error {
		if out, err := run(ctx, n); out != "" || err == nil || !strings.Contains(err.Error(), "temporalasap.Inside(ctx)") {
			return fmt.Errorf("without Inside: %q, %w", out, err)
		}
		ctx = temporalasap.Inside(ctx)
		if out, err := runSettled(ctx, n); out != "ok" || err == nil || err.Error() != "word: boom" {
			return fmt.Errorf("settled: %q, %w", out, err)
		}
		_, err := run(ctx, n)
		if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != "word" {
			return fmt.Errorf("no TaskError: %w", err)
		}
		if r, ok := errors.AsType[*flow.RemoteError](err); !ok || r.Message != "boom" {
			return fmt.Errorf("no RemoteError: %w", err)
		}
		return err
	}
	env := runByHand(t, byHand, func(env *testsuite.TestWorkflowEnvironment) {
		run, runSettled = must(temporalasap.Inline(env, f, defaults)), must(temporalasap.Inline(env, settled, defaults))
	}, 1)
	if err := env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), "word: boom") || strings.Contains(err.Error(), "no ") {
		t.Errorf("the workflow = %v, want word: boom", err)
	}
	if run, err := temporalasap.Inline(newEnv(), f); run != nil || err == nil || !strings.Contains(err.Error(), "it has no time limit") {
		t.Errorf("Inline without a limit = %v, want what Register says", err)
	}
}

// Signals, limits of time, undos and cancels of flows in a workflow by hand are each
// flow's own.
func TestInlineSignalsAndCancel(t *testing.T) {
	var d diary
	f := approved(&d)
	var run inline[int, string]
	byHand := func(ctx workflow.Context, n int) (string, error) {
		ctx = temporalasap.Inside(ctx)
		part, cancel := workflow.WithCancel(ctx)
		first, second := workflow.NewFuture(ctx)
		workflow.Go(part, func(ctx workflow.Context) { second.Set(run(ctx, n)) })
		other, err := run(ctx, n+1)
		if err != nil {
			return "", err
		}
		cancel()
		err = first.Get(ctx, nil)
		if !temporal.IsCanceledError(err) || !errors.Is(err, context.Canceled) {
			return "", fmt.Errorf("the one that was canceled: %w", err)
		}
		late, err := run(part, n+2)
		return fmt.Sprint(other, "; ", err, "; ", late), nil
	}
	env := runByHand(t, byHand, func(env *testsuite.TestWorkflowEnvironment) {
		run = must(temporalasap.Inline(env, f, defaults))
		env.RegisterDelayedCallback(func() { env.SignalWorkflow("order.approval", "Ada") }, time.Hour)
	}, 3)
	var got string
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if want := "by Ada; group order: context canceled; "; got != want {
		t.Errorf("the workflow = %q, want %q", got, want)
	}
	if log := d.String(); log != "charge, charge, ship, refund 3 <nil>" {
		t.Errorf("happened: %s", log)
	}
}

// A workflow that is canceled, and returns the error of its flow, has been canceled.
func TestInlineCanceledWorkflow(t *testing.T) {
	var d diary
	f := approved(&d)
	var run inline[int, string]
	byHand := func(ctx workflow.Context, n int) (string, error) { return run(temporalasap.Inside(ctx), n) }
	env := runByHand(t, byHand, func(env *testsuite.TestWorkflowEnvironment) {
		run = must(temporalasap.Inline(env, f, defaults))
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	}, 3)
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
		t.Errorf("the workflow = %v, want it canceled", err)
	}
	if log := d.String(); log != "charge, refund 3 <nil>" {
		t.Errorf("happened: %s", log)
	}
}

// More tasks than the server takes at once, of several flows.
func TestInlineMany(t *testing.T) {
	if testing.Short() {
		t.Skip("3,600 activities")
	}
	f := greeting("wide", ok)
	var run inline[int, string]
	byHand := func(ctx workflow.Context, n int) (int, error) {
		ctx = temporalasap.Inside(ctx)
		wg, total := workflow.NewWaitGroup(ctx), 0
		for range 3 {
			wg.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer wg.Done()
				s, err := run(ctx, n)
				if err != nil {
					t.Error(err)
				}
				total += strings.Count(s, "each[")
			})
		}
		wg.Wait(ctx)
		return total, nil
	}
	env := runByHand(t, byHand, func(env *testsuite.TestWorkflowEnvironment) {
		env.SetTestTimeout(time.Minute)
		run = must(temporalasap.Inline(env, f, defaults))
	}, 1200)
	var got int
	if err := env.GetWorkflowResult(&got); err != nil || got != 3600 {
		t.Errorf("the workflow = %d, %v, want 3600 elements", got, err)
	}
}

// The rules that hold on every engine hold in a workflow by hand.
func TestEngineInline(t *testing.T) {
	asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (out string, err error) {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		var run inline[int, string]
		byHand := func(ctx workflow.Context, n int) error {
			out, err = run(temporalasap.Inside(ctx), n)
			return nil
		}
		env := runByHand(t, byHand, func(env *testsuite.TestWorkflowEnvironment) {
			env.SetTestTimeout(30 * time.Second)
			run = must(temporalasap.Inline(env, f, defaults))
		}, in)
		return out, errors.Join(err, env.GetWorkflowError())
	})
}
