package waterfall_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// seen is a Stats that has seen a few runs.
func seen(names ...string) *waterfall.Stats {
	stats := new(waterfall.Stats)
	for _, name := range names {
		run := load()
		run.Name = name
		stats.Add(run)
	}
	return stats
}

func ExampleStats_Run() {
	stats := seen("home", "cart")
	fmt.Println(stats.Run(2).Name, stats.Run(2).Number, stats.Run(3) == nil)
	// Output:
	// cart 2 true
}

func ExampleComparison_Failing() {
	before := waterfall.Report{Runs: 100, Tasks: []waterfall.TaskReport{{Name: "log", Failures: 50}, {Name: "charge"}}}
	after := waterfall.Report{Runs: 100, Tasks: []waterfall.TaskReport{{Name: "log", Failures: 52}, {Name: "charge", Failures: 9}, {Name: "charge/bank", Failures: 9}}}
	task, ok := waterfall.CompareReports(before, after).Failing()
	fmt.Println(task.Name, ok)
	// Output:
	// charge/bank true
}

func ExampleStats_Forgotten() {
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprint("user-", i)) // names are for kinds of groups, not for groups
	}
	stats := seen(names...)
	fmt.Println(len(stats.Names()), stats.Forgotten())
	// Output:
	// 256 44
}

// during is a Stats that has seen the page take 10 ms for a day, and then 80 ms.
func during(t *testing.T, use func(*waterfall.Stats)) {
	synctest.Test(t, func(*testing.T) {
		stats := new(waterfall.Stats)
		for i := range 24*60 + 1 {
			quote := 9 * time.Millisecond
			if i == 24*60 {
				quote = 79 * time.Millisecond
			}
			g := asap.New(context.Background(), asap.Name("home"), asap.Observe(stats))
			user := g.Go("user", sleep(time.Millisecond, 1))
			user.Do("quote", func(context.Context, int) error { time.Sleep(quote); return nil })
			g.Wait()
			time.Sleep(time.Minute - time.Millisecond - quote)
		}
		use(stats)
	})
}

// A Summary is what a build leaves to the next one.
func TestSummaryIsReadBack(t *testing.T) {
	during(t, func(stats *waterfall.Stats) {
		var file bytes.Buffer
		if err := stats.Summary(waterfall.SinceStart).WriteJSON(&file); err != nil {
			t.Fatal(err)
		}
		before, err := waterfall.ReadSummary(&file)
		if err != nil {
			t.Fatal(err)
		}
		c := waterfall.CompareReports(before.Report("home"), stats.Report("home", waterfall.TenMinutes))
		if len(c.Causes) != 1 || c.Causes[0].Name != "quote" {
			t.Errorf("causes %+v, want quote", c.Causes)
		}
		p, n := stats.Percentile("home", waterfall.SinceStart, 0.5)
		if n != 24*60+1 || p < 10*time.Millisecond || p > 11*time.Millisecond {
			t.Errorf("p50 = %v of %d runs, want 10ms of 1441", p, n)
		}
	})
}

func ExampleCompareReports() {
	var before, after waterfall.Stats
	before.Add(load())
	slower, _ := load().WhatIf(waterfall.Speed("user", -1)) // user takes twice its time
	after.Add(slower.Run)
	c := waterfall.CompareReports(before.Report("readme", waterfall.SinceStart), after.Report("readme", waterfall.SinceStart))
	for _, cause := range c.Causes {
		fmt.Println(cause.Name, cause.P99)
	}
	// Output:
	// user 120ms
}

func ExampleWindows() {
	fmt.Println(waterfall.Windows())
	// Output:
	// [minute 10 minutes hour since start]
}

func ExampleBuild_String() {
	fmt.Println(waterfall.Build{Revision: "4f3a2b1c9d8e7f6a5b4c", Modified: true})
	// Output:
	// 4f3a2b1c9d8e (modified)
}

func ExampleBucket() {
	for _, b := range seen("home", "home", "home").Report("home", waterfall.SinceStart).Buckets {
		fmt.Printf("%d runs of %.0f to %.0f ms\n", b.Runs, b.Low.Seconds()*1e3, b.High.Seconds()*1e3)
	}
	// Output:
	// 3 runs of 348 to 364 ms
}

func ExampleRun_WriteHTML() {
	var page strings.Builder
	frame := waterfall.Frame{Nonce: "q8Zr", Top: `<nav><a href="/runs">all runs</a></nav>`}
	if err := load().WriteHTML(&page, frame); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(page.String(), `<script nonce="q8Zr">`), strings.Contains(page.String(), "all runs"))
	// Output:
	// true true
}

func ExampleStats_Timeline() {
	var stats waterfall.Stats
	for range 3 {
		stats.Add(&waterfall.Run{
			Name: "home", Ended: true, Makespan: 80 * time.Millisecond,
			Groups: []waterfall.Group{{ID: 1, Name: "home", End: 80 * time.Millisecond, Outcome: asap.Succeeded}},
		})
	}
	runs, slow := 0, 0
	for _, p := range stats.Timeline("home") { // of the last hour
		runs += p.Runs
		if p.P50 > 50*time.Millisecond {
			slow += p.Runs
		}
	}
	fmt.Println(runs, "runs,", slow, "of them in stretches that were slow")
	// Output:
	// 3 runs, 3 of them in stretches that were slow
}

func ExampleStats_Outline() {
	stats := seen("home", "home", "cart")
	before, now := stats.Outline("home", waterfall.Hour, waterfall.SinceStart)
	fmt.Println(before.Runs, "runs before the last hour,", now.Runs, "in it,", len(now.Tasks), "tasks of them failed")
	// Output:
	// 0 runs before the last hour, 2 in it, 0 tasks of them failed
}

// caching is a Stats of a thousand runs, of which so many miss a cache and take 100 ms.
func caching(misses int) *waterfall.Stats {
	stats := new(waterfall.Stats)
	for i := range 1000 {
		took := 4 * time.Millisecond
		if i < misses {
			took = 100 * time.Millisecond
		}
		stats.Add(&waterfall.Run{
			Name: "page", Ended: true, Makespan: took,
			Groups: []waterfall.Group{{ID: 1, Name: "page", End: took, Outcome: asap.Succeeded}},
		})
	}
	return stats
}

func ExampleComparison_Shift() {
	before, now := caching(120).Report("page", waterfall.SinceStart), caching(450).Report("page", waterfall.SinceStart)
	s, ok := waterfall.CompareReports(before, now).Shift() // p50 is a hit and p99 a miss, before and now
	fmt.Println(s.After, "of", now.Runs, "runs are slow, before", s.Before, "of", before.Runs, ok)
	// Output:
	// 450 of 1000 runs are slow, before 120 of 1000 true
}

func ExamplePoint_Above() {
	runs, slow := 0, 0
	for _, p := range caching(120).Timeline("page") {
		runs += p.Runs
		slow += p.Above(50 * time.Millisecond)
	}
	fmt.Println(slow, "of", runs)
	// Output:
	// 120 of 1000
}
