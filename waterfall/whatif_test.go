package waterfall_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The pieces of the critical path partition [0, makespan].
func TestCriticalPathPartitions(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		p := newPlan(rnd, 2+rnd.IntN(25), true)
		p.limit = rnd.IntN(5)
		if rnd.IntN(3) == 0 {
			p.tasks[rnd.IntN(len(p.tasks))].fails = true
		}
		run := p.run(t)
		checkPartition(t, run, seed)
	}
	for name, script := range scripts {
		checkPartition(t, record(t, script), name)
	}
}

func checkPartition(t *testing.T, run *waterfall.Run, which any) {
	t.Helper()
	at := time.Duration(0)
	for i, s := range run.CriticalPath() {
		if s.Start != at || s.End <= s.Start {
			t.Fatalf("run %v: step %d of the critical path = %+v, want it to start at %v", which, i, s, at)
		}
		if s.State != waterfall.Running && s.State != waterfall.Queued && len(run.Tasks) > 0 {
			t.Fatalf("run %v: step %d of the critical path is %v, want running or queued\n%s", which, i, s.State, run.Text(120, false))
		}
		at = s.End
	}
	if at != run.Makespan && len(run.Tasks) > 0 {
		t.Fatalf("run %v: critical path ends at %v, want %v", which, at, run.Makespan)
	}
}

// Without a limit a prediction is what a real run then takes, to the
// nanosecond, but for the rounding of scaled durations.
func TestWhatIfIsExact(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		p := newPlan(rnd, 2+rnd.IntN(20), true)
		run := p.run(t)
		same, err := run.WhatIf()
		if err != nil {
			t.Fatal(err)
		}
		if same.Makespan != run.Makespan {
			t.Fatalf("seed %d: WhatIf() of no change = %v, want %v\n%s\npredicted\n%s", seed, same.Makespan, run.Makespan, run.Text(120, false), same.Run.Text(120, false))
		}
		changes := p.change(rnd)
		got, err := run.WhatIf(changes...)
		if err != nil {
			t.Fatal(err)
		}
		real := p.run(t)
		if d := got.Makespan - real.Makespan; d < -100 || d > 100 {
			t.Fatalf("seed %d: WhatIf(%v) = %v, want %v as a real run takes\nbefore\n%s\npredicted\n%s\nreal\n%s", seed, changes, got.Makespan, real.Makespan,
				run.Text(120, false), got.Run.Text(120, false), real.Text(120, false))
		}
		if err := got.Run.Validate(); err != nil {
			t.Fatalf("seed %d: Validate() of the predicted run = %v", seed, err)
		}
	}
}

// change alters the plan, and returns the same changes for WhatIf.
func (p *plan) change(rnd *rand.Rand) []waterfall.Change {
	var changes []waterfall.Change
	for range 1 + rnd.IntN(3) {
		i := rnd.IntN(len(p.tasks))
		pt := p.tasks[i]
		if pt.gone || len(pt.elems) > 0 {
			continue
		}
		if rnd.IntN(4) == 0 && !p.needed(i) {
			pt.gone = true
			changes = append(changes, waterfall.Drop(pt.name))
			continue
		}
		share := math.Round(rnd.Float64()*150-50) / 100
		if share > 1 {
			share = 1
		}
		for k := range pt.steps {
			pt.steps[k].sleep = time.Duration(float64(pt.steps[k].sleep)*(1-share) + 0.5)
		}
		changes = append(changes, waterfall.Speed(pt.name, share))
	}
	return changes
}

// needed tells whether a Map hangs on task i: it cannot do without.
func (p *plan) needed(i int) bool {
	for _, t := range p.tasks {
		if len(t.elems) > 0 && contains(t.deps, i) {
			return true
		}
	}
	return false
}

// Under a limit the order of what becomes ready at one instant may differ.
func TestWhatIfUnderALimit(t *testing.T) {
	const plans = 300
	good, worst := 0, 0.0
	for seed := range uint64(plans) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		p := newPlan(rnd, 2+rnd.IntN(20), true)
		p.limit = rnd.IntN(4)
		run := p.run(t)
		changes := p.change(rnd)
		if rnd.IntN(2) == 0 {
			p.limit = rnd.IntN(5)
			changes = append(changes, waterfall.Limit(p.limit))
		}
		got, err := run.WhatIf(changes...)
		if err != nil {
			t.Fatal(err)
		}
		real := p.run(t)
		off := math.Abs(float64(got.Makespan-real.Makespan)) / float64(max(real.Makespan, 1))
		worst = max(worst, off)
		if off <= 0.05 {
			good++
		} else if testing.Verbose() {
			t.Logf("seed %d: %v: predicted %v, real %v", seed, changes, got.Makespan, real.Makespan)
		}
	}
	t.Logf("%d of %d predictions within 5 %%, the worst off by %.1f %%", good, plans, 100*worst)
	if good < plans*95/100 {
		t.Errorf("%d of %d predictions are within 5 %% of the real run, want 95 %%", good, plans)
	}
}

// A run that failed is run again as it went: the same task fails after the same
// work, and cancels what it canceled; in a group that settles, nothing.
func TestWhatIfOfFailedRuns(t *testing.T) {
	for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
		for seed := range uint64(200) {
			rnd := rand.New(rand.NewPCG(seed, 4))
			p := newPlan(rnd, 2+rnd.IntN(15), true)
			p.tasks[rnd.IntN(len(p.tasks))].fails = true
			sameAgain(t, fmt.Sprintf("seed %d, settled %t", seed, options != nil), p.run(t, options...))
		}
	}
}

// sameAgain checks that no change predicts the run itself, task by task.
func sameAgain(t *testing.T, which string, run *waterfall.Run) {
	t.Helper()
	same, err := run.WhatIf()
	if err != nil {
		t.Fatalf("%s: WhatIf() of no change = %v", which, err)
	}
	if same.Makespan != run.Makespan {
		t.Errorf("%s: WhatIf() of no change = %v, want %v\n%s\npredicted\n%s", which, same.Makespan, run.Makespan, run.Text(120, false), same.Run.Text(120, false))
	}
	if err := same.Run.Validate(); err != nil {
		t.Errorf("%s: Validate() of the predicted run = %v", which, err)
	}
	for i := range run.Tasks {
		got, want := &same.Run.Tasks[i], &run.Tasks[i]
		if got.Outcome != want.Outcome || got.Outcome != asap.Skipped && got.End() != want.End() {
			t.Errorf("%s: %s is predicted %v until %v, want %v until %v", which, want.Name, got.Outcome, got.End(), want.Outcome, want.End())
		}
	}
}

func TestWhatIfOfScripts(t *testing.T) {
	for name, script := range scripts {
		run := record(t, script)
		p, err := run.WhatIf()
		if err != nil || p.Makespan != run.Makespan && name != "empty" {
			t.Errorf("%s: WhatIf() of no change = %+v, %v, want the makespan %v", name, p, err, run.Makespan)
		}
	}
}

// On a real clock, a Map declares its elements a moment after it was ready, and
// a nested group's tasks may come from one of them: the path goes on behind.
func TestCriticalPathOnARealClock(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"Map", `
			0 group g
			0.01 declare posts
			0.02 start posts
			0.03 declare likes deps posts
			10 end posts
			10.01 ready likes on posts
			10.02 declare likes[0] in likes
			10.03 declare likes[1] in likes
			10.04 start likes[0]
			10.05 start likes[1]
			15 end likes[0]
			20 end likes[1]
			20.01 end likes
			20.02 close g`, []string{"outside 0s-10µs", "posts queued 10µs-20µs", "posts running 20µs-10ms", "likes queued 10ms-10.01ms", "likes[1] queued 10.01ms-10.05ms", "likes[1] running 10.05ms-20ms", "likes queued 20ms-20.01ms"}},
		{"declared in a nested group", `
			0 group g
			0 declare a
			0 start a
			1 group inner in a
			1 declare b
			1 start b
			1 block a on inner
			5 declare c
			5 start c
			6 end b
			9 end c
			9 close inner
			9 resume a
			10 end a
			10 close g`, []string{"a running 0s-1ms", "outside 1ms-5ms", "c running 5ms-9ms", "a running 9ms-10ms"}},
	}
	for _, tt := range tests {
		run := record(t, tt.script)
		var got []string
		for _, s := range run.CriticalPath() {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s-%s", s.Name, s.State, s.Start, s.End)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: critical path %q, want %q", tt.name, got, tt.want)
		}
		if p, err := run.WhatIf(); err != nil || p.Makespan != run.Makespan {
			t.Errorf("%s: WhatIf() = %+v, %v, want %v", tt.name, p, err, run.Makespan)
		}
	}
}

// On an engine elsewhere a task may end that no worker has begun: canceled, out
// of time, or, in an early exit, when the engine says that it has ended the
// call. A prediction keeps it and what it took. In each run the second task is
// such a one, and ends three seconds after the first.
func TestWhatIfOfTaskThatNeverBegan(t *testing.T) {
	const s = time.Second
	shop := func(outcome asap.Outcome, limit int, tasks ...waterfall.Task) *waterfall.Run {
		return &waterfall.Run{Name: "shop", Makespan: 5 * s, Ended: true, Tasks: tasks,
			Groups: []waterfall.Group{{ID: 1, Name: "shop", Outcome: outcome, End: 5 * s, Limit: limit}}}
	}
	first := func(outcome asap.Outcome) waterfall.Task {
		return waterfall.Task{ID: 2, Group: 1, Name: "first", Outcome: outcome, Pieces: []waterfall.Piece{{State: waterfall.Running, End: 2 * s}}}
	}
	runs := make(map[string]*waterfall.Run)
	for _, outcome := range []asap.Outcome{asap.Canceled, asap.Failed, asap.Exited} {
		runs[outcome.String()] = shop(asap.Failed, 0, first(asap.Succeeded),
			waterfall.Task{ID: 3, Group: 1, Name: "stock", Deps: []asap.ID{2}, Outcome: outcome, Err: "gone", Pieces: []waterfall.Piece{
				{State: waterfall.Blocked, End: 2 * s, On: 2}, {State: waterfall.Queued, Start: 2 * s, End: 5 * s}}})
	}
	for _, limit := range []int{0, 1} {
		runs[fmt.Sprintf("early exit, limit %d", limit)] = shop(asap.Exited, limit, first(asap.Exited),
			waterfall.Task{ID: 3, Group: 1, Name: "mirror", Outcome: asap.Exited, Pieces: []waterfall.Piece{{State: waterfall.Queued, End: 5 * s}}},
			waterfall.Task{ID: 4, Group: 1, Name: "after", Deps: []asap.ID{3}, Outcome: asap.Skipped, Pieces: []waterfall.Piece{{State: waterfall.Blocked, End: 2 * s, On: 3}}})
	}
	for name, run := range runs {
		if err := run.Validate(); err != nil {
			t.Fatalf("%s: Validate() = %v", name, err)
		}
		for _, row := range []struct {
			change []waterfall.Change
			want   time.Duration
		}{{nil, 5 * s}, {[]waterfall.Change{waterfall.Speed("first", .5)}, 4 * s}} {
			if p, err := run.WhatIf(row.change...); err != nil || p.Makespan != row.want || p.Run.Tasks[1].Outcome != run.Tasks[1].Outcome {
				t.Errorf("%s: WhatIf(%v) = %+v, %v, want %v and %v", name, row.change, p, err, row.want, run.Tasks[1].Outcome)
			}
		}
	}
}
