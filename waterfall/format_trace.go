package waterfall

import (
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"io"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// The trace is an object of the Trace Event Format, which chrome://tracing and
// ui.perfetto.dev read: a process for each group, in which the tasks share lanes, a
// slice for each piece, a flow arrow from the end of what was waited for to what it
// let go on, and counters of the bodies that run and are queued.

type traceEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitzero"`
	Phase string         `json:"ph"`
	TS    float64        `json:"ts"` // µs
	Dur   *float64       `json:"dur,omitzero"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	ID    int            `json:"id,omitzero"`
	BP    string         `json:"bp,omitzero"`
	Color string         `json:"cname,omitzero"` // one of the viewer's names; Perfetto has its own
	Args  map[string]any `json:"args,omitzero"`
}

type trace struct {
	TraceEvents     []traceEvent      `json:"traceEvents"`
	DisplayTimeUnit string            `json:"displayTimeUnit"`
	OtherData       map[string]string `json:"otherData,omitzero"`
}

func micro(d time.Duration) float64 { return float64(d) / 1e3 }

func (r *Run) writeTrace(w io.Writer) error {
	x := r.index()
	t := trace{DisplayTimeUnit: "ms", OtherData: map[string]string{"run": r.title()}}
	name := r.Name
	if name == "" {
		name = "group"
	}
	meta := func(what string, pid, tid int, args map[string]any) {
		t.TraceEvents = append(t.TraceEvents, traceEvent{Name: what, Phase: "M", PID: pid, TID: tid, Args: args})
	}
	critical := make(map[asap.ID][]Step)
	for _, s := range r.CriticalPath() {
		critical[s.Task] = append(critical[s.Task], s)
	}
	lanes := x.lanes()
	for n, of := range lanes.groups {
		if n == 0 {
			of = clip(name, longestTold)
		}
		meta("process_name", n+1, 0, map[string]any{"name": of + lanes.words[n]})
		meta("process_sort_index", n+1, 0, map[string]any{"sort_index": n + 1})
	}
	for n, l := range lanes.list {
		meta("thread_name", l.group+1, n+1, map[string]any{"name": l.name})
		meta("thread_sort_index", l.group+1, n+1, map[string]any{"sort_index": n + 1})
	}
	flow := 0
	for i := range r.Tasks {
		task := &r.Tasks[i]
		at := func(ts float64, e traceEvent) traceEvent {
			lane := lanes.of[i].lane
			e.TS, e.PID, e.TID = ts, lanes.list[lane].group+1, lane+1
			return e
		}
		for k, p := range task.Pieces {
			if lanes.draws(i, p) {
				t.TraceEvents = append(t.TraceEvents, at(micro(p.Start), slice(x, i, k, critical[task.ID])))
			}
			from := x.releaser(p)
			if from < 0 {
				continue
			}
			start, ok := lanes.last(x, from)
			end, goes := lanes.next(x, i, k)
			if !ok || !goes {
				continue
			}
			flow++
			lane := lanes.of[from].lane
			t.TraceEvents = append(t.TraceEvents,
				traceEvent{Name: "unblocks", Cat: "dependency", Phase: "s", TS: micro(start), PID: lanes.list[lane].group + 1, TID: lane + 1, ID: flow},
				at(micro(end), traceEvent{Name: "unblocks", Cat: "dependency", Phase: "f", BP: "e", ID: flow}))
		}
	}
	t.TraceEvents = append(t.TraceEvents, x.counters()...)
	return json.MarshalWrite(w, &t, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

// counters are how many bodies run and are queued, at each instant that this changes.
func (x *index) counters() []traceEvent {
	var edges []edge
	for i := range x.run.Tasks {
		for _, p := range x.run.Tasks[i].Pieces {
			switch {
			case p.Len() == 0:
			case p.State == Running:
				edges = append(edges, edge{p.Start, 1, 0}, edge{p.End, -1, 0})
			case p.State == Queued:
				edges = append(edges, edge{p.Start, 0, 1}, edge{p.End, 0, -1})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })
	var out []traceEvent
	run, waiting := 0, 0
	for i, e := range edges {
		run += e.run
		waiting += e.waiting
		if i+1 == len(edges) || edges[i+1].at > e.at {
			out = append(out, traceEvent{Name: "bodies", Phase: "C", TS: micro(e.at), PID: 1, Args: map[string]any{"running": run, "queued": waiting}})
		}
	}
	return out
}

// slice is piece k of task i.
func slice(x *index, i, k int, critical []Step) traceEvent {
	task := &x.run.Tasks[i]
	p := task.Pieces[k]
	dur := micro(p.Len())
	e := traceEvent{Name: clip(task.Name, longestTold), Cat: p.State.String(), Phase: "X", Dur: &dur, Args: map[string]any{}}
	if p.State != Running {
		e.Args["task"] = e.Name
	}
	switch p.State {
	case Queued:
		e.Name, e.Color = "queued", "yellow"
	case Blocked:
		e.Name, e.Color = "blocked", "grey"
		if n := clip(x.nameOf(p.On), longestTold); n != "" {
			e.Name += " on " + n
			e.Args["on"] = n
		}
	case Running:
		if isIn(p, critical) {
			e.Args["critical"], e.Color = true, "thread_state_iowait" // orange
		}
	}
	if p.State == Running && bad(task.Outcome) {
		e.Color = "terrible"
	}
	if k == len(task.Pieces)-1 {
		e.Args["outcome"] = task.word()
		if task.Err != "" {
			e.Args["error"] = clip(task.Err, 4*longestTold)
		}
	}
	return e
}

// isIn tells whether any of the steps in which the task ran is in the piece, in part at least.
func isIn(p Piece, steps []Step) bool {
	n, _ := slices.BinarySearchFunc(steps, p.Start, func(s Step, at time.Duration) int {
		if s.End <= at {
			return -1
		}
		return 1
	})
	for ; n < len(steps) && steps[n].Start < p.End; n++ {
		if steps[n].State == Running {
			return true
		}
	}
	return false
}

// releaser is the task whose end ended a wait of some length, or -1.
func (x *index) releaser(p Piece) int {
	if p.State != Blocked || p.Len() == 0 {
		return -1
	}
	w := walker{index: x}
	i := w.unblocker(p)
	if i >= 0 && x.run.Tasks[i].Outcome == 0 { // it goes on, and so does the wait
		return -1
	}
	return i
}

// nameOf is the name of a task or a group.
func (x *index) nameOf(id asap.ID) string {
	if t, ok := x.task[id]; ok {
		return x.run.Tasks[t].Name
	}
	if g, ok := x.group[id]; ok {
		if n := x.run.Groups[g].Name; n != "" {
			return n
		}
		return "nested group"
	}
	return ""
}
