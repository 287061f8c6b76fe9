package waterfall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// home runs a group of three tasks; quote takes so long.
func home(t testing.TB, s *waterfall.Stats, quote time.Duration, fails error) error {
	t.Helper()
	g := asap.New(context.Background(), asap.Name("home"), asap.Observe(s))
	user := g.Go("user", sleep(2*ms, 1))
	user.Then("quote", func(context.Context, int) (int, error) { time.Sleep(quote); return 1, fails })
	g.Go("ads", sleep(ms, 1))
	return g.Wait()
}

// Two days of 10 ms, and then 80 ms for a minute: it is seen at once, and said.
func TestStatsIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		run := func(quote, every, total time.Duration) {
			for began := time.Now(); time.Since(began) < total; time.Sleep(every - 2*ms - quote) {
				if err := home(t, &s, quote, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		run(8*ms, 10*time.Second, 48*time.Hour)
		began := time.Now()
		run(78*ms, time.Second, time.Minute)
		near := func(got, want time.Duration) bool { return got >= want && float64(got) <= 1.05*float64(want) }
		minute, start := s.Report("home", waterfall.Minute), s.Report("home", waterfall.SinceStart)
		if !near(minute.P50, 80*ms) || !near(minute.P99, 80*ms) || minute.Runs < 60 || minute.Runs > 61 {
			t.Errorf("minute: %d runs, p50 %v, p99 %v; want 60 and 80ms", minute.Runs, minute.P50, minute.P99)
		}
		if d := began.Sub(minute.Since); d < 0 || d > 5*time.Second {
			t.Errorf("the minute began %v before the change, want at most 5s", d)
		}
		if !near(start.P50, 10*ms) || !near(start.P99, 10*ms) || start.Runs < 17_280 {
			t.Errorf("since start: %d runs, p50 %v, p99 %v; want 10ms", start.Runs, start.P50, start.P99)
		}
		for _, r := range []waterfall.Report{minute, start} {
			if len(r.Slowest) == 0 || r.Slowest[0].Makespan != 80*ms || s.Run(r.Slowest[0].Number) == nil {
				t.Errorf("%s: the slowest are %+v, want the new ones, kept", r.Window, r.Slowest)
			}
			if r.Until.Sub(r.Since) < time.Minute || !r.Until.Equal(time.Now()) {
				t.Errorf("%s is from %v to %v", r.Window, r.Since, r.Until)
			}
		}
		c := s.Compare("home", waterfall.Minute, waterfall.Hour)
		words := c.Words()
		want := "p99 10 ms → 80 ms, +70 ms since " + minute.Since.Local().Format("15:04:05") + ": quote explains 70 ms"
		if len(words) == 0 || words[0] != want {
			t.Errorf("Words() = %q, want %q first", words, want)
		}
		if !c.Before.Until.Equal(c.After.Since) || c.Before.Runs < 360 || c.Before.Runs > 421 {
			t.Errorf("before are %d runs until %v, after those since %v", c.Before.Runs, c.Before.Until, c.After.Since)
		}
		var sum time.Duration
		for _, k := range c.Causes {
			sum += k.P99
		}
		if want := c.After.PathP99 - c.Before.PathP99; sum != want || want != 70*ms {
			t.Errorf("causes add up to %v of %v, want 70ms", sum, want)
		}
		onset, ok := s.Changed("home")
		if d := onset.After.Since.Sub(began); !ok || d.Abs() > 5*time.Second || onset.After.Runs < 60 || onset.After.Runs > 61 || !slices.Equal(onset.Words(), words) {
			t.Errorf("Changed = %q since %v, %t; want %q since %v", onset.Words(), onset.After.Since, ok, words, began)
		}
		if c := s.Compare("home", waterfall.SinceStart, waterfall.SinceStart); c.Before.Runs != 0 || c.Words() != nil {
			t.Errorf("before the start were %d runs, %q", c.Before.Runs, c.Words())
		}
		time.Sleep(2 * time.Hour)
		for _, w := range waterfall.Windows() {
			if r := s.Report("home", w); (r.Runs > 0) != (w == waterfall.SinceStart) {
				t.Errorf("%s, two hours later: %d runs", w, r.Runs)
			}
		}
	})
}

// Of many failed runs that differ in numbers alone few are kept, and the one that failed for
// something else is, whenever it came.
func TestStatsKeepsRareErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		for i := range 2000 {
			err := fmt.Errorf("card %d refused", i)
			if i%400 == 390 {
				err = errors.New("nil map")
			}
			home(t, &s, 8*ms, err)
			time.Sleep(20 * ms)
		}
		for range 2 {
			r := s.Report("home", waterfall.Hour)
			rare := 0
			for _, k := range r.Failed {
				if strings.HasSuffix(k.Err, "nil map") && s.Run(k.Number) != nil {
					rare++
				}
			}
			if rare == 0 || len(r.Failed) > 12*5 {
				t.Errorf("%d runs that failed for something else are kept, of %d that are kept", rare, len(r.Failed))
			}
			time.Sleep(20 * time.Minute) // then they are in a longer stretch
		}
	})
}

// Runs that failed can be opened, and each task tells its last error.
func TestStatsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		for i := range 3579 {
			var fails error
			if i%90 == 10 {
				fails = fmt.Errorf("card %d refused", i)
			}
			if i == 500 {
				fails = errors.New("out of stock")
			}
			home(t, &s, 8*ms, fails)
			time.Sleep(90 * ms)
		}
		r := s.Report("home", waterfall.SinceStart)
		if r.Failures() != 41 || len(r.Failed) < 10 {
			t.Fatalf("%d runs failed, and %d are kept; want 41, and 10 or more", r.Failures(), len(r.Failed))
		}
		for i, k := range r.Failed {
			run := s.Run(k.Number)
			if run == nil || run.Number != k.Number || run.Groups[0].Outcome != asap.Failed || k.Outcome != asap.Failed || !strings.HasPrefix(k.Err, "quote: ") {
				t.Errorf("Run(%d) = %v of %+v, want a failed run", k.Number, run, k)
			}
			if i > 0 && k.Number >= r.Failed[i-1].Number {
				t.Error("failed runs are not in order, the latest first")
			}
		}
		for _, task := range r.Tasks {
			switch {
			case task.Name != "quote" && (task.Err != "" || task.ErrRun != 0):
				t.Errorf("%s has the error %q", task.Name, task.Err)
			case task.Name == "quote" && (task.Failures != 41 || task.Err != "quote: card 3520 refused" || task.ErrRun != 3521 || time.Since(task.ErrAt) > 6*time.Second):
				t.Errorf("quote has the error %q of %v in run %d", task.Err, task.ErrAt, task.ErrRun)
			}
		}
		if words := s.Compare("home", waterfall.Minute, waterfall.Hour).Words(); len(words) > 0 {
			t.Errorf("as many fail as before, but Words() = %q", words)
		}
		for range 100 {
			home(t, &s, 8*ms, errors.New("no route"))
			time.Sleep(90 * ms)
		}
		words := s.Compare("home", waterfall.Minute, waterfall.Hour).Words()
		if len(words) != 1 || !strings.HasPrefix(words[0], "10") || !strings.Contains(words[0], "runs failed since") || !strings.HasSuffix(words[0], ": quote: no route") {
			t.Errorf("Words() = %q", words)
		}
	})
}

// The groups that run are measured against the p99 of their name.
func TestStatsOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		for range 10 {
			home(t, &s, 98*ms, nil)
		}
		long := asap.New(t.Context(), asap.Name("report"), asap.Observe(&s))
		long.Go("a", sleep(time.Hour, 1))
		time.Sleep(time.Minute)
		late := asap.New(t.Context(), asap.Name("home"), asap.Observe(&s))
		late.Go("user", sleep(ms, 1)).Then("quote", func(context.Context, int) (int, error) { time.Sleep(time.Minute); return 1, nil })
		time.Sleep(time.Second)
		live, all := s.Live(1)
		if all != 2 || len(live) != 1 {
			t.Fatalf("Live(1) = %+v of %d", live, all)
		}
		if l := live[0]; l.Name != "home" || l.Age != time.Second || l.P99 != 100*ms || l.Overdue != 10 || l.Tasks != 2 || l.Open != 1 || !l.Began.Equal(time.Now().Add(-time.Second)) {
			t.Errorf("Live(1) = %+v, want home, ten times as old as its p99", live[0])
		}
		if live, all := s.LiveOf("report", 5); all != 1 || len(live) != 1 || live[0].Overdue != 0 || live[0].P99 != 0 || live[0].Age != 61*time.Second {
			t.Errorf("LiveOf(report) = %+v of %d", live, all)
		}
		long.Wait()
		late.Wait()
	})
}

// What a build has saved is read by the next one.
func TestSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var old, s waterfall.Stats
		for i := range 100 {
			var fails error
			if i == 7 {
				fails = errors.New("boom")
			}
			home(t, &old, 8*ms, fails)
			home(t, &s, 18*ms, nil)
		}
		if _, ok := s.CompareBuilds("home", waterfall.Minute); ok {
			t.Error("there is a build before without SetBefore")
		}
		var b bytes.Buffer
		if err := old.Summary(waterfall.SinceStart).WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		m, err := waterfall.ReadSummary(&b)
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := m.WriteJSON(&again); err != nil || again.String() != text {
			t.Errorf("a summary that was read is written otherwise (%v):\n%s\n%s", err, text, again.String())
		}
		s.SetBefore(m)
		c, ok := s.CompareBuilds("home", waterfall.Hour)
		if words := c.Words(); !ok || len(words) != 2 || !strings.HasPrefix(words[0], "p99 10 ms → 20 ms, +10 ms since ") || !strings.HasSuffix(words[0], ": quote explains 10 ms") {
			t.Errorf("CompareBuilds = %t, %q", ok, words)
		}
	})
	for text, want := range map[string]string{
		`{"asap":"run","version":1}`:                         `line 1, column 2: this is not a summary of runs but a recorded run`,
		`{"asap":"summary","version":9,"x":1}`:               `line 1, column 19: version 9 of the format; this reads version 1`,
		`{"asap":"summary","version":9}`:                     `line 1, column 19: version 9 of the format; this reads version 1`,
		`{"asap":"summary","version":1,"reports":[{"x":1}]}`: `line 1, column 43: /reports/0/x: unknown object member name`,
	} {
		if _, err := waterfall.ReadSummary(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("ReadSummary(%s) = %v, want %s", text, err, want)
		}
	}
}

// It is found since when a name is slower, and no change where there is none,
// whatever the distribution.
func TestStatsChanged(t *testing.T) {
	found := 0
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 5))
			var s waterfall.Stats
			run := func(mean, every, total time.Duration) {
				for began := time.Now(); time.Since(began) < total; time.Sleep(every) {
					s.Add(wideRun(rnd, "page", []string{"a"}, mean))
				}
			}
			steady := 2*time.Hour + time.Duration(rnd.IntN(3600))*time.Second
			run(100*ms, 10*time.Second, steady)
			if c, ok := s.Changed("page"); ok {
				t.Errorf("seed %d: a change is seen where there is none: %q", seed, c.Words())
			}
			began := time.Now()
			run(300*ms, 10*time.Second, 15*time.Minute)
			c, ok := s.Changed("page")
			if late := c.After.Since.Sub(began).Abs(); ok && late <= 10*time.Minute {
				found++
			} else {
				t.Logf("seed %d: %t, since %v after", seed, ok, c.After.Since.Sub(began))
			}
			if ok && (c.Before.Runs+c.After.Runs != s.Report("page", waterfall.Hour).Runs || !c.Before.Until.Equal(c.After.Since)) {
				t.Errorf("seed %d: %d runs before and %d after, of %d", seed, c.Before.Runs, c.After.Runs, s.Report("page", waterfall.Hour).Runs)
			}
		})
	}
	if found < 36 {
		t.Errorf("of 40 changes %d were found, want nearly all", found)
	}
	if _, ok := new(waterfall.Stats).Changed("page"); ok {
		t.Error("a name without runs has changed")
	}
}
