package waterfall

import (
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// line is a row of a text before it is laid out.
type line struct {
	row
	name, tail, took, needs string
	mark                    bool // critical
	style                   style
}

func (p *painter) lines(rows []row) []line {
	list := make([]line, len(rows))
	for i, r := range rows {
		l := &list[i]
		l.row = r
		name, tail := p.label(r.branch)
		l.name, l.tail = strings.Repeat("  ", min(r.depth, 8, (p.mostName()-12)/2))+told(name), tail
		switch {
		case r.band != nil:
			p.bandLine(l)
		case r.task >= 0:
			t := &p.run.Tasks[r.task]
			l.needs = p.needs([]int{r.task})
			l.mark = p.critical[t.ID]
			if t.started() {
				l.took = duration(t.Took())
			}
			if l.mark {
				l.style = bold
			}
			if bad(t.Outcome) {
				l.style = red
			}
		}
	}
	return list
}

// bandLine has the time that half of the tasks took at most; bands says so.
func (p *painter) bandLine(l *line) {
	f := p.figuresOf(l.band.tasks)
	if f.ran > 0 {
		l.took = duration(f.p50)
	}
	l.mark = l.band.sort == onTheWay || l.still
	if l.mark {
		l.style = bold
	}
	if l.band.sort != onTheWay {
		l.needs = p.needs(l.band.tasks)
	}
	if f.bad > 0 {
		l.style = red
	}
}

// mostName is how many columns names have at most. Of a name that is indented there are
// at least twelve to be seen, so that deep nesting can be read in a narrow terminal.
func (p *painter) mostName() int { return max(14, p.width*3/10) }

// chart lays out the columns: mark and name, time, needs, bar.
func (p *painter) chart(rows []row) {
	list := p.lines(rows)
	nameWidth, tookWidth, needsWidth := 4, 7, 0
	for i := range list {
		l := &list[i]
		if l.task >= 0 || l.band != nil {
			nameWidth = max(nameWidth, textWidth(l.name)+textWidth(l.tail))
		}
		tookWidth = max(tookWidth, textWidth(l.took))
		needsWidth = max(needsWidth, textWidth(l.needs))
	}
	nameWidth = min(nameWidth, p.mostName())
	needsWidth = min(needsWidth, p.width/5)
	if p.width < 60 {
		needsWidth = 0
	}
	if needsWidth > 0 {
		needsWidth = max(needsWidth, len("needs")) + 1
	}
	p.columns = p.width - 2 - nameWidth - 1 - tookWidth - 1 - needsWidth - 1
	p.b.WriteString("\n" + strings.Repeat(" ", 2+nameWidth+1) + right("took", tookWidth) + " ")
	if needsWidth > 0 {
		p.b.WriteString(fit("needs", needsWidth))
	}
	p.b.WriteString(p.style(dim, axis(p.run.Makespan, p.columns)) + "\n")
	for i := range list {
		l := &list[i]
		if l.task < 0 && l.band == nil { // a title, beside which nothing stands
			p.b.WriteString("  " + p.style(dim, isolate(strings.TrimRight(fitTail(l.name, l.tail, p.width-2), " "))) + "\n")
			continue
		}
		name := isolate(fitTail(l.name, l.tail, nameWidth))
		mark := "  "
		if l.mark {
			mark = "▸ "
			p.used["▸"] = true
		}
		text := mark + p.style(l.style, name) + " " + right(l.took, tookWidth) + " "
		if needsWidth > 0 {
			text += p.style(dim, isolate(fit(fit(l.needs, needsWidth-1), needsWidth)))
		}
		p.b.WriteString(trim(text+p.paintRow(l.branch)) + "\n")
	}
	p.legend()
}

// needs lists what tasks needed; the last to end, if it made a task wait, is
// what the picture is about, so nothing is left out but by the column's width. Of
// many, it is by the names that tasks alike have in common.
func (p *painter) needs(tasks []int) string {
	var names []string
	for _, t := range tasks {
		for _, s := range p.sources(t) {
			name := p.run.Tasks[s].Name
			if len(tasks) > 1 {
				name = p.alikeName(s)
			}
			if name = told(name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) > 8 {
			break
		}
	}
	return strings.Join(names, ", ")
}

// legend explains the characters that were used, and no others.
func (p *painter) legend() {
	entries := []struct{ shown, glyphs, text string }{
		{"█", "█▌▐", "running, critical"}, {"━", "━╸╺", "running"}, {"▁▄▇", "▁▂▃▄▅▆▇", "how many run"}, {"░", "░", "queued"}, {"·", "·", "blocked"},
		{"✗", "✗", "failed"}, {"!", "!", "tolerated"}, {"○", "○", "left out"}, {"–", "–", "skipped"}, {"~", "~", "canceled"}, {"»", "»", "exited"}, {"…", "…", "goes on"}, {"?", "?", "no end seen"}, {"⇢", "⇢", "gave its slot to"},
	}
	var parts []string
	for _, e := range entries {
		for _, g := range e.glyphs {
			if p.used[string(g)] {
				parts = append(parts, e.shown+" "+e.text)
				break
			}
		}
	}
	if len(parts) > 0 {
		p.b.WriteByte('\n')
		p.flow(dim, "  ", parts, "   ")
	}
}

// paintRow writes what stands on the time axis in a row.
func (p *painter) paintRow(n *branch) string {
	switch {
	case n.band == nil:
		return p.paintBar(&p.run.Tasks[n.task], p.steps)
	case n.band.sort == onTheWay:
		return p.paintWay(n.band.tasks)
	}
	return p.paintBand(n.band.tasks)
}

// heights are the characters of a band; a full block is for what is critical.
const heights = "▁▂▃▄▅▆▇"

// paintBand draws how many of the tasks ran, over the columns.
func (p *painter) paintBand(tasks []int) string {
	c := p.crowd(tasks, p.columns)
	var b strings.Builder
	last := -1
	for k := range p.columns {
		g := " "
		switch n := len([]rune(heights)); {
		case c.any[k]:
			h := 0
			if c.most > 0 {
				h = min(n-1, max(0, int(c.busy[k]/c.most*float64(n)+0.5)-1))
			}
			g = string([]rune(heights)[h])
		case c.queued[k]:
			g = "░"
		case c.blocked[k]:
			g = "·"
		}
		if g != " " {
			p.used[g], last = true, k
		}
		b.WriteString(g)
	}
	text := []rune(b.String())[:last+1]
	f := p.figuresOf(tasks)
	out := p.style(cyan, string(text))
	if f.bad > 0 {
		p.used["✗"] = true
		return out + p.style(red, "✗")
	}
	for o, n := range f.outcomes {
		if mark := endMark(&Task{Outcome: asap.Outcome(o)}, p.run.Ended); n == len(tasks) && mark != "" {
			p.used[mark] = true
			return out + p.style(dim, mark)
		}
	}
	return out
}

// paintWay draws where any of the tasks was critical.
func (p *painter) paintWay(tasks []int) string {
	t := Task{ID: 1, Outcome: asap.Succeeded}
	of := make(map[asap.ID]bool, len(tasks))
	for _, i := range tasks {
		of[p.run.Tasks[i].ID] = true
	}
	var steps []Step
	for _, s := range p.steps {
		if of[s.Task] {
			t.Pieces = append(t.Pieces, Piece{State: s.State, Start: s.Start, End: s.End})
			s.Task = t.ID
			steps = append(steps, s)
		}
	}
	return p.paintBar(&t, steps)
}
