package asapweb

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// verdict is what somebody who was called at night reads first.
type verdict struct {
	Level    level
	Word     string
	Since    string
	Problems []problem
	More     int
}

type level int

const (
	green level = iota
	slower
	red
)

func (l level) String() string { return [...]string{"green", "slower", "red"}[l] }

// problem is one thing that is not as it should be.
type problem struct {
	Level level
	Group string // as it is shown, and what leads to it
	Query template.URL
	Text  string // what is wrong, up to the task that it is about
	Task  string // or empty
	Rest  string // after it
	Since time.Time
	When  string

	name string
}

const maxProblems = 8

func newVerdict(problems []problem) verdict {
	slices.SortStableFunc(problems, func(a, b problem) int { return cmp.Compare(b.Level, a.Level) })
	v := verdict{Word: "Green"}
	var since time.Time
	for i := range problems {
		p := &problems[i]
		v.Level = max(v.Level, p.Level)
		if p.Level == problems[0].Level && (since.IsZero() || p.Since.Before(since)) {
			since = p.Since
		}
		p.When = clockOfDay(p.Since)
	}
	switch v.Level {
	case red:
		v.Word = "Red"
	case slower:
		v.Word = "Slower"
	}
	v.Since = clockOfDay(since)
	v.Problems = problems[:min(len(problems), maxProblems)]
	v.More = len(problems) - len(v.Problems)
	return v
}

// A group is stuck if it runs for so many times the p99 of its name and for so
// long, or for very long if no run of the name has ended yet.
const (
	stuckTimes  = 3
	stuckFor    = 500 * time.Millisecond
	stuckUnseen = time.Minute
)

func isStuck(l waterfall.Live) bool {
	if l.P99 == 0 {
		return l.Age >= stuckUnseen
	}
	return l.Overdue >= stuckTimes && l.Age >= stuckFor
}

// overdue is how long a group runs, measured against its name's p99.
func overdue(l waterfall.Live) string {
	if l.P99 == 0 {
		return "no run of the name has ended yet"
	}
	if l.Overdue < 1.05 {
		return "p99 " + look.Duration(l.P99)
	}
	return times(l.Overdue) + " × its p99 of " + look.Duration(l.P99)
}

func times(f float64) string {
	if f >= 10 {
		return look.Digits(math.Round(f))
	}
	return look.Digits(math.Round(10*f) / 10)
}

// hangs are the problems of groups that are stuck, one for each name; task tells
// what a group hangs on.
func hangs(live []waterfall.Live, task func(waterfall.Live) string) []problem {
	var out []problem
	at := make(map[string]int)
	counts := make(map[string]int)
	for _, l := range live {
		if !isStuck(l) {
			continue
		}
		if counts[l.Name]++; counts[l.Name] > 1 {
			p := &out[at[l.Name]]
			if l.Began.Before(p.Since) {
				p.Since = l.Began
			}
			continue
		}
		at[l.Name] = len(out)
		p := newProblem(red, l.Name)
		p.Task, p.Rest, p.Since = task(l), fmt.Sprintf(" for %s, %s", look.Duration(l.Age), overdue(l)), l.Began
		out = append(out, p)
	}
	for i := range out {
		p := &out[i]
		p.Text = "1 run hangs"
		if n := counts[p.name]; n > 1 {
			p.Text = fmt.Sprintf("%d runs hang", n)
			p.Rest = ", the longest" + p.Rest
		}
		if p.Task != "" {
			p.Text += " on"
		}
	}
	return out
}

// Of fewer runs nothing can be said, now and before.
const (
	leastNow    = 30
	enoughNow   = 60 // a longer window says no more
	leastBefore = 30
)

// baselines are what the newest runs are compared with: the rest of the hour
// without the last minute, or without the last ten, and all before the last hour.
// The first is right for what has just begun, the others for what goes on; what
// was hours ago may have been another time of day, so it has to be much better.
var baselines = [...]struct {
	without, of waterfall.Window
	grown       float64 // what is slower by that much counts
}{
	{waterfall.Minute, waterfall.Hour, 1.1},
	{waterfall.TenMinutes, waterfall.Hour, 1.1},
	{waterfall.Hour, waterfall.SinceStart, 1.5},
}

// changes are the problems of a name beside what it was before: more of its runs
// fail, or they take longer, and both by more than luck makes of their number.
func (h *handler) changes(name string, points []waterfall.Point) (out []problem) {
	var before, now []waterfall.Report
	for _, b := range baselines {
		past, newest := h.stats.Outline(name, b.without, b.of)
		if past.Runs < leastBefore && b.without == waterfall.Minute {
			past, _ = h.stats.Outline(name, b.without, waterfall.SinceStart)
		}
		before = append(before, past)
		// What is new, and what is seen with more runs.
		if last := len(now) - 1; newest.Runs >= leastNow && (last < 0 || now[last].Runs < enoughNow) {
			now = append(now, newest)
		}
	}
	failing, slow := false, false
	for _, n := range now {
		for i, b := range baselines {
			if longer(n.Window, b.without) || before[i].Runs < leastBefore {
				continue
			}
			c := waterfall.Comparison{Before: before[i], After: n}
			fails := !failing && failsMore(&c)
			percentile, was, is := slowerNow(&c, b.grown)
			if fails || !slow && percentile != "" {
				c = waterfall.CompareReports(h.stats.Compare(name, b.without, before[i].Window).Before, h.stats.Report(name, n.Window))
			}
			if fails {
				var p problem
				if p, failing = failingProblem(&c, points); failing {
					out = append(out, p)
				}
			}
			if !slow && percentile != "" {
				var p problem
				if p, slow = slowProblem(&c, points, percentile, was, is); slow {
					out = append(out, p)
				}
			}
		}
	}
	if !slices.ContainsFunc(before, func(r waterfall.Report) bool { return r.Runs >= leastBefore }) {
		// Nothing to compare with: what fails nearly always is bad all the same.
		all := h.stats.Report(name, waterfall.SinceStart)
		if p, ok := failingProblem(&waterfall.Comparison{After: all}, points); ok && all.Runs >= 5 && 2*all.Failures() >= all.Runs {
			out = append(out, p)
		}
	}
	return out
}

// failingProblem is false if it is over, and so is slowProblem.
func failingProblem(c *waterfall.Comparison, points []waterfall.Point) (problem, bool) {
	p := newProblem(red, c.After.Name)
	p.Text = fmt.Sprintf("%d of %s failed", c.After.Failures(), runs(c.After.Runs))
	before := 0.0
	if c.Before.Runs > 0 {
		p.Text += fmt.Sprintf(", before %d of %d", c.Before.Failures(), c.Before.Runs)
		before = float64(c.Before.Failures()) / float64(c.Before.Runs)
	}
	if t := worstTask(&c.After); t != nil {
		p.Text, p.Task, p.Rest = p.Text+":", cut(t.Name, 60), " "+errorText(t.Name, t.Err, 120)
	}
	middle := (before + float64(c.After.Failures())/float64(max(1, c.After.Runs))) / 2
	since, ok := sinceWhen(points, 10, func(p waterfall.Point) bool { return float64(p.Failures) > middle*float64(p.Runs) })
	p.Since = since
	return p, ok
}

func slowProblem(c *waterfall.Comparison, points []waterfall.Point, percentile string, before, now time.Duration) (problem, bool) {
	p := newProblem(slower, c.After.Name)
	p.Text = fmt.Sprintf("%s %s, from %s to %s", percentile, signed(now-before), look.Duration(before), look.Duration(now))
	if p.Task, p.Rest = explain(c, percentile, now-before); p.Task != "" {
		p.Text += ":"
	}
	since, ok := slowSince(points, c)
	p.Since = since
	return p, ok
}

func newProblem(l level, name string) problem {
	return problem{Level: l, name: name, Group: shown(name), Query: groupCrumb(name).Query}
}

// failsMore tells whether more runs fail than did.
func failsMore(c *waterfall.Comparison) bool {
	a, b, m, n := float64(c.Before.Failures()), float64(c.After.Failures()), float64(c.Before.Runs), float64(c.After.Runs)
	all := (a + b) / (m + n)
	luck := math.Sqrt(all * (1 - all) * (1/m + 1/n))
	return b >= 2 && b/n > a/m+4*luck && b/n > 1.5*a/m
}

// slowerNow returns which percentile is worse than it was, at least by that
// factor, the one that has grown most, or "". That runs are slower shows by how many of them are above a
// percentile of those before, of which a percentile of a few runs is no sign.
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
func slowSince(points []waterfall.Point, c *waterfall.Comparison) (time.Time, bool) {
	middle := func(a, b time.Duration) time.Duration { return time.Duration(math.Sqrt(float64(a) * float64(b))) }
	if a, b := c.Before.P50, c.After.P50; float64(b) >= 1.2*float64(a) {
		return sinceWhen(points, 10, func(p waterfall.Point) bool { return p.P50 > middle(a, b) })
	}
	return sinceWhen(points, 50, func(p waterfall.Point) bool { return p.P99 > middle(c.Before.P99, c.After.P99) })
}

// sinceWhen is when something began: the start of the stretch from which on it is
// so in all later ones, but for one in between, looked at so many runs at a time,
// as fewer may be luck. It is false if it is over.
func sinceWhen(points []waterfall.Point, least int, is func(waterfall.Point) bool) (since time.Time, ok bool) {
	misses := 0
	for end := len(points); end > 0 && misses < 2; {
		from := end - 1
		sum := points[from]
		for from > 0 && sum.Runs < least {
			from--
			sum = together(points[from], sum)
		}
		if is(sum) {
			first := from
			for first < end-1 && !is(points[first]) {
				first++
			}
			since, ok, misses = points[first].Since, true, 0
		} else {
			misses++
			if end == len(points) && sum.Runs >= least {
				return time.Time{}, false
			}
		}
		end = from
	}
	return since, ok
}

// together is two stretches as one, nearly: the p50 is between theirs.
func together(a, b waterfall.Point) waterfall.Point {
	mean := (float64(a.P50)*float64(a.Runs) + float64(b.P50)*float64(b.Runs)) / float64(max(1, a.Runs+b.Runs))
	return waterfall.Point{
		Since: a.Since, Until: b.Until, Runs: a.Runs + b.Runs, Failures: a.Failures + b.Failures,
		P50: time.Duration(mean), P99: max(a.P99, b.P99), Max: max(a.Max, b.Max),
	}
}

// worstTask is the task that failed most, or nil.
func worstTask(r *waterfall.Report) *waterfall.TaskReport {
	var worst *waterfall.TaskReport
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.Failures > 0 && (worst == nil || t.Failures > worst.Failures) {
			worst = t
		}
	}
	return worst
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
		if i == 0 {
			task, rest = name, " explains "+explains
		} else {
			rest += ", " + name + " " + explains
		}
	}
	return task, rest
}
