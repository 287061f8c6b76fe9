package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// remote is a group whose bodies run on an [Executor]. Everything happens on
// the goroutine that is inside the group's methods: what the executor reports
// is noted by done and handled after Step, in order of declaration, so that
// the same reports give the same calls in the same order.
type remote struct {
	g            *engine.Group
	backend      *backend
	exec         Executor
	began        time.Time // by the executor's clock, if it has one
	names        namer
	labels       labels
	seq          int
	open         []*engine.Node // declared, in order; those that have ended leave now and then
	declaredOpen int            // left in open the last time
	ready        engine.Chain   // to be started
	reported     []*engine.Node
	spare        []*engine.Node // for reported, while those in it are handled
	limits       *limits        // nil until a task has a Within
	arriving     []*engine.Node // what waits for a signal or a sleep; some have ended
	undos        []undo         // declared, in order
	fired        bool           // a function that the clock was given was called in this Step
	inFlight     int
	busy         atomic.Bool // the executor is at work: nobody else may do anything
	driving      atomic.Bool // somebody drives it, and only its bodies may come now
	starting     bool        // dispatch is under way further up
	canceled     error
	broken       error // of Step
}

// remoteCall is what a remote group knows of a node.
type remoteCall struct {
	seq      int
	name     string
	body     string          // the name in Flow.Calls
	call     *Call           // in flight, of one that may have to be canceled alone
	limit    *limit          // of its Within, nil without
	overdue  bool            // the limit has ended while the call was in flight
	numbered numbered        // its name in errors
	ctx      context.Context // what observers made of the group's
	started  bool
	reported bool
	arrives  bool // it has no body, and waits for a signal or a sleep
	err      error
}

func newRemote(b *backend, e Executor) *remote {
	r := &remote{g: b.group, backend: b, exec: e, names: make(namer)}
	if clock, ok := e.(Clock); ok {
		r.began = clock.Now()
	}
	return r
}

func callOf(n *engine.Node) *remoteCall { return engine.Backing(n).(*remoteCall) }

func (r *remote) declared(n *engine.Node) {
	name := r.names.of(n)
	r.add(n, name, name)
	callOf(n).numbered = r.labels.of(engine.PlainLabel(n), engine.HasParts(n))
}

// declaredPart names the i-th function or element of a Race or a Map.
func (r *remote) declaredPart(n, of *engine.Node, i int) {
	whole := callOf(of).name
	name := r.names.part(whole, of, i)
	if engine.KindOf(of)&engine.Mapped != 0 {
		r.add(n, name, whole)
	} else {
		r.add(n, name, name)
	}
}

func (r *remote) add(n *engine.Node, name, body string) {
	r.seq++
	c := &remoteCall{seq: r.seq, name: name, body: body}
	engine.SetBacking(n, c)
	if within := engine.DueOf(n); within > 0 {
		c.limit = r.makeLimits().of(within)
		c.limit.nodes = append(c.limit.nodes, n)
	}
	if len(r.open) >= 2*r.declaredOpen+64 {
		r.open = slices.DeleteFunc(r.open, engine.IsDone)
		r.declaredOpen = len(r.open)
	}
	r.open = append(r.open, n)
}

// dispatch starts what is ready, and keeps doing so when starting reports at once.
func (r *remote) dispatch(ready engine.Chain) {
	r.ready.Append(ready)
	if r.starting {
		return
	}
	r.starting = true
	for {
		n := r.ready.Pop()
		if n == nil {
			if len(r.reported) == 0 && !r.limits.haveEnded() {
				break
			}
			r.handle()
			continue
		}
		r.start(n)
	}
	r.starting = false
}

func (r *remote) start(n *engine.Node) {
	if r.g.MayNotStart(n) {
		return
	}
	c := callOf(n)
	if c.limit != nil && r.limits.isOver(c.limit) {
		r.g.SettleElsewhere(n, c.limit.err)
		return
	}
	if a := engine.ArrivalOf(n); a != nil {
		r.expect(n, c, a)
		return
	}
	call := r.backend.call(n, c.name, c.body)
	r.limits.apply(call, c.limit)
	call.Run = call.here(n, c)
	c.ctx = r.g.Report(n)
	c.started = true
	if engine.KindOf(n)&engine.Entrant != 0 || c.limit != nil {
		c.call = call
	}
	r.inFlight++
	left := true
	r.busy.Store(true)
	defer func() {
		r.busy.Store(false)
		if left { // as in stepOrLeave
			r.abandon()
		}
	}()
	r.exec.Start(call, func(err error) {
		if c.reported {
			return
		}
		err = asked(c.name, err)
		if p, ok := err.(*asap.PanicError); ok && p.Task == c.name { // from Call.Invoke, which knows no other name
			err = &asap.PanicError{Task: engine.Label(n), Value: p.Value, Stack: p.Stack}
		}
		r.report(n, c, err)
	})
	left = false
}

// report notes the end of a call that is in flight.
func (r *remote) report(n *engine.Node, c *remoteCall, err error) {
	if c.overdue {
		err = r.limits.judge(err, c.call, c.limit)
	}
	c.reported, c.err, c.call = true, err, nil
	r.inFlight--
	r.reported = append(r.reported, n)
}

// lose cancels the functions of a decided Race that are in flight.
func (r *remote) lose(race *engine.Node) {
	exec, ok := r.exec.(Canceler)
	if !ok {
		return
	}
	for n := range functions(race) {
		if c := callOf(n); c.call != nil {
			r.cancelCall(exec, c.call, r.g.Host().RaceLost(engine.Name(race)))
		}
	}
}

// handle settles what has not begun in time, and then what was reported.
func (r *remote) handle() {
	r.expire()
	nodes := r.reported
	r.reported, r.spare = r.spare, nil
	slices.SortFunc(nodes, func(a, b *engine.Node) int { return cmp.Compare(callOf(a).seq, callOf(b).seq) })
	for _, n := range nodes {
		c := callOf(n)
		if c.arrives {
			engine.ReportArrived(n)
		}
		r.g.SettleElsewhere(n, c.err)
	}
	clear(nodes)
	r.spare = nodes[:0]
}

// isAtWork tells whether who asks is a body, as who drives the executor asks nothing then.
func (r *remote) isAtWork() bool { return r.busy.Load() || r.driving.Load() }

// drive steps the executor until enough says so or every task has ended.
func (r *remote) drive(enough func() bool) {
	r.driving.Store(true)
	defer r.driving.Store(false)
	for {
		r.dispatch(engine.Chain{})
		if enough() || r.g.Left() == 1 {
			return
		}
		switch {
		case r.inFlight == 0:
			r.stall()
		case r.broken != nil:
			r.giveUp()
		default:
			r.step()
			r.g.NoticedEnd()
		}
	}
}

func (r *remote) step() {
	err := r.stepOrLeave()
	if err == nil && len(r.reported) == 0 && !r.fired && !r.limits.haveEnded() && r.g.Parent().Err() == nil {
		err = errors.New("step returned before a call was done")
	}
	if err != nil {
		r.broken = fmt.Errorf("asap: executor: %w", err)
		r.g.EndWith(r.broken, r.broken)
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
	r.fired = false
	err := r.exec.Step()
	left = false
	return err
}

// abandon ends everything without the executor, of which nobody will hear again.
func (r *remote) abandon() {
	r.broken = errors.New("asap: executor: Step did not return")
	r.canceled = r.broken
	r.g.EndWith(r.broken, r.broken)
	r.giveUp()
	r.starting = false // whoever did is left
	r.dispatch(engine.Chain{})
	if r.g.Left() > 1 {
		r.stall()
	}
}

// unfinished returns the tasks that have not ended, in order of declaration.
func (r *remote) unfinished() []*engine.Node {
	r.open = slices.DeleteFunc(r.open, engine.IsDone)
	return slices.Clone(r.open)
}

// giveUp ends the calls of which a broken executor will not report.
func (r *remote) giveUp() {
	for _, n := range r.unfinished() {
		if c := callOf(n); c.started && !c.reported {
			r.report(n, c, r.broken)
		}
	}
}

// stall ends a group with nothing in flight and tasks left: they wait for
// something that nobody will bring.
func (r *remote) stall() {
	var path []string
	for _, n := range r.unfinished() {
		path = append(path, callOf(n).name)
	}
	err := r.g.Host().Cycle(path)
	r.g.EndWith(err, err)
	for _, n := range r.unfinished() {
		r.g.Kill(n)
	}
}

func (r *remote) cancel(cause error) {
	if r.canceled == nil {
		r.canceled = cause
		r.exec.Cancel(cause)
		r.stopExpecting(cause)
	}
}

// await steps the executor until n is done or ctx ends.
func (r *remote) await(ctx context.Context, n *engine.Node) error {
	if ctx.Err() == nil {
		r.drive(func() bool { return engine.IsDone(n) || ctx.Err() != nil })
		if engine.IsDone(n) {
			return nil
		}
	}
	return r.g.Host().CutShort(n, context.Cause(ctx))
}

// here returns what runs the body of n in this process for an executor. Its panic
// and its Goexit are errors.
func (c *Call) here(n *engine.Node, of *remoteCall) func(context.Context) error {
	var began time.Time // of the call, by the clock of this process
	var left time.Duration
	if c.within != nil {
		began, left = time.Now(), c.left
	}
	return func(ctx context.Context) error {
		body := engine.BodyOf(n).Call
		if len(c.around) > 0 { // the record keeps one value of one call
			fn, args, err := c.arguments(ctx)
			if err != nil {
				return err
			}
			body = c.reflected(fn, args)
		}
		values, err := c.values()
		if err != nil {
			return err
		}
		if c.within != nil {
			left -= time.Since(began)
		}
		if of.ctx != engine.GroupOf(n).Parent() {
			var end func()
			ctx, end = withObserved(ctx, of.ctx)
			defer end()
		}
		return c.run(ctx, values, left, body)
	}
}
