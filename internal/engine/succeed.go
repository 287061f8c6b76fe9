package engine

// succeed is settleAs for what happens most, the success of a body that has nothing
// special: 6 to 18 % of the time of a task, by BenchmarkShapes. What is not
// simply a body that may start now is left to the settling. It reads the same list
// by the same rules as publish, which is to be changed with it: keeps 1, 2, 4, 5.
func (w *worker) succeed(n *Node) (next *Node) {
	w.inBody = false
	g := w.g
	if g.watch != nil {
		w.reportSuccess(n)
	}
	n.body.Drop(false)
	n.forget()
	e := n.list.Swap(&closed)
	if g.limiter != nil {
		return w.succeedLimited(n, e)
	}
	var top, bottom *Node // what is ready, the latest first, but for the oldest
	var inlines Chain
	for e != nil {
		var to *Node
		to, e = e.detach()
		switch {
		case to.isTold():
			to.tell()
		case !to.arrived(): // it waits for others
		case to.kind&(Inline|Bounded) != 0:
			inlines.pushFront(to) // the list has the latest first
		default:
			if g.watch != nil {
				g.watch.Ready(to.entry(), n.number(), w.at)
			}
			if bottom != nil {
				bottom.next = next
			} else if next != nil {
				top = next
			}
			bottom, next = next, to
		}
	}
	if top != nil {
		g.pushStack(top, bottom)
	}
	if !inlines.isEmpty() {
		var first Chain
		if next != nil {
			first.Push(next)
		}
		return w.succeedInline(n, first, inlines)
	}
	w.ended++
	return next
}

// succeedLimited is the rest of succeed under a limit, where who waited first comes
// first: without one all of them start now, and turning the list round is a pass
// over cold memory. e is the list that the caller has closed.
func (w *worker) succeedLimited(n *Node, e *Edge) (next *Node) {
	if e == nil {
		return w.nextLimited(n, Chain{}, 1)
	}
	var ready, inlines Chain
	for e = reverse(e); e != nil; {
		var to *Node
		to, e = e.detach()
		switch {
		case to.isTold():
			to.tell()
		case !to.arrived():
		case to.kind&Inline != 0:
			inlines.Push(to)
		default:
			if w.g.watch != nil {
				w.g.watch.Ready(to.entry(), n.number(), w.at)
			}
			ready.Push(to)
		}
	}
	if !inlines.isEmpty() {
		return w.succeedInline(n, ready, inlines)
	}
	return w.nextLimited(n, ready, 1)
}

// succeedInline is the rest of succeed when nodes without a body, or with a limit of
// their own, have nothing to wait for any more.
func (w *worker) succeedInline(n *Node, ready, inlines Chain) (next *Node) {
	s := settling{g: w.g, ended: 1, ready: ready, at: w.at}
	for to := inlines.Pop(); to != nil; to = inlines.Pop() {
		s.addReady(to, n)
	}
	s.publishRest()
	s.cutAndCancel()
	return w.next(n, &s)
}
