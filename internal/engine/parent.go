package engine

import "context"

// parentWatch takes over the parent's end while bodies of the group, or of those
// nested in it, are asleep or queued: nobody else would tell them. Keeps 26.
type parentWatch struct {
	off  func() bool
	done chan struct{}
}

// watchParent registers with the parent of g's base, once, if it can end. It may
// be called by anybody, also by a goroutine that a body has left behind, and
// with no lock held, as it calls methods of the caller's context. A group that
// neither waits nor queues never registers, and pays nothing for its parent.
func (g *Group) watchParent() {
	if base := g.base; !base.elsewhere && base.parent.Done() != nil {
		base.registerWatch() // an engine elsewhere notices the end by itself
	}
}

// registerWatch is apart for its frame. g is a base.
//
//go:noinline
func (g *Group) registerWatch() {
	b := g.makeLedger()
	g.mu.Lock()
	registered := b.parentWatch != nil
	g.mu.Unlock()
	if registered || !g.enter() { // counted in: finish waits for the registration
		return
	}
	defer g.leave()
	p := &parentWatch{done: make(chan struct{})}
	g.mu.Lock()
	if registered = b.parentWatch != nil; !registered {
		b.parentWatch = p
	}
	g.mu.Unlock()
	if registered {
		return
	}
	p.off = context.AfterFunc(g.parent, func() {
		// A goroutine of package context, which counts as one of the group's
		// while it has work to do. It may be the one that ends the group, which
		// waits for done: so that is closed before.
		g.alive.Add(1)
		if !g.isSealed() {
			g.noticeParent()
		}
		last := g.countOff()
		close(p.done)
		if last {
			g.finish()
		}
	})
}

// unwatchParent returns when the registration is gone and its call, if any, is
// over. Only finish calls it: nobody registers any more.
func (g *Group) unwatchParent() {
	b := g.ledger.Load()
	if b == nil || b.parentWatch == nil {
		return
	}
	if p := b.parentWatch; !p.off() {
		<-p.done
	}
}
