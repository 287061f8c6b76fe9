package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Text writes the report for people: the first most sites, all if most is 0, drawn
// within width columns.
func (r *Report) Text(most, width int) string {
	var b strings.Builder
	shown := r.Sites
	if most > 0 && len(shown) > most {
		shown = shown[:most]
	}
	for _, s := range shown {
		b.WriteString(s.head(r.measured) + "\n")
		s.timeline(&b, width)
		wrap(&b, s.sentence(), "      ", width)
		for _, why := range s.Why {
			wrap(&b, s.Tier+": "+why, "      ", width)
		}
		b.WriteByte('\n')
	}
	if n := len(r.Sites) - len(shown); n > 0 {
		fmt.Fprintf(&b, "… and %d more; -n 0 prints all\n\n", n)
	}
	if len(r.Unproven) > 0 {
		b.WriteString("slow and one after the other, independence not proven\n\n")
		list := r.Unproven
		if most > 0 && len(list) > most {
			list = list[:most]
		}
		for _, s := range list {
			b.WriteString(s.head(r.measured) + "\n")
			var parts []string
			for i, name := range s.names() {
				parts = append(parts, name+" "+ms(s.Calls[i].MS))
			}
			wrap(&b, strings.Join(parts, ", ")+": "+strings.Join(s.Why, "; "), "      ", width)
		}
		if n := len(r.Unproven) - len(list); n > 0 {
			fmt.Fprintf(&b, "… and %d more; -n 0 prints all\n", n)
		}
		b.WriteByte('\n')
	}
	if len(r.Unmatched) > 0 {
		b.WriteString("spans for which no call was found\n\n")
		list := r.Unmatched
		if most > 0 && len(list) > most {
			list = list[:most]
		}
		for _, s := range list {
			fmt.Fprintf(&b, "  %8s in %s  %s\n", ms(s.MS), count(s.Count, "span"), s.Name)
		}
		if n := len(r.Unmatched) - len(list); n > 0 {
			fmt.Fprintf(&b, "  … and %d more; -n 0 prints all\n", n)
		}
		b.WriteByte('\n')
	}
	r.foot(&b, width)
	return b.String()
}

func (s *Site) head(measured bool) string {
	parts := []string{
		fmt.Sprintf("%s:%d %s", s.File, s.Line, s.Func),
		fmt.Sprintf("%s, %s → %d", count(len(s.Calls), "call"), count(s.Levels[0], "level"), s.Levels[1]),
	}
	switch {
	case s.Count > 0:
		parts = append(parts, ms(s.Before)+" → "+ms(s.After), fmt.Sprintf("saves %s of each of %s", ms(s.Saves), count(s.Count, "call")))
	case measured:
		parts = append(parts, s.Mark)
	}
	if s.Tier == "likely" || s.Tier == "low" {
		parts = append(parts, s.Tier)
	}
	if s.From != "" && s.Count == 0 {
		parts = append(parts, "reached from "+s.From)
	}
	return strings.Join(parts, "   ")
}

// sentence says which calls need which.
func (s *Site) sentence() string {
	names := s.names()
	var free, parts []string
	for i, c := range s.Calls {
		if len(c.Needs) == 0 {
			free = append(free, names[i])
			continue
		}
		var of []string
		for k, n := range c.Needs {
			text := names[n]
			if k < len(c.uses) && c.uses[k] != "" {
				text += " (" + c.uses[k] + ")"
			}
			of = append(of, text)
		}
		parts = append(parts, names[i]+" needs "+and(of))
	}
	switch {
	case len(free) > 1:
		parts = slices.Insert(parts, 0, and(free)+" need nothing of each other")
	case len(free) == 1 && len(s.Calls) > 1:
		parts = slices.Insert(parts, 0, free[0]+" comes first")
	}
	return strings.Join(parts, "; ")
}

func (r *Report) foot(b *strings.Builder, width int) {
	tiers := make(map[string]int)
	for _, s := range r.Sites {
		tiers[s.Tier]++
	}
	text := count(len(r.Sites), "site")
	var of []string
	for _, t := range []string{"high", "likely", "low"} {
		if tiers[t] > 0 {
			of = append(of, fmt.Sprint(tiers[t], " ", t))
		}
	}
	if len(of) > 0 {
		text += " (" + strings.Join(of, ", ") + ")"
	}
	text += " in " + count(r.Summary.Packages, "package") + ", " + count(r.Summary.Lines, "line")
	if n := len(r.Summary.Missing); n > 0 {
		text += fmt.Sprintf("; %s not found, counted as empty", count(n, "imported package"))
	}
	wrap(b, text, "", width)
	if r.Summary.Cut > 0 {
		wrap(b, count(r.Summary.Cut, "call")+" had begun before a trace or not ended with it, and do not count", "", width)
	}
	for _, f := range r.Summary.Failed {
		first, _, _ := strings.Cut(f, "\n")
		wrap(b, "not analyzed: "+first, "", width)
	}
	for _, f := range r.Summary.Broken {
		wrap(b, f, "", width)
	}
}

// wrap writes text in lines of a width.
func wrap(b *strings.Builder, text, indent string, width int) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if line != indent && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	if line != indent {
		b.WriteString(line + "\n")
	}
}

func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return strconv.Itoa(n) + " " + word
}

func itoa(n int) string { return strconv.Itoa(n) }

// ms writes milliseconds with the digits that tell something.
func ms(d float64) string {
	switch {
	case d >= 10_000:
		return fmt.Sprintf("%.1f s", d/1000)
	case d >= 10, d == 0:
		return fmt.Sprintf("%.0f ms", d)
	case d >= 1:
		return fmt.Sprintf("%.1f ms", d)
	}
	return fmt.Sprintf("%.2f ms", d)
}
