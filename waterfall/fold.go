package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// A wide run has many tasks alike: the elements of a Map, tasks of one name, or
// of names that differ in a number. Pictures fold them to one band, which says
// how many of them ran at once.

// foldFrom is how many tasks alike are folded: fewer are more easily read one by
// one, as the elements of a small Map.
const foldFrom = 16

// branch is a row of a picture with what is inside it.
type branch struct {
	task  int       // or -1
	group int       // of the title of a nested group, or -1
	band  *band     // of a band
	kids  []*branch // what is inside; of a band, its tasks
	inner []*branch // of a band, what is shown while it is folded
	apart bool      // from several places, so its path is shown
}

// band is a row of many tasks.
type band struct {
	name  string
	sort  bandSort
	tasks []int
}

type bandSort uint8

const (
	alike     bandSort = iota // the tasks of a family
	onTheWay                  // those of a family that are critical
	leftOvers                 // what has no row
)

// alikeName is the name that tasks alike have in common within one place: likes[] is
// of the elements of likes, and a number is a star. The second and later ones of a
// name are numbered by the library.
func (x *index) alikeName(i int) string {
	if p := x.whole(i); p >= 0 {
		return clip(x.run.Tasks[p].Name, longestTold) + "[]"
	}
	return starred(clip(x.run.Tasks[i].Name, longestTold))
}

// whole is the Map or Race that task i is part of, or -1.
func (x *index) whole(i int) int {
	if p := x.parent(i); p >= 0 && x.run.Tasks[p].Group == x.run.Tasks[i].Group {
		return p
	}
	return -1
}

func starred(name string) string {
	if at := strings.LastIndexByte(name, '#'); at > 0 && at+1 < len(name) && strings.Trim(name[at+1:], "0123456789") == "" {
		name = name[:at]
	}
	if !strings.ContainsAny(name, "0123456789") {
		return name
	}
	var b strings.Builder
	digit := false
	for _, r := range name {
		if was := digit; r >= '0' && r <= '9' {
			if digit = true; !was {
				b.WriteByte('*')
			}
			continue
		}
		digit = false
		b.WriteRune(r)
	}
	return b.String()
}

// familyName is how a family is called, and what WhatIf takes for it.
func familyName(alike string) string {
	if strings.HasSuffix(alike, "[]") || strings.Contains(alike, "*") {
		return alike
	}
	return alike + "#*" // x, x#2, x#3
}

// ofFamily tells whether task i is of the family of that name: within its place, which
// may be left out, and alike.
func (x *index) ofFamily(i int, name string) bool {
	own := x.alikeName(i)
	if own == name || familyName(own) == name {
		return true
	}
	place := x.groupName(i)
	return place != "" && (place+"/"+own == name || place+"/"+familyName(own) == name)
}

// familyPath is the name by which WhatIf knows the family of task i, of which there may
// be several in places alike.
func (x *index) familyPath(i int) string {
	own, place := x.alikeName(i), x.groupName(i)
	if !strings.ContainsAny(place, "*[") {
		own = familyName(own)
	}
	if place == "" {
		return own
	}
	return place + "/" + own
}

// planter makes the rows of a run.
type planter struct {
	*index
	nested   map[asap.ID][]int
	done     []bool
	critical map[asap.ID]bool
}

// tree puts the tasks in the order of pictures: as declared, each with what is
// inside it. A nested group has a title if it has a name, or if its task made
// several. Of what is folded, the critical tasks stay to be seen.
func (x *index) tree(critical map[asap.ID]bool) []*branch {
	p := planter{x, make(map[asap.ID][]int), make([]bool, len(x.run.Tasks)), critical}
	for g := range x.run.Groups {
		if owner := x.run.Groups[g].Parent; owner != 0 {
			p.nested[owner] = append(p.nested[owner], g)
		}
	}
	var outermost []int
	for i := range x.run.Tasks {
		if x.parent(i) < 0 {
			outermost = append(outermost, i)
		}
	}
	nodes := p.level(outermost)
	for i := range x.run.Tasks { // of a run with strange parents
		nodes = append(nodes, p.level([]int{i})...)
	}
	return nodes
}

// level makes the branches of tasks that are beside each other.
func (p *planter) level(tasks []int) []*branch {
	var nodes []*branch
	many := make(map[string]int)
	if len(tasks) >= foldFrom {
		for _, t := range tasks {
			many[p.alikeName(t)]++
		}
	}
	bands := make(map[string]*branch)
	for _, t := range tasks {
		if p.done[t] {
			continue
		}
		p.done[t] = true
		n := p.plant(t)
		name := p.alikeName(t)
		if many[name] < foldFrom {
			nodes = append(nodes, n)
			continue
		}
		b := bands[name]
		if b == nil {
			b = &branch{task: -1, group: -1, band: &band{name: familyName(name)}}
			bands[name] = b
			nodes = append(nodes, b)
		}
		b.kids = append(b.kids, n)
	}
	for _, b := range bands {
		p.fold(b, 0)
	}
	return nodes
}

// plant makes the branch of a task.
func (p *planter) plant(t int) *branch {
	n := &branch{task: t, group: -1}
	task := &p.run.Tasks[t]
	var parts []int
	for _, c := range p.children[t] {
		if p.run.Tasks[c].Group == task.Group {
			parts = append(parts, c)
		}
	}
	n.kids = p.level(parts)
	for _, g := range p.nested[task.ID] {
		var members []int
		for _, m := range p.members[g] {
			if p.run.Tasks[m].Parent == task.ID {
				members = append(members, m)
			}
		}
		kids := p.level(members)
		if p.run.Groups[g].Name != "" || len(p.nested[task.ID]) > 1 {
			kids = []*branch{{task: -1, group: g, kids: kids}}
		}
		n.kids = append(n.kids, kids...)
	}
	return n
}

// deepestFold is how deep what is inside the tasks of a band has bands in turn.
const deepestFold = 3

// fold finds what a band shows while it is folded: its critical tasks, and bands
// of what is inside its tasks.
func (p *planter) fold(b *branch, depth int) {
	var critical []*branch
	for _, n := range b.kids {
		b.band.tasks = append(b.band.tasks, n.task)
		if p.critical[p.run.Tasks[n.task].ID] {
			critical = append(critical, n)
		}
	}
	switch n := len(critical); {
	case n > 3:
		c := &branch{task: -1, group: -1, band: &band{name: "critical", sort: onTheWay}, kids: critical}
		for _, n := range critical {
			c.band.tasks = append(c.band.tasks, n.task)
		}
		b.inner = append(b.inner, c)
	default:
		for _, n := range critical {
			b.inner = append(b.inner, &branch{task: n.task, group: -1, apart: depth > 0}) // what is inside it is in the bands
		}
	}
	if depth == deepestFold {
		return
	}
	inside := make(map[string]*branch)
	for _, n := range b.kids {
		for k := range n.tasksWithin {
			name := p.alikeName(k.task)
			in := inside[name]
			if in == nil {
				in = &branch{task: -1, group: -1, band: &band{name: name}}
				inside[name] = in
				b.inner = append(b.inner, in)
			}
			in.kids = append(in.kids, k)
		}
	}
	for _, in := range inside {
		p.fold(in, depth+1)
	}
}

// tasksWithin yields the branches of the tasks that are right inside n.
func (n *branch) tasksWithin(yield func(*branch) bool) {
	var each func(kids []*branch) bool
	each = func(kids []*branch) bool {
		for _, k := range kids {
			if k.task >= 0 && !yield(k) || k.task < 0 && !each(k.kids) {
				return false
			}
		}
		return true
	}
	each(n.kids)
}

// label is what a band is called, and what must not be cut off that.
func (b *band) label() (name, tail string) {
	n := strconv.Itoa(len(b.tasks))
	switch b.sort {
	case onTheWay:
		return n + " critical", ""
	case leftOvers:
		return n + " others", ""
	}
	return b.name, " ×" + n
}

// figuresOf are those of many tasks.
type figuresOf struct {
	ran      int // bodies that ran
	p50, max time.Duration
	longest  int // the task that took max, or -1
	peak     int // bodies at once
	bad      int
	outcomes [asap.Goexited + 1]int
}

func (x *index) figuresOf(tasks []int) figuresOf {
	f := figuresOf{longest: -1}
	took := make([]time.Duration, 0, len(tasks))
	for _, i := range tasks {
		t := &x.run.Tasks[i]
		if int(t.Outcome) < len(f.outcomes) {
			f.outcomes[t.Outcome]++
		}
		if bad(t.Outcome) {
			f.bad++
		}
		if !t.started() {
			continue
		}
		d := t.Took()
		took = append(took, d)
		if f.longest < 0 || d > f.max {
			f.max, f.longest = d, i
		}
	}
	if f.ran = len(took); f.ran > 0 {
		slices.Sort(took)
		f.p50 = took[(f.ran-1)/2]
	}
	f.peak = x.run.peakOf(slices.Values(tasks))
	return f
}

// say describes a band in a sentence.
func (x *index) say(b *band) string {
	f := x.figuresOf(b.tasks)
	name, _ := b.label()
	if b.sort == alike {
		name = fmt.Sprintf("%s: %s", called(name), count(len(b.tasks), "task"))
	}
	switch {
	case f.ran == 0:
		return name + x.sayOutcomes(&f)
	case f.max == 0:
		return name + ", which took no time of their own" + x.sayOutcomes(&f)
	}
	return fmt.Sprintf("%s, half took %s or less, the longest %s (%s), at most %d at once%s",
		name, duration(f.p50), duration(f.max), short(x.told(f.longest), longestName), f.peak, x.sayOutcomes(&f))
}

// sayOutcomes counts those that did not succeed.
func (x *index) sayOutcomes(f *figuresOf) string {
	var parts []string
	for o, n := range f.outcomes {
		if n > 0 && asap.Outcome(o) != asap.Succeeded {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcomeWord(asap.Outcome(o), o != 0)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}

// crowd is how many tasks of a band were in each state, over columns of the run.
type crowd struct {
	busy    []float64 // bodies that run, on average
	any     []bool    // some body runs, however short
	queued  []bool
	blocked []bool
	most    float64 // of busy
}

func (x *index) crowd(tasks []int, columns int) crowd {
	c := crowd{make([]float64, columns), make([]bool, columns), nil, nil, 0}
	span := float64(max(x.run.Makespan, 1))
	n := float64(columns)
	whole := make([]float64, columns+1) // changes in the number of bodies over whole columns
	var covers [3][]int
	for s := range covers {
		covers[s] = make([]int, columns+1)
	}
	at := func(d time.Duration) float64 { return max(0, min(n, float64(d)/span*n)) }
	for _, i := range tasks {
		for _, p := range x.run.Tasks[i].Pieces {
			from, to := at(p.Start), at(p.End)
			first := min(int(from), columns-1)
			last := min(int(to), columns-1)
			if last > first && float64(last) == to {
				last-- // ends where that column begins
			}
			state := [...]int{Running: 0, Queued: 1, Blocked: 2, Outside: 0}[p.State]
			if p.Len() > 0 || p.State == Running && x.run.Tasks[i].Start() == x.run.Tasks[i].End() {
				covers[state][first]++
				covers[state][last+1]--
			}
			if p.State != Running {
				continue
			}
			if first == last {
				c.busy[first] += to - from
				continue
			}
			c.busy[first] += float64(first+1) - from
			c.busy[last] += to - float64(last)
			whole[first+1]++
			whole[last]--
		}
	}
	var sum float64
	var sums [3]int
	shows := [3][]bool{c.any, make([]bool, columns), make([]bool, columns)}
	for k := range columns {
		sum += whole[k]
		c.busy[k] += sum
		c.most = max(c.most, c.busy[k])
		for s := range shows {
			sums[s] += covers[s][k]
			shows[s][k] = sums[s] > 0
		}
	}
	c.queued, c.blocked = shows[1], shows[2]
	return c
}

// weight is how much a row tells about the run.
func (x *index) weight(r row, critical map[asap.ID]bool) int64 {
	var v, top int64
	see := func(i int) {
		t := &x.run.Tasks[i]
		v = int64(add(time.Duration(v), t.Took()))
		switch {
		case bad(t.Outcome), t.Outcome == 0 && r.band == nil:
			top = 2
		case critical[t.ID]:
			top = max(top, 1)
		}
	}
	switch {
	case r.band != nil:
		for _, i := range r.band.tasks {
			see(i)
		}
	case r.task >= 0:
		see(r.task)
	}
	return min(v, 1<<61-1) + top<<61
}

// important picks the n rows that tell most: what failed or has not ended, the
// critical path, then what took longest, and what is around those. It keeps their
// order; left are the tasks that have no row and are in no band.
func (x *index) important(rows []row, critical map[asap.ID]bool, n int) (picked []row, left []int) {
	weights := make([]int64, len(rows))
	order, around := make([]int, len(rows)), make([]int, len(rows))
	var open []int // the row before, and those around it
	for i := range rows {
		order[i], weights[i], around[i] = i, x.weight(rows[i], critical), -1
		for len(open) > 0 && rows[open[len(open)-1]].depth >= rows[i].depth {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			around[i] = open[len(open)-1]
		}
		open = append(open, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	order = order[:min(n, len(order))]
	for k := 0; k < len(order); k++ {
		if up := around[order[k]]; up >= 0 {
			order = append(order, up)
		}
	}
	slices.Sort(order)
	order = slices.Compact(order)
	shown := make([]bool, len(x.run.Tasks))
	for _, o := range order {
		r := rows[o]
		picked = append(picked, r)
		if r.band != nil {
			for _, i := range r.band.tasks {
				shown[i] = true
			}
		} else if r.task >= 0 {
			shown[r.task] = true
		}
	}
	for i := range shown {
		if !shown[i] {
			left = append(left, i)
		}
	}
	return picked, left
}
