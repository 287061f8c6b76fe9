package waterfall

import (
	"math"
	"slices"
	"time"
	"unsafe"

	"github.com/asap-go/asap"
)

// sums is what the runs of a name that ended in one stretch of time add up to.
type sums struct {
	at       int64 // the stretch, counted in those of its level
	runs     int
	outcomes [asap.Goexited + 1]uint32
	late     uint32 // of those that were canceled
	makespan histogram
	total    time.Duration // of all makespans
	tasks    []taskSums    // by member of the family
	cells    []cell        // by class
	kept     keptRuns
}

// taskSums is what a task did in them.
type taskSums struct {
	took                      histogram
	work, queued              time.Duration
	runs, failures, tolerated uint32
}

// cell adds up the critical paths of runs of about the same makespan: of those,
// a percentile of the makespan is made.
type cell struct {
	class   uint16 // coarse
	runs    uint32
	total   time.Duration
	outside time.Duration // waited for the caller
	tasks   []critical    // by member
}

// critical is the part of one member in the critical paths of a cell.
type critical struct {
	member int32
	runs   uint32
	time   time.Duration
}

// classesPerCell makes cells of makespans that differ by 9 %.
const classesPerCell = 2

const (
	sumsBytes     = int(unsafe.Sizeof(sums{}))
	taskSumsBytes = int(unsafe.Sizeof(taskSums{}))
	cellBytes     = int(unsafe.Sizeof(cell{}))
	criticalBytes = int(unsafe.Sizeof(critical{}))
)

// grow makes a slice longer, and tells by how many bytes.
func grow[T any](s []T, n int) ([]T, int) {
	if n <= len(s) {
		return s, 0
	}
	before := cap(s)
	s = slices.Grow(s, n-len(s))[:n]
	var one T
	return s, (cap(s) - before) * int(unsafe.Sizeof(one))
}

// task returns the sums of a member; meter counts the bytes that it takes.
func (s *sums) task(member int32, meter *int) *taskSums {
	if int(member) >= len(s.tasks) {
		var grown int
		s.tasks, grown = grow(s.tasks, int(member)+1)
		*meter += grown
	}
	return &s.tasks[member]
}

func (s *sums) cell(class uint16, meter *int) *cell {
	at, hi := 0, len(s.cells)
	for at < hi {
		if mid := int(uint(at+hi) >> 1); s.cells[mid].class < class {
			at = mid + 1
		} else {
			hi = mid
		}
	}
	if at == len(s.cells) || s.cells[at].class != class {
		before := cap(s.cells)
		s.cells = slices.Insert(s.cells, at, cell{class: class})
		*meter += (cap(s.cells) - before) * cellBytes
	}
	return &s.cells[at]
}

// add adds the part of a member in the critical paths of so many runs.
func (c *cell) add(member int32, runs uint32, time time.Duration, meter *int) {
	at, hi := 0, len(c.tasks)
	for at < hi {
		if mid := int(uint(at+hi) >> 1); c.tasks[mid].member < member {
			at = mid + 1
		} else {
			hi = mid
		}
	}
	if at == len(c.tasks) || c.tasks[at].member != member {
		before := cap(c.tasks)
		c.tasks = slices.Insert(c.tasks, at, critical{member: member})
		*meter += (cap(c.tasks) - before) * criticalBytes
	}
	c.tasks[at].runs += runs
	c.tasks[at].time += time
}

// merge adds what another stretch has; it may keep what that has kept.
func (s *sums) merge(o *sums, meter *int) {
	s.runs += o.runs
	s.total += o.total
	s.late += o.late
	for i, n := range o.outcomes {
		s.outcomes[i] += n
	}
	*meter += s.makespan.merge(&o.makespan)
	for m := range o.tasks {
		t, from := s.task(int32(m), meter), &o.tasks[m]
		*meter += t.took.merge(&from.took)
		t.work += from.work
		t.queued += from.queued
		t.runs += from.runs
		t.failures += from.failures
		t.tolerated += from.tolerated
	}
	for i := range o.cells {
		from := &o.cells[i]
		c := s.cell(from.class, meter)
		c.runs += from.runs
		c.total += from.total
		c.outside += from.outside
		for _, t := range from.tasks {
			c.add(t.member, t.runs, t.time, meter)
		}
	}
}

// bytes is what s takes, without the runs that it keeps.
func (s *sums) bytes() int {
	n := sumsBytes + cap(s.makespan.counts)*classCountBytes + cap(s.tasks)*taskSumsBytes + cap(s.cells)*cellBytes
	for i := range s.tasks {
		n += cap(s.tasks[i].took.counts) * classCountBytes
	}
	for i := range s.cells {
		n += cap(s.cells[i].tasks) * criticalBytes
	}
	return n
}

// path is the mean critical path of some runs: of the members it adds up to the
// mean makespan.
type path struct {
	runs           float64
	total, outside float64
	time, on       []float64 // by member: its time, and the runs that it was critical in
}

func newPath(members int) *path {
	return &path{time: make([]float64, members), on: make([]float64, members)}
}

// add adds the share w of a cell.
func (p *path) add(c *cell, w float64) {
	p.runs += w * float64(c.runs)
	p.total += w * float64(c.total)
	p.outside += w * float64(c.outside)
	for _, t := range c.tasks {
		p.time[t.member] += w * float64(t.time)
		p.on[t.member] += w * float64(t.runs)
	}
}

// between adds up the runs from a share of all on to another one, by makespan,
// at least one run: whole cells, and of the first and the last one the share
// that is needed.
func (s *sums) between(from, to float64, members int) *path {
	out := newPath(members)
	runs := 0.0
	for i := range s.cells {
		runs += float64(s.cells[i].runs)
	}
	lo, hi := from*runs, to*runs
	if hi-lo < 1 { // the one that is there
		mid := min(max((lo+hi)/2, 0.5), runs-0.5)
		lo, hi = mid-0.5, mid+0.5
	}
	sum := 0.0
	for i := range s.cells {
		c := &s.cells[i]
		n := float64(c.runs)
		if w := min(hi, sum+n) - max(lo, sum); w > 0 {
			out.add(c, w/n)
		}
		sum += n
	}
	return out
}

// split is the mean makespan by member, exactly: rounding is carried on.
func (p *path) split() (outside time.Duration, members []time.Duration, total time.Duration) {
	members = make([]time.Duration, len(p.time))
	if p.runs == 0 {
		return 0, members, 0
	}
	sum := p.outside / p.runs
	total = time.Duration(math.Round(sum))
	outside = total
	for i, t := range p.time {
		sum += t / p.runs
		next := time.Duration(math.Round(sum))
		members[i], total = next-total, next
	}
	return outside, members, total
}

func (p *path) criticality(member int) float64 {
	if p.runs == 0 {
		return 0
	}
	return p.on[member] / p.runs
}

func (p *path) share(member int) float64 {
	if p.total == 0 {
		return 0
	}
	return p.time[member] / p.total
}
