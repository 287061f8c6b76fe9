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
	inFlight     int
	busy         atomic.Bool // the executor is at work: nobody else may do anything
	starting     bool        // dispatch is under way further up
	canceled     error
	broken       error // of Step
}

// remoteCall is what a remote group knows of a node.
type remoteCall struct {
	seq      int
	name     string
	started  bool
	reported bool
	err      error
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
	r.add(n, r.names.unique(name))
}

// declaredPart names the i-th function or element of a Race or a Map.
func (r *remote) declaredPart(n, of *node, i int) {
	name, part := of.side.Load().remote.name, "["+strconv.Itoa(i)+"]"
	if of.kind&mapped != 0 {
		at := len(of.name) // name[] or name[]#2
		r.add(n, name[:at]+part+name[at+2:])
		return
	}
	r.add(n, name+part)
}

func (r *remote) add(n *node, name string) {
	r.seq++
	n.sideOf().remote = &remoteCall{seq: r.seq, name: name}
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
	c := n.side.Load().remote
	call := &Call{Flow: g.name, Task: c.name, Run: func(ctx context.Context) error { return runRemote(ctx, n, c.name) }}
	n.body.(filler).fill(call)
	if g.watch != nil {
		e := g.watch.event(g, Started, n, g.watch.base.now())
		g.watch.begin(g.parent, e)
		g.watch.emit(e)
	}
	c.started = true
	r.inFlight++
	r.busy.Store(true)
	defer r.busy.Store(false)
	r.exec.Start(call, func(err error) {
		if c.reported {
			return
		}
		c.reported, c.err = true, err
		r.inFlight--
		r.reported = append(r.reported, n)
	})
}

// filler is a body that an executor can run.
type filler interface{ fill(*Call) }

// handle settles what was reported.
func (r *remote) handle() {
	nodes := r.reported
	r.reported = nil
	slices.SortFunc(nodes, func(a, b *node) int {
		return cmp.Compare(a.side.Load().remote.seq, b.side.Load().remote.seq)
	})
	for _, n := range nodes {
		f, cancel := r.g.judge(n, n.side.Load().remote.err)
		r.settle(n, f, cancel)
	}
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
	r.busy.Store(true)
	err := r.exec.Step()
	r.busy.Store(false)
	if err == nil && len(r.reported) == 0 {
		err = errors.New("step returned before a call was done")
	}
	if err != nil {
		r.broken = fmt.Errorf("asap: executor: %w", err)
		r.g.endOutside(r.broken, r.broken)
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
		c := n.side.Load().remote
		if c.started && !c.reported {
			c.reported, c.err = true, r.broken
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
		path = append(path, n.side.Load().remote.name)
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
func runRemote(ctx context.Context, n *node, name string) error {
	var err error
	done := make(chan struct{})
	go func() { // ends before runRemote returns; a Goexit ends it alone
		returned := false
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				err = newPanicError(n, v, debug.Stack())
			} else if !returned {
				err = ErrGoexit
			}
		}()
		err = n.body.call(context.WithValue(ctx, remoteKey{}, name))
		returned = true
	}()
	<-done
	return err
}
