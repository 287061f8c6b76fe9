package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// withCaller is a copy of the run with a task more, in a group of its own: the
// caller of the outermost group, who declares its tasks, and waits for some of
// them before it declares others.
func (r *Run) withCaller() *Run {
	c := *r
	var id asap.ID
	for i := range r.Groups {
		id = max(id, r.Groups[i].ID)
	}
	for i := range r.Tasks {
		id = max(id, r.Tasks[i].ID)
	}
	group, task := Group{ID: id + 1}, Task{ID: id + 2, Group: id + 1, Outcome: asap.Succeeded}
	at := time.Duration(0)
	waits, several := r.callerWaits()
	task.Several = several
	for _, w := range waits {
		if !several || w.Start > at || w.End > w.Start || at == 0 { // else it has passed during the one before
			task.Pieces = append(task.Pieces, Piece{State: Running, Start: at, End: w.Start})
		}
		task.Pieces = append(task.Pieces, Piece{State: Blocked, Start: w.Start, End: w.End, On: w.On})
		at = w.End
	}
	task.Pieces = append(task.Pieces, Piece{State: Running, Start: at, End: max(at, r.Makespan)})
	c.Groups = append(slices.Clip(r.Groups), group)
	c.Tasks = append(slices.Clip(r.Tasks), task)
	return &c
}

// callerWaits are the waits outside of any body, one at a time: those for tasks of the
// outermost group, and between them those for what is nested in it. A body has declared
// that, so who awaits it from the instant on at which it was declared had waited for it
// to be handed over.
func (r *Run) callerWaits() (waits []Wait, several bool) {
	for g := range r.Groups {
		several = several || r.Groups[g].Several
		for _, w := range r.Groups[g].Waits {
			n, _ := slices.BinarySearchFunc(waits, w.Start, func(o Wait, at time.Duration) int { return cmp.Or(cmp.Compare(o.Start, at), -1) })
			if n > 0 && waits[n-1].End > w.Start || n < len(waits) && w.End > waits[n].Start {
				several = true
				continue
			}
			if g > 0 {
				since := time.Duration(0)
				if n > 0 {
					since = waits[n-1].End
				}
				w.Start = r.handedOver(w, since)
			}
			waits = slices.Insert(waits, n, w)
		}
	}
	return waits, several
}

// handedOver is since when somebody has waited for the task that they then awaited: since
// that instant, or since they declared something themselves.
func (r *Run) handedOver(w Wait, since time.Duration) time.Duration {
	i := slices.IndexFunc(r.Tasks, func(t Task) bool { return t.ID == w.On })
	if i < 0 || w.Start-r.Tasks[i].Start() > r.Makespan/1000 {
		return w.Start
	}
	for i := range r.Tasks {
		if t := &r.Tasks[i]; t.Parent == 0 && t.Start() <= w.Start {
			since = max(since, t.Start())
		}
	}
	return since
}

// place finds who declares task i, and when.
func (m *model) place(i int) {
	t := &m.run.Tasks[i]
	at := t.Start()
	p := m.parent(i)
	switch {
	case i == m.caller:
	case p < 0:
		if a := m.anchor(i, at); a >= 0 && at > 0 && len(m.run.Groups[0].Waits) == 0 {
			m.chains[a] = append(m.chains[a], spawned{i, at - m.run.Tasks[a].End()})
		} else {
			m.placeInBody(i, m.caller, at)
		}
	case m.run.Tasks[p].Group == t.Group:
		m.tasks[p].parts = append(m.tasks[p].parts, spawned{i, max(0, at-m.readyAt(p))})
	case m.tasks[p].kind == isBody:
		m.placeInBody(i, p, at)
	default:
		m.placeInBody(i, m.caller, at)
	}
}

// readyAt is the instant at which a Map or a Race declared its parts.
func (m *model) readyAt(p int) time.Duration {
	t := &m.run.Tasks[p]
	at := t.Start()
	for _, d := range t.Deps {
		if k, ok := m.task[d]; ok {
			at = max(at, m.run.Tasks[k].End())
		}
	}
	return at
}

// placeInBody puts a spawn into the body of p, at the progress that it had
// made at that instant, and before it waits for the group of task i.
func (m *model) placeInBody(i, p int, at time.Duration) {
	t := &m.run.Tasks[p]
	group := m.run.Tasks[i].Group
	piece := -1
	for k, q := range t.Pieces {
		if q.State == Blocked && q.On == group {
			break
		}
		if q.State == Running && q.Start <= at && (piece < 0 || t.Pieces[piece].End < at) {
			piece = k
		}
	}
	if piece < 0 {
		m.placeInBody(i, m.caller, at)
		return
	}
	// Its place among the steps: runs before it, spawns do not count.
	run := 0
	for k := range piece {
		if t.Pieces[k].State == Running {
			run++
		}
	}
	left := min(at, t.Pieces[piece].End) - t.Pieces[piece].Start
	late := max(0, at-t.Pieces[piece].End)
	m.within[p] = append(m.within[p], declaration{run, left, spawned{i, late}})
}

// declaration is a task that is declared after so much of one of the runs of a body, which
// are counted between waits.
type declaration struct {
	run  int
	left time.Duration
	task spawned
}

// putSpawns splits the runs of body p where it declares tasks.
func (m *model) putSpawns(p int) {
	list, mt := m.within[p], &m.tasks[p]
	slices.SortStableFunc(list, func(a, b declaration) int { return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.left, b.left)) })
	var ops []op
	at := time.Duration(0)
	spawn := func(s spawned) {
		if n := len(ops); n == 0 || ops[n-1].kind != opSpawn {
			ops = append(ops, op{kind: opSpawn, at: at})
		}
		last := &ops[len(ops)-1]
		last.tasks = append(last.tasks, s)
	}
	run := 0
	for _, o := range mt.ops {
		at = o.at + o.d
		if o.kind != opRun {
			ops = append(ops, o)
			continue
		}
		done := time.Duration(0)
		for len(list) > 0 && list[0].run == run && list[0].left <= o.d {
			if d := list[0].left - done; d > 0 {
				ops = append(ops, op{kind: opRun, d: d, at: o.at + done})
				done += d
			}
			at = o.at + done
			spawn(list[0].task)
			list = list[1:]
		}
		if o.d > done || done == 0 && o.d == 0 {
			ops = append(ops, op{kind: opRun, d: o.d - done, at: o.at + done})
		}
		run++
	}
	for _, s := range list {
		spawn(s.task)
	}
	mt.ops = ops
	declared := false
	for k := range ops {
		switch o := &ops[k]; {
		case o.kind == opSpawn:
			declared = true
		case o.waits() && o.d == 0:
			o.unsure = declared
		case o.d > 0:
			declared = false
		}
	}
}

// byDeclaration sorts what is declared at the same time.
func byDeclaration(list []spawned) {
	slices.SortStableFunc(list, func(a, b spawned) int {
		return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.task, b.task))
	})
}
