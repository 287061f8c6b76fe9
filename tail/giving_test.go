package tail_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// skewed are durations about 20 ms, of which some are long.
type skewed struct{ r *rand.Rand }

func newSkewed() *skewed { return &skewed{rand.New(rand.NewPCG(3, 4))} }

// body is one of a run that has n of it, each of which takes a time of its own. They are
// drawn here: how many of them begin does not change the times of the runs after it.
func (s *skewed) body(n int) func(context.Context) (int, error) {
	took := make(chan time.Duration, n)
	for range n {
		took <- time.Duration(float64(20*ms) * math.Exp(s.r.NormFloat64()*.9))
	}
	return func(ctx context.Context) (int, error) { return 1, sleep(ctx, <-took) }
}

// manyRuns are enough to learn from twice.
func manyRuns() int {
	if raceEnabled {
		return 1600
	}
	return 3000
}

// TestGivenUpOfMany: of what a run has many of, elements of a MapOptional, tasks declared
// in a loop, and those of groups nested in elements, a run that lacks one is not whole:
// Full holds for runs. What is late for the slice is none of it.
func TestGivenUpOfMany(t *testing.T) {
	for name, many := range map[string]func(ctx context.Context, g *asap.Group, policy asap.Option, n int, body func(context.Context) (int, error)) func() []asap.Result[int]{
		"MapOptional": func(_ context.Context, g *asap.Group, _ asap.Option, n int, body func(context.Context) (int, error)) func() []asap.Result[int] {
			in := g.Go("ids", func(ctx context.Context) ([]int, error) { return make([]int, n), sleep(ctx, 5*ms) })
			return g.MapOptional("ads", in, func(ctx context.Context, _ int) (int, error) { return body(ctx) }).Value
		},
		"MapOptional with a limit": func(_ context.Context, g *asap.Group, _ asap.Option, n int, body func(context.Context) (int, error)) func() []asap.Result[int] {
			return g.MapOptional("ads", g.Input("ids", make([]int, n)), func(ctx context.Context, _ int) (int, error) { return body(ctx) }, asap.Limit(3)).Value
		},
		"loop": func(_ context.Context, g *asap.Group, _ asap.Option, n int, body func(context.Context) (int, error)) func() []asap.Result[int] {
			var all []*asap.Task[asap.Result[int]]
			for range n {
				all = append(all, g.Optional("ads", body))
			}
			return func() (out []asap.Result[int]) {
				for _, task := range all {
					out = append(out, task.Value())
				}
				return out
			}
		},
		"nested": func(_ context.Context, g *asap.Group, policy asap.Option, n int, body func(context.Context) (int, error)) func() []asap.Result[int] {
			return g.Map("items", g.Input("ids", make([]int, n)), func(ctx context.Context, _ int) (asap.Result[int], error) {
				return asap.Run(ctx, func(g *asap.Group) func() asap.Result[int] { return g.Optional("ads", body).Value }, policy)
			}).Value
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stats := new(waterfall.Stats)
				l := tail.Policy(stats, tail.Full(.9))
				r := newSkewed()
				full, runs, lost := 0, 0, int64(0)
				for i := range manyRuns() {
					g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats), l)
					n := r.r.IntN(10)
					results := many(t.Context(), g, l, n, r.body(n))
					wait(t, g)
					whole := true
					for _, v := range results() {
						if v.Err != nil {
							whole = false
							lost++
							if !errors.Is(v.Err, context.DeadlineExceeded) || !strings.Contains(v.Err.Error(), "within") {
								t.Fatal(v.Err)
							}
						}
					}
					if i >= 1000 {
						if runs++; whole {
							full++
						}
					}
					time.Sleep(10 * ms)
				}
				given, within := int64(0), time.Duration(0)
				for _, d := range l.Decisions() {
					given += d.GivenUp
					within = max(within, d.Within)
				}
				if share := float64(full) / float64(runs); share < .9 || share > .99 || within == 0 {
					t.Errorf("%.3f of the runs are full, want .9; %+v", share, l.Decisions())
				}
				if given < lost-20 || given > lost+20 {
					t.Errorf("%d given up, want %d", given, lost)
				}
			})
		})
	}
}

// TestGivenUpLateSlice: the slice of a MapOptional is waited for, however late it is.
func TestGivenUpLateSlice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(waterfall.Stats)
		l := tail.Policy(stats, tail.Full(.8))
		r := newSkewed()
		late := 0
		for i := range manyRuns() {
			slow := 5 * ms
			if i > 1000 && i%50 == 0 {
				slow = 500 * ms
			}
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(stats), l)
			in := g.Go("ids", func(ctx context.Context) ([]int, error) { return make([]int, 3), sleep(ctx, slow) })
			body := r.body(3)
			ads := g.MapOptional("ads", in, func(ctx context.Context, _ int) (int, error) { return body(ctx) })
			wait(t, g)
			if slow > 5*ms {
				for _, v := range ads.Value() {
					if v.Err != nil {
						late++
					}
				}
			}
			if len(ads.Value()) != 3 {
				t.Fatal(ads.Value())
			}
			time.Sleep(10 * ms)
		}
		if late < manyRuns()/50 {
			t.Errorf("%d elements given up whose slice was late: %+v", late, l.Decisions())
		}
	})
}
