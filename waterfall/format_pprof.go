package waterfall

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// The profile of a run has a stack for each thing that a task did: the group, the
// tasks around it, the task, and as the leaf the piece, as in "charge: running",
// "quote: queued" or "receipt: blocked on charge". The elements of a Map have one
// name, price[], as in a [Report]; the label task tells them apart. Four values,
// all in nanoseconds: critical, the time on the critical path; work, queue and
// blocked, the time in that state.

var profileTypes = []valueType{
	{"critical", "nanoseconds"}, {"work", "nanoseconds"}, {"queue", "nanoseconds"}, {"blocked", "nanoseconds"},
}

// valueOf is where the time in a state counts.
var valueOf = [...]int{Running: 1, Queued: 2, Blocked: 3}

// longestFrame is how many columns of a name a profile has; a flame graph has a
// place for no more.
const longestFrame = 120

func frame(name string) string { return brief(name, longestFrame) }

// rootFrame is the frame of an outermost group.
func rootFrame(name string) string { return cmp.Or(frame(name), "(no name)") }

// caller is what a profile calls the time in which nothing was declared.
const caller = "(caller)"

func (r *Run) writePprof(w io.Writer) error {
	d := profiled{index: r.index(), profile: newProfile(profileTypes...), frames: make([]string, len(r.Tasks)), numbers: make([]uint64, len(r.Tasks)), groups: make([]uint64, len(r.Groups))}
	d.file, d.began, d.duration = rootFrame(r.Name), r.Began, r.Makespan
	d.comment = "asap: the run of a group, " + r.title()
	if r.Number > 0 {
		d.labels = append(d.labels, label{"run", strconv.FormatUint(r.Number, 10)})
	}
	if r.TraceID != "" {
		d.labels = append(d.labels, label{"trace_id", frame(r.TraceID)})
	}
	for i := range r.Tasks {
		for _, p := range r.Tasks[i].Pieces {
			var values [4]int64
			values[valueOf[p.State]] = int64(p.Len())
			d.piece(i, p.State, p.On, values)
		}
	}
	for _, s := range r.CriticalPath() {
		if i, ok := d.task[s.Task]; ok {
			d.piece(i, s.State, d.on(i, s), [4]int64{int64(s.Len())})
		} else {
			d.add(d.functions(d.file, caller), d.labels, int64(s.Len()))
		}
	}
	return d.write(w)
}

// profiled is a run on its way into a profile.
type profiled struct {
	*index
	*profile
	labels  []label  // of every sample
	frames  []string // by task, as far as they were asked for
	numbers []uint64 // of those
	groups  []uint64 // the same by group
}

// number is that of the frame of task i.
func (d *profiled) number(i int) uint64 {
	if d.numbers[i] == 0 {
		d.numbers[i] = d.function(d.frame(i))
	}
	return d.numbers[i]
}

// frame is that of task i.
func (d *profiled) frame(i int) string {
	if d.frames[i] == "" {
		d.frames[i] = frame(d.family(i))
	}
	return d.frames[i]
}

// piece adds what task i did.
func (d *profiled) piece(i int, state State, on asap.ID, values [4]int64) {
	leaf := d.frame(i) + ": " + state.String()
	if state == Blocked {
		leaf += " on " + d.what(on)
	}
	labels := d.labels
	if t := &d.run.Tasks[i]; d.whole(i) >= 0 { // its frame has the name of all
		labels = append(slices.Clip(labels), label{"task", frame(t.Name)})
	}
	d.add(append(d.stack(i), d.function(leaf)), labels, values[:]...)
}

// stack is the way from the outermost group to task i.
func (d *profiled) stack(i int) []uint64 {
	stack := append(make([]uint64, 0, 8), d.number(i))
	for range 64 {
		t := &d.run.Tasks[i]
		p := d.parent(i)
		if p < 0 {
			break
		}
		if g, ok := d.group[t.Group]; ok && d.run.Tasks[p].Group != t.Group && d.run.Groups[g].Name != "" {
			if d.groups[g] == 0 {
				d.groups[g] = d.function(frame(d.run.Groups[g].Name))
			}
			stack = append(stack, d.groups[g])
		}
		stack = append(stack, d.number(p))
		i = p
	}
	stack = append(stack, d.function(d.file))
	slices.Reverse(stack)
	return stack
}

// on is what a task waited for in a step of the critical path.
func (d *profiled) on(i int, s Step) asap.ID {
	if s.State != Blocked {
		return 0
	}
	pieces := d.run.Tasks[i].Pieces
	n, _ := slices.BinarySearchFunc(pieces, s.Start, func(p Piece, at time.Duration) int {
		if p.End <= at {
			return -1
		}
		return 1
	})
	if n < len(pieces) && pieces[n].State == Blocked {
		return pieces[n].On
	}
	return 0
}

// what is the name of what is waited for.
func (d *profiled) what(on asap.ID) string {
	if i, ok := d.task[on]; ok {
		return d.frame(i)
	}
	if g, ok := d.group[on]; ok {
		return cmp.Or(frame(d.run.Groups[g].Name), "a nested group")
	}
	return "something else"
}

// WritePprof writes the report as a profile for go tool pprof and flame graphs, in
// one Write. Each task is under the one around it, with the time that runs waited
// for it (critical), and below it what it did: running (work) and queued (queue).
// The values are sums over all runs of the window; two windows, or builds, are
// compared with -normalize -diff_base.
func (r *Report) WritePprof(w io.Writer) error {
	p := newProfile(profileTypes[:3]...)
	p.file, p.began = rootFrame(r.Name), r.Since
	p.duration = r.Until.Sub(r.Since)
	p.comment = "asap: " + count(r.Runs, "run") + " of " + p.file + ", " + r.Window.String()
	known := make(map[string]bool, len(r.Tasks))
	for i := range r.Tasks {
		known[r.Tasks[i].Name] = true
	}
	rest := r.Total - r.Caller
	for i := range r.Tasks {
		t := &r.Tasks[i]
		stack := p.functions(append([]string{p.file}, around(t.Name, known)...)...)
		p.add(stack, nil, int64(t.Critical))
		p.add(append(slices.Clip(stack), p.function(frame(t.Name)+": "+Running.String())), nil, 0, int64(t.Work))
		p.add(append(slices.Clip(stack), p.function(frame(t.Name)+": "+Queued.String())), nil, 0, 0, int64(t.Queued))
		rest -= t.Critical
	}
	p.add(p.functions(p.file, caller), nil, int64(r.Caller))
	if r.Unnamed > 0 {
		p.add(p.functions(p.file, others), nil, int64(rest))
	}
	var b strings.Builder
	if err := p.write(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// around is the way to a task from the outermost one around it, by its path; a
// slash in a name is none of a path.
func around(path string, known map[string]bool) []string {
	way := []string{frame(path)}
	for at := len(path) - 1; at > 0; at-- {
		if around := path[:at]; known[around] && (path[at] == '/' || path[at:] == "[]" || strings.HasPrefix(path[at:], "[]/")) {
			way = append(way, frame(around))
		}
	}
	slices.Reverse(way)
	return way
}
