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
		out = append(out, problem{Level: red, name: l.Name, Task: task(l), Rest: fmt.Sprintf(" for %s, %s", look.Duration(l.Age), overdue(l)), Since: l.Began})
	}
	for i := range out {
		p := &out[i]
		p.Group, p.Query = shown(p.name), groupCrumb(p.name).Query
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

// leastRuns are those of which something can be said by chance alone.
const leastRuns = 30

// changes are the problems of a name beside what it was before: more of its runs
// fail, or they take longer, and both by more than luck makes of their number.
func (h *handler) changes(name string, points []waterfall.Point) []problem {
	var c waterfall.Comparison
	for _, w := range waterfall.Windows() { // the shortest that tells something
		if c = h.stats.Compare(name, w, waterfall.SinceStart); c.After.Runs >= leastRuns {
			break
		}
	}
	if c.Before.Runs == 0 || c.After.Runs == 0 {
		return nil
	}
	var out []problem
	add := func(l level, text, task, rest string, since time.Time) {
		out = append(out, problem{Level: l, name: name, Group: shown(name), Query: groupCrumb(name).Query, Text: text, Task: task, Rest: rest, Since: since})
	}
	if failsMore(&c) {
		text := fmt.Sprintf("%d of %s failed, before %d of %d", c.After.Failures(), runs(c.After.Runs), c.Before.Failures(), c.Before.Runs)
		task, rest := "", ""
		if t := worstTask(&c.After); t != nil {
			text, task, rest = text+":", cut(t.Name, 60), " "+errorText(t.Name, t.Err, 120)
		}
		before := float64(c.Before.Failures()) / float64(c.Before.Runs)
		now := float64(c.After.Failures()) / float64(c.After.Runs)
		add(red, text, task, rest, sinceWhen(points, c.After.Since, func(p waterfall.Point) bool { return float64(p.Failures) > (before+now)/2*float64(p.Runs) }))
	}
	if p, before, now := slowerNow(&c); p != "" {
		text := fmt.Sprintf("%s %s, from %s to %s", p, signed(now-before), look.Duration(before), look.Duration(now))
		task, rest := explain(&c, p, now-before)
		if task != "" {
			text += ":"
		}
		add(slower, text, task, rest, slowSince(points, &c))
	}
	return out
}

// failsMore tells whether more runs fail than did.
func failsMore(c *waterfall.Comparison) bool {
	a, b, m, n := float64(c.Before.Failures()), float64(c.After.Failures()), float64(c.Before.Runs), float64(c.After.Runs)
	all := (a + b) / (m + n)
	luck := math.Sqrt(all * (1 - all) * (1/m + 1/n))
	return b >= 2 && b/n > a/m+4*luck
}

// slowerNow returns which percentile is worse than it was, the one that has
// grown most, or "". That runs are slower shows by how many of them are above a
// percentile of those before, of which a percentile of a few runs is no sign.
func slowerNow(c *waterfall.Comparison) (name string, before, now time.Duration) {
	worst := 1.1
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

// slowSince is when runs became slower. A stretch has few runs, of which p50 says
// more than p99, if that has changed at all.
func slowSince(points []waterfall.Point, c *waterfall.Comparison) time.Time {
	middle := func(a, b time.Duration) time.Duration { return time.Duration(math.Sqrt(float64(a) * float64(b))) }
	if a, b := c.Before.P50, c.After.P50; float64(b) >= 1.05*float64(a) {
		return sinceWhen(points, c.After.Since, func(p waterfall.Point) bool { return p.P50 > middle(a, b) })
	}
	return sinceWhen(points, c.After.Since, func(p waterfall.Point) bool { return p.P99 > middle(c.Before.P99, c.After.P99) })
}

// sinceWhen is when something began: the start of the stretch from which on it
// is so in all later ones with a run, or else the start of the window.
func sinceWhen(points []waterfall.Point, window time.Time, is func(waterfall.Point) bool) time.Time {
	since := time.Time{}
	misses := 0
	for _, p := range slices.Backward(points) {
		switch {
		case is(p):
			since, misses = p.Since, 0
		default:
			misses++ // one in between may be luck
		}
		if misses > 1 {
			break
		}
	}
	if since.IsZero() {
		return window
	}
	return since
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
