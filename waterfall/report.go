package waterfall

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Report is what [Stats] knows about the runs of one name.
type Report struct {
	Name string
	Runs int
	// Outcomes counts the runs by how their group ended.
	Outcomes map[asap.Outcome]int
	// P50 to Max are percentiles of the makespan, at most 4.5 % too high.
	P50, P90, P95, P99, Max time.Duration
	// Tasks come in the order of their share of the critical path of the
	// slowest runs.
	Tasks []TaskReport
	// Slowest and Latest are whole runs, the slowest and the latest first.
	Slowest, Latest []*Run
	// Unnamed counts the tasks that were one name too many.
	Unnamed int
}

// TaskReport is what [Stats] knows about one task in the runs of one name. The
// elements of a Map count as one, likes[].
type TaskReport struct {
	Name     string
	Runs     int // in which its body ran
	Failures int
	// P50 to P99 are percentiles of the time that its body ran.
	P50, P95, P99 time.Duration
	// Criticality is the criticality index, the share of runs in which the
	// task was on the critical path (Van Slyke, "Monte Carlo Methods and the
	// PERT Problem", Operations Research 11, 1963), and Share its share of the
	// time of all critical paths.
	Criticality, Share float64
	// SlowCriticality and SlowShare are the same for the slowest 5 % of runs,
	// at least one: what the tail of the latency is made of.
	SlowCriticality, SlowShare float64
}

// Names returns the names of the groups, sorted. A group without a name has
// the empty one.
func (s *Stats) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.names))
}

// Report returns what is known about the runs of a name; of a name that has
// none, a report with no runs. The kept runs must not be changed.
func (s *Stats) Report(name string) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Report{Name: name, Outcomes: make(map[asap.Outcome]int)}
	f := s.names[name]
	if f == nil {
		return r
	}
	r.Runs, r.Unnamed = f.runs, f.lost
	maps.Copy(r.Outcomes, f.outcomes)
	h := &f.makespan
	r.P50, r.P90, r.P95, r.P99, r.Max = h.percentile(.5), h.percentile(.9), h.percentile(.95), h.percentile(.99), h.most
	r.Slowest = slices.Clone(f.slowest)
	r.Latest = slices.Clone(f.latest)
	slices.Reverse(r.Latest)
	all := f.tail(1)
	slow := f.tail(0.05)
	for name, m := range f.tasks {
		t := TaskReport{
			Name: name, Runs: m.runs, Failures: m.failures,
			P50: m.took.percentile(.5), P95: m.took.percentile(.95), P99: m.took.percentile(.99),
		}
		t.Criticality, t.Share = all.of(name)
		t.SlowCriticality, t.SlowShare = slow.of(name)
		r.Tasks = append(r.Tasks, t)
	}
	slices.SortFunc(r.Tasks, func(a, b TaskReport) int {
		return cmp.Or(cmp.Compare(b.SlowShare, a.SlowShare), cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return r
}

// tail adds up the critical paths of the slowest runs.
type tail struct {
	runs, total float64
	tasks       map[string][2]float64 // runs, time
}

// tail takes whole cells from the slowest on, and of the last one the share
// that is still needed.
func (f *family) tail(share float64) *tail {
	out := &tail{tasks: make(map[string][2]float64)}
	need := max(1, share*float64(f.runs))
	keys := slices.Sorted(maps.Keys(f.cells))
	for _, k := range slices.Backward(keys) {
		c := f.cells[k]
		w := min(1, (need-out.runs)/float64(c.runs))
		if w <= 0 {
			break
		}
		out.runs += w * float64(c.runs)
		out.total += w * float64(c.total)
		for name, t := range c.tasks {
			v := out.tasks[name]
			out.tasks[name] = [2]float64{v[0] + w*float64(t.runs), v[1] + w*float64(t.time)}
		}
	}
	return out
}

func (t *tail) of(name string) (criticality, share float64) {
	v := t.tasks[name]
	if t.runs > 0 {
		criticality = v[0] / t.runs
	}
	if t.total > 0 {
		share = v[1] / t.total
	}
	return criticality, share
}
