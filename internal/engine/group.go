package engine

import (
	"context"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/internal/watch"
)

// Group is the untyped part of a group. The package above embeds it as the first
// field of its own, which it fills up to 256 bytes.
//
// Its fields are in cache lines by who writes them while tasks run, at 64 bits:
// see TestLines.
//
// Invariants. alive counts the goroutines that have their last step before them,
// and declared minus ended the tasks that have not ended, with the caller until
// it waits. A worker adds what has ended on it when it has nothing to run: ended
// is too low meanwhile, never too high. Whoever makes the two equal closes
// declared, which is final; and of those who find it closed and nobody alive,
// one ends the group. So Wait returns after everybody's last step.
type Group struct {
	// Everybody reads these for each task, nobody writes them for each.
	parent    context.Context        // what New was given, or what an observer made of it
	end       atomic.Pointer[Ending] // why no further body starts
	watch     *watch.Group           // nil: nobody looks
	lim       *Limiter
	host      Host
	searchers atomic.Int32 // see relay.go
	plain     bool         // nobody looks, and bodies run here
	settled   bool         // a failure ends nothing
	nests     bool         // inside another group, whose end comes by cancel
	elsewhere bool         // the backend runs the bodies

	// declared is 1 for the caller until it waits, and the number of tasks that
	// were declared, and negative once nothing can be declared any more. It is
	// also the order of declaration. The rest of its line is seldom used.
	declared atomic.Int64
	base     *Group               // the next outwards with a parent that is no group
	root     *Group               // the outermost group around this one
	owner    atomic.Pointer[Node] // the task in whose body it was made; nil once the group has ended
	real     atomic.Pointer[cancelable]
	book     atomic.Pointer[ledger]
	backend  Backend

	// Pushers write the first two, see relay.go; the rest is seldom used.
	in            atomic.Pointer[Node]
	start         func()
	inner         atomic.Pointer[Group] // the first of the groups nested in this one; changed under mu
	before, after *Group                // its neighbors among those of the group around; under the mu of that
	parked        atomic.Pointer[wait]  // hard waits of the group's bodies for tasks; changed under mu
	uphill        atomic.Int32          // of a root: see cycle.go
	depth         int32                 // groups around this one
	waited        atomic.Uint32         // counted, if the caller's count is given back, and joined
	over          atomic.Bool           // everything has ended

	// Poppers write the first two, see relay.go.
	pop   sync.Mutex
	out   *Node
	ended atomic.Int64 // tasks that have ended, and the caller that waits
	alive atomic.Int32 // goroutines that have to make their last step
	mu    sync.Mutex
	rank  uint8 // see rank.go
	idle  sync.WaitGroup
}

// ledger is what most groups never need.
type ledger struct {
	name   string         // written before the group is shared
	hubs   map[*Node]*hub // under the group's mu
	joins  *wait          // of bodies that wait for this group to end; likewise
	watch  *parentWatch   // likewise
	cycles sync.Mutex     // of a root: one waiter at a time decides whether it closes a cycle

	// Under the mu of the top limiter.
	queue  []queued // bodies of the group in a queue; some have left it
	queues int      // that have not
}

// makeBook returns the group's ledger and makes it if need be.
func (g *Group) makeBook() *ledger {
	b := g.book.Load()
	if b == nil {
		b = new(ledger)
		if !g.book.CompareAndSwap(nil, b) {
			b = g.book.Load()
		}
	}
	return b
}

// Config is how a group is to be.
type Config struct {
	Name    string
	Settled bool
	Limit   int // 0: none but those of the groups around
	Watch   watch.Config
	Watched bool             // Watch says something
	Clock   func() time.Time // an engine's, nil for this process
	// Backend makes what runs the bodies elsewhere, or forbids calls, and says
	// which of the two. Flow and Executor are what it needs to know.
	Backend        func(g *Group, c *Config) (b Backend, elsewhere bool)
	Flow, Executor any
	// NodeOf returns the node of a task of the package above.
	NodeOf func(task any) *Node
}

// Init makes a group of what New was given; c is nil without options. Nobody else
// knows the group yet.
func (g *Group) Init(ctx context.Context, host Host, c *Config) {
	g.parent, g.host, g.plain = ctx, host, true
	g.root, g.base = g, g
	g.declared.Store(1)
	g.idle.Add(1)
	owner := nodeOf(ctx)
	if owner != nil {
		g.nestIn(owner, ctx)
	}
	if c != nil {
		g.configure(c)
	}
	if owner != nil && owner.group.watch != nil || trace.IsEnabled() || c != nil && c.Watched {
		g.observe(owner, c)
	}
	if owner != nil {
		owner.group.adopt(g)
	}
}

// nestIn makes g a group inside the body of owner, which has made it with ctx.
func (g *Group) nestIn(owner *Node, ctx context.Context) {
	outer := owner.group
	g.owner.Store(owner)
	g.root, g.depth = outer.root, outer.depth+1
	g.rank = uint8(min(g.depth, maxRank))
	if outer.end.Load() != nil {
		g.lim = nil // what its bodies do now queues no more
	} else if g.lim = owner.limiter(); g.lim != nil {
		mu := &g.lim.top.mu
		mu.Lock()
		g.rank = min(owner.rankNow()+1, maxRank) // its owner's may be higher
		mu.Unlock()
	}
	if owner.kind&Entrant != 0 || !owner.isOwn(ctx) {
		return
	}
	g.nests, g.base = true, outer.base
	if ctx == context.Context(owner) {
		g.parent = (*groupContext)(outer)
	}
}

func (g *Group) configure(c *Config) {
	g.settled = c.Settled
	if c.Name != "" {
		g.makeBook().name = c.Name
	}
	if c.Limit > 0 {
		g.lim = newLimiter(c.Limit, g.lim, g)
	}
	if c.Backend != nil {
		g.setBackend(c)
	}
}

func (g *Group) setBackend(c *Config) {
	b, elsewhere := c.Backend(g, c)
	if b == nil {
		return
	}
	g.backend = b
	if !elsewhere {
		return
	}
	g.plain, g.elsewhere = false, true
	g.nests, g.base = false, g    // an engine hears of an end from the goroutine inside the group's methods
	if g.lim = nil; c.Limit > 0 { // its bodies take no slots of this process
		g.lim = newLimiter(c.Limit, nil, g)
	}
}

// observe makes the group one that somebody looks at.
func (g *Group) observe(owner *Node, c *Config) {
	var w watch.Config
	if c != nil {
		w = c.Watch
		w.Name, w.Clock = c.Name, c.Clock
	}
	if owner != nil && owner.group.watch != nil {
		w.Outer, w.Owner = owner.group.watch, owner.number()
	}
	if !watch.IsWanted(&w) {
		return
	}
	g.plain = false
	parent := g.parent
	g.watch, g.parent = watch.New(&w, parent)
	if g.nests && g.parent != parent && g.parent.Done() != owner.group.makeReal().ctx.Done() {
		g.nests, g.base = false, g // by an observer that gives it an end of its own
	}
}

// adopt notes a group that was made in a body of g, so that it ends with g if it
// nests: g ends first, and then those that it has noted.
func (g *Group) adopt(n *Group) {
	g.mu.Lock()
	if n.after = g.inner.Load(); n.after != nil {
		n.after.before = n
	}
	g.inner.Store(n)
	g.mu.Unlock()
	if e := g.end.Load(); e != nil && n.nests {
		n.EndOutside(e.err(), e.Cause)
	} else if g.isOver() {
		g.endInside(context.Canceled, context.Canceled)
	}
}

// disown forgets a group that has ended.
func (g *Group) disown(n *Group) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.before == nil {
		g.inner.Store(n.after)
	} else {
		n.before.after = n.after
	}
	if n.after != nil {
		n.after.before = n.before
	}
	n.before, n.after = nil, nil
}

// inside returns the groups that were made in bodies of g and have not ended.
func (g *Group) inside() (groups []*Group) {
	if g.inner.Load() == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := g.inner.Load(); n != nil; n = n.after {
		groups = append(groups, n)
	}
	return groups
}

// endInside ends the groups that end with g.
func (g *Group) endInside(err, cause error) {
	for _, n := range g.inside() {
		if n.nests {
			n.EndOutside(err, cause)
		}
	}
}

// Join returns when the group has ended, for the Wait of a body or of anybody:
// its caller's goroutine runs ready bodies meanwhile. If it is the body's own
// group's around, the body waits. A Goexit of a body that it runs unwinds the
// caller, who still does not get away before the end.
func (g *Group) Join() {
	g.waited.Or(joined)
	if w := g.beginJoin(); w != nil {
		defer w.endJoin()
	}
	g.join(true)
}

// JoinStopped is Join for Stop: it runs no bodies, and is no wait of the body
// that the group was made in, for it may be anybody's.
func (g *Group) JoinStopped() { g.join(false) }

func (g *Group) join(bodies bool) {
	defer g.idle.Wait()
	if g.waited.Or(counted)&counted != 0 {
		return
	}
	if g.elsewhere {
		g.drive()
	} else {
		g.countEnded(1)
	}
	if bodies && (g.watch == nil || !g.watch.Labels()) {
		g.help()
	}
}

const (
	counted = 1 << iota // the caller's count is given back
	joined              // by Join, and not only JoinStopped
)

// IsJoined reports whether Join was called.
func (g *Group) IsJoined() bool { return g.waited.Load()&joined != 0 }

// drive counts the caller off also when an engine takes the group out of memory,
// by a panic or a Goexit in the middle.
func (g *Group) drive() {
	defer g.countEnded(1)
	g.backend.Drive()
}

// Left returns how many tasks have not ended, and one more until the caller has
// begun to wait.
func (g *Group) Left() int { return int(g.declared.Load() - g.ended.Load()) }

// countEnded counts off k tasks, or the caller, and ends the group if that was
// the last. What the group's tasks have used must not be touched afterwards.
func (g *Group) countEnded(k int64) {
	n := g.ended.Add(k)
	if n == g.declared.Load() {
		g.closeAfter(n)
	}
}

// closeAfter lets nothing be declared any more when n are and all have ended.
func (g *Group) closeAfter(n int64) {
	if !g.declared.CompareAndSwap(n, closedAt|n) {
		return // another one was declared, or has closed it
	}
	g.rejoin()
	if g.alive.Load() == 0 {
		g.finish()
	}
}

// closedAt is the bit of declared that says that nothing is declared any more.
const closedAt = -1 << 63

// enter counts a goroutine of the group in, unless it has ended: then it
// reports false. Who is counted keeps the group from ending until leave.
func (g *Group) enter() bool {
	g.alive.Add(1)
	if !g.isClosed() {
		return true
	}
	g.leave()
	return false
}

// isClosed reports whether every task has ended and none can be declared.
func (g *Group) isClosed() bool { return g.declared.Load() < 0 }

// leave is the last step of who was counted in.
func (g *Group) leave() {
	if g.alive.Add(-1) == 0 && g.isClosed() {
		g.finish()
	}
}

// finish ends the group, once, as the last step of the last goroutine in it.
func (g *Group) finish() {
	if !g.over.CompareAndSwap(false, true) {
		return
	}
	g.unwatchParent()
	g.endInside(context.Canceled, context.Canceled) // what goroutines have made that bodies have left behind,
	g.wakeParked()                                  // and what they wait for
	if c := g.real.Load(); c != nil {
		c.cancel(nil)
	}
	if owner := g.owner.Swap(nil); owner != nil {
		owner.group.disown(g)
	}
	outcome, err := g.host.Ended()
	if g.watch != nil {
		g.watch.GroupEnd(uint8(outcome), err)
	}
	g.idle.Done()
}

// IsOver reports whether everything has ended.
func (g *Group) IsOver() bool { return g.isOver() }

func (g *Group) isOver() bool { return g.over.Load() }

// IsZero reports whether nobody has made the group.
func (g *Group) IsZero() bool { return g.parent == nil }

// Name returns the name that the group was given.
func (g *Group) Name() string {
	if b := g.book.Load(); b != nil {
		return b.name
	}
	return ""
}

// IsElsewhere reports whether another engine runs the group's bodies.
func (g *Group) IsElsewhere() bool { return g.elsewhere }

// Host returns what says what the group's ends mean.
func (g *Group) Host() Host { return g.host }

// IsSettled reports whether a failure does not end the group.
func (g *Group) IsSettled() bool { return g.settled }

// Depth returns how many groups are around this one.
func (g *Group) Depth() int { return int(g.depth) }

// Parent returns the context that the group was made with, or what observers
// made of it.
func (g *Group) Parent() context.Context { return g.parent }

// Backend returns what runs or forbids the group's bodies, nil if nothing does.
func (g *Group) Backend() Backend { return g.backend }

// Refuse panics if the group's backend forbids the call.
func (g *Group) Refuse(call string, n *Node) {
	if g.backend != nil {
		g.backend.Refuse(call, n)
	}
}
