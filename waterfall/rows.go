package waterfall

import (
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap"
)

// row is one line of a picture: a task, or the title of a nested group.
type row struct {
	task  int // or -1
	group int // of a title
	depth int
}

// rows puts the tasks in the order of pictures: as declared, each followed by
// what is inside it. A nested group has a title if it has a name, or if its
// task made several.
func (x *index) rows() []row {
	nested := make(map[asap.ID][]int)
	for g := range x.run.Groups {
		if p := x.run.Groups[g].Parent; p != 0 {
			nested[p] = append(nested[p], g)
		}
	}
	rows := make([]row, 0, len(x.run.Tasks))
	done := make([]bool, len(x.run.Tasks))
	var put func(t, depth int)
	put = func(t, depth int) {
		if done[t] {
			return
		}
		done[t] = true
		rows = append(rows, row{t, -1, depth})
		task := &x.run.Tasks[t]
		for _, c := range x.children[t] {
			if x.run.Tasks[c].Group == task.Group {
				put(c, depth+1)
			}
		}
		for _, g := range nested[task.ID] {
			inner := depth + 1
			if x.run.Groups[g].Name != "" || len(nested[task.ID]) > 1 {
				rows = append(rows, row{-1, g, depth + 1})
				inner++
			}
			for _, m := range x.members[g] {
				if x.run.Tasks[m].Parent == task.ID {
					put(m, inner)
				}
			}
		}
	}
	for i := range x.run.Tasks {
		if x.parent(i) < 0 {
			put(i, 0)
		}
	}
	for i := range x.run.Tasks { // of a run with strange parents
		put(i, 0)
	}
	return rows
}

// label is what a row is called.
func (x *index) label(r row) string {
	if r.task >= 0 {
		t := &x.run.Tasks[r.task]
		return t.Name + inBrackets(x.limitWords(t.Limit, x.newlyShared(r.task)))
	}
	g := &x.run.Groups[r.group]
	name := g.Name
	if name == "" {
		name = "group " + strconv.FormatUint(uint64(g.ID), 10)
	}
	return name + inBrackets(x.groupWords(r.group))
}

// groupWords say what a group was made with.
func (x *index) groupWords(g int) []string {
	group := &x.run.Groups[g]
	words := x.limitWords(group.Limit, group.Shared)
	if group.Settled {
		words = append(words, "settled")
	}
	return words
}

func (x *index) limitWords(limit, shared int) (words []string) {
	if limit > 0 {
		words = append(words, "limit "+strconv.Itoa(limit))
	}
	if shared > 0 {
		words = append(words, "shared limit "+strconv.Itoa(x.run.Shared[shared-1].Limit))
	}
	return words
}

// newlyShared is the shared limit of task i, 0 if it is part of one that says so.
func (x *index) newlyShared(i int) int {
	t := &x.run.Tasks[i]
	if p := x.parent(i); p >= 0 && x.run.Tasks[p].Group == t.Group {
		return 0
	}
	return t.Shared
}

func inBrackets(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// sources are the tasks that task i needed: the declared dependencies, then
// what its body waited for, each once.
func (x *index) sources(i int) []int {
	var out []int
	add := func(id asap.ID) {
		if g, ok := x.group[id]; ok && x.run.Groups[g].Parent == x.run.Tasks[i].ID {
			return // its own nested group is inside it
		}
		t, ok := x.task[id]
		if ok && x.parent(t) != i && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	for _, d := range x.run.Tasks[i].Deps {
		add(d)
	}
	for _, p := range x.run.Tasks[i].Pieces {
		if p.State == Blocked {
			add(p.On)
		}
	}
	return out
}

// important picks at most n rows: the critical path, what failed or has not
// ended, then what took longest. It keeps their order.
func (x *index) important(rows []row, critical map[asap.ID]bool, n int) []row {
	if len(rows) <= n {
		return rows
	}
	rank := func(r row) int64 {
		if r.task < 0 {
			return 0
		}
		t := &x.run.Tasks[r.task]
		v := int64(t.Took())
		switch {
		case bad(t.Outcome), t.Outcome == 0:
			v += 1 << 62
		case critical[t.ID]:
			v += 1 << 61
		}
		return v
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch ra, rb := rank(rows[a]), rank(rows[b]); {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		return 0
	})
	order = order[:n]
	slices.Sort(order)
	out := make([]row, n)
	for i, o := range order {
		out[i] = rows[o]
	}
	return out
}
