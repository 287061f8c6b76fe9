package waterfall_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// The stretches follow each other without a gap in what has runs, have every run
// of the last hour once, and are finer for what is newer.
func TestTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s waterfall.Stats
		if got := s.Timeline("home"); got != nil {
			t.Errorf("Timeline of nobody = %v, want none", got)
		}
		add := func(d time.Duration, o asap.Outcome) {
			s.Add(&waterfall.Run{Name: "home", Ended: true, Makespan: d, Groups: []waterfall.Group{{ID: 1, Name: "home", End: d, Outcome: o}}})
		}
		total := 0
		for range 3 * 3600 / 2 {
			add(10*ms, asap.Succeeded)
			total++
			time.Sleep(2 * time.Second)
		}
		slow := time.Now()
		for range 20 {
			add(80*ms, asap.Failed)
			time.Sleep(time.Second)
		}
		points := s.Timeline("home")
		now := time.Now()
		var runs, failures int
		for i, p := range points {
			if p.Runs == 0 || !p.Since.Before(p.Until) {
				t.Errorf("point %+v, want runs and some time", p)
			}
			if i > 0 && !p.Since.Equal(points[i-1].Until) {
				t.Errorf("a point begins at %v, the one before ends at %v", p.Since, points[i-1].Until)
			}
			age, length := now.Sub(p.Until), p.Until.Sub(p.Since)
			if want := map[bool]time.Duration{true: 5 * time.Second, false: 10 * time.Minute}[age < 45*time.Second]; length > want {
				t.Errorf("a point %v ago is %v long, want %v at most", age, length, want)
			}
			if is := p.P50 == 80*ms; is != !p.Since.Before(slow) && p.Failures == 0 && is {
				t.Errorf("point since %v: p50 %v, %d failures; the slow ones began at %v", p.Since, p.P50, p.Failures, slow)
			}
			runs += p.Runs
			failures += p.Failures
		}
		if oldest := now.Sub(points[0].Since); oldest < time.Hour || oldest > 80*time.Minute {
			t.Errorf("the oldest point is %v old, want an hour and some minutes", oldest)
		}
		if failures != 20 || runs < 1800+20 || runs > 2400+20 {
			t.Errorf("the points have %d runs and %d failures, want those of an hour and some minutes, and 20", runs, failures)
		}
		// What is older is in what Compare compares with.
		for _, w := range []waterfall.Window{waterfall.Minute, waterfall.TenMinutes, waterfall.Hour} {
			before, after := s.Outline("home", w, waterfall.SinceStart)
			c := s.Compare("home", w, waterfall.SinceStart)
			for _, two := range [][2]waterfall.Report{{before, c.Before}, {after, c.After}} {
				a, b := two[0], two[1]
				if a.Runs != b.Runs || a.P50 != b.P50 || a.P99 != b.P99 || a.Max != b.Max || a.Failures() != b.Failures() || !a.Since.Equal(b.Since) || !a.Until.Equal(b.Until) || len(a.Buckets) != len(b.Buckets) || a.Window != b.Window {
					t.Errorf("%v: Outline says %+v, Compare %+v", w, a, b)
				}
			}
			if before.Runs+after.Runs != total+20 {
				t.Errorf("%v: the outlines have %d and %d runs, want %d together", w, before.Runs, after.Runs, total+20)
			}
		}
	})
}
