package asapweb

import (
	"html/template"
	"net/url"
	"time"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// indexPage is what the first page shows.
type indexPage struct {
	page
	Now       string
	Verdict   verdict
	Running   running
	Windows   []choice
	Since     string
	Headings  []heading
	Names     []nameRow
	Forgotten int
}

// nameRow is what is known about the groups of a name.
type nameRow struct {
	Name, ID           string // as it is shown, and as it is found again
	Query              template.URL
	Level              level
	Runs, Failed, Late int
	P50, P95, P99, Max string
	Time               *timeline
	Critical           string // the task that the slowest wait for most
	Share              string
	Err                *lastError

	report *waterfall.Report
}

// lastError is the last failure of a task.
type lastError struct {
	Task, Text string
	When       string
	Run        uint64 // or 0 if it is not kept
}

// nameColumns are those of the first page; an empty one is a picture.
var nameColumns = []column{
	{"name", "name", ""}, {"runs", "runs", ""}, {"failed", "failed", ""}, {"p50", "p50", ""}, {"p95", "p95", ""}, {"p99", "p99", ""}, {"max", "max", ""},
	{"", "over time", "p99 and p50 in the last hour, ten minutes and minute, and how many failed"}, {"", "slow ones wait for", "the task with the largest part in the critical paths of the slowest 5 %"}, {"", "last error", ""},
}

func (h *handler) index(v view, nonce string) (*answer, error) {
	base := newPage(nonce, "asap")
	base.Top.More = downloads(&v)
	base.Script = indexJS
	p := indexPage{page: base, Now: clockOfDay(time.Now()), Forgotten: h.stats.Forgotten(), Windows: v.windows(), Headings: v.headings(nameColumns)}
	live, all := h.stats.Live(maxTold)
	stuck, forever := alone(h.stats.Stuck())
	p.Running = h.running(stuck, live, all)
	s := state{problems: hangs(stuck, &p.Running)}
	s.runOn(forever)
	for _, r := range h.stats.Reports(v.window) {
		if p.Since == "" {
			p.Since = clockOfDay(r.Since)
		}
		points := h.stats.Timeline(r.Name)
		h.changes(&s, r.Name, points)
		row := h.nameRow(&r)
		row.Time = newTimeline(points, r.Until, 24)
		p.Names = append(p.Names, row)
	}
	p.Verdict = s.verdict()
	for i := range p.Names {
		for _, problem := range s.problems {
			if row := &p.Names[i]; problem.name == row.report.Name {
				row.Level = max(row.Level, problem.Level)
			}
		}
	}
	if v.sort == "" { // those in trouble first
		by := view{sort: "level"}
		sortRows(&by, p.Names, nil, map[string]func(*nameRow) float64{"level": func(r *nameRow) float64 { return float64(r.Level) }})
	}
	number := func(f func(*waterfall.Report) float64) func(*nameRow) float64 {
		return func(r *nameRow) float64 { return f(r.report) }
	}
	sortRows(&v, p.Names, func(r *nameRow) string { return r.report.Name }, map[string]func(*nameRow) float64{
		"runs":   number(func(r *waterfall.Report) float64 { return float64(r.Runs) }),
		"failed": number(func(r *waterfall.Report) float64 { return float64(r.Failures() + r.Late) }),
		"p50":    number(func(r *waterfall.Report) float64 { return float64(r.P50) }),
		"p95":    number(func(r *waterfall.Report) float64 { return float64(r.P95) }),
		"p99":    number(func(r *waterfall.Report) float64 { return float64(r.P99) }),
		"max":    number(func(r *waterfall.Report) float64 { return float64(r.Max) }),
	})
	return show("index", p)
}

func (h *handler) nameRow(r *waterfall.Report) nameRow {
	n := nameRow{Name: shown(r.Name), ID: url.QueryEscape(linked(r.Name)), Query: query("group", r.Name, "window", windowName(r.Window)), Runs: r.Runs, Failed: r.Failures(), Late: r.Late, report: r}
	if r.Runs == 0 {
		return n
	}
	n.P50, n.P95, n.P99, n.Max = look.Duration(r.P50), look.Duration(r.P95), look.Duration(r.P99), look.Duration(r.Max)
	if len(r.Tasks) > 0 && r.Tasks[0].SlowShare > 0 {
		n.Critical, n.Share = cut(r.Tasks[0].Name, 60), percent(r.Tasks[0].SlowShare)
	}
	var last *waterfall.TaskReport
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.Failures > 0 && t.Err != "" && (last == nil || t.ErrAt.After(last.ErrAt)) {
			last = t
		}
	}
	if last != nil {
		n.Err = h.lastError(last)
	}
	return n
}

func (h *handler) lastError(t *waterfall.TaskReport) *lastError {
	if t.Err == "" {
		return nil
	}
	e := &lastError{Task: cut(t.Name, 60), Text: said(*t, 160), When: clockOfDay(t.ErrAt)}
	if h.stats.Run(t.ErrRun) != nil {
		e.Run = t.ErrRun
	}
	return e
}
