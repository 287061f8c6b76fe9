//go:build unix

package asapweb_test

import (
	"context"
	"fmt"
	"net/http"
	"syscall"
	"testing"
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
