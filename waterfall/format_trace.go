package waterfall

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"io"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// The trace is an object of the Trace Event Format, which chrome://tracing and
// ui.perfetto.dev read: a track for each task, a slice for each piece, and a
// flow arrow from the end of what was waited for to what it let go on.

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
	meta := func(what string, tid int, args map[string]any) {
		t.TraceEvents = append(t.TraceEvents, traceEvent{Name: what, Phase: "M", PID: 1, TID: tid, Args: args})
	}
	meta("process_name", 0, map[string]any{"name": name})
	critical := make(map[asap.ID][]Step)
	for _, s := range r.CriticalPath() {
		critical[s.Task] = append(critical[s.Task], s)
	}
	tracks := make([]int, len(r.Tasks))
	for n, row := range x.rows() {
		if row.task < 0 {
			continue
		}
		tracks[row.task] = n + 1
		meta("thread_name", n+1, map[string]any{"name": x.path(row.task)})
		meta("thread_sort_index", n+1, map[string]any{"sort_index": n + 1})
	}
	flow := 0
	for i := range r.Tasks {
		task := &r.Tasks[i]
		for k, p := range task.Pieces {
			if p.Len() > 0 || p.State == Running {
				t.TraceEvents = append(t.TraceEvents, slice(x, i, k, tracks[i], critical[task.ID]))
			}
			if from := x.releaser(p); from >= 0 {
				flow++
				last := r.Tasks[from].Pieces[len(r.Tasks[from].Pieces)-1]
				end := micro(max(last.Start, last.End-1)) // within its slice, or nothing is bound
				t.TraceEvents = append(t.TraceEvents,
					traceEvent{Name: "unblocks", Cat: "dependency", Phase: "s", TS: end, PID: 1, TID: tracks[from], ID: flow},
					traceEvent{Name: "unblocks", Cat: "dependency", Phase: "f", BP: "e", TS: micro(p.End), PID: 1, TID: tracks[i], ID: flow})
			}
		}
	}
	return json.MarshalWrite(w, &t, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

// slice is piece k of task i.
func slice(x *index, i, k, track int, critical []Step) traceEvent {
	task := &x.run.Tasks[i]
	p := task.Pieces[k]
	dur := micro(p.Len())
	e := traceEvent{Name: task.Name, Cat: p.State.String(), Phase: "X", TS: micro(p.Start), Dur: &dur, PID: 1, TID: track, Args: map[string]any{}}
	switch p.State {
	case Queued:
		e.Name, e.Color = "queued", "yellow"
	case Blocked:
		e.Name, e.Color = "blocked", "grey"
		if n := x.nameOf(p.On); n != "" {
			e.Name += " on " + n
			e.Args["on"] = n
		}
	case Running:
		if slices.ContainsFunc(critical, func(s Step) bool { return s.State == Running && s.Start < p.End && s.End > p.Start }) {
			e.Args["critical"], e.Color = true, "thread_state_iowait" // orange
		}
	}
	if p.State == Running && bad(task.Outcome) {
		e.Color = "terrible"
	}
	if k == len(task.Pieces)-1 {
		e.Args["outcome"] = outcomeWord(task.Outcome, task.Outcome != 0)
		if task.Err != "" {
			e.Args["error"] = task.Err
		}
	}
	return e
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
