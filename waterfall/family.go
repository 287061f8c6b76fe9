package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

const (
	maxNames    = 256     // groups that a Stats tells apart
	maxFamilies = 512     // tasks of one group
	keepSlowest = 5       // runs kept whole
	keepLatest  = 5       // runs kept whole
	maxKept     = 5000    // tasks of a run that is kept
	maxKeptAll  = 100_000 // tasks of all runs that are kept: some 30 MB
)

// digest is what a run adds to its family; it is made without a lock.
type digest struct {
	run       *Run
	took      map[string][]time.Duration
	failures  map[string]int
	tolerated map[string]int
	onPath    map[string]time.Duration
}

func newDigest(run *Run) *digest {
	d := &digest{run: run, took: make(map[string][]time.Duration), failures: make(map[string]int),
		tolerated: make(map[string]int), onPath: make(map[string]time.Duration)}
	x := run.index()
	for i := range run.Tasks {
		name := x.family(i)
		if run.Tasks[i].started() {
			d.took[name] = append(d.took[name], run.Tasks[i].Took())
		}
		switch o := run.Tasks[i].Outcome; {
		case bad(o):
			d.failures[name]++
		case o == asap.Tolerated:
			d.tolerated[name]++
		}
	}
	for _, step := range run.CriticalPath() {
		if t, ok := x.task[step.Task]; ok && step.State != Outside {
			d.onPath[x.family(t)] += step.Len()
		}
	}
	return d
}

// family is what runs of one name left.
type family struct {
	lost     int // tasks beyond maxFamilies
	outcomes map[asap.Outcome]int
	makespan histogram
	tasks    map[string]*member
	// cells are runs of about the same makespan, for the slowest of them;
	// all is their sum.
	cells   map[uint16]*cell
	all     cell
	slowest []*Run
	latest  []*Run // the latest last
	kept    int    // tasks of the kept runs
}

type member struct {
	took      histogram
	runs      int
	failures  int
	tolerated int
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

func newFamily() *family {
	return &family{
		outcomes: make(map[asap.Outcome]int), tasks: make(map[string]*member),
		cells: make(map[uint16]*cell), all: cell{tasks: make(map[string]critical)},
	}
}

// addLocked adds a run to the totals of its name.
func (s *Stats) addLocked(d *digest) {
	f := s.names[d.run.Name]
	if f == nil {
		if len(s.names) >= maxNames {
			s.unnamed++
			return
		}
		if s.names == nil {
			s.names = make(map[string]*family)
		}
		f = newFamily()
		s.names[d.run.Name] = f
	}
	f.add(d)
	before := f.kept
	f.keep(d.run)
	s.kept += f.kept - before
	for s.kept > maxKeptAll {
		s.kept -= s.heaviest().shed()
	}
}

// heaviest is the family whose kept runs have the most tasks.
func (s *Stats) heaviest() *family {
	var most *family
	for _, f := range s.names {
		if most == nil || f.kept > most.kept {
			most = f
		}
	}
	return most
}

func (f *family) add(d *digest) {
	run := d.run
	if len(run.Groups) > 0 {
		f.outcomes[run.Groups[0].Outcome]++
	}
	f.makespan.add(run.Makespan)
	for name, all := range d.took {
		m := f.member(name)
		if m == nil {
			continue
		}
		m.runs++
		m.failures += d.failures[name]
		m.tolerated += d.tolerated[name]
		for _, took := range all {
			m.took.add(took)
		}
	}
	k := class(run.Makespan, cellsPerPower)
	if f.cells[k] == nil {
		f.cells[k] = &cell{tasks: make(map[string]critical)}
	}
	for _, c := range []*cell{f.cells[k], &f.all} {
		c.runs++
		c.total += run.Makespan
		for name, took := range d.onPath {
			if f.tasks[name] != nil {
				t := c.tasks[name]
				c.tasks[name] = critical{t.runs + 1, t.time + took}
			}
		}
	}
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

// keep keeps the run if it is among the slowest or the latest.
func (f *family) keep(run *Run) {
	if len(run.Tasks) > maxKept {
		return
	}
	f.latest = append(f.latest, run)
	f.kept += len(run.Tasks)
	if len(f.latest) > keepLatest {
		f.dropLatest()
	}
	at, _ := slices.BinarySearchFunc(f.slowest, run, func(a, b *Run) int {
		if a.Makespan >= b.Makespan {
			return -1
		}
		return 1
	})
	if at < keepSlowest {
		f.slowest = slices.Insert(f.slowest, at, run)
		f.kept += len(run.Tasks)
		if len(f.slowest) > keepSlowest {
			f.dropSlowest()
		}
	}
}

// shed gives up a kept run, and returns how many tasks that were; of each sort
// one stays as long as there are others to give up.
func (f *family) shed() int {
	before := f.kept
	if len(f.latest) >= len(f.slowest) {
		f.dropLatest()
	} else {
		f.dropSlowest()
	}
	return before - f.kept
}

func (f *family) dropLatest() {
	f.kept -= len(f.latest[0].Tasks)
	f.latest = slices.Delete(f.latest, 0, 1)
}

func (f *family) dropSlowest() {
	last := len(f.slowest) - 1
	f.kept -= len(f.slowest[last].Tasks)
	f.slowest = slices.Delete(f.slowest, last, last+1)
}
