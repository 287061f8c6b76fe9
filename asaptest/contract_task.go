package asaptest

import (
	"errors"
	"slices"

	"github.com/asap-go/asap"
)

func (c *contract) task(s seen) {
	e, t := s.Event, c.tasks[s.Task]
	if t == nil {
		if s.start || e.Kind != asap.Declared {
			c.breach(e, "before Declared")
			return
		}
		c.declare(e)
		return
	}
	if t.phase == ended {
		c.breach(e, "after Ended")
		return
	}
	// By the wall clock, who makes a task ready may have read the time before
	// the task was declared, or before another dependency ended.
	if e.At < t.last && (c.exact || t.phase >= starting) {
		c.breach(e, "at %v, but the step before it was at %v", e.At, t.last)
	}
	t.last = e.At
	if e.Group != t.group || e.Parent != t.parent {
		c.breach(e, "Group or Parent differs from Declared")
	}
	switch {
	case s.start && t.phase == ready:
		t.phase = starting
	case s.start:
		c.breach(e, "Start is called when the task is not ready")
	case e.Kind == asap.Ready && t.phase == declared:
		t.phase = ready
		c.ready(e, t)
	case e.Kind == asap.Started && t.phase == starting:
		t.phase, t.ran = running, true
	case e.Kind == asap.Started && t.phase == ready:
		t.phase, t.ran = running, true
		c.breach(e, "without Start before it")
	case e.Kind == asap.Blocked && t.phase == running:
		t.phase = blocked
		if e.On != 0 && c.tasks[e.On] == nil && c.groups[e.On] == nil && e.On>>32 == e.Task>>32 {
			c.breach(e, "On is neither a task nor a group")
		}
	case e.Kind == asap.Resumed && t.phase == blocked:
		t.phase = running
	case e.Kind == asap.Ended && t.phase != starting && t.phase != blocked:
		t.phase, t.outcome = ended, e.Outcome
		c.ended(e, t)
	default:
		c.breach(e, "out of order: the task is %s", phaseNames[t.phase])
	}
}

var phaseNames = [...]string{"announced", "declared", "ready", "starting", "running", "blocked", "ended"}

func (c *contract) declare(e asap.Event) {
	c.tasks[e.Task] = &taskState{group: e.Group, parent: e.Parent, deps: slices.Clone(e.Deps), phase: declared, last: e.At}
	c.order = append(c.order, e)
	g := c.groups[e.Group]
	switch {
	case g == nil || g.phase == announced:
		c.breach(e, "before GroupStart")
		return
	case g.phase == ended:
		c.breach(e, "after GroupEnd")
	case e.Task>>32 != e.Group>>32:
		c.breach(e, "its ID is of another run than its group's")
	case e.At < g.began:
		c.breach(e, "at %v, before the group's start", e.At)
	}
	for _, id := range e.Deps {
		if d := c.tasks[id]; d == nil || d.group != e.Group {
			c.breach(e, "a dependency is not a task that was declared before in the group")
		}
	}
	if e.Parent != g.parent { // an element of a Map, a function of a Race
		if p := c.tasks[e.Parent]; p == nil || p.group != e.Group {
			c.breach(e, "Parent is neither a task of the group nor the one that the group was made in")
		}
	}
}

func (c *contract) ready(e asap.Event, t *taskState) {
	for _, id := range t.deps {
		if d := c.tasks[id]; d != nil && (d.phase != ended || c.exact && d.last > e.At) {
			c.breach(e, "a dependency has not ended before")
		}
	}
	if e.On != 0 && !slices.Contains(t.deps, e.On) {
		c.breach(e, "On is not a dependency")
	}
}

// ended checks that outcome and error say the same.
func (c *contract) ended(e asap.Event, t *taskState) {
	var te *asap.TaskError
	var pe *asap.PanicError
	wrong := false
	switch e.Outcome {
	case asap.Succeeded, asap.LeftOut:
		wrong = e.Err != nil
	case asap.Tolerated, asap.Failed, asap.Canceled:
		wrong = !errors.As(e.Err, &te)
	case asap.Skipped:
		wrong = !errors.Is(e.Err, asap.ErrSkipped)
		if t.ran {
			c.breach(e, "Skipped, but its body ran")
		}
	case asap.Exited:
		wrong = !errors.Is(e.Err, asap.ErrExited)
	case asap.Panicked:
		wrong = !errors.As(e.Err, &pe)
	case asap.Goexited:
		wrong = !errors.Is(e.Err, asap.ErrGoexit)
	default:
		c.breach(e, "without an Outcome")
	}
	if wrong {
		c.breach(e, "Outcome %s with the error %v", e.Outcome, e.Err)
	}
}
