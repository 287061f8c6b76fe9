package waterfall

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// seen is one record with the state in which a snapshot found it.
type seen struct {
	n     uint32
	r     *record.Entry
	state uint32
	steps int     // of its waits
	id    asap.ID // in the run, 0 of what is not of it
	end   time.Duration
	from  time.Duration
	ours  verdict
	part  *seen // of a Map or a Race: the first one
	last  *seen // and the last
	next  *seen // of a part: the one after it
}

// verdict is whether a group is of the run.
type verdict uint8

const (
	unknown verdict = iota
	yes
	no
)

// parts yields those of a Map or a Race.
func (s *seen) parts() iter.Seq[*seen] {
	return func(yield func(*seen) bool) {
		for p := s.part; p != nil && yield(p); p = p.next {
		}
	}
}

func (s *seen) has(bit uint32) bool { return s.state&bit != 0 }

// snapshot turns the records of one outermost group into a Run. It can be used again,
// and then makes the next Run in the memory of the one before.
type snapshot struct {
	root   *root
	all    []seen
	low    uint32           // the least of their numbers
	place  []int32          // of a number less low: in all, from 1 on
	sparse map[uint32]int32 // the same, if the numbers are far apart
	groups []*seen
	tasks  []*seen
	now    time.Duration
	shared map[*record.Shared]int
	cut    []Piece   // of all tasks, one after the other
	list   []asap.ID // of dependencies likewise
	waits  []Wait    // of groups likewise
	run    Run
}

// run builds the Run of an outermost group, ended or not.
func (o *root) run() *Run {
	var s snapshot
	run := *s.take(o) // which is not to keep the rest
	number(&run)
	return &run
}

// take builds the Run of an outermost group. Its tasks have the names that they
// were given.
func (s *snapshot) take(o *root) *Run {
	s.collect(o)
	s.times()
	s.build()
	return &s.run
}

// collect finds what is of the group.
func (s *snapshot) collect(o *root) {
	s.root = o
	o.t.Each(func(e *record.Entry, state uint32) {
		s.all = append(s.all, seen{n: e.Number, r: e, state: state, steps: e.Steps()})
	})
	s.places()
	for i := range s.all {
		if v := &s.all[i]; v.has(record.IsGroup) {
			s.groups = append(s.groups, v)
		} else {
			s.tasks = append(s.tasks, v)
		}
	}
	s.select_()
}

// reset lets go of everything but the memory.
func (s *snapshot) reset() {
	clear(s.all)
	clear(s.groups)
	clear(s.tasks)
	clear(s.sparse)
	clear(s.shared)
	s.all, s.place, s.groups, s.tasks = s.all[:0], s.place[:0], s.groups[:0], s.tasks[:0]
	s.cut, s.list, s.waits, s.root = s.cut[:0], s.list[:0], s.waits[:0], nil
	r := &s.run
	clear(r.Groups)
	clear(r.Tasks)
	r.Groups, r.Tasks, r.Shared, r.Notes = r.Groups[:0], r.Tasks[:0], r.Shared[:0], nil
	r.Name, r.TraceID = "", ""
}

// places makes the way from a number to what was seen.
func (s *snapshot) places() {
	if len(s.all) == 0 {
		return
	}
	s.low = s.all[0].n
	high := s.low
	for i := range s.all {
		s.low, high = min(s.low, s.all[i].n), max(high, s.all[i].n)
	}
	if n := int(high-s.low) + 1; n <= 4*len(s.all)+64 {
		s.place = slices.Grow(s.place[:0], n)[:n]
		clear(s.place)
		for i := range s.all {
			s.place[s.all[i].n-s.low] = int32(i + 1)
		}
		return
	}
	if s.sparse == nil {
		s.sparse = make(map[uint32]int32, len(s.all))
	}
	for i := range s.all {
		s.sparse[s.all[i].n] = int32(i + 1)
	}
}

// any returns what was seen of a number, or nil.
func (s *snapshot) any(n uint32) *seen {
	i := int32(0)
	if len(s.sparse) > 0 {
		i = s.sparse[n]
	} else if at := int64(n) - int64(s.low); at >= 0 && at < int64(len(s.place)) {
		i = s.place[at]
	}
	if i == 0 {
		return nil
	}
	return &s.all[i-1]
}

// of returns what was seen of a number, or nil if that is not of the run.
func (s *snapshot) of(n uint32) *seen {
	if v := s.any(n); v != nil && v.id != 0 {
		return v
	}
	return nil
}

// isOurs tells whether a group is of the run.
func (s *snapshot) isOurs(group uint32, depth int) bool {
	if group == s.root.group {
		return true
	}
	g := s.any(group)
	if g == nil || g.has(record.Outermost) || depth > 1000 {
		return false
	}
	if g.ours == unknown {
		g.ours = no
		if p := s.any(g.r.Parent()); p != nil && s.isOurs(p.r.Group, depth+1) {
			g.ours = yes
		}
	}
	return g.ours == yes
}

// sort puts the outermost group first, and all else in order of declaration.
func (s *snapshot) sort() {
	if len(s.groups) > 1 {
		slices.SortFunc(s.groups, func(a, b *seen) int {
			if first := s.root.group; a.n == first || b.n == first {
				return cmp.Compare(btoi(b.n == first), btoi(a.n == first))
			}
			return inOrder(a, b)
		})
	}
	for i := 1; i < len(s.tasks); i++ {
		if a, b := s.tasks[i-1], s.tasks[i]; a.r.Declared > b.r.Declared || a.r.Declared == b.r.Declared && a.n > b.n {
			slices.SortFunc(s.tasks, inOrder)
			return
		}
	}
}

func inOrder(a, b *seen) int {
	return cmp.Or(cmp.Compare(a.r.Declared, b.r.Declared), cmp.Compare(a.n, b.n))
}

// select_ drops what is not of this outermost group and puts the rest in order.
func (s *snapshot) select_() {
	n := 0
	for _, v := range s.groups {
		if v.n == s.root.group || s.isOurs(v.n, 0) {
			s.groups[n] = v
			n++
		}
	}
	s.groups, n = s.groups[:n], 0
	for _, v := range s.tasks {
		if group := v.r.Group; group == s.root.group || s.isOurs(group, 0) {
			s.tasks[n] = v
			n++
		}
	}
	s.tasks = s.tasks[:n]
	s.sort()
	id := asap.ID(0)
	for _, v := range s.groups {
		id++
		v.id = id
	}
	for _, v := range s.tasks {
		id++
		v.id = id
		p := s.any(v.r.Parent())
		switch {
		case p == nil || p.r.Group != v.r.Group:
		case p.part == nil:
			p.part, p.last = v, v
		default:
			p.last.next, p.last = v, v
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// times finds the moment of the snapshot and the end of everything.
func (s *snapshot) times() {
	var last, lastEnd time.Duration
	for _, v := range s.tasks {
		if v.has(record.SeenEnded) { // its waits may be of goroutines that it has left behind
			lastEnd = max(lastEnd, v.r.Ended)
			continue
		}
		last = max(last, v.r.Declared)
		if v.has(record.SeenStarted) {
			last = max(last, v.r.Started)
		}
		for w := range v.r.Waits(v.steps) {
			last = max(last, w.At, w.Until)
		}
	}
	for _, v := range s.groups {
		for w := range v.r.Waits(v.steps) {
			if !v.has(record.SeenEnded) {
				last = max(last, w.At, w.Until)
			}
		}
	}
	last = max(last, lastEnd)
	if g := s.groups; len(g) > 0 && g[0].has(record.SeenEnded) {
		s.now = last
		if len(s.tasks) == 0 {
			s.now = g[0].r.Ended
		}
	} else {
		s.now = max(last, time.Since(s.root.began)) // the clock of a bubble may not be ours
	}
	for i := range s.all {
		v := &s.all[i]
		v.from, v.end = v.r.Declared, s.now
		if v.has(record.SeenEnded) {
			v.end = min(v.r.Ended, s.now)
		}
	}
}
