package engine

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
)

// Around is called in place of a body, which it is given.
type Around func(ctx context.Context, task string, body func(context.Context) error) error

// calls is what the calls of one body share that Arounds wrap. Those may call it
// several times, also at once, and on goroutines of their own.
//
// A call begins while the Around that it belongs to has not returned, or never:
// keeps 29. Those that are open when it returns are canceled. The body has ended
// when the outermost has returned, and its node is settled then; but the function
// and its arguments stay, and so do the slots, until the last call has returned:
// the worker waits for them.
type calls struct {
	n    *Node // nil if the body runs for another engine
	task string
	wrap []Around // the first is the outermost
	body func(context.Context) error
	ends func(error) bool // whether an error is such an end, elsewhere

	mu     sync.Mutex
	kept   bool     // the value of a call is the body's
	won    bool     // a call has succeeded
	closed bool     // the outermost Around has returned
	last   error    // of the last call that has failed
	dead   *Failure // of a call that has panicked, left by Goexit, or exited: none begins after it
	open   sync.WaitGroup
	left   int // open calls
	begun  int // calls of the body itself
	idle   idle
}

// frame is one run of one Around, and its open calls.
type frame struct {
	*calls
	level    int
	running  *callContext // under mu
	returned bool         // under mu
}

// callBody calls n's body as its options and those of its group say. It is the
// worker's, in the body. dead is how the body has ended if that is recorded already.
func (g *Group) callBody(n *Node, ctx context.Context) (dead *Failure, err error) {
	wrap := WrapsOf(n)
	if len(wrap) == 0 {
		return nil, n.body.Call(ctx)
	}
	c := &calls{n: n, task: n.label(), wrap: wrap, body: n.body.Call}
	n.makeSide().makeRare().calls.Store(c)
	err = c.all(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead, err
}

// CallWrapped calls a body that runs for another engine, with what wraps it there,
// and returns when all of its calls have. It does not panic; ends says of which errors
// no further call may try again: a panic, a Goexit, an exit.
func CallWrapped(ctx context.Context, task string, wrap []Around, body func(context.Context) error, ends func(error) bool) error {
	c := &calls{task: task, wrap: wrap, body: body, ends: ends}
	defer c.open.Wait()
	err := c.all(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil {
		return c.dead.Err
	}
	return err
}

// WrapsOf returns what wraps n's body, which runs or is about to.
func WrapsOf(n *Node) []Around {
	var wrap []Around
	if a := n.group.forAll(); a != nil {
		wrap = a.around
	}
	o := n.options()
	switch {
	case o == nil || len(o.around) == 0:
		return wrap
	case len(wrap) == 0:
		return o.around
	}
	return append(wrap[:len(wrap):len(wrap)], o.around...)
}

// all calls the outermost Around, and says how the body has ended.
func (c *calls) all(ctx context.Context) error {
	defer c.close()
	err := c.around(0, ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil || c.won:
		return err
	case c.last != nil:
		return c.last
	}
	return errors.New("Around returned nil before a call of the body had succeeded")
}

// close is the outermost Around's end, also by a panic or Goexit.
func (c *calls) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// around calls the Around of that level, or the body behind the last.
func (c *calls) around(level int, ctx context.Context) error {
	if level == len(c.wrap) {
		return c.call(ctx)
	}
	f := &frame{calls: c, level: level}
	defer f.close()
	return c.wrap[level](ctx, c.task, f.call)
}

// close cancels the calls that are still open.
func (f *frame) close() {
	f.mu.Lock()
	f.returned = true
	var open []*callContext
	for cc := f.running; cc != nil; cc = cc.next {
		open = append(open, cc)
	}
	f.mu.Unlock()
	for _, cc := range open {
		cc.cancel(context.Canceled)
	}
}

// call is what an Around calls as the body. Any goroutine may.
func (f *frame) call(ctx context.Context) error {
	if ctx == nil {
		panic("asap: Around of task " + f.task + " calls the body with a nil context; pass the one that it was given")
	}
	cc := f.newContext(ctx)
	if err := f.begin(cc); err != nil {
		cc.cancel(nil)
		return err
	}
	succeeded := false
	defer func() { f.end(cc, succeeded) }()
	err := f.around(f.level+1, cc)
	succeeded = err == nil
	return err
}

// begin opens a call, unless it comes too late: keeps 29.
func (f *frame) begin(cc *callContext) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.dead != nil:
		return f.dead.Err
	case f.returned:
		return errors.New("asap: body of task " + f.task + " called after its Around has returned")
	}
	if cc.next = f.running; cc.next != nil {
		cc.next.prev = cc
	}
	f.running, cc.open = cc, true
	f.left++
	f.open.Add(1)
	return nil
}

// end closes a call. The context of one that has succeeded lives until the group's
// end, as that of a body does; that of another ends before the call is counted off, as
// the group may be over then: keeps 29.
func (f *frame) end(cc *callContext, succeeded bool) {
	if !succeeded {
		cc.cancel(nil)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if cc.prev != nil {
		cc.prev.next = cc.next
	} else {
		f.running = cc.next
	}
	if cc.next != nil {
		cc.next.prev = cc.prev
	}
	cc.prev, cc.next, cc.open = nil, nil, false
	f.left--
	f.open.Done()
}

// call calls the function of the user. A panic, a Goexit and an exit in it are the
// body's at once.
func (c *calls) call(ctx context.Context) error {
	c.mu.Lock()
	c.begun++
	c.mu.Unlock()
	returned := false
	defer func() {
		if !returned {
			c.goexited()
		}
	}()
	p, err := c.try(ctx)
	returned = true
	if p != nil {
		return c.panicked(p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.won = true
	} else {
		c.last = err
	}
	return err
}

// try calls it, and looks for an exit, which calls methods of the user's error.
func (c *calls) try(ctx context.Context) (p *panicking, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		p = &panicking{value: v}
		if c.n == nil || v == nil || !c.n.group.host.IsRaised(v) {
			p.stack = debug.Stack()
		}
	}()
	err = c.body(ctx)
	switch {
	case err == nil:
	case c.n == nil:
		if c.ends(err) {
			c.die(Verdict{Fail: &Failure{Err: err}})
		}
	default:
		if _, _, ok := c.n.group.host.ExitOf(err); ok {
			c.die(c.n.group.host.Returned(c.n, err))
		}
	}
	returned = true
	return nil, err
}

func (c *calls) panicked(p *panicking) error {
	if c.n == nil {
		panic(p.value) // ends was wrong
	}
	v := c.n.group.host.Panicked(c.n, p.value, p.stack)
	c.die(v)
	return v.Fail.Err
}

func (c *calls) goexited() {
	if c.n != nil {
		c.die(c.n.group.host.Goexited(c.n))
	}
}

// die notes how the body has ended in a call, and ends the group if that does: no
// later call begins.
func (c *calls) die(v Verdict) {
	c.mu.Lock()
	if c.dead == nil {
		c.dead = v.Fail
	}
	c.mu.Unlock()
	if v.Cancel {
		c.n.group.cancel()
	}
}

// calls returns those of n's body, nil if nothing wraps it.
func (n *Node) calls() *calls {
	if n.kind&Wrapped != 0 {
		if r := n.rare(); r != nil {
			return r.calls.Load()
		}
	}
	return nil
}

// AttemptsOf returns how often an Around has called n's body, and with what the last of
// those calls failed that did; 0 if nothing wraps it, or it has ended. Anybody may ask.
func AttemptsOf(n *Node) (begun int, last error) {
	c := n.calls()
	if c == nil {
		return 0, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun, c.last
}

// openCalls returns n's calls if some are still open, though the body has ended.
func (n *Node) openCalls() *calls {
	if c := n.calls(); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.left > 0 {
			return c
		}
	}
	return nil
}

// outwait waits for calls of n's body that are open though it has ended and n is
// settled. What was made ready by that starts elsewhere meanwhile, but n is not counted
// off, so the group is not over, and the slots are n's. Meanwhile it is as quiet as with
// nobody here, as what such a call does changes nothing any more: but for one with slots,
// for which bodies may queue that could still ask. Then what publish has left is dropped.
func (w *worker) outwait(n *Node, s *settling) {
	if !s.ready.isEmpty() {
		w.g.push(w.g.admit(s.ready, byEnd))
		s.ready = Chain{}
	}
	q := n.group.quiet()
	if n.limiter() != nil {
		q = nil
	}
	q.lull()
	s.outlived.open.Wait()
	q.rouse()
	n.drop(n.failure())
}
