package stress_test

// returned is the end of a body: R11 to R17.
func (n *onode) returned(th *othread) {
	o, g := n.o, n.group
	s := &settling{o: o}
	switch {
	case th.death == oGoexit:
		o.stats.goexits++
		n.fail, n.outcome = &oerr{kind: 'T', name: n.label, in: []*oerr{oGoexit}, group: g}, 'G'
		g.goexited = true
		g.unfinished = true
		if g.endBy(goexit, n.fail) {
			s.cancel = g
		}
	case th.death != nil:
		o.stats.panics++
		n.fail, n.outcome = th.death, 'P'
		if g.panicked == nil {
			g.panicked = n.fail
		}
		g.unfinished = true
		if g.endBy(panicked, n.fail) {
			s.cancel = g
		}
	default:
		n.setValue(th.acc)
		s.judge(n, th.err)
	}
	s.publish(n)
	s.close(n)
}

func (n *onode) setValue(v uint64) {
	n.value = v
	if n.of != nil {
		if n.task.kind == kMapOptional {
			n.value = resultDigest(v, false, "")
		}
		return
	}
	switch n.task.kind {
	case kDo:
		n.value = 1
	case kOptional:
		n.value = resultDigest(v, false, "")
	}
}

// judge says what it means that n's body returned err.
func (s *settling) judge(n *onode, err *oerr) {
	g := n.group
	exited := func() { n.fail, n.outcome = &oerr{kind: 'X', name: n.label}, 'X' }
	if err == nil {
		if g.end != nil && g.end.why == exit {
			exited()
		}
		return
	}
	te := &oerr{kind: 'T', name: n.label, in: []*oerr{err}, group: g}
	canceled := func() {
		n.fail, n.outcome = te, 'C'
		g.unfinished = g.unfinished || !n.entrant()
	}
	if x := err.exit(g); x != nil {
		if g.endBy(exit, oExited) {
			s.o.stats.exits++
			g.end.value = x.value
			s.cancel = g
			exited()
			return
		}
		if g.end.why != exit {
			canceled()
			return
		}
	}
	switch {
	case g.end != nil && g.end.why == exit:
		exited()
		return
	case n.entrant() && n.of.decided:
		n.fail, n.outcome = te, 'C'
		return
	case g.end != nil && (err.is(oCanceled) || err.is(oDeadline) || err.is(g.end.cause)):
		canceled()
		return
	case n.entrant():
		n.fail, n.outcome = te, 'F'
		return
	case n.of == nil && n.task.kind == kOptional, n.of != nil && n.task.kind == kMapOptional:
		n.value = resultDigest(0, true, te.canon(s.o.g.limited))
		return
	}
	n.fail, n.outcome = te, 'F'
	g.unfinished = true
	switch {
	case err.wraps(g): // the root is listed
	case g.end != nil && g.end.why == outside && len(g.failures) == 0:
	default:
		s.o.stats.failures++
		te.listed = true
		g.failures = append(g.failures, te)
		if !g.sc.settled && g.endBy(failure, te) {
			s.cancel = g
		}
	}
}
