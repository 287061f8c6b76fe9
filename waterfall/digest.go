package waterfall

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/asap-go/asap"
)

// digest is a run on its way to the totals, with the memory in which it is
// analyzed. It is used again and again, as nothing that an ended group has to wait
// for is to be more than its tasks are.
type digest struct {
	Kept
	group   string    // the name of the run
	run     *Run      // nil of a plain run that was not asked for
	own     bool      // the run is in the digest's own memory
	at      time.Time // when it ended, by the clock of windows
	steps   []Step    // of the critical path
	outside time.Duration
	fits    bool // it is small enough to be kept
	isPlain bool
	plain   plainRun
	root    *root // of a group of this process
	place   root  // room for it
	told    Ended

	snapshot snapshot
	index    index
	walker   walker
	members  []int32 // of the tasks
}

// digests is a pool of them.
type digests struct{ sync.Pool }

func (p *digests) get() *digest {
	if d, _ := p.Get().(*digest); d != nil {
		return d
	}
	return new(digest)
}

// maxPooled is how many tasks the memory of a digest may have that is used again.
const maxPooled = 4096

func (p *digests) put(d *digest) {
	if cap(d.snapshot.all) > maxPooled || cap(d.plain.tasks) > maxPooled || !d.own {
		return
	}
	d.reset()
	p.Put(d)
}

// reset lets go of everything but the memory.
func (d *digest) reset() {
	if d.run != nil {
		d.snapshot.reset()
		d.index.run = nil
		clear(d.steps)
		d.run, d.walker.slots = nil, nil
	}
	clear(d.plain.tasks)
	d.Kept, d.group, d.root, d.place, d.told = Kept{}, "", nil, root{}, Ended{}
}

// ended analyzes the run of a group that has ended.
func (d *digest) ended(o *root, number uint64) {
	d.own, d.root, d.outside = true, o, 0
	d.Number = number
	if d.isPlain = d.plain.take(o); d.isPlain {
		d.group, d.Makespan, d.Tasks, d.Outcome = o.own.Name, d.plain.end, len(d.plain.tasks), asap.Succeeded
		return
	}
	d.wholeRun()
	d.summarize()
}

// wholeRun makes the run and its path, if that was not done.
func (d *digest) wholeRun() *Run {
	if d.run == nil {
		d.index.of(d.snapshot.take(d.root))
		d.analyze(&d.snapshot.run, &d.index)
	}
	return d.run
}

// settle makes the digest independent of what the engine goes on to note.
func (d *digest) settle() {
	d.wholeRun()
	d.summarize()
	d.isPlain, d.root = false, nil
}

// added analyzes a run from elsewhere.
func (d *digest) added(run *Run, number uint64) {
	d.Number, d.at = number, time.Now()
	d.analyze(run, run.index())
	d.summarize()
}

func (d *digest) analyze(run *Run, x *index) {
	run.Number, d.run = d.Number, run
	d.walker.index = x
	d.steps = d.walker.path()
}

// summarize fills in what is kept of the run.
func (d *digest) summarize() {
	run := d.run
	d.group = run.Name
	d.Kept = Kept{Number: d.Number, Began: run.Began, Makespan: run.Makespan, Tasks: len(run.Tasks)}
	if len(run.Groups) > 0 {
		g := &run.Groups[0]
		d.Outcome, d.Err, d.Late = g.Outcome, cutText(g.Err), g.Late
	}
}

// name is the name that a task was given: in a run from elsewhere, the second task
// named price is price#2.
func (d *digest) name(t *Task) string {
	at := strings.LastIndexByte(t.Name, '#')
	if d.own || at <= 0 || strings.Trim(t.Name[at+1:], "0123456789") != "" {
		return t.Name
	}
	x := d.walker.index
	g, _ := x.groupOf(t.Group)
	if slices.ContainsFunc(x.members[g], func(i int) bool { return d.run.Tasks[i].Name == t.Name[:at] }) {
		return t.Name[:at]
	}
	return t.Name
}

// lost tells whether a task is a function of a Race that another one has won.
func (d *digest) lost(t *Task) bool {
	p, ok := d.walker.taskOf(t.Parent)
	return ok && d.run.Tasks[p].Race && d.run.Tasks[p].Group == t.Group && !bad(d.run.Tasks[p].Outcome)
}

// keep makes what is kept of the run.
func (d *digest) keep() *kept {
	d.wholeRun()
	d.summarize()
	k := &kept{Kept: d.Kept, ended: d.at, run: d.run, numbered: !d.own, class: d.sampleClass()}
	if d.own {
		k.run = d.run.clone()
	}
	k.bytes = runBytes(k.run)
	return k
}

// clone copies a run into memory of its own, as little as it needs.
func (r *Run) clone() *Run {
	pieces, ids, waits := 0, 0, 0
	for i := range r.Groups {
		waits += len(r.Groups[i].Waits)
	}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		pieces += len(t.Pieces)
		ids += len(t.Deps) + len(t.After) + len(t.AfterEnd)
	}
	c := *r
	c.Groups, c.Tasks, c.Shared = slices.Clone(r.Groups), slices.Clone(r.Tasks), slices.Clone(r.Shared)
	allPieces, allIDs, allWaits := make([]Piece, 0, pieces), make([]asap.ID, 0, ids), make([]Wait, 0, waits)
	for i := range c.Groups {
		c.Groups[i].Waits, allWaits = moved(allWaits, c.Groups[i].Waits)
	}
	for i := range c.Tasks {
		t := &c.Tasks[i]
		t.Pieces, allPieces = moved(allPieces, t.Pieces)
		t.Deps, allIDs = moved(allIDs, t.Deps)
		t.After, allIDs = moved(allIDs, t.After)
		t.AfterEnd, allIDs = moved(allIDs, t.AfterEnd)
	}
	return &c
}

// moved copies a list to the end of a longer one.
func moved[T any](all, list []T) (there, longer []T) {
	if len(list) == 0 {
		return nil, all
	}
	first := len(all)
	all = append(all, list...)
	return slices.Clip(all[first:]), all
}

// taskBytes is about what a task of a kept run takes.
const taskBytes = int(unsafe.Sizeof(Task{})) + 3*int(unsafe.Sizeof(Piece{})) + 32

// runBytes is about what a run takes that is kept.
func runBytes(r *Run) int {
	const idBytes = int(unsafe.Sizeof(asap.ID(0)))
	n := int(unsafe.Sizeof(*r)) + keptBytes + cap(r.Groups)*int(unsafe.Sizeof(Group{})) + cap(r.Tasks)*int(unsafe.Sizeof(Task{})) + len(r.TraceID)
	for i := range r.Groups {
		g := &r.Groups[i]
		n += len(g.Err) + len(g.Waits)*int(unsafe.Sizeof(Wait{}))
	}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		n += len(t.Name) + len(t.Err) + (len(t.Deps)+len(t.After)+len(t.AfterEnd))*idBytes + len(t.Pieces)*int(unsafe.Sizeof(Piece{}))
	}
	return n
}

// cutText cuts an error's text, between two characters.
func cutText(s string) string {
	if len(s) <= maxErrText {
		return s
	}
	return strings.ToValidUTF8(s[:maxErrText-len("…")], "") + "…"
}
