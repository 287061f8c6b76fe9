package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Report is what [Stats] knows about the runs of one name that ended in a window
// of time.
type Report struct {
	Name   string `json:"name"`
	Window Window `json:"window"`
	// Since and Until are when the window began and ended, by the wall clock.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	Runs  int       `json:"runs"`
	// Outcomes counts the runs by how their group ended.
	Outcomes map[asap.Outcome]int `json:"outcomes,omitzero"`
	// Late counts, of the canceled runs, those whose deadline had passed: whoever
	// asked got nothing because it took too long.
	Late int `json:"late,omitzero"`
	// P50 to Max are percentiles of the makespan, at most 4.5 % too high. Max is
	// exact, and so is Total, the sum of all makespans.
	P50   time.Duration `json:"p50,omitzero"`
	P90   time.Duration `json:"p90,omitzero"`
	P95   time.Duration `json:"p95,omitzero"`
	P99   time.Duration `json:"p99,omitzero"`
	Max   time.Duration `json:"max,omitzero"`
	Total time.Duration `json:"total,omitzero"`
	// Caller is for how long the runs waited for their caller, all together: what
	// the tasks' Critical lack of Total, with that of tasks that are not told apart.
	Caller time.Duration `json:"caller,omitzero"`
	// Buckets are the makespans' histogram, the shortest first, without the
	// empty ones.
	Buckets []Bucket `json:"buckets,omitzero"`
	// Tasks come in the order of their share of the critical path of the
	// slowest runs.
	Tasks []TaskReport `json:"tasks,omitzero"`
	// PathP50 and PathP99 are the mean makespans of the runs about p50 and p99.
	// They are the sums of what the critical paths of those runs are made of:
	// PathP50 and PathP99 of all tasks, Caller, for what they waited for their
	// caller, and Others, for the tasks that are not told apart.
	PathP50   time.Duration `json:"pathP50,omitzero"`
	PathP99   time.Duration `json:"pathP99,omitzero"`
	CallerP50 time.Duration `json:"callerP50,omitzero"`
	CallerP99 time.Duration `json:"callerP99,omitzero"`
	OthersP50 time.Duration `json:"othersP50,omitzero"`
	OthersP99 time.Duration `json:"othersP99,omitzero"`
	// Slowest are the slowest runs of the window, the slowest first, Latest those
	// that were the last to end, Failed failed and late ones, rather of different errors,
	// and Samples one of each power of two of the makespan, the longest first. Of
	// those, a window may have more that were not kept.
	Slowest []Kept `json:"slowest,omitzero"`
	Latest  []Kept `json:"latest,omitzero"`
	Failed  []Kept `json:"failed,omitzero"`
	Samples []Kept `json:"samples,omitzero"`
	// Unnamed counts the tasks that were one name too many, of 512, since start.
	Unnamed int   `json:"unnamed,omitzero"`
	Build   Build `json:"build,omitzero"`

	known bool // the name was not forgotten
}

// Failures counts the runs that ended badly by themselves: that failed, panicked
// or ended by Goexit.
func (r *Report) Failures() int {
	return failures(r.Outcomes)
}

func failures(outcomes map[asap.Outcome]int) int {
	return outcomes[asap.Failed] + outcomes[asap.Panicked] + outcomes[asap.Goexited]
}

// TaskReport is what [Stats] knows about one task in the runs of one name. The
// elements of a Map count as one, likes[], and so do tasks of the same name.
type TaskReport struct {
	Name     string `json:"name"`
	Runs     int    `json:"runs"` // in which its body ran
	Failures int    `json:"failures,omitzero"`
	// Tolerated counts the failures that the group went on without, also those of
	// functions of a Race that another one has won.
	Tolerated int `json:"tolerated,omitzero"`
	// P50 to P99 are percentiles of the time that its body ran.
	P50 time.Duration `json:"p50,omitzero"`
	P95 time.Duration `json:"p95,omitzero"`
	P99 time.Duration `json:"p99,omitzero"`
	// Work is the time that its bodies ran, Queued how long they could have gone
	// on but for a slot or a processor, and Critical its time on critical paths, in
	// all runs together.
	Work     time.Duration `json:"work,omitzero"`
	Queued   time.Duration `json:"queued,omitzero"`
	Critical time.Duration `json:"critical,omitzero"`
	// Criticality is the criticality index, the share of runs in which the
	// task was on the critical path (Van Slyke, "Monte Carlo Methods and the
	// PERT Problem", Operations Research 11, 1963), and Share its share of the
	// time of all critical paths.
	Criticality float64 `json:"criticality,omitzero"`
	Share       float64 `json:"share,omitzero"`
	// SlowCriticality and SlowShare are the same for the slowest 5 % of runs,
	// at least one: what the tail of the latency is made of.
	SlowCriticality float64 `json:"slowCriticality,omitzero"`
	SlowShare       float64 `json:"slowShare,omitzero"`
	// PathP50 and PathP99 are its mean time on the critical paths of the runs
	// about p50 and p99: with those of the others they add up to the report's.
	PathP50 time.Duration `json:"pathP50,omitzero"`
	PathP99 time.Duration `json:"pathP99,omitzero"`
	// Err is the text of its last failure within the window, ErrAt when and
	// ErrRun in which run that was, which may not be kept any more.
	Err    string    `json:"err,omitzero"`
	ErrAt  time.Time `json:"errAt,omitzero"`
	ErrRun uint64    `json:"errRun,omitzero"`
}

// Report returns what is known about the runs of a name in a window; of a name
// that has none, a report with no runs.
func (s *Stats) Report(name string, w Window) Report {
	s.lock()
	defer s.unlock()
	now := s.nowLocked()
	return s.reportLocked(name, w, now, 0, w.levels())
}

// clocked is an instant by the clock and in units since the start.
type clocked struct {
	time.Time
	unit int64
}

func (s *Stats) nowLocked() clocked {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.startLocked()
	now := time.Now()
	return clocked{now, s.unitOf(now)}
}

// instant is the beginning of a unit, by the wall clock of now. It has a monotonic
// clock as well: a wall clock that was set since does not move what was before.
func (s *Stats) instant(now clocked, unit_ int64) time.Time {
	return now.Add(-now.Sub(s.start) + time.Duration(unit_)*unit)
}

// reportLocked reports on some levels of a name.
func (s *Stats) reportLocked(name string, w Window, now clocked, from, to int) Report {
	since, until := s.instant(now, firstOf(to, now.unit)), now.Time
	if from > 0 {
		until = s.instant(now, firstOf(from, now.unit))
	}
	f := s.names[name]
	if f == nil {
		return newReport(name, w, since, until)
	}
	f.ageAll(s, now.unit)
	return f.report(w, since, until, f.stretches(from, to))
}

func newReport(name string, w Window, since, until time.Time) Report {
	return Report{Name: name, Window: w, Outcomes: make(map[asap.Outcome]int), Build: ThisBuild(), Since: since.Round(0), Until: until.Round(0)}
}

// report reports on some stretches of time, from one instant to another.
func (f *family) report(w Window, since, until time.Time, stretches []*sums) Report {
	r := newReport(f.name, w, since, until)
	r.known, r.Unnamed = true, f.lost
	within := func(at time.Time) bool { return !at.Before(since) && at.Before(until) || at.Equal(until) }
	r.sums(f, over(stretches), within)
	r.keeps(keptOver(stretches))
	for _, k := range f.latest {
		if within(k.ended) {
			r.Latest = append(r.Latest, k.Kept)
		}
	}
	return r
}

func (r *Report) sums(f *family, all *sums, within func(time.Time) bool) {
	r.Runs, r.Late, r.Total = all.runs, int(all.late), all.total
	for o, n := range all.outcomes {
		if n > 0 {
			r.Outcomes[asap.Outcome(o)] = int(n)
		}
	}
	p := all.makespan.percentiles(.5, .9, .95, .99)
	r.P50, r.P90, r.P95, r.P99, r.Max = p[0], p[1], p[2], p[3], all.makespan.most
	r.Buckets = all.makespan.buckets()
	n := len(f.members)
	whole, slow := all.between(0, 1, n), all.between(0.95, 1, n)
	var at50, at99 []time.Duration
	r.Caller = time.Duration(whole.outside)
	r.CallerP50, at50, r.PathP50 = all.about(0.5, n).split()
	r.CallerP99, at99, r.PathP99 = all.about(0.99, n).split()
	r.OthersP50, r.OthersP99 = r.PathP50-r.CallerP50, r.PathP99-r.CallerP99
	for m := range all.tasks {
		t := &all.tasks[m]
		r.OthersP50 -= at50[m]
		r.OthersP99 -= at99[m]
		if t.runs == 0 && t.failures == 0 && t.tolerated == 0 && whole.on[m] == 0 && t.queued == 0 {
			continue // not in this window
		}
		p := t.took.percentiles(.5, .95, .99)
		one := TaskReport{
			Name: f.members[m].path, Runs: int(t.runs), Failures: int(t.failures), Tolerated: int(t.tolerated),
			P50: p[0], P95: p[1], P99: p[2], Work: t.work, Queued: t.queued, Critical: time.Duration(whole.time[m]),
			Criticality: whole.criticality(m), Share: whole.share(m), SlowCriticality: slow.criticality(m), SlowShare: slow.share(m),
			PathP50: at50[m], PathP99: at99[m],
		}
		if last := &f.members[m].lastErr; last.number > 0 && within(last.at) {
			one.Err, one.ErrAt, one.ErrRun = last.text, last.at.Round(0), last.number
		}
		r.Tasks = append(r.Tasks, one)
	}
	slices.SortFunc(r.Tasks, func(a, b TaskReport) int {
		return cmp.Or(cmp.Compare(b.SlowShare, a.SlowShare), cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
}

// keeps tells of the runs that are kept, each once a list.
func (r *Report) keeps(l *keptRuns) {
	seen := make(map[uint64]bool)
	for _, k := range l.slowest[:min(len(l.slowest), keepSlowest)] {
		r.Slowest = append(r.Slowest, k.Kept)
	}
	for _, k := range l.failed {
		r.Failed = append(r.Failed, k.Kept)
	}
	for _, k := range l.samples {
		if p := uint64(k.power()); !seen[p] {
			seen[p] = true
			r.Samples = append(r.Samples, k.Kept)
		}
	}
	slices.SortFunc(r.Samples, func(a, b Kept) int { return cmp.Compare(b.Makespan, a.Makespan) })
}

// about is the runs about a percentile: from a little below to half as much
// above, so that the very longest, which may be anything, are not among those
// about p99.
func (s *sums) about(q float64, members int) *path {
	h := min(1-q, 0.1)
	return s.between(q-h, q+h/2, members)
}

// Percentile returns a percentile of the makespan in a window, with a share such
// as 0.99, and of how many runs; 0 of a name without any. It costs little.
func (s *Stats) Percentile(name string, w Window, share float64) (time.Duration, int) {
	s.lock()
	defer s.unlock()
	return s.percentileLocked(name, w, share)
}

func (s *Stats) percentileLocked(name string, w Window, share float64) (time.Duration, int) {
	h, _ := s.makespansLocked(name, w)
	if h.n == 0 {
		return 0, 0
	}
	return h.percentiles(share)[0], h.n
}

// makespansLocked returns the makespans of a name in a window, and how many of the
// runs succeeded.
func (s *Stats) makespansLocked(name string, w Window) (h histogram, succeeded int) {
	f := s.names[name]
	if f == nil {
		return h, 0
	}
	f.ageAll(s, s.nowLocked().unit)
	add := func(o *sums) {
		h.merge(&o.makespan)
		succeeded += int(o.outcomes[asap.Succeeded] + o.outcomes[asap.Exited])
	}
	for l := range w.levels() {
		if l == len(levels) {
			add(&f.past)
			continue
		}
		for _, stretch := range f.levels[l] {
			add(stretch)
		}
	}
	return h, succeeded
}

// Reports returns the reports of all names, sorted by name, one after the other: the
// totals are held for one at a time.
func (s *Stats) Reports(w Window) []Report {
	var out []Report
	for _, name := range s.Names() {
		if r := s.Report(name, w); r.known {
			out = append(out, r)
		}
	}
	return out
}
