package asapweb

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// comparisonPage is a window of a name beside what was before it.
type comparisonPage struct {
	page
	Windows       []choice
	Against       []choice
	Before, After sideOfTime
	Words         []string
	Figures       []changeRow
	Bars          *overlay
	Headings      []heading
	Causes        []causeRow
	More          int
	Slow          *pairLink
}

// sideOfTime is one side of the comparison.
type sideOfTime struct {
	Name  string // last minute, or build v1.2
	When  string
	Runs  string
	Empty bool
}

type changeRow struct {
	Name, Before, After, Change string
	Worse, Better               bool
}

type causeRow struct {
	Name                string
	State               string // new or gone
	P99, P50, Mean      string
	Worse99, Worse50    bool
	WorseMean           bool
	TookBefore, TookNow string // p99 of its own time
	Failed              string
	FailsMore           bool

	cause         waterfall.Cause
	failures      int
	took, tookWas time.Duration
}

// pairLink leads to two runs beside each other.
type pairLink struct{ A, B uint64 }

var causeColumns = []column{
	{"task", "task", ""}, {"p99", "p99 changed by", "by how much longer the runs about p99 waited for it"}, {"p50", "p50 changed by", "by how much longer the runs about p50 waited for it"}, {"mean", "mean changed by", "by how much longer all runs waited for it, on the average"},
	{"took", "its own p99", "of the time that its body ran"}, {"failed", "failed", ""},
}

func (h *handler) comparison(v view, nonce string) (*answer, error) {
	var c waterfall.Comparison
	if v.against == againstBuild {
		var ok bool
		if c, ok = h.stats.CompareBuilds(v.group, v.window); !ok {
			return nil, refuse(http.StatusNotFound, "parameter against: no build before is known; Stats.SetBefore tells of one")
		}
	} else {
		than, err := windowOf(url.Values{"against": {v.against}}, "against")
		if err != nil {
			return nil, err
		}
		if !longer(than, v.window) {
			return nil, refuse(http.StatusBadRequest, "parameter against: %q is not longer than window %q; the one is compared with the rest of the other", v.against, windowName(v.window))
		}
		c = h.stats.Compare(v.group, v.window, than)
	}
	if c.After.Runs == 0 && c.Before.Runs == 0 && !slices.Contains(h.stats.Names(), v.group) {
		return nil, refuse(http.StatusNotFound, "group %q: no run of that name has been seen, or it is forgotten", linked(v.group))
	}
	p := comparisonPage{page: newPage(nonce, shown(v.group)+": what has changed"), Words: c.Words(), Headings: v.headings(causeColumns)}
	p.Top.Path = []crumb{{shown(v.group), query("group", v.group, "window", windowName(v.window))}, {Text: "what has changed"}}
	for i, w := range p.Words {
		p.Words[i] = look.Unbroken(cut(w, 400))
	}
	p.After = newSideOfTime(&c.After, "last "+v.window.String())
	if v.window == waterfall.SinceStart {
		p.After.Name = v.window.String()
	}
	p.Before = newSideOfTime(&c.Before, "before")
	if v.against == againstBuild {
		p.Before.Name, p.After.Name = called(c.Before.Build), called(c.After.Build)
		p.After.When = v.window.String() + ", " + p.After.When
	}
	p.Windows = nil
	for _, w := range waterfall.Windows() {
		other := v
		other.window = w
		if than, err := windowOf(url.Values{"against": {v.against}}, "against"); err == nil && !longer(than, w) {
			continue
		}
		p.Windows = append(p.Windows, choice{w.String(), query(other.base()...), w == v.window})
	}
	p.Against = h.comparisons(&v)
	for i := range p.Against {
		other := v
		p.Against[i].Current = p.Against[i].Query == query(other.base()...)
	}
	p.Figures = changeRows(&c)
	p.Bars = newOverlay(&c.Before, &c.After)
	p.Causes = causeRows(&c)
	sortRows(&v, p.Causes, func(r *causeRow) string { return r.cause.Name }, map[string]func(*causeRow) float64{
		"p99":    func(r *causeRow) float64 { return float64(r.cause.P99) },
		"p50":    func(r *causeRow) float64 { return float64(r.cause.P50) },
		"mean":   func(r *causeRow) float64 { return float64(r.cause.Mean) },
		"took":   func(r *causeRow) float64 { return float64(r.took - r.tookWas) },
		"failed": func(r *causeRow) float64 { return float64(r.failures) },
	})
	p.More = max(0, len(p.Causes)-maxTasks)
	p.Causes = p.Causes[:min(len(p.Causes), maxTasks)]
	if usual := typical(&c.Before); usual != nil && len(c.After.Slowest) > 0 && usual.Number != c.After.Slowest[0].Number && v.against != againstBuild {
		p.Slow = &pairLink{A: usual.Number, B: c.After.Slowest[0].Number}
	}
	return show("comparison", p)
}

func newSideOfTime(r *waterfall.Report, name string) sideOfTime {
	s := sideOfTime{Name: name, Runs: runs(r.Runs), Empty: r.Runs == 0}
	if !r.Since.IsZero() {
		s.When = clockOfDay(r.Since) + " to " + clockOfDay(r.Until)
	}
	return s
}

func changeRows(c *waterfall.Comparison) []changeRow {
	if c.Before.Runs == 0 || c.After.Runs == 0 {
		return nil
	}
	failed := func(r *waterfall.Report) float64 { return float64(r.Failures()) / float64(r.Runs) }
	rows := []changeRow{{
		Name: "failed", Before: percent(failed(&c.Before)), After: percent(failed(&c.After)),
		Worse: failsMore(c),
	}}
	if d := 100 * (failed(&c.After) - failed(&c.Before)); d >= 0.5 || d <= -0.5 {
		rows[0].Change = strings.Replace(fmt.Sprintf("%+.0f points", d), "-", "−", 1)
	}
	for _, q := range []struct {
		name          string
		before, after time.Duration
	}{
		{"mean", meanOf(&c.Before), meanOf(&c.After)}, {"p50", c.Before.P50, c.After.P50}, {"p90", c.Before.P90, c.After.P90}, {"p95", c.Before.P95, c.After.P95},
		{"p99", c.Before.P99, c.After.P99}, {"max", c.Before.Max, c.After.Max},
	} {
		row := changeRow{Name: q.name, Before: look.Duration(q.before), After: look.Duration(q.after), Change: signed(q.after - q.before)}
		if (q.after - q.before).Abs() < max(q.before, q.after)/20 { // within what a class of the histogram is wide
			row.Change = "about the same"
		}
		row.Worse = float64(q.after) >= 1.1*float64(q.before)
		row.Better = float64(q.after) <= 0.9*float64(q.before)
		rows = append(rows, row)
	}
	return rows
}

func causeRows(c *waterfall.Comparison) []causeRow {
	find := func(r *waterfall.Report, name string) *waterfall.TaskReport {
		for i := range r.Tasks {
			if r.Tasks[i].Name == name {
				return &r.Tasks[i]
			}
		}
		return nil
	}
	all99, all50, mean := c.After.PathP99-c.Before.PathP99, c.After.PathP50-c.Before.PathP50, meanOf(&c.After)-meanOf(&c.Before)
	// A cause stands out if it makes things worse, and is no small part of that.
	matters := func(of, all time.Duration) bool { return of > 0 && all > 0 && of >= all/10 }
	rowOf := func(k waterfall.Cause) causeRow {
		row := causeRow{Name: cut(k.Name, 120), cause: k, Worse99: matters(k.P99, all99), Worse50: matters(k.P50, all50), WorseMean: matters(k.Mean, mean)}
		if k.Name == "" {
			row.Name = "(waiting for the caller)"
		}
		row.P99, row.P50, row.Mean = changeOf(k.P99), changeOf(k.P50), changeOf(k.Mean)
		switch {
		case k.New:
			row.State = "new"
		case k.Gone:
			row.State = "gone"
		}
		before, after := find(&c.Before, k.Name), find(&c.After, k.Name)
		if before != nil {
			row.TookBefore, row.tookWas = look.Duration(before.P99), before.P99
		}
		if after != nil {
			row.TookNow, row.took, row.failures = look.Duration(after.P99), after.P99, after.Failures
			if after.Failures > 0 {
				row.Failed = fmt.Sprintf("%d of %d", after.Failures, after.Runs)
				row.FailsMore = before == nil || before.Failures*after.Runs < after.Failures*before.Runs
			}
		}
		return row
	}
	var rows []causeRow
	seen := make(map[string]bool)
	for _, k := range c.Causes {
		seen[k.Name] = true
		rows = append(rows, rowOf(k))
	}
	for _, t := range c.After.Tasks { // on no critical path, and worth a row
		if before := find(&c.Before, t.Name); !seen[t.Name] && (t.Failures > 0 || before == nil) {
			rows = append(rows, rowOf(waterfall.Cause{Name: t.Name, New: before == nil}))
		}
	}
	return rows
}

func meanOf(r *waterfall.Report) time.Duration { return r.Total / time.Duration(max(1, r.Runs)) }

func changeOf(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return signed(d)
}
