package waterfall_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/waterfall"
)

const ms = time.Millisecond

func TestMeasure(t *testing.T) {
	tests := []struct {
		script              string
		work, span, byLevel time.Duration
		peak                int
		efficiency          float64
	}{
		{"readme", 490 * ms, 360 * ms, 360 * ms, 2, 1},
		{"limit", 100 * ms, 40 * ms, 50 * ms, 1, 1},
		{"nested", 120 * ms, 120 * ms, 120 * ms, 1, 1},
		{"map", 72 * ms, 35 * ms, 35 * ms, 3, 35.0 / 45},
		{"empty", 0, 0, 0, 0, 0},
	}
	for _, tt := range tests {
		m := record(t, scripts[tt.script]).Measure()
		if m.Work != tt.work || m.Span != tt.span || m.ByLevel != tt.byLevel || m.Peak != tt.peak || m.Efficiency != tt.efficiency {
			t.Errorf("%s: Measure() = %+v, want work %v, span %v, by level %v, peak %d, efficiency %v",
				tt.script, m, tt.work, tt.span, tt.byLevel, tt.peak, tt.efficiency)
		}
	}
}

// A level waits for the whole level before it: here that costs 40 ms.
func TestByLevel(t *testing.T) {
	m := record(t, `
		0 group g
		0 declare slow
		0 start slow
		0 declare quick
		0 start quick
		0 declare after deps quick
		10 end quick
		10 ready after on quick
		10 start after
		50 end slow
		50 end after
		50 close g`).Measure()
	if m.Span != 50*ms || m.ByLevel != 90*ms {
		t.Errorf("span %v, by level %v, want 50ms, 90ms", m.Span, m.ByLevel)
	}
}

func TestSlack(t *testing.T) {
	run := record(t, readme)
	want := map[string]time.Duration{"config": 190 * ms, "user": 0, "posts": 0, "profile": 120 * ms, "analytics": 0}
	m := run.Measure()
	for i, task := range run.Tasks {
		if m.Slack[i] != want[task.Name] {
			t.Errorf("slack of %s = %v, want %v", task.Name, m.Slack[i], want[task.Name])
		}
	}
}

// T∞ is what a run without a limit takes, and no run is better than
// max(T1/n, T∞).
func TestMeasureOfRandomRuns(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		p := newPlan(rnd, 2+rnd.IntN(20), true)
		p.limit = rnd.IntN(4)
		run := p.run(t)
		m := run.Measure()
		if p.limit == 0 && m.Span != run.Makespan {
			t.Errorf("seed %d: span %v, want the makespan %v of a run without a limit", seed, m.Span, run.Makespan)
		}
		if m.Span > run.Makespan || m.Efficiency <= 0 || m.Efficiency > 1 || m.Peak < 1 {
			t.Errorf("seed %d: %+v of a run of %v", seed, m, run.Makespan)
		}
		if p.limit > 0 && m.Peak > p.limit {
			t.Errorf("seed %d: peak %d over the limit %d", seed, m.Peak, p.limit)
		}
		if l := run.Groups[0].Limit; l != 0 && l != p.limit {
			t.Errorf("seed %d: inferred the limit %d, want %d or none", seed, l, p.limit)
		}
		unlimited, err := run.WhatIf(waterfall.Limit(0))
		if err != nil || unlimited.Makespan != m.Span {
			t.Errorf("seed %d: WhatIf(Limit(0)) = %v, %v, want the span %v", seed, unlimited.Makespan, err, m.Span)
		}
	}
}

func TestRanking(t *testing.T) {
	got := record(t, readme).Ranking()
	want := []waterfall.Gain{
		{Name: "posts", Saves: 100 * ms, Most: 120 * ms, Kink: 0.6},
		{Name: "user", Saves: 60 * ms, Most: 120 * ms, Kink: 1},
		{Name: "analytics", Saves: 20 * ms, Most: 40 * ms, Kink: 1},
	}
	if len(got) != len(want) {
		t.Fatalf("Ranking() = %+v, want %+v", got, want)
	}
	for i, w := range want {
		g := got[i]
		if g.Name != w.Name || g.Saves != w.Saves || g.Most != w.Most || g.Kink < w.Kink-1e-5 || g.Kink > w.Kink+1e-5 {
			t.Errorf("Ranking()[%d] = %+v, want %+v", i, g, w)
		}
	}
}

// Speeding v up by the share s gives max(T_v − s·d(v), B_v), in a graph of
// declared dependencies without a limit.
func TestKinkFormula(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		p := &plan{}
		n := 2 + rnd.IntN(12)
		for i := range n {
			pt := &planTask{name: string(rune('a' + i)), steps: []step{{sleep: duration(rnd), await: -1}}}
			for len(pt.deps) < 3 && i > 0 && rnd.IntN(2) == 0 {
				if d := rnd.IntN(i); !contains(pt.deps, d) {
					pt.deps = append(pt.deps, d)
				}
			}
			p.tasks = append(p.tasks, pt)
		}
		run := p.run(t)
		v := rnd.IntN(n)
		d := p.tasks[v].steps[0].sleep
		through, avoiding := p.longest(v, true), p.longest(v, false)
		for _, share := range []float64{0.1, 0.5, 0.9, 1, -0.5} {
			got, err := run.WhatIf(waterfall.Speed(p.tasks[v].name, share))
			want := max(through-time.Duration(share*float64(d)), avoiding)
			if err != nil || got.Makespan < want-2 || got.Makespan > want+2 {
				t.Fatalf("seed %d: Speed(%s, %g) = %v, %v, want max(%v − %g·%v, %v) = %v", seed, p.tasks[v].name, share, got.Makespan, err, through, share, d, avoiding, want)
			}
		}
		for _, g := range run.Ranking() {
			if g.Name != p.tasks[v].name {
				continue
			}
			want := min(1, float64(through-avoiding)/float64(d))
			if g.Kink < want-0.001 || g.Kink > want+0.001 {
				t.Errorf("seed %d: kink of %s at %g, want (T_v − B_v)/d = %g", seed, g.Name, g.Kink, want)
			}
		}
	}
}

// longest is the longest path that goes through task v, or avoids it.
func (p *plan) longest(v int, through bool) time.Duration {
	best := time.Duration(0)
	var walk func(i int, sum time.Duration, met bool)
	walk = func(i int, sum time.Duration, met bool) {
		sum += p.tasks[i].steps[0].sleep
		met = met || i == v
		if met == through {
			best = max(best, sum)
		}
		for _, d := range p.tasks[i].deps {
			walk(d, sum, met)
		}
	}
	for i := range p.tasks {
		walk(i, 0, false)
	}
	return best
}

func TestWhatIfErrors(t *testing.T) {
	run := record(t, readme)
	tests := []struct {
		change waterfall.Change
		want   string
	}{
		{waterfall.Speed("nobody", 0.5), `waterfall: what if: no task "nobody"; there are config, user, posts, profile and analytics`},
		{waterfall.Speed("user", 1.5), "waterfall: what if: user: share 1.5 is more than all of its time"},
		{waterfall.Limit(-1), "waterfall: what if: limit -1; 0 means none"},
		{waterfall.Drop(""), `waterfall: what if: no task ""; there are config, user, posts, profile and analytics`},
	}
	for _, tt := range tests {
		if _, err := run.WhatIf(tt.change); err == nil || err.Error() != tt.want {
			t.Errorf("WhatIf(%v) error = %v, want %s", tt.change, err, tt.want)
		}
	}
	var rec waterfall.Recorder
	if _, err := rec.Run().WhatIf(); err == nil {
		t.Error("WhatIf of a run that has not ended: no error")
	}
}

func TestWhatIfSelectors(t *testing.T) {
	run := record(t, scripts["map"])
	tests := []struct {
		change waterfall.Change
		want   time.Duration
		why    string
	}{
		{waterfall.Speed("likes[]", 1), 10 * ms, "all elements of the Map"},
		{waterfall.Speed("likes[2]", 1), 25 * ms, "one of them"},
		{waterfall.Drop("likes"), 10 * ms, "the Map and its elements"},
		{waterfall.Speed("posts", 1), 35 * ms, ""},
	}
	for _, tt := range tests {
		got, err := run.WhatIf(tt.change)
		if err != nil || got.Makespan != tt.want {
			t.Errorf("WhatIf(%v) = %v, %v, want %v (%s)", tt.change, got.Makespan, err, tt.want, tt.why)
		}
	}
}

// The path of a run that is stuck ends in what it hangs on, not in who waits.
func TestCriticalPathOfAStuckRun(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"a chain of waits", `
			0 group checkout
			0 declare cart
			0 start cart
			0 declare bank
			0 start bank
			0 declare charge
			0 start charge
			0 block charge on cart
			0 declare receipt deps cart bank
			12 end cart
			12 resume charge
			13 block charge on bank`, "bank"},
		{"a nested group", `
			0 group server
			0 declare page
			0 start page
			5 group inner in page
			5 declare other
			5 start other
			5 declare user
			5 start user
			5 declare quote deps user
			6 block page on inner
			9 end other`, "user"},
		{"a circle", `
			0 group loop
			0 declare user
			0 start user
			0 declare profile
			0 start profile
			10 block user on profile
			20 block profile on user`, "profile user"},
	}
	for _, tt := range tests {
		run := record(t, tt.script)
		path := run.CriticalPath()
		at := time.Duration(0)
		for _, s := range path {
			if s.Start != at {
				t.Errorf("%s: step %+v, want it to start at %v", tt.name, s, at)
			}
			at = s.End
		}
		last := path[len(path)-1]
		if at != run.Makespan || run.Ended || !strings.Contains(tt.want, last.Name) || last.Name == "" {
			t.Errorf("%s: the path ends at %v of %v in %+v, want it in %s", tt.name, at, run.Makespan, last, tt.want)
		}
	}
}
