package asapweb

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// maxTasks is how many tasks of a group are shown, the most critical first.
const maxTasks = 100

// groupPage is what the page of a name shows.
type groupPage struct {
	page
	Report    waterfall.Report
	Figures   []figure
	Bars      *bars
	Tasks     []taskRow
	MoreTasks int
	Live      []liveRow
	MoreRun   int
	Lists     []runList
}

type figure struct {
	Name, Value string
	Bad         bool
}

type taskRow struct {
	Name                 string
	Runs, Failures       int
	Tolerated            int // failures that the others went on without
	P50, P95, P99        string
	Index, SlowIndex     share // of runs
	OfTime, SlowOfTime   string
	NeverRan, NeverOnWay bool
}

// share is a number with a bar of that length.
type share struct {
	Text  string
	Width string // of a bar, in percent of its place
}

type runList struct {
	Title string
	Runs  []runRow
}

// runRow is a run with its critical path as a strip.
type runRow struct {
	Number      uint64
	Took, Began string
	Outcome     string
	Bad         bool
	Strip       *strip
}

func (h *handler) group(v view, nonce string) (*answer, error) {
	r := h.stats.Report(v.group, waterfall.SinceStart)
	p := groupPage{page: newPage(nonce, shown(v.group)), Report: r}
	p.Top.Path = []crumb{{Text: shown(v.group)}}
	live, all := h.stats.LiveOf(v.group, maxLive)
	p.Live, p.MoreRun = h.liveRows(live, false), all-len(live)
	if r.Runs == 0 && len(p.Live) == 0 {
		return nil, refuse(http.StatusNotFound, "group %q: no run of that name has been seen", v.group)
	}
	p.Figures = figures(&r)
	p.Bars = newBars(&r, 64, 120)
	for _, t := range r.Tasks[:min(len(r.Tasks), maxTasks)] {
		p.Tasks = append(p.Tasks, newTaskRow(t))
	}
	p.MoreTasks = len(r.Tasks) - len(p.Tasks) + r.Unnamed
	if r.Runs > 0 {
		p.Lists = []runList{{"Slowest runs", h.runRows(r.Slowest)}, {"Latest runs", h.runRows(r.Latest)}}
	}
	return show("group", p)
}

func figures(r *waterfall.Report) []figure {
	list := []figure{{Name: "runs", Value: fmt.Sprint(r.Runs)}}
	for o := asap.Succeeded; o <= asap.Goexited; o++ {
		bad := o == asap.Failed || o == asap.Panicked || o == asap.Goexited
		if n := r.Outcomes[o]; n > 0 && n < r.Runs || n > 0 && bad {
			list = append(list, figure{strings.ToLower(o.String()), fmt.Sprint(n), bad})
		}
	}
	if r.Runs == 0 {
		return list
	}
	for _, q := range []struct {
		name string
		text string
	}{{"p50", look.Duration(r.P50)}, {"p90", look.Duration(r.P90)}, {"p95", look.Duration(r.P95)}, {"p99", look.Duration(r.P99)}, {"max", look.Duration(r.Max)}} {
		list = append(list, figure{Name: q.name, Value: q.text})
	}
	return list
}

func newTaskRow(t waterfall.TaskReport) taskRow {
	return taskRow{
		Name: look.Plain(t.Name), Runs: t.Runs, Failures: t.Failures, Tolerated: t.Tolerated,
		P50: look.Duration(t.P50), P95: look.Duration(t.P95), P99: look.Duration(t.P99),
		Index: newShare(t.Criticality), SlowIndex: newShare(t.SlowCriticality),
		OfTime: percent(t.Share), SlowOfTime: percent(t.SlowShare),
	}
}

func newShare(f float64) share {
	return share{percent(f), fmt.Sprintf("%.1f%%", 100*min(1, max(0, f)))}
}

func (h *handler) runRows(list []waterfall.Kept) []runRow {
	var runs []*waterfall.Run
	for _, k := range list {
		if run := h.stats.Run(k.Number); run != nil {
			runs = append(runs, run)
		}
	}
	if len(runs) == 0 {
		return nil
	}
	longest := slices.MaxFunc(runs, func(a, b *waterfall.Run) int { return int(min(1, max(-1, a.Makespan-b.Makespan))) }).Makespan
	rows := make([]runRow, len(runs))
	for i, run := range runs {
		rows[i] = runRow{Number: run.Number, Took: look.Duration(run.Makespan), Began: clock(run.Began), Strip: newStrip(run, longest)}
		if len(run.Groups) == 0 {
			continue
		}
		switch o := run.Groups[0].Outcome; o {
		case asap.Succeeded:
		case asap.Failed, asap.Panicked, asap.Goexited:
			rows[i].Bad = true
			fallthrough
		default:
			rows[i].Outcome = strings.ToLower(o.String())
		}
	}
	return rows
}
