package engine

import (
	"context"
	"runtime/debug"
	"slices"
	"weak"
)

// What undoes values that are not kept, when nothing of the group runs any more.
// Who declares an undo notes it in the group and at its node; who settles the node
// takes a number for it before the list is closed. A node without undos pays one
// load of its side, which is asked for anyway: see forget.

// UndoFunc undoes the value of a task that has succeeded, with lost nil, or one that
// its task does not have.
type UndoFunc func(ctx context.Context, lost *Lost) error

// undo is one undo of a task.
type undo struct {
	n    *Node
	tag  int // of the backend
	call UndoFunc
	at   uint64 // when the task ended, or the undo was declared if that was later; under the group's mu
	next *undo  // the one of the same node that was declared before; likewise
	gone bool   // the node has failed and lost nothing; likewise
}

// Lost is a value of a task that is not the task's: of a function that has succeeded
// after its Race was decided, of a call beside the first, of a body that succeeded too
// late. It stays at the task's node, for an undo may still be declared.
type Lost struct {
	Value any
	at    uint64
}

// undoing is what a group has of undos, under its mu.
type undoing struct {
	clock  uint64 // the last number taken
	all    []*undo
	losers []weak.Pointer[Node] // nodes with lost values; weak, as who races for ever may drop the Races
	most   int                  // of the two lists, before what is of no use is thrown out

	planned    bool
	todo       []step // what is to be undone, once planned
	joinsEnded bool
}

// step is one call of an undo.
type step struct {
	*undo
	at   uint64
	lost *Lost
}

// Undo notes what undoes the values of n: the user's function fn, by call. Anybody may call it. It reports false if
// nothing can be declared in the group any more: it looks at the seal under the mu,
// and who has sealed looks for undos under it. Keeps 33.
func Undo(n *Node, fn any, call UndoFunc) bool {
	g := n.group
	tag, noted := 0, true
	if g.backend != nil {
		if tag, noted = g.backend.Undoes(n, fn); !noted {
			return true
		}
	}
	d, r := g.makeLedger().makeUndoing(), n.makeSide().makeRare()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isSealed() {
		return false
	}
	if n.isDone() && n.hasNothing(r) {
		return true
	}
	d.tidyIfMany()
	u := &undo{n: n, tag: tag, call: call, at: d.next(), next: r.undos.Load()}
	d.all = append(d.all, u)
	r.undos.Store(u)
	return true
}

// Lose keeps a value of n that is not its task's, for an undo. An element of a Map has
// none, and a function of a Race has that of the Race. The caller keeps the group from
// being sealed.
func Lose(n *Node, value any) {
	if n.kind&Element != 0 {
		return
	}
	g := n.group
	if of := n.whole(); of != nil {
		n = of
	}
	d, r := g.makeLedger().makeUndoing(), n.makeSide().makeRare()
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.lost == nil {
		d.tidyIfMany()
		d.losers = append(d.losers, weak.Make(n))
	}
	r.lost = append(r.lost, &Lost{value, d.next()})
}

// placeUndos gives the undos of n, which is about to be done, their number: lower
// than that of any task that starts because n is done. Who settles n calls it, with no
// lock held, before the list is closed: keeps 33. An undo that comes after it has the
// number that it took itself. With the last call, which may come later, all values that
// n has lost are there.
func (n *Node) placeUndos(last bool) {
	r := n.rare()
	if r == nil || r.undos.Load() == nil {
		return
	}
	g := n.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.isDone() {
		at := g.undoing().next()
		for u := r.undos.Load(); u != nil; u = u.next {
			u.at = at
		}
	}
	if last && n.kind&Race == 0 && n.failure() != nil && r.lost == nil {
		for u := r.undos.Swap(nil); u != nil; u = u.next {
			u.gone = true
		}
	}
}

// hasNothing reports whether n, which is done, never has a value to undo: calls of its
// body or of its functions may still lose some. It is called with the group's mu.
func (n *Node) hasNothing(r *rare) bool {
	return n.failure() != nil && r.lost == nil && n.kind&(Race|Wrapped) == 0
}

// makeUndoing returns what the group has of undos, and makes it if need be. It is made
// before the look at the seal: so nobody who has seen that notes anything where there
// was none.
func (b *ledger) makeUndoing() *undoing {
	d := b.undoing.Load()
	if d == nil {
		d = new(undoing)
		if !b.undoing.CompareAndSwap(nil, d) {
			d = b.undoing.Load()
		}
	}
	return d
}

// undoing returns what the group has of undos, nil if nothing.
func (g *Group) undoing() *undoing {
	if b := g.ledger.Load(); b != nil {
		return b.undoing.Load()
	}
	return nil
}

// next is called with the group's mu, as tidyIfMany is.
func (d *undoing) next() uint64 {
	d.clock++
	return d.clock
}

// tidyIfMany throws out what is of no use once the lists have doubled, so that a group
// that lives for ever grows by its values alone: undos of tasks that have failed, and
// nodes that are gone.
func (d *undoing) tidyIfMany() {
	if len(d.all)+len(d.losers) <= d.most {
		return
	}
	d.all = slices.DeleteFunc(d.all, func(u *undo) bool { return u.gone })
	d.losers = slices.DeleteFunc(d.losers, func(p weak.Pointer[Node]) bool { return p.Value() == nil })
	d.most = 2*(len(d.all)+len(d.losers)) + 64
}

// planUndos returns what is to be undone, in that order: the latest success first. The
// group is sealed, so all has been noted. Who has sealed it and who finishes it call
// this; the first decides.
func (g *Group) planUndos() []step {
	d := g.undoing()
	if d == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !d.planned { // else undos may run already, and die
		all := g.host.Undoes()
		d.planned = true
		for _, u := range slices.Backward(d.all) {
			if all && u.n.failure() == nil && u.n.kind&WithoutBody == 0 {
				d.todo = append(d.todo, step{u, u.at, nil})
			}
			for _, l := range u.n.rare().lost {
				d.todo = append(d.todo, step{u, l.at, l})
			}
		}
		slices.SortStableFunc(d.todo, func(a, b step) int {
			switch {
			case a.at > b.at:
				return -1
			case a.at < b.at:
				return 1
			}
			return 0
		})
	}
	return d.todo
}

// forgetUndos lets go of all functions and lost values: keeps 5. Only who finishes
// the group calls it.
func (g *Group) forgetUndos() {
	d := g.undoing()
	if d == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range d.all {
		u.n.rare().undos.Store(nil)
	}
	for _, p := range d.losers {
		if n := p.Value(); n != nil {
			n.rare().lost = nil
		}
	}
	d.all, d.losers, d.todo = nil, nil, nil
}

// undoer calls the undos of a group one after the other, on a goroutine that finish
// has started, or the next after a Goexit. No slot is held. Nobody else runs in the
// group, and it is over only when the last has returned: keeps 8.
type undoer struct {
	g         *Group
	ctx       *bodyContext // the group's values without its end; of the body around the group
	todo      []step
	inside    *Node // whose undo runs
	panicking *panicking
}

func (g *Group) newUndoer(todo []step) *undoer {
	ctx := &bodyContext{Context: context.WithoutCancel(g.parent)}
	ctx.node.Store(g.owner.Load())
	return &undoer{g: g, ctx: ctx, todo: todo}
}

// work is the life of its goroutine.
func (u *undoer) work() {
	defer u.quit()
	for len(u.todo) > 0 {
		u.next()
		if u.inside != nil {
			u.panicked()
		}
	}
}

// next calls the next undo. It returns after a panic, with inside still set.
func (u *undoer) next() {
	s := u.todo[0]
	u.todo = u.todo[1:]
	u.inside = s.n
	defer func() {
		if u.inside == nil {
			return
		}
		if v := recover(); v != nil {
			u.panicking = &panicking{value: v}
			if !u.g.host.IsRaised(v) {
				u.panicking.stack = debug.Stack()
			}
		}
	}()
	if err := s.call(u.ctx, s.lost); err != nil {
		u.g.host.UndoFailed(s.n, err) // in here, as it calls methods of the user's error
	}
	u.inside = nil
}

// panicked records the panic of an undo as a body's. It ends nothing any more.
func (u *undoer) panicked() {
	p := u.panicking
	if p == nil { // panic(nil) under GODEBUG=panicnil=1
		p = &panicking{stack: debug.Stack()}
	}
	u.g.host.Panicked(u.inside, p.value, p.stack)
	u.inside, u.panicking = nil, nil
}

// quit is the last step of its goroutine. After a Goexit the rest is another one's.
func (u *undoer) quit() {
	if u.inside != nil {
		if u.panicking != nil { // in a call that the undo had deferred
			u.panicked()
		} else {
			u.g.host.Goexited(u.inside)
			u.inside = nil
		}
		if len(u.todo) > 0 {
			go u.work()
			return
		}
	}
	u.ctx.node.Store(nil)
	u.g.endJoins()
	u.g.becomeOver()
}

// UndoStep is one call of an undo, for a Backend.
type UndoStep struct {
	Node   *Node
	Tag    int
	Call   func(context.Context) error // calls the user's function with the value
	IsLost bool                        // Value is one that the task does not have
	Value  any
}

// undoElsewhere has the undos called where the bodies run, if they may be, and ends the
// group, also when the engine takes it out of memory in the middle. Its caller has sealed
// the group and left it to this to finish it.
func (g *Group) undoElsewhere(may bool) {
	defer func() {
		g.endJoins()
		g.becomeOver()
	}()
	if !may {
		return
	}
	var todo []UndoStep
	for _, s := range g.planUndos() {
		step := UndoStep{Node: s.n, Tag: s.tag, Call: func(ctx context.Context) error { return s.call(ctx, s.lost) }}
		if step.IsLost = s.lost != nil; step.IsLost {
			step.Value = s.lost.Value
		}
		todo = append(todo, step)
	}
	g.backend.UndoElsewhere(todo)
}
