package waterfall

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// maxRows is the number of tasks that a text shows; it counts the others.
const maxRows = 200

// Text returns the waterfall for a terminal of that many columns, at least 40;
// 0 means 80. Without color it has the same content: states differ in their
// characters. Names and errors lose control characters.
//
// Every task has its time of running (waits do not count), the tasks that it
// needed, and a bar: full blocks where it was what the run waited for, heavy
// lines where it ran, shades where it was queued, dots where it was blocked.
// Below are the critical path and, in sentences, what went wrong.
func (r *Run) Text(width int, color bool) string {
	if width <= 0 {
		width = 80
	}
	p := &painter{index: r.index(), width: max(width, 40), color: color, used: make(map[string]bool)}
	p.steps = r.CriticalPath()
	p.critical = make(map[asap.ID]bool)
	for _, s := range p.steps {
		if s.State != Outside && p.counts(s) {
			p.critical[s.Task] = true
		}
	}
	p.head()
	if len(r.Tasks) > 0 {
		p.chart()
		p.path()
	}
	if words := r.Explain(); len(words) > 0 {
		p.b.WriteByte('\n')
		for _, s := range words {
			p.wrap(s, "  ")
		}
	}
	return p.b.String()
}

// painter writes the text of one run.
type painter struct {
	*index
	b        strings.Builder
	width    int
	columns  int // of the chart
	color    bool
	steps    []Step
	critical map[asap.ID]bool
	used     map[string]bool // characters that the legend must explain
}

func (p *painter) head() {
	r := p.run
	var outcome asap.Outcome
	var words []string
	if len(r.Groups) > 0 {
		outcome, words = r.Groups[0].Outcome, p.groupWords(0)
	}
	verb := outcomeWord(outcome, r.Ended) + " after "
	if !r.Ended {
		verb = "running for "
	}
	verb += duration(r.Makespan)
	name := short(cmp.Or(plain(r.Name), "group"), max(10, p.width-len(verb)-2))
	parts := []string{name + ": " + verb, count(len(r.Tasks), "task")}
	if peak := r.peak(); peak > 0 {
		parts = append(parts, "work "+duration(r.work()), fmt.Sprintf("at most %d at once", peak))
	}
	parts[len(parts)-1] += inBrackets(words)
	p.flow(none, "", parts, ", ")
	text := p.b.String()
	p.b.Reset()
	p.b.WriteString(p.style(bold, name) + text[len(name):])
}

// chart lays out the columns: mark and name, time, needs, bar.
func (p *painter) chart() {
	all := p.rows()
	rows := p.important(all, p.critical, maxRows)
	names := make([]string, len(rows))
	needs := make([]string, len(rows))
	nameWidth, needsWidth := 4, 0
	for i, r := range rows {
		names[i] = strings.Repeat("  ", min(r.depth, 8)) + plain(p.label(r))
		nameWidth = max(nameWidth, textWidth(names[i]))
		if r.task >= 0 {
			needs[i] = p.needs(r.task)
			needsWidth = max(needsWidth, textWidth(needs[i]))
		}
	}
	nameWidth = min(nameWidth, max(10, p.width*3/10))
	needsWidth = min(needsWidth, p.width/5)
	if p.width < 60 {
		needsWidth = 0
	}
	if needsWidth > 0 {
		needsWidth = max(needsWidth, len("needs")) + 1
	}
	p.columns = p.width - 2 - nameWidth - 1 - 7 - 1 - needsWidth - 1
	p.b.WriteString("\n" + strings.Repeat(" ", 2+nameWidth+1) + "   took ")
	if needsWidth > 0 {
		p.b.WriteString(fit("needs", needsWidth))
	}
	p.b.WriteString(p.style(dim, axis(p.run.Makespan, p.columns)) + "\n")
	for i, r := range rows {
		if r.task < 0 {
			p.b.WriteString("  " + p.style(dim, strings.TrimRight(fit(names[i], nameWidth), " ")) + "\n")
			continue
		}
		t := &p.run.Tasks[r.task]
		mark, st := "  ", none
		if p.critical[t.ID] {
			mark, st = "▸ ", bold
			p.used["▸"] = true
		}
		if bad(t.Outcome) {
			st = red
		}
		took := ""
		if t.started() {
			took = duration(t.Took())
		}
		line := mark + p.style(st, fit(names[i], nameWidth)) + " " + right(took, 7) + " "
		if needsWidth > 0 {
			line += p.style(dim, fit(fit(needs[i], needsWidth-1), needsWidth))
		}
		p.b.WriteString(trim(line+p.paintBar(t, p.steps)) + "\n")
	}
	p.rest(all, rows)
	p.legend()
}

// rest counts the tasks that are not shown.
func (p *painter) rest(all, rows []row) {
	if len(all) == len(rows) {
		return
	}
	shown := make(map[int]bool, len(rows))
	for _, r := range rows {
		shown[r.task] = true
	}
	by := make(map[asap.Outcome]int)
	n := 0
	for i := range p.run.Tasks {
		if !shown[i] {
			by[p.run.Tasks[i].Outcome]++
			n++
		}
	}
	var parts []string
	for o := asap.Outcome(0); o <= asap.Goexited; o++ {
		if by[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", by[o], outcomeWord(o, o != 0)))
		}
	}
	if n > 0 {
		p.wrap(fmt.Sprintf("… %s not shown: %s", count(n, "task"), strings.Join(parts, ", ")), "  ")
	}
}

// needs lists what a task needed; the last to end, if it made the task wait,
// is what the picture is about, so nothing is left out but by the column's width.
func (p *painter) needs(t int) string {
	var names []string
	for _, s := range p.sources(t) {
		names = append(names, plain(p.run.Tasks[s].Name))
	}
	return strings.Join(names, ", ")
}

// legend explains the characters that were used, and no others.
func (p *painter) legend() {
	entries := []struct{ glyphs, text string }{
		{"█▌▐", "running, critical"}, {"━╸╺", "running"}, {"░", "queued"}, {"·", "blocked"},
		{"✗", "failed"}, {"!", "tolerated"}, {"○", "left out"}, {"–", "skipped"}, {"~", "canceled"}, {"»", "exited"}, {"…", "goes on"}, {"?", "no end seen"},
	}
	var parts []string
	for _, e := range entries {
		for _, g := range e.glyphs {
			if p.used[string(g)] {
				parts = append(parts, string([]rune(e.glyphs)[0])+" "+e.text)
				break
			}
		}
	}
	if len(parts) > 0 {
		p.b.WriteByte('\n')
		p.flow(dim, "  ", parts, "   ")
	}
}

// counts tells whether a step of the critical path is a thousandth of the run,
// and so worth a mark; less in a path of many steps.
func (p *painter) counts(s Step) bool {
	return s.Len() >= p.run.Makespan/time.Duration(max(1000, 20*len(p.steps)))
}

// path writes the critical path in one line, or what fits in three.
func (p *painter) path() {
	var parts []string
	var short time.Duration
	for _, s := range p.steps {
		if !p.counts(s) {
			short += s.Len()
			continue
		}
		name := plain(s.Name)
		switch s.State {
		case Outside:
			name = "(caller)"
		case Queued:
			name += " queued"
		case Blocked:
			name += " waiting"
		}
		parts = append(parts, name+" "+duration(s.Len()))
	}
	if len(parts) == 0 {
		return
	}
	if len(parts) > 12 {
		parts = append(append(append([]string(nil), parts[:6]...), fmt.Sprintf("… %d steps …", len(parts)-11)), parts[len(parts)-5:]...)
	}
	if short > 0 {
		parts[len(parts)-1] += " (and " + duration(short) + " in short steps)"
	}
	parts[0] = "▸ critical path: " + parts[0]
	p.flow(none, "", parts, " → ")
}

// wrap writes a sentence in lines of the width.
func (p *painter) wrap(s, indent string) { p.flow(none, indent, strings.Fields(s), " ") }

// flow writes parts in lines of the width, the second and later ones indented;
// a part stays whole if it is no longer than a line.
func (p *painter) flow(st style, indent string, parts []string, sep string) {
	line, used := indent, textWidth(indent)
	next := func() {
		p.b.WriteString(p.style(st, strings.TrimRight(line, " ")) + "\n")
		line, used = indent+"  ", textWidth(indent)+2
	}
	for i, part := range parts {
		if i+1 < len(parts) {
			part += sep
		}
		if used+textWidth(strings.TrimRight(part, " ")) > p.width && i > 0 {
			next()
		}
		for used+textWidth(strings.TrimRight(part, " ")) > p.width {
			n := prefix(part, p.width-used)
			line += part[:n]
			part = part[n:]
			next()
		}
		line += part
		used += textWidth(part)
	}
	p.b.WriteString(p.style(st, strings.TrimRight(line, " ")) + "\n")
}

// axis writes round instants over the columns of a chart.
func axis(span time.Duration, columns int) string {
	line := []rune(strings.Repeat(" ", columns+1))
	free := 0
	for _, t := range ticks(span, max(1, columns/11)) {
		label := []rune(duration(t))
		if t == 0 {
			label = []rune("0")
		}
		at := int(float64(t) / float64(max(span, 1)) * float64(columns))
		if at < free || at+len(label) > len(line) {
			continue
		}
		copy(line[at:], label)
		free = at + len(label) + 1
	}
	return strings.TrimRight(string(line), " ")
}

func right(s string, w int) string {
	return strings.Repeat(" ", max(0, w-textWidth(s))) + s
}
