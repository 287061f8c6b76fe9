package waterfall_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

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
