package asapweb

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// maxTasks is how many tasks of a group are shown, the first as they are sorted.
const maxTasks = 100

// groupPage is what the page of a name shows.
type groupPage struct {
	page
	Windows  []choice
	Since    string
	Verdict  verdict
	Figures  []figure
	Time     *timeline
	Bars     *bars
	Compare  []choice
	Headings []heading
	Tasks    []taskRow
	MoreTask int
	Tail     []decisionRow
	Running  running
	Lists    []runList
	WhatIf   *forecasts
}

type figure struct {
	Name, Value, Note string
	Bad               bool
}

type taskRow struct {
	Name               string
	Runs, Failures     int
	Tolerated          int // failures that the others went on without
	P50, P95, P99      string
	Index, SlowIndex   share // of runs
	OfTime, SlowOfTime string
	Err                *lastError

	report *waterfall.TaskReport
}

// taskColumns are those of the page of a name.
var taskColumns = []column{
	{"task", "task", ""}, {"runs", "runs", ""}, {"failed", "failed", ""}, {"p50", "p50", ""}, {"p95", "p95", ""}, {"p99", "p99", ""},
	{"critical", "critical", "in so many of all runs"}, {"time", "time", "its part of the time of all critical paths"},
	{"slow", "critical", "in so many of the slowest 5 % of runs"}, {"slowtime", "time", "its part of the time of their critical paths"},
}

// share is a number with a bar of that length.
type share struct {
	Text  string
	Width string // of a bar, in percent of its place
}

type runList struct {
	Title, Note string
	Runs        []runRow
}

// runRow is a run with its critical path as a strip.
type runRow struct {
	Number      uint64
	Took, Began string
	Outcome     string
	Bad         bool
	Err         string
	With        uint64 // a usual run, to be compared with
	Strip       *strip
}

func (h *handler) group(v view, nonce string) (*answer, error) {
	r := h.stats.Report(v.group, v.window)
	p := groupPage{page: newPage(nonce, shown(v.group)), Windows: v.windows(), Since: clockOfDay(r.Since), Headings: v.headings(taskColumns)}
	p.Top.Path = []crumb{{Text: shown(v.group)}}
	if slices.Contains(h.stats.Names(), v.group) { // and not only running
		p.Top.More = downloads(&v)
	}
	live, all := h.stats.LiveOf(v.group, maxTold)
	stuck, forever := alone(slices.DeleteFunc(h.stats.Stuck(), func(s waterfall.Stuck) bool { return s.Most.Name != v.group }))
	p.Running = h.running(stuck, live, all)
	if r.Runs == 0 && all == 0 && !slices.Contains(h.stats.Names(), v.group) {
		return nil, refuse(http.StatusNotFound, "group %q: no run of that name has been seen, or it is forgotten", linked(v.group))
	}
	points := h.stats.Timeline(v.group)
	s := state{problems: hangs(stuck, &p.Running)}
	s.runOn(forever)
	h.changes(&s, v.group, points)
	p.Verdict = s.verdict()
	p.Time = newTimeline(points, r.Until, 64)
	p.Figures = figures(&r)
	p.Bars = newBars(&r, 64, 120)
	p.Compare = h.comparisons(&v)
	for i := range r.Tasks {
		p.Tasks = append(p.Tasks, h.taskRow(&r.Tasks[i]))
	}
	sortTasks(&v, p.Tasks)
	p.MoreTask = max(0, len(p.Tasks)-maxTasks) + r.Unnamed
	p.Tasks = p.Tasks[:min(len(p.Tasks), maxTasks)]
	p.Tail = h.decisions(v.group)
	if r.Runs > 0 {
		p.Lists = h.runLists(&r)
		p.WhatIf = h.forecasts(&v, r.Runs)
	}
	return show("group", p)
}

func sortTasks(v *view, rows []taskRow) {
	number := func(f func(*waterfall.TaskReport) float64) func(*taskRow) float64 {
		return func(r *taskRow) float64 { return f(r.report) }
	}
	sortRows(v, rows, func(r *taskRow) string { return r.report.Name }, map[string]func(*taskRow) float64{
		"runs":     number(func(t *waterfall.TaskReport) float64 { return float64(t.Runs) }),
		"failed":   number(func(t *waterfall.TaskReport) float64 { return float64(t.Failures) }),
		"p50":      number(func(t *waterfall.TaskReport) float64 { return float64(t.P50) }),
		"p95":      number(func(t *waterfall.TaskReport) float64 { return float64(t.P95) }),
		"p99":      number(func(t *waterfall.TaskReport) float64 { return float64(t.P99) }),
		"critical": number(func(t *waterfall.TaskReport) float64 { return t.Criticality }),
		"time":     number(func(t *waterfall.TaskReport) float64 { return t.Share }),
		"slow":     number(func(t *waterfall.TaskReport) float64 { return t.SlowCriticality }),
		"slowtime": number(func(t *waterfall.TaskReport) float64 { return t.SlowShare }),
	})
}

func figures(r *waterfall.Report) []figure {
	list := []figure{{Name: "runs", Value: fmt.Sprint(r.Runs)}}
	for o := asap.Succeeded; o <= asap.Goexited; o++ {
		bad := isBad(o)
		if n := r.Outcomes[o]; n > 0 && n < r.Runs || n > 0 && bad {
			list = append(list, figure{Name: strings.ToLower(o.String()), Value: fmt.Sprint(n), Bad: bad})
		}
	}
	if r.Late > 0 {
		list = append(list, figure{Name: "out of time", Value: fmt.Sprint(r.Late), Bad: true})
	}
	if r.Runs == 0 {
		return list
	}
	for _, q := range []struct {
		name string
		at   time.Duration
	}{{"p50", r.P50}, {"p90", r.P90}, {"p95", r.P95}, {"p99", r.P99}, {"max", r.Max}} {
		list = append(list, figure{Name: q.name, Value: look.Duration(q.at)})
	}
	return list
}

func (h *handler) taskRow(t *waterfall.TaskReport) taskRow {
	return taskRow{
		Name: cut(t.Name, 120), Runs: t.Runs, Failures: t.Failures, Tolerated: t.Tolerated,
		P50: look.Duration(t.P50), P95: look.Duration(t.P95), P99: look.Duration(t.P99),
		Index: newShare(t.Criticality), SlowIndex: newShare(t.SlowCriticality),
		OfTime: percent(t.Share), SlowOfTime: percent(t.SlowShare), Err: h.lastError(t), report: t,
	}
}

func newShare(f float64) share {
	return share{percent(f), fmt.Sprintf("%.1f%%", 100*min(1, max(0, f)))}
}

// comparisons are the links to pages that compare the window with others.
func (h *handler) comparisons(v *view) []choice {
	var list []choice
	add := func(against, text string) {
		list = append(list, choice{Text: text, Query: query("group", v.group, "window", windowName(v.window), "against", against)})
	}
	for _, w := range waterfall.Windows() {
		if longer(w, v.window) && w != waterfall.SinceStart {
			add(windowName(w), "the "+w.String()+" before")
		}
	}
	if v.window != waterfall.SinceStart {
		add(windowName(waterfall.SinceStart), "all before")
	}
	if before := h.stats.Before(); before != nil {
		text := "the build before"
		if known(before.Build) {
			text += ", " + cut(before.Build.String(), 40)
		}
		add(againstBuild, text)
	}
	return list
}

// longer tells whether a window is longer than another one.
func longer(w, than waterfall.Window) bool {
	all := waterfall.Windows()
	return slices.Index(all, w) > slices.Index(all, than)
}

// runLists are the runs of a report that are kept: the failed ones first, as
// they are what one looks for.
func (h *handler) runLists(r *waterfall.Report) []runList {
	usual := typical(r)
	lists := []runList{
		{"Failed runs", "rather of different errors", h.runRows(fewFailed(r.Failed), usual, 0)},
		{"Slowest runs", "and what each waited for", h.runRows(r.Slowest, usual, 0)},
		{"Samples", "one of each class of latency", h.runRows(r.Samples, usual, 0)},
		{"Latest runs", "", h.runRows(r.Latest, usual, 0)},
	}
	return slices.DeleteFunc(lists, func(l runList) bool { return len(l.Runs) == 0 && l.Title != "Slowest runs" })
}

// maxFailed is how many failed runs are shown.
const maxFailed = 8

// fewFailed are the latest of each error, and then others, the latest first.
func fewFailed(list []waterfall.Kept) []waterfall.Kept {
	var first, rest []waterfall.Kept
	for _, k := range list {
		if slices.ContainsFunc(first, func(o waterfall.Kept) bool { return look.SameError(k.Err, o.Err) }) {
			rest = append(rest, k)
		} else {
			first = append(first, k)
		}
	}
	few := append(first, rest...)
	few = few[:min(len(few), maxFailed)]
	slices.SortFunc(few, func(a, b waterfall.Kept) int { return cmp.Compare(b.Number, a.Number) })
	return few
}

// typical is a run that succeeded and took about as long as half of them, or nil.
func typical(r *waterfall.Report) *waterfall.Kept {
	var best *waterfall.Kept
	for _, list := range [][]waterfall.Kept{r.Samples, r.Latest} {
		for i := range list {
			k := &list[i]
			if k.Outcome == asap.Succeeded && (best == nil || (k.Makespan-r.P50).Abs() < (best.Makespan-r.P50).Abs()) {
				best = k
			}
		}
	}
	return best
}

func (h *handler) runRows(list []waterfall.Kept, usual *waterfall.Kept, longest time.Duration) []runRow {
	for _, k := range list {
		longest = max(longest, k.Makespan)
	}
	var rows []runRow
	for _, k := range list {
		run := h.stats.Run(k.Number)
		if run == nil {
			continue // it has just gone
		}
		row := runRow{Number: k.Number, Took: look.Duration(k.Makespan), Began: clock(k.Began), Err: cut(strings.TrimPrefix(k.Err, "asap: "), 160), Strip: newStrip(run, longest)}
		if row.Outcome, row.Bad = outcomeWord(k.Outcome); k.Late {
			row.Outcome, row.Bad = "out of time", true
		}
		if usual != nil && usual.Number != k.Number {
			row.With = usual.Number
		}
		rows = append(rows, row)
	}
	return rows
}
