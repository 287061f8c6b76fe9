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
	if len(r.Groups) > 0 {
		for _, w := range r.Groups[0].Waits {
			task.Pieces = append(task.Pieces, Piece{State: Running, Start: at, End: w.Start}, Piece{State: Blocked, Start: w.Start, End: w.End, On: w.On})
			at = w.End
		}
	}
	task.Pieces = append(task.Pieces, Piece{State: Running, Start: at, End: max(at, r.Makespan)})
	c.Groups = append(slices.Clip(r.Groups), group)
	c.Tasks = append(slices.Clip(r.Tasks), task)
	return &c
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
	m.tasks[p].ops = insertSpawn(m.tasks[p].ops, run, left, spawned{i, late})
}

// insertSpawn splits the run of that number, counted between waits, after the
// given progress.
func insertSpawn(ops []op, run int, left time.Duration, s spawned) []op {
	k := 0
	for ; run > 0; run-- { // to the step after the next wait or lag
		for k < len(ops) && (ops[k].kind == opRun || ops[k].kind == opSpawn) {
			k++
		}
		for k < len(ops) && ops[k].kind != opRun {
			k++
		}
	}
	for k < len(ops) {
		switch {
		case ops[k].kind == opSpawn && left == 0:
			ops[k].tasks = append(ops[k].tasks, s)
			return ops
		case ops[k].kind == opSpawn:
			k++
		case ops[k].kind != opRun:
			return slices.Insert(ops, k, op{kind: opSpawn, tasks: []spawned{s}})
		case left > ops[k].d:
			left -= ops[k].d
			k++
		case left == ops[k].d:
			left = 0
			k++
			if k == len(ops) || ops[k].kind != opSpawn {
				return slices.Insert(ops, k, op{kind: opSpawn, tasks: []spawned{s}})
			}
		default:
			rest := ops[k].d - left
			ops[k].d = left
			return slices.Insert(ops, k+1, op{kind: opSpawn, tasks: []spawned{s}}, op{kind: opRun, d: rest})
		}
	}
	return append(ops, op{kind: opSpawn, tasks: []spawned{s}})
}

// byDeclaration sorts what is declared at the same time.
func byDeclaration(list []spawned) {
	slices.SortStableFunc(list, func(a, b spawned) int {
		return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.task, b.task))
	})
}
