package engine

// The relay runs ready nodes on reused goroutines, without knowing which bodies
// will block. Its invariant is 6: with nodes in the queue, some goroutine is
// outside any body and about to pop.
//
// A pusher that counts no searcher starts one. A searcher takes itself off the
// count before it looks at the queue: either it sees a push, or the pusher sees
// no searcher. It does so with the lock held: were it off the count while it
// waits for the lock, everyone who pops would start another one to wait.
// Whoever pops and leaves work behind makes sure of a searcher before it runs
// the body. A worker between two bodies is not counted: a push that does not
// see it starts a searcher too many.
//
// The queue is two of the group's fields: in, a stack of what was pushed and not
// seen by a pop, the latest first, and out, a list of what comes next, guarded by
// the mutex popMu. Who pushes writes the one's cache line, who pops the other's:
// together in one, 100,000 tasks without dependencies took 1.2 to 2 times as long
// on two processors. The count of searchers, which both read for each task and
// seldom write, is in neither.
//
// model/relay.pml states the same for spin.

// push queues ready nodes, the oldest first, where their bodies run. They have
// their slots. The caller owns them until then and must not touch them after; it
// holds no lock, as a backend may be asked.
func (g *Group) push(c Chain) {
	if c.isEmpty() {
		return
	}
	if g.elsewhere {
		g.backend.Dispatch(c)
		return
	}
	var top *Node
	for n := c.head; n != nil; {
		next := n.next
		n.next = top
		top, n = n, next
	}
	g.pushStack(top, c.head)
}

// pushStack queues nodes that are linked from top to bottom, the latest first. The
// push comes before the look at searchers: keeps 6.
func (g *Group) pushStack(top, bottom *Node) {
	for {
		old := g.in.Load()
		bottom.next = old
		if g.in.CompareAndSwap(old, top) {
			break
		}
	}
	if g.searchers.Load() == 0 {
		g.startSearcher()
	}
}

// startSearcher starts a goroutine, which [Group.finish] waits for, as it is alive.
// Whoever makes searchers 1 has g.searchFunc to itself until that goroutine takes
// itself off. A method value is made once a group: one for each go would be an
// allocation.
func (g *Group) startSearcher() {
	q := g.quiet()
	q.rouse() // before others see a searcher, and leave to it what they have pushed
	if !g.searchers.CompareAndSwap(0, 1) {
		q.lull()
		return
	}
	if !g.enter() {
		q.lull()
		return // another has popped what was pushed, and everything has ended
	}
	if g.searchFunc == nil {
		g.searchFunc = g.search
	}
	go g.searchFunc()
}

// pop takes the oldest node, and reports whether it leaves others behind. A
// searcher takes itself off the count, before the look at the queue and under the
// lock: keeps 6. Only worker.pop calls it.
func (g *Group) pop(searching bool) (n *Node, left bool) {
	g.popMu.Lock()
	if searching {
		g.searchers.Add(-1)
	}
	n = g.out
	if n == nil {
		for m := g.in.Swap(nil); m != nil; {
			next := m.next
			m.next = n
			n, m = m, next
		}
	}
	if n != nil {
		g.out = n.next
		n.next = nil
		left = g.out != nil || g.in.Load() != nil
	}
	g.popMu.Unlock()
	return n, left
}
