package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Point is what the runs of a name that ended in one stretch of time add up to.
type Point struct {
	Since, Until   time.Time // by the wall clock
	Runs, Failures int
	Late           int           // runs that were canceled since their deadline had passed
	Tolerated      int           // failures of tasks that their groups went on without
	P50, P99, Max  time.Duration // of the makespan, as in a [Report]

	makespan histogram
}

// Above counts the runs that took that time or longer, to within the width of a class of
// the histogram.
func (p *Point) Above(d time.Duration) int {
	n := 0
	for _, c := range p.makespan.counts {
		if c.class > 0 && upper(c.class-1) >= d {
			n += int(c.n)
		}
	}
	return n
}

// Timeline returns the last hour of a name in stretches of time, the oldest first
// and those without a run left out: of ten minutes, then of a minute, and of five
// seconds for the last minute. It costs little.
func (s *Stats) Timeline(name string) []Point {
	s.lock()
	defer s.unlock()
	f := s.names[name]
	if f == nil {
		return nil
	}
	now := s.nowLocked()
	f.ageAll(s, now.unit)
	var out []Point
	for l := len(levels) - 1; l >= 0; l-- {
		for _, stretch := range f.levels[l] {
			if stretch.runs == 0 {
				continue
			}
			end := (stretch.at + 1) * levels[l].units
			for finer := l - 1; finer >= 0; finer-- { // which has the newest part of it
				if list := f.levels[finer]; len(list) > 0 {
					end = min(end, list[0].at*levels[finer].units)
				}
			}
			p := stretch.makespan.percentiles(.5, .99)
			out = append(out, Point{
				Since: s.instant(now, stretch.at*levels[l].units).Round(0), Until: s.instant(now, end).Round(0),
				Runs: stretch.runs, Failures: stretch.failures(), Late: int(stretch.late), Tolerated: stretch.tolerated(), P50: p[0], P99: p[1], Max: stretch.makespan.most,
				makespan: histogram{slices.Clone(stretch.makespan.counts), stretch.makespan.n, stretch.makespan.most},
			})
		}
	}
	return out
}

// Outline returns the reports that [Stats.Compare] compares, without runs and what
// critical paths are made of, and of the tasks that failed with their counts alone:
// whether there is something to compare. It costs little.
func (s *Stats) Outline(name string, w, than Window) (before, after Report) {
	s.lock()
	defer s.unlock()
	now := s.nowLocked()
	from, to := w.levels(), than.levels()
	if to <= from {
		than, to = SinceStart, SinceStart.levels()
	}
	outline := func(w Window, from, to int) Report {
		r := Report{Name: name, Window: w, Since: s.instant(now, firstOf(to, now.unit)).Round(0), Until: now.Round(0), Outcomes: make(map[asap.Outcome]int)}
		if from > 0 {
			r.Until = s.instant(now, firstOf(from, now.unit)).Round(0)
		}
		f := s.names[name]
		if f == nil {
			return r
		}
		f.ageAll(s, now.unit)
		var all sums
		tasks := make([]struct{ runs, failures, tolerated uint32 }, len(f.members))
		add := func(o *sums) {
			all.runs += o.runs
			r.Late += int(o.late)
			for m := range o.tasks {
				t, from := &tasks[m], &o.tasks[m]
				t.runs += from.runs
				t.failures += from.failures
				t.tolerated += from.tolerated
			}
			all.makespan.merge(&o.makespan)
			for i, n := range o.outcomes {
				if n > 0 {
					r.Outcomes[asap.Outcome(i)] += int(n)
				}
			}
		}
		for l := from; l < to; l++ {
			if l == len(levels) {
				add(&f.past)
				continue
			}
			for _, stretch := range f.levels[l] {
				add(stretch)
			}
		}
		p := all.makespan.percentiles(.5, .9, .95, .99)
		r.Runs, r.P50, r.P90, r.P95, r.P99, r.Max = all.runs, p[0], p[1], p[2], p[3], all.makespan.most
		r.Buckets = all.makespan.buckets()
		for m, t := range tasks {
			if t.failures > 0 || t.tolerated > 0 {
				r.Tasks = append(r.Tasks, TaskReport{Name: f.members[m].path, Runs: int(t.runs), Failures: int(t.failures), Tolerated: int(t.tolerated)})
			}
		}
		return r
	}
	return outline(than, from, to), outline(w, 0, from)
}

// tolerated counts the failures that groups went on without.
func (s *sums) tolerated() int {
	n := 0
	for i := range s.tasks {
		n += int(s.tasks[i].tolerated)
	}
	return n
}

// failures counts the runs that ended badly by themselves.
func (s *sums) failures() int {
	n := 0
	for o, k := range s.outcomes {
		if bad(asap.Outcome(o)) {
			n += int(k)
		}
	}
	return n
}
