package waterfall

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// PrometheusType is the media type of what [Stats.WritePrometheus] writes.
const PrometheusType = "text/plain; version=0.0.4; charset=utf-8"

// WritePrometheus writes what s has seen since its start as metrics, in the text
// format of Prometheus, in one Write:
//
//	asap_groups_running{group}                  gauge
//	asap_groups_total{group, outcome}           counter
//	asap_groups_late_total{group}               of the canceled ones, those whose deadline had passed
//	asap_group_duration_seconds{group}          histogram of makespans
//	asap_task_duration_seconds{group, task}     histogram of the time that bodies ran
//	asap_task_critical_seconds_total{group, task}
//	asap_task_queued_seconds_total{group, task}
//	asap_task_failures_total{group, task}       with those that were tolerated
//	asap_forgotten_names_total                  see [Stats.Forgotten]
//
// The critical seconds of a group's tasks add up to the sum of its durations: they
// say what its runs waited for. In them the task "(caller)" stands for time in
// which nothing was declared. Of each name the first 64 tasks that were seen are
// told apart, and "(others)" is the sum of the rest, so there are at most 256 names
// of 65 tasks; a name that was forgotten begins anew, from zero. The bound of a
// bucket is kept within 4.5 %.
func (s *Stats) WritePrometheus(w io.Writer) error {
	running := make(map[string]int)
	for _, r := range s.liveRoots() {
		running[frame(r.name())]++
	}
	groups, forgotten := s.metrics()
	for _, name := range slices.Sorted(maps.Keys(running)) {
		if !slices.ContainsFunc(groups, func(g *groupMetrics) bool { return g.name == name }) {
			groups = append(groups, newGroupMetrics(name))
		}
	}
	var m metrics
	m.head("asap_groups_running", "gauge", "Groups that run at this moment.")
	for _, g := range groups {
		m.sample("asap_groups_running", strconv.Itoa(running[g.name]), "group", g.name)
	}
	m.head("asap_groups_total", "counter", "Groups that have ended, by outcome.")
	for _, g := range groups {
		for _, o := range slices.Sorted(maps.Keys(g.outcomes)) {
			m.sample("asap_groups_total", strconv.Itoa(g.outcomes[o]), "group", g.name, "outcome", outcomeLabel(o))
		}
	}
	m.head("asap_groups_late_total", "counter", "Groups that were canceled since their deadline had passed.")
	for _, g := range groups {
		m.sample("asap_groups_late_total", strconv.Itoa(g.late), "group", g.name)
	}
	m.head("asap_group_duration_seconds", "histogram", "Time from the start of a group to the end of its last task.")
	for _, g := range groups {
		if g.took.n > 0 {
			m.histogram("asap_group_duration_seconds", &g.took, g.total, "group", g.name)
		}
	}
	m.head("asap_task_duration_seconds", "histogram", "Time that the body of a task ran, without its waits.")
	m.tasks(groups, func(g *groupMetrics, t *taskMetrics) {
		if t.took.n > 0 {
			m.histogram("asap_task_duration_seconds", &t.took, t.work, "group", g.name, "task", t.name)
		}
	})
	m.head("asap_task_critical_seconds_total", "counter", "Time that groups waited for a task: its share of their critical paths.")
	m.tasks(groups, func(g *groupMetrics, t *taskMetrics) {
		m.sample("asap_task_critical_seconds_total", seconds(t.critical), "group", g.name, "task", t.name)
	})
	m.head("asap_task_queued_seconds_total", "counter", "Time that a task could have gone on, but for a slot of a limit or a processor.")
	m.tasks(groups, func(g *groupMetrics, t *taskMetrics) {
		m.sample("asap_task_queued_seconds_total", seconds(t.queued), "group", g.name, "task", t.name)
	})
	m.head("asap_task_failures_total", "counter", "Failures of a task, tolerated or not.")
	m.tasks(groups, func(g *groupMetrics, t *taskMetrics) {
		m.sample("asap_task_failures_total", strconv.FormatUint(t.failures, 10), "group", g.name, "task", t.name)
	})
	m.head("asap_forgotten_names_total", "counter", "Names of groups that had to go, with all that was known about them.")
	m.sample("asap_forgotten_names_total", strconv.Itoa(forgotten))
	_, err := io.WriteString(w, m.b.String())
	return err
}

// maxMetricTasks is how many tasks of a group have metrics of their own.
const maxMetricTasks = 64

// groupMetrics is what metrics tell of one name. Names are as they are in labels:
// two that are the same there are one, since no sample may come twice.
type groupMetrics struct {
	name     string
	outcomes map[asap.Outcome]int
	late     int
	took     histogram
	total    time.Duration
	tasks    []*taskMetrics
	index    map[string]*taskMetrics
}

type taskMetrics struct {
	name             string
	took             histogram
	work             time.Duration
	critical, queued time.Duration
	failures         uint64
}

func newGroupMetrics(name string) *groupMetrics {
	return &groupMetrics{name: name, outcomes: make(map[asap.Outcome]int), index: make(map[string]*taskMetrics)}
}

func (g *groupMetrics) task(name string) *taskMetrics {
	t := g.index[name]
	if t == nil {
		t = &taskMetrics{name: name}
		g.index[name] = t
		g.tasks = append(g.tasks, t)
	}
	return t
}

// metrics collects what there is since the start, by name. Which tasks are told
// apart never changes, so all that is counted only grows.
func (s *Stats) metrics() (groups []*groupMetrics, forgotten int) {
	s.lock()
	defer s.unlock()
	index := make(map[string]*groupMetrics)
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		label := frame(name)
		g := index[label]
		if g == nil {
			g = newGroupMetrics(label)
			index[label] = g
			groups = append(groups, g)
		}
		s.names[name].addTo(g)
	}
	return groups, s.forgotten
}

func (f *family) addTo(g *groupMetrics) {
	all := over(f.stretches(0, SinceStart.levels()))
	g.took.merge(&all.makespan)
	g.total += all.total
	g.late += int(all.late)
	for o, n := range all.outcomes {
		if n > 0 {
			g.outcomes[asap.Outcome(o)] += int(n)
		}
	}
	of := func(member int) *taskMetrics {
		if member < maxMetricTasks {
			return g.task(frame(f.members[member].path))
		}
		return g.task(others)
	}
	for m := range all.tasks {
		t, from := of(m), &all.tasks[m]
		t.took.merge(&from.took)
		t.work += from.work
		t.queued += from.queued
		t.failures += uint64(from.failures) + uint64(from.tolerated)
	}
	rest := all.total
	for i := range all.cells {
		c := &all.cells[i]
		g.task(caller).critical += c.outside
		rest -= c.outside
		for _, t := range c.tasks {
			of(int(t.member)).critical += t.time
			rest -= t.time
		}
	}
	if f.lost > 0 { // tasks that are not members
		g.task(others).critical += rest
	}
}

// metrics writes the text format.
type metrics struct{ b strings.Builder }

func (m *metrics) head(name, kind, help string) {
	m.b.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

func (m *metrics) tasks(groups []*groupMetrics, each func(*groupMetrics, *taskMetrics)) {
	for _, g := range groups {
		for _, t := range g.tasks {
			each(g, t)
		}
	}
}

// sample writes a line; labels are names and values in pairs.
func (m *metrics) sample(name, value string, labels ...string) {
	m.b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		m.b.WriteString([...]string{"{", ","}[min(i, 1)] + labels[i] + `="` + labelEscapes.Replace(labels[i+1]) + `"`)
	}
	if labels != nil {
		m.b.WriteByte('}')
	}
	m.b.WriteString(" " + value + "\n")
}

// labelEscapes are those of label values, of names that are [frame]s.
var labelEscapes = strings.NewReplacer("\\", `\\`, "\"", `\"`, "\n", `\n`)

// bucketBounds are the upper ends of buckets, half a millisecond to a minute.
var bucketBounds = func() (bounds []time.Duration) {
	for _, ms := range []float64{.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000} {
		bounds = append(bounds, time.Duration(ms*float64(time.Millisecond)))
	}
	return bounds
}()

// histogram writes the buckets, sum and count of a histogram. A class counts in
// the first bucket in which more than half of it lies.
func (m *metrics) histogram(name string, h *histogram, sum time.Duration, labels ...string) {
	counted, at := 0, 0
	with := append(slices.Clip(labels), "le", "")
	for _, bound := range bucketBounds {
		for at < len(h.counts) && middle(h.counts[at].class) <= bound {
			counted += int(h.counts[at].n)
			at++
		}
		with[len(with)-1] = seconds(bound)
		m.sample(name+"_bucket", strconv.Itoa(counted), with...)
	}
	with[len(with)-1] = "+Inf"
	m.sample(name+"_bucket", strconv.Itoa(h.n), with...)
	m.sample(name+"_sum", seconds(sum), labels...)
	m.sample(name+"_count", strconv.Itoa(h.n), labels...)
}

// middle is the middle of a class.
func middle(class uint16) time.Duration {
	if class == 0 {
		return 0
	}
	low, high := upper(class-1), upper(class)
	return low + (high-low)/2
}

// seconds writes a duration to the nanosecond.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'g', -1, 64)
}

// outcomeLabel is the value of the label outcome, as in JSON.
func outcomeLabel(o asap.Outcome) string { return strings.ToLower(o.String()) }
