package asapweb

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// pairPage is two runs side by side: each task of both on one line.
type pairPage struct {
	page
	A, B      pairRun // the one that is compared with, and the one that was asked for
	Words     []string
	Ticks     []tick
	Lanes     []lane
	MoreLanes int
	Deltas    []deltaRow
	MoreDelta int
}

type pairRun struct {
	Number         uint64
	Took, Began    string
	Outcome        string
	Bad            bool
	Running        bool
	Critical, Note string
}

// lane is a task in both runs, drawn on one scale.
type lane struct {
	Name         string
	TookA, TookB string
	Change       string
	Bad          bool // failed in B
	Critical     bool
	Label        string
	A, B         []lanePart
}

type lanePart struct{ X, Width, Class, Title string }

type deltaRow struct {
	Name, Took, Change, Fixed string
	Worse                     bool
}

const (
	maxLanes  = 60
	maxDeltas = 30
	maxParts  = 200 // of one run in a lane
)

// pair compares a run with another one.
func (h *handler) pair(v view, nonce string) (*answer, error) {
	b, err := h.findRun(v.number)
	if err != nil {
		return nil, err
	}
	a, err := h.findRun(v.with)
	if err != nil {
		return nil, err
	}
	for _, r := range []*waterfall.Run{a, b} {
		if n := len(r.Tasks); n > maxPaired {
			return nil, refuse(http.StatusUnprocessableEntity, "run %d: its %d tasks are too many to compare here, where %d are enough; download both and use asap diff", r.Number, n, maxPaired)
		}
	}
	p := pairPage{page: newPage(nonce, fmt.Sprintf("run %d beside run %d", b.Number, a.Number)), A: newPairRun(a), B: newPairRun(b)}
	p.Top.Path = []crumb{groupCrumb(b.Name), {Text: fmt.Sprint("run ", b.Number), Query: query("run", fmt.Sprint(b.Number))}, {Text: fmt.Sprint("beside run ", a.Number)}}
	deltas := waterfall.Compare(a, b)
	p.Words = pairWords(a, b, deltas)
	for _, d := range deltas {
		if (d.Change() != 0 || d.Fix != 0) && len(p.Deltas) < maxDeltas {
			p.Deltas = append(p.Deltas, newDeltaRow(d))
		}
	}
	p.MoreDelta = len(deltas) - len(p.Deltas)
	longest := max(a.Makespan, b.Makespan, 1)
	for _, t := range look.Ticks(longest, 5) {
		at, anchor := 100*float64(t)/float64(longest), "start"
		if at > 85 {
			anchor = "end"
		}
		p.Ticks = append(p.Ticks, tick{X: pc(at), Anchor: anchor, Text: look.Duration(t)})
	}
	p.Lanes, p.MoreLanes = lanes(a, b, deltas, longest)
	return show("pair", p)
}

// maxPaired is how many tasks a run may have that is compared in a page.
const maxPaired = 20_000

func newPairRun(r *waterfall.Run) pairRun {
	out := pairRun{Number: r.Number, Took: look.Duration(r.Makespan), Began: clock(r.Began), Running: !r.Ended}
	if len(r.Groups) > 0 {
		out.Outcome, out.Bad = outcomeWord(r.Groups[0].Outcome)
	}
	return out
}

// pairWords says what is different, the most important first.
func pairWords(a, b *waterfall.Run, deltas []waterfall.Delta) []string {
	diff := b.Makespan - a.Makespan
	first := fmt.Sprintf("Run %d took %s, run %d %s: ", b.Number, look.Duration(b.Makespan), a.Number, look.Duration(a.Makespan))
	switch {
	case diff > 0:
		first += look.Duration(diff) + " more."
	case diff < 0:
		first += look.Duration(-diff) + " less."
	default:
		first += "the same."
	}
	words := []string{first}
	if a.Name != b.Name {
		words = append(words, fmt.Sprintf("They are runs of different groups, %s and %s: tasks are matched by their names.", shown(b.Name), shown(a.Name)))
	}
	fixes := slices.Clone(deltas)
	fixes = slices.DeleteFunc(fixes, func(d waterfall.Delta) bool { return d.Name == "" || d.Fix == 0 || d.Fix > 0 != (diff > 0) })
	slices.SortStableFunc(fixes, func(p, q waterfall.Delta) int { return compareTimes(q.Fix.Abs(), p.Fix.Abs()) })
	for _, d := range fixes[:min(len(fixes), 3)] {
		words = append(words, fmt.Sprintf("%s explains %s: it ran for %s instead of %s, and as before the run would have taken %s.",
			cut(d.Name, 60), look.Duration(d.Fix.Abs()), look.Duration(d.TookB), look.Duration(d.TookA), look.Duration(b.Makespan-d.Fix)))
	}
	var added, gone []string
	for _, d := range deltas {
		switch {
		case d.Name == "":
		case !d.InA && d.CriticalB > 0:
			added = append(added, fmt.Sprintf("%s (%s)", cut(d.Name, 60), look.Duration(d.CriticalB)))
		case !d.InB && d.CriticalA > 0:
			gone = append(gone, fmt.Sprintf("%s (%s)", cut(d.Name, 60), look.Duration(d.CriticalA)))
		}
	}
	if len(added) > 0 {
		words = append(words, fmt.Sprintf("Only run %d waited for %s.", b.Number, someOf(added, 5)))
	}
	if len(gone) > 0 {
		words = append(words, fmt.Sprintf("Only run %d waited for %s.", a.Number, someOf(gone, 5)))
	}
	return unbroken(words)
}

func newDeltaRow(d waterfall.Delta) deltaRow {
	row := deltaRow{Name: cut(d.Name, 80), Worse: d.Change() > 0}
	if d.Name == "" {
		row.Name = "(waiting for the caller)"
	}
	switch {
	case d.InA && d.InB:
		row.Took = look.Duration(d.TookA) + " → " + look.Duration(d.TookB)
	case d.InA:
		row.Took = look.Duration(d.TookA) + " → not there"
	case d.InB:
		row.Took = "not there → " + look.Duration(d.TookB)
	}
	if c := d.Change(); c != 0 {
		row.Change = signed(c)
	}
	if d.Fix != 0 {
		row.Fixed = signed(-d.Fix)
	}
	return row
}

// lanes draws every task of two runs on one scale: those that are different
// or critical if there are too many, in the order in which they begin.
func lanes(a, b *waterfall.Run, deltas []waterfall.Delta, longest time.Duration) (out []lane, more int) {
	sa, sb := newSide(a), newSide(b)
	// A family that is small in both runs is not folded.
	for name, of := range sa.families {
		if len(of) <= maxApart && len(sb.families[name]) <= maxApart {
			sa.unfold(name)
			sb.unfold(name)
		}
	}
	for name, of := range sb.families {
		if len(of) <= maxApart && sa.families[name] == nil {
			sb.unfold(name)
		}
	}
	var order []string
	listed := make(map[string]bool)
	for _, s := range []*side{sb, sa} {
		for _, name := range s.order {
			if s.tasks[name] != nil && !listed[name] {
				listed[name] = true
				order = append(order, name)
			}
		}
	}
	begin := func(name string) time.Duration {
		if of := sb.tasks[name]; of != nil {
			return of[0].Start()
		}
		return sa.tasks[name][0].Start()
	}
	slices.SortStableFunc(order, func(p, q string) int { return compareTimes(begin(p), begin(q)) })
	if len(order) > maxLanes {
		weight := make(map[string]time.Duration)
		for _, d := range deltas {
			weight[d.Name] += d.Change().Abs() + (d.TookB - d.TookA).Abs()
		}
		of := func(name string) time.Duration { return weight[name] + sa.critical[name] + sb.critical[name] }
		most := slices.Clone(order)
		slices.SortStableFunc(most, func(p, q string) int { return compareTimes(of(q), of(p)) })
		chosen := make(map[string]bool)
		for _, name := range most[:maxLanes] {
			chosen[name] = true
		}
		more = len(order) - maxLanes
		order = slices.DeleteFunc(order, func(name string) bool { return !chosen[name] })
	}
	for _, name := range order {
		out = append(out, newLane(name, sa, sb, 100/float64(longest)))
	}
	return out, more
}

func newLane(name string, a, b *side, scale float64) lane {
	l := lane{Name: cut(name, 60), Critical: b.critical[name] > 0, A: a.parts(name, scale), B: b.parts(name, scale)}
	if n := max(len(a.tasks[name]), len(b.tasks[name])); n > 1 {
		l.Name += fmt.Sprintf(" ×%d", n)
	}
	took := func(s *side) (time.Duration, string) {
		of := s.tasks[name]
		if of == nil {
			return 0, ""
		}
		var sum time.Duration
		for _, t := range of {
			sum += t.Took()
			l.Bad = l.Bad || s == b && isBad(t.Outcome)
		}
		return sum, look.Duration(sum)
	}
	var ta, tb time.Duration
	ta, l.TookA = took(a)
	tb, l.TookB = took(b)
	switch {
	case l.TookA == "":
		l.Change, l.Label = "new", fmt.Sprintf("%s: %s, only in run %d", l.Name, l.TookB, b.run.Number)
	case l.TookB == "":
		l.Change, l.Label = "gone", fmt.Sprintf("%s: %s, only in run %d", l.Name, l.TookA, a.run.Number)
	default:
		if tb != ta {
			l.Change = signed(tb - ta)
		}
		l.Label = fmt.Sprintf("%s: %s in run %d, %s in run %d", l.Name, l.TookB, b.run.Number, l.TookA, a.run.Number)
	}
	return l
}

// side is one of two runs, its tasks by path; the elements of a large Map are
// one, until they are unfolded.
type side struct {
	run      *waterfall.Run
	order    []string
	tasks    map[string][]*waterfall.Task
	families map[string][]string // the paths of the elements
	critical map[string]time.Duration
	path     map[asap.ID]string
	family   map[asap.ID]string
	onPath   map[asap.ID][]waterfall.Step
}

// maxAround is how many names a path has, as one of [waterfall.Delta].
const maxAround = 64

// maxApart is how many elements of a Map are drawn apart.
const maxApart = 6

func newSide(run *waterfall.Run) *side {
	s := &side{
		run: run, tasks: make(map[string][]*waterfall.Task), families: make(map[string][]string), critical: make(map[string]time.Duration),
		path: make(map[asap.ID]string, len(run.Tasks)), family: make(map[asap.ID]string), onPath: make(map[asap.ID][]waterfall.Step),
	}
	at := make(map[asap.ID]*waterfall.Task, len(run.Tasks))
	parted := make(map[asap.ID]bool) // Maps and Races, which have no body
	for i := range run.Tasks {
		t := &run.Tasks[i]
		at[t.ID] = t
		if p := at[t.Parent]; p != nil && p.Group == t.Group {
			parted[p.ID] = true
		}
	}
	for i := range run.Tasks {
		t := &run.Tasks[i]
		names := []string{t.Name}
		for p := at[t.Parent]; p != nil && len(names) < maxAround; p = at[p.Parent] {
			if !parted[p.ID] { // the name of an element has its Map's
				names = append(names, p.Name)
			}
		}
		slices.Reverse(names)
		name := strings.Join(names, "/")
		s.path[t.ID] = name
		if parted[t.ID] {
			continue
		}
		if p := at[t.Parent]; p != nil && p.Group == t.Group {
			name = s.path[p.ID] + "[]"
			s.families[name] = append(s.families[name], s.path[t.ID])
			s.family[t.ID] = name
		}
		s.put(name, t)
	}
	for _, step := range run.CriticalPath() {
		s.onPath[step.Task] = append(s.onPath[step.Task], step)
		s.critical[s.nameOf(step.Task)] += step.Len()
	}
	return s
}

func (s *side) nameOf(id asap.ID) string {
	if name, ok := s.family[id]; ok {
		return name
	}
	return s.path[id]
}

func (s *side) put(name string, t *waterfall.Task) {
	if s.tasks[name] == nil {
		s.order = append(s.order, name)
	}
	s.tasks[name] = append(s.tasks[name], t)
}

// unfold puts the elements of a family in its place; its name stays in the order.
func (s *side) unfold(family string) {
	of := s.tasks[family]
	if of == nil {
		return
	}
	delete(s.tasks, family)
	delete(s.families, family)
	delete(s.critical, family)
	for _, t := range of {
		delete(s.family, t.ID)
		s.put(s.path[t.ID], t)
		for _, step := range s.onPath[t.ID] {
			s.critical[s.path[t.ID]] += step.Len()
		}
	}
}

// parts draws the pieces of the tasks of that name, and over them those that
// are critical.
func (s *side) parts(name string, scale float64) (out []lanePart) {
	draw := func(class, what string, from, to time.Duration) {
		if to-from <= 0 || len(out) >= maxParts {
			return
		}
		out = append(out, lanePart{pc(scale * float64(from)), pc(scale * float64(to-from)), class, what})
	}
	for _, t := range s.tasks[name] {
		for _, p := range t.Pieces {
			what := fmt.Sprintf("run %d: %s %s for %s, from %s on", s.run.Number, cut(s.path[t.ID], 60), p.State, look.Duration(p.Len()), look.Duration(p.Start))
			draw(p.State.String(), what, p.Start, p.End)
		}
		for _, step := range s.onPath[t.ID] {
			if step.State == waterfall.Running {
				draw("crit", fmt.Sprintf("run %d: %s critical for %s, from %s on", s.run.Number, cut(s.path[t.ID], 60), look.Duration(step.Len()), look.Duration(step.Start)), step.Start, step.End)
			}
		}
	}
	return out
}
