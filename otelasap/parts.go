package otelasap

import (
	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// parts reads the tasks of a run that has ended.
type parts struct {
	run   *waterfall.Run
	whole *waterfall.Task // of the latest part
	name  string          // its series
}

func partsOf(run *waterfall.Run) *parts { return &parts{run: run} }

// task returns the task with an ID. The IDs follow each other in a run of package
// waterfall's making.
func (p *parts) task(id asap.ID) *waterfall.Task {
	tasks := p.run.Tasks
	if len(tasks) == 0 || id == 0 {
		return nil
	}
	if i := id - tasks[0].ID; i < asap.ID(len(tasks)) && tasks[i].ID == id {
		return &tasks[i]
	}
	for i := range tasks {
		if tasks[i].ID == id {
			return &tasks[i]
		}
	}
	return nil
}

// group returns the name of a group.
func (p *parts) group(id asap.ID) string {
	groups := p.run.Groups
	if i := id - groups[0].ID; i < asap.ID(len(groups)) && groups[i].ID == id {
		return groups[i].Name
	}
	for i := range groups {
		if groups[i].ID == id {
			return groups[i].Name
		}
	}
	return ""
}

// label is what the metrics of a task are told by, with the Map or Race that it is part of.
func (p *parts) label(t *waterfall.Task) (label, *waterfall.Task) {
	name, whole := p.series(t)
	l := label{p.group(t.Group), name}
	if l != secondCall || whole != nil {
		return l, whole
	}
	if of := p.task(t.Parent); of != nil {
		l, _ = p.label(of)
		l = l.hedge()
	}
	return l, nil
}

// series is the name of a task, and the Map or Race that it is part of.
func (p *parts) series(t *waterfall.Task) (name string, whole *waterfall.Task) {
	if t.Parent == 0 {
		return t.Name, nil
	}
	if whole = p.task(t.Parent); whole == nil || whole.Group != t.Group {
		return t.Name, nil
	}
	if whole != p.whole {
		p.whole, p.name = whole, whole.Name+"[]"
	}
	return p.name, whole
}

// held is how long each series held the run up.
func (p *parts) held(path []waterfall.Step) []hold {
	list := make([]hold, 0, min(len(path), 8))
	var at map[string]int // of a long list
	for _, s := range path {
		t := p.task(s.Task)
		if t == nil || s.Len() == 0 {
			continue
		}
		label, _ := p.label(t)
		name := label.series
		i, ok := 0, false
		if at != nil {
			i, ok = at[name]
		} else {
			for i < len(list) && list[i].series != name {
				i++
			}
			ok = i < len(list)
		}
		if ok {
			list[i].time += s.Len()
			continue
		}
		list = append(list, hold{name, s.Len()})
		switch {
		case at != nil:
			at[name] = len(list) - 1
		case len(list) == 16:
			at = make(map[string]int)
			for i, h := range list {
				at[h.series] = i
			}
		}
	}
	return list
}

// read reads what a task took: from the start of its body to its end, with the time
// in its queue before, and with that in its waits and in the queue behind them.
func (p *parts) read(m *measured, t *waterfall.Task) {
	start := -1
	for i, piece := range t.Pieces {
		switch {
		case start >= 0:
			if piece.State != waterfall.Running {
				m.blocked += piece.Len()
			}
		case piece.State == waterfall.Running:
			start, m.ran = i, true
			if i > 0 && t.Pieces[i-1].State == waterfall.Queued {
				m.queued = t.Pieces[i-1].Len()
			}
		case piece.State == waterfall.Blocked && p.isPart(piece.On, t):
			start, m.whole = i, true
		}
	}
	if start < 0 {
		return
	}
	m.took = t.End() - t.Pieces[start].Start
	if m.whole {
		m.blocked = 0
	}
}

// isPart tells whether a task is part of the Map or Race t.
func (p *parts) isPart(id asap.ID, t *waterfall.Task) bool {
	part := p.task(id)
	return part != nil && part.Parent == t.ID && part.Group == t.Group
}
