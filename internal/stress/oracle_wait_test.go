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
	hard   bool
	seated bool // it has given the body's slots back
	fired  bool
	cut    bool // by its context, not by the end of the task
	do     func()
}

// parked reports whether w is a body's hard wait for a task of its group.
func (w *owait) parked() bool {
	n := w.th.node
	return w.hard && n.group == w.target.group && !n.entrant()
}

func (w *owait) leave() {
	w.fired = true
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
		w.hard = body != nil && body.hard == nil
	case timeout, anonTimeout:
		if st.mode == anonTimeout {
			ctx = &octx{}
		}
		ctx = ctx.child()
		c := ctx
		if st.d <= 0 {
			c.cancel(oDeadline, oDeadline)
		} else if c.err == nil {
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
		if w.hard && body.hard == th {
			body.hard, body.on = nil, nil
		}
		if n.state == done {
			err = n.fail
		}
		th.awaited(st, n, err)
	}
	if n.state == done {
		w.hard = false
		ended(nil)
		return
	}
	if ctx.err != nil {
		w.hard = false
		ended(&oerr{kind: 'A', name: n.label, in: []*oerr{ctx.cause}})
		return
	}
	if w.hard {
		body.hard, body.on = th, n
		if o.isStuck(body) {
			o.stats.cycles++
			ended(&oerr{kind: 'C', may: o.waitsFor()})
			return
		}
	}
	n.waits = append(n.waits, w)
	ctx.waits = append(ctx.waits, w)
	w.do = func() {
		if !w.cut {
			ended(nil)
			return
		}
		o.stats.cuts++
		err := &oerr{kind: 'A', name: n.label, in: []*oerr{ctx.cause}}
		if ctx.cause == nil {
			err = &oerr{kind: 'C', may: w.th.node.cutMay}
		}
		n.cutAt, n.cutErr = o.now, err
		if n.state == done {
			n.compareCut()
		}
		ended(err)
	}
	if body != nil && body.limiter() != nil {
		w.seated = true
		if w.hard {
			n.raise(min(body.rankNow()+1, 31), body.limiter().top())
		}
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
	g := &ogroup{o: o, sc: sc, live: 1, parent: th.ctx}
	switch sc.ctx {
	case ctxForeign:
		g.parent = (&octx{}).child()
	case ctxTimeout, ctxCancel, ctxStrange, ctxDead:
		g.parent = th.ctx.child()
	}
	if sc.ctx != ctxForeign && th.node != nil {
		g.owner = th.node
		g.ownerWaits = sc.ctx == ctxOwn || sc.ctx == ctxValue
		if g.lim = th.node.limiter(); g.lim != nil {
			g.rank = min(th.node.rankNow()+1, 31)
		}
	}
	if sc.limit > 0 {
		g.lim = newOLimiter(sc.limit, g.lim)
	}
	g.ctx = g.parent.child()
	g.ctx.group = g
	parent := g.parent
	switch {
	case sc.ctx == ctxDead:
		parent.cancel(oCanceled, oKilled)
	case sc.ctx != ctxForeign && sc.ctx != ctxTimeout:
	case sc.d <= 0:
		parent.cancel(oDeadline, oDeadline)
	case parent.err == nil:
		o.after(sc.d, func() { parent.cancel(oDeadline, oDeadline) })
	}
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
func (th *othread) join(g *ogroup, stopped bool, then func()) {
	o := th.o
	if g.over {
		then()
		return
	}
	if g.waited {
		g.joiners++
		g.waits = append(g.waits, then)
		return
	}
	g.waited = true
	n := g.owner
	if !stopped && n != nil && n.state == running && n.limiter() != nil {
		ended, seated := false, false
		both := func() {
			if ended && seated {
				then()
			}
		}
		g.waits = append(g.waits, func() { ended = true; both() })
		g.ownerSits = func() { n.sit(func() { seated = true; both() }) }
		g.lift(min(n.rankNow()+1, 31), n.limiter().top())
		n.rise()
	} else {
		g.waits = append(g.waits, then)
	}
	if !stopped && n != nil && g.ownerWaits && n.hard == nil {
		n.hard, n.onGroup = th, g
		g.waits[0] = chainFunc(func() { n.hard, n.onGroup = nil, nil }, g.waits[0])
		o.cutInside(g)
	}
	g.count(-1)
}

func chainFunc(a, b func()) func() { return func() { a(); b() } }

// raise reports whether this call raises the panic of a body.
func (g *ogroup) raise() bool {
	if g.panicked == nil || g.raised {
		return false
	}
	if g.joiners > 0 {
		g.o.unsure("Wait and Stop return at one instant, and one of them panics")
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
	th.join(g, false, func() {
		name := fmt.Sprintf("wait g%d ", st.scope.id)
		raise := g.raise()
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
			v, failed := uint64(5), (*oerr)(nil)
			if r := th.o.tasks[st.scope.result.id]; r != nil && r.fail != nil {
				v, failed = 0, r.fail
			} else if r != nil {
				v = r.value
			}
			switch {
			case err == nil && g.end != nil && g.end.why == exit:
				v = g.end.value
			case err == nil:
				err = failed
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
	th.join(g, true, func() {
		if g.raise() {
			th.death = g.panicked
			th.note(fmt.Sprintf("stop g%d %s", st.scope.id, th.death.canon(th.o.g.limited)))
		}
		th.o.sleep(st.after, then)
	})
}
