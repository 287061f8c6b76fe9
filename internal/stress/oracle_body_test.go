package stress_test

import (
	"fmt"
	"slices"
)

// othread is a script as it is carried out: a body, a goroutine of one, or one
// outside.
type othread struct {
	o       *oracle
	node    *onode // nil outside
	s       *script
	ctx     *octx
	pc      int
	acc     uint64
	err     *oerr
	death   *oerr // a panic, or oGoexit
	cleanup []func(then func())
	ended   bool
	joiner  func()
	onEnd   func(*othread)
}

func (o *oracle) thread(s *script, n *onode, ctx *octx, onEnd func(*othread)) *othread {
	th := &othread{o: o, node: n, s: s, ctx: ctx, onEnd: onEnd}
	if n != nil {
		th.acc = mix(n.in, uint64(s.id))
	}
	o.live++
	o.recs[s.id].started++
	th.note("start")
	o.soon = append(o.soon, th.next)
	return th
}

func (th *othread) note(what string) { th.o.recs[th.s.id].add(th.o.now, what) }

// next carries on with the next step.
func (th *othread) next() {
	o := th.o
	for th.pc < len(th.s.steps) {
		st := &th.s.steps[th.pc]
		th.pc++
		if st.omit {
			continue
		}
		switch st.op {
		case opSleep:
			o.sleep(st.d, th.next)
			return
		case opNap:
			th.nap(st)
			return
		case opAwait:
			th.await(st)
			return
		case opDeclare:
			th.note("declare " + st.task.name() + " " + o.declare(st.task))
		case opOpen:
			th.open(st)
		case opWait:
			th.wait(st)
			return
		case opRun:
			th.open(st)
			th.wait(st)
			return
		case opFork:
			th.fork(st)
		case opStop:
			th.stop(st, th.next)
			return
		case opCancel:
			if g := o.groups[0]; g != nil {
				cause := oKilled
				if g.sc.ctx == ctxStrange {
					cause = oCanceled
				}
				g.parent.cancel(oCanceled, cause)
			}
		}
	}
	o.sleep(th.s.last, th.finish)
}

// finish is the end of the steps: what the body returns, or how it dies.
func (th *othread) finish() {
	switch th.s.ret {
	case retFail:
		th.err = &oerr{kind: 'F', name: fmt.Sprint("s", th.s.id)}
	case retPanic:
		th.death = &oerr{kind: 'P', name: fmt.Sprintf("%s=s%d", th.node.label, th.s.id)}
	case retGoexit:
		th.death = oGoexit
	case retExit:
		if g := th.o.groups[th.s.scope]; g != nil {
			th.err = &oerr{kind: 'x', group: g, value: th.acc}
		} else {
			th.err = &oerr{kind: 'F', name: fmt.Sprint("s", th.s.id)}
		}
	case retCause:
		th.err = th.ctx.cause
	case retErr:
		th.err = th.ctx.err
	}
	if th.s.wrap && th.err != nil {
		th.err = &oerr{kind: 'W', in: []*oerr{th.err}}
	}
	th.unwind()
}

// unwind runs what the script has deferred.
func (th *othread) unwind() {
	if k := len(th.cleanup); k > 0 {
		c := th.cleanup[k-1]
		th.cleanup = th.cleanup[:k-1]
		c(th.unwind)
		return
	}
	th.note("end")
	th.o.live--
	th.ended = true
	th.onEnd(th)
	if th.joiner != nil {
		th.joiner()
	}
}

// fail is an early return with err, if the step says so.
func (th *othread) fail(st *step, err *oerr) bool {
	switch {
	case err == nil || st.policy == ignore:
		return false
	case st.policy == wrapped:
		err = &oerr{kind: 'W', in: []*oerr{err}}
	}
	th.err = err
	th.unwind()
	return true
}

func (th *othread) nap(st *step) {
	o := th.o
	full := func(cut bool) {
		if cut {
			th.note("nap cut " + th.ctx.cause.canon(o.g.limited))
		} else {
			th.note("nap")
		}
		o.sleep(st.after, th.next)
	}
	if th.ctx.err != nil || st.d <= 0 {
		full(th.ctx.err != nil)
		return
	}
	w := &owait{th: th, ctx: th.ctx}
	stop := o.after(st.d, func() { w.leave(); full(false) })
	w.do = func() { stop(); full(true) }
	th.ctx.waits = append(th.ctx.waits, w)
}

// fork starts a goroutine of the body, joined when that returns.
func (th *othread) fork(st *step) {
	f := th.o.thread(st.script, th.node, th.ctx, func(*othread) {})
	f.acc = mix(0, uint64(st.script.id))
	th.cleanup = append(th.cleanup, func(then func()) {
		joined := func() { th.o.sleep(st.after, then) }
		if f.ended {
			joined()
			return
		}
		f.joiner = joined
	})
}

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
		g.lim = th.node.limiter()
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
func (th *othread) join(g *ogroup, then func()) {
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
	if n != nil && n.state == running && n.limiter() != nil {
		ended, seated := false, false
		both := func() {
			if ended && seated {
				then()
			}
		}
		g.waits = append(g.waits, func() { ended = true; both() })
		g.ownerSits = func() { n.sit(func() { seated = true; both() }) }
		n.rise()
	} else {
		g.waits = append(g.waits, then)
	}
	if n != nil && g.ownerWaits && n.hard == nil {
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
	th.join(g, func() {
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
	th.join(g, func() {
		if g.raise() {
			th.death = g.panicked
			th.note(fmt.Sprintf("stop g%d %s", st.scope.id, th.death.canon(th.o.g.limited)))
		}
		th.o.sleep(st.after, then)
	})
}
