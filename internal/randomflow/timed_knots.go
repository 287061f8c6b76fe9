package randomflow

import (
	"fmt"

	"github.com/asap-go/asap"
)

// knot is a task of the simulation, or a part of one.
type knot struct {
	name, label string // label is what errors call it
	kind        knotKind
	beat, part  int
	needs       []*knot // whose success it waits for
	afterEnd    *knot   // whose end, nil for none
	then        []*knot // which wait for it
	act         act
	optional    bool
	mayFail     bool
	leftOut     bool
	seq         int  // of its declaration
	declared    bool // it is ready when it is declared
	timeout     int
	within      int
	give        func() any
	undos       []undoPlan
	whole       *knot
	parts       []*knot

	state   knotState
	left    int // what it waits for
	late    string
	out     any
	outcome asap.Outcome
	text    string // of its error
	root    string // of a skipped task
	open    bool   // how it ends is left open
	order   int    // of its success
	at      int    // when it ended
}

type knotKind int

const (
	knotBody knotKind = iota
	knotGiven
	knotSleep
	knotSignal
	knotGather
	knotRace
	knotMap
)

type knotState int

const (
	knotWaits knotState = iota
	knotQueued
	knotRuns
	knotEnded
)

func (k *knot) value() Value { return k.out.(Value) }

// good reports whether who needs k may begin.
func (k *knot) good() bool {
	return k.outcome == asap.Succeeded || k.outcome == asap.LeftOut || k.outcome == asap.Tolerated && k.optional
}

// depends reports whether k waits for other, by whatever way.
func (k *knot) depends(other *knot) bool {
	for _, d := range append(k.needs[:len(k.needs):len(k.needs)], k.afterEnd) {
		if d != nil && (d == other || d.depends(other)) {
			return true
		}
	}
	return false
}

// declare makes the knots of the plan.
func (s *sim) declare() {
	p := s.p
	in := s.add(&knot{name: "input", kind: knotGiven, give: func() any { return In(p.seed) }})
	steps := []*knot{in}
	for i := range p.beats[1:] {
		steps = append(steps, s.beat(i+1, steps))
	}
	s.result = steps[len(steps)-1]
}

func (s *sim) add(k *knot, needs ...*knot) *knot {
	s.names[k.name]++
	if k.label = k.name; s.names[k.name] > 1 {
		k.label = fmt.Sprint(k.name, "#", s.names[k.name])
	}
	k.needs = append(k.needs, needs...)
	for _, d := range k.needs {
		d.then = append(d.then, k)
	}
	if k.left = len(k.needs); k.afterEnd != nil {
		k.afterEnd.then = append(k.afterEnd.then, k)
		k.left++
	}
	k.seq = len(s.knots)
	s.knots = append(s.knots, k)
	return k
}

// paced adds the nap before a body that takes no time.
func (s *sim) paced(name string, last int, needs []*knot) []*knot {
	if !s.p.pace.Sleeps {
		return needs
	}
	nap := s.add(&knot{name: name + ".nap", kind: knotSleep, act: act{last: last}, give: func() any { return struct{}{} }}, needs...)
	return append(needs[:len(needs):len(needs)], nap)
}

// body adds a body of beat i that makes a value of its dependencies.
func (s *sim) body(name string, i int, a act, deps []*knot) *knot {
	k := &knot{name: name, beat: i, act: a}
	k.give = func() any {
		var in []Value
		for _, d := range deps {
			in = append(in, d.value())
		}
		return value(s.p.seed, i, in...)
	}
	return s.add(k, s.paced(name, a.last, deps)...)
}

// follow adds a body behind a task of beat i.
func (s *sim) follow(name string, i int, give func() Value, afterEnd *knot, needs ...*knot) *knot {
	return s.add(&knot{name: name, beat: i, part: 1, act: act{last: s.p.beats[i].after}, afterEnd: afterEnd, give: func() any { return follows(s.p.seed, i, give()) }}, needs...)
}

func (s *sim) or(i int, of *knot) *knot {
	return s.follow(s.p.beats[i].name+".or", i, func() Value {
		r := of.out.(asap.Result[Value])
		v := r.Or(Value{N: 5})
		if r.Err != nil {
			v.Text = r.Err.Error()
		}
		return v
	}, nil, of)
}

func sumOf(v any) uint64 {
	switch v := v.(type) {
	case Value:
		return v.sum()
	case []Value:
		return sumAll(v)
	case asap.Result[Value]:
		return sumResult(v)
	}
	return 0
}

func (s *sim) beat(i int, steps []*knot) *knot {
	b := &s.p.beats[i]
	var deps []*knot
	for _, d := range b.deps {
		deps = append(deps, steps[d])
	}
	own := func(k *knot) *knot {
		k.beat, k.timeout, k.within, k.undos = i, b.timeout, b.within, b.undos
		return k
	}
	first := func() Value { return deps[0].value() }
	switch b.kind {
	case beatMaybe:
		maybe := s.body(b.name, i, b.act, deps)
		give := maybe.give
		maybe.optional, maybe.give = true, func() any { return asap.Result[Value]{Value: give().(Value)} }
		return s.or(i, own(maybe))
	case beatMay:
		may := own(s.body(b.name, i, b.act, deps))
		if may.mayFail = true; b.direct {
			return may
		}
		return s.follow(b.name+".after", i, first, may, deps[0])
	case beatSleep:
		pause := own(s.add(&knot{name: b.name, kind: knotSleep, act: act{last: b.last}, mayFail: true, give: func() any { return struct{}{} }}, deps...))
		return s.follow(b.name+".after", i, first, pause, deps[0])
	case beatSignal:
		return s.or(i, own(s.add(&knot{name: b.name, kind: knotSignal, optional: true}, deps...)))
	case beatRace:
		return s.race(i, deps)
	case beatMap:
		return s.mapped(i, deps)
	case beatLeftOut:
		return s.leftOut(i, deps)
	case beatGather:
		all := s.add(&knot{name: b.name, kind: knotGather, beat: i}, deps...)
		one := s.follow(b.name+".one", i, func() Value {
			var values []Value
			for _, d := range deps {
				values = append(values, d.value())
			}
			return Value{N: sumAll(values)}
		}, nil, all)
		sum := s.body(b.name+".sum", i, b.act, []*knot{one})
		sum.timeout, sum.within = b.timeout, b.within
		return sum
	}
	k := own(s.body(b.name, i, b.act, deps))
	k.declared = b.kind == beatStart
	return k
}

func (s *sim) race(i int, deps []*knot) *knot {
	b := &s.p.beats[i]
	if s.p.pace.Sleeps {
		first := deps[0]
		gate := s.add(&knot{name: b.name + ".gate", beat: i, give: func() any { return first.out }}, s.paced(b.name, b.last, deps)...)
		deps = append([]*knot{gate}, deps[1:]...)
	}
	race := s.add(&knot{name: b.name, kind: knotRace, beat: i, undos: b.undos}, deps...)
	for k, a := range b.parts {
		part := &knot{name: fmt.Sprintf("%s[%d]", b.name, k), beat: i, part: k, act: a, whole: race}
		part.label, part.seq = part.name, part.whole.seq
		part.give = func() any {
			var in []Value
			for _, d := range deps {
				in = append(in, d.value())
			}
			return value(s.p.seed, i, append(in, Value{N: uint64(k)})...)
		}
		race.parts = append(race.parts, part)
	}
	return race
}

func (s *sim) mapped(i int, deps []*knot) *knot {
	b := &s.p.beats[i]
	list := s.add(&knot{name: b.name + ".list", beat: i, act: act{last: b.last}}, s.paced(b.name, b.last, deps)...)
	list.give = func() any { return s.p.list(i, deps[0].value()) }
	all := s.add(&knot{name: b.name, kind: knotMap, beat: i, undos: b.undos}, list)
	for k, a := range b.parts {
		part := &knot{name: fmt.Sprintf("%s[%d]", b.name, k), beat: i, part: k, act: a, whole: all}
		part.label, part.seq = part.name, part.whole.seq
		part.give = func() any { return value(s.p.seed, i, list.out.([]Value)[k]) }
		all.parts = append(all.parts, part)
	}
	return s.follow(b.name+".sum", i, func() Value { return Value{N: sumAll(all.out.([]Value))} }, nil, all)
}

func (s *sim) leftOut(i int, deps []*knot) *knot {
	b := &s.p.beats[i]
	k := s.add(&knot{name: b.name, beat: i, leftOut: true}, deps...)
	switch i % 3 {
	case 0:
		k.out = asap.Result[Value]{}
		return s.or(i, k)
	case 1:
		return s.follow(b.name+".after", i, func() Value { return deps[0].value() }, nil, deps[0], k)
	}
	k.out = Value{}
	return k
}
