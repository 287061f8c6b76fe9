package waterfall_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// feed is a Map of 500, 20 at a time, between other tasks.
func feed(g *asap.Group) {
	rnd := rand.New(rand.NewPCG(5, 5))
	user := g.Go("user", sleep(20*ms, 1))
	ids := user.Then("ids", func(context.Context, int) ([]time.Duration, error) {
		time.Sleep(10 * ms)
		out := make([]time.Duration, 500)
		for i := range out {
			out[i] = time.Duration(5000+rnd.IntN(20_000)) * time.Microsecond
		}
		return out, nil
	})
	items := g.Map("item", ids, func(_ context.Context, d time.Duration) (int, error) { time.Sleep(d); return 1, nil }, asap.Limit(20))
	items.Do("page", func(context.Context, []int) error { time.Sleep(12 * ms); return nil })
}

func ranked(run *waterfall.Run) []string {
	var out []string
	for _, g := range run.Ranking() {
		out = append(out, g.Change.String())
	}
	return out
}

// A family and its limit are rows, and none of its elements is.
func TestRankingOfAFamily(t *testing.T) {
	run := recorded(t, feed)
	gains := run.Ranking()
	if len(gains) != 5 || gains[0].Change.String() != "item[]=-50%" || gains[0].Tasks != 500 || gains[0].Task != 0 {
		t.Fatalf("Ranking() = %v, want item[] first of five", ranked(run))
	}
	if half := run.Makespan * 4 / 10; gains[0].Saves < half {
		t.Errorf("item[] at half its time saves %v of %v", gains[0].Saves, run.Makespan)
	}
	if l := gains[1]; l.Change.String() != "limit:item=30" || l.Slots != 20 || l.Saves <= 0 || l.Most < l.Saves || !strings.HasPrefix(l.UpTo.String(), "limit:item=") {
		t.Errorf("the second is %+v, want the limit of item", l)
	}
}

// What a row says is what WhatIf says of its changes.
func TestRankingIsWhatIf(t *testing.T) {
	runs := map[string]*waterfall.Run{
		"feed":  recorded(t, feed),
		"crowd": crowd(t, 20),
		"limit": recorded(t, func(g *asap.Group) {
			for i := range 9 {
				g.Go("call", sleep(time.Duration(10+i)*ms, 1))
			}
		}, asap.Limit(2)),
		"nested": recorded(t, func(g *asap.Group) {
			for range 3 {
				g.Go("page", func(ctx context.Context) (int, error) {
					inner := asap.New(ctx, asap.Name("parts"), asap.Limit(2))
					for i := range 5 {
						inner.Go("part", sleep(time.Duration(5+i)*ms, 1))
					}
					return 1, inner.Wait()
				})
			}
		}),
	}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 14))
		p := newPlan(rnd, 2+rnd.IntN(20), true)
		p.limit = rnd.IntN(4)
		runs[string(rune('A'+seed))] = p.run(t)
	}
	for name, run := range runs {
		gains := run.Ranking()
		for i, g := range gains {
			p, err := run.WhatIf(g.Change)
			if err != nil || p.Saved() != g.Saves {
				t.Errorf("%s: WhatIf(%v) saves %v, %v; the ranking says %v", name, g.Change, p.Saved(), err, g.Saves)
			}
			p, err = run.WhatIf(g.UpTo)
			if off := p.Saved() - g.Most; err != nil || off < -run.Makespan/1000-1 {
				t.Errorf("%s: WhatIf(%v) saves %v, %v; the ranking says %v at least", name, g.UpTo, p.Saved(), err, g.Most)
			}
			if i > 0 && g.Saves > gains[i-1].Saves {
				t.Errorf("%s: %v saves more than %v before it", name, g.Change, gains[i-1].Change)
			}
		}
	}
	if first := ranked(runs["limit"])[0]; first != "call#*=-50%" {
		t.Errorf("nine calls under a limit of two: first is %s, want all of them", first)
	}
	if rows := strings.Join(ranked(runs["limit"]), " "); !strings.Contains(rows, "limit=3") || strings.Contains(rows, "call#2") {
		t.Errorf("nine calls under a limit of two: %s, want limit=3 and no single call", rows)
	}
	if rows := strings.Join(ranked(runs["nested"]), " "); !strings.Contains(rows, "limit:parts=3") {
		t.Errorf("nested groups with a limit: %s, want limit:parts=3", rows)
	}
}

// Of a failed run the ranking does not say to let it fail sooner: the task that failed
// is not in it, and the page tells the error first.
func TestRankingOfAFailedRun(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		user := g.Go("user", sleep(20*ms, 1))
		user.Then("charge", func(context.Context, int) (int, error) { time.Sleep(30 * ms); return 0, errors.New("card declined") })
		g.Optional("ads", func(context.Context) (int, error) { time.Sleep(5 * ms); return 0, errors.New("no ads today") })
	})
	for _, change := range ranked(run) {
		if strings.HasPrefix(change, "charge") {
			t.Errorf("the ranking of a failed run has %s", change)
		}
	}
	page := render(t, run, waterfall.HTML)
	head, gains, _ := strings.Cut(page, "What to fix first")
	gains, _, _ = strings.Cut(gains, "</section>")
	const failed, tolerated = "charge failed at 50\u00a0ms: card declined", "ads failed at 5\u00a0ms, which was tolerated: no ads today"
	if at := strings.Index(gains, failed); at < 0 || strings.Contains(gains, "<table") && at > strings.Index(gains, "<table") {
		t.Errorf("the page does not say %q before its table: %s", failed, gains)
	}
	if !strings.Contains(head, failed) || !strings.Contains(head, tolerated) {
		t.Errorf("the head of the page does not say what failed and what was tolerated")
	}
}

// A page has ten rows and says how many more there are.
func TestPageHasTenGains(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		last := g.Go("a", sleep(ms, 1))
		for i := range 14 {
			last = last.Then(string(rune('b'+i)), func(context.Context, int) (int, error) { time.Sleep(ms); return 1, nil })
		}
	})
	page := render(t, run, waterfall.HTML)
	_, gains, _ := strings.Cut(page, "What to fix first")
	gains, _, _ = strings.Cut(gains, "</section>")
	if n := strings.Count(gains, `<th scope="row">`); n != 10 || !strings.Contains(gains, "… 5 more") {
		t.Errorf("the page of fifteen gains has %d and: %s", n, gains)
	}
}

func TestWhatIfOfLimits(t *testing.T) {
	run := recorded(t, feed)
	for _, c := range []struct {
		change waterfall.Change
		want   string
	}{
		{waterfall.LimitOf("user", 3), `no Map and no nested group "user"`},
		{waterfall.LimitOf("nobody", 3), `no Map and no nested group "nobody"`},
		{waterfall.LimitOf("item", -1), "limit -1; 0 means none"},
		{waterfall.Within("nobody", ms), `no task "nobody"`},
	} {
		if _, err := run.WhatIf(c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("WhatIf(%v) = %v, want %s", c.change, err, c.want)
		}
	}
	p, err := run.WhatIf(waterfall.LimitOf("item", 0))
	if err != nil || p.Makespan != run.Measure().Span || p.Run.Task("item").Limit != 0 || run.Task("item").Limit != 20 {
		t.Errorf("without a limit of item: %v, %v, want the span %v, and the run as it was", p.Makespan, err, run.Measure().Span)
	}
}

// An optional task that the others wait for gets a Within: that is done in a minute, and
// a faster service is not.
func TestRankingOfWithin(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		ads := g.Optional("ads", func(ctx context.Context) (int, error) {
			select {
			case <-time.After(80 * ms):
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
		user := g.Go("user", sleep(30*ms, 1))
		ads.And(user).Do("page", func(context.Context, asap.Result[int], int) error { time.Sleep(10 * ms); return nil })
	})
	g := run.Ranking()[0]
	if g.Change.String() != "within:ads=40ms" || g.Saves != 40*ms || g.Most != 50*ms || g.UpTo.String() != "within:ads=30ms" {
		t.Errorf("the first row is %v, saves %v, %v at most, up to %v; want within:ads=40ms, 40ms, 50ms, within:ads=30ms", g.Change, g.Saves, g.Most, g.UpTo)
	}
	if p, err := run.WhatIf(waterfall.Within("ads", 60*ms)); err != nil || p.Makespan != 70*ms {
		t.Errorf("WhatIf(Within(ads, 60ms)) = %v, %v, want 70ms", p.Makespan, err)
	}
}

// A limit that Maps share is a row, and so is that of a Map beside it.
func TestRankingOfASharedLimit(t *testing.T) {
	run := recorded(t, func(g *asap.Group) {
		db := asap.SharedLimit(2)
		list := g.Input("list", make([]int, 6))
		body := func(context.Context, int) (int, error) { time.Sleep(10 * ms); return 1, nil }
		g.Map("users", list, body, db)
		g.Map("orders", list, body, db)
	})
	rows := strings.Join(ranked(run), " ")
	if !strings.Contains(rows, "limit:shared=3") {
		t.Errorf("the ranking is %s, want limit:shared=3 in it", rows)
	}
	p, err := run.WhatIf(waterfall.LimitOf("users", 4))
	if err != nil || p.Baseline != 60*ms || p.Makespan != 30*ms {
		t.Errorf("WhatIf(LimitOf(users, 4)) = %v instead of %v, %v; want 30ms instead of 60ms, as orders has it too", p.Makespan, p.Baseline, err)
	}
	if p, err = run.WhatIf(waterfall.LimitOf("shared", 0)); err != nil || p.Makespan != 10*ms {
		t.Errorf("WhatIf(LimitOf(shared, 0)) = %v, %v, want 10ms", p.Makespan, err)
	}
}
