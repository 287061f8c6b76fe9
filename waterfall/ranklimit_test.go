package waterfall_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// rowOf is the row of a ranking with that change.
func rowOf(t *testing.T, run *waterfall.Run, change string) waterfall.Gain {
	t.Helper()
	gains := run.Ranking()
	i := slices.IndexFunc(gains, func(g waterfall.Gain) bool { return g.Change.String() == change })
	if i < 0 {
		t.Fatalf("no row %s in %v", change, gains)
	}
	return gains[i]
}

// Groups in bodies mostly have no name: their limits are rows by the task that they are
// in, or by its family, and such a change is what a run with that limit does.
func TestRankingOfLimitsWithoutName(t *testing.T) {
	program := func(slots int) func(*asap.Group) {
		inside := func(ctx context.Context) (int, error) {
			inner := asap.New(ctx, asap.Limit(slots))
			for range 4 {
				inner.Go("call", sleep(10*ms, 1))
			}
			return 1, inner.Wait()
		}
		return func(g *asap.Group) {
			one := g.Go("one", inside)
			pages := g.Map("page", g.Input("in", []int{1, 2}), func(ctx context.Context, _ int) (int, error) { return inside(ctx) })
			one.And(pages).Do("other", func(ctx context.Context, _ int, _ []int) error {
				free := asap.New(ctx) // without a limit, which stays so
				free.Go("free", sleep(ms, 1))
				return free.Wait()
			})
		}
	}
	run := recorded(t, program(1))
	for _, name := range []string{"one", "page[]"} {
		g := waterfall.LimitOf(name, 2)
		p, err := run.WhatIf(g)
		if err != nil {
			t.Fatal(err)
		}
		if p.Makespan != 41*ms {
			t.Errorf("WhatIf(%v) = %v; want no change, as the others take as long", g, p.Makespan)
		}
	}
	p, err := run.WhatIf(waterfall.LimitOf("one", 2), waterfall.LimitOf("page[]", 2))
	if err != nil {
		t.Fatal(err)
	}
	if real := recorded(t, program(2)).Makespan; p.Makespan != real {
		t.Errorf("with both limits at 2: %v, want %v", p.Makespan, real)
	}
	words := strings.Join(run.Explain(), "\n")
	if !strings.Contains(words, "the limit of 1 of the group in ") {
		t.Errorf("Explain() = %s", words)
	}

	run = recorded(t, func(g *asap.Group) {
		g.Map("page", g.Input("in", []int{1, 2}), func(ctx context.Context, _ int) (int, error) {
			inner := asap.New(ctx, asap.Limit(1))
			for range 4 {
				inner.Go("call", sleep(10*ms, 1))
			}
			return 1, inner.Wait()
		})
	})
	if g := rowOf(t, run, "limit:page[]=2"); g.Saves != 20*ms || g.Slots != 1 || g.UpTo.String() != "limit:page[]=4" {
		t.Errorf("the limit of the groups in page[]: %+v", g)
	}
}

// A row never says that its change loses time: where half as many slots more do, it is
// with as many as help.
func TestRankingOfLimitThatLosesFirst(t *testing.T) {
	run := recorded(t, func(g *asap.Group) { // with three slots the long one comes last
		list := g.Input("list", []int{10, 10, 10, 10, 10, 25, 10})
		g.Map("call", list, func(_ context.Context, n int) (int, error) { time.Sleep(time.Duration(n) * ms); return n, nil }, asap.Limit(2))
		g.Go("other", sleep(30*ms, 1))
	})
	for _, g := range run.Ranking() {
		if g.Saves < 0 || g.Most < g.Saves {
			t.Errorf("%v saves %v, and at most %v", g.Change, g.Saves, g.Most)
		}
		if p, err := run.WhatIf(g.Change); err != nil || p.Saved() != g.Saves {
			t.Errorf("WhatIf(%v) saves %v, %v; the row says %v", g.Change, p.Saved(), err, g.Saves)
		}
	}
}

// The limit of a Map whose name begins like that of a shared one is that of the Map.
func TestPageNamesLimitOfMap(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		g.Map("shared-cart", g.Input("in", []int{1, 2}), func(context.Context, int) (int, error) { time.Sleep(ms); return 1, nil }, asap.Limit(1))
	})
	if page := render(t, run, waterfall.HTML); !strings.Contains(page, "limit of shared-cart") {
		t.Error("the page has no row for the limit of shared-cart")
	}
}

// A handler may await a task of a group inside a body, which hands it over, and then
// declare more.
func TestCallerAwaitsNested(t *testing.T) {
	program := func(outer, inner time.Duration) func(t *testing.T, g *asap.Group) {
		return func(t *testing.T, g *asap.Group) {
			made := make(chan *asap.Task[int], 1)
			g.Do("outer", func(ctx context.Context) error {
				group := asap.New(ctx)
				time.Sleep(outer)
				made <- group.Go("inner", sleep(inner, 1))
				group.Go("long", sleep(30*ms, 1))
				return group.Wait()
			})
			(<-made).Await(t.Context())
			time.Sleep(2 * ms)
			g.Go("after", sleep(45*ms, 1))
		}
	}
	run := pathRun(t, program(20*ms, 4*ms))
	if got, want := way(run.CriticalPath()), "outer 20ms, inner 4ms,  outside 2ms, after 45ms"; got != want {
		t.Errorf("path = %s, want %s", got, want)
	}
	for _, c := range []struct {
		change waterfall.Change
		real   func(t *testing.T, g *asap.Group)
	}{
		{waterfall.Speed("inner", .5), program(20*ms, 2*ms)},
		{waterfall.Speed("outer", .5), program(10*ms, 4*ms)}, // inner ends before it had begun
		{waterfall.Speed("inner", -1), program(20*ms, 8*ms)},
		{waterfall.Speed("outer", -1), program(40*ms, 4*ms)},
	} {
		p, err := run.WhatIf(c.change)
		if err != nil {
			t.Fatal(err)
		}
		if real := pathRun(t, c.real).Makespan; p.Makespan != real {
			t.Errorf("WhatIf(%v) = %v, want %v", c.change, p.Makespan, real)
		}
	}
}

// A Within is no gain if what needs the task is skipped then: the rows say how to be as
// good in less time.
func TestRankingLosesNothing(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		extra := g.Go("extra", sleep(40*ms, 1), asap.MayFail())
		extra.Do("show", func(context.Context, int) error { time.Sleep(10 * ms); return nil })
		g.Go("after", sleep(5*ms, 1), asap.AfterEnd(extra))
		g.Optional("ads", sleep(45*ms, 1)).Do("page", func(context.Context, asap.Result[int]) error { time.Sleep(20 * ms); return nil })
	})
	rowOf(t, run, "within:ads=22.5ms")
	for _, g := range run.Ranking() {
		if strings.HasPrefix(g.Change.String(), "within:extra") {
			t.Errorf("%v saves %v, as show is skipped", g.Change, g.Saves)
		}
		for _, c := range []waterfall.Change{g.Change, g.UpTo} {
			if _, err := waterfall.ParseChange(c.String()); err != nil {
				t.Errorf("%v cannot be asked for: %v", c, err)
			}
		}
	}

	run = recorded(t, func(g *asap.Group) {
		g.Go("extra", sleep(40*ms, 1), asap.MayFail()).Do("show", func(context.Context, int) error { time.Sleep(10 * ms); return nil })
	})
	rowOf(t, run, "extra=-50%")
}

// Of many limits those are tried that the run waited for, and not those that come first.
func TestRankingTriesLimitsThatCount(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "slow"} {
			calls := []int{1, 1}
			if name == "slow" {
				calls = []int{30, 30}
			}
			g.Map(name, g.Input(name+" in", calls), func(_ context.Context, n int) (int, error) { time.Sleep(time.Duration(n) * ms); return n, nil }, asap.Limit(1))
		}
	})
	if g := rowOf(t, run, "limit:slow=2"); g.Saves != 30*ms {
		t.Errorf("the limit of slow saves %v", g.Saves)
	}
}

// A task may be called limit, and its row can be asked for.
func TestRankingOfTaskCalledLimit(t *testing.T) {
	run := recorded(t, func(g *asap.Group) { g.Go("limit", sleep(10*ms, 1)) })
	c, err := waterfall.ParseChange(rowOf(t, run, "limit=-50%").Change.String())
	if err != nil {
		t.Fatal(err)
	}
	if p, err := run.WhatIf(c); err != nil || p.Saved() != 5*ms {
		t.Errorf("WhatIf(%v) = %v, %v, want 5 ms saved", c, p, err)
	}
}
