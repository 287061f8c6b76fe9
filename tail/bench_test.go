package tail_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// BenchmarkQuick is what a Hedger costs a call that needs no second one: a task with an
// empty body, in turn without options, with an Around that does nothing, with a Hedger
// by which it is not critical, and with one by which it is. The metrics are medians, in ns a group.
func BenchmarkQuick(b *testing.B) {
	around := asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error { return body(ctx) })
	variants := []struct {
		name    string
		options []asap.TaskOption
	}{
		{"plain", nil},
		{"around", []asap.TaskOption{around}},
		{"uncritical", []asap.TaskOption{tail.Hedge(tail.Critical(new(waterfall.Stats)))}},
		{"hedged", []asap.TaskOption{tail.Hedge(tail.After(time.Hour))}},
	}
	const groups = 500
	var took [4][]float64
	var allocs [4]float64
	body := func(context.Context) (int, error) { return 1, nil }
	for b.Loop() {
		for i, v := range variants {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			for range groups {
				g := asap.New(b.Context())
				g.Go("ads", body, v.options...)
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
			}
			took[i] = append(took[i], float64(time.Since(start).Nanoseconds())/groups)
			runtime.ReadMemStats(&after)
			allocs[i] = float64(after.Mallocs-before.Mallocs) / groups
		}
	}
	for i, v := range variants {
		slices.Sort(took[i])
		b.ReportMetric(took[i][len(took[i])/2], v.name+"-ns")
		b.ReportMetric(allocs[i], v.name+"-allocs")
	}
}
