package stress_test

import (
	"fmt"
	"slices"
)

// owait is one wait of one thread.
type owait struct {
	th     *othread
	target *onode
	ctx    *octx
	hard   *ohard // nil: soft, or nobody's
	seated bool   // it has given the body's slots back
	fired  bool
	cut    bool // by its context, not by the end of the task
	byEnd  bool // by that of the body's group
	do     func()
}

// parked reports whether w is a body's hard wait for a task of its group.
func (w *owait) parked() bool {
	n := w.th.node
	return w.hard != nil && n.group == w.target.group && !n.ends()
}

func (w *owait) leave() {
	w.fired = true
	if w.hard != nil {
		w.th.node.unhard(w.hard)
	}
	not := func(x *owait) bool { return x == w }
	w.ctx.waits = slices.DeleteFunc(w.ctx.waits, not)
	if w.target != nil {
		w.target.waits = slices.DeleteFunc(w.target.waits, not)
	}
}

func (w *owait) fire() {
	if w.fired {
		return
	}
	w.leave()
	w.cut = w.target != nil && w.target.state != done
	w.byEnd = w.cut && w.th.node != nil && w.th.node.group.end != nil
	if w.seated {
		w.th.node.sit(w.do)
	} else {
		w.th.o.soon = append(w.th.o.soon, w.do)
	}
}

// await is R6 to R9.
func (th *othread) await(st *step) {
	o := th.o
	o.stats.awaits++
	n := o.tasks[st.task.id]
	if n == nil {
		th.note("await " + st.task.name() + " undeclared")
		th.next()
		return
	}
	ctx, stop := th.ctx, func() {}
	w := &owait{th: th, target: n}
	body := th.node
	switch st.mode {
	case hard, value:
		if body != nil && body.state != done && !th.left {
			w.hard = &ohard{on: n, wait: w}
		} else if body != nil && body.state != done {
			o.unsure("a goroutine that is left behind waits as its body")
		}
	case timeout, anonTimeout:
		if st.mode == anonTimeout {
			ctx = &octx{}
		}
		ctx = ctx.child()
		c := ctx
		if st.d <= 0 {
			c.cancel(oDeadline, oDeadline)
		} else if c.err == nil && (th.ctx.limitAt == 0 || st.mode == anonTimeout || o.now+st.d < th.ctx.limitAt) { // else it has no timer
			stop = o.after(st.d, func() { c.cancel(oDeadline, oDeadline) })
		}
	case anon:
		ctx = &octx{}
	}
	w.ctx = ctx
	if st.mode >= anonTimeout {
		body = nil
	}
	ended := func(err *oerr) {
		stop()
		if n.state == done {
			err = n.fail
		}
		th.awaited(st, n, err)
	}
	if n.state == done {
		ended(nil)
		return
	}
	if ctx.err != nil {
		if n := th.node; th.left && n.group.over && n.group.parent.err != nil && n.group.parent.cause != ctx.cause {
			o.unsure("the cause of a context whose parent has ended after its group")
		}
		ended(&oerr{kind: 'A', name: n.label, in: []*oerr{ctx.cause}})
		return
	}
	if w.hard != nil {
		body.hards = append(body.hards, w.hard)
		if o.isStuck(body) {
			o.stats.cycles++
			may := o.waitsFor()
			body.unhard(w.hard)
			ended(&oerr{kind: 'C', may: may})
			return
		}
	}
	n.waits = append(n.waits, w)
	ctx.waits = append(ctx.waits, w)
	w.do = func() {
		if !w.cut {
			if body != nil && (n.outcome == 'C' || n.outcome == 'S') && th.node.group.end != nil {
				th.node.cutTask = true
			}
			ended(nil)
			return
		}
		o.stats.cuts++
		err := &oerr{kind: 'A', name: n.label, in: []*oerr{ctx.cause}}
		if ctx.cause == nil {
			err = &oerr{kind: 'C', may: w.th.node.cutMay}
		}
		n.cutAt, n.cutErr = o.now, err
		if by := th.node; body != nil && w.byEnd && ctx.cause != nil {
			by.cutTask = true
			if th.left {
				o.unsure("a goroutine that is left behind waits when the group ends")
			}
		}
		if n.state == done {
			n.compareCut()
		}
		ended(err)
	}
	if body != nil && !body.group.root().shares {
		body.group.root().waitedBefore = true
	}
	if body != nil && body.state != done {
		o.raise(n, body.rank()+1)
	}
	if body != nil && body.state != done && body.limiter() != nil {
		w.seated = true
		body.rise()
	}
}

func (th *othread) awaited(st *step, n *onode, err *oerr) {
	if err != nil {
		th.note("await " + st.task.name() + " " + err.canon(th.o.g.limited))
		notes := th.o.recs[th.s.id].notes
		notes[len(notes)-1].may = err.may
		th.acc = mix(th.acc, 7)
	} else {
		th.note(fmt.Sprintf("await %s = %x", st.task.name(), n.value))
		th.acc = mix(th.acc, n.value)
	}
	th.o.sleep(st.after, func() {
		if !th.fail(st, err) {
			th.next()
		}
	})
}

// open is New and the declarations that follow it.
func (th *othread) open(st *step) {
	o, sc := th.o, st.scope
	o.stats.groups++
	g := &ogroup{o: o, sc: sc, live: 1, made: o.now, parent: th.ctx}
	switch sc.ctx {
	case ctxForeign:
		g.parent = (&octx{}).child()
	case ctxTimeout, ctxCancel, ctxStrange, ctxDead, ctxEnded:
		g.parent = th.ctx.child()
	}
	if sc.ctx != ctxForeign && th.node != nil {
		g.owner = th.node
		g.rank = min(th.node.rank()+1, 31)
		g.lim = th.node.limiter()
	}
	g.lim = o.limited(g, g.lim, sc.shared, sc.limit)
	g.ctx = g.parent.child()
	g.ctx.group = g
	parent := g.parent
	switch {
	case sc.ctx == ctxDead:
		parent.cancel(oCanceled, oKilled)
	case sc.ctx != ctxForeign && sc.ctx != ctxTimeout:
	case sc.d <= 0:
		if parent.deadline == 0 || o.now < parent.deadline {
			parent.deadline = max(o.now, 1)
		}
		parent.cancel(oDeadline, oDeadline)
	case parent.err == nil:
		if d := o.now + sc.d; parent.deadline == 0 || d < parent.deadline {
			parent.deadline = d
		}
		o.after(sc.d, func() { parent.cancel(oDeadline, oDeadline) })
	}
	g.ctx.deadline = parent.deadline
	if parent.err != nil {
		g.endBy(outside, parent.cause)
	}
	o.groups[sc.id] = g
	for _, t := range sc.build {
		o.declare(t)
	}
	th.cleanup = append(th.cleanup, func(then func()) {
		if st.op == opRun {
			then()
			return
		}
		th.stop(st, then)
	})
}

// join waits until the group has ended, and then calls then.
func (th *othread) join(g *ogroup, wait bool, then func()) {
	o := th.o
	if g.over {
		then()
		return
	}
	n := g.owner
	if wait && g.waiting {
		o.unsure("two Waits for one group")
	}
	g.waiting = g.waiting || wait
	if !wait {
		g.stops++
	}
	if before := then; wait && n != nil && n.state == running && n.group.end == nil {
		then = func() {
			n.cutWait = n.cutWait || n.group.end != nil && g.result != nil && g.result.cause != nil && !g.goexited
			before()
		}
	}
	if wait && n != nil && n.state == running {
		n.hards = append(n.hards, &ohard{onGroup: g})
		o.raiseGroup(g, n.rank()+1)
		o.cutInside(g) // who goes on for it comes before who starts
	}
	switch {
	case !wait || n == nil || n.state != running: // Stop never gives the owner's slot back
		g.waits = append(g.waits, then)
	case n.limiter() != nil:
		ended, seated := false, false
		both := func() {
			if ended && seated {
				then()
			}
		}
		g.waits = append(g.waits, func() { ended = true; both() })
		g.ownerSits = func() { n.sit(func() { seated = true; both() }) }
		n.rise()
	default:
		g.waits = append(g.waits, then)
	}
	if !g.waited {
		g.waited = true
		g.count(-1)
	}
}

// raise reports whether this call raises the panic of a body: Wait, or the
// first Stop if no Wait was called.
func (g *ogroup) raise(wait bool) bool {
	if g.panicked == nil || g.raised || !wait && g.waiting {
		return false
	}
	if g.stops > 1 && !wait {
		g.o.unsure("two Stops return at one instant, and one of them panics")
	}
	g.raised = true
	return true
}

// wait is Wait, or the rest of Run.
func (th *othread) wait(st *step) {
	g := th.o.groups[st.scope.id]
	if g == nil {
		th.note("wait for no group")
		th.next()
		return
	}
	th.join(g, true, func() {
		name := fmt.Sprintf("wait g%d ", st.scope.id)
		raise := g.raise(true)
		switch {
		case raise:
			th.death = g.panicked
		case g.panicked == nil && g.goexited:
			th.death = oGoexit
		}
		if th.death != nil {
			th.note(name + th.death.canon(th.o.g.limited))
			th.o.sleep(st.after, th.unwind)
			return
		}
		err, what := g.result, ""
		if st.op == opRun {
			v := uint64(0)
			switch r := th.o.tasks[st.scope.result.id]; {
			case err == nil && g.end != nil && g.end.why == exit:
				v = g.end.value
			case err != nil && !(g.sc.settled && err.cause == nil): // the function is not called
			case r == nil:
				v = 5
			case r.fail == nil:
				v = r.value
			}
			what = fmt.Sprintf("%x ", v)
			th.acc = mix(th.acc, v)
		} else if g.end != nil && g.end.why == exit {
			what = fmt.Sprintf("exit %x ", g.end.value)
		}
		th.note(name + what + err.canon(th.o.g.limited))
		th.acc = mix(th.acc, uint64(len(what)))
		th.o.sleep(st.after, func() {
			if !th.fail(st, err) {
				th.next()
			}
		})
	})
}

// stop is Stop.
func (th *othread) stop(st *step, then func()) {
	g := th.o.groups[st.scope.id]
	if g == nil {
		then()
		return
	}
	if !g.over && g.endBy(outside, oCanceled) {
		g.ctx.cancel(oCanceled, oCanceled)
	}
	th.join(g, false, func() {
		if g.raise(false) {
			th.death = g.panicked
			th.note(fmt.Sprintf("stop g%d %s", st.scope.id, th.death.canon(th.o.g.limited)))
		}
		th.o.sleep(st.after, then)
	})
}
