package flow

import (
	"sync"

	"github.com/asap-go/asap/internal/engine"
)

// numbers are those of the tasks of a flow whose names are not unique, for the
// errors of its runs in this process. All runs declare the same tasks in the same
// order: so the first one notes them, and the others pay nothing. They are counted
// when the first error is made.
type numbers struct {
	mu    sync.Mutex
	noted []noted             // of a first run whose function has returned; nil before
	byAt  map[uint32]numbered // by place in the order of declaration, of noted
}

type noted struct {
	name  string
	at    uint32
	parts bool
}

// numbered is the number of the second task of a name, and of further ones, and that
// of the parts of the second Race or Map, as errors have them: #2.
type numbered struct{ own, parts string }

// labels numbers tasks in order of declaration.
type labels struct{ names namer }

func (l *labels) of(name string, parts bool) (t numbered) {
	if l.names == nil {
		l.names = make(namer)
	}
	t.own = l.names.unique(name)[len(name):]
	if parts {
		t.parts = l.names.unique(name + "[]")[len(name)+2:]
	}
	return t
}

// label is the name of n, which is the task or a part of it, with its number, and ""
// if it has none.
func (t numbered) label(n, whole *engine.Node) string {
	number := t.own
	if whole != nil {
		number = t.parts
	}
	if number == "" {
		return ""
	}
	return engine.PlainLabel(n) + number
}

// note notes a task that the flow's function declares in a first run.
func (p *plan) note(n *engine.Node) {
	if !p.first || !p.building.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noted = append(p.noted, noted{engine.PlainLabel(n), engine.OrderOf(n), engine.HasParts(n)})
}

// isFirst reports whether no run has noted the tasks yet.
func (s *numbers) isFirst() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noted == nil
}

// keepNoted keeps what a first run has noted when its function has returned.
func (p *plan) keepNoted() {
	if !p.first {
		return
	}
	p.mu.Lock()
	all := p.noted
	p.mu.Unlock()
	p.numbers.mu.Lock()
	defer p.numbers.mu.Unlock()
	if p.numbers.noted == nil {
		p.numbers.noted = all
	}
}

// label is the name of n with its number, and "" if it has none.
func (p *plan) label(n *engine.Node) string {
	if p.numbers == nil {
		return ""
	}
	whole, of := engine.WholeOf(n), n
	if whole != nil {
		of = whole
	}
	t, counted := p.numbers.at(engine.OrderOf(of))
	if !counted { // the first run, whose function has not returned
		p.mu.Lock()
		t = count(p.noted)[engine.OrderOf(of)]
		p.mu.Unlock()
	}
	return t.label(n, whole)
}

// at returns what was counted of the task with that place in the order.
func (s *numbers) at(order uint32) (t numbered, counted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noted != nil && s.byAt == nil {
		s.byAt = count(s.noted)
	}
	return s.byAt[order], s.byAt != nil
}

func count(all []noted) map[uint32]numbered {
	byAt := make(map[uint32]numbered)
	var l labels
	for _, n := range all {
		if t := l.of(n.name, n.parts); t != (numbered{}) {
			byAt[n.at] = t
		}
	}
	return byAt
}
