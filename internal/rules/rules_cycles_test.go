package rules_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// gate lets bodies name tasks that are declared later.
type gate chan struct{}

// await is a body that awaits the task that *t is set to before the gate opens.
func (c gate) await(t **asap.Task[int]) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) { <-c; return (*t).Await(ctx) }
}

// wantCycle checks that err has one CycleError, whose path is one of the
// rotations of names, and starts and ends with the same task.
func wantCycle(t *testing.T, err error, names ...string) {
	t.Helper()
	ce, ok := errors.AsType[*asap.CycleError](err)
	if !ok {
		t.Errorf("got %v, want a CycleError over %v", err, names)
		return
	}
	for range names {
		if slices.Equal(ce.Path, append(slices.Clone(names), names[0])) {
			return
		}
		names = append(names[1:], names[0])
	}
	t.Errorf("CycleError: path %v, want %v in a circle", ce.Path, names)
}

func TestR9_Cycles(t *testing.T) {
	virtual(t, "of one", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		var a *asap.Task[int]
		a = g.Go("a", open.await(&a))
		close(open)
		err := g.Wait()
		wantCycle(t, err, "a")
		wantText(t, "Wait", err, "a: cycle: a → a")
	})
	virtual(t, "of two", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		open := make(gate)
		var profile, user *asap.Task[int]
		profile = g.Go("profile", open.await(&user))
		user = g.Go("user", func(ctx context.Context) (int, error) { time.Sleep(sec); return open.await(&profile)(ctx) })
		close(open)
		err := g.Wait()
		c.at(t, "Wait", sec) // at once when it closes
		wantText(t, "Wait", err, "user: cycle: user → profile → user")
		wantText(t, "profile", profile.Result().Err, "profile: user: cycle: user → profile → user")
	})
	virtual(t, "each other's failure in a settled group", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		open := make(gate)
		var a, b *asap.Task[int]
		a = g.Go("a", open.await(&b))
		b = g.Go("b", open.await(&a))
		ok := g.Go("ok", after(sec, 1))
		close(open)
		err := g.Wait()
		wantCycle(t, err, "a", "b")
		if n := len(failed(t, err)); n != 1 {
			t.Errorf("Wait: %d failures, want 1: the other is collateral (%v)", n, err)
		}
		wantCycle(t, a.Result().Err, "a", "b")
		wantCycle(t, b.Result().Err, "a", "b")
		if ok.Value() != 1 {
			t.Errorf("ok: %d, want 1", ok.Value())
		}
	})
	for _, n := range []int{3, 10, 1000} {
		virtual(t, fmt.Sprint("of ", n), func(t *testing.T) {
			g := asap.New(t.Context())
			open := make(gate)
			tasks := make([]*asap.Task[int], n)
			names := make([]string, n)
			for i := range tasks {
				names[i] = fmt.Sprint("t", i)
				tasks[i] = g.Go(names[i], func(ctx context.Context) (int, error) {
					<-open
					time.Sleep(time.Duration(n-i) * ms)
					return tasks[(i+1)%n].Await(ctx)
				})
			}
			close(open)
			wantCycle(t, g.Wait(), names...)
		})
	}
	declared := map[string]func(g *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string){
		"Then": func(_ *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			return a.Then("b", inc), []string{"a", "b"}
		},
		"Then Then": func(_ *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			return a.Then("b", inc).Then("c", inc), []string{"a", "c", "b"}
		},
		"Optional": func(_ *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			return a.Optional("b", inc).Then("c", func(_ context.Context, r asap.Result[int]) (int, error) { return r.Value, nil }), []string{"a", "c", "b"}
		},
		"And": func(g *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			return g.Input("in", 1).And(a).And(g.Go("slow", after(sec, 1))).Then("b", func(_ context.Context, _, _, _ int) (int, error) { return 0, nil }), []string{"a", "b"}
		},
		"Gather": func(g *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			all := g.Gather("all", g.Input("in", 1), a)
			return all.Then("b", func(context.Context, []int) (int, error) { return 0, nil }), []string{"a", "b", "all"}
		},
		"Map over it": func(g *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			ids := a.Then("ids", func(context.Context, int) ([]int, error) { return nil, nil })
			return g.Map("likes", ids, inc).Then("b", func(context.Context, []int) (int, error) { return 0, nil }), []string{"a", "b", "likes", "ids"}
		},
		"Race": func(g *asap.Group, a *asap.Task[int]) (*asap.Task[int], []string) {
			return g.Race("b", a.Await, a.Await), []string{"a", "b", "b[0]"}
		},
	}
	for name, declare := range declared {
		virtual(t, "through "+name, func(t *testing.T) {
			for _, options := range [][]asap.Option{nil, {asap.Limit(1)}, {asap.Settled()}} {
				g := asap.New(t.Context(), options...)
				open := make(gate)
				var a, last *asap.Task[int]
				var path []string
				a = g.Go("a", func(ctx context.Context) (int, error) { <-open; time.Sleep(2 * sec); return last.Await(ctx) })
				last, path = declare(g, a)
				close(open)
				wantCycle(t, g.Wait(), path...)
			}
		})
	}
	virtual(t, "an element that awaits its Map", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		var likes *asap.Task[[]int]
		likes = g.Map("likes", g.Input("ids", []int{1, 2, 3}), func(ctx context.Context, i int) (int, error) {
			<-open
			if i == 2 {
				_, err := likes.Await(ctx)
				return 0, err
			}
			return i, nil
		})
		close(open)
		wantCycle(t, g.Wait(), "likes[1]", "likes")
	})
	virtual(t, "a task that its own nested group awaits", func(t *testing.T) {
		for depth := range 3 {
			g := asap.New(t.Context())
			open := make(gate)
			var a *asap.Task[int]
			var nest func(ctx context.Context, depth int) (int, error)
			nest = func(ctx context.Context, depth int) (int, error) {
				nested := asap.New(ctx)
				nested.Go("in", func(ctx context.Context) (int, error) {
					if depth > 0 {
						return nest(ctx, depth-1)
					}
					time.Sleep(sec)
					return a.Await(ctx)
				})
				return 0, nested.Wait()
			}
			a = g.Go("a", func(ctx context.Context) (int, error) { <-open; return nest(ctx, depth) })
			close(open)
			c := startClock()
			err := g.Wait()
			c.at(t, fmt.Sprint("Wait at depth ", depth), sec)
			wantCycle(t, err, "in", "a")
		}
	})
	virtual(t, "the nested group waits last", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		var a *asap.Task[int]
		a = g.Go("a", func(ctx context.Context) (int, error) {
			<-open
			nested := asap.New(ctx)
			nested.Go("in", a.Await)
			time.Sleep(sec) // in waits for a, which runs as yet
			return 0, nested.Wait()
		})
		close(open)
		wantCycle(t, g.Wait(), "in", "a")
	})
	virtual(t, "between two nested groups", func(t *testing.T) {
		g := asap.New(t.Context())
		open := make(gate)
		var a, b *asap.Task[int]
		nest := func(of **asap.Task[int], wait time.Duration) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				<-open
				nested := asap.New(ctx)
				nested.Go("in "+(*of).Name(), func(ctx context.Context) (int, error) { time.Sleep(wait); return (*of).Await(ctx) })
				return 0, nested.Wait()
			}
		}
		a = g.Go("a", nest(&b, sec))
		b = g.Go("b", nest(&a, 2*sec))
		close(open)
		c := startClock()
		err := g.Wait()
		c.at(t, "Wait", 2*sec)
		wantCycle(t, err, "in a", "a", "in b", "b")
	})
	virtual(t, "a race whose other function fails", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		open := make(gate)
		var a *asap.Task[int]
		race := g.Race("race", fails(sec, errBoom), open.await(&a))
		a = g.Go("a", race.Await)
		close(open)
		err := g.Wait() // while the first ran, it could have won
		c.at(t, "Wait", sec)
		wantCycle(t, err, "race[1]", "a", "race")
	})
	virtual(t, "a race each of whose functions waits for one that waits for it", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		open := make(gate)
		var x, y *asap.Task[int]
		race := g.Race("race", open.await(&x), open.await(&y))
		await := func(d time.Duration) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) { time.Sleep(d); return race.Await(ctx) }
		}
		x, y = g.Go("x", await(sec)), g.Go("y", await(2*sec))
		close(open)
		wantCycle(t, g.Wait(), "y", "race", "race[1]")
		c.at(t, "Wait", 2*sec)
	})
	virtual(t, "odd names", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		open := make(gate)
		var then, ctor *asap.Task[int]
		then = g.Go("then", open.await(&ctor))
		ctor = g.Go("", open.await(&then))
		close(open)
		wantCycle(t, g.Wait(), "then", "task")
	})
}

func inc(_ context.Context, v int) (int, error) { return v + 1, nil }
