package asaptest

import (
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
)

// contract follows the calls of an observer and says where they break the
// contract of [asap.Observer].
type contract struct {
	at     int  // number of the call
	exact  bool // times are virtual
	groups map[asap.ID]*groupState
	tasks  map[asap.ID]*taskState
	order  []asap.Event // of the first call for each group and task
	errs   []error
}

type phase int

const (
	announced phase = iota // a group of which only Start was called
	declared
	ready
	starting // Start was called
	running
	blocked
	ended
)

type groupState struct {
	parent asap.ID
	phase  phase // announced, running, blocked by a wait of its own, or ended
	began  time.Duration
}

type taskState struct {
	group, parent asap.ID
	deps          []asap.ID
	phase         phase
	ran           bool
	last          time.Duration
	outcome       asap.Outcome
}

// maxBreaches is enough to see what is wrong.
const maxBreaches = 10

func newContract() *contract {
	return &contract{groups: make(map[asap.ID]*groupState), tasks: make(map[asap.ID]*taskState)}
}

func (c *contract) breach(e asap.Event, format string, args ...any) {
	of := "group"
	if e.Task != 0 {
		of = "task"
	}
	where := fmt.Sprintf("call %d", c.at+1)
	if c.at < 0 {
		where = "at the end"
	}
	c.errs = append(c.errs, fmt.Errorf("asaptest: %s, %s of %s %q: %s", where, e.Kind, of, e.Name, fmt.Sprintf(format, args...)))
}

func (c *contract) err() error {
	if n := len(c.errs); n > maxBreaches {
		return errors.Join(append(c.errs[:maxBreaches:maxBreaches], fmt.Errorf("asaptest: and %d more", n-maxBreaches))...)
	}
	return errors.Join(c.errs...)
}

func (c *contract) next(s seen) {
	e := s.Event
	switch {
	case e.Group == 0:
		c.breach(e, "without a group")
	case s.start && e.Kind != asap.GroupStart && e.Kind != asap.Started:
		c.breach(e, "Start is called for GroupStart and Started alone")
	case e.Task == 0:
		c.group(s)
	default:
		c.task(s)
	}
}

func (c *contract) group(s seen) {
	e, g := s.Event, c.groups[s.Group]
	switch {
	case s.start && g != nil:
		c.breach(e, "Start is called again")
	case s.start:
		c.groups[e.Group] = &groupState{parent: e.Parent, began: e.At}
		c.order = append(c.order, e)
		c.made(e)
	case g == nil:
		c.breach(e, "before Start of the group")
	case g.phase == ended:
		c.breach(e, "after GroupEnd")
	case e.Kind == asap.GroupStart && g.phase == announced:
		g.phase = running
		c.same(e, g.began, g.parent)
	case e.Kind == asap.Blocked && g.phase == running: // a wait outside of any body
		g.phase = blocked
		if t := c.tasks[e.On]; (t == nil || t.group != e.Group) && c.groups[e.On] == nil {
			c.breach(e, "On is neither a task of the group nor a group")
		}
	case e.Kind == asap.Resumed && g.phase == blocked:
		g.phase = running
	case e.Kind == asap.GroupEnd && g.phase == running:
		g.phase = ended
		c.groupEnd(e, g)
	default:
		c.breach(e, "out of order")
	}
}

// made checks what a new group belongs to.
func (c *contract) made(e asap.Event) {
	if e.Parent == 0 {
		if e.At != 0 {
			c.breach(e, "At is %v, want 0 for the outermost group", e.At)
		}
		return
	}
	// An observer of the nested group alone does not know its owner.
	if p := c.tasks[e.Parent]; p != nil && p.phase != running && p.phase != blocked {
		c.breach(e, "its Parent is not running")
	}
	if e.Parent>>32 != e.Group>>32 {
		c.breach(e, "its ID is of another run than its Parent's")
	}
}

func (c *contract) same(e asap.Event, at time.Duration, parent asap.ID) {
	if e.At != at || e.Parent != parent {
		c.breach(e, "differs from the event that Start was given")
	}
}

func (c *contract) groupEnd(e asap.Event, g *groupState) {
	for _, d := range c.order {
		t := c.tasks[d.Task]
		switch {
		case t == nil || t.group != e.Group:
		case t.phase != ended:
			c.breach(e, "before task %q has ended", d.Name)
		case t.last > e.At:
			c.breach(e, "at %v, but task %q ended at %v", e.At, d.Name, t.last)
		}
	}
	switch {
	case e.At < g.began:
		c.breach(e, "at %v, before the group's start", e.At)
	case e.Outcome == 0:
		c.breach(e, "without an Outcome")
	case (e.Outcome == asap.Succeeded || e.Outcome == asap.Exited) && e.Err != nil:
		c.breach(e, "Outcome %s with the error %q", e.Outcome, e.Err)
	case (e.Outcome == asap.Failed || e.Outcome == asap.Panicked) && e.Err == nil:
		c.breach(e, "Outcome %s without an error", e.Outcome)
	}
}

// finish says what has not ended.
func (c *contract) finish() {
	c.at = -1
	for _, e := range c.order {
		if t := c.tasks[e.Task]; t != nil && t.phase != ended {
			c.breach(e, "the task has not ended")
		}
		if g := c.groups[e.Group]; e.Task == 0 && g.phase != ended {
			c.breach(e, "the group has not ended")
		}
	}
	c.dense()
}

// dense checks that the IDs of a run that was seen whole count from 1.
func (c *contract) dense() {
	whole := make(map[asap.ID]bool)
	most := make(map[asap.ID]asap.ID)
	count := make(map[asap.ID]asap.ID)
	for _, e := range c.order {
		id := e.Task
		if id == 0 {
			id = e.Group
			whole[id>>32] = whole[id>>32] || e.Parent == 0
		}
		most[id>>32] = max(most[id>>32], id&0xffffffff)
		count[id>>32]++
	}
	for run := range whole {
		if whole[run] && most[run] != count[run] {
			c.errs = append(c.errs, fmt.Errorf("asaptest: run %x has %d groups and tasks, but IDs up to %d", uint64(run), count[run], most[run]))
		}
	}
}
