//go:build unix

package asapweb_test

import (
	"context"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// crowd starts so many groups that all wait for one thing. What it returns lets
// them go and waits for them.
func crowd(tb testing.TB, stats *waterfall.Stats, n int) (release func()) {
	tb.Helper()
	gate := make(chan struct{})
	groups := make([]*asap.Group, n)
	for i := range groups {
		groups[i] = asap.New(tb.Context(), asap.Name(fmt.Sprint("page ", i%10)), asap.Observe(stats))
		bank := groups[i].Go("bank", func(context.Context) (int, error) { <-gate; return 1, nil })
		for k := range 5 {
			bank.Then(fmt.Sprint("t", k), func(context.Context, int) (int, error) { return 1, nil })
		}
	}
	return func() {
		close(gate)
		for _, g := range groups {
			if err := g.Wait(); err != nil {
				tb.Error(err)
			}
		}
	}
}

// index asks for the first page, and reports the processor's time besides.
func index(b *testing.B, h http.Handler) {
	b.ReportAllocs()
	page(b, h, "")
	before := processor(b)
	for b.Loop() {
		page(b, h, "")
	}
	b.ReportMetric(float64(processor(b)-before)/float64(b.N), "cpu-ns/op")
}

// processor is the time that this process has been computing.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkIndexOf10000RunningGroups(b *testing.B) {
	stats := new(waterfall.Stats)
	crowd(b, stats, 100)()
	release := crowd(b, stats, 10_000)
	h := newHandler(stats)
	index(b, h)
	release()
}

func BenchmarkIndexOf256Names(b *testing.B) {
	stats := new(waterfall.Stats)
	for i := range 256 {
		for range 40 {
			stats.Add(checkout(fmt.Sprint("page ", i), 3e7, asap.Succeeded))
		}
	}
	h := newHandler(stats)
	index(b, h)
}

// The page of a name of which as many runs are kept as there can be, with suggestions
// that nobody has asked for before and an answer, takes well under a second of a
// processor; the bound has room for another machine and the race detector.
func TestForecastsTakeLittle(t *testing.T) {
	seen := 8000
	if testing.Short() {
		seen = 2000
	}
	for _, width := range []int{14, 100, 400} {
		var tasks []string
		for i := range width {
			tasks = append(tasks, fmt.Sprintf("task%c%c", 'a'+i%26, 'a'+i/26))
		}
		synctest.Test(t, func(t *testing.T) {
			stats := slowAdsEach("home", seen/max(1, width/50), time.Second, tasks...)
			s := stats.Sample("home", waterfall.SinceStart)
			n, _ := s.Runs()
			h := newHandler(stats)
			ask := func(query string) time.Duration {
				before := processor(t)
				page(t, h, "?group=home&window=since-start"+query)
				return processor(t) - before
			}
			took, again, answer := ask(""), ask(""), ask("&whatif=hedge:"+tasks[width-1]+"=p95")
			t.Logf("%d runs of %d tasks: %v, again %v, with an answer %v", n, width, took, again, answer)
			if took > 10*time.Second {
				t.Errorf("%d runs of %d tasks take %v of a processor", n, width, took)
			}
		})
	}
}
