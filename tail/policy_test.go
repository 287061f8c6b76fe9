package tail_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// shop is a page of three calls, whose latencies are log-normal with p99 = 8 · p50: of ads
// one can do without, product is safe to call twice, user is not.
type shop struct {
	r                    *rand.Rand
	stats                *waterfall.Stats
	policy               asap.Option
	user, product, ads   time.Duration // p50
	full, runs, products int
	took                 []time.Duration
}

func newShop(options ...tail.Bound) (*shop, *tail.Learner) {
	s := &shop{r: rand.New(rand.NewPCG(11, 12)), stats: new(waterfall.Stats), user: 5 * ms, product: 20 * ms, ads: 30 * ms}
	l := tail.Policy(s.stats, options...)
	s.policy = l
	return s, l
}

func (s *shop) latency(p50 time.Duration) time.Duration {
	return time.Duration(float64(p50) * math.Exp(s.r.NormFloat64()*math.Log(8)/2.326))
}

// run runs pages one after the other, and starts its figures anew.
func (s *shop) run(ctx context.Context, n int) {
	s.full, s.runs, s.products, s.took = 0, 0, 0, nil
	for range n {
		start := time.Now()
		g := asap.New(ctx, asap.Name("home"), asap.Observe(s.stats), s.policy)
		var users, products, adses calls
		user := g.Go("user", users.took([]time.Duration{s.latency(s.user)}))
		product := products.took([]time.Duration{s.latency(s.product), s.latency(s.product)})
		user.Then("product", func(ctx context.Context, _ int) (int, error) { return product(ctx) }, tail.Safe())
		ads := g.Optional("ads", adses.took([]time.Duration{s.latency(s.ads)}))
		if err := g.Wait(); err != nil {
			panic(err)
		}
		s.runs++
		s.products += products.count()
		if ads.Value().Err == nil {
			s.full++
		}
		s.took = append(s.took, time.Since(start))
		time.Sleep(10 * ms)
	}
	slices.Sort(s.took)
}

func (s *shop) p99() time.Duration { return s.took[len(s.took)*99/100] }
func (s *shop) share() float64     { return float64(s.full) / float64(s.runs) }

func decisionOf(l *tail.Learner, task string) (d tail.Decision) {
	for _, d := range l.Decisions() {
		if d.Task == task {
			return d
		}
	}
	return d
}

// TestPolicy: it calls product twice and gives ads up, within its bounds, and p99 falls.
func TestPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newShop(tail.Share(.05), tail.Full(.95))
		s.run(t.Context(), 90)
		if d := l.Decisions(); len(d) != 2 || d[0].Hedge || d[0].Within != 0 || d[1].Hedge || d[1].Within != 0 || s.share() != 1 {
			t.Errorf("%+v, want nothing before there are 100 runs", d)
		}
		s.run(t.Context(), 400)
		s.run(t.Context(), 2500)
		ads, product := decisionOf(l, "ads"), decisionOf(l, "product")
		if ads.Within == 0 || ads.Hedge || ads.GivenUp == 0 || !product.Hedge || product.Within != 0 || product.Won == 0 {
			t.Errorf("%+v, %+v: want ads given up and product called twice", ads, product)
		}
		if s.share() < .95 || float64(s.products) > 1.05*float64(s.runs) {
			t.Errorf("%v of the pages full, %d products in %d, want .95 and at most .05 more", s.share(), s.products, s.runs)
		}
		if s.p99() > 160*ms { // of ads alone it is 240
			t.Errorf("p99 %v", s.p99())
		}
	})
}

// TestPolicyFollows: what is given up and becomes slower is not given up for good; what
// becomes quick is no longer given up.
func TestPolicyFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newShop(tail.Full(.9))
		s.run(t.Context(), 1500) // two minutes
		first := decisionOf(l, "ads").Within
		if first == 0 {
			t.Fatalf("%+v", decisionOf(l, "ads"))
		}
		s.ads *= 10
		s.run(t.Context(), 1000)
		s.run(t.Context(), 1000)
		if now := decisionOf(l, "ads").Within; s.share() < .9 || now != 0 && now < 5*first {
			t.Errorf("ten times as slow, %v of the pages are full, Within was %v and is %v", s.share(), first, now)
		}
		s.ads = ms
		s.run(t.Context(), 2500)
		s.run(t.Context(), 500)
		if d := decisionOf(l, "ads"); s.share() < .99 {
			t.Errorf("as quick as can be, %v of the pages are full: %+v", s.share(), d)
		}
	})
}

// TestAdvise: the same decisions, and nothing is changed.
func TestAdvise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newShop()
		l := tail.Advise(s.stats)
		s.policy = l
		s.run(t.Context(), 1500)
		ads, product := decisionOf(l, "ads"), decisionOf(l, "product")
		if ads.Within == 0 || ads.GivenUp == 0 || !product.Hedge || product.Hedged == 0 || product.Won != 0 {
			t.Errorf("%+v, %+v: want the decisions of a policy", ads, product)
		}
		if s.share() != 1 || s.products != s.runs {
			t.Errorf("%v of the pages full, %d products in %d: want nothing changed", s.share(), s.products, s.runs)
		}
	})
}

// TestPolicyOnly: what is not Safe is not called twice, what has a Within or a Hedger keeps
// it, what must not fail is not given up, and Maps are called twice by element.
func TestPolicyOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		l := tail.Policy(stats, tail.Share(1))
		own := always(50 * ms)
		r := rand.New(rand.NewPCG(5, 6))
		var many [5]atomic.Int32
		for range 1000 {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats), l)
			body := func(i int) func(context.Context) (int, error) {
				var c calls
				slow := time.Duration(10+r.IntN(10)) * ms
				if r.IntN(25) == 0 {
					slow = 300 * ms
				}
				f := c.took([]time.Duration{slow, ms})
				return func(ctx context.Context) (int, error) { many[i].Add(1); return f(ctx) }
			}
			g.Go("unsafe", body(0))
			g.Optional("limited", body(1), asap.Within(100*ms))
			g.Go("own", body(2), own, tail.Safe())
			f := body(3)
			g.Map("map", g.Input("in", []int{1}), func(ctx context.Context, _ int) (int, error) { return f(ctx) }, tail.Safe())
			g.Go("left", body(4), tail.Safe(), asap.When(false))
			g.Wait()
		}
		for i, ok := range []func(n int32) bool{
			func(n int32) bool { return n == 1000 }, func(n int32) bool { return n == 1000 },
			func(n int32) bool { return n > 1020 }, func(n int32) bool { return n > 1005 }, func(n int32) bool { return n == 0 },
		} {
			if n := many[i].Load(); !ok(n) {
				t.Errorf("task %d: %d calls", i, n)
			}
		}
		for _, d := range l.Decisions() {
			if d.Task != "map[]" || d.Within != 0 {
				t.Errorf("%+v, want only map[]", d)
			}
		}
	})
}

// TestGivenUpBefore: what never begins since what it needs was late counts as given up.
func TestGivenUpBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		l := tail.Policy(stats, tail.Full(.8))
		r := rand.New(rand.NewPCG(5, 6))
		given := 0
		for i := range 2500 {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats), l)
			slow := time.Duration(10+r.IntN(10)) * ms
			if r.IntN(10) == 0 || i > 1200 {
				slow = 300 * ms
			}
			user := g.Optional("user", func(ctx context.Context) (int, error) { return 0, sleep(ctx, slow) }, asap.Within(time.Hour))
			ads := user.Optional("ads", func(ctx context.Context, _ asap.Result[int]) (int, error) { return 0, sleep(ctx, 30*ms) })
			g.Wait()
			if ads.Value().Err != nil {
				given++
				if !errors.Is(ads.Value().Err, context.DeadlineExceeded) {
					t.Fatal(ads.Value().Err)
				}
			}
			time.Sleep(10 * ms)
		}
		d := decisionOf(l, "ads")
		if given == 0 || given > 600 || int(d.GivenUp) < given-5 || int(d.GivenUp) > given+5 {
			t.Errorf("%d given up, %+v", given, d)
		}
	})
}

func TestPolicyMisuse(t *testing.T) {
	for want, f := range map[string]func(){
		"asap: tail.Policy of nil Stats":                         func() { tail.Policy(nil) },
		"asap: tail.Advise of nil Stats":                         func() { tail.Advise(nil) },
		"asap: tail.Policy with a nil Bound":                     func() { tail.Policy(new(waterfall.Stats), nil) },
		"asap: tail.Full(1); pass a share of the runs between 0": func() { tail.Full(1) },
	} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.HasPrefix(v, want) {
					t.Errorf("panic %q, want %q", v, want)
				}
			}()
			f()
		}()
	}
}
