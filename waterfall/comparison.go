package waterfall

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/internal/look"
)

// Comparison is how the runs of a name differ from those before: of an earlier
// window, of another build or another process.
type Comparison struct {
	Before, After Report
	// Causes are the tasks whose part in the critical paths has changed, the
	// greatest change of p99 first.
	Causes []Cause
}

// Cause is what one task has to do with a [Comparison].
type Cause struct {
	// Name is the task's. It is empty for the time in which runs waited for their
	// caller, and "(others)" for the tasks that are not told apart.
	Name string
	// New and Gone tell that the task ran only after, or only before.
	New, Gone bool
	// P50 and P99 are by how much longer, or less long, the runs about these
	// percentiles waited for it. As a critical path partitions its run, they add up
	// over all causes to the changes of the report's PathP50 and PathP99 exactly.
	P50, P99 time.Duration
	// Mean is the same for all runs, on the average.
	Mean time.Duration
	// Queued says that most of it is time in which its bodies could have gone on, but
	// for a slot or a processor: who had those is what took longer, or there were more
	// to share them.
	Queued bool
}

// inQueue is said of time that is longer and was spent there.
const inQueue = " in the queue for a slot or a processor"

const others = "(others)"

// CompareReports compares two reports of one name.
func CompareReports(before, after Report) Comparison {
	c := Comparison{Before: before, After: after}
	by := make(map[string]*Cause)
	cause := func(name string) *Cause {
		if by[name] == nil {
			by[name] = &Cause{Name: name, New: true, Gone: true}
		}
		return by[name]
	}
	each := func(r *Report, sign time.Duration, seen func(*Cause)) {
		for i := range r.Tasks {
			t := &r.Tasks[i]
			k := cause(t.Name)
			k.P50 += sign * t.PathP50
			k.P99 += sign * t.PathP99
			k.Mean += sign * r.mean(t.Critical)
			seen(k)
		}
		for name, p := range map[string][2]time.Duration{"": {r.CallerP50, r.CallerP99}, others: {r.OthersP50, r.OthersP99}} {
			k := cause(name)
			k.P50 += sign * p[0]
			k.P99 += sign * p[1]
			k.New, k.Gone = false, false
		}
		by[""].Mean += sign * r.mean(r.Caller)
	}
	each(&before, -1, func(k *Cause) { k.New = false })
	each(&after, 1, func(k *Cause) { k.Gone = false })
	mean := (after.mean(after.Total) - before.mean(before.Total)).Abs()
	for _, k := range by {
		if k.P50 != 0 || k.P99 != 0 || k.Mean.Abs() > max(mean, after.mean(after.Total))/20 {
			k.Queued = c.queued(k)
			c.Causes = append(c.Causes, *k)
		}
	}
	slices.SortFunc(c.Causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.P99.Abs(), a.P99.Abs()), cmp.Compare(b.P50.Abs(), a.P50.Abs()), cmp.Compare(b.Mean.Abs(), a.Mean.Abs()), cmp.Compare(a.Name, b.Name))
	})
	return c
}

// mean is what a sum over all runs is for each.
func (r *Report) mean(sum time.Duration) time.Duration { return sum / time.Duration(max(1, r.Runs)) }

// queued tells whether a cause is longer, or less long, for its queue, by the means of
// all runs.
func (c *Comparison) queued(k *Cause) bool {
	var queued, work, critical float64
	add := func(r *Report, sign float64) {
		i := slices.IndexFunc(r.Tasks, func(t TaskReport) bool { return t.Name == k.Name })
		if i < 0 || r.Runs == 0 {
			return
		}
		t, n := &r.Tasks[i], sign/float64(r.Runs)
		queued, work, critical = queued+n*float64(t.Queued), work+n*float64(t.Work), critical+n*float64(t.Critical)
	}
	way := float64(sign(cmp.Or(k.P99, k.P50)))
	add(&c.Before, -way)
	add(&c.After, way)
	return queued > 0 && queued > work && queued > critical/2
}

// Compare compares the runs of a window with those that came before it in a
// longer one: the last minute with the rest of the hour. If than is not longer,
// it is compared with all that came before.
func (s *Stats) Compare(name string, w, than Window) Comparison {
	s.lock()
	defer s.unlock()
	now := s.nowLocked()
	from, to := w.levels(), than.levels()
	if to <= from {
		than, to = SinceStart, SinceStart.levels()
	}
	return CompareReports(s.reportLocked(name, than, now, from, to), s.reportLocked(name, w, now, 0, from))
}

// CompareBuilds compares the runs of a window with the runs since its start of
// the build that [Stats.SetBefore] was given. It is false if there is none.
func (s *Stats) CompareBuilds(name string, w Window) (Comparison, bool) {
	before := s.Before()
	if before == nil {
		return Comparison{}, false
	}
	return CompareReports(before.Report(name), s.Report(name, w)), true
}

// Words says what has changed, the worst first: "p99 10 ms → 80 ms, +70 ms since
// 14:02:05: quote explains 69 ms". A percentile that has changed by less than a
// tenth is left out. It is empty if either side has no run.
func (c Comparison) Words() []string {
	if c.Before.Runs == 0 || c.After.Runs == 0 {
		return nil
	}
	var out []string
	if s := c.more((*Report).Failures, "failed"); s != "" {
		if t, ok := c.Failing(); ok && c.After.Failures() > 0 {
			s += fmt.Sprintf(": %s: %s", brief(t.Name, 120), brief(look.ErrorOf(t.Name, t.Err), 200))
		}
		out = append(out, s)
	}
	if s := c.more(func(r *Report) int { return r.Late }, "ran out of time"); s != "" {
		out = append(out, s)
	}
	for _, p := range []struct {
		name          string
		before, after time.Duration
		path          time.Duration
		of            func(Cause) time.Duration
	}{
		{"p99", c.Before.P99, c.After.P99, c.After.PathP99 - c.Before.PathP99, func(k Cause) time.Duration { return k.P99 }},
		{"p50", c.Before.P50, c.After.P50, c.After.PathP50 - c.Before.PathP50, func(k Cause) time.Duration { return k.P50 }},
	} {
		change := p.after - p.before
		if !changed(p.before, p.after) {
			continue
		}
		s := fmt.Sprintf("%s %s → %s, %s%s", p.name, duration(p.before), duration(p.after), signed(change), c.since())
		if why := c.explain(change, p.path, p.of); why != "" {
			s += ": " + why
		}
		out = append(out, s)
	}
	if s, ok := c.Shift(); ok && !changed(c.Before.P99, c.After.P99) && !changed(c.Before.P50, c.After.P50) {
		out = append(out, c.shifted(&s))
	}
	return out
}

func (c Comparison) shifted(s *Shift) string {
	text := fmt.Sprintf("%d of %d runs took longer than %s%s, before %d of %d", s.After, c.After.Runs, duration(s.Than), c.since(), s.Before, c.Before.Runs)
	mean := c.After.mean(c.After.Total) - c.Before.mean(c.Before.Total)
	if why := c.explain(mean, mean, func(k Cause) time.Duration { return k.Mean }); why != "" {
		text += fmt.Sprintf("; the mean %s: %s", signed(mean), why)
	}
	return text
}

// changed tells whether a percentile has changed by a tenth.
func changed(before, after time.Duration) bool {
	return before != after && (after-before).Abs() >= max(before, after)/10
}

func signed(d time.Duration) string {
	if d < 0 {
		return "−" + duration(-d)
	}
	return "+" + duration(d)
}

func (c Comparison) since() string {
	if c.After.Since.IsZero() {
		return ""
	}
	layout := "15:04:05"
	if c.After.Until.Sub(c.After.Since) > 12*time.Hour {
		layout = "2 Jan 15:04"
	}
	return " since " + c.After.Since.Local().Format(layout)
}

// explain names up to three causes of a change of a percentile, by their shares
// of the change of the critical paths of the runs about it.
func (c Comparison) explain(change, path time.Duration, of func(Cause) time.Duration) string {
	if path == 0 || (path < 0) != (change < 0) {
		return ""
	}
	causes := slices.Clone(c.Causes)
	slices.SortStableFunc(causes, func(a, b Cause) int { return cmp.Compare(of(b)*sign(path), of(a)*sign(path)) })
	var parts []string
	for _, k := range causes {
		share := float64(of(k)) / float64(path)
		if share < 0.1 || len(parts) == 3 {
			break
		}
		name := brief(k.Name, 120)
		switch {
		case k.Name == "":
			name = "(caller)"
		case k.New:
			name += " (new)"
		case k.Gone:
			name += " (gone)"
		}
		part := duration(time.Duration(math.Round(share * float64(change.Abs()))))
		if k.Queued {
			part += inQueue
		}
		if len(parts) == 0 {
			part = "explains " + part
		}
		parts = append(parts, name+" "+part)
	}
	return strings.Join(parts, ", ")
}

func sign(d time.Duration) time.Duration {
	if d < 0 {
		return -1
	}
	return 1
}

// more says that more runs come to nothing than before, or fewer: by more than what
// luck makes of their number.
func (c Comparison) more(count func(*Report) int, verb string) string {
	a, b := count(&c.Before), count(&c.After)
	p, q := float64(a)/float64(c.Before.Runs), float64(b)/float64(c.After.Runs)
	all := float64(a+b) / float64(c.Before.Runs+c.After.Runs)
	luck := math.Sqrt(all * (1 - all) * (1/float64(c.Before.Runs) + 1/float64(c.After.Runs)))
	if math.Abs(p-q) <= 3*luck || math.Abs(p-q)*float64(c.After.Runs) < 2 {
		return ""
	}
	return fmt.Sprintf("%d of %d runs %s%s, before %d of %d", b, c.After.Runs, verb, c.since(), a, c.Before.Runs)
}

// Failing is the task whose failures have become more by most, of those that failed
// after: one in the body of another one if both fail together. It is false if none failed.
func (c Comparison) Failing() (TaskReport, bool) {
	before := make(map[string]float64)
	for i := range c.Before.Tasks {
		t := &c.Before.Tasks[i]
		before[t.Name] = float64(t.Failures) / float64(max(1, c.Before.Runs))
	}
	worst, most := -1, 0.0
	for i := range c.After.Tasks {
		t := &c.After.Tasks[i]
		if t.Failures == 0 {
			continue
		}
		more := float64(t.Failures)/float64(max(1, c.After.Runs)) - before[t.Name]
		switch {
		case worst < 0:
		case strings.HasPrefix(t.Name, c.After.Tasks[worst].Name+"/"):
			if more < 0.9*most {
				continue
			}
		case more <= most || strings.HasPrefix(c.After.Tasks[worst].Name, t.Name+"/") && most >= 0.9*more:
			continue
		}
		worst, most = i, more
	}
	if worst < 0 {
		return TaskReport{}, false
	}
	return c.After.Tasks[worst], true
}
