package flow

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/asap-go/asap/internal/look"
)

// Write writes the graph as a picture: in the format "mermaid", which many sites show
// in Markdown, or "dot", the language of Graphviz. A box has the task's name and
// what is special about it; the border of one that others can do without is dashed.
// An arrow goes from a dependency to the task: solid with its value, dashed for
// [asap.After], and for [asap.AfterEnd] dotted with a circle at its end. Write
// returns the error of w, and one that names a format that it does not know.
func (g *Graph) Write(w io.Writer, format string) error {
	var b strings.Builder
	switch format {
	case "mermaid":
		g.mermaid(&b)
	case "dot":
		g.dot(&b)
	default:
		return fmt.Errorf("asap: Graph.Write of flow %s: unknown format %q; use mermaid or dot", g.Name, format)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lines are what stands in the box of a task.
func (t *GraphTask) lines() []string {
	lines := []string{cmp.Or(oneLine(t.Name), "task")}
	switch {
	case t.Sleep > 0:
		lines = append(lines, "sleep "+t.Sleep.String())
	case t.Kind != "task" && t.Kind != t.Name:
		lines = append(lines, t.Kind)
	}
	if t.MayFail && t.Kind != "optional" && t.Kind != "signal" {
		lines = append(lines, "may fail")
	}
	if t.Timeout > 0 {
		lines = append(lines, "timeout "+t.Timeout.String())
	}
	if t.Within > 0 {
		lines = append(lines, "within "+t.Within.String())
	}
	if t.LeftOut {
		lines = append(lines, "left out")
	}
	return lines
}

// Kinds of edges.
const (
	withValue = iota
	orderOnly
	byEnd
)

func (t *GraphTask) edge(dep int) int {
	switch {
	case slices.Contains(t.AfterEnd, dep):
		return byEnd
	case slices.Contains(t.After, dep):
		return orderOnly
	}
	return withValue
}

func (g *Graph) dot(b *strings.Builder) {
	fmt.Fprintf(b, "digraph %s {\n", look.DotQuote(oneLine(g.Name)))
	b.WriteString("  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [color=\"#777777\"];\n")
	fmt.Fprintf(b, "  label=%s; labelloc=t; fontname=\"sans-serif\";\n", look.DotQuote(oneLine(g.Name)))
	for i, t := range g.Tasks {
		attrs := "label=" + look.DotQuote(strings.Join(t.lines(), "\n"))
		switch {
		case t.LeftOut:
			attrs += ", style=\"rounded,dashed\", color=\"#999999\", fontcolor=\"#999999\""
		case t.MayFail:
			attrs += ", style=\"rounded,dashed\""
		case t.Kind == "input":
			attrs += ", style=\"rounded,filled\", fillcolor=\"#eeeeee\""
		}
		fmt.Fprintf(b, "  t%d [%s];\n", i, attrs)
	}
	styles := [...]string{"", " [style=dashed]", " [style=dotted, arrowhead=odot]"}
	for i, t := range g.Tasks {
		for _, d := range t.Deps {
			fmt.Fprintf(b, "  t%d -> t%d%s;\n", d, i, styles[t.edge(d)])
		}
	}
	b.WriteString("}\n")
}

func (g *Graph) mermaid(b *strings.Builder) {
	fmt.Fprintf(b, "---\ntitle: %s\n---\nflowchart LR\n", strconv.Quote(oneLine(g.Name)))
	var left, may, input, dotted []string
	for i, t := range g.Tasks {
		lines := t.lines()
		for k := range lines {
			lines[k] = look.MermaidQuote(lines[k])
		}
		id := fmt.Sprint("t", i)
		fmt.Fprintf(b, "  %s[\"%s\"]\n", id, strings.Join(lines, "<br/>"))
		switch {
		case t.LeftOut:
			left = append(left, id)
		case t.MayFail:
			may = append(may, id)
		case t.Kind == "input":
			input = append(input, id)
		}
	}
	arrows, edges := [...]string{"-->", "-.->", "--o"}, 0
	for i, t := range g.Tasks {
		for _, d := range t.Deps {
			kind := t.edge(d)
			fmt.Fprintf(b, "  t%d %s t%d\n", d, arrows[kind], i)
			if kind == byEnd {
				dotted = append(dotted, strconv.Itoa(edges))
			}
			edges++
		}
	}
	if dotted != nil {
		fmt.Fprintf(b, "  linkStyle %s stroke-dasharray:1 4\n", strings.Join(dotted, ","))
	}
	// Colors that can be read on the light and on the dark theme.
	for _, c := range []struct {
		name, style string
		ids         []string
	}{
		{"leftOut", "stroke-dasharray:4 3,color:#7c7c7c", left},
		{"mayFail", "stroke-dasharray:4 3", may},
		{"given", "fill:#88888833", input},
	} {
		if c.ids != nil {
			fmt.Fprintf(b, "  classDef %s %s\n  class %s %s\n", c.name, c.style, strings.Join(c.ids, ","), c.name)
		}
	}
}

// oneLine is s without what a picture does not show.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
