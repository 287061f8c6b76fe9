package waterfall

import (
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// A bar is drawn in half columns, so that a task of 1 % of the run is as wide
// as the column allows. A half shows the state that fills most of it; every
// piece in which a body ran gets a half at least.

type half uint8

const (
	nothing half = iota
	isBlocked
	isQueued
	isRunning
	isCritical
)

// bar returns the halves of a task's bar over [0, span].
func bar(t *Task, critical []Step, span time.Duration, columns int) []half {
	n := 2 * columns
	halves := make([]half, n)
	if span <= 0 {
		span = 1
	}
	covered := make([]time.Duration, n)
	at := func(d time.Duration) int { return max(0, min(n-1, int(float64(d)/float64(span)*float64(n)))) }
	edge := func(i int) time.Duration { return time.Duration(float64(span) * float64(i) / float64(n)) }
	paint := func(from, to time.Duration, h half) {
		if to <= from {
			return
		}
		for i := at(from); i <= at(to); i++ {
			c := min(to, edge(i+1)) - max(from, edge(i))
			if c > covered[i] {
				covered[i], halves[i] = c, h
			}
		}
	}
	for _, p := range t.Pieces {
		switch p.State {
		case Running:
			paint(p.Start, p.End, isRunning)
		case Blocked:
			paint(p.Start, p.End, isBlocked)
		case Queued:
			paint(p.Start, p.End, isQueued)
		}
	}
	// A short run shows, even where a wait fills most of the column; not the
	// steps between two waits, next to which the task ran long.
	took, ran := t.Took(), false
	for _, p := range t.Pieces {
		if p.State != Running || p.Len() < took/100 || p.Len() == 0 && (ran || took > 0) {
			continue
		}
		ran = true
		shown := false
		for i := at(p.Start); i <= at(p.End); i++ {
			shown = shown || halves[i] == isRunning
		}
		if !shown {
			halves[at(p.Start)] = isRunning
		}
	}
	for _, s := range critical {
		if s.Task != t.ID || s.State != Running {
			continue
		}
		for i := at(s.Start); i <= at(s.End); i++ {
			overlaps := s.Start < edge(i+1) && s.End > edge(i)
			if halves[i] == isRunning && (overlaps || i == at(s.Start)) {
				halves[i] = isCritical
			}
		}
	}
	return halves
}

// glyph is the character of two halves: full blocks on the critical path, heavy
// lines off it, shades in the queue and dots in a wait.
func glyph(a, b half) string {
	busy := func(h half) bool { return h >= isRunning }
	switch {
	case a == isCritical && b == isCritical, a == isCritical && b == isRunning, a == isRunning && b == isCritical:
		return "█"
	case a == isCritical:
		return "▌"
	case b == isCritical:
		return "▐"
	case busy(a) && busy(b):
		return "━"
	case busy(a):
		return "╸"
	case busy(b):
		return "╺"
	case a == isQueued || b == isQueued:
		return "░"
	case a == isBlocked || b == isBlocked:
		return "·"
	}
	return " "
}

// endMark is the character after the bar of a task that did not succeed.
func endMark(t *Task, runEnded bool) string {
	switch t.Outcome {
	case asap.Failed, asap.Panicked, asap.Goexited:
		return "✗"
	case asap.Tolerated:
		return "!"
	case asap.LeftOut:
		return "○"
	case asap.Skipped:
		return "–"
	case asap.Canceled:
		return "~"
	case asap.Exited:
		return "»"
	case 0:
		if runEnded {
			return "?"
		}
		return "…"
	}
	return ""
}

// paintBar writes a bar with its end mark, columns+1 wide.
func (p *painter) paintBar(t *Task, critical []Step) string {
	halves := bar(t, critical, p.run.Makespan, p.columns)
	var b, same strings.Builder // same: characters of one style, under which they are written
	var st style
	put := func(next style, g string) {
		if next != st {
			b.WriteString(p.style(st, same.String()))
			same.Reset()
			st = next
		}
		same.WriteString(g)
	}
	mark := endMark(t, p.run.Ended)
	last := -1
	for i := 0; i < len(halves); i += 2 {
		if halves[i] != nothing || halves[i+1] != nothing {
			last = i / 2
		}
	}
	markAt := last + 1
	if last < 0 { // no length at all: where it stands in time
		markAt = int(float64(t.End()) / float64(max(p.run.Makespan, 1)) * float64(p.columns))
		markAt = max(0, min(p.columns, markAt))
	}
	for c := range p.columns + 1 {
		if c == markAt && mark != "" {
			put(markStyle(t), mark)
			p.used[mark] = true
			continue
		}
		if c == p.columns {
			put(none, " ")
			continue
		}
		a, z := halves[2*c], halves[2*c+1]
		g := glyph(a, z)
		p.used[g] = true
		put(halfStyle(max(a, z), t), g)
	}
	put(none, "")
	return strings.TrimRight(b.String()+p.style(st, same.String()), " ")
}

func halfStyle(h half, t *Task) style {
	switch {
	case h == isCritical && bad(t.Outcome), h == isRunning && bad(t.Outcome):
		return red
	case h == isCritical:
		return bold
	case h == isRunning:
		return cyan
	case h == isQueued:
		return yellow
	case h == isBlocked:
		return dim
	}
	return none
}

func markStyle(t *Task) style {
	if bad(t.Outcome) {
		return red
	}
	return dim
}
