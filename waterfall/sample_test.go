package waterfall_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// two is a run of two tasks side by side, a and b, of which b may be missing.
func two(a, b time.Duration) *waterfall.Run {
	all := max(a, b)
	return &waterfall.Run{
		Name: "home", Makespan: all, Ended: true,
		Groups: []waterfall.Group{{ID: 1, End: all, Outcome: asap.Succeeded}},
		Tasks: []waterfall.Task{
			{ID: 2, Group: 1, Name: "a", Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Running, End: a}}},
			{ID: 3, Group: 1, Name: "b", Outcome: asap.Succeeded, Optional: true, Pieces: []waterfall.Piece{{State: waterfall.Running, End: b}}},
		},
	}
}

func sampleOf(t testing.TB, runs []*waterfall.Run) *waterfall.Sample {
	t.Helper()
	s, err := waterfall.NewSample(runs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got-want) > share*math.Abs(want) {
		t.Errorf("%s = %g, want %g within %g %%", what, got, want, 100*share)
	}
}

// Of exponential durations with mean 1 hedged at delay d, the share of min(X, d+Y) above x
// is exp(−x) up to d and exp(d−2x) beyond: p99 is (d+ln 100)/2 if d is less than ln 100.
func TestHedgeOfExponentialDurations(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var runs []*waterfall.Run
	for range 20_000 {
		runs = append(runs, two(time.Duration(rnd.ExpFloat64()*1e9), 1))
	}
	s := sampleOf(t, runs)
	for _, q := range []float64{.5, .9, .95} {
		f, err := s.WhatIf(waterfall.Hedge("a", q), waterfall.Correlation(0))
		if err != nil {
			t.Fatal(err)
		}
		d := -math.Log(1 - q)
		near(t, fmt.Sprintf("p99 before p%g", 100*q), f.Before.P99.Seconds(), math.Log(100), .04)
		near(t, fmt.Sprintf("p99 of a hedge at p%g", 100*q), f.After.P99.Seconds(), (d+math.Log(100))/2, .03)
		near(t, "more calls", f.Calls, (1-q)/2, .03) // of two tasks
		near(t, "delay", f.Delays[0].Seconds(), d, .05)
	}
	all, err := s.WhatIf(waterfall.HedgeAfter("a", 0), waterfall.Correlation(1))
	if err != nil {
		t.Fatal(err)
	}
	if all.After != all.Before {
		t.Errorf("with a correlation of 1 a second call gains: %v, was %v", all.After, all.Before)
	}
}

// Of two uniform durations side by side, of which one has a deadline, p99 is that of the
// other one.
func TestDeadlineOfUniformDurations(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var runs []*waterfall.Run
	for range 10_000 {
		runs = append(runs, two(time.Duration(rnd.Float64()*1e9), time.Duration(rnd.Float64()*10e9)))
	}
	f, err := sampleOf(t, runs).WhatIf(waterfall.Within("b", 500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p99 before", f.Before.P99.Seconds(), 9.9, .01)
	near(t, "p99", f.After.P99.Seconds(), .99, .01)
	near(t, "p50", f.After.P50.Seconds(), .5, .01) // b at its deadline, or a beyond it
	near(t, "full", f.Full, .05, .05)
	if f.WasFull != 1 || f.Calls != 0 || f.Hedged || f.Failed != 0 {
		t.Errorf("full before %g, more calls %g, hedged %t, failed %g; want 1, 0, false and 0", f.WasFull, f.Calls, f.Hedged, f.Failed)
	}
	if f.Low > f.After.P99 || f.High < f.After.P99 || f.High-f.Low > f.After.P99/20 {
		t.Errorf("p99 %v is between %v and %v, want it there, and them near", f.After.P99, f.Low, f.High)
	}
}

// Of what is canceled at a deadline it is known that it takes longer: with a later
// deadline it ends as the estimate of those that ran for longer says.
func TestCanceledAreLonger(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var runs []*waterfall.Run
	for i := range 10_000 {
		b, within := rnd.ExpFloat64(), 1.0
		if i%2 == 0 {
			within = 4
		}
		r := two(1, time.Duration(min(b, within)*1e9))
		task := &r.Tasks[1]
		if task.Within = time.Duration(within * 1e9); b >= within {
			task.Outcome, task.Err = asap.Tolerated, fmt.Sprintf("b: within %v: context deadline exceeded", task.Within)
		}
		runs = append(runs, r)
	}
	f, err := sampleOf(t, runs).WhatIf(waterfall.Within("b", 3*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "full before", f.WasFull, 1-(math.Exp(-1)+math.Exp(-4))/2, .02)
	near(t, "full", f.Full, 1-math.Exp(-3), .01)
	near(t, "p50", f.After.P50.Seconds(), math.Ln2, .04)
	near(t, "p95", f.After.P95.Seconds(), -math.Log(.05), .04)
	if !slices.ContainsFunc(f.Assumes, func(s string) bool { return strings.Contains(s, "were canceled before they ended") }) {
		t.Errorf("assumes %q, want that some were canceled", f.Assumes)
	}
}

// Changes go together, and the same question has the same answer.
func TestChangesTogether(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var runs []*waterfall.Run
	for range 5000 {
		runs = append(runs, two(time.Duration(rnd.ExpFloat64()*1e9), time.Duration(rnd.ExpFloat64()*1e9)))
	}
	ask := func(changes ...waterfall.Change) *waterfall.Forecast {
		f, err := sampleOf(t, runs).WhatIf(changes...)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	hedge, deadline := waterfall.Hedge("a", .9), waterfall.Within("b", 2*time.Second)
	both := ask(hedge, deadline)
	// a hedged at ln 10: above x by exp(ln 10 − 2x); b is over at 2.
	near(t, "p99 of both", both.After.P99.Seconds(), (math.Log(10)+math.Log(100))/2, .04)
	near(t, "full", both.Full, 1-math.Exp(-2), .02)
	if one := ask(hedge).After.P99; one <= both.After.P99 {
		t.Errorf("p99 %v of one change, %v of both", one, both.After.P99)
	}
	if again := ask(hedge, deadline); fmt.Sprint(again.Words()) != fmt.Sprint(both.Words()) {
		t.Errorf("asked again:\n%v\nnot\n%v", again.Words(), both.Words())
	}
	faster := ask(waterfall.Speed("a", .5), waterfall.Speed("b", .5))
	if faster.After.P99 != (faster.Before.P99+1)/2 && faster.After.P99 != faster.Before.P99/2 {
		t.Errorf("twice as fast: p99 %v, was %v", faster.After.P99, faster.Before.P99)
	}
	if none := ask(); none.After != none.Before || none.Saved() != 0 {
		t.Errorf("no change: %v, was %v", none.After, none.Before)
	}
}

func TestWhatIfRefuses(t *testing.T) {
	var runs []*waterfall.Run
	for i := range 200 {
		runs = append(runs, two(time.Duration(i+1), 5))
	}
	nested := func() *waterfall.Run {
		r := two(10, 5)
		r.Groups = append(r.Groups, waterfall.Group{ID: 4, Parent: 2, Name: "inner", End: 5, Outcome: asap.Succeeded})
		r.Tasks[0].Pieces = []waterfall.Piece{{State: waterfall.Running, End: 1}, {State: waterfall.Blocked, Start: 1, End: 5, On: 4}, {State: waterfall.Running, Start: 5, End: 10}}
		r.Tasks = append(r.Tasks, waterfall.Task{ID: 5, Group: 4, Parent: 2, Name: "c", Outcome: asap.Succeeded, Pieces: []waterfall.Piece{{State: waterfall.Queued, End: 1}, {State: waterfall.Running, Start: 1, End: 5}}})
		return r
	}
	var inside []*waterfall.Run
	for range 100 {
		inside = append(inside, nested())
	}
	for _, test := range []struct {
		name   string
		runs   []*waterfall.Run
		change waterfall.Change
		want   string
	}{
		{"few", runs[:99], waterfall.Hedge("a", .95), "99 runs are too few to say anything of p99; it takes 100"},
		{"one", runs[:1], waterfall.Hedge("a", .95), "1 run are too few"},
		{"none", nil, waterfall.Hedge("a", .95), "0 runs are too few"},
		{"no such task", runs, waterfall.Hedge("x", .95), `no task "x"; there are a and b`},
		{"no such task to drop", runs, waterfall.Drop("x"), `no task "x"`},
		{"no quantile", runs, waterfall.Hedge("a", 1.5), "want a share between 0 and 1"},
		{"no correlation", runs, waterfall.Correlation(2), "correlation 2; want it from 0 to 1"},
		{"no budget", runs, waterfall.Budget(0), "budget 0; want it above 0 and at most 1"},
		{"tasks inside", inside, waterfall.Hedge("a", .95), "a cannot be hedged: it has tasks inside"},
	} {
		s, err := waterfall.NewSample(test.runs...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.WhatIf(test.change); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := two(1, 2).WhatIf(waterfall.Budget(.5)); err == nil || !strings.Contains(err.Error(), "one run does not tell") {
		t.Errorf("one run: %v, want that it does not tell", err)
	}
	if _, err := two(1, 2).WhatIf(waterfall.Hedge("a", .95)); err == nil || !strings.Contains(err.Error(), "one run does not tell") {
		t.Errorf("one run: %v, want that it does not tell", err)
	}
	other := two(1, 2)
	other.Name = "cart"
	if _, err := waterfall.NewSample(two(1, 2), other); err == nil {
		t.Error("runs of two names were taken")
	}
}

// What a Stats has kept stands for all that it has seen: the percentiles of the sample are
// those of the report, and a prediction from some hundred kept runs is that from all.
func TestSampleOfStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(3, 4))
		stats := new(waterfall.Stats)
		var all []*waterfall.Run
		for range 20_000 {
			r := two(time.Duration(math.Exp(rnd.NormFloat64())*1e7), time.Duration(math.Exp(rnd.NormFloat64())*2e7))
			if rnd.IntN(50) == 0 {
				r.Groups[0].Outcome, r.Groups[0].Err = asap.Failed, "a: no"
				r.Tasks[0].Outcome, r.Tasks[0].Err = asap.Failed, "no"
				r.Tasks[1].Pieces[0].End, r.Makespan, r.Groups[0].End = r.Tasks[0].End(), r.Tasks[0].End(), r.Tasks[0].End()
				r.Tasks[1].Outcome = asap.Canceled
			}
			all = append(all, r)
			stats.Add(r)
			time.Sleep(25 * time.Millisecond)
		}
		s := stats.Sample("home", waterfall.TenMinutes)
		recorded, seen := s.Runs()
		report := stats.Report("home", waterfall.TenMinutes)
		if seen != report.Runs || recorded < 100 || recorded > 800 {
			t.Errorf("%d runs stand for %d, want some hundred for %d", recorded, seen, report.Runs)
		}
		changes := []waterfall.Change{waterfall.Within("b", 40*time.Millisecond), waterfall.Hedge("a", .95)}
		few, err := s.WhatIf(changes...)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := sampleOf(t, all).WhatIf(changes...)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d of %d: %v → %v (%v to %v), %.1f %%, %.1f %%; all: %v → %v, %.1f %%, %.1f %%; failed %.2f, %.2f", recorded, seen,
			few.Before, few.After, few.Low, few.High, 100*few.Calls, 100*few.Full, whole.Before, whole.After, 100*whole.Calls, 100*whole.Full, few.Failed, whole.Failed)
		near(t, "p99 before", few.Before.P99.Seconds(), report.P99.Seconds(), .08)
		near(t, "p99", few.After.P99.Seconds(), whole.After.P99.Seconds(), .2)
		near(t, "p50", few.After.P50.Seconds(), whole.After.P50.Seconds(), .2)
		near(t, "full", few.Full, whole.Full, .1)
		if n, _ := stats.Sample("nobody", waterfall.Hour).Runs(); n != 0 {
			t.Errorf("%d runs of nobody", n)
		}
	})
}

// A sample that is written is read again as it was.
func TestSampleJSON(t *testing.T) {
	stats := new(waterfall.Stats)
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		stats.Add(two(time.Duration(math.Exp(2*rnd.NormFloat64())*1e6), time.Duration(math.Exp(3*rnd.NormFloat64())*1e6)))
	}
	s := stats.Sample("home", waterfall.Minute)
	var b bytes.Buffer
	if err := s.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	again, err := waterfall.ReadSample(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := s.WhatIf(waterfall.Hedge("b", .9))
	two, err2 := again.WhatIf(waterfall.Hedge("b", .9))
	if err1 != nil || err2 != nil || fmt.Sprint(one.Words()) != fmt.Sprint(two.Words()) {
		t.Errorf("before %v\n%v\nread again %v\n%v", err1, one, err2, two)
	}
}

func TestReadSample(t *testing.T) {
	var runs bytes.Buffer
	for i := range 3 {
		if err := two(time.Duration(i+1), 2).Write(&runs, waterfall.JSON); err != nil {
			t.Fatal(err)
		}
	}
	s, err := waterfall.ReadSample(bytes.NewReader(runs.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if n, seen := s.Runs(); n != 3 || seen != 3 || s.Name() != "home" {
		t.Errorf("%d runs of %q for %d, want 3 of home for 3", n, s.Name(), seen)
	}
	lines := strings.Count(runs.String(), "\n")
	for _, test := range []struct{ name, in, want string }{
		{"nothing", "", "here is no run that has ended"},
		{"no run", runs.String() + "\n[1]", fmt.Sprintf("line %d, column 1: want an object", lines+2)},
		{"another name", runs.String() + strings.ReplaceAll(runs.String(), "home", "cart"), `a run of "cart" among those of "home"`},
		{"more than there were", `{"asap":"sample","version":1,"seen":0,"runs":[{"run":{}}]}`, "0 runs were seen, and 1 are here"},
		{"a newer version", `{"asap":"sample","version":2,"seen":0,"runs":[],"x":1}`, "version 2 of the format; this reads version 1"},
		{"version", `{"asap":"sample","version":2,"seen":0,"runs":[]}`, "version 2 of the format; this reads version 1"},
		{"weight", `{"asap":"sample","version":1,"seen":1,"runs":[{"weight":-1,"run":{}}]}`, "a weight is not negative"},
		{"member", `{"asap":"sample","version":1,"seen":1,"x":1}`, "unknown"},
		{"cut off", runs.String()[:40], "unexpected EOF"},
	} {
		_, err := waterfall.ReadSample(strings.NewReader(test.in))
		if _, ok := errors.AsType[*waterfall.ReadError](err); !ok || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// FuzzReadSample: whatever is read can be asked, and is written again.
func FuzzReadSample(f *testing.F) {
	var runs bytes.Buffer
	for i := range 3 {
		if err := two(time.Duration(i+1), 2).Write(&runs, waterfall.JSON); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(runs.Bytes(), "hedge:a=p50")
	f.Add(runs.Bytes(), "within:b=2ns")
	stats := new(waterfall.Stats)
	for i := range 5 {
		stats.Add(two(time.Duration(i+1), 2))
	}
	var b bytes.Buffer
	if err := stats.Sample("home", waterfall.Minute).WriteJSON(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), "a=-50%")
	for name, change := range map[string]string{"limit": "hedge:*=1ns", "map": "hedge:likes[]=p50", "nested": "hedge:charge=1ms", "failed": "within:user=1ms"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, change)
	}
	f.Fuzz(func(t *testing.T, data []byte, change string) {
		s, err := waterfall.ReadSample(bytes.NewReader(data))
		if err != nil {
			if _, ok := errors.AsType[*waterfall.ReadError](err); !ok {
				t.Errorf("ReadSample: %T %v, want a *ReadError", err, err)
			}
			return
		}
		var out bytes.Buffer
		if err := s.WriteJSON(&out); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		c, err := waterfall.ParseChange(change)
		if err != nil {
			return
		}
		many := []*waterfall.Run{}
		for len(many) < 100 {
			many = append(many, waterfall.RunsOf(s)...)
		}
		if s, err = waterfall.NewSample(many[:100]...); err != nil {
			return
		}
		if f, err := s.WhatIf(c); err == nil {
			f.Words()
		} else if len(data)%8 == 0 {
			s.Ranking()
		}
	})
}

func TestParseChange(t *testing.T) {
	for _, text := range []string{
		"user=-50%", "user=+25%", "ads=0", "limit=4", "limit:likes=0", "within:ads=60ms", "hedge:ads=p95", "hedge:ads=p99.9",
		"hedge:price[]=80ms", "hedge:shard-*=p90", "correlation=0.5", "budget=0.02", "budget=-10%", "budget=0", "a=b=-10%", "within:x:y=1s",
	} {
		c, err := waterfall.ParseChange(text)
		if err != nil || c.String() != text {
			t.Errorf("ParseChange(%q) = %v, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "=", "user", "user=", "user=x", "user=-150%", "user=NaN%", "limit=-1", "limit:a=x", "within:a=0s", "within:a=", "hedge:a=p0", "hedge:a=p100", "hedge:a=pNaN", "hedge:a=-1s", "correlation=2", "correlation=NaN", "budget=2", "budget=NaN", "budget=-.1"} {
		if c, err := waterfall.ParseChange(text); err == nil {
			t.Errorf("ParseChange(%q) = %v, want an error", text, c)
		}
	}
}

// FuzzParseChange: what is read is written so that it is read as the same again.
func FuzzParseChange(f *testing.F) {
	for _, text := range []string{"user=-50%", "ads=0", "limit:likes=4", "within:ads=60ms", "hedge:ads=p95", "hedge:ads=80ms", "correlation=.5", "budget=.02"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := waterfall.ParseChange(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b\x00") {
				t.Errorf("ParseChange(%q): %q", text, err)
			}
			return
		}
		again, err := waterfall.ParseChange(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("ParseChange(%q) = %v, which is read as %v, %v", text, c, again, err)
		}
	})
}
