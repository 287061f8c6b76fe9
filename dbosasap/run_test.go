package dbosasap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// serve registers flows of one type.
func serve[In, Out any](f *flow.Flow[In, Out], options ...dbosasap.Option) func(*dbosasap.Runtime) error {
	return func(rt *dbosasap.Runtime) error { return dbosasap.Register(rt, f, options...) }
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestCancel(t *testing.T) {
	began := make(chan struct{}, 2)
	held := flow.Define("held", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for i := range 2 {
			in.Do(fmt.Sprint("hold", i), func(ctx context.Context, _ int) error {
				began <- struct{}{}
				<-ctx.Done()
				return context.Cause(ctx)
			})
		}
		return in
	})
	closing := errors.New("the shop closes")
	for _, c := range []struct {
		name  string
		cause error
		want  string
	}{
		{"without a cause", nil, "group held (running: hold0, hold1): context canceled"},
		{"with a cause", closing, "group held (running: hold0, hold1): context canceled: the shop closes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rt := newRuntime(t, serve(held))
			h, err := dbosasap.Start(t.Context(), rt, held, 1)
			if err != nil {
				t.Fatal(err)
			}
			<-began
			<-began
			tasks, err := h.Tasks(t.Context())
			if err != nil || len(tasks) != 2 || tasks[0].State != flow.StateRunning || tasks[0].Attempt != 1 || tasks[0].Since.IsZero() {
				t.Errorf("Tasks gives %v, %v, want two that run", tasks, err)
			}
			if err := h.Cancel(t.Context(), c.cause); err != nil {
				t.Fatal(err)
			}
			_, err = h.Wait(within(t, 10*time.Second))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Wait gives %v, want one that is context.Canceled", err)
			}
			if c.cause != nil && !strings.Contains(err.Error(), c.cause.Error()) {
				t.Errorf("Wait gives %v, want the cause in it", err)
			}
			if _, ok := errors.AsType[*asap.GroupError](err); !ok {
				t.Errorf("Wait gives %v, want a *GroupError", err)
			}
			if tasks, err = h.Tasks(t.Context()); err != nil || tasks[0].State != flow.StateCanceled {
				t.Errorf("Tasks gives %v, %v, want canceled ones", tasks, err)
			}
		})
	}
}

// A flow that DBOS cancels ends without another record.
func TestCancelByDBOS(t *testing.T) {
	began := make(chan struct{})
	held := flow.Define("held", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		in.Do("hold", func(ctx context.Context, _ int) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		})
		return in
	})
	rt := newRuntime(t, serve(held))
	h, err := dbosasap.Start(t.Context(), rt, held, 1)
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := dbos.CancelWorkflow(rt.DBOS(), h.ID()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Wait(within(t, 10*time.Second)); !errors.Is(err, context.Canceled) && !errors.Is(err, dbos.ErrWorkflowCancelled) {
		t.Errorf("Wait gives %v, want one that says canceled", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	began := make(chan struct{})
	held := flow.Define("held", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("hold", func(ctx context.Context, _ int) (int, error) {
			close(began)
			<-ctx.Done()
			return 0, ctx.Err()
		})
	})
	rt := newRuntime(t, serve(held))
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the client has gone")
	go func() {
		<-began
		cancel(cause)
	}()
	if _, err := dbosasap.Run(ctx, rt, held, 1); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Errorf("Run gives %v, want one that is the context's error and cause", err)
	}
	if _, err := dbosasap.Run(ctx, rt, held, 1); !errors.Is(err, cause) {
		t.Errorf("Run with a dead context gives %v, want its cause", err)
	}
}

// A flow that is shut down in the middle goes on at the next start, with what was
// recorded; what a Within says counts from its first start.
func TestShutdown(t *testing.T) {
	database := filepath.Join(t.TempDir(), "flows.db")
	var first, second atomic.Int32
	began := make(chan struct{}, 8)
	var release chan struct{}
	f := flow.Define("two", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		a := in.Then("a", func(_ context.Context, n int) (int, error) { first.Add(1); return n + 1, nil })
		return a.Then("b", func(ctx context.Context, n int) (int, error) {
			second.Add(1)
			began <- struct{}{}
			select {
			case <-release:
				return n * 10, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
	})
	release = make(chan struct{})
	rt := openRuntime(t, database, serve(f))
	h, err := dbosasap.Start(t.Context(), rt, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := rt.Shutdown(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	rt = openRuntime(t, database, serve(f))
	again, err := dbosasap.Attach(rt, f, h.ID())
	if err != nil {
		t.Fatal(err)
	}
	<-began
	close(release)
	got, err := again.Wait(within(t, 20*time.Second))
	if got != 20 || err != nil || first.Load() != 1 || second.Load() != 2 {
		t.Errorf("the flow gives %d, %v after a ran %d times and b %d, want 20 after 1 and 2", got, err, first.Load(), second.Load())
	}
}

func TestRetry(t *testing.T) {
	var tries atomic.Int32
	final := errors.New("no such card")
	f := flow.Define("retry", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(_ context.Context, n int) (int, error) {
			switch {
			case n < 0:
				tries.Add(1)
				return 0, final
			case tries.Add(1) < 3:
				return 0, errors.New("card service down")
			}
			return n, nil
		})
	})
	policy := dbosasap.RetryPolicy{Attempts: 5, First: time.Millisecond, Final: func(err error) bool { return errors.Is(err, final) }}
	rt := newRuntime(t, serve(f, dbosasap.Task("charge", dbosasap.Retry(policy))))
	h, err := dbosasap.Start(t.Context(), rt, f, 7)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Wait(within(t, 10*time.Second)); got != 7 || err != nil || tries.Load() != 3 {
		t.Errorf("Wait gives %d, %v after %d attempts, want 7 after 3", got, err, tries.Load())
	}
	if tasks, err := h.Tasks(t.Context()); err != nil || tasks[0].Attempt != 3 || tasks[0].State != flow.StateSucceeded {
		t.Errorf("Tasks gives %v, %v, want attempt 3", tasks, err)
	}
	tries.Store(0)
	if _, err := dbosasap.Run(t.Context(), rt, f, -1); err == nil || err.Error() != "charge: no such card" || tries.Load() != 1 {
		t.Errorf("Run gives %v after %d attempts, want the final error after 1", err, tries.Load())
	}
}

// What cannot be kept is a final error that names the task, never another value.
func TestValuesThatCannotBeKept(t *testing.T) {
	type odd struct{ Ratio float64 }
	var ran atomic.Int32
	f := flow.Define("odd", func(g *asap.Group, in *asap.Task[int]) *asap.Task[odd] {
		return in.Then("measure", func(context.Context, int) (odd, error) {
			ran.Add(1)
			return odd{math.NaN()}, nil
		})
	})
	rt := newRuntime(t, serve(f))
	_, err := dbosasap.Run(t.Context(), rt, f, 1)
	te, ok := errors.AsType[*asap.TaskError](err)
	if !ok || te.Task != "measure" || !strings.Contains(err.Error(), "cannot be kept") || ran.Load() != 1 {
		t.Errorf("Run gives %v after %d calls, want an error of measure after one", err, ran.Load())
	}
	g := flow.Define("bad input", func(g *asap.Group, in *asap.Task[float64]) *asap.Task[float64] { return in })
	rt = newRuntime(t, serve(g))
	if _, err := dbosasap.Run(t.Context(), rt, g, math.Inf(1)); err == nil || !strings.Contains(err.Error(), "bad input: its input cannot be kept") {
		t.Errorf("Run gives %v, want an error of the input", err)
	}
}

func TestLimitsOfTime(t *testing.T) {
	f := flow.Define("late", func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]asap.Result[int]] {
		slow := func(ctx context.Context, n int) (int, error) {
			select {
			case <-time.After(time.Minute):
				return n, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		price := in.Optional("price", slow, asap.Timeout(30*time.Millisecond))
		ads := in.Optional("ads", slow, asap.Within(60*time.Millisecond))
		behind := price.Optional("behind", func(ctx context.Context, _ asap.Result[int]) (int, error) { return slow(ctx, 0) }, asap.Within(60*time.Millisecond))
		return g.Gather("all", price, ads, behind)
	})
	rt := newRuntime(t, serve(f))
	got, err := dbosasap.Run(within(t, 20*time.Second), rt, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"timeout 30ms", "within 60ms", "within 60ms"} {
		if !errors.Is(got[i].Err, context.DeadlineExceeded) || !strings.Contains(got[i].Err.Error(), want) {
			t.Errorf("result %d is %v, want one that is DeadlineExceeded and says %s", i, got[i].Err, want)
		}
	}
}

func TestQueueAndChild(t *testing.T) {
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("double", func(_ context.Context, n int) (int, error) {
			if n < 0 {
				return 0, errors.New("negative")
			}
			return 2 * n, nil
		})
	})
	var atOnce, most atomic.Int32
	outer := flow.Define("outer", func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]int] {
		doubled := in.Then("inner", inner.Run)
		list := doubled.Then("list", func(_ context.Context, n int) ([]int, error) { return slices.Repeat([]int{n}, 6), nil })
		return g.Map("pick", list, func(_ context.Context, n int) (int, error) {
			most.Store(max(most.Load(), atOnce.Add(1)))
			time.Sleep(5 * time.Millisecond)
			atOnce.Add(-1)
			return n + 1, nil
		})
	})
	rt := newRuntime(t, serve(inner), serve(outer,
		dbosasap.Task("inner", dbosasap.Child(inner)),
		dbosasap.Task("pick", dbosasap.Queue("pickers"))))
	if _, err := dbos.RegisterQueue(rt.DBOS(), "pickers", dbos.WithGlobalConcurrency(2), dbos.WithQueueBasePollingInterval(10*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	got, err := dbosasap.Run(within(t, 30*time.Second), rt, outer, 4)
	if want := []int{9, 9, 9, 9, 9, 9}; !slices.Equal(got, want) || err != nil || most.Load() > 2 {
		t.Errorf("Run gives %v, %v with %d at once, want %v with at most 2", got, err, most.Load(), want)
	}
	if _, err := dbosasap.Run(within(t, 30*time.Second), rt, outer, -1); err == nil || err.Error() != "inner: double: negative" {
		t.Errorf("Run gives %v, want the error of the child's task", err)
	}
}
