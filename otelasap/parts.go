package otelasap

import (
	"slices"
	"time"

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
	if i := p.groupAt(id); i >= 0 {
		return name(p.run.Groups[i].Name)
	}
	return ""
}

// groupAt returns the place of a group in the run, -1 if it is not there.
func (p *parts) groupAt(id asap.ID) int {
	groups := p.run.Groups
	if i := id - groups[0].ID; i < asap.ID(len(groups)) && groups[i].ID == id {
		return int(i)
	}
	return slices.IndexFunc(groups, func(g waterfall.Group) bool { return g.ID == id })
}

// label is what the metrics of a task are told by, with the Map or Race that it is part of.
func (p *parts) label(t *waterfall.Task) (label, *waterfall.Task) {
	series, whole := p.series(t)
	l := label{p.group(t.Group), series}
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
func (p *parts) series(t *waterfall.Task) (series string, whole *waterfall.Task) {
	if t.Parent == 0 {
		return name(t.Name), nil
	}
	if whole = p.task(t.Parent); whole == nil || whole.Group != t.Group {
		return name(t.Name), nil
	}
	if whole != p.whole {
		p.whole, p.name = whole, name(whole.Name)+"[]"
	}
	return p.name, whole
}

// held adds up how long each series held the run up.
func (p *parts) held(held *holds, path []waterfall.Step) {
	for _, s := range path {
		if t := p.task(s.Task); t != nil && s.Len() > 0 {
			label, _ := p.label(t)
			held.add(label.series, s.Len(), nil)
		}
	}
}

// holds adds up how long series held a run up, in the order in which they first did.
type holds struct {
	list []hold
	at   map[string]int // of a long list
}

const fewHolds = 16

// reset makes h empty, for use again.
func (h *holds) reset() {
	clear(h.list)
	h.list, h.at = h.list[:0], nil
}

func (h *holds) add(series string, d time.Duration, of *taskSeries) {
	i, ok := 0, false
	if h.at != nil {
		i, ok = h.at[series]
	} else {
		for i < len(h.list) && h.list[i].series != series {
			i++
		}
		ok = i < len(h.list)
	}
	if ok {
		h.list[i].time += d
		return
	}
	h.list = append(h.list, hold{series, d, of})
	switch {
	case h.at != nil:
		h.at[series] = len(h.list) - 1
	case len(h.list) == fewHolds:
		h.at = make(map[string]int)
		for i := range h.list {
			h.at[h.list[i].series] = i
		}
	}
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
