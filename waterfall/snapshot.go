package waterfall

import (
	"cmp"
	"slices"
	"strconv"
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
	id    asap.ID // in the run
	end   time.Duration
	from  time.Duration
}

func (s *seen) has(bit uint32) bool { return s.state&bit != 0 }

// snapshot turns the records of one outermost group into a Run.
type snapshot struct {
	root   *root
	byN    map[uint32]*seen
	groups []*seen
	tasks  []*seen
	now    time.Duration
	kids   map[uint32][]*seen // parts of a Map or Race, by the container
	shared map[*record.Shared]int
}

// run builds the Run of an outermost group, ended or not.
func (o *root) run() *Run {
	s := snapshot{root: o, byN: make(map[uint32]*seen), kids: make(map[uint32][]*seen)}
	o.t.Each(func(e *record.Entry, state uint32) {
		v := &seen{n: e.Number, r: e, state: state, steps: e.Steps()}
		s.byN[v.n] = v
		if v.has(record.IsGroup) {
			s.groups = append(s.groups, v)
		} else {
			s.tasks = append(s.tasks, v)
		}
	})
	s.now = time.Since(o.began)
	s.select_()
	s.times()
	return s.build()
}

// select_ drops what is not of this outermost group and puts the rest in order.
func (s *snapshot) select_() {
	verdict := make(map[uint32]bool)
	var ours func(group uint32, depth int) bool
	ours = func(group uint32, depth int) bool {
		if group == s.root.group {
			return true
		}
		if v, ok := verdict[group]; ok {
			return v
		}
		g := s.byN[group]
		if g == nil || g.has(record.Outermost) || depth > 1000 {
			return false
		}
		p := s.byN[g.r.Parent()]
		ok := p != nil && ours(p.r.Group, depth+1)
		verdict[group] = ok
		return ok
	}
	s.groups = slices.DeleteFunc(s.groups, func(v *seen) bool { return !ours(v.n, 0) })
	s.tasks = slices.DeleteFunc(s.tasks, func(v *seen) bool { return !ours(v.r.Group, 0) })
	order := func(a, b *seen) int {
		return cmp.Or(cmp.Compare(a.r.Declared, b.r.Declared), cmp.Compare(a.n, b.n))
	}
	slices.SortFunc(s.groups, func(a, b *seen) int {
		if first := s.root.group; a.n == first || b.n == first {
			return cmp.Compare(btoi(b.n == first), btoi(a.n == first))
		}
		return order(a, b)
	})
	slices.SortFunc(s.tasks, order)
	id := asap.ID(0)
	for _, list := range [][]*seen{s.groups, s.tasks} {
		for _, v := range list {
			id++
			v.id = id
		}
	}
	for _, v := range s.tasks {
		if p := s.byN[v.r.Parent()]; p != nil && p.r.Group == v.r.Group {
			s.kids[p.n] = append(s.kids[p.n], v)
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
		s.now = max(last, s.now) // the clock of a bubble may not be ours
	}
	for _, list := range [][]*seen{s.groups, s.tasks} {
		for _, v := range list {
			v.from, v.end = v.r.Declared, s.now
			if v.has(record.SeenEnded) {
				v.end = min(v.r.Ended, s.now)
			}
		}
	}
}

func (s *snapshot) build() *Run {
	if len(s.groups) == 0 {
		return &Run{}
	}
	g := s.groups[0]
	zero := g.r.Declared
	run := &Run{
		Name:     g.r.Name,
		TraceID:  s.root.trace,
		Began:    s.root.began.Add(zero).Round(0),
		Makespan: s.now - zero,
		Ended:    g.has(record.SeenEnded),
		Groups:   make([]Group, len(s.groups)),
		Tasks:    make([]Task, len(s.tasks)),
	}
	for i, v := range s.groups {
		run.Groups[i] = Group{
			ID: v.id, Parent: s.id(v.r.Parent()), Name: v.r.Name,
			Start: v.from - zero, End: v.end - zero,
		}
		s.groupFacts(&run.Groups[i], v, run)
		for j := range run.Groups[i].Waits {
			run.Groups[i].Waits[j].Start -= zero
			run.Groups[i].Waits[j].End -= zero
		}
		if v.has(record.SeenEnded) {
			run.Groups[i].Outcome, run.Groups[i].Err = asap.Outcome(v.r.Outcome), text(v.r.Err())
		}
	}
	unended := 0
	for i, v := range s.tasks {
		t := &run.Tasks[i]
		*t = Task{
			ID: v.id, Group: s.id(v.r.Group), Parent: s.id(v.r.Parent()), Name: v.r.Name,
			Deps: s.deps(v), Pieces: s.pieces(v),
		}
		s.taskFacts(t, v, run)
		if t.Parent == 0 {
			t.Parent = s.id(s.byN[v.r.Group].r.Parent())
		}
		for j := range t.Pieces {
			t.Pieces[j].Start -= zero
			t.Pieces[j].End -= zero
		}
		if v.has(record.SeenEnded) {
			t.Outcome, t.Err = asap.Outcome(v.r.Outcome), text(v.r.Err())
		} else {
			unended++
		}
	}
	if run.Ended && unended > 0 {
		run.Notes = append(run.Notes, noEnd(unended)+": an observer that panics is left out from then on")
	}
	number(run)
	if g.has(record.Told) {
		guessRaces(run)
		guessMayFail(run)
	}
	return run
}

func (s *snapshot) id(n uint32) asap.ID {
	if v := s.byN[n]; n != 0 && v != nil {
		return v.id
	}
	return 0
}

func (s *snapshot) deps(v *seen) []asap.ID { return s.ids(s.rawDeps(v)) }

func (s *snapshot) ids(numbers []uint32) []asap.ID {
	var ids []asap.ID
	for _, d := range numbers {
		if id := s.id(d); id != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *snapshot) rawDeps(v *seen) []uint32 {
	if !v.has(record.SeenDeclared) {
		return nil
	}
	return v.r.Deps()
}

func noEnd(n int) string {
	if n == 1 {
		return "1 task has no end"
	}
	return strconv.Itoa(n) + " tasks have no end"
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// number makes names unique within their group: price, price#2, in order of
// declaration.
func number(run *Run) {
	type key struct {
		group asap.ID
		name  string
	}
	taken := make(map[key]int, len(run.Tasks))
	for i := range run.Tasks {
		t := &run.Tasks[i]
		k := key{t.Group, t.Name}
		n := taken[k]
		if n == 0 {
			taken[k] = 1
			continue
		}
		for {
			n++
			name := t.Name + "#" + strconv.Itoa(n)
			if taken[key{t.Group, name}] == 0 {
				taken[k] = n
				taken[key{t.Group, name}] = 1
				t.Name = name
				break
			}
		}
	}
}
