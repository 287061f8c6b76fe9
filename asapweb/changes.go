package asapweb

import (
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// Of fewer runs nothing can be said, now and before; of fewer than leastNow something only
// if nearly all are so.
const (
	fewNow      = 4
	leastNow    = 30
	enoughNow   = 60 // of how long runs take a longer window says no more
	leastBefore = 30
)

// baseline is what the newest runs are compared with: its outline.
type baseline struct {
	waterfall.Report
	without waterfall.Window // the newest runs, which are not in it
	grown   float64          // what is slower by that much counts
	build   bool             // it is what the build before has left
}

// windows of the newest runs that baselines are for: the rest of the hour without
// the last minute, or without the last ten, and all before the last hour. The first
// is right for what has just begun, the others for what goes on; what was hours ago
// may have been another time of day, so it has to be much better.
var ownBaselines = [...]struct {
	without, of waterfall.Window
	grown       float64
}{
	{waterfall.Minute, waterfall.Hour, 1.1},
	{waterfall.TenMinutes, waterfall.Hour, 1.1},
	{waterfall.Hour, waterfall.SinceStart, 1.5},
}

// history is what is known of a name: the newest runs, in windows, the shortest first,
// and what they are compared with.
type history struct {
	h         *handler
	name      string
	points    []waterfall.Point
	newest    []waterfall.Report
	baselines []baseline
	older     bool // there are runs from before the timeline
	long      bool // and many, or a build before
}

func (h *handler) history(name string, points []waterfall.Point) *history {
	y := &history{h: h, name: name, points: points}
	for _, b := range ownBaselines {
		past, newest := h.stats.Outline(name, b.without, b.of)
		y.older = b.of == waterfall.SinceStart && past.Runs > 0
		y.long = b.of == waterfall.SinceStart && past.Runs >= leastBefore
		if past.Runs < leastBefore && b.without == waterfall.Minute {
			past, _ = h.stats.Outline(name, b.without, waterfall.SinceStart)
		}
		y.baselines = append(y.baselines, baseline{Report: past, without: b.without, grown: b.grown})
		y.newest = append(y.newest, newest)
	}
	if before := h.stats.Before(); before != nil {
		b := baseline{Report: before.Report(name), grown: 1.1, build: true}
		if time.Since(before.Taken) > 2*time.Hour {
			b.grown = 1.5
		}
		y.baselines = append(y.baselines, b)
		y.long = y.long || b.Runs >= leastBefore
	}
	return y
}

// compared tells whether there is something to compare with.
func (y *history) compared() bool {
	return slices.ContainsFunc(y.baselines, func(b baseline) bool { return b.Runs >= leastBefore })
}

// pairs calls f with the newest runs and what they are compared with, the newest
// first, until it returns true.
func (y *history) pairs(newest []waterfall.Report, f func(now *waterfall.Report, b *baseline) bool) bool {
	for i := range newest {
		n := &newest[i]
		if n.Runs < fewNow {
			continue
		}
		for k := range y.baselines {
			b := &y.baselines[k]
			if b.Runs >= leastBefore && (b.build || !longer(n.Window, b.without)) && f(n, b) {
				return true
			}
		}
	}
	return false
}

// compare compares the newest runs with a baseline, both whole.
func (y *history) compare(now *waterfall.Report, b *baseline) *waterfall.Comparison {
	before := b.Report
	if !b.build {
		before = y.h.stats.Compare(y.name, b.without, b.Window).Before
	}
	c := waterfall.CompareReports(before, y.h.stats.Report(y.name, now.Window))
	return &c
}

// clean returns what is compared with without the runs since an instant, if there is such
// a baseline, and else b: the one that a change was found with may have its first minutes.
func (y *history) clean(b *baseline, since time.Time) *baseline {
	if b.build || !b.Until.After(since) {
		return b
	}
	for i := range y.baselines {
		if o := &y.baselines[i]; !o.build && o.Runs >= leastBefore && !o.Until.After(since) {
			return o
		}
	}
	return b
}

// before is how a text says what was before, as in "before 0 of 60".
func (b *baseline) before(format string, args ...any) string {
	word := "before "
	if b.build {
		word = "with " + called(b.Build) + " "
	}
	return ", " + word + fmt.Sprintf(format, args...)
}

// changes are the problems of a name beside what it was before: more of its runs
// fail, or they take longer, and both by more than luck makes of their number.
func (h *handler) changes(s *state, name string, points []waterfall.Point) {
	y := h.history(name, points)
	s.seen = true
	compared := y.compared()
	s.compared = s.compared || compared
	failing := false
	for _, k := range [...]failureKind{failed, late} {
		p, ok := y.moreFail(k)
		if !compared {
			p, ok = y.freshFail(k)
		}
		if ok {
			s.problems, failing = append(s.problems, p), true
		}
	}
	if !failing {
		y.failsAnyway(s)
	}
	p, ok := y.takesLonger()
	if !compared {
		p, ok = y.freshSlower()
	}
	if ok {
		s.problems = append(s.problems, p)
	}
	if p, ok := y.tolerates(); ok {
		s.problems = append(s.problems, p)
	}
	hangs := slices.ContainsFunc(s.problems, func(p problem) bool { return p.name == name && p.hangs })
	if p, ok := h.silence(name); ok && !hangs {
		s.problems = append(s.problems, p)
	}
}
