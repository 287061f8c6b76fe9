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
type Group struct {
	// Everybody reads these for each task, nobody writes them for each.
	parent    context.Context        // what New was given, or what an observer made of it
	ending    atomic.Pointer[Ending] // why no further body starts
	watch     *watch.Group           // nil: nobody looks
	limiter   *Limiter
	host      Host
	searchers atomic.Int32 // see relay.go
	plain     bool         // nobody looks, and bodies run here
	settled   bool         // a failure ends nothing
	nests     bool         // inside another group, whose end comes by cancel
	elsewhere bool         // the backend runs the bodies

	// declared is 1 for the caller until it waits, and the number of tasks that
	// were declared, and negative once nothing can be declared any more. It is
	// also the order of declaration. The rest of its line is seldom used.
	declared    atomic.Int64
	base        *Group               // the next outwards with a parent that is no group
	root        *Group               // the outermost group around this one
	owner       atomic.Pointer[Node] // the task in whose body it was made; nil once the group has ended
	realContext atomic.Pointer[realContext]
	ledger      atomic.Pointer[ledger]
	backend     *backing
	made        int64 // when New was called, in nanoseconds of the wall clock: see due.go

	// Pushers write the first two, see relay.go; the rest is seldom used.
	in                   atomic.Pointer[Node]
	searchFunc           func()
	inner                atomic.Pointer[Group] // the first of the groups nested in this one; changed under mu
	prevInner, nextInner *Group                // its neighbors among those of the group around; under the mu of that
	parked               atomic.Pointer[wait]  // hard waits of the group's bodies for tasks; changed under mu
	uphill               atomic.Int32          // of a root: see cycle.go
	depth                int32                 // groups around this one
	waited               atomic.Uint32         // counted, if the caller's count is given back, and joined; of a root, sharing
	over                 atomic.Int32          // finishing, then over: everything has ended

	// Poppers write the first two, see relay.go.
	popMu sync.Mutex
	out   *Node
	ended atomic.Int64 // tasks that have ended, and the caller that waits
	alive atomic.Int32 // goroutines that have to make their last step
	mu    sync.Mutex
	rank  atomic.Uint32 // see rank.go
	idle  sync.WaitGroup
}

// Config is how a group is to be.
type Config struct {
	Name    string
	Settled bool
	Labels  bool    // the group has a name of its own, and so labels
	Lasts   bool    // its context outlives it, if nothing has ended it, as long as that of the body around
	Run     uint32  // its number for observers, of an engine that runs it again; 0 for one that is drawn
	Limit   int     // 0: none but those of the groups around
	Shared  *Shared // nil for that of the task around
	Around  []Around
	Tellers []watch.Teller
	one     [1]watch.Teller  // room for the first
	Clock   func() time.Time // an engine's, nil for this process
	// Adjust may change how a task is to be that has options, or is Optional: of a
	// package beside the one above, which sees only what users say.
	Adjust func(n *Node, c *TaskConfig)
	// Backend makes what runs the bodies elsewhere, or forbids calls, and says
	// which of the two. Flow and Executor are what it needs to know.
	Backend        func(g *Group, c *Config) (b Backend, elsewhere bool)
	Flow, Executor any
	// NodeOf returns the node of a task of the package above.
	NodeOf func(task any) *Node
}

// Observe adds an observer.
func (c *Config) Observe(t watch.Teller) {
	if c.Tellers == nil {
		c.Tellers = c.one[:0]
	}
	c.Tellers = append(c.Tellers, t)
}

// Init makes a group of what New was given; c is nil without options. Nobody else
// knows the group yet.
func (g *Group) Init(ctx context.Context, host Host, c *Config) {
	g.parent, g.host, g.plain = ctx, host, true
	g.root, g.base = g, g
	made := time.Now()
	g.made = made.UnixNano() // for Within, of which New knows nothing; a Time would be 16 bytes more
	g.declared.Store(1)
	g.idle.Add(1)
	owner := nodeOf(ctx)
	if owner != nil {
		g.nestIn(owner, ctx)
	}
	if c != nil {
		g.configure(c)
	}
	if owner != nil && owner.group.watch != nil || trace.IsEnabled() || c != nil && (c.Labels || c.Tellers != nil) {
		g.observe(owner, c, made)
	}
	if owner != nil {
		owner.group.adopt(g)
	}
}

// Left returns how many tasks have not ended, and one more until the caller has
// begun to wait.
func (g *Group) Left() int { return int(g.declared.Load() - g.ended.Load()) }

// IsOver reports whether everything has ended.
func (g *Group) IsOver() bool { return g.isOver() }

// IsZero reports whether nobody has made the group.
func (g *Group) IsZero() bool { return g.parent == nil }

// Name returns the name that the group was given.
func (g *Group) Name() string {
	if b := g.ledger.Load(); b != nil {
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
func (g *Group) Backend() Backend {
	if g.backend == nil {
		return nil
	}
	return g.backend.Backend
}

// backing is a Backend behind one pointer.
type backing struct{ Backend }

// Refuse panics if the group's backend forbids the call.
func (g *Group) Refuse(call string, n *Node) {
	if g.backend != nil {
		g.backend.Refuse(call, n)
	}
}

// configure does what the options say, once the group knows what is around it: a
// limit goes inside those of the groups around.
func (g *Group) configure(c *Config) {
	g.settled = c.Settled
	if c.Name != "" {
		g.makeLedger().name = c.Name
	}
	if c.Shared != nil {
		g.limiter = newSharedLimiter(c.Shared, g.limiter)
		g.root.share()
	}
	if c.Limit > 0 {
		g.limiter = newLimiter(c.Limit, g.limiter, g)
	}
	if len(c.Around) > 0 {
		g.makeForAll().around = c.Around
		g.plain = false
	}
	if c.Adjust != nil {
		g.makeForAll().adjust = c.Adjust
	}
	if c.Lasts {
		g.waited.Or(lasts)
	}
	if c.Backend != nil {
		g.setBackend(c)
	}
}

// setBackend asks for a backend, which may not want the group: then there is none.
func (g *Group) setBackend(c *Config) {
	b, elsewhere := c.Backend(g, c)
	if b == nil {
		return
	}
	g.backend = &backing{b}
	if !elsewhere {
		return
	}
	if c.Shared != nil {
		g.refuseShared("")
	}
	if c.Adjust != nil {
		if c.Executor != nil {
			panic("asap: a tail.Policy on an engine elsewhere; a definition does not depend on what was learnt before, so leave it out there")
		}
		g.forAll().adjust = nil // it is only drawn
	}
	g.plain, g.elsewhere = false, true
	g.nests, g.base = false, g        // an engine hears of an end from the goroutine inside the group's methods
	if g.limiter = nil; c.Limit > 0 { // its bodies take no slots of this process
		g.limiter = newLimiter(c.Limit, nil, g)
	}
}

// observe makes the group one that somebody looks at, if somebody still wants to.
// It calls observers, who may give the group another context.
func (g *Group) observe(owner *Node, c *Config, made time.Time) {
	w := watch.Config{Made: made}
	if c != nil {
		w = watch.Config{Name: c.Name, Labels: c.Labels, Tellers: c.Tellers, Clock: c.Clock, Made: made, Run: c.Run, Limit: c.Limit, Settled: c.Settled}
	}
	if owner != nil && owner.group.watch != nil {
		w.Outer, w.Owner = owner.group.watch, owner.number()
	}
	if !watch.IsWanted(&w) {
		return
	}
	w.Shared = g.sharedFacts(c, w.Outer != nil)
	parent := g.parent
	if g.watch, g.parent = watch.New(&w, parent); g.watch != nil {
		g.plain = false
	}
	if g.nests && g.parent != parent && g.parent.Done() != owner.group.makeRealContext().ctx.Done() {
		g.nests, g.base = false, g // by an observer that gives it an end of its own
	}
}

// isOver may be asked by anybody; who sees true sees all that was done before.
func (g *Group) isOver() bool { return g.over.Load() == over }

// What a group's over is, but for 0.
const (
	finishing = iota + 1
	over
)

// ledger is what most groups never need.
type ledger struct {
	name        string         // written before the group is shared
	forAll      *forAll        // likewise: nil without
	hubs        map[*Node]*hub // under the group's mu
	joins       *wait          // of bodies that wait for this group to end; likewise
	parentWatch *parentWatch   // likewise
	timed       *timedContext  // bodies' contexts with a limit of time that are noted; likewise
	undoing     atomic.Pointer[undoing]
	dues        *dues        // under the group's mu
	cycles      sync.Mutex   // of a root: one waiter at a time decides whether it closes a cycle
	several     atomic.Int32 // of a root: waits of bodies that have another one: see cycle.go

	// Under the mu of the top limiter.
	queuedNow int32    // bodies of the group in a queue
	queued    []queued // of these, and some that have left it
	limited   *Limiter // the first of the list of those of Maps with a queue; under the group's mu

	sharing *sharing // see sharing.go; written once, under the group's mu

	quiet *quiet // its own or that of a group around, see quiet.go; written before the first task is declared
}

// forAll is what the options of a group say of its tasks: written before it is shared.
type forAll struct {
	around []Around                 // of all bodies
	adjust func(*Node, *TaskConfig) // nil without: see Config
}

// forAll returns that of the group, nil without.
func (g *Group) forAll() *forAll {
	if b := g.ledger.Load(); b != nil {
		return b.forAll
	}
	return nil
}

func (g *Group) makeForAll() *forAll {
	b := g.makeLedger()
	if b.forAll == nil {
		b.forAll = new(forAll)
	}
	return b.forAll
}

// makeLedger returns the group's ledger and makes it if need be.
func (g *Group) makeLedger() *ledger {
	b := g.ledger.Load()
	if b == nil {
		b = new(ledger)
		if !g.ledger.CompareAndSwap(nil, b) {
			b = g.ledger.Load()
		}
	}
	return b
}
