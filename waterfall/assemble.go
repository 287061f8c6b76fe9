package waterfall

import (
	"slices"
	"strconv"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

func (s *snapshot) build() {
	if len(s.groups) == 0 {
		return
	}
	g := s.groups[0]
	zero := g.r.Declared
	run := &s.run
	run.Name, run.TraceID = g.r.Name, s.root.trace
	run.Began, run.Makespan = s.root.began.Add(zero).Round(0), s.now-zero
	run.Ended = g.has(record.SeenEnded)
	run.Groups = slices.Grow(run.Groups, len(s.groups))[:len(s.groups)]
	run.Tasks = slices.Grow(run.Tasks, len(s.tasks))[:len(s.tasks)]
	steps := 0
	for i := range s.all {
		steps += s.all[i].steps
	}
	s.cut = slices.Grow(s.cut, 2*len(s.tasks)+steps)
	for i, v := range s.groups {
		s.group(&run.Groups[i], v, zero)
	}
	unended := 0
	for i, v := range s.tasks {
		s.task(&run.Tasks[i], v, zero)
		if run.Tasks[i].Outcome == 0 {
			unended++
		}
	}
	if run.Ended && unended > 0 {
		run.Notes = append(run.Notes, noEnd(unended)+": an observer that panics is left out from then on")
	}
	if g.has(record.Told) {
		guessMayFail(run)
	}
}

// group fills in a group, which is empty.
func (s *snapshot) group(g *Group, v *seen, zero time.Duration) {
	g.ID, g.Parent, g.Name = v.id, s.id(v.r.Parent()), v.r.Name
	g.Start, g.End = v.from-zero, v.end-zero
	s.groupFacts(g, v)
	for i := range g.Waits {
		g.Waits[i].Start -= zero
		g.Waits[i].End -= zero
		g.Waits[i].Deadline = since(zero, g.Waits[i].Deadline)
	}
	if v.has(record.SeenEnded) {
		g.Outcome, g.Err = asap.Outcome(v.r.Outcome), text(v.r.Err())
		g.Late = isLate(g.Outcome, v.r.Err())
		g.EndedBy = s.id(v.r.On)
	}
}

// since is a deadline after zero; 0 is none.
func since(zero, due time.Duration) time.Duration {
	if due == 0 {
		return 0
	}
	return max(1, due-zero)
}

// task fills in a task, which is empty.
func (s *snapshot) task(t *Task, v *seen, zero time.Duration) {
	t.ID, t.Group, t.Parent, t.Name = v.id, s.id(v.r.Group), s.id(v.r.Parent()), v.r.Name
	t.Deps = s.deps(v)
	s.taskFacts(t, v)
	if t.Parent == 0 {
		t.Parent = s.id(s.any(v.r.Group).r.Parent())
	}
	t.Pieces = s.pieces(v)
	for i := range t.Pieces {
		t.Pieces[i].Start -= zero
		t.Pieces[i].End -= zero
		t.Pieces[i].Deadline = since(zero, t.Pieces[i].Deadline)
	}
	if v.has(record.SeenEnded) {
		t.Outcome, t.Err = asap.Outcome(v.r.Outcome), text(v.r.Err())
	}
}

func (s *snapshot) id(n uint32) asap.ID {
	if v := s.any(n); n != 0 && v != nil {
		return v.id
	}
	return 0
}

func (s *snapshot) deps(v *seen) []asap.ID { return s.ids(s.rawDeps(v)) }

func (s *snapshot) ids(numbers []uint32) []asap.ID {
	first := len(s.list)
	for _, d := range numbers {
		if id := s.id(d); id != 0 {
			s.list = append(s.list, id)
		}
	}
	if first == len(s.list) {
		return nil
	}
	return slices.Clip(s.list[first:])
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
