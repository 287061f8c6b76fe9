package whatif

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// kind is what programs may have beside tasks that depend on each other and await.
type kind struct {
	name                                                           string
	limits, maps, nested, races, failures, settled, callers, timed bool
	want                                                           float64 // of predictions, at least so many percent are within 5 %
	loose                                                          int     // and of those that assume nothing, so many percent may not be exact
	spread                                                         int
	hears                                                          bool // bodies stop when their context ends
	ties                                                           bool // durations collide
	several                                                        bool // goroutines of a body or of the caller wait at once
}

var kinds = []kind{
	{name: "plain", want: 100},
	{name: "limits", want: 99, limits: true},
	{name: "Maps", want: 99, maps: true},
	{name: "nesting", want: 99, nested: true},
	{name: "callers that wait", want: 99, loose: 1, callers: true},
	{name: "several at once", want: 85, loose: 7, callers: true, several: true},
	{name: "Race", want: 93, races: true},
	{name: "Race, heard", want: 85, races: true, hears: true},
	{name: "failures", want: 95, failures: true},
	{name: "failures, heard", want: 95, failures: true, hears: true},
	{name: "settled", want: 95, failures: true, settled: true},
	{name: "time limits", want: 95, loose: 2, timed: true},
	{name: "time limits, heard", want: 92, loose: 2, timed: true, hears: true},
	{name: "mixed", want: 92, loose: 2, limits: true, maps: true, nested: true, races: true, failures: true, callers: true, timed: true, spread: 3},
	{name: "mixed, heard", want: 92, loose: 2, limits: true, maps: true, nested: true, races: true, failures: true, callers: true, timed: true, spread: 3, hears: true},
	{name: "mixed, ties", want: 75, loose: 15, limits: true, maps: true, nested: true, races: true, failures: true, callers: true, timed: true, spread: 3, ties: true},
}

type generator struct {
	kind
	*rand.Rand
	p      *program
	failed bool // there is one that ends its group
}

// newProgram makes the program of a seed.
func newProgram(k kind, seed uint64) *program {
	g := &generator{kind: k, Rand: rand.New(rand.NewPCG(seed, 11)), p: &program{}}
	g.settled = k.settled || k.failures && k.limits && g.chance(3)
	g.options(g.p)
	if g.limits && g.chance(3) {
		g.p.shared = 1 + g.IntN(3)
	}
	g.p.script = g.script(3+g.IntN(16), 0, "t", nil)
	return g.p
}

func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// feature is chance for what a kind is about. A mixed program has as many features as
// one of another kind, and not those of all: then nearly every one would fail early.
func (g *generator) feature(n int) bool { return g.chance(n * max(1, g.spread)) }

// options are those of the program of a group.
func (g *generator) options(p *program) {
	p.settled = g.settled
	if g.limits && g.chance(2) {
		p.limit = 1 + g.IntN(4)
	}
}

// duration is a multiple of 100 ns up to 50 ms, such that a share of whole percents is
// one of nanoseconds, and that two events of different tasks seldom fall on one instant.
func (g *generator) duration() time.Duration {
	if g.ties {
		return time.Duration(1+g.IntN(5)) * 10 * time.Millisecond
	}
	return time.Duration(1+g.IntN(500_000)) * 100
}

// script declares n tasks of one group; outer are those around it that may be awaited.
func (g *generator) script(n, depth int, prefix string, outer []*task) (steps []step) {
	var mine []*task
	for i := range n {
		if g.callers && i > 0 && g.feature(4) {
			switch {
			case g.chance(3):
				steps = append(steps, step{do: sleeps, sleep: g.duration()})
			case g.several && g.chance(2):
				steps = append(steps, g.strands(mine))
			default:
				steps = append(steps, step{do: awaits, task: mine[g.IntN(len(mine))]})
			}
		}
		t := &task{id: g.p.count, name: fmt.Sprintf("%s%d", prefix, i)}
		g.p.count++
		g.fill(t, depth, mine, outer)
		mine = append(mine, t)
		steps = append(steps, step{do: declares, task: t})
	}
	return steps
}

// fill makes up what a task is.
func (g *generator) fill(t *task, depth int, mine, outer []*task) {
	for len(t.deps) < 3 && len(mine) > 0 && g.chance(2) {
		d := dep{on: mine[g.IntN(len(mine))]}
		if g.failures {
			d.how = [...]depKind{needs, needs, needs, after, afterEnd}[g.IntN(5)]
		}
		if !t.dependsOn(d.on) {
			t.deps = append(t.deps, d)
		}
	}
	t.deaf = !g.hears
	known := append(append([]*task(nil), outer...), mine...)
	bodies := 1
	switch {
	case g.maps && g.feature(4), g.limits && !g.maps && g.chance(5):
		t.sort, bodies = mapped, 1+g.IntN(5)
		if g.limits && g.chance(2) {
			t.limit = 1 + g.IntN(3)
		}
	case g.races && g.feature(4):
		t.sort, bodies = race, 2+g.IntN(3)
		if len(t.deps) > 1 {
			t.deps = t.deps[:1]
		}
		for i := range t.deps {
			t.deps[i].how = needs
		}
		if len(t.deps) > 0 && (t.deps[0].on.optional || t.deps[0].on.sort == mapped) {
			t.deps = nil
		}
	}
	for range bodies {
		t.bodies = append(t.bodies, g.body(t, depth, known))
	}
	g.trouble(t)
	if t.sort != race {
		t.shared = g.p.shared > 0 && g.chance(4)
		t.leftOut = g.failures && g.feature(12)
		t.retried = g.timed && g.feature(6)
	}
}

func (t *task) dependsOn(on *task) bool {
	for _, d := range t.deps {
		if d.on == on {
			return true
		}
	}
	return false
}

// body makes up what a body does.
func (g *generator) body(t *task, depth int, known []*task) (steps []step) {
	for range 1 + g.IntN(3) {
		steps = append(steps, step{do: sleeps, sleep: g.duration()})
		switch {
		case g.several && len(known) > 0 && g.chance(3):
			steps = append(steps, g.strands(known))
		case t.sort != body && !g.chance(4):
		case len(known) > 0 && g.chance(3):
			s := step{do: awaits, task: known[g.IntN(len(known))]}
			if g.timed && g.feature(3) {
				s.soft, s.sleep = true, g.duration()
			}
			steps = append(steps, s)
		case g.nested && depth < 2 && g.feature(4+4*depth):
			inner := &program{}
			g.options(inner)
			inner.script = g.script(1+g.IntN(4), depth+1, fmt.Sprintf("%s.%d.", t.name, len(t.bodies)*10+len(steps)), known)
			if g.chance(2) {
				inner.script = append(inner.script, step{do: sleeps, sleep: g.duration()})
			}
			steps = append(steps, step{do: nests, inner: inner})
		}
	}
	return steps
}

// strands are goroutines that sleep and await, and are waited for.
func (g *generator) strands(known []*task) step {
	s := step{do: forks}
	for range 2 + g.IntN(3) {
		var steps []step
		for range 1 + g.IntN(2) {
			if g.chance(2) {
				steps = append(steps, step{do: sleeps, sleep: g.duration()})
			}
			steps = append(steps, step{do: awaits, task: known[g.IntN(len(known))]})
		}
		if g.chance(3) {
			steps = append(steps, step{do: sleeps, sleep: g.duration()})
		}
		s.strands = append(s.strands, steps)
	}
	return s
}

// trouble makes the task fail, tolerate, or be late.
func (g *generator) trouble(t *task) {
	last := len(t.bodies) - 1
	if t.sort == race && g.races && g.chance(3) {
		i := g.IntN(len(t.bodies))
		t.bodies[i] = append(t.bodies[i], step{do: fails})
	}
	if g.failures && t.sort != race {
		switch {
		case g.feature(6):
			t.optional = true
		case g.feature(8):
			t.mayFail = true
		}
		tolerated := t.optional || t.mayFail
		switch {
		case tolerated && g.chance(2), !tolerated && g.settled && g.feature(8):
			t.bodies[last] = append(t.bodies[last], step{do: fails})
		case !tolerated && !g.failed && g.feature(24):
			g.failed = true
			end := step{do: fails}
			if g.chance(4) {
				end.do = exits
			}
			t.bodies[last] = append(t.bodies[last], end)
		}
	}
	if g.timed && t.sort != race {
		switch {
		case g.feature(4):
			t.timeout = 3 * g.duration()
		case g.feature(4):
			t.within = 8 * g.duration()
		}
		if (t.timeout > 0 || t.within > 0) && !g.chance(8) {
			t.optional = true
		}
	}
}
