package waterfall

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap"
)

// row is one line of a picture: a task, the title of a nested group, or a band.
type row struct {
	*branch
	depth int
}

// rows puts what is to be seen at first in lines. If there are more than most, it is
// the few that tell most, and what is left is one band at the end.
func (x *index) rows(critical map[asap.ID]bool, most, few int) []row {
	rows := flatten(nil, x.tree(critical), 0)
	var left []int
	if len(rows) > most {
		rows, left = x.important(rows, critical, few, 2*few)
	}
	if len(left) > 0 {
		rows = append(rows, row{&branch{task: -1, group: -1, band: &band{sort: leftOvers, tasks: left}}, 0})
	}
	return rows
}

// flatten lists branches with what is inside them, bands folded.
func flatten(rows []row, nodes []*branch, depth int) []row {
	for _, n := range nodes {
		rows = append(rows, row{n, depth})
		inside := n.kids
		if n.band != nil {
			inside = n.inner
		}
		rows = flatten(rows, inside, depth+1)
	}
	return rows
}

// label is what a row is called, and what of it must not be cut off.
func (x *index) label(n *branch) (name, tail string) {
	switch {
	case n.band != nil:
		name, tail := n.band.label()
		if n.apart && n.band.sort == alike {
			first := n.band.tasks[0]
			name = strings.TrimSuffix(x.told(first), told(x.run.Tasks[first].Name)) + name
		}
		return name, tail
	case n.apart && n.task >= 0:
		return x.told(n.task), ""
	case n.task >= 0:
		name, tail = numbered(x.run.Tasks[n.task].Name)
		return name, tail + inBrackets(x.limitWords(x.run.Tasks[n.task].Limit, x.newlyShared(n.task)))
	}
	g := &x.run.Groups[n.group]
	return cmp.Or(g.Name, "group "+strconv.FormatUint(uint64(g.ID), 10)), inBrackets(x.groupWords(n.group))
}

// numbered cuts the number of an element, or of a name that came again, off a name.
func numbered(name string) (string, string) {
	at := strings.LastIndexAny(name, "[#")
	if at <= 0 || len(name)-at > 12 || !strings.ContainsAny(name[at:], "0123456789") || strings.Trim(name[at+1:], "0123456789]") != "" {
		return name, ""
	}
	return name[:at], name[at:]
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
	var seen map[int]bool // once there are many
	add := func(id asap.ID) {
		if g, ok := x.group[id]; ok && x.run.Groups[g].Parent == x.run.Tasks[i].ID {
			return // its own nested group is inside it
		}
		t, ok := x.task[id]
		if !ok || x.parent(t) == i || seen[t] || seen == nil && slices.Contains(out, t) {
			return
		}
		out = append(out, t)
		if seen != nil {
			seen[t] = true
		} else if len(out) == 16 {
			seen = make(map[int]bool)
			for _, t := range out {
				seen[t] = true
			}
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
