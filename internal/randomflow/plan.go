package randomflow

import (
	"fmt"
	"math/rand/v2"
)

// kind is how a step is declared.
type kind int

const (
	then        kind = iota // Then with one dependency, And with two to six
	start                   // Go
	given                   // Input
	gather                  // Gather, and a Then
	mapped                  // Then for the slice, Map, and a Then
	race                    // Race, of a group or of one or two dependencies
	optional                // Optional, and a Then that can do without
	do                      // Do, and an And with it
	nested                  // a Then whose body runs a flow or a group
	leftOut                 // a Then that When leaves out
	tolerated               // a Do that fails and may, and a Go after its end that needs the same
	wrapped                 // a Then in Arounds, with limits of time that it keeps
	mapOptional             // Then for the slice, MapOptional, and a Then that can do without
	kinds
)

// does is what the step's body does.
type does int

const (
	gives does = iota
	fails
	exits
)

// step is a few tasks with one value.
type step struct {
	kind    kind
	does    does
	name    string
	deps    []int // of earlier steps; 0 is the input
	n       int   // elements of a Map, functions of a Race
	at      int   // the element or function that is unlike the others
	limit   int   // of a Map, 0 for none
	settled bool  // nested: the group inside is
}

// plan is a flow that has been drawn.
type plan struct {
	seed    uint64
	settled bool
	limit   int // 0 for none
	steps   []step
	result  []int // what the last step takes
	culprit int   // the step that fails in a fail-fast flow, or exits; 0 for none
	exits   bool
	other   bool // the exit's type is not the flow's
}

const maxTasks = 200

// draw makes a plan. Most are small; one in ten has up to 200 tasks.
func draw(seed uint64) *plan {
	r := rand.New(rand.NewPCG(seed, 7))
	p := &plan{seed: seed, settled: r.IntN(2) == 0, steps: []step{{name: "input"}}}
	if r.IntN(3) == 0 {
		p.limit = 1 + r.IntN(4)
	}
	size := 3 + r.IntN(10)
	switch n := r.IntN(10); {
	case n == 9:
		size = 46 + r.IntN(maxTasks-46-12)
	case n > 5:
		size = 13 + r.IntN(33)
	}
	failing := r.IntN(2) == 0 // else all goes well but what an Optional covers
	for tasks := 2; tasks < size; {
		s := p.step(r, failing)
		p.steps = append(p.steps, s)
		tasks += s.tasks()
	}
	for range 1 + r.IntN(3) {
		p.result = append(p.result, r.IntN(len(p.steps)))
	}
	if n := r.IntN(6); n == 0 || n < 3 && !p.settled && failing {
		p.choose(r, n == 0)
	}
	return p
}

// step draws the next step. In a settled flow any may fail.
func (p *plan) step(r *rand.Rand, failing bool) step {
	i := len(p.steps)
	s := step{kind: kind(r.IntN(int(kinds))), n: 1 + r.IntN(4), limit: r.IntN(3), settled: r.IntN(2) == 0}
	if r.IntN(3) > 0 {
		s.kind = then
	}
	s.name = fmt.Sprint([...]string{"then", "start", "given", "all", "map", "race", "maybe", "do", "nested", "leftout", "tolerated", "wrapped", "mapoptional"}[s.kind], i)
	if s.kind == then {
		s.name = fmt.Sprint("t", i%9) // names that come again
	}
	most := 1
	switch s.kind {
	case then:
		most = 6
	case gather:
		most = 5
	case start, given:
		most = 0
	case race:
		most = r.IntN(3)
	case mapped, mapOptional:
		s.n = r.IntN(6)
	}
	if most > 0 {
		for range 1 + r.IntN(most) {
			s.deps = append(s.deps, i-1-r.IntN(min(i, 10)))
		}
	}
	s.at = r.IntN(max(s.n, 1))
	if r.IntN(6) == 0 && (s.kind == optional || s.kind == mapOptional && s.n > 0) || r.IntN(8) == 0 && p.settled && failing && s.canFail() {
		s.does = fails
	}
	return s
}

// covers reports whether a failure in the step becomes a value.
func (s *step) covers() bool { return s.kind == optional || s.kind == mapOptional }

func (s *step) canFail() bool {
	switch s.kind {
	case given, gather, leftOut, tolerated:
		return false
	case mapped, mapOptional:
		return s.n > 0
	}
	return true
}

// tasks is how many the step declares at most.
func (s *step) tasks() int {
	switch s.kind {
	case gather, optional, do, tolerated:
		return 2
	case mapped, mapOptional:
		return 3 + s.n
	case race:
		return 1 + s.n
	}
	return 1
}

// choose makes one step that can be reached the one that ends the group, and
// the result depend on it, so that it always does.
func (p *plan) choose(r *rand.Rand, exit bool) {
	want := p.want()
	for range 20 {
		i := 1 + r.IntN(len(p.steps)-1)
		s := &p.steps[i]
		if !s.canFail() || want[i].state != succeeded || s.does != gives || exit && s.kind == nested || !exit && s.covers() {
			continue
		}
		p.culprit, p.exits = i, exit
		p.result = append(p.result, i)
		s.does = fails
		if exit {
			s.does, p.other = exits, r.IntN(3) == 0
			if s.kind == race {
				s.n, s.at = 1, 0
			}
		}
		return
	}
}
