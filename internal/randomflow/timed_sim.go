package randomflow

import (
	"slices"

	"github.com/asap-go/asap"
)

// sim runs a plan without running anything: event by event, by the rules.
type sim struct {
	p      *timedPlan
	names  map[string]int
	knots  []*knot // in order of declaration, parts aside
	result *knot

	now    int
	events []event
	seq    int
	root   int // the instant of the last event that followed from no other
	last   int // that of the last end
	tie    bool
	sent   map[string]Value // signals that have come

	ended    *groupEnd
	slots    int
	newly    []*knot
	queue    []*knot
	order    int
	lost     []lostValue
	failures []happened
	later    int
	running  []happened

	unfinished bool
	exit       Value
}

type groupEnd struct {
	why   endWhy
	cause error  // from outside
	text  string // of the cause
}

type endWhy int

const (
	byFailure endWhy = iota
	byExit
	byOutside
)

type event struct {
	at, seq int
	k       *knot // nil for what comes from outside
	root    bool
	do      func() bool // false if it came too late to be one
}

type happened struct {
	at   int
	text string
}

// lostValue is one that its task does not have.
type lostValue struct {
	k     *knot
	value any
	order int
	at    int
}

func (p *timedPlan) simulate(acts []sent) *fates {
	s := &sim{p: p, names: make(map[string]int), root: -1, slots: p.limit, sent: make(map[string]Value)}
	s.declare()
	if p.limit > 0 {
		s.root = 0 // what is sent now races with what begins
	}
	for _, a := range acts {
		s.after(a.at, nil, true, func() bool { return s.act(a) })
	}
	for _, k := range s.knots {
		if k.within > 0 {
			s.after(k.within, k, true, func() bool { return s.overdue(k) })
		}
		if len(k.needs) == 0 && k.afterEnd == nil && k.kind != knotGiven {
			s.ready(k, true)
			s.line()
		}
	}
	s.begin(s.knots[0]) // the input, when all is declared
	s.line()
	for len(s.events) > 0 {
		first := 0
		for i, e := range s.events {
			if f := s.events[first]; e.at < f.at || e.at == f.at && e.seq < f.seq {
				first = i
			}
		}
		e := s.events[first]
		s.events = slices.Delete(s.events, first, first+1)
		s.now = e.at
		effective := e.do()
		if s.line(); !effective {
			s.tie = s.tie || e.root && e.at > 0 && e.k.at == e.at // another event of this instant was first
			continue
		}
		if e.root && (e.at > 0 || s.p.limit > 0) {
			s.tie = s.tie || s.root == e.at
			s.root = e.at
		}
	}
	return s.fates()
}

func (s *sim) after(ticks int, k *knot, root bool, do func() bool) {
	s.seq++
	s.events = append(s.events, event{s.now + ticks, s.seq, k, root, do})
}

// act is what comes from outside. It counts as an event also if it comes too late.
func (s *sim) act(a sent) bool {
	if a.signal == "" {
		if s.ended == nil && !s.isOver() {
			s.ended = &groupEnd{byOutside, a.cause, "context canceled"}
			if a.cause != nil {
				s.ended.text = a.cause.Error()
			}
			s.cut()
		}
		return true
	}
	if _, ok := s.sent[a.signal]; ok {
		return true
	}
	s.sent[a.signal] = a.value
	for _, k := range s.knots {
		if k.kind == knotSignal && k.label == a.signal && k.state == knotRuns {
			k.give = func() any { return asap.Result[Value]{Value: a.value} }
			s.returned(k, ret{ok: true})
		}
	}
	return true
}
