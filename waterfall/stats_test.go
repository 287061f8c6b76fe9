package waterfall_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// page is a run of quick and slow tasks side by side, of the given lengths.
func page(t testing.TB, quick, slow time.Duration) *waterfall.Run {
	first, last := quick, slow
	names := []string{"quick", "slow"}
	if quick > slow {
		first, last = slow, quick
		names = []string{"slow", "quick"}
	}
	return record(t, fmt.Sprintf(`
		0 group page
		0 declare quick
		0 start quick
		0 declare slow
		0 start slow
		%f end %s
		%f end %s
		%f close page`, first.Seconds()*1e3, names[0], last.Seconds()*1e3, names[1], last.Seconds()*1e3))
}

// Most runs are as long as quick; the slow ones are as long as slow. The mean
// of slow is shorter than that of quick, and yet slow makes the tail.
func TestStatsTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the latest runs are kept by the clock
		var s waterfall.Stats
		for i := range 1000 {
			slow := 5 * ms
			if i%25 == 0 { // 4 %
				slow = 200 * ms
			}
			s.Add(page(t, 50*ms, slow))
		}
		r := s.Report("page", waterfall.SinceStart)
		if r.Runs != 1000 || r.Outcomes[asap.Succeeded] != 1000 {
			t.Fatalf("Report = %d runs, %v, want 1000, all succeeded", r.Runs, r.Outcomes)
		}
		near := func(got, want time.Duration) bool { return got >= want && float64(got) <= 1.05*float64(want) }
		if !near(r.P50, 50*ms) || !near(r.P95, 50*ms) || !near(r.P99, 200*ms) || r.Max != 200*ms {
			t.Errorf("percentiles %v %v %v, max %v, want 50ms 50ms 200ms 200ms", r.P50, r.P95, r.P99, r.Max)
		}
		slow, quick := r.Tasks[0], r.Tasks[1]
		if slow.Name != "slow" || quick.Name != "quick" {
			t.Fatalf("tasks in the order %s, %s, want slow first: it makes the tail", slow.Name, quick.Name)
		}
		if math.Abs(slow.Criticality-0.04) > 1e-9 || math.Abs(quick.Criticality-0.96) > 1e-9 {
			t.Errorf("criticality of slow %g and quick %g, want 0.04 and 0.96", slow.Criticality, quick.Criticality)
		}
		if math.Abs(slow.SlowCriticality-0.8) > 1e-9 || math.Abs(quick.SlowCriticality-0.2) > 1e-9 {
			t.Errorf("criticality in the slowest 5 %%: slow %g, quick %g, want 0.8 (40 of 50 runs) and 0.2", slow.SlowCriticality, quick.SlowCriticality)
		}
		if want := 8.0 / 8.5; math.Abs(slow.SlowShare-want) > 1e-9 {
			t.Errorf("share of slow in the slowest 5 %% = %g, want %g", slow.SlowShare, want)
		}
		if len(r.Slowest) != 5 || r.Slowest[0].Makespan != 200*ms || len(r.Latest) != 5 || r.Latest[0].Makespan != 50*ms {
			t.Errorf("kept %d slowest and %d latest runs, want 5 and 5", len(r.Slowest), len(r.Latest))
		}
	})
}

func TestStatsSharesAddUp(t *testing.T) {
	var s waterfall.Stats
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 12))
		s.Add(newPlan(rnd, 2+rnd.IntN(10), true).run(t))
	}
	var all, slow float64
	for _, task := range s.Report("", waterfall.SinceStart).Tasks {
		all += task.Share
		slow += task.SlowShare
	}
	if math.Abs(all-1) > 1e-9 || math.Abs(slow-1) > 1e-9 {
		t.Errorf("shares add up to %g and %g, want 1 and 1", all, slow)
	}
}

// One Stats serves groups of any name at the same time.
func TestStatsObserves(t *testing.T) {
	var s waterfall.Stats
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			g := asap.New(t.Context(), asap.Name(fmt.Sprintf("g%d", i%2)), asap.Observe(&s))
			a := g.Go("a", nop)
			g.Map("m", a.Then("b", func(context.Context, int) ([]int, error) { return []int{1, 2, 3}, nil }), nop1)
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if names := s.Names(); strings.Join(names, " ") != "g0 g1" {
		t.Fatalf("Names() = %v, want g0 and g1", names)
	}
	r := s.Report("g1", waterfall.SinceStart)
	var names []string
	for _, task := range r.Tasks {
		if task.Name == "m[]" && task.Runs != 10 {
			t.Errorf("m[] ran in %d runs, want 10", task.Runs)
		}
		names = append(names, task.Name)
	}
	if r.Runs != 10 || len(names) != 3 {
		t.Errorf("Report(g1) = %d runs of %v, want 10 of a, b and m[]", r.Runs, names)
	}
	if live, all := s.Live(9); len(live) != 0 || all != 0 {
		t.Errorf("Live() = %d runs after all have ended", len(live))
	}
}

func TestStatsLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		g := asap.New(t.Context(), asap.Name("stuck"), asap.Observe(&s))
		quote := g.Go("quote", sleep(time.Minute, 1))
		g.Go("cart", func(ctx context.Context) (int, error) { return quote.Await(ctx) })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		live, all := s.Live(9)
		if len(live) != 1 || all != 1 || live[0].Name != "stuck" || live[0].Age != 10*time.Second || live[0].Tasks != 2 || live[0].Open != 2 {
			t.Fatalf("Live() = %+v, want the group stuck after 10s", live)
		}
		if want, got := "quote has been running for 10 s; waiting for it: cart (for 10 s)", s.Run(live[0].Number).Explain(); len(got) != 1 || got[0] != want {
			t.Errorf("Explain() = %q, want %q", got, want)
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if live, all := s.Live(9); len(live) != 0 || all != 0 {
			t.Errorf("Live() = %d runs after the end", len(live))
		}
	})
}

func TestStatsIsBounded(t *testing.T) {
	var s waterfall.Stats
	for i := range 1000 {
		var script strings.Builder
		fmt.Fprintf(&script, "0 group g%d\n", i)
		for k := range 3 {
			fmt.Fprintf(&script, "0 declare t%d\n0 start t%d\n1 end t%d\n", k, k, k)
		}
		fmt.Fprintf(&script, "1 close g%d\n", i)
		s.Add(record(t, script.String()))
	}
	if n := len(s.Names()); n != 256 || s.Forgotten() != 744 {
		t.Errorf("Stats tells %d names apart and has forgotten %d, want 256 and 744 of 1000", n, s.Forgotten())
	}
	var many strings.Builder
	many.WriteString("0 group g0\n")
	for k := range 2000 {
		fmt.Fprintf(&many, "0 declare t%d\n0 start t%d\n1 end t%d\n", k, k, k)
	}
	many.WriteString("1 close g0\n")
	s.Add(record(t, many.String()))
	if r := s.Report("g0", waterfall.SinceStart); len(r.Tasks) != 512 || r.Unnamed != 1488 {
		t.Errorf("Report has %d tasks and %d unnamed, want 512 and 1488", len(r.Tasks), r.Unnamed)
	}
	if r := s.Report("nobody", waterfall.SinceStart); r.Runs != 0 || len(r.Tasks) != 0 {
		t.Errorf("Report of an unknown name = %+v, want an empty one", r)
	}
}
