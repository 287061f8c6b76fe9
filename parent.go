package asap

import "context"

// parentWatch takes over the parent's end while bodies of the group are asleep
// or queued: nobody else would tell them.
type parentWatch struct {
	off  func() bool
	done chan struct{}
}

// watchParent registers with the parent, once, if it can end.
func (g *Group) watchParent() {
	if g.remote != nil || g.parent.Done() == nil {
		return
	}
	b := g.ledger()
	g.mu.Lock()
	if b.parentWatch != nil {
		g.mu.Unlock()
		return
	}
	p := &parentWatch{done: make(chan struct{})}
	b.parentWatch = p
	g.mu.Unlock()
	p.off = context.AfterFunc(g.parent, func() {
		// A goroutine of package context, which counts as one of the group's
		// while it has work to do.
		counted := g.enterWorker()
		if counted {
			g.outsideEnded()
		}
		close(p.done)
		if counted {
			g.count(-liveWorker)
		}
	})
}

// enterWorker counts a goroutine, unless everything has ended.
func (g *Group) enterWorker() bool {
	for {
		v := g.live.Load()
		if v == 0 {
			return false
		}
		if g.live.CompareAndSwap(v, v+liveWorker) {
			return true
		}
	}
}

// stop returns when the registration is gone and its call, if any, is over.
func (p *parentWatch) stop() {
	if !p.off() {
		<-p.done
	}
}
