package waterfall

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
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
}

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
			seen(k)
		}
		for name, p := range map[string][2]time.Duration{"": {r.CallerP50, r.CallerP99}, others: {r.OthersP50, r.OthersP99}} {
			k := cause(name)
			k.P50 += sign * p[0]
			k.P99 += sign * p[1]
			k.New, k.Gone = false, false
		}
	}
	each(&before, -1, func(k *Cause) { k.New = false })
	each(&after, 1, func(k *Cause) { k.Gone = false })
	for _, k := range by {
		if k.P50 != 0 || k.P99 != 0 {
			c.Causes = append(c.Causes, *k)
		}
	}
	slices.SortFunc(c.Causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.P99.Abs(), a.P99.Abs()), cmp.Compare(b.P50.Abs(), a.P50.Abs()), cmp.Compare(a.Name, b.Name))
	})
	return c
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
	if s := c.failures(); s != "" {
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
	return out
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
		explains := time.Duration(math.Round(share * float64(change.Abs())))
		if len(parts) == 0 {
			parts = append(parts, fmt.Sprintf("%s explains %s", name, duration(explains)))
		} else {
			parts = append(parts, fmt.Sprintf("%s %s", name, duration(explains)))
		}
	}
	return strings.Join(parts, ", ")
}

func sign(d time.Duration) time.Duration {
	if d < 0 {
		return -1
	}
	return 1
}

// failures says that more runs fail than before, or fewer: by more than what
// luck makes of their number.
func (c Comparison) failures() string {
	a, b := c.Before.Failures(), c.After.Failures()
	p, q := float64(a)/float64(c.Before.Runs), float64(b)/float64(c.After.Runs)
	all := float64(a+b) / float64(c.Before.Runs+c.After.Runs)
	luck := math.Sqrt(all * (1 - all) * (1/float64(c.Before.Runs) + 1/float64(c.After.Runs)))
	if math.Abs(p-q) <= 3*luck || math.Abs(p-q)*float64(c.After.Runs) < 2 {
		return ""
	}
	s := fmt.Sprintf("%d of %d runs failed%s, before %d of %d", b, c.After.Runs, c.since(), a, c.Before.Runs)
	if last := c.After.lastErr(); last != nil && b > 0 {
		s += fmt.Sprintf(": %s: %s", brief(last.Name, 120), brief(strings.TrimPrefix(last.Err, last.Name+": "), 200))
	}
	return s
}

// lastErr is the task that failed last.
func (r *Report) lastErr() *TaskReport {
	var last *TaskReport
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.Failures > 0 && t.Err != "" && (last == nil || t.ErrAt.After(last.ErrAt)) {
			last = t
		}
	}
	return last
}
