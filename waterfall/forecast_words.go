package waterfall

import (
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"math"
	"slices"
	"strings"
)

// MarshalText writes the change as [Change.String].
func (c Change) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads it with [ParseChange].
func (c *Change) UnmarshalText(text []byte) (err error) {
	*c, err = ParseChange(string(text))
	return err
}

// words is the change as a person would ask for it.
func (c Change) words() string {
	name := called(c.task)
	switch c.kind {
	case changeSpeed:
		if c.share < 0 {
			return fmt.Sprintf("slow %s by %s %%", name, digits(-100*c.share))
		}
		return fmt.Sprintf("speed %s up by %s %%", name, digits(100*c.share))
	case changeDrop:
		return "leave " + name + " out"
	case changeLimit, changeLimitOf:
		of := ""
		if c.kind == changeLimitOf {
			of = " of " + name
		}
		if c.limit == 0 {
			return "take the limit" + of + " away"
		}
		return fmt.Sprintf("set the limit%s to %d", of, c.limit)
	case changeWithin:
		return fmt.Sprintf("give %s %s", name, duration(c.at))
	case changeHedge:
		if c.fixed {
			return fmt.Sprintf("hedge %s after %s", name, duration(c.at))
		}
		return fmt.Sprintf("hedge %s at p%s", name, digits(100*c.share))
	}
	return c.String()
}

// What is what was asked, in words: hedge ads at p95 (80 ms) and give offers 60 ms.
func (f *Forecast) What() string {
	var parts []string
	hedges, budget := 0, f.budget()
	for _, c := range f.Changes {
		c = c.paidBy(budget)
		switch {
		case c.kind == changeCorrelation || c.kind == changeBudget:
			continue
		case c.kind == changeHedge && !c.fixed && hedges < len(f.Delays):
			parts = append(parts, fmt.Sprintf("%s (%s)", c.words(), duration(f.Delays[hedges])))
		default:
			parts = append(parts, c.words())
		}
		if c.kind == changeHedge {
			hedges++
		}
	}
	if len(parts) == 0 {
		return "no change"
	}
	return list(parts, len(parts))
}

// Costs is what the changes cost, in words, or empty: more calls, answers that are not
// full, failures.
func (f *Forecast) Costs() string {
	var parts []string
	if f.Hedged {
		parts = append(parts, fmt.Sprintf("for %s more calls", share(f.Calls)))
	}
	if slices.ContainsFunc(f.Changes, func(c Change) bool { return c.kind == changeWithin }) || math.Abs(f.Full-f.WasFull) >= .001 {
		text := "full in " + share(f.Full)
		if f.WasFull < .9995 {
			text += " (was " + share(f.WasFull) + ")"
		}
		parts = append(parts, text)
	}
	if math.Abs(f.Failed-f.WasFailed) >= .0005 {
		parts = append(parts, fmt.Sprintf("%s fail (was %s)", share(f.Failed), share(f.WasFailed)))
	}
	return strings.Join(parts, ", ")
}

// Words are the answer, and what it rests on, a sentence each.
func (f *Forecast) Words() []string {
	first := fmt.Sprintf("%s: p99 %s → %s", f.What(), duration(f.Before.P99), duration(f.After.P99))
	if costs := f.Costs(); strings.HasPrefix(costs, "for ") {
		first += " " + costs
	} else if costs != "" {
		first += ", " + costs
	}
	out := []string{first}
	if f.Hedged {
		out = append(out, "only if what is hedged is safe to call twice")
		out = append(out, f.related())
		if f.Refused > 0 {
			out = append(out, fmt.Sprintf("the budget of %s of the calls has nothing left for %s of the second ones", share(f.budget()), share(f.Refused)))
		}
	}
	from := fmt.Sprintf("from %s", countOf(f.Recorded, "recorded run"))
	if f.Runs != f.Recorded {
		from += fmt.Sprintf(", which stand for %d", f.Runs)
	}
	out = append(out, fmt.Sprintf("%s: p99 is between %s and %s, nine times in ten that other runs had been recorded", from, duration(f.Low), duration(f.High)))
	return append(out, f.Assumes...)
}

// related says what is taken for the correlation.
func (f *Forecast) related() string {
	switch {
	case f.Pairs > 0:
		return fmt.Sprintf("two calls of a task are correlated by %s, as %d recorded hedges tell", digits(f.Correlation), f.Pairs)
	case f.AtHalf == nil:
		return fmt.Sprintf("if two calls of a task are correlated by %s", digits(f.Correlation))
	}
	text := fmt.Sprintf("if a second call is as fast as any other; if it is correlated with the first by .5, p99 is %s", duration(f.AtHalf.P99))
	if saved := f.Saved(); saved > 0 {
		text += fmt.Sprintf(", and %s of the gain is left", share(float64(f.Before.P99-f.AtHalf.P99)/float64(saved)))
	}
	return text
}

// share is a share in percent.
func share(of float64) string {
	switch p := 100 * of; {
	case p <= -.05:
		return "−" + digits(-p) + " %"
	case p < .05:
		return "0 %"
	case p < 99.95 && p >= 99.5:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return digits(p) + " %"
	}
}

// told says what outcomes rest on.
func (s *Sample) told(o *outcomes) []string {
	var lines []string
	names := make([]string, len(s.durations))
	for name, k := range s.known {
		names[k] = name
	}
	for k, d := range s.durations {
		if d.cut > 0 && o.uses[k] {
			lines = append(lines, fmt.Sprintf("of %d calls of %s, %d were canceled before they ended: they are taken to last as long as those that ran for longer", d.calls, called(names[k]), d.cut))
		}
	}
	type line struct {
		toldOf
		weight float64
	}
	var all []line
	for of, weight := range o.told {
		all = append(all, line{of, weight})
	}
	slices.SortFunc(all, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.what, b.what), strings.Compare(a.name, b.name))
	})
	total := 0.0
	for _, r := range s.runs {
		total += r.weight
	}
	const most = 3
	for _, l := range all[:min(most, len(all))] {
		lines = append(lines, fmt.Sprintf("in %s of the runs, "+assumptions[l.what], share(l.weight/total), called(l.name)))
	}
	if more := len(all) - most; more > 0 {
		lines = append(lines, countOf(more, "more assumption")+" of this sort")
	}
	return lines
}

// MarshalJSON writes durations as whole nanoseconds and changes as [Change.String], with
// the first of the Words as "words".
func (f *Forecast) MarshalJSON() ([]byte, error) {
	type plain Forecast
	return json.Marshal(struct {
		*plain
		Words string `json:"words"`
	}{(*plain)(f), f.Words()[0]}, summaryOut, jsontext.AllowInvalidUTF8(true))
}
