package waterfall

import "github.com/asap-go/asap"

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
	apart bool      // from several places, or without what is around it: its path is shown
	still bool      // of a band: what of it is critical has no rows
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
