package stress_test

import "fmt"

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
	left    bool // its body does not wait for it
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
		case opLeave:
			n := th.node
			n.lefts++
			f := o.thread(st.script, n, th.ctx, func(*othread) { n.lefts-- })
			f.left = true
		case opStop:
			th.stop(st, th.next)
			return
		case opEnd:
			if g := o.groups[st.scope.id]; g != nil && g.sc.ctx == ctxEnded {
				g.parent.cancel(oCanceled, oCanceled)
			}
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
