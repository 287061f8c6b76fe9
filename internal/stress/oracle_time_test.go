package stress_test

import "time"

// otime is what a body with a limit of time has of it: R39.
type otime struct {
	ctx   *octx
	stop  func()
	late  bool // the limit has ended ctx
	limit *oerr
}

// limitError is the error of a limit of time.
func limitError(limit string, d time.Duration) *oerr {
	return &oerr{kind: 'L', name: limit + " " + d.String()}
}

// limitBody makes the context of a body that begins now, nil if it has no limit.
func (n *onode) limitBody() *octx {
	t := n.task
	if t.timeout == 0 && t.within == 0 {
		return nil
	}
	left, err := time.Duration(0), (*oerr)(nil)
	if t.within > 0 {
		left, err = n.group.made+t.within-n.o.now, limitError("within", t.within)
	}
	if t.timeout > 0 && (err == nil || t.timeout < left) {
		left, err = t.timeout, limitError("timeout", t.timeout)
	}
	l := &otime{ctx: n.group.ctx.child()}
	l.ctx.limitAt = n.o.now + left
	if at := n.o.now + left; l.ctx.deadline == 0 || at < l.ctx.deadline {
		l.ctx.deadline = at
	}
	l.stop = n.o.after(left, func() {
		l.late = l.ctx.err == nil
		several := l.ctx.seated() > 1
		l.ctx.cancel(oDeadline, err)
		if several && n.seat.queued != nil {
			n.o.unsure("a limit of time cuts several waits of a body, and not a slot for each")
		}
		if l.late {
			l.limit = err
		}
	})
	n.time = l
	return l.ctx
}

// seated counts the waits of bodies with a limit that c ends.
func (c *octx) seated() (count int) {
	for _, w := range c.waits {
		if w.seated {
			count++
		}
	}
	for _, k := range c.kids {
		if k.group == nil {
			count += k.seated()
		}
	}
	return count
}

// endTime is the end of a body with a limit of time. What it returns late is wrapped.
func (th *othread) endTime() {
	l := th.node.time
	if l == nil {
		return
	}
	l.stop()
	if th.err != nil && l.late {
		th.err = &oerr{kind: 'D', in: []*oerr{l.limit, th.err}}
	}
	if th.err != nil || th.death != nil {
		if l.ctx.err == nil && th.node.lefts > 0 {
			th.o.unsure("a goroutine that is left behind sees the end of a limited body's context")
		}
		l.ctx.cancel(oCanceled, oCanceled)
	}
	l.ctx.limitAt = 0
}

// beginWithin makes n fail when its Within ends, if it has not begun then, and reports
// whether that is to come.
func (n *onode) beginWithin() bool {
	t := n.task
	if t.within == 0 || t.leftOut || t.kind == kMapOptional && n.of == nil {
		return true
	}
	left := n.group.made + t.within - n.o.now
	if left <= 0 {
		n.o.unsure("a task that is late when it is declared")
		n.expire()
		return false
	}
	n.undue = n.o.after(left, func() {
		if n.state == pending && !n.killed && len(n.kids) == 0 {
			n.expire()
		}
	})
	return true
}

// expire is the end of what has not begun in time: it has failed, unless its group has
// ended before.
func (n *onode) expire() {
	n.killed = true
	s := &settling{o: n.o}
	if n.group.end != nil {
		s.skip(n, nil)
	} else {
		s.judge(n, limitError("within", n.task.within))
		s.work = append(s.work, n)
	}
	s.close(nil)
}
