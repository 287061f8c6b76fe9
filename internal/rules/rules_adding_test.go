package rules_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func TestR4_AddedLater(t *testing.T) {
	virtual(t, "by a task", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		var inner *asap.Task[int]
		g.Do("outer", func(ctx context.Context) error {
			time.Sleep(sec)
			inner = g.Go("inner", after(sec, 1))
			inner.Do("innermost", func(context.Context, int) error { time.Sleep(sec); return nil })
			return nil // before inner is done
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 3*sec)
		if inner.Value() != 1 {
			t.Errorf("inner: %d, want 1", inner.Value())
		}
	})
	virtual(t, "from outside during Wait", func(t *testing.T) {
		g := asap.New(t.Context())
		running := make(chan struct{})
		g.Do("running", func(context.Context) error { <-running; return nil })
		var late *asap.Task[int]
		go func() {
			time.Sleep(sec)
			late = g.Go("late", after(sec, 1))
			close(running)
		}()
		wantNil(t, "Wait", g.Wait())
		if late.Value() != 1 {
			t.Errorf("late: %d, want 1", late.Value())
		}
	})
	virtual(t, "when all have ended but nobody waits yet", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", after(0, 1))
		time.Sleep(sec)
		b := g.Go("b", after(0, 2))
		wantNil(t, "Wait", g.Wait())
		if b.Value() != 2 {
			t.Errorf("b: %d, want 2", b.Value())
		}
	})
	virtual(t, "in a canceled group that has not ended", func(t *testing.T) {
		g := asap.New(t.Context())
		hold := make(chan struct{})
		g.Do("hold", func(context.Context) error { <-hold; return nil })
		go func() { time.Sleep(sec); g.Stop() }()
		time.Sleep(2 * sec)
		late := g.Go("late", never(t))
		_, err := late.Await(context.Background())
		wantIs(t, "late", err, asap.ErrSkipped, context.Canceled)
		close(hold)
		g.Wait()
	})
	for _, end := range []string{"Wait", "Stop"} {
		virtual(t, "after "+end, func(t *testing.T) {
			g := asap.New(t.Context())
			in := g.Input("in", []int{1})
			if end == "Wait" {
				g.Wait()
			} else {
				g.Stop()
			}
			for name, declare := range map[string]func(){
				"go":       func() { g.Go("go", never(t)) },
				"do":       func() { g.Do("do", func(context.Context) error { return nil }) },
				"optional": func() { g.Optional("optional", never(t)) },
				"input":    func() { g.Input("input", 1) },
				"gather":   func() { g.Gather("gather", in) },
				"map":      func() { g.Map("map", in, never1[int](t)) },
				"race":     func() { g.Race("race", never(t)) },
				"then":     func() { in.Then("then", never1[[]int](t)) },
				"and":      func() { in.And(in).Do("and", func(context.Context, []int, []int) error { return nil }) },
			} {
				want := "asap: task " + name + " declared in a group that has ended; declare it before Wait returns, or in a new group with New"
				if got := recovered(declare); got != want {
					t.Errorf("%s after %s: panic %v, want %s", name, end, got, want)
				}
			}
			wantNil(t, "the second Wait", g.Wait())
		})
	}
}

func TestR5_ExactInstants(t *testing.T) {
	virtual(t, "random layers", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			begin := time.Now()
			g := asap.New(t.Context())
			type task struct {
				*asap.Task[int]
				end time.Duration
			}
			var tasks []task
			for i := range 40 {
				d := time.Duration(random.IntN(1000)) * ms
				start := time.Duration(0)
				var deps []*asap.Task[int]
				for range random.IntN(4) {
					if i > 0 {
						dep := tasks[random.IntN(i)]
						deps = append(deps, dep.Task)
						start = max(start, dep.end)
					}
				}
				body := func(context.Context) (int, error) {
					if got := time.Since(begin); got != start {
						t.Errorf("task %d with %d dependencies starts at %v, want %v", i, len(deps), got, start)
					}
					time.Sleep(d)
					return 1, nil
				}
				var made *asap.Task[int]
				switch len(deps) {
				case 0:
					made = g.Go("go", body)
				case 1:
					made = deps[0].Then("then", func(ctx context.Context, _ int) (int, error) { return body(ctx) })
				case 2:
					made = deps[0].And(deps[1]).Then("and", func(ctx context.Context, _, _ int) (int, error) { return body(ctx) })
				default:
					made = g.Gather("gather", deps...).Then("all", func(ctx context.Context, _ []int) (int, error) { return body(ctx) })
				}
				tasks = append(tasks, task{made, start + d})
			}
			wantNil(t, "Wait", g.Wait())
			end := time.Duration(0)
			for _, task := range tasks {
				end = max(end, task.end)
			}
			if got := time.Since(begin); got != end {
				t.Errorf("makespan %v, want %v", got, end)
			}
		}
	})
}

func TestR4_ExactInRealTime(t *testing.T) {
	// Go races with the end of Wait: it panics, or Wait waits for its task.
	added, refused := 0, 0
	for round := range 2000 {
		g := asap.New(t.Context())
		g.Go("first", one)
		var late *asap.Task[int]
		done := make(chan any)
		spin := func() {
			for range round % 50 {
				runtime.Gosched()
			}
		}
		go func() {
			if round%4 == 0 {
				spin()
			}
			done <- recovered(func() { late = g.Go("late", one) })
		}()
		if round%4 != 0 {
			spin()
		}
		wantNil(t, "Wait", g.Wait())
		if v := <-done; v != nil {
			refused++
			continue
		}
		added++
		if v := recovered(func() { late.Value() }); v != nil {
			t.Fatalf("round %d: Go returned and Wait did not wait for its task: %v", round, v)
		}
	}
	t.Logf("%d added, %d refused", added, refused)
}

func TestR34_Processors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(n)
		for _, options := range [][]asap.Option{nil, {asap.Limit(1)}, {asap.Limit(3)}} {
			for range 20 {
				g := asap.New(t.Context(), options...)
				layer := []*asap.Task[int]{g.Go("root", one)}
				for range 10 {
					up := make([]*asap.Task[int], 20)
					for i := range up {
						a, b := layer[i%len(layer)], layer[(i+1)%len(layer)]
						if i%2 == 0 {
							up[i] = a.And(b).Then("declared", sum2)
							continue
						}
						up[i] = g.Go("awaited", func(ctx context.Context) (int, error) {
							x, err := a.Await(ctx)
							if err != nil {
								return 0, err
							}
							y, err := b.Await(ctx)
							return x + y, err
						})
					}
					layer = up
				}
				wantNil(t, "Wait", g.Wait())
				for _, task := range layer {
					if task.Value() != 1<<10 {
						t.Fatalf("GOMAXPROCS %d: %d, want %d", n, task.Value(), 1<<10)
					}
				}
			}
		}
	}
}
