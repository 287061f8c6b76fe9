package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// load reads a recorded run: better-all's example of its debug chart.
func load() *waterfall.Run {
	f, err := os.Open("testdata/readme.json")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	run, err := waterfall.ReadJSON(f)
	if err != nil {
		panic(err)
	}
	return run
}

func ExamplePrint() {
	var out strings.Builder // os.Stderr, most of the time
	g := asap.New(context.Background(), asap.Name("checkout"), waterfall.Print(&out))
	user := g.Go("user", func(context.Context) (string, error) { return "", errors.New("not found") })
	user.Then("cart", func(context.Context, string) (int, error) { return 1, nil })
	g.Wait()
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "skipped: ") || strings.HasPrefix(line, "checkout: failed") {
			fmt.Println(strings.SplitAfterN(strings.TrimSpace(line), " ", 3)[:2])
		}
	}
	// Output:
	// [checkout:  failed ]
	// [skipped:  cart]
}

func ExampleRun_Text() {
	fmt.Print(load().Text(80, false))
	// Output:
	// readme: succeeded after 360 ms, 5 tasks, work 490 ms, at most 2 at once
	//
	//                took needs          0           100 ms      200 ms      300 ms
	//   config      50 ms                ━━━━━━╸
	// ▸ user       120 ms                ███████████████
	// ▸ posts      200 ms user           ··············▐████████████████████████▌
	//   profile     80 ms user, config   ··············╺━━━━━━━━━╸
	// ▸ analytics   40 ms posts, profile ·······································█████
	//
	//   █ running, critical   ━ running   · blocked
	// ▸ critical path: user 120 ms → posts 200 ms → analytics 40 ms
}

func ExampleRecorder() {
	var rec waterfall.Recorder
	g := asap.New(context.Background(), asap.Observe(&rec))
	user := g.Go("user", func(context.Context) (string, error) { return "ada", nil })
	user.Then("cart", func(context.Context, string) (int, error) { return 1, nil })
	g.Wait()
	for _, task := range rec.Run().Tasks {
		fmt.Println(task.Name, task.Outcome)
	}
	// Output:
	// user Succeeded
	// cart Succeeded
}

func ExampleRun_CriticalPath() {
	for _, step := range load().CriticalPath() {
		fmt.Println(step.Name, step.State, step.Start, step.End)
	}
	// Output:
	// user running 0s 120ms
	// posts running 120ms 320ms
	// analytics running 320ms 360ms
}

func ExampleStep_Len() {
	var sum time.Duration
	for _, step := range load().CriticalPath() {
		sum += step.Len()
	}
	fmt.Println(sum == load().Makespan)
	// Output: true
}

func ExampleRun_Measure() {
	m := load().Measure()
	fmt.Printf("work %v, span %v, by level %v\n", m.Work, m.Span, m.ByLevel)
	fmt.Printf("parallelism %.2f, peak %d, efficiency %.0f %%\n", m.Parallelism, m.Peak, 100*m.Efficiency)
	// Output:
	// work 490ms, span 360ms, by level 360ms
	// parallelism 1.36, peak 2, efficiency 100 %
}

func ExampleRun_WhatIf() {
	p, err := load().WhatIf(waterfall.Speed("posts", 0.5), waterfall.Drop("config"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Makespan, "instead of", p.Baseline)
	fmt.Println("saved", p.Saved())
	// Output:
	// 260ms instead of 360ms
	// saved 100ms
}

func ExampleSpeed() {
	fmt.Println(waterfall.Speed("user", 0.5), waterfall.Drop("ads"), waterfall.Limit(4))
	// Output: user=-50% ads=0 limit=4
}

func ExampleDrop() {
	_, err := load().WhatIf(waterfall.Drop("adds"))
	fmt.Println(err)
	// Output: waterfall: what if: no task "adds"; there are config, user, posts, profile and analytics
}

func ExampleLimit() {
	p, err := load().WhatIf(waterfall.Limit(1))
	fmt.Println(p.Makespan, err) // one after the other
	// Output: 490ms <nil>
}

func ExampleLimitOf() {
	f, err := os.Open("testdata/map.json")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	run, err := waterfall.ReadJSON(f)
	if err != nil {
		panic(err)
	}
	p, err := run.WhatIf(waterfall.LimitOf("likes", 3))
	fmt.Println(p.Makespan, "instead of", p.Baseline, err)
	best := run.Ranking()[0]
	fmt.Println(best.Change, "saves", best.Saves)
	// Output:
	// 35ms instead of 45ms <nil>
	// likes[]=-50% saves 17.5ms
}

func ExampleRun_Ranking() {
	for _, g := range load().Ranking() {
		fmt.Printf("%v saves %v, more of it %v at most, up to %.0f %%\n", g.Change, g.Saves, g.Most, 100*g.Kink)
	}
	// Output:
	// posts=-50% saves 100ms, more of it 120ms at most, up to 60 %
	// user=-50% saves 60ms, more of it 120ms at most, up to 100 %
	// analytics=-50% saves 20ms, more of it 40ms at most, up to 100 %
}

func ExampleCompare() {
	a := load()
	p, _ := a.WhatIf(waterfall.Speed("user", -1)) // user takes twice its time
	for _, d := range waterfall.Compare(a, p.Run) {
		fmt.Println(d.Name, d.TookA, "→", d.TookB, "critical", d.Change())
	}
	// Output: user 120ms → 240ms critical 120ms
}

func ExampleStats() {
	var stats waterfall.Stats // one for the whole service
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(&stats))
	g.Do("user", func(context.Context) error { return nil })
	g.Wait()
	_, running := stats.Live(20)
	fmt.Println(stats.Names(), stats.Report("home", waterfall.SinceStart).Runs, running)
	// Output: [home] 1 0
}

func ExampleStats_Add() {
	var stats waterfall.Stats
	stats.Add(load())
	for _, t := range stats.Report("readme", waterfall.SinceStart).Tasks[:2] {
		fmt.Printf("%s: on the critical path of %.0f %% of the runs, %.0f %% of their time\n", t.Name, 100*t.Criticality, 100*t.Share)
	}
	// Output:
	// posts: on the critical path of 100 % of the runs, 56 % of their time
	// user: on the critical path of 100 % of the runs, 33 % of their time
}

func ExampleRun_Explain() {
	var rec waterfall.Recorder
	g := asap.New(context.Background(), asap.Observe(&rec))
	user := g.Go("user", func(context.Context) (string, error) { return "", errors.New("not found") })
	user.Then("cart", func(context.Context, string) (int, error) { return 1, nil })
	g.Wait()
	words := rec.Run().Explain()
	fmt.Println(words[len(words)-1])
	// Output: skipped: cart
}

func ExampleRun_Write() {
	load().Write(os.Stdout, waterfall.Mermaid)
	// Output:
	// ---
	// title: "readme: succeeded after 360 ms"
	// ---
	// flowchart LR
	//   t0["config<br/>50 ms, slack 190 ms"]
	//   t1["user<br/>120 ms, critical"]
	//   t2["posts<br/>200 ms, critical"]
	//   t3["profile<br/>80 ms, slack 120 ms"]
	//   t4["analytics<br/>40 ms, critical"]
	//   t1 -.-> t2
	//   t1 -.-> t3
	//   t0 -.-> t3
	//   t2 -.-> t4
	//   t3 -.-> t4
	//   linkStyle 0,3 stroke:#c2410c,stroke-width:3px
	//   classDef critical stroke:#c2410c,stroke-width:3px
	//   class t1,t2,t4 critical
}

func ExampleFormats() {
	for _, f := range waterfall.Formats() {
		fmt.Println(f, f.MediaType())
	}
	// Output:
	// text text/plain; charset=utf-8
	// svg image/svg+xml
	// html text/html; charset=utf-8
	// json application/json
	// perfetto application/json
	// mermaid text/plain; charset=utf-8
	// dot text/vnd.graphviz; charset=utf-8
	// pprof application/octet-stream
}

func ExampleReadJSON() {
	_, err := waterfall.ReadJSON(strings.NewReader(`{"asap":"run", "version":1, "makespan":-5}`))
	fmt.Println(err)
	// Output: line 1, column 29: waterfall: makespan: -5 ns is negative
}

func ExampleReadError() {
	_, err := waterfall.ReadJSON(strings.NewReader("{\"asap\": \"run\",\n \"version\": 9}"))
	if e, ok := errors.AsType[*waterfall.ReadError](err); ok {
		fmt.Printf("%d:%d: %v\n", e.Line, e.Column, e.Err)
	}
	// Output: 2:2: version 9 of the format; this reads versions 1 to 3
}

func ExampleRun_Validate() {
	run := waterfall.Run{
		Makespan: 10,
		Groups:   []waterfall.Group{{ID: 1, End: 10}},
		Tasks:    []waterfall.Task{{ID: 2, Group: 1, Name: "user", Deps: []asap.ID{7}}},
	}
	fmt.Println(run.Validate())
	// Output: waterfall: tasks[0] (user): deps[0]: 7 is no task
}

func ExampleRun_Task() {
	task := load().Task("profile")
	fmt.Println(task.Start(), task.End(), task.Took())
	// Output: 0s 200ms 80ms
}
