package whatif

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// otherRuns runs the program of a seed n times as life goes: one body in four
// takes from half to four times as long, and what fails, or exits, does not in one of three. So others are cut, lose or
// fail than in the run that is predicted.
func otherRuns(t *testing.T, k kind, seed uint64, n int) (runs []*waterfall.Run) {
	t.Helper()
	for i := range uint64(n) {
		p := newProgram(k, seed)
		p.live(rand.New(rand.NewPCG(seed, 1000+i)))
		runs = append(runs, p.run(t))
	}
	return runs
}

func sample(t *testing.T, runs []*waterfall.Run) *waterfall.Sample {
	t.Helper()
	s, err := waterfall.NewSample(runs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// live makes of the program what it is in another run.
func (p *program) live(r *rand.Rand) {
	for _, t := range p.tasks() {
		for i := range t.bodies {
			if r.IntN(4) == 0 {
				slower(t.bodies[i], 50+r.IntN(351))
			}
			if r.IntN(3) == 0 {
				t.bodies[i] = slices.DeleteFunc(t.bodies[i], func(s step) bool { return s.do == fails || s.do == exits })
			}
		}
	}
}

// slower scales, to so many percent, what a body sleeps itself.
func slower(steps []step, percent int) {
	for i := range steps {
		switch s := &steps[i]; s.do {
		case sleeps:
			s.sleep = s.sleep * time.Duration(percent) / 100
		case nests:
			slower(s.inner.script, percent)
		case forks:
			for _, strand := range s.strands {
				slower(strand, percent)
			}
		}
	}
}

// all is a sample that tells everything: what bodies take that nothing cuts short, how they
// end, and whether they look at their contexts. What is not predicted with it is no matter
// of what is known.
func all(t *testing.T, k kind, seed uint64) *waterfall.Sample {
	t.Helper()
	var runs []*waterfall.Run
	for i := range 10 {
		p := newProgram(k, seed)
		p.uncut(i%5 < 3)
		never := p.declareFirst(step{do: sleeps, sleep: time.Hour})
		for _, t := range p.tasks() {
			for n := range t.bodies {
				if t.sort == race && n != i%5 { // which does not win so
					t.bodies[n] = append(t.bodies[n], step{do: awaits, task: never})
				}
			}
		}
		runs = append(runs, p.run(t))
	}
	for _, at := range []time.Duration{3, 15, 40, 80, 150} {
		p := newProgram(k, seed)
		p.uncut(false)
		p.settled, p.limit = false, 0
		p.declareFirst(step{do: sleeps, sleep: at * time.Millisecond}).mayFail = false
		runs = append(runs, p.run(t))
	}
	return sample(t, runs)
}

// declareFirst declares one more task, before all others: it fails after a step.
func (p *program) declareFirst(s step) *task {
	t := &task{id: p.count, name: "first", mayFail: true, bodies: [][]step{{s, {do: fails}}}}
	p.count++
	p.script = append([]step{{do: declares, task: t}}, p.script...)
	return t
}

// uncut takes from the program what ends a context and what queues, and failures only if
// asked.
func (p *program) uncut(fail bool) {
	p.settled, p.limit, p.shared = true, 0, 0
	for _, t := range p.tasks() {
		t.timeout, t.within, t.limit, t.shared = 0, 0, 0, false
		for i := range t.bodies {
			t.bodies[i] = uncut(t.bodies[i], fail || t.sort == race)
		}
	}
}

func uncut(steps []step, fail bool) []step {
	steps = slices.Clone(steps)
	if !fail {
		steps = slices.DeleteFunc(steps, func(s step) bool { return s.do == fails || s.do == exits })
	}
	for i := range steps {
		if s := &steps[i]; s.do == nests {
			s.inner.settled, s.inner.limit = true, 0
		}
	}
	return steps
}
