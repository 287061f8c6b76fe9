package waterfall_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What a recorded group costs beyond one that nobody observes, in allocations: in all,
// and for each task.
func TestRecordedAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	allocs := func(n int, options ...asap.Option) float64 {
		return testing.AllocsPerRun(50, func() {
			g := asap.New(context.Background(), options...)
			for range n {
				g.Go("task", nop)
			}
			_ = g.Wait()
		})
	}
	recorded := asap.Observe(new(waterfall.Recorder))
	small := allocs(6, recorded) - allocs(6)
	task := (allocs(1006, recorded) - allocs(1006) - small) / 1000
	if small > 15 || task > 1.05 {
		t.Errorf("a Recorder costs a group of six tasks %.1f allocations and each task %.3f, want at most 15 and 1.05", small, task)
	}
}

// Once a Stats knows a name, a group costs it no more allocations than a Recorder,
// but for the runs that it keeps now and then, however many tasks the group has.
func TestStatsAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, n := range []int{6, 200} {
		var stats waterfall.Stats
		var rec waterfall.Recorder
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint("task", i)
		}
		run := func(o asap.Observer) {
			g := asap.New(context.Background(), asap.Observe(o))
			for _, name := range names {
				g.Go(name, nop)
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		for began := time.Now(); time.Since(began) < 200*time.Millisecond; {
			run(&stats)
		}
		with := testing.AllocsPerRun(1000, func() { run(&stats) })
		without := testing.AllocsPerRun(1000, func() { run(&rec) })
		if with > without+4 {
			t.Errorf("%d tasks: %.0f allocations with a Stats, want at most 4 more than %.0f with a Recorder", n, with, without)
		}
	}
}
