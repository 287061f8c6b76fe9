package waterfall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A build saves its summary when it ends, and the next one is compared with it.
func ExampleStats_SetBefore() {
	old := seen("readme")
	var file bytes.Buffer
	if err := old.Summary(waterfall.SinceStart).WriteJSON(&file); err != nil {
		panic(err)
	}

	var stats waterfall.Stats // of the build that runs now
	before, err := waterfall.ReadSummary(&file)
	if err != nil {
		panic(err)
	}
	stats.SetBefore(before)
	slower, err := load().WhatIf(waterfall.Speed("user", -1)) // user takes twice its time
	if err != nil {
		panic(err)
	}
	stats.Add(slower.Run)
	c, ok := stats.CompareBuilds("readme", waterfall.SinceStart)
	fmt.Println(ok, stats.Before() == before)
	for _, sentence := range c.Words() {
		percentile, rest, _ := strings.Cut(sentence, " since ")
		_, cause, _ := strings.Cut(rest, ": ") // after the time of day
		fmt.Println(percentile, cause)
	}
	// Output:
	// true true
	// p99 360 ms → 480 ms, +120 ms user explains 120 ms
	// p50 360 ms → 480 ms, +120 ms user explains 120 ms
}

func ExampleStats_Reports() {
	var stats waterfall.Stats
	for _, err := range []error{nil, nil, errors.New("card declined")} {
		g := asap.New(context.Background(), asap.Name("checkout"), asap.Observe(&stats))
		g.Do("charge", func(context.Context) error { return err })
		_ = g.Wait()
	}
	for _, r := range stats.Reports(waterfall.Minute) {
		fmt.Println(r.Name, r.Runs, r.Failures(), r.Tasks[0].Err)
	}
	_, runs := stats.Percentile("checkout", waterfall.Minute, 0.99)
	fmt.Println(runs, stats.Bytes() < 1<<20)
	// Output:
	// checkout 3 1 charge: card declined
	// 3 true
}

// Nothing has changed in one run.
func ExampleStats_Changed() {
	_, changed := seen("home").Changed("home")
	fmt.Println(changed)
	// Output: false
}

func ExampleStats_LiveOf() {
	var stats waterfall.Stats
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(&stats))
	answer := make(chan bool)
	g.Do("bank", func(context.Context) error { <-answer; return nil })
	live, all := stats.LiveOf("home", 10)
	fmt.Println(all, live[0].Name, live[0].Open)
	close(answer)
	_ = g.Wait()
	// Output: 1 home 1
}

// Of names with groups that hang it tells how many do, and of the most overdue.
func ExampleStats_Stuck() {
	var stats waterfall.Stats
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(&stats))
	answer := make(chan bool)
	g.Do("bank", func(context.Context) error { <-answer; return nil })
	for _, s := range stats.Stuck() {
		fmt.Println(s.Groups, "groups hang:", s.Most.Name, "for", s.Most.Age)
	}
	_, all := stats.Live(0)
	fmt.Println(all, "runs, and is young")
	close(answer)
	_ = g.Wait()
	// Output: 1 runs, and is young
}

// A name with a run now and then has no silence.
func ExampleStats_Silence() {
	_, usual, silent := seen("home").Silence("home")
	fmt.Println(usual, silent)
	// Output: 0s false
}

// Served below /metrics with the content type [waterfall.PrometheusType].
func ExampleStats_WritePrometheus() {
	var metrics strings.Builder
	if err := seen("home").WritePrometheus(&metrics); err != nil {
		panic(err)
	}
	for line := range strings.Lines(metrics.String()) {
		if strings.HasPrefix(line, "asap_task_critical_seconds_total{") {
			fmt.Print(line)
		}
	}
	// Output:
	// asap_task_critical_seconds_total{group="home",task="config"} 0
	// asap_task_critical_seconds_total{group="home",task="user"} 0.12
	// asap_task_critical_seconds_total{group="home",task="posts"} 0.2
	// asap_task_critical_seconds_total{group="home",task="profile"} 0
	// asap_task_critical_seconds_total{group="home",task="analytics"} 0.04
	// asap_task_critical_seconds_total{group="home",task="(caller)"} 0
}

// The file is for go tool pprof.
func ExampleReport_WritePprof() {
	report := seen("home").Report("home", waterfall.SinceStart)
	var profile bytes.Buffer
	err := report.WritePprof(&profile)
	fmt.Printf("%x %v\n", profile.Bytes()[:2], err) // gzip
	// Output: 1f8b <nil>
}

// What may fail is given up at an instant after the start of the group.
func ExampleWithin() {
	fmt.Println(waterfall.Within("ads", 20*time.Millisecond))
	// Output: within:ads=20ms
}

func ExampleRun_Named() {
	run := load()
	for _, i := range run.Named("posts") {
		fmt.Println(run.Tasks[i].Name, run.Tasks[i].Took())
	}
	// Output: posts 200ms
}

// A build that go test made knows no revision.
func ExampleThisBuild() {
	fmt.Println(waterfall.ThisBuild().Revision == "")
	// Output: true
}
