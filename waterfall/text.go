package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
)

// A text of more than mostRows rows has the fewRows that tell most; the others are a
// band.
const (
	mostRows = 100
	fewRows  = 40
)

// Text returns the waterfall for a terminal of that many columns, at least 40 and at
// most 1,000; 0 means 80. Without color it has the same content: states differ in their
// characters. Names and errors lose control characters.
//
// Every task has its time of running (waits do not count), the tasks that it
// needed, and a bar: full blocks where it was what the run waited for, heavy
// lines where it ran, shades where it was queued, dots where it was blocked.
// Many tasks alike, such as the elements of a Map, are one band: the more of them
// run, the higher it is. Below are the critical path and, in sentences, what went wrong.
func (r *Run) Text(width int, color bool) string {
	if width <= 0 {
		width = 80
	}
	p := &painter{index: r.index(), width: min(max(width, 40), 1000), color: color, used: make(map[string]bool)}
	p.steps = r.CriticalPath()
	p.critical = make(map[asap.ID]bool)
	for _, s := range p.steps {
		if s.State != Outside && p.counts(s) {
			p.critical[s.Task] = true
			p.used[arrowTo(s)] = true
		}
	}
	p.head()
	if len(r.Tasks) > 0 {
		rows := p.rows(p.critical, mostRows, fewRows)
		p.chart(rows)
		p.path()
		p.bands(rows)
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
	name := isolate(short(cmp.Or(told(r.Name), "group"), max(10, p.width-len(verb)-2)))
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

// counts tells whether a step of the critical path is a thousandth of the run,
// and so worth a mark; less in a path of many steps.
func (p *painter) counts(s Step) bool {
	return s.Len() >= p.run.Makespan/time.Duration(max(1000, 20*len(p.steps)))
}

// path writes the critical path in one line, or what fits in three.
func (p *painter) path() {
	var parts, arrows []string // an arrow comes before its part
	var little time.Duration
	for _, s := range p.steps {
		if !p.counts(s) {
			little += s.Len()
			continue
		}
		name := isolate(short(told(s.Name), min(longestName, max(10, p.width/2))))
		switch s.State {
		case Outside:
			name = "(caller)"
		case Queued:
			name += " queued"
		case Blocked:
			name += " waiting"
		}
		parts = append(parts, name+" "+duration(s.Len()))
		arrows = append(arrows, arrowTo(s))
	}
	if len(parts) == 0 {
		return
	}
	if n := len(parts); n > 12 {
		parts = slices.Concat(parts[:6], []string{fmt.Sprintf("… %d steps …", n-11)}, parts[n-5:])
		arrows = slices.Concat(arrows[:6], []string{"→"}, arrows[n-5:])
	}
	if little > 0 {
		parts[len(parts)-1] += " (and " + duration(little) + " in short steps)"
	}
	parts[0] = "▸ critical path: " + parts[0]
	for i := range parts[1:] {
		parts[i] += " " + arrows[i+1]
	}
	p.flow(none, "", parts, " ")
}

// arrowTo leads to a step from the one before it.
func arrowTo(s Step) string {
	if s.Slot.Limit > 0 {
		return "⇢"
	}
	return "→"
}

// bands says what is in the bands.
func (p *painter) bands(rows []row) {
	first := true
	for _, r := range rows {
		if r.band == nil || r.band.sort == onTheWay {
			continue
		}
		if first {
			p.b.WriteByte('\n')
		}
		first = false
		p.wrap(p.say(r.band), "  ")
	}
}

// wrap writes a sentence in lines of the width.
func (p *painter) wrap(s, indent string) { p.flow(none, indent, look.Words(s), " ") }

// wrapped is a sentence in lines of some columns, what is longer than a line cut.
func wrapped(s string, columns int) []string {
	var out []string
	line := ""
	for _, word := range look.Words(s) {
		if word = short(word, columns); line != "" && textWidth(line)+1+textWidth(word) > columns {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}

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
			n := breakAt(part, p.width-used)
			line += part[:n]
			part = part[n:]
			next()
		}
		line += part
		used += textWidth(part)
	}
	p.b.WriteString(p.style(st, strings.TrimRight(line, " ")) + "\n")
}

// breakAt is where a text of more than w columns goes on in the next line: after a
// word that fits, or within the first one.
func breakAt(s string, w int) int {
	n := prefix(s, w)
	for at := strings.LastIndexByte(s[:n], ' '); at > 0; at = strings.LastIndexByte(s[:at], ' ') {
		before, after := s[strings.LastIndexByte(s[:at], ' ')+1:at], s[at+1:]
		if after, _, _ = strings.Cut(after, " "); !look.AreOne(before, after) {
			return at + 1
		}
	}
	return n
}

// axis writes round instants over the columns of a chart.
func axis(span time.Duration, columns int) string {
	line := []rune(strings.Repeat(" ", columns+1))
	free := 0
	for _, t := range ticks(span, max(2, columns/11)) {
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
