package peers_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// errgroup, conc, pond and others: hang at limit 1 when a task needs another
// task's slot.
func TestPeer_ErrgroupHangsAtLimitOne(t *testing.T) {
	virtual(t, "await and nest", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(gate)
		var b *asap.Task[int]
		a := g.Go("a", open.await(&b))
		b = g.Go("b", func(ctx context.Context) (int, error) {
			nested := asap.New(ctx)
			c := nested.Go("c", after(sec, 3))
			inner := nested.Go("d", c.Await)
			if err := nested.Wait(); err != nil {
				return 0, err
			}
			late := g.Go("late", after(sec, inner.Value())) // errgroup's Go blocks here
			return late.Await(ctx)
		})
		close(open)
		wantNil(t, "Wait", g.Wait())
		if a.Value() != 3 {
			t.Errorf("a: %d, want 3", a.Value())
		}
	})
}

// errgroup, conc and others: runtime.Goexit in a task is silent success.
func TestPeer_ErrgroupGoexitIsSuccess(t *testing.T) {
	virtual(t, "Goexit", func(t *testing.T) {
		g := asap.New(t.Context())
		x := g.Do("x", func(context.Context) error { runtime.Goexit(); return nil })
		if e := ended(g.Wait); !e.goexited {
			t.Errorf("Wait: %+v, want a Goexit", e)
		}
		wantIs(t, "x", x.Result().Err, asap.ErrGoexit)
	})
}

// pond, go-workflow, dag, taskgroup: runtime.Goexit in a task hangs.
func TestPeer_PondGoexitHangs(t *testing.T) {
	virtual(t, "Goexit", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		x := g.Go("x", func(context.Context) (int, error) { time.Sleep(sec); runtime.Goexit(); return 1, nil })
		x.Then("next", never1[int](t))
		g.Go("waiter", x.Await)
		g.Go("queued", never(t))
		ended(g.Wait)
		c.at(t, "Wait", sec)
	})
}

// kakkky/scope: two waiters on one future hang; a failed producer in
// supervisor mode hangs its dependents.
func TestPeer_ScopeTwoWaitersHang(t *testing.T) {
	virtual(t, "two waiters", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		x, bad := g.Go("x", after(sec, 1)), g.Go("bad", fails(sec, errBoom))
		a, b := g.Go("a", x.Await), g.Go("b", x.Await)
		d, e := g.Go("d", bad.Await), bad.Then("e", never1[int](t))
		wantFailed(t, g.Wait(), "bad")
		if a.Value()+b.Value() != 2 {
			t.Errorf("a %d, b %d, want 1 and 1", a.Value(), b.Value())
		}
		wantIs(t, "d", d.Result().Err, errBoom)
		wantIs(t, "e", e.Result().Err, errBoom)
	})
}

// reugn/async: a cancelled Get poisons the future for everyone.
func TestPeer_AsyncCancelledGetPoisons(t *testing.T) {
	virtual(t, "get", func(t *testing.T) {
		g := asap.New(t.Context())
		x := g.Go("x", after(sec, 7))
		short, cancel := context.WithTimeout(t.Context(), ms)
		defer cancel()
		_, err := x.Await(short)
		wantIs(t, "Await", err, context.DeadlineExceeded)
		if v, err := x.Await(t.Context()); v != 7 || err != nil {
			t.Errorf("the next Await: got %d, %v, want 7, nil", v, err)
		}
		wantNil(t, "Wait", g.Wait())
	})
}

// go-taskflow: a cycle runs no task and reports nothing.
func TestPeer_GoTaskflowCycleIsSilent(t *testing.T) {
	virtual(t, "beside other tasks", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		open := make(gate)
		var a, b *asap.Task[int]
		a = g.Go("a", open.await(&b))
		b = g.Go("b", open.await(&a))
		free := g.Go("free", after(sec, 1))
		close(open)
		wantCycle(t, g.Wait(), "a", "b")
		if free.Value() != 1 {
			t.Errorf("free: %d, want 1: it ran beside the cycle", free.Value())
		}
	})
}

// go-taskflow: a panic is logged and Wait returns as if well.
func TestPeer_GoTaskflowPanicIsLogged(t *testing.T) {
	virtual(t, "panic", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("x", func(context.Context) error { panic("ouch") })
		if p, ok := ended(g.Wait).panicked.(*asap.PanicError); !ok || p.Value != "ouch" {
			t.Errorf("Wait: got %v, want the panic", p)
		}
	})
}

// go-flow, oatcatx: dependents of a failed task run with nil.
func TestPeer_GoFlowDependentsRunWithNil(t *testing.T) {
	virtual(t, "pointer", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			g := asap.New(t.Context(), options...)
			user := g.Go("user", func(context.Context) (*int, error) { time.Sleep(sec); return nil, errBoom })
			page := user.Then("page", func(_ context.Context, u *int) (int, error) { return *u, nil })
			wantFailed(t, g.Wait(), "user")
			wantIs(t, "page", page.Result().Err, asap.ErrSkipped, errBoom)
		}
	})
}

// taskgraph: leaks a goroutine per cancelled run.
func TestPeer_TaskgraphLeaksPerCancelledRun(t *testing.T) {
	virtual(t, "100 canceled runs", func(t *testing.T) {
		before := goroutines()
		for range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(ms, cancel)
			asap.Run(ctx, func(g *asap.Group) func() int {
				a := g.Go("a", obeys)
				g.Go("b", a.Await)
				return a.Then("c", never1[int](t)).Value
			})
		}
		if now := goroutines(); len(now) != len(before) {
			t.Errorf("canceled runs: %d goroutines, want %d:\n%s", len(now), len(before), strings.Join(now, "\n\n"))
		}
	})
}

// taskgraph: the cycle check of 45 dense tasks took 5 s.
func TestPeer_TaskgraphDenseCycleCheck(t *testing.T) {
	const n = 400
	g := asap.New(t.Context())
	open := make(gate)
	var looked atomic.Int64
	tasks := make([]*asap.Task[int], n)
	for i := range tasks { // each needs all before it, declared and awaited
		tasks[i] = g.Go(fmt.Sprint("t", i), func(ctx context.Context) (int, error) {
			<-open
			for _, dep := range tasks[:i] {
				if _, err := dep.Await(ctx); err != nil {
					return 0, err
				}
				looked.Add(1)
			}
			return 1, nil
		})
	}
	all := g.Gather("all", tasks...)
	for i := range n { // and declared layers on top
		all.And(tasks[i]).Then("top", func(context.Context, []int, int) (int, error) { return 1, nil })
	}
	close(open)
	wantNil(t, "Wait", g.Wait()) // in milliseconds, or the test's own time limit ends it
	if looked.Load() != n*(n-1)/2 {
		t.Errorf("%d waits, want %d", looked.Load(), n*(n-1)/2)
	}
}

// uber/cff, pond, go-future, oatcatx: return while tasks still run.
func TestPeer_CffReturnsWhileTasksRun(t *testing.T) {
	ends := map[string]func(g *asap.Group){
		"failure": func(g *asap.Group) { g.Go("bad", fails(ms, errBoom)) },
		"exit": func(g *asap.Group) {
			hit := g.NewExit[int]()
			g.Do("hit", func(context.Context) error { time.Sleep(ms); return hit.With(1) })
		},
		"panic": func(g *asap.Group) { g.Do("bad", func(context.Context) error { time.Sleep(ms); panic("ouch") }) },
		"Stop":  func(g *asap.Group) { time.Sleep(ms); go g.Stop() },
	}
	for name, end := range ends {
		virtual(t, name, func(t *testing.T) {
			var running atomic.Int32
			g := asap.New(t.Context())
			for range 5 {
				g.Do("x", func(context.Context) error {
					running.Add(1)
					defer running.Add(-1)
					time.Sleep(sec)
					return nil
				})
			}
			end(g)
			ended(g.Wait)
			if n := running.Load(); n != 0 {
				t.Errorf("Wait returned while %d tasks ran", n)
			}
			synctest.Wait()
		})
	}
}

// errgroup: panic propagation shipped and was reverted (golang/go#53757,
// #74275, #74304, #74306): a crash must show where the body panicked, and a
// panic must not be delayed by siblings that obey their context.
func TestPeer_ErrgroupPanicPropagation(t *testing.T) {
	virtual(t, "at once, with the stack", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		g.Go("sibling", obeys)
		g.Do("x", func(context.Context) error { time.Sleep(sec); panic(errBoom) })
		p, ok := ended(g.Wait).panicked.(*asap.PanicError)
		c.at(t, "Wait", sec)
		if !ok || !errors.Is(p, errBoom) || !strings.Contains(p.Error(), "faults_go_test.go") {
			t.Errorf("Wait: got %v, want the PanicError with the body's stack", p)
		}
	})
}

// go-future: waits on a linkname semaphore, so that a virtual clock never
// advances.
func TestPeer_GoFutureVirtualClockStands(t *testing.T) {
	virtual(t, "an hour", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(2))
		x := g.Go("x", after(time.Hour, 1))
		var wg sync.WaitGroup
		for range 3 {
			g.Go("y", x.Await)
			wg.Go(func() { x.Await(t.Context()) })
		}
		wantNil(t, "Wait", g.Wait())
		wg.Wait()
		c.at(t, "Wait", time.Hour)
	})
}

// sourcegraph/conc: Go from a task during Wait: send on closed channel.
func TestPeer_ConcGoDuringWait(t *testing.T) {
	virtual(t, "three deep", func(t *testing.T) {
		var n atomic.Int32
		g := asap.New(t.Context(), asap.Limit(1))
		var spawn func(depth int) func(context.Context) error
		spawn = func(depth int) func(context.Context) error {
			return func(context.Context) error {
				time.Sleep(sec)
				n.Add(1)
				for range 3 {
					if depth > 0 {
						g.Do("child", spawn(depth-1))
					}
				}
				return nil
			}
		}
		g.Do("root", spawn(3))
		wantNil(t, "Wait", g.Wait())
		if n.Load() != 1+3+9+27 {
			t.Errorf("%d tasks ran, want 40", n.Load())
		}
	})
}

// heimdalr/dag: 10,000 tasks took 75 s.
func TestPeer_DagTenThousandTasks(t *testing.T) {
	g := asap.New(t.Context())
	const n = 10_000
	last := make([]*asap.Task[int], 100)
	for i := range n {
		k := i % len(last)
		switch {
		case last[k] == nil:
			last[k] = g.Go("t", after(0, 1))
		case k > 0:
			last[k] = last[k].And(last[k-1]).Then("t", func(_ context.Context, a, b int) (int, error) { return max(a, b) + 1, nil })
		default:
			last[k] = last[k].Then("t", func(_ context.Context, v int) (int, error) { return v + 1, nil })
		}
	}
	wantNil(t, "Wait", g.Wait()) // in milliseconds, or the test's own time limit ends it
	if got := last[99].Value(); got < 100 {
		t.Errorf("the last task: %d, want at least 100", got)
	}
}
