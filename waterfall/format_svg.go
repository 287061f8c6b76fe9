package waterfall

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

const (
	svgWidth   = 960
	svgRow     = 24
	svgTop     = 64
	svgPerChar = 7.3 // of the font at 13 pixels, a little more than most are wide
	svgPerBold = 8.2 // the same in bold
	svgNames   = 250 // pixels that names have at most
	svgWords   = 120 // columns of a sentence below
)

// svgStyle has the colors of light and dark surroundings. States differ in
// shape as well: full bars, hatched bars, thin dotted lines.
const svgStyle = `
svg{font:13px system-ui,sans-serif;--ink:#1f2328;--soft:#656d76;--line:#d8dee4;--paper:#fff;--run:#3b82c4;--crit:#d9480f;--queue:#b58900;--fail:#c81e1e}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--paper:#0d1117;--run:#58a6ff;--crit:#ff8c42;--queue:#e3b341;--fail:#ff6b6b}}
.paper{fill:var(--paper)}text{fill:var(--ink)}.soft{fill:var(--soft)}.grid{stroke:var(--line)}
.run{fill:var(--run)}.crit{fill:var(--crit)}.fail{fill:var(--fail)}.queue{fill:url(#hatch);stroke:var(--queue)}
.wait{stroke:var(--soft);stroke-width:2;stroke-dasharray:1.5 4;stroke-linecap:round}
.hatch{stroke:var(--queue);stroke-width:2}.link{stroke:var(--crit);fill:none;stroke-width:1.5}
.tip{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}.b{font-weight:600}.failed{fill:var(--fail)}
`

// canvas draws a run as SVG.
type canvas struct {
	*index
	b        *strings.Builder
	left     float64 // of the chart
	width    float64
	steps    []Step
	critical map[asap.ID]bool
	line     map[int]int // row of a task
	folded   bool        // there are bands
}

func (r *Run) writeSVG(b *strings.Builder) {
	c := &canvas{index: r.index(), b: b, steps: r.CriticalPath(), critical: make(map[asap.ID]bool), line: make(map[int]int)}
	for _, s := range c.steps {
		c.critical[s.Task] = true
	}
	rows := c.rows(c.critical, mostPageRows, fewPageRows)
	widest := 4 * svgPerChar
	for i, row := range rows {
		name, tail := c.label(row.branch)
		_, per := c.nameStyle(row)
		widest = max(widest, indent(row)+per*float64(textWidth(told(name))+textWidth(tail)))
		switch {
		case row.task >= 0:
			c.line[row.task] = i
		case row.band != nil:
			c.folded = true
			for _, t := range row.band.tasks {
				if _, has := c.line[t]; !has {
					c.line[t] = i
				}
			}
		}
	}
	widest = min(widest, svgNames)
	c.left = 16 + widest + 14
	c.width = svgWidth - c.left - 90
	var words []string
	for _, w := range r.Explain() {
		words = append(words, wrapped(w, svgWords)...)
	}
	for _, row := range rows {
		if row.band != nil && row.band.sort != onTheWay {
			words = append(words, wrapped(c.say(row.band), svgWords)...)
		}
	}
	height := svgTop + len(rows)*svgRow + 56 + 18*len(words)
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`, svgWidth, height, svgWidth, height, esc(r.title()))
	c.printf("<style>%s</style>", svgStyle)
	c.printf(`<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>`)
	c.printf(`<rect class="paper" width="%d" height="%d"/>`, svgWidth, height)
	c.printf(`<text class="b" x="16" y="26" font-size="15">%s</text>`, esc(r.title()))
	c.grid(len(rows))
	c.links() // below the labels
	for i, row := range rows {
		c.row(row, float64(svgTop+i*svgRow), widest)
	}
	c.foot(float64(svgTop+len(rows)*svgRow+24), words)
	c.printf("</svg>\n")
}

func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(c.b, format+"\n", args...) }

// esc makes a text safe as content and in attributes, and drops what XML has no
// way to write.
func esc(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(plain(s)))
	return b.String()
}

func (c *canvas) x(d time.Duration) float64 {
	return c.left + c.width*float64(d)/float64(max(c.run.Makespan, 1))
}

func (c *canvas) grid(rows int) {
	bottom := svgTop + rows*svgRow
	for _, t := range ticks(c.run.Makespan, 7) {
		label := duration(t)
		if t == 0 {
			label = "0"
		}
		c.printf(`<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text class="soft" x="%.1f" y="%d" font-size="11" text-anchor="middle">%s</text>`,
			c.x(t), svgTop-6, c.x(t), bottom, c.x(t), svgTop-12, label)
	}
}

// indent is where the name of a row begins, from the left of all names.
func indent(r row) float64 { return 2 * float64(min(r.depth, 8)) * svgPerChar }

// nameStyle is the class of a row's name, and how wide a character of it is.
func (c *canvas) nameStyle(r row) (class string, perChar float64) {
	switch {
	case r.band != nil && c.figuresOf(r.band.tasks).bad > 0:
		return "b failed", svgPerBold
	case r.band != nil && r.band.sort == onTheWay:
		return "b", svgPerBold
	case r.band != nil:
		return "", svgPerChar
	case r.task < 0:
		return "soft", svgPerChar
	case bad(c.run.Tasks[r.task].Outcome):
		return "b failed", svgPerBold
	case c.critical[c.run.Tasks[r.task].ID]:
		return "b", svgPerBold
	}
	return "", svgPerChar
}

func (c *canvas) row(r row, y, widest float64) {
	class, per := c.nameStyle(r)
	name, tail := c.label(r.branch)
	whole := told(name) + tail
	text := strings.TrimRight(fitTail(told(name), tail, max(4+textWidth(tail), min(textWidth(whole), int((widest-indent(r))/per+.01)))), " ")
	title := ""
	if text != whole {
		title = "<title>" + esc(whole) + "</title>"
	}
	c.printf(`<text class="%s" x="%.1f" y="%.1f">%s%s</text>`, class, 16+indent(r), y+16, title, esc(text))
	switch {
	case r.band != nil:
		c.band(r.band, y)
		return
	case r.task < 0:
		return
	}
	t := &c.run.Tasks[r.task]
	for _, p := range t.Pieces {
		c.piece(t, p, y)
	}
	for _, s := range c.steps {
		if s.Task == t.ID && s.State == Running && !bad(t.Outcome) {
			c.bar("crit", s.Start, s.End, y, 14, "running, critical: "+duration(s.Len()))
		}
	}
	c.end(t, y)
}

func (c *canvas) piece(t *Task, p Piece, y float64) {
	switch {
	case p.State == Running:
		class := "run"
		if bad(t.Outcome) {
			class = "fail"
		}
		if p.Len() > 0 || t.Took() == 0 {
			c.bar(class, p.Start, p.End, y, 14, called(t.Name)+" running: "+duration(p.Len()))
		}
	case p.Len() == 0:
	case p.State == Queued:
		c.bar("queue", p.Start, p.End, y, 10, called(t.Name)+" queued: "+duration(p.Len()))
	default:
		what := " blocked"
		if n := c.nameOf(p.On); n != "" {
			what += " on " + called(n)
		}
		c.printf(`<line class="wait" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"><title>%s</title></line>`,
			c.x(p.Start)+2, y+11, max(c.x(p.Start)+2.1, c.x(p.End)-2), y+11, esc(called(t.Name)+what+": "+duration(p.Len())))
	}
}

// band draws how many of its tasks ran, as a height, and below it where some were
// queued, on a line; of what is critical, the steps.
func (c *canvas) band(b *band, y float64) {
	if b.sort == onTheWay {
		of := make(map[asap.ID]bool, len(b.tasks))
		for _, t := range b.tasks {
			of[c.run.Tasks[t].ID] = true
		}
		c.way(of, y)
		return
	}
	const columns, base, height = 240, 19.0, 16.0
	w := c.crowd(b.tasks, columns)
	x := func(k int) float64 { return c.left + c.width*float64(k)/columns }
	c.printf(`<g><title>%s</title>`, esc(c.say(b)))
	shape := func(class string, has func(k int) (high float64)) {
		for k := 0; k < columns; k++ {
			if has(k) == 0 {
				continue
			}
			var path strings.Builder
			fmt.Fprintf(&path, "M%.1f %.1f", x(k), y+base)
			for last := 0.0; k < columns && has(k) > 0; k++ {
				if h := has(k); h != last {
					fmt.Fprintf(&path, "V%.1f", y+base-h)
					last = h
				}
				fmt.Fprintf(&path, "H%.1f", x(k+1))
			}
			c.printf(`<path class="%s" d="%sV%.1fZ"/>`, class, path.String(), y+base)
		}
	}
	shape("run", func(k int) float64 {
		if !w.any[k] {
			return 0
		}
		return max(1.5, math.Round(2*height*w.busy[k]/max(w.most, 1e-9))/2)
	})
	on := func(list []bool, h float64) func(int) float64 {
		return func(k int) float64 {
			if list[k] && !w.any[k] {
				return h
			}
			return 0
		}
	}
	shape("queue", on(w.queued, 4))
	shape("grid", on(w.blocked, 1))
	c.printf(`</g>`)
	f := c.figuresOf(b.tasks)
	end := time.Duration(0)
	for _, t := range b.tasks {
		end = max(end, c.run.Tasks[t].End())
	}
	label, class := "", "soft"
	if f.ran > 0 {
		label = "≤ " + duration(f.max)
	}
	if f.bad > 0 {
		label, class = fmt.Sprintf("✗ %d failed", f.bad), "failed"
	}
	c.printf(`<text class="tip %s" x="%.1f" y="%.1f" font-size="11">%s</text>`, class, c.x(end)+6, y+15, esc(label))
}

// narrow is how many pixels tell bars and links apart.
const narrow = 4

// way draws where any of some tasks was critical. Those that are too close to tell apart
// are one bar, as when they have had slots in turn.
func (c *canvas) way(of map[asap.ID]bool, y float64) {
	var from, to time.Duration
	n, name := 0, ""
	draw := func() {
		switch {
		case n == 1:
			c.bar("crit", from, to, y, 14, called(name)+" running, critical: "+duration(to-from))
		case n > 1:
			c.bar("crit", from, to, y, 14, count(n, "task")+" running, critical: "+duration(to-from))
		}
	}
	for _, s := range c.steps {
		if !of[s.Task] || s.State != Running {
			continue
		}
		if n > 0 && c.x(s.End)-c.x(to) < narrow {
			to = s.End
			n++
			continue
		}
		draw()
		from, to, n, name = s.Start, s.End, 1, s.Name
	}
	draw()
}

// bar is at least two pixels wide: short tasks stay visible.
func (c *canvas) bar(class string, from, to time.Duration, y, height float64, title string) {
	c.printf(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="2"><title>%s</title></rect>`,
		class, c.x(from), y+11-height/2, math.Max(2, c.x(to)-c.x(from)), height, esc(title))
}

// end writes after a bar how long the task ran, or why it has none.
func (c *canvas) end(t *Task, y float64) {
	label := ""
	if t.started() {
		label = duration(t.Took())
	}
	if t.Outcome != asap.Succeeded {
		label = strings.TrimSpace(label + " " + strings.TrimSpace(endMark(t, c.run.Ended)+" "+t.word()))
	}
	class := "soft"
	if bad(t.Outcome) {
		class = "failed"
	}
	c.printf(`<text class="tip %s" x="%.1f" y="%.1f" font-size="11">%s</text>`, class, c.x(t.End())+6, y+15, esc(label))
}

// links join the critical path from task to task.
func (c *canvas) links() {
	last, drawn := -1, 0.0
	for _, s := range c.steps {
		t, ok := c.task[s.Task]
		if !ok {
			continue
		}
		from, seen := c.line[last]
		to, shown := c.line[t]
		if x := c.x(s.Start); last >= 0 && from != to && seen && shown && x >= drawn+narrow {
			drawn = x
			y1, y2 := float64(svgTop+from*svgRow+11), float64(svgTop+to*svgRow+11)
			c.printf(`<path class="link" d="M%.1f %.1fV%.1f"/>`, x, y1, y2)
		}
		last = t
	}
}

func (c *canvas) foot(y float64, words []string) {
	x := 16.0
	entry := func(draw, text string) {
		c.printf(`%s<text class="soft" x="%.1f" y="%.1f" font-size="11">%s</text>`, draw, x+28, y+4, text)
		x += 48 + float64(len(text))*6.1
	}
	rect := func(class string, h float64) string {
		return fmt.Sprintf(`<rect class="%s" x="%.1f" y="%.1f" width="22" height="%.0f" rx="2"/>`, class, x, y-h/2, h)
	}
	entry(rect("crit", 14), "running, critical")
	entry(rect("run", 14), "running")
	if c.folded {
		entry(fmt.Sprintf(`<path class="run" d="M%.1f %.1fv-4h7v-5h7v-5h4v7h4v7z"/>`, x, y+7), "how many of many run")
	}
	entry(rect("queue", 10), "queued")
	entry(fmt.Sprintf(`<line class="wait" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, x, y, x+22, y), "blocked")
	entry(rect("fail", 14), "failed")
	for i, w := range words {
		c.printf(`<text x="16" y="%.1f">%s</text>`, y+30+float64(i)*18, esc(w))
	}
}
