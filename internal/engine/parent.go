package engine

import "context"

// parentWatch takes over the parent's end while bodies of the group, or of those
// nested in it, are asleep or queued: nobody else would tell them.
type parentWatch struct {
	off  func() bool
	done chan struct{}
}

// watchParent registers with the parent of g's base, once, if it can end. It may
// be called by anybody, also by a goroutine that a body has left behind, and
// with no lock held, as it calls methods of the caller's context.
func (g *Group) watchParent() {
	g = g.base
	if g.elsewhere || g.parent.Done() == nil { // another engine looks itself
		return
	}
	b := g.makeBook()
	g.mu.Lock()
	registered := b.watch != nil
	g.mu.Unlock()
	if registered || !g.enter() { // counted in: finish waits for the registration
		return
	}
	defer g.leave()
	p := &parentWatch{done: make(chan struct{})}
	g.mu.Lock()
	if registered = b.watch != nil; !registered {
		b.watch = p
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
		if !g.isClosed() {
			g.noticeParent()
		}
		close(p.done)
		g.leave()
	})
}

// unwatchParent returns when the registration is gone and its call, if any, is
// over. Only finish calls it: nobody registers any more.
func (g *Group) unwatchParent() {
	b := g.book.Load()
	if b == nil || b.watch == nil {
		return
	}
	if p := b.watch; !p.off() {
		<-p.done
	}
}
