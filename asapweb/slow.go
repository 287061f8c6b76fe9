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
		if last := len(newest) - 1; r.Runs >= fewNow && (last < 0 || newest[last].Runs < enoughNow) {
			newest = append(newest, r)
		}
	}
	y.pairs(newest, func(now *waterfall.Report, b *baseline) bool {
		s, is := slowerNow(&waterfall.Comparison{Before: b.Report, After: *now}, b.grown)
		if is {
			if p, ok = y.slower(y.compare(now, b), b, s); !ok {
				return false
			}
			if o := y.clean(b, p.Since); o != b {
				if s, is := slowerNow(&waterfall.Comparison{Before: o.Report, After: *now}, o.grown); is {
					if cleaner, found := y.slower(y.compare(now, o), o, s); found {
						p = cleaner
					}
				}
			}
		}
		return ok
	})
	return p, ok
}

// slowness is how runs are slower than they were: a percentile has grown, or, if it has
// no name, more runs take longer than a time.
type slowness struct {
	percentile  string
	before, now time.Duration
	shift       waterfall.Shift
}

func (y *history) slower(c *waterfall.Comparison, b *baseline, s slowness) (problem, bool) {
	p := newProblem(degraded, y.name)
	p.slower = true
	// Since when, is asked of the runs that took longer than a time between then and now.
	than := time.Duration(math.Sqrt(float64(s.before) * float64(s.now)))
	switch {
	case s.percentile == "":
		than = s.shift.Than
		p.Text = fmt.Sprintf("%s of runs take longer than %s", percent(float64(s.shift.After)/float64(c.After.Runs)), look.Duration(than)) +
			b.before("%s", percent(float64(s.shift.Before)/float64(c.Before.Runs)))
	case b.build:
		p.Text = fmt.Sprintf("%s %s%s, now %s", s.percentile, signed(s.now-s.before), b.before("%s", look.Duration(s.before)), look.Duration(s.now))
	default:
		p.Text = fmt.Sprintf("%s %s, from %s to %s", s.percentile, signed(s.now-s.before), look.Duration(s.before), look.Duration(s.now))
	}
	if p.Task, p.Rest = explain(c, s); p.Task != "" {
		p.Text += ":"
	}
	slow := func(p *waterfall.Point) int { return p.Above(than) }
	return p, y.dated(&p, slow, shareAbove(&c.Before, than), shareAbove(&c.After, than)) && y.isSpread(&p, slow, c.After.Runs)
}

// above counts the runs that took that time or longer.
func above(r *waterfall.Report, than time.Duration) int {
	n := 0
	for _, b := range r.Buckets {
		if b.Low >= than {
			n += b.Runs
		}
	}
	return n
}

func shareAbove(r *waterfall.Report, than time.Duration) float64 {
	return float64(above(r, than)) / float64(max(1, r.Runs))
}

// slowerNow tells which percentile is worse than it was, at least by that factor, the one
// that has grown most; or that more runs are slow where neither has moved. That runs are
// slower shows by how many of them are above a percentile of those before, of which a
// percentile of a few runs is no sign.
func slowerNow(c *waterfall.Comparison, least float64) (s slowness, is bool) {
	if c.After.Runs < leastNow {
		return fewSlower(c, least)
	}
	worst := least
	for _, q := range []struct {
		name        string
		share       float64
		before, now time.Duration
	}{{"p99", 0.99, c.Before.P99, c.After.P99}, {"p50", 0.5, c.Before.P50, c.After.P50}} {
		n := float64(c.After.Runs)
		above := above(&c.After, q.before)
		usual := n * (1 - q.share)
		if grown := float64(q.now) / float64(max(1, q.before)); grown >= worst && above >= 3 && float64(above) > usual+5*math.Sqrt(usual*q.share) {
			worst, s, is = grown, slowness{percentile: q.name, before: q.before, now: q.now}, true
		}
	}
	if is {
		return s, true
	}
	shift, moved := c.Shift()
	more := float64(shift.After)*float64(c.Before.Runs) > float64(shift.Before)*float64(c.After.Runs)
	return slowness{shift: shift}, moved && more && upTo(&c.After, c.Before.P99) >= least*upTo(&c.Before, c.Before.P99)
}

// upTo is the mean of what runs took, of those that took longer than a time as if they had
// taken that.
func upTo(r *waterfall.Report, most time.Duration) float64 {
	sum := 0.0
	for _, b := range r.Buckets {
		sum += float64(b.Runs) * float64(min(most, b.High))
	}
	return sum / float64(max(1, r.Runs))
}

// fewSlower is slowerNow of a few runs, half of which took longer than nearly all before,
// as luck makes of so many one time in ten thousand. That one more of n runs is longer than
// all of them comes one time in n+1.
func fewSlower(c *waterfall.Comparison, least float64) (s slowness, is bool) {
	s = slowness{percentile: "p50", before: c.Before.P50, now: c.After.P50}
	if float64(s.now) < max(1.5, least)*float64(s.before) {
		return s, false
	}
	n := c.After.Runs
	for _, q := range []struct {
		share float64
		than  time.Duration
	}{{0.01, c.Before.P99}, {0.05, c.Before.P95}} { // among many before may be some that are slow already
		slow := above(&c.After, q.than)
		luck := math.Exp2(float64(n)) * math.Pow(q.share+2/float64(max(1, c.Before.Runs)), float64(slow)) // at most so many ways to choose them
		if slow >= fewNow && 2*slow > n && luck < 1e-4 {
			return s, true
		}
	}
	return s, false
}

// explain tells which task the change of a percentile is made of, with what is
// to be said after its name.
func explain(c *waterfall.Comparison, s slowness) (task, rest string) {
	of := func(k waterfall.Cause) time.Duration { return k.P50 }
	path, change := c.After.PathP50-c.Before.PathP50, s.now-s.before
	switch s.percentile {
	case "p99":
		of = func(k waterfall.Cause) time.Duration { return k.P99 }
		path = c.After.PathP99 - c.Before.PathP99
	case "":
		of = func(k waterfall.Cause) time.Duration { return k.Mean }
		path = meanOf(&c.After) - meanOf(&c.Before)
		change = path
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
		if s.percentile == "" {
			explains = percent(share)
		}
		if k.Queued {
			explains += " in the queue for a slot or a processor"
		}
		switch {
		case i > 0:
			rest += ", " + name + " " + explains
		case s.percentile == "":
			task, rest = name, " explains "+explains+" of the time that is longer"
		default:
			task, rest = name, " explains "+explains
		}
	}
	return task, rest
}
