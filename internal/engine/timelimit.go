package engine

import (
	"context"
	"time"
)

// What the worker of a body does for its limits of time: Timeout, and Within once it
// has begun. Before that see due.go.

// newTimedBody returns the context of n's body, which begins now, nil if it has no
// limit of time of its own. The timer runs from here on.
func (g *Group) newTimedBody(n *Node) *bodyContext {
	o := n.options()
	if o == nil || o.timeout == 0 && o.within == 0 {
		return nil
	}
	b := new(timedBody)
	t := &b.timedContext
	if due := n.due(); due != nil {
		t.at, t.within = due.at, o.within
	}
	if o.timeout > 0 {
		if at := time.Now().Add(o.timeout); t.within == 0 || at.Before(t.at) {
			t.at, t.within, t.after = at, 0, o.timeout
		}
	}
	if t.within == 0 && t.after == 0 {
		return nil
	}
	b.bodyContext.Context = t
	t.start(g)
	return &b.bodyContext
}

// timed returns the context of n's body if it has a limit of time, and else nil.
func (n *Node) timed() *timedContext {
	if c := n.bodyContext(); c != nil {
		t, _ := c.Context.(*timedContext)
		return t
	}
	return nil
}

// endTime takes the end of n's body, which has returned err or died, and returns its
// error: another one if it comes after the limit. It does nothing the second time. Only
// n's worker calls it. The context of a body that has not succeeded ends here, so that
// nothing of it is noted any longer.
func (n *Node) endTime(err error, died bool) error {
	t := n.timed()
	if t == nil || t.timer == nil {
		return err
	}
	if late := t.stop(); late && err != nil {
		err = n.group.host.Late(t.limit(), err)
	}
	if err != nil || died {
		t.end(context.Canceled, nil)
	}
	return err
}
