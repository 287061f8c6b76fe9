package asapweb

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// takesLonger is the problem that runs take longer than they did.
func (y *history) takesLonger() (p problem, ok bool) {
	var newest []waterfall.Report
	for _, r := range y.newest { // what is new, and what is seen with more runs
		if last := len(newest) - 1; r.Runs >= leastNow && (last < 0 || newest[last].Runs < enoughNow) {
			newest = append(newest, r)
		}
	}
	y.pairs(newest, func(now *waterfall.Report, b *baseline) bool {
		percentile, was, is := slowerNow(&waterfall.Comparison{Before: b.Report, After: *now}, b.grown)
		if percentile != "" {
			if p, ok = y.slower(y.compare(now, b), b, percentile, was, is); !ok {
				return false
			}
			if o := y.clean(b, p.Since); o != b {
				if percentile, was, is := slowerNow(&waterfall.Comparison{Before: o.Report, After: *now}, o.grown); percentile != "" {
					if cleaner, found := y.slower(y.compare(now, o), o, percentile, was, is); found {
						p = cleaner
					}
				}
			}
		}
		return ok
	})
	return p, ok
}

func (y *history) slower(c *waterfall.Comparison, b *baseline, percentile string, before, now time.Duration) (problem, bool) {
	p := newProblem(degraded, y.name)
	p.slower = true
	p.Text = fmt.Sprintf("%s %s, from %s to %s", percentile, signed(now-before), look.Duration(before), look.Duration(now))
	if b.build {
		p.Text = fmt.Sprintf("%s %s%s, now %s", percentile, signed(now-before), b.before("%s", look.Duration(before)), look.Duration(now))
	}
	if p.Task, p.Rest = explain(c, percentile, now-before); p.Task != "" {
		p.Text += ":"
	}
	at, ok := slowSince(y.points, c)
	if ok {
		p.Since, p.earlier = y.points[at].Since, at == 0 && y.older
	}
	return p, ok
}

// slowerNow returns which percentile is worse than it was, at least by that
// factor, the one that has grown most, or "". That runs are slower shows by how many of
// them are above a percentile of those before, of which a percentile of a few runs is
// no sign.
func slowerNow(c *waterfall.Comparison, least float64) (name string, before, now time.Duration) {
	worst := least
	for _, q := range []struct {
		name        string
		share       float64
		before, now time.Duration
	}{{"p99", 0.99, c.Before.P99, c.After.P99}, {"p50", 0.5, c.Before.P50, c.After.P50}} {
		n := float64(c.After.Runs)
		above := 0
		for _, b := range c.After.Buckets {
			if b.Low >= q.before {
				above += b.Runs
			}
		}
		usual := n * (1 - q.share)
		if grown := float64(q.now) / float64(max(1, q.before)); grown >= worst && above >= 3 && float64(above) > usual+5*math.Sqrt(usual*q.share) {
			worst, name, before, now = grown, q.name, q.before, q.now
		}
	}
	return name, before, now
}

// slowSince is when runs became slower, by the p50 of stretches if that has
// changed, of which a few runs say enough.
func slowSince(points []waterfall.Point, c *waterfall.Comparison) (at int, ok bool) {
	middle := func(a, b time.Duration) time.Duration { return time.Duration(math.Sqrt(float64(a) * float64(b))) }
	if a, b := c.Before.P50, c.After.P50; float64(b) >= 1.2*float64(a) {
		return sinceWhen(points, 10, func(p waterfall.Point) bool { return p.P50 > middle(a, b) })
	}
	return sinceWhen(points, 50, func(p waterfall.Point) bool { return p.P99 > middle(c.Before.P99, c.After.P99) })
}

// explain tells which task the change of a percentile is made of, with what is
// to be said after its name.
func explain(c *waterfall.Comparison, percentile string, change time.Duration) (task, rest string) {
	of := func(k waterfall.Cause) time.Duration { return k.P50 }
	path := c.After.PathP50 - c.Before.PathP50
	if percentile == "p99" {
		of = func(k waterfall.Cause) time.Duration { return k.P99 }
		path = c.After.PathP99 - c.Before.PathP99
	}
	if path <= 0 || change <= 0 {
		return "", ""
	}
	causes := slices.Clone(c.Causes)
	slices.SortStableFunc(causes, func(a, b waterfall.Cause) int { return compareTimes(of(b), of(a)) })
	for i, k := range causes[:min(len(causes), 2)] {
		share := min(1, float64(of(k))/float64(path))
		if share < 0.1 {
			break
		}
		name := cut(k.Name, 60)
		if k.Name == "" {
			name = "its caller"
		}
		if k.New {
			name += ", which is new,"
		}
		explains := look.Duration(time.Duration(share * float64(change)))
		if k.Queued {
			explains += " in the queue for a slot or a processor"
		}
		if i == 0 {
			task, rest = name, " explains "+explains
		} else {
			rest += ", " + name + " " + explains
		}
	}
	return task, rest
}
