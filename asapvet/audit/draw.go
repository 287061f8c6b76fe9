package audit

import (
	"math"
	"strings"
	"unicode/utf8"
)

// bar draws a stretch over [0, span] in half columns: full blocks on the critical path,
// heavy lines off it, as package waterfall does.
func bar(s stretch, span float64, columns int, critical bool) string {
	if span <= 0 {
		span = 1
	}
	at := func(ms float64) int { return max(0, min(2*columns, int(math.Round(ms/span*float64(2*columns))))) }
	from, to := at(s.start), at(s.end)
	var b strings.Builder
	if from == to { // too short for half a column
		column := min(from/2, columns-1)
		return strings.Repeat(" ", column) + "▏"
	}
	full, left, right := "━", "╸", "╺"
	if critical {
		full, left, right = "█", "▌", "▐"
	}
	for c := range columns {
		a, z := from <= 2*c && 2*c < to, from <= 2*c+1 && 2*c+1 < to
		switch {
		case a && z:
			b.WriteString(full)
		case a:
			b.WriteString(left)
		case z:
			b.WriteString(right)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// critical tells which calls the end of all waits for.
func critical(calls []Call, list []stretch) []bool {
	on := make([]bool, len(list))
	at := -1
	for i, s := range list {
		if at < 0 || s.end > list[at].end {
			at = i
		}
	}
	for at >= 0 {
		on[at] = true
		next := -1
		for _, n := range calls[at].Needs {
			if next < 0 || list[n].end > list[next].end {
				next = n
			}
		}
		at = next
	}
	return on
}

// timeline draws the calls of a site before and after.
func (s *Site) timeline(b *strings.Builder, width int) {
	names := s.names()
	wide := 0
	for _, n := range names {
		wide = max(wide, utf8.RuneCountInString(n))
	}
	wide = min(wide, width/3)
	const indent = "      before  "
	columns := max(10, min(60, width-len(indent)-wide-1))
	if s.Count == 0 { // bars that are alike look alike
		columns = min(12, max(1, columns/len(s.Calls))) * len(s.Calls)
	}
	took := make([]float64, len(s.Calls))
	for i, c := range s.Calls {
		took[i] = c.MS
		if s.Count == 0 {
			took[i] = 1 // of calls without a measure all are drawn alike
		}
	}
	before, span := oneByOne(took)
	after := s.after
	if s.Count == 0 {
		after, _ = schedule(s.Calls, took)
	}
	all := make([]bool, len(before))
	for i := range all {
		all[i] = true
	}
	on := all
	if s.Count > 0 {
		on = critical(s.Calls, after)
	}
	for _, part := range []struct {
		name     string
		list     []stretch
		critical []bool
	}{{"before", before, all}, {"after ", after, on}} {
		for i, at := range part.list {
			head := part.name
			if i > 0 {
				head = "      "
			}
			b.WriteString("      " + head + "  " + pad(names[i], wide) + " " + bar(at, span, columns, part.critical[i]) + "\n")
		}
	}
}

// names are those of the calls, with their lines where a name comes twice.
func (s *Site) names() []string {
	times := make(map[string]int)
	for _, c := range s.Calls {
		times[c.Name]++
	}
	var list []string
	for _, c := range s.Calls {
		name := c.Name
		if times[name] > 1 {
			name += ":" + itoa(c.Line)
		}
		list = append(list, name)
	}
	return list
}

// pad makes s w columns wide, and cuts what is wider.
func pad(s string, w int) string {
	n := utf8.RuneCountInString(s)
	if n > w {
		return string([]rune(s)[:max(0, w-1)]) + "…"
	}
	return s + strings.Repeat(" ", w-n)
}
