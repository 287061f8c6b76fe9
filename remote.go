package asap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// remote is a group whose bodies run on an [Executor]. Everything happens on
// the goroutine that is inside the group's methods: what the executor reports
// is noted by done and handled after Step, in order of declaration, so that
// the same reports give the same calls in the same order.
type remote struct {
	g            *Group
	exec         Executor
	names        namer
	seq          int
	open         []*node // declared, in order; those that have ended leave now and then
	declaredOpen int     // left in open the last time
	ready        chain   // to be started
	reported     []*node
	spare        []*node // for reported, while those in it are handled
	inFlight     int
	busy         atomic.Bool // the executor is at work: nobody else may do anything
	starting     bool        // dispatch is under way further up
	exits        []exitHandle
	canceled     error
	broken       error // of Step
}

// remoteCall is what a remote group knows of a node.
type remoteCall struct {
	seq      int
	name     string
	body     string          // the name in Flow.Calls
	call     *Call           // of a function of a Race that is in flight
	ctx      context.Context // what observers made of the group's
	started  bool
	reported bool
	err      error
}

// callCanceler is an executor that can end one call.
type callCanceler interface {
	CancelCall(call *Call, cause error)
}

// remoteKey is the key under which a body's context has the task's name while
// the body runs for an executor.
type remoteKey struct{}

func newRemote(g *Group, e Executor) *remote {
	if e == nil {
		return nil
	}
	return &remote{g: g, exec: e, names: make(namer)}
}

func (r *remote) declared(n *node) {
	name := n.name
	if n.kind&mapped != 0 {
		name += "[]"
	}
	name = r.names.unique(name)
	r.add(n, name, name)
}

// declaredPart names the i-th function or element of a Race or a Map.
func (r *remote) declaredPart(n, of *node, i int) {
	name, part := of.more().remote.name, "["+strconv.Itoa(i)+"]"
	if of.kind&mapped != 0 {
		at := len(of.name) // name[] or name[]#2
		r.add(n, r.names.unique(name[:at]+part+name[at+2:]), name)
		return
	}
	name = r.names.unique(name + part) // as in plan.calls
	r.add(n, name, name)
}

func (r *remote) add(n *node, name, body string) {
	r.seq++
	n.moreForRemote(remoteCall{seq: r.seq, name: name, body: body})
	if len(r.open) >= 2*r.declaredOpen+64 {
		r.open = slices.DeleteFunc(r.open, (*node).done)
		r.declaredOpen = len(r.open)
	}
	r.open = append(r.open, n)
}

// dispatch starts what is ready, and keeps doing so when starting reports at once.
func (r *remote) dispatch(ready chain) {
	r.ready.append(r.g.admit(ready))
	if r.starting {
		return
	}
	r.starting = true
	for {
		n := r.ready.pop()
		if n == nil {
			if len(r.reported) == 0 {
				break
			}
			r.handle()
			continue
		}
		r.start(n)
	}
	r.starting = false
}

func (r *remote) start(n *node) {
	g := r.g
	if n.refused() {
		r.settle(n, g.skip(n, nil), false)
		return
	}
	c := n.more().remote
	call := &Call{Flow: g.name, Task: c.name, Body: c.body, group: g,
		Run: func(ctx context.Context) error { return runRemote(ctx, n, c) }}
	if g.plan != nil {
		call.Flow = g.plan.flow
	}
	n.body.(filler).fill(call)
	if g.watch != nil {
		c.ctx = g.watch.reportStart(n, g.parent, g.watch.now())
	}
	c.started = true
	if n.kind&entrant != 0 {
		c.call = call
	}
	r.inFlight++
	r.busy.Store(true)
	defer r.busy.Store(false)
	r.exec.Start(call, func(err error) {
		if c.reported {
			return
		}
		if p, ok := err.(*PanicError); ok && p.Task == c.name { // from Call.Invoke, which knows no other name
			err = &PanicError{n.label(), p.Value, p.Stack}
		}
		c.reported, c.err, c.call = true, err, nil
		r.inFlight--
		r.reported = append(r.reported, n)
	})
}

// lose cancels the functions of a decided Race that are in flight.
func (r *remote) lose(of *node) {
	exec, ok := r.exec.(callCanceler)
	if !ok {
		return
	}
	r.busy.Store(true)
	defer r.busy.Store(false)
	for i := 0; ; i++ {
		n := of.body.dep(i)
		if n == nil {
			return
		}
		if c := n.more().remote; c.call != nil {
			exec.CancelCall(c.call, context.Canceled)
		}
	}
}

// filler is a body that an executor can run.
type filler interface{ fill(*Call) }

// handle settles what was reported.
func (r *remote) handle() {
	nodes := r.reported
	r.reported, r.spare = r.spare, nil
	slices.SortFunc(nodes, func(a, b *node) int {
		return cmp.Compare(a.more().remote.seq, b.more().remote.seq)
	})
	for _, n := range nodes {
		f, cancel := r.g.judge(n, n.more().remote.err)
		r.settle(n, f, cancel)
	}
	clear(nodes)
	r.spare = nodes[:0]
}

func (r *remote) settle(n *node, f *failure, cancel bool) {
	g := r.g
	s := settling{g: g, cancel: cancel}
	s.settle(n, f)
	s.after()
	r.ready.append(g.admit(s.ready))
	if l := n.limiter(); l != nil {
		granted := n.vacate(l)
		r.ready.append(granted.nodes)
	}
	if s.ended != 0 {
		g.count(-s.ended * liveTask)
	}
}

// drive steps the executor until enough says so or every task has ended.
func (r *remote) drive(enough func() bool) {
	for {
		r.dispatch(chain{})
		if enough() || r.g.live.Load()>>32 == 1 {
			return
		}
		switch {
		case r.inFlight == 0:
			r.stall()
		case r.broken != nil:
			r.giveUp()
		default:
			r.step()
			r.g.ended()
		}
	}
}

func (r *remote) step() {
	err := r.stepOrLeave()
	if err == nil && len(r.reported) == 0 && r.g.parent.Err() == nil {
		err = errors.New("step returned before a call was done")
	}
	if err != nil {
		r.broken = fmt.Errorf("asap: executor: %w", err)
		r.g.endOutside(r.broken, r.broken)
	}
}

// stepOrLeave sees to it that a panic or a Goexit of the executor, with which
// an engine may take a group out of memory, finds no task left to wait for.
func (r *remote) stepOrLeave() error {
	r.busy.Store(true)
	left := true
	defer func() {
		r.busy.Store(false)
		if left {
			r.abandon()
		}
	}()
	err := r.exec.Step()
	left = false
	return err
}

// abandon ends everything without the executor, of which nobody will hear again.
func (r *remote) abandon() {
	r.broken = errors.New("asap: executor: Step did not return")
	r.canceled = r.broken
	r.g.endOutside(r.broken, r.broken)
	r.giveUp()
	r.dispatch(chain{})
	if r.g.live.Load()>>32 > 1 {
		r.stall()
	}
	if r.g.waited.Load() { // join, which is being left, has not counted its caller off
		r.g.count(-liveTask)
	}
}

// unfinished returns the tasks that have not ended, in order of declaration.
func (r *remote) unfinished() []*node {
	r.open = slices.DeleteFunc(r.open, (*node).done)
	return slices.Clone(r.open)
}

// giveUp ends the calls of which a broken executor will not report.
func (r *remote) giveUp() {
	for _, n := range r.unfinished() {
		c := n.more().remote
		if c.started && !c.reported {
			c.reported, c.err, c.call = true, r.broken, nil
			r.inFlight--
			r.reported = append(r.reported, n)
		}
	}
}

// stall ends a group with nothing in flight and tasks left: they wait for
// something that nobody will bring.
func (r *remote) stall() {
	var path []string
	for _, n := range r.unfinished() {
		path = append(path, n.more().remote.name)
	}
	err := &CycleError{path}
	r.g.endOutside(err, err)
	for _, n := range r.unfinished() {
		if !n.done() && n.kill() {
			s := settling{g: r.g}
			s.skipped(n, nil)
			s.close()
		}
	}
}

func (r *remote) cancel(cause error) {
	if r.canceled == nil {
		r.canceled = cause
		r.exec.Cancel(cause)
	}
}

// await steps the executor until n is done or ctx ends.
func (r *remote) await(ctx context.Context, n *node) error {
	if ctx.Err() != nil {
		return n.cutShort(ctx, nil)
	}
	r.drive(func() bool { return n.done() || ctx.Err() != nil })
	if n.done() {
		return nil
	}
	return n.cutShort(ctx, nil)
}

// runRemote runs n's body in this process for an executor. Its panic and its
// Goexit are errors.
func runRemote(ctx context.Context, n *node, c *remoteCall) error {
	if c.ctx != nil && c.ctx != n.group.parent {
		var end func()
		ctx, end = withObserved(ctx, c.ctx)
		defer end()
	}
	return apart(n.label(), func() error {
		return n.body.call(context.WithValue(ctx, remoteKey{}, c.name))
	})
}

// apart runs a body on a goroutine of its own, which ends before apart
// returns, so that a Goexit ends it alone. A panic and Goexit are errors.
func apart(task string, body func() error) (err error) {
	done := make(chan struct{})
	go func() {
		returned := false
		defer close(done)
		defer func() {
			v := recover()
			if p, ok := v.(*PanicError); ok { // of a nested group: it names the task
				err = p
			} else if v != nil {
				err = &PanicError{task, v, debug.Stack()}
			} else if !returned {
				err = ErrGoexit
			}
		}()
		err = body()
		returned = true
	}()
	<-done
	return err
}

// observedContext is that of a body on an executor: the one that the
// observers made, ended by the executor's as well, of which it has the values
// that the other does not know.
type observedContext struct {
	context.Context
	engine context.Context
}

func withObserved(engine, observed context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(observed)
	stop := context.AfterFunc(engine, func() { cancel(context.Cause(engine)) })
	return &observedContext{ctx, engine}, func() {
		stop()
		cancel(nil)
	}
}

func (c *observedContext) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.engine.Value(key)
}

func (c *observedContext) Deadline() (time.Time, bool) {
	first, ok := c.Context.Deadline()
	if other, has := c.engine.Deadline(); has && (!ok || other.Before(first)) {
		return other, true
	}
	return first, ok
}
