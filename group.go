package asap

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Group is a set of tasks that use each other's results. Each task starts at
// the earliest possible moment, and none outlives [Group.Wait].
//
// Make it with [New]. All methods may be called from any goroutine at the same
// time, tasks of the group included, but for Wait and Stop, which a task of
// the group itself must not call.
type Group struct {
	// Its fields are in cache lines by who writes them while tasks run, at 64
	// bits: see the test of the lines.

	// Everybody reads these for each task, nobody writes them for each.
	parent     context.Context        // what New was given, or what an observer made of it
	end        atomic.Pointer[ending] // why no further body starts; written under mu
	watch      *watch                 // nil: nobody looks
	lim        *limiter
	remote     *remote      // nil: bodies run here
	plan       *plan        // not nil in a flow's group
	searchers  atomic.Int32 // see relay
	plain      bool         // nobody looks, and bodies run here
	settled    bool
	ownerWaits bool // the owner's context had no end of its own

	// live counts the tasks that have not ended, and one for the caller until
	// it waits, in its upper half, and in its lower half the goroutines that
	// have to make their last step. Whoever brings it to 0 ends the group.
	// Declaring writes it for each task; the rest of its line is seldom used.
	live   atomic.Int64
	owner  *node  // the task whose context New was given, if any
	root   *Group // the outermost group around this one
	name   string
	real   atomic.Pointer[cancelable] // see context.go
	book   atomic.Pointer[ledger]
	over   atomic.Bool // everything has ended
	waited atomic.Bool // the caller waits: its count is given back

	relay relay // two lines, the second with what follows

	mu     sync.Mutex
	parked *bed // bodies asleep in a hard wait
	idle   sync.WaitGroup
	result error // of Wait, from the end on
}

// ledger is what most groups never need. All but cycles is guarded by the
// group's mu until the group has ended.
type ledger struct {
	hubs     map[*node]*hub
	fans     []*limiter // of Maps with a limit of their own
	crossing map[*node]chan *CycleError
	cycles   sync.Mutex // one waiter at a time decides whether it closes a cycle

	failures    []*TaskError
	panicked    *PanicError
	panicRaised bool
	goexit      error // of the first body that called it
	unfinished  bool  // a task did not succeed

	parentWatch *parentWatch
	ownerSeat   *softWait
	ownerHard   bool
}

// ledger returns the group's ledger and makes it if need be.
func (g *Group) ledger() *ledger {
	b := g.book.Load()
	if b == nil {
		b = new(ledger)
		if !g.book.CompareAndSwap(nil, b) {
			b = g.book.Load()
		}
	}
	return b
}

const (
	liveTask   = 1 << 32
	liveWorker = 1
)

// New makes a group. Its tasks get a context that ends with ctx, with the
// first failure, with an early exit, with [Group.Stop] and with the group.
//
// Without options the first failure cancels the rest, any number of bodies run
// at once, and nobody observes. Every group must be ended by Wait or Stop:
//
//	g := asap.New(ctx)
//	defer g.Stop()
//
// A group made with the context of a task is nested in that task's group: it
// shares its limit and its observers.
func New(ctx context.Context, options ...Option) *Group {
	if ctx == nil {
		panic("asap: New with a nil context; pass context.Background()")
	}
	g := new(Group)
	g.init(ctx, options)
	return g
}

func (g *Group) init(ctx context.Context, options []Option) {
	g.parent = ctx
	g.root = g
	g.live.Store(liveTask)
	g.idle.Add(1)
	n, ok := ctx.(*node)
	if !ok {
		n, _ = ctx.Value(nodeKey{}).(*node)
	}
	if n != nil && !n.done() {
		g.owner = n
		g.ownerWaits = n.isOwn(ctx)
		g.root = n.group.root
		g.lim = n.limiter()
	}
	if len(options) > 0 {
		g.configure(options)
	} else if g.isWatched(nil) {
		g.watch = newWatch(g, &config{})
	}
	g.plain = g.watch == nil && g.remote == nil && (g.plan == nil || !g.plan.drawing)
}

func (g *Group) configure(options []Option) {
	var c config
	for _, o := range options {
		if o == nil {
			panic("asap: New with a nil Option; leave it out")
		}
		o.apply(&c)
	}
	g.name, g.settled = cmp.Or(c.name, g.name), c.settled
	if c.limit > 0 {
		g.lim = newLimiter(c.limit, g.lim)
	}
	if c.executor != nil { // its bodies take no slots of this process
		g.remote = newRemote(g, c.executor)
		g.lim = nil
		if c.limit > 0 {
			g.lim = newLimiter(c.limit, nil)
		}
	}
	if g.isWatched(&c) {
		g.watch = newWatch(g, &c)
	}
}

// Wait blocks until every task of the group has ended and nothing that the
// group started is left, and returns nil or what went wrong: a [*GroupError]
// with the failures, or, when the context ended or Stop was called before
// anything failed, an error that is that context's error and cause.
//
// If a body panicked, Wait panics with its [*PanicError]; if one called
// [runtime.Goexit], Wait does.
//
// When the group ends its context is canceled: a response body or rows that a
// task has opened are dead after Wait, so consume them in the task.
//
// Wait may be called more than once: later calls return the panic as an error
// and repeat a Goexit. Called from a task of its own group it never returns.
func (g *Group) Wait() error {
	g.check("Wait")
	g.refuseInBuild("Wait", nil)
	g.joinAndRaise(true)
	if b := g.book.Load(); b != nil && b.panicked == nil && b.goexit != nil {
		runtime.Goexit()
	}
	return g.result
}

// joinAndRaise raises a panic also when a body's Goexit unwinds join.
func (g *Group) joinAndRaise(bodies bool) {
	defer g.raise()
	g.join(bodies)
}

// raise panics with a body's panic, once.
func (g *Group) raise() {
	b := g.book.Load()
	if b == nil {
		return
	}
	g.mu.Lock()
	raised := b.panicRaised
	b.panicRaised = true
	g.mu.Unlock()
	if b.panicked != nil && !raised {
		panic(b.panicked)
	}
}

// Stop cancels the group and waits as [Group.Wait] does, for defer after New:
// it makes sure that nothing outlives the function. After Wait it does nothing.
//
// If a body panicked and no Wait has returned or panicked, Stop panics with its
// [*PanicError].
func (g *Group) Stop() {
	g.check("Stop")
	g.refuseInBuild("Stop", nil)
	if !g.over.Load() && g.ended() == nil {
		g.endOutside(context.Canceled, &endError{context.Canceled, context.Canceled})
	}
	g.joinAndRaise(false)
}

// join returns when the group has ended; it runs ready bodies meanwhile. Both
// deferred calls also serve a Goexit of such a body, which unwinds the caller.
func (g *Group) join(bodies bool) {
	if g.waited.CompareAndSwap(false, true) {
		if g.owner != nil && g.blockOwner() {
			defer g.resumeOwner()
		}
		defer g.idle.Wait()
		if g.remote != nil {
			g.remote.drive(func() bool { return false })
		}
		g.count(-liveTask)
		if bodies && (g.watch == nil || !g.watch.labels) {
			g.help()
		}
		return
	}
	g.idle.Wait()
}

// count changes live, and ends the group when nothing is left.
func (g *Group) count(d int64) {
	v := g.live.Add(d)
	if g.owner != nil && v>>32 == 0 && (v-d)>>32 != 0 {
		g.rejoinOwner()
	}
	if v == 0 {
		g.finish()
	}
}

// enter counts a new task, before it is declared.
func (g *Group) enter(name string) {
	if g.remote != nil && g.remote.busy.Load() {
		panic("asap: task " + name + " declared inside a body that runs on another engine; declare it before Wait")
	}
	for {
		v := g.live.Load()
		if v>>32 == 0 {
			panic("asap: task " + name + " declared in a group that has ended; declare it before Wait returns, or in a new group with New")
		}
		if g.live.CompareAndSwap(v, v+liveTask) {
			return
		}
	}
}

func (g *Group) check(call string) {
	if g == nil || g.parent == nil {
		panic("asap: " + call + " of a zero Group; make one with New")
	}
}
