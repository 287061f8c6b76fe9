package stress_test

// returned is the end of a body: R11 to R17.
func (n *onode) returned(th *othread) {
	o, g := n.o, n.group
	s := &settling{o: o}
	th.endTime()
	switch {
	case th.death == oGoexit:
		o.stats.goexits++
		n.fail, n.outcome = &oerr{kind: 'T', name: n.label, in: []*oerr{oGoexit}, group: g}, 'G'
		g.goexited = true
		if g.endBy(goexit, n.fail) {
			s.cancel = g
		}
	case th.death != nil:
		o.stats.panics++
		n.fail, n.outcome = th.death, 'P'
		if g.panicked == nil {
			g.panicked = n.fail
		}
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
		g.left(n)
	}
	running := func() {
		if !g.isOutside() || n.cutTask || n.task.kind == kRace && !n.entrant() {
			return
		}
		g.ended = append(g.ended, te)
		if !n.cutWait {
			g.running = append(g.running, n.label)
		}
	}
	ends := err.ends(g)
	echo := g.end != nil && ends&inOther == 0
	if x := err.exit(g); x != nil && err.kind != 'J' { // those of a Race were seen in its functions
		if g.endBy(exit, oExited) {
			s.o.stats.exits++
			g.end.value = x.value
			s.cancel = g
			exited()
			return
		}
		if g.end.why != exit {
			te.listed = true
			running()
			canceled()
			return
		}
	}
	if g.end != nil && g.end.why == exit {
		exited()
		return
	}
	te.listed = echo
	running()
	switch {
	case n.entrant() && n.of.decided, echo:
		canceled()
		return
	case n.entrant():
		te.listed = ends == inListed
		n.fail, n.outcome = te, 'F'
		return
	case n.of == nil && n.task.kind == kOptional, n.of != nil && n.task.kind == kMapOptional:
		n.value = resultDigest(0, true, te.canon(s.o.g.limited))
		return
	}
	n.fail, n.outcome = te, 'F'
	if n.task.mayFail {
		te.listed = ends == inListed
		return
	}
	g.left(n)
	te.listed = true
	if ends != inListed { // else the root is listed
		s.o.stats.failures++
		g.failures = append(g.failures, te)
		if !g.sc.settled && g.endBy(failure, te) {
			s.cancel = g
		}
	}
}
