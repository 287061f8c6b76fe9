package stress_test

import (
	"slices"
	"time"
)

// octx is a context.
type octx struct {
	err, cause *oerr
	deadline   time.Duration // 0: none
	limitAt    time.Duration // that of a body that runs; 0: none
	kids       []*octx
	waits      []*owait
	group      *ogroup // whose own it is
}

func (c *octx) child() *octx {
	k := &octx{err: c.err, cause: c.cause, deadline: c.deadline}
	if c.err == nil {
		c.kids = append(c.kids, k)
	}
	return k
}

func (c *octx) cancel(err, cause *oerr) {
	if c.err != nil {
		return
	}
	c.err, c.cause = err, cause
	if g := c.group; g != nil && !g.over && g.endBy(outside, cause) && c.racy() {
		// Whether such a body gets a slot first or learns of the end first is open.
		g.o.unsure("soft wait cut with a nested group")
	}
	for _, w := range slices.Clone(c.waits) {
		w.fire()
	}
	for _, k := range c.kids {
		k.cancel(err, cause)
	}
	if c.group != nil {
		c.group.skipQueued()
	}
}

// racy reports whether a body with a limit waits in c for more than a task of its group.
func (c *octx) racy() bool {
	return slices.ContainsFunc(c.waits, func(w *owait) bool { return w.seated && !w.parked() }) ||
		slices.ContainsFunc(c.kids, func(k *octx) bool { return k.group == nil && k.racy() })
}

// nests reports whether a group that has not ended was made with c.
func (c *octx) nests() bool {
	return slices.ContainsFunc(c.kids, func(k *octx) bool { return k.group != nil && !k.group.over || k.nests() })
}

// ogroup is a group.
type ogroup struct {
	o          *oracle
	sc         *scope
	made       time.Duration
	parent     *octx
	ctx        *octx
	owner      *onode // whose context it was made with
	rank       int
	lim        *olimiter
	lims       []*olimiter // of running Maps
	end        *oend
	failures   []*oerr
	ended      []*oerr // of bodies that ran when it was ended from outside
	running    []string
	panicked   *oerr
	goexited   bool
	unfinished bool
	raised     bool
	stops      int // calls of Stop
	live       int // of tasks, and one until somebody waits
	waited     bool
	waiting    bool // Wait was called
	over       bool
	result     *oerr
	waits      []func()
	ownerSits  func()
	nodes      []*onode

	// Of an outermost one: see oracle.share.
	shares, waitedBefore bool
}

type oend struct {
	why        byte
	err, cause *oerr
	value      uint64 // of an exit
}

const (
	failure byte = iota + 1
	exit
	outside
	panicked
	goexit
)

func (g *ogroup) endBy(why byte, cause *oerr) bool {
	if g.end != nil {
		return false
	}
	g.end = &oend{why: why, err: oCanceled, cause: cause}
	if g.parent.err != nil {
		g.end.err = g.parent.err
	}
	return true
}

// isLate reports whether the deadline has passed that bodies of g have from outside.
func (g *ogroup) isLate() bool {
	d := g.parent.deadline
	return d != 0 && g.o.now >= d
}

// left notes that n came to nothing after g was ended from outside.
func (g *ogroup) left(n *onode) {
	g.unfinished = g.unfinished || g.isOutside() && !n.entrant()
}

func (g *ogroup) isOutside() bool { return g.end != nil && g.end.why == outside }

// count changes the number of tasks that have not ended.
func (g *ogroup) count(d int) {
	before := g.live
	g.live += d
	if g.live > 0 || before == 0 {
		return
	}
	if g.ownerSits != nil {
		sit := g.ownerSits
		g.ownerSits = nil
		sit()
	}
	g.over = true
	if n := g.owner; n != nil {
		n.hards = slices.DeleteFunc(n.hards, func(h *ohard) bool { return h.onGroup == g })
	}
	g.result = g.verdict()
	g.ctx.cancel(oCanceled, oCanceled)
	g.o.soon = append(g.o.soon, g.waits...)
	g.waits = nil
}

func (g *ogroup) verdict() *oerr {
	switch {
	case g.panicked != nil:
		return g.panicked
	case g.end != nil && g.end.why == exit:
		return nil
	case g.unfinished:
		return &oerr{kind: 'G', name: g.sc.name, in: g.failures, cause: g.end.cause, ctx: g.end.err, ended: g.ended, running: g.running}
	case len(g.failures) > 0:
		return &oerr{kind: 'G', name: g.sc.name, in: g.failures}
	}
	return nil
}

// onode is a task, an element of a Map or a function of a Race.
type onode struct {
	o        *oracle
	task     *task
	label    string
	index    int // of an element or function, else -1
	of       *onode
	group    *ogroup
	script   *script
	seq      int
	left     int // dependencies, elements or functions that are to come
	state    nstate
	then     []oedge
	waits    []*owait
	kids     []*onode
	decided  bool  // a Race
	raceCtx  *octx // of a function of a Race
	lim      *olimiter
	ownLim   *olimiter // a Map's
	seat     oseat
	main     *othread
	cutTask  bool     // the end of the group has cut a wait of it for a task,
	cutWait  bool     // or for a nested group
	hards    []*ohard // what its goroutines wait for hard
	raised   int      // the rank that a wait has given it
	byEnd    bool     // became ready by the end of another
	turn     int      // in order of becoming ready
	endedAt  time.Duration
	cutAt    time.Duration // when a wait for it was last cut short
	cutErr   *oerr         // what that returned
	cutMay   map[string][]string
	in       uint64
	value    uint64 // digest
	vals     []uint64
	fail     *oerr
	outcome  byte // 'F'ailed, 'C'anceled, 'S'kipped, 'X' exited, 'P'anicked, 'G'oexit
	killed   bool
	killedAt time.Duration
	time     *otime // nil without
	undue    func() // stops what would make it late
	lefts    int    // goroutines that its body has left behind
	behind   bool   // is skipped for the end of its group, in the moment of that
}

// oedge is a node that waits for the end of another, or for its success.
type oedge struct {
	n    *onode
	must bool
}

// ohard is a hard wait of one goroutine of a body.
type ohard struct {
	on      *onode // for a task
	onGroup *ogroup
	wait    *owait
}

func (n *onode) unhard(h *ohard) {
	n.hards = slices.DeleteFunc(n.hards, func(x *ohard) bool { return x == h })
}

type nstate uint8

const (
	pending nstate = iota
	queued
	running
	done
)

func (n *onode) limiter() *olimiter {
	if n.lim != nil {
		return n.lim
	}
	return n.group.lim
}
