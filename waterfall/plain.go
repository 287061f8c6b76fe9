package waterfall

import (
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// plainRun analyzes the run of one group that succeeded and whose tasks have only declared
// dependencies: most runs of a service. It reads the engine's entries once, makes
// nothing of them but what is added up, and says of the critical path how long each task
// was on it. Of any other run, and where it is not sure, it says so: then a snapshot and
// a walker analyze that. Both come to the same figures, which a test compares.
type plainRun struct {
	tasks    []PlainTask
	own      uint32        // number of the group
	latest   uint32        // number of all that was seen
	zero     time.Duration // its start
	end      time.Duration
	outside  time.Duration // of the critical path
	declared time.Duration // of the latest task
	anchors  int           // asked for
}

// PlainTask is a task of a plain run: see [Ended.Plain].
type PlainTask struct {
	Name    string
	Outcome asap.Outcome // Succeeded or LeftOut
	Ran     bool         // it had a body
	// Took is the time from the start of its body to its end, and Queued that from
	// when it was ready to its start.
	Took, Queued time.Duration
	// Critical is how long it is on the critical path.
	Critical time.Duration

	number uint32
	on     int32 // what it waited for last, -1 if nothing
	passed bool  // by the path
	// It is blocked from declared on, and queued from blocked on: if it has a body that
	// is since ready, until started. They are since the start of the group.
	declared, blocked, ready, started, ended time.Duration
}

// queued is all the time in which it was.
func (t *PlainTask) queued() time.Duration {
	if !t.Ran {
		return t.ended - t.blocked
	}
	return t.started - t.blocked
}

// take analyzes a run that has ended, and reports whether it was plain.
func (p *plainRun) take(o *root) bool {
	table, ok := o.t.(*record.Table)
	if !ok || o.own.Outcome != uint8(asap.Succeeded) || !isPlain(o.own, o.own.State()) {
		return false
	}
	p.tasks, p.own, p.latest, p.zero, p.end, p.declared = p.tasks[:0], o.group, 0, o.own.Declared, 0, 0
	if !table.All(p.see) {
		return false
	}
	if len(p.tasks) == 0 {
		p.end = o.own.Ended - p.zero
	}
	return p.walk()
}

// isPlain tells whether an entry, of a group or of a task, has ended and nothing is
// special about it.
func isPlain(e *record.Entry, state uint32) bool {
	const must, never = record.SeenDeclared | record.SeenEnded, record.Told | record.Race
	return state&(must|never) == must && e.IsSimple()
}

// see takes an entry in, and reports false if the run is not plain.
func (p *plainRun) see(e *record.Entry, state uint32) bool {
	if state&record.SeenDeclared == 0 || e.Number <= p.latest {
		return false // it is not in the order of declaration
	}
	p.latest = e.Number
	switch {
	case e.Number == p.own:
		return true
	case state&record.IsGroup != 0: // one that is nested in a task is after that
		return e.Parent() == 0 || p.find(e.Parent()) < 0
	case e.Group != p.own:
		return true
	}
	o := asap.Outcome(e.Outcome)
	if !isPlain(e, state) || e.Parent() != 0 || o != asap.Succeeded && o != asap.LeftOut {
		return false
	}
	if p.declared > e.Declared {
		return false
	}
	n := len(p.tasks)
	p.declared = e.Declared
	p.tasks = append(p.tasks, PlainTask{Name: e.Name, Outcome: o, number: e.Number, on: -1})
	return p.times(&p.tasks[n], e, state)
}

// times fills in when t did what; those of its dependencies are known.
func (p *plainRun) times(t *PlainTask, e *record.Entry, state uint32) bool {
	at := e.Declared - p.zero
	t.declared, t.blocked, t.ready, t.ended = at, at, at, e.Ended-p.zero
	t.Ran = state&record.SeenStarted != 0
	if deps := e.Deps(); len(deps) > 0 {
		if state&record.SeenReady == 0 {
			return false
		}
		ready, end := time.Duration(0), time.Duration(0)
		if on := p.find(e.On); on >= 0 {
			end = p.tasks[on].ended
			ready, t.on = max(end, e.ReadyLater()-p.zero), on
		} else {
			t.on, end = p.lastOf(deps)
			ready = max(end, at)
		}
		if t.on >= 0 {
			t.blocked = max(at, min(ready, max(end, at)))
		} else {
			t.blocked = max(at, ready)
		}
		t.ready = max(t.blocked, ready)
	}
	last := t.ready
	if t.Ran {
		t.started = max(last, e.Started-p.zero)
		last = t.started
	}
	if t.ended < last {
		return false
	}
	p.end = max(p.end, t.ended)
	if t.Ran {
		t.Took = t.ended - t.started
		if t.Queued = t.started - t.ready; t.Queued == 0 {
			t.Queued = t.ready - t.blocked
		}
	}
	return true
}

// find returns the task with a number, or -1.
func (p *plainRun) find(number uint32) int32 {
	if len(p.tasks) == 0 || number < p.tasks[0].number {
		return -1
	}
	i := int(number - p.tasks[0].number) // unless other groups of the run are between them
	if i < len(p.tasks) && p.tasks[i].number == number {
		return int32(i)
	}
	lo, hi := 0, min(i, len(p.tasks))
	for lo < hi {
		if mid := (lo + hi) / 2; p.tasks[mid].number < number {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(p.tasks) && p.tasks[lo].number == number {
		return int32(lo)
	}
	return -1
}

// lastOf is the dependency that ended last, the first of several, and when.
func (p *plainRun) lastOf(deps []uint32) (last int32, end time.Duration) {
	last = -1
	for _, d := range deps {
		if i := p.find(d); i >= 0 && (last < 0 || p.tasks[i].ended > end) {
			last, end = i, p.tasks[i].ended
		}
	}
	return last, end
}

// walk is [Run.CriticalPath], and reports false if it does not come to an end soon.
func (p *plainRun) walk() bool {
	p.outside, p.anchors = 0, 0
	t, x := p.last(), p.end
	for x > 0 {
		if t < 0 {
			p.outside += x
			return true
		}
		task := &p.tasks[t]
		if task.passed {
			return false
		}
		task.passed = true
		task.Critical += x - task.blocked
		x = task.blocked
		if task.declared < x {
			if on := task.on; on >= 0 && p.tasks[on].ended > task.declared && p.tasks[on].ended <= x {
				task.Critical += x - p.tasks[on].ended
				t, x = on, p.tasks[on].ended
				continue
			}
			task.Critical += x - task.declared
			x = task.declared
		}
		if x <= 0 {
			break
		}
		var sure bool
		if t, sure = p.anchor(t, x); !sure {
			return false
		}
		if t >= 0 {
			p.outside += x - p.tasks[t].ended
			x = p.tasks[t].ended
		}
	}
	return true
}

// last is the last task to end, of several the last, or -1.
func (p *plainRun) last() int32 {
	last := int32(-1)
	for i := range p.tasks {
		if last < 0 || p.tasks[i].ended >= p.tasks[last].ended {
			last = int32(i)
		}
	}
	return last
}

// anchor is that of an index. It looks at every task, so it is not to be asked often.
func (p *plainRun) anchor(t int32, at time.Duration) (found int32, sure bool) {
	if p.anchors++; p.anchors > 8 {
		return -1, false
	}
	found = -1
	least := at - p.end/1000
	for i := range p.tasks {
		o := &p.tasks[i]
		if o.ended <= at && o.ended >= least && o.declared < at && int32(i) != t && (found < 0 || o.ended >= p.tasks[found].ended) {
			found = int32(i)
		}
	}
	if found < 0 {
		return -1, true
	}
	passed := 0
	for i := range p.tasks {
		if e := p.tasks[i].ended; e <= at && (e > p.tasks[found].ended || e == p.tasks[found].ended && int32(i) > found) {
			passed++
		}
	}
	if passed >= 64 {
		return -1, true
	}
	return found, true
}
