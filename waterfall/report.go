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
	// Buckets are the makespans' histogram, the shortest first, without the
	// empty ones.
	Buckets []Bucket
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
	// Tolerated counts the failures that the group went on without.
	Tolerated int
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
	s.lock()
	defer s.unlock()
	return slices.Sorted(maps.Keys(s.names))
}

// Unnamed counts the runs whose name was one too many: 256 are told apart.
func (s *Stats) Unnamed() int {
	s.lock()
	defer s.unlock()
	return s.unnamed
}

// Report returns what is known about the runs of a name; of a name that has
// none, a report with no runs. The kept runs must not be changed.
func (s *Stats) Report(name string) Report {
	s.lock()
	defer s.unlock()
	r := Report{Name: name, Outcomes: make(map[asap.Outcome]int)}
	f := s.names[name]
	if f == nil {
		return r
	}
	r.Runs, r.Unnamed = f.all.runs, f.lost
	maps.Copy(r.Outcomes, f.outcomes)
	p := f.makespan.percentiles(.5, .9, .95, .99)
	r.P50, r.P90, r.P95, r.P99, r.Max = p[0], p[1], p[2], p[3], f.makespan.most
	r.Buckets = f.makespan.buckets()
	r.Slowest = slices.Clone(f.slowest)
	r.Latest = slices.Clone(f.latest)
	slices.Reverse(r.Latest)
	var all tail
	all.add(&f.all, 1)
	slow := f.tail(0.05)
	for name, m := range f.tasks {
		p := m.took.percentiles(.5, .95, .99)
		t := TaskReport{Name: name, Runs: m.runs, Failures: m.failures, Tolerated: m.tolerated, P50: p[0], P95: p[1], P99: p[2]}
		t.Criticality, t.Share = all.of(name)
		t.SlowCriticality, t.SlowShare = slow.of(name)
		r.Tasks = append(r.Tasks, t)
	}
	slices.SortFunc(r.Tasks, func(a, b TaskReport) int {
		return cmp.Or(cmp.Compare(b.SlowShare, a.SlowShare), cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return r
}

// tail adds up the critical paths of runs.
type tail struct {
	runs, total float64
	tasks       map[string][2]float64 // runs, time
}

// tail takes whole cells from the slowest on, and of the last one the share
// that is still needed.
func (f *family) tail(share float64) *tail {
	out := new(tail)
	need := max(1, share*float64(f.all.runs))
	for _, k := range slices.Backward(slices.Sorted(maps.Keys(f.cells))) {
		c := f.cells[k]
		w := min(1, (need-out.runs)/float64(c.runs))
		if w <= 0 {
			break
		}
		out.add(c, w)
	}
	return out
}

// add adds the share w of a cell.
func (t *tail) add(c *cell, w float64) {
	if t.tasks == nil {
		t.tasks = make(map[string][2]float64, len(c.tasks))
	}
	t.runs += w * float64(c.runs)
	t.total += w * float64(c.total)
	for name, v := range c.tasks {
		sum := t.tasks[name]
		t.tasks[name] = [2]float64{sum[0] + w*float64(v.runs), sum[1] + w*float64(v.time)}
	}
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
