package whatif

import (
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// change alters the program as the rest of the generator's seed says, and returns the
// same changes for WhatIf.
//
// What the run has never come to cannot be named, and is not changed.
func (p *program) change(g *generator, was *waterfall.Run) (changes []waterfall.Change) {
	tasks := slices.DeleteFunc(p.tasks(), func(t *task) bool {
		return was.Task(t.name) == nil || t.sort != body && was.Task(t.name+"[0]") == nil
	})
	changed := make(map[*task]bool)
	for range [...]int{1, 1, 1, 2, 2, 3}[g.IntN(6)] {
		t := tasks[g.IntN(len(tasks))]
		switch {
		case g.chance(5):
			p.limit = g.IntN(5)
			changes = append(changes, waterfall.Limit(p.limit))
		case changed[t] || t.gone || insideGone(tasks, t):
		case g.chance(5):
			t.gone, changed[t] = true, true
			changes = append(changes, waterfall.Drop(t.name))
		default:
			changed[t] = true
			share := g.IntN(151) - 50
			changes = append(changes, t.speed(g, share))
		}
	}
	return changes
}

// insideGone tells whether t is inside of a task that is left out.
func insideGone(tasks []*task, t *task) bool {
	for _, around := range tasks {
		if around.gone {
			for _, b := range around.bodies {
				if slices.Contains((&program{script: b}).tasks(), t) {
					return true
				}
			}
		}
	}
	return false
}

// speed takes a share, in percent, off the task's time, or off that of one of its parts.
func (t *task) speed(g *generator, share int) waterfall.Change {
	name, bodies := t.name, t.bodies
	switch {
	case t.sort == body:
	case g.chance(2):
		i := g.IntN(len(bodies))
		name, bodies = fmt.Sprintf("%s[%d]", t.name, i), bodies[i:i+1]
	default:
		name = t.name + "[]"
	}
	for _, b := range bodies {
		hasten(b, share)
	}
	return waterfall.Speed(name, float64(share)/100)
}

// hasten scales what a body sleeps itself: also while it declares tasks in a group
// inside it, and not what those do.
func hasten(steps []step, share int) {
	for i := range steps {
		switch s := &steps[i]; s.do {
		case sleeps:
			s.sleep = s.sleep * time.Duration(100-share) / 100
		case nests:
			hasten(s.inner.script, share)
		case forks:
			for _, strand := range s.strands {
				hasten(strand, share)
			}
		}
	}
}
