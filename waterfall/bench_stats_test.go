package waterfall_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// six is a request graph of six tasks, whose bodies are all the same.
func six(g *asap.Group, body func(context.Context) (int, error)) {
	one := func(ctx context.Context, _ int) (int, error) { return body(ctx) }
	two := func(ctx context.Context, _, _ int) (int, error) { return body(ctx) }
	user := g.Go("user", body)
	cart := user.Then("cart", one)
	likes := user.Then("likes", one)
	ads := g.Go("ads", body)
	quote := cart.And(ads).Then("quote", two)
	quote.And(likes).Then("page", two)
}

// wide is a hundred tasks of one name that need nothing.
func wide(g *asap.Group, body func(context.Context) (int, error)) {
	for range 100 {
		g.Go("item", body)
	}
}

// spin computes for that long: by its own clock, as work does.
func spin(d time.Duration) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		n := 0
		for began := time.Now(); time.Since(began) < d; {
			n++
		}
		return n, nil
	}
}

// processor is the time that the process has computed.
func processor() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStatsGroup gives what a group of six tasks, or of a hundred, takes with an always-on
// Stats and with a Recorder, as a multiple of the same group without, and in
// microseconds of processor time and of the clock until Wait returns: in turn, the
// medians of batches. A name costs labels for pprof, with and without an observer.
func BenchmarkStatsGroup(b *testing.B) {
	for _, bb := range []struct {
		name    string
		graph   func(*asap.Group, func(context.Context) (int, error))
		body    func(context.Context) (int, error)
		batch   int
		options []asap.Option
	}{
		{"empty", six, nop, 2000, nil},
		{"empty-named", six, nop, 2000, []asap.Option{asap.Name("home")}},
		{"50µs", six, spin(50 * time.Microsecond), 40, nil},
		{"50µs-named", six, spin(50 * time.Microsecond), 40, []asap.Option{asap.Name("home")}},
		{"wide", wide, nop, 200, nil},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var stats waterfall.Stats
			var rec waterfall.Recorder
			all := [3][]asap.Option{bb.options, append(slices.Clip(bb.options), asap.Observe(&rec)), append(slices.Clip(bb.options), asap.Observe(&stats))}
			var wall, cpu [3][]float64
			for b.Loop() {
				for i, options := range all {
					began, used := time.Now(), processor()
					for range bb.batch {
						g := asap.New(context.Background(), options...)
						bb.graph(g, bb.body)
						if err := g.Wait(); err != nil {
							b.Fatal(err)
						}
					}
					wall[i] = append(wall[i], time.Since(began).Seconds()*1e6/float64(bb.batch))
					cpu[i] = append(cpu[i], (processor()-used).Seconds()*1e6/float64(bb.batch))
				}
			}
			for k, times := range map[string][3][]float64{"wall": wall, "cpu": cpu} {
				var ratio []float64
				for n := range times[0] {
					ratio = append(ratio, times[2][n]/times[0][n])
				}
				b.ReportMetric(median(ratio), k+"-stats/none")
				for i, who := range []string{"none", "rec", "stats"} {
					b.ReportMetric(median(times[i]), k+"-"+who+"-µs")
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(s []float64) float64 {
	s = slices.Sorted(slices.Values(s))
	return s[len(s)/2]
}

// BenchmarkStatsLive is the processor time of what a page asks that shows 20 of
// 10,000 groups that run.
func BenchmarkStatsLive(b *testing.B) {
	var stats waterfall.Stats
	ctx, cancel := context.WithCancel(context.Background())
	var groups []*asap.Group
	for range 10_000 {
		g := asap.New(ctx, asap.Name("home"), asap.Observe(&stats))
		six(g, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, nil })
		groups = append(groups, g)
	}
	used := processor()
	for b.Loop() {
		live, all := stats.Live(20)
		if len(live) != 20 || all != len(groups) {
			b.Fatalf("%d of %d groups run", len(live), all)
		}
		for _, l := range live {
			stats.Run(l.Number)
		}
	}
	b.ReportMetric((processor()-used).Seconds()*1e3/float64(b.N), "cpu-ms/page")
	cancel()
	for _, g := range groups {
		g.Wait()
	}
}
