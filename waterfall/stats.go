package waterfall

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

const (
	maxNames    = 256  // groups that a Stats tells apart
	maxFamilies = 512  // tasks of one group
	keepSlowest = 5    // runs kept whole
	keepLatest  = 5    // runs kept whole
	maxKept     = 5000 // tasks of a run that is kept
)

// Stats is an [asap.Observer] for always: it adds up the runs of any number of
// groups by name, in bounded memory, and keeps the slowest and the latest runs
// whole. Give one to every group of a service. The zero value is ready, and all
// methods may be called at the same time. Each run is analyzed on its own when
// its outermost group ends; means of durations are never taken, because the
// critical path of means is that of no run.
type Stats struct {
	c     collector
	mu    sync.Mutex
	live  map[rootKey]*root
	names map[string]*family
}

type rootKey struct{ key, group uint32 }

// family is what runs of one name left.
type family struct {
	runs     int
	lost     int // tasks beyond maxFamilies
	outcomes map[asap.Outcome]int
	makespan histogram
	tasks    map[string]*member
	// cells are runs of about the same makespan, for the slowest of them.
	cells   map[uint16]*cell
	slowest []*Run
	latest  []*Run
}

type member struct {
	took     histogram
	runs     int
	failures int
}

// cell adds up the critical paths of runs of one class of makespan.
type cell struct {
	runs  int
	total time.Duration
	tasks map[string]critical
}

type critical struct {
	runs int
	time time.Duration
}

// cellsPerPower makes classes of makespans that differ by 9 %.
const cellsPerPower = 8

// Start returns ctx unchanged.
func (s *Stats) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

// Observe records the event; the end of an outermost group adds its run.
func (s *Stats) Observe(e asap.Event) {
	began, ended := s.c.observe(&e)
	switch {
	case began != nil:
		s.mu.Lock()
		if s.live == nil {
			s.live = make(map[rootKey]*root)
		}
		s.live[rootKey{began.t.key, began.group}] = began
		s.mu.Unlock()
	case ended != nil:
		run := ended.run()
		s.mu.Lock()
		delete(s.live, rootKey{ended.t.key, ended.group})
		s.mu.Unlock()
		s.Add(run)
	}
}

// Unlabeled spares the bodies pprof labels, as with [Recorder.Unlabeled].
func (s *Stats) Unlabeled() {}

// Live returns the groups that run at this moment, the longest first, each cut
// off at this moment: what a stuck one waits for is in its [Run.Explain].
func (s *Stats) Live() []*Run {
	s.mu.Lock()
	roots := make([]*root, 0, len(s.live))
	for _, r := range s.live {
		roots = append(roots, r)
	}
	s.mu.Unlock()
	runs := make([]*Run, 0, len(roots))
	for _, r := range roots {
		if run := r.run(); !run.Ended {
			runs = append(runs, run)
		}
	}
	slices.SortFunc(runs, func(a, b *Run) int { return a.Began.Compare(b.Began) })
	return runs
}

// Add adds a run from elsewhere, such as a file, under its Name. A run that has
// not ended is not added. The caller must not change the run afterwards.
func (s *Stats) Add(run *Run) {
	if !run.Ended {
		return
	}
	x := run.index()
	took := make(map[string][]time.Duration)
	failures := make(map[string]int)
	for i := range run.Tasks {
		name := x.family(i)
		if run.Tasks[i].started() {
			took[name] = append(took[name], run.Tasks[i].Took())
		}
		if bad(run.Tasks[i].Outcome) {
			failures[name]++
		}
	}
	onPath := make(map[string]time.Duration)
	for _, step := range run.CriticalPath() {
		if t, ok := x.task[step.Task]; ok && step.State != Outside {
			onPath[x.family(t)] += step.Len()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.familyLocked(run.Name)
	if f == nil {
		return
	}
	f.runs++
	if len(run.Groups) > 0 {
		f.outcomes[run.Groups[0].Outcome]++
	}
	f.makespan.add(run.Makespan)
	for name, all := range took {
		m := f.member(name)
		if m == nil {
			continue
		}
		m.runs++
		m.failures += failures[name]
		for _, d := range all {
			m.took.add(d)
		}
	}
	f.addPath(run.Makespan, onPath)
	f.keep(run)
}

func (s *Stats) familyLocked(name string) *family {
	f := s.names[name]
	if f != nil || len(s.names) >= maxNames {
		return f
	}
	if s.names == nil {
		s.names = make(map[string]*family)
	}
	f = &family{outcomes: make(map[asap.Outcome]int), tasks: make(map[string]*member), cells: make(map[uint16]*cell)}
	s.names[name] = f
	return f
}

func (f *family) member(name string) *member {
	m := f.tasks[name]
	if m == nil && len(f.tasks) < maxFamilies {
		m = &member{}
		f.tasks[name] = m
	}
	if m == nil {
		f.lost++
	}
	return m
}

func (f *family) addPath(makespan time.Duration, onPath map[string]time.Duration) {
	k := class(makespan, cellsPerPower)
	c := f.cells[k]
	if c == nil {
		c = &cell{tasks: make(map[string]critical)}
		f.cells[k] = c
	}
	c.runs++
	c.total += makespan
	for name, d := range onPath {
		if f.tasks[name] == nil {
			continue
		}
		t := c.tasks[name]
		c.tasks[name] = critical{t.runs + 1, t.time + d}
	}
}

// keep keeps the run if it is among the slowest or the latest.
func (f *family) keep(run *Run) {
	if len(run.Tasks) > maxKept {
		return
	}
	if f.latest = append(f.latest, run); len(f.latest) > keepLatest {
		f.latest = slices.Delete(f.latest, 0, 1)
	}
	at, _ := slices.BinarySearchFunc(f.slowest, run, func(a, b *Run) int {
		if a.Makespan >= b.Makespan {
			return -1
		}
		return 1
	})
	if at < keepSlowest {
		f.slowest = slices.Insert(f.slowest, at, run)
		f.slowest = f.slowest[:min(len(f.slowest), keepSlowest)]
	}
}
