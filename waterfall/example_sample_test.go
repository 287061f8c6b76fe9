package waterfall_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// visits are recorded runs of a page: of user and ads, side by side, and of what is made of
// both. The page can do without ads, which now and then take long.
func visits(n int) []*waterfall.Run {
	var runs []*waterfall.Run
	for i := range n {
		ads := time.Duration(20e6 * math.Exp(.9*math.Sqrt2*math.Erfinv(2*(float64(i)+.5)/float64(n)-1))).Round(time.Microsecond)
		user := time.Duration(10+i*7%20) * time.Millisecond
		both, last := ads, asap.ID(3)
		if user > ads {
			both, last = user, 2
		}
		running := func(from, to time.Duration) []waterfall.Piece {
			return []waterfall.Piece{{State: waterfall.Running, Start: from, End: to}}
		}
		runs = append(runs, &waterfall.Run{
			Name: "home", Makespan: both + 5*time.Millisecond, Ended: true,
			Groups: []waterfall.Group{{ID: 1, Name: "home", End: both + 5*time.Millisecond, Outcome: asap.Succeeded}},
			Tasks: []waterfall.Task{
				{ID: 2, Group: 1, Name: "user", Outcome: asap.Succeeded, Pieces: running(0, user)},
				{ID: 3, Group: 1, Name: "ads", Outcome: asap.Succeeded, Optional: true, Pieces: running(0, ads)},
				{ID: 4, Group: 1, Name: "page", Deps: []asap.ID{2, 3}, Outcome: asap.Succeeded, Pieces: append(
					[]waterfall.Piece{{State: waterfall.Blocked, End: both, On: last}}, running(both, both+5*time.Millisecond)...)},
			},
		})
	}
	return runs
}

func ExampleSample_WhatIf() {
	sample, err := waterfall.NewSample(visits(1000)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := sample.WhatIf(waterfall.Hedge("ads", .9), waterfall.Within("ads", 90*time.Millisecond))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.What())
	fmt.Println(f.Before.P99.Round(time.Millisecond), "→", f.After.P99.Round(time.Millisecond), "saved", f.Saved().Round(time.Millisecond), f.Costs())
	// Output:
	// hedge ads at p90 (63.4 ms) and give ads 90 ms
	// 165ms → 95ms saved 70ms for 3.33 % more calls, full in 98.2 %
}

func ExampleSample_Ranking() {
	sample, err := waterfall.NewSample(visits(1000)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := sample.Ranking()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range list {
		fmt.Println(f.Words()[0])
	}
	// Output:
	// give ads 63 ms: p99 165 ms → 68 ms, full in 89.9 %
	// hedge ads at p95 (87.9 ms): p99 165 ms → 119 ms for 1.67 % more calls
}

func ExampleHedgeAfter() {
	sample, _ := waterfall.NewSample(visits(1000)...)
	for _, correlation := range []float64{0, .5, .9} {
		f, err := sample.WhatIf(waterfall.HedgeAfter("ads", 60*time.Millisecond), waterfall.Correlation(correlation))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Words()[0])
	}
	// Output:
	// hedge ads after 60 ms: p99 165 ms → 102 ms for 3.7 % more calls
	// hedge ads after 60 ms: p99 165 ms → 127 ms for 3.7 % more calls
	// hedge ads after 60 ms: p99 165 ms → 155 ms for 3.7 % more calls
}

// With a budget hedges are for what is slower than it pays for, and some of what has a
// fixed delay finds nothing left.
func ExampleBudget() {
	sample, _ := waterfall.NewSample(visits(1000)...)
	for _, hedge := range []waterfall.Change{waterfall.Hedge("ads", .9), waterfall.HedgeAfter("ads", 60*time.Millisecond)} {
		f, err := sample.WhatIf(hedge, waterfall.Budget(.02))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Words()[0])
		fmt.Printf("refused: %.0f %%\n", 100*f.Refused)
	}
	// Output:
	// hedge ads at p98 (127 ms): p99 165 ms → 143 ms for 0.67 % more calls
	// refused: 0 %
	// hedge ads after 60 ms: p99 165 ms → 155 ms for 0.72 % more calls
	// refused: 82 %
}

func ExampleParseChange() {
	c, err := waterfall.ParseChange("hedge:ads=p95")
	fmt.Println(c == waterfall.Hedge("ads", .95), err)
	// Output:
	// true <nil>
}

// A program writes what it has kept, say when it ends, and who looks for what would help
// reads it.
func ExampleReadSample() {
	stats := new(waterfall.Stats)
	for _, run := range visits(1000) {
		stats.Add(run)
	}
	var file bytes.Buffer
	if err := stats.Sample("home", waterfall.Hour).WriteJSON(&file); err != nil {
		fmt.Println(err)
		return
	}
	sample, err := waterfall.ReadSample(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	recorded, seen := sample.Runs()
	fmt.Println(sample.Name(), recorded < 50, seen, sample.Tasks() == 3*recorded)
	// Output:
	// home true 1000 true
}

func ExampleForecast() {
	sample, _ := waterfall.NewSample(visits(1000)...)
	f, err := sample.WhatIf(waterfall.Within("ads", 60*time.Millisecond))
	if err != nil {
		fmt.Println(err)
		return
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.Encode(f)
	// Output:
	// {
	//   "changes": [
	//     "within:ads=60ms"
	//   ],
	//   "recorded": 1000,
	//   "runs": 1000,
	//   "before": {
	//     "p50": 31000000,
	//     "p95": 92510000,
	//     "p99": 164640000
	//   },
	//   "after": {
	//     "p50": 31000000,
	//     "p95": 65000000,
	//     "p99": 65000000
	//   },
	//   "low": 65000000,
	//   "high": 65000000,
	//   "calls": 0,
	//   "full": 0.889,
	//   "wasFull": 1,
	//   "failed": 0,
	//   "wasFailed": 0,
	//   "correlation": 0,
	//   "assumes": [
	//     "in 11.1 % of the runs, ads returns when its context ends"
	//   ],
	//   "words": "give ads 60 ms: p99 165 ms → 65 ms, full in 88.9 %"
	// }
}

func ExampleStats_Sample() {
	stats := new(waterfall.Stats)
	for _, run := range visits(99) {
		stats.Add(run)
	}
	_, err := stats.Sample("home", waterfall.Hour).WhatIf(waterfall.Drop("ads"))
	fmt.Println(err)
	// Output:
	// waterfall: what if: 99 runs are too few to say anything of p99; it takes 100
}

// homeRun is a run of a page that needs a user and ads: of one whose user was not found, which
// cut ads short, or of one in which ads has ended.
func homeRun(found bool, ads time.Duration) *waterfall.Run {
	ran := func(d time.Duration) []waterfall.Piece { return []waterfall.Piece{{State: waterfall.Running, End: d}} }
	user := waterfall.Task{ID: 2, Group: 1, Name: "user", Outcome: asap.Succeeded, Pieces: ran(30 * time.Millisecond)}
	other := waterfall.Task{ID: 3, Group: 1, Name: "ads", Outcome: asap.Succeeded, Pieces: ran(ads)}
	if !found {
		user.Outcome, other.Outcome = asap.Failed, asap.Canceled
	}
	end := max(user.End(), ads)
	group := waterfall.Group{ID: 1, Name: "home", End: end, Outcome: user.Outcome}
	return &waterfall.Run{Name: "home", Makespan: end, Ended: true, Groups: []waterfall.Group{group}, Tasks: []waterfall.Task{user, other}}
}

func ExampleSample_Predict() {
	const ms = time.Millisecond
	run := homeRun(false, 30*ms)
	others, err := waterfall.NewSample(homeRun(true, 20*ms), homeRun(true, 45*ms), homeRun(true, 50*ms), homeRun(true, 90*ms))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := others.Predict(run, waterfall.Drop("user"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v instead of %v if %s\n", p.Makespan, p.Baseline, p.Assumes[0])
	// Output: 50ms instead of 30ms if ads takes 50 ms, from 3 other runs
}
