package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
)

// The graph of a run: a box for each task with its time of running and its
// slack, an arrow from everything that it needed. Critical tasks have a thick
// border. Awaited dependencies are dashed, declared ones solid; tasks of a
// nested group or a Map are in a box of their own.

type drawing struct {
	*index
	critical map[asap.ID]bool
	slack    Measure
	nested   map[asap.ID][]int // groups, by the task that they are in
}

func (r *Run) drawing() *drawing {
	d := &drawing{index: r.index(), critical: make(map[asap.ID]bool), slack: r.Measure(), nested: make(map[asap.ID][]int)}
	for g := 1; g < len(r.Groups); g++ {
		d.nested[r.Groups[g].Parent] = append(d.nested[r.Groups[g].Parent], g)
	}
	for _, s := range r.CriticalPath() {
		if s.State == Running {
			d.critical[s.Task] = true
		}
	}
	return d
}

// lines are what stands in the box of task i.
func (d *drawing) lines(i int) []string {
	t := &d.run.Tasks[i]
	out := []string{called(t.Name)}
	switch {
	case t.started() && d.critical[t.ID]:
		out = append(out, duration(t.Took())+", critical")
	case t.started():
		out = append(out, duration(t.Took())+", slack "+duration(d.slack.Slack[i]))
	}
	if t.Outcome != asap.Succeeded {
		out = append(out, t.word())
	}
	return out
}

// title is that of the run, with the limits of its group.
func (d *drawing) title() string { return d.run.title() + d.madeWith(0) }

// boxName is what the box around task i is called, with the limits of what is in it: of
// a Map its own, of a body those of its groups.
func (d *drawing) boxName(i int) string {
	words := d.limitWords(d.run.Tasks[i].Limit, d.newlyShared(i))
	for _, g := range d.nested[d.run.Tasks[i].ID] {
		for _, w := range d.groupWords(g) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return called(d.run.Tasks[i].Name) + inBrackets(words)
}

// arrow is an edge of the drawing. A task that needed nothing hangs on the one
// that it is inside of, by a line.
type arrow struct {
	from, to         int
	declared, inside bool
}

func (d *drawing) arrows() []arrow {
	var out []arrow
	for i := range d.run.Tasks {
		declared := make(map[int]bool)
		for _, id := range d.run.Tasks[i].Deps {
			declared[d.task[id]] = true
		}
		sources := d.sources(i)
		for _, s := range sources {
			out = append(out, arrow{s, i, declared[s], false})
		}
		if p := d.parent(i); p >= 0 && len(sources) == 0 {
			out = append(out, arrow{p, i, false, true})
		}
	}
	return out
}

// hot tells whether the critical path goes along an arrow.
func (d *drawing) hot(a arrow) bool {
	return d.critical[d.run.Tasks[a.from].ID] && d.critical[d.run.Tasks[a.to].ID]
}

// inside returns the tasks directly inside task p; -1 is the outermost group.
func (d *drawing) inside(p int) []int {
	if p >= 0 {
		return d.children[p]
	}
	var out []int
	for i := range d.run.Tasks {
		if d.parent(i) < 0 {
			out = append(out, i)
		}
	}
	return out
}

func (r *Run) writeDOT(b *strings.Builder) {
	d := r.drawing()
	fmt.Fprintf(b, "digraph %s {\n", look.DotQuote(called(r.Name)))
	b.WriteString("  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [color=\"#777777\"];\n")
	fmt.Fprintf(b, "  label=%s; labelloc=t; fontname=\"sans-serif\";\n", look.DotQuote(d.title()))
	d.boxes(b, -1, "  ", d.dotNode, func(i int, indent string) string {
		return fmt.Sprintf("subgraph cluster_%d {\n%s  label=%s; style=\"rounded,dashed\"; color=\"#999999\";", i, indent, look.DotQuote(d.boxName(i)))
	}, "}")
	for _, a := range d.arrows() {
		style := ""
		switch {
		case a.inside:
			style = "arrowhead=none"
		case !a.declared:
			style = "style=dashed"
		}
		if d.hot(a) {
			style = strings.TrimPrefix(style+", penwidth=2, color=\"#c2410c\"", ", ")
		}
		if style != "" {
			style = " [" + style + "]"
		}
		fmt.Fprintf(b, "  t%d -> t%d%s;\n", a.from, a.to, style)
	}
	b.WriteString("}\n")
}

// deepestIndent is how far boxes in boxes are indented. Without an end the text would
// grow like the square of how deep they are.
const deepestIndent = 32

// boxes writes the tasks inside p, -1 for the outermost, and a box around each
// that has others inside it.
func (d *drawing) boxes(b *strings.Builder, p int, indent string, node func(i int) string, begin func(i int, indent string) string, end string) {
	deeper := indent
	if len(indent) < deepestIndent {
		deeper += "  "
	}
	for _, i := range d.inside(p) {
		if len(d.children[i]) == 0 {
			fmt.Fprintf(b, "%s%s\n", indent, node(i))
			continue
		}
		fmt.Fprintf(b, "%s%s\n%s%s\n", indent, begin(i, indent), deeper, node(i))
		d.boxes(b, i, deeper, node, begin, end)
		fmt.Fprintf(b, "%s%s\n", indent, end)
	}
}

func (d *drawing) dotNode(i int) string {
	t := &d.run.Tasks[i]
	attrs := "label=" + look.DotQuote(strings.Join(d.lines(i), "\n"))
	switch {
	case bad(t.Outcome):
		attrs += ", color=\"#b91c1c\", fontcolor=\"#b91c1c\""
	case d.critical[t.ID]:
		attrs += ", penwidth=2.5, color=\"#c2410c\""
	case !t.started():
		attrs += ", style=\"rounded,dashed\", color=\"#999999\""
	}
	return fmt.Sprintf("t%d [%s];", i, attrs)
}

func (r *Run) writeMermaid(b *strings.Builder) {
	d := r.drawing()
	b.WriteString("---\ntitle: " + mermaidTitle(d.title()) + "\n---\nflowchart LR\n")
	d.boxes(b, -1, "  ", d.mermaidNode, func(i int, _ string) string {
		return fmt.Sprintf("subgraph s%d[\"%s\"]", i, look.MermaidQuote(d.boxName(i)))
	}, "end")
	var hot []string // arrows of the critical path
	for n, a := range d.arrows() {
		line := "-->"
		switch {
		case a.inside:
			line = "---"
		case !a.declared:
			line = "-.->"
		}
		fmt.Fprintf(b, "  t%d %s t%d\n", a.from, line, a.to)
		if d.hot(a) {
			hot = append(hot, strconv.Itoa(n))
		}
	}
	if hot != nil {
		fmt.Fprintf(b, "  linkStyle %s stroke:#c2410c,stroke-width:3px\n", strings.Join(hot, ","))
	}
	classes := map[string][]string{}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		switch {
		case bad(t.Outcome):
			classes["failed"] = append(classes["failed"], fmt.Sprintf("t%d", i))
		case d.critical[t.ID]:
			classes["critical"] = append(classes["critical"], fmt.Sprintf("t%d", i))
		case !t.started():
			classes["unrun"] = append(classes["unrun"], fmt.Sprintf("t%d", i))
		}
	}
	for _, c := range []struct{ name, style string }{
		{"critical", "stroke:#c2410c,stroke-width:3px"},
		{"failed", "stroke:#dc2626,stroke-width:3px,color:#dc2626"},
		{"unrun", "stroke-dasharray:4 3,color:#7c7c7c"},
	} {
		if len(classes[c.name]) > 0 {
			fmt.Fprintf(b, "  classDef %s %s\n  class %s %s\n", c.name, c.style, strings.Join(classes[c.name], ","), c.name)
		}
	}
}

func (d *drawing) mermaidNode(i int) string {
	lines := d.lines(i)
	for k := range lines {
		lines[k] = look.MermaidQuote(lines[k])
	}
	return fmt.Sprintf("t%d[\"%s\"]", i, strings.Join(lines, "<br/>"))
}

// mermaidTitle is a YAML string.
func mermaidTitle(s string) string {
	return "\"" + strings.NewReplacer("\\", "\\\\", "\"", "\\\"").Replace(s) + "\""
}

// title is what a picture is headed with.
func (r *Run) title() string {
	name := cmp.Or(called(r.Name), "group")
	var o asap.Outcome
	if len(r.Groups) > 0 {
		o = r.Groups[0].Outcome
	}
	verb := outcomeWord(o, r.Ended) + " after "
	if !r.Ended {
		verb = "running for "
	}
	return name + ": " + verb + duration(r.Makespan)
}
