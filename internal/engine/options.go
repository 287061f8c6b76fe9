package engine

import (
	"sync/atomic"
	"time"
)

// TaskConfig is how a task is to be: what its options say. Who declares the task
// fills it in and gives it away.
type TaskConfig struct {
	Deps    []Dependency // besides those of the body
	MayFail bool         // its failure is one only for those that need it
	LeftOut bool         // it is done without its body
	Safe    bool         // its body may be called twice at the same time
	Hedged  bool         // and it is, by an option of its own
	Timeout time.Duration
	Within  time.Duration // after the making of the group; below 0, see Until
	Around  []Around      // the first is the outermost
	Limit   int           // of the elements of a Map, 0 for none
	Shared  *Shared       // nil for that of the group
	// Of a Map: whether a failure of an element becomes its value, so that the Map itself
	// fails by no Within; and who is told how many elements it has, if any, with no lock held.
	Tolerant bool
	Parts    func(n int)
	// Arrival makes the task one without a body, that waits for something else.
	Arrival *Arrival
	// Hand is given the group in place of a declaration: for a package beside the one
	// above, which has no other way to the group of a user's.
	Hand func(*Group)
}

// Until makes t the instant of c's Within, which is what is left until then once the
// group is known.
func (c *TaskConfig) Until(t time.Time) { c.Within = -time.Duration(t.UnixNano()) }

// IsPlain reports whether c says nothing of a node, but maybe what limit the elements
// of a Map have: then the node is declared without options.
func (c *TaskConfig) IsPlain() bool {
	return len(c.Deps)+len(c.Around) == 0 && c.Timeout == 0 && c.Within == 0 && c.Shared == nil && c.Arrival == nil && !c.Safe && !c.MayFail && !c.LeftOut
}

// Adjusts reports whether somebody changes how the group's tasks are to be: then an
// Optional is declared by StartWith though it has no options.
func (g *Group) Adjusts() bool {
	a := g.forAll()
	return a != nil && a.adjust != nil
}

// Dependency is a task that another one waits for.
type Dependency struct {
	On   *Node
	Must bool // it has to succeed; else only to end
	Read bool // its value may be read
}

// options is what the node of a task with options has, in its side until it is
// done. It never changes once the node is shared, but for the edges, and for
// expanded, which belongs to whoever made the node ready. Keeps 30.
type options struct {
	links    []link        // all dependencies, those of the body first, each once
	index    map[*Node]int // of links, if they are many
	expanded bool          // the node waits for its parts now
	timeout  time.Duration
	within   time.Duration
	passed   bool // it had, before the group was made
	around   []Around
	tolerant bool // of a Map, as parts
	parts    func(int)
}

// link is one dependency, with the edge in its list: see 2.
type link struct {
	edge Edge
	Dependency
	named bool // as a value, by an option
}

// few is how many links are looked through one by one.
const few = 8

// StartWith declares a node with options, in place of Start, StartAfter or
// StartAfterAll, whose edges are not used then.
func (g *Group) StartWith(n *Node, c *TaskConfig) {
	if c.Hand != nil {
		c.Hand(g)
		return
	}
	if g.Adjusts() {
		g.forAll().adjust(n, c)
	}
	if c.Arrival != nil {
		g.checkArrival(n, c)
	}
	passed := false
	if c.Within < 0 {
		c.Within, passed = g.within(n, -c.Within)
	}
	o := g.newOptions(n, c)
	o.passed = passed
	n.makeSide().makeRare().options = o
	n.kind |= Opted
	if c.MayFail {
		n.kind |= MayFail
	}
	if c.LeftOut {
		n.kind |= Inline | WithoutBody
	}
	switch {
	case c.Arrival != nil:
		n.setArrival(c.Arrival)
	case len(o.around) > 0 || o.timeout > 0 || o.within > 0:
		n.kind |= Wrapped
	}
	if c.Shared != nil {
		g.bound(n, c.Shared)
	}
	n.pending = uint32(len(o.links))*one + hold
	if !g.declare(n) {
		return
	}
	if d := DueOf(n); d > 0 && !g.elsewhere && !g.addDue(n, d) {
		n.kill()
		n.release(0)
		return
	}
	class := uint8(0)
	for i := range o.links {
		l := &o.links[i]
		if l.On.link(&l.edge, n) {
			class = byEnd
			continue
		}
		if l.On.failure() != nil && l.Must {
			n.kill()
			break
		}
		n.arrived()
	}
	n.release(class)
}

// DueOf is how long after its group's start n has to begin, 0 if it may at any time. That
// is its Within; but a MapOptional begins when its slice is there, and its elements have to.
// n is being declared.
func DueOf(n *Node) time.Duration {
	o := n.options()
	if o == nil || n.kind&WithoutBody != 0 || n.kind&Mapped != 0 && o.tolerant {
		return 0
	}
	return o.within
}

// newOptions returns those of n, which nobody else knows yet. Of several that name
// one dependency the strictest holds.
func (g *Group) newOptions(n *Node, c *TaskConfig) *options {
	deps, own := c.Deps, 0
	if d := n.body.Dep(0); d != nil {
		deps = nil
		for ; d != nil; d = n.body.Dep(own) {
			deps = append(deps, Dependency{d, true, true})
			own++
		}
		deps = append(deps, c.Deps...)
	}
	o := &options{timeout: c.Timeout, within: c.Within, around: c.Around, tolerant: c.Tolerant, parts: c.Parts}
	o.links = make([]link, 0, len(deps))
	for i, d := range deps {
		named := i >= own && d.Read
		if l := o.find(d.On); l != nil {
			l.Must, l.Read, l.named = l.Must || d.Must, l.Read || d.Read, l.named || named
			continue
		}
		o.links = append(o.links, link{Dependency: d, named: named})
		if k := len(o.links); k > few {
			if o.index == nil {
				o.index = make(map[*Node]int)
				for i := range o.links {
					o.index[o.links[i].On] = i
				}
			}
			o.index[d.On] = k - 1
		}
	}
	return o
}

// find returns the link to d, nil if there is none.
func (o *options) find(d *Node) *link {
	if o.index != nil {
		if i, ok := o.index[d]; ok {
			return &o.links[i]
		}
		return nil
	}
	for i := range o.links {
		if o.links[i].On == d {
			return &o.links[i]
		}
	}
	return nil
}

// options returns those of n, nil if it has none. Who calls it may read what n
// depends on: see Body.Dep.
func (n *Node) options() *options {
	if n.kind&Opted == 0 {
		return nil
	}
	return n.side.Load().rare.Load().options
}

// dep returns the i-th of what n waits for, nil behind the last: a dependency, or
// the i-th part once it has expanded. Who may call it, see Body.Dep.
func (n *Node) dep(i int) *Node {
	if o := n.options(); o != nil && !o.expanded {
		if i < len(o.links) {
			return o.links[i].On
		}
		return nil
	}
	return n.body.Dep(i)
}

// needs reports whether n is skipped since d, which it depends on, has not succeeded.
// The caller may read what n depends on. The elements of a MapOptional may end in
// any way that is not the end of everything.
func (n *Node) needs(d *Node) bool {
	if d.kind&Element != 0 && d.kind&Optional != 0 && d.whole() == n {
		how := d.failure().Outcome
		return how != Skipped && how != Canceled
	}
	if o := n.options(); o != nil && !o.expanded {
		if l := o.find(d); l != nil {
			return l.Must
		}
	}
	return true
}

// missed takes the end of dep, which has not succeeded, for to, whose edge the
// caller has in hand and has not counted off. It pins to, so that its dependencies
// can be read: it may be skipped at this moment because of another one.
func (s *settling) missed(to, dep *Node) {
	if to.kind&Opted == 0 && dep.kind&Element == 0 {
		if to.kill() {
			s.addSkipped(to, dep)
		}
		return
	}
	if !to.pin() {
		return // dead already
	}
	if to.needs(dep) {
		to.kill()
	} else {
		atomic.AddUint32(&to.pending, ^uint32(0)) // not the last: there is the hold
	}
	switch ready, skip := to.unpin(); {
	case ready:
		s.addReady(to, dep)
	case skip:
		s.addSkipped(to, to.culprit())
	}
}

// DepOf returns the i-th dependency of n, which is pending, or nobody else knows.
func DepOf(n *Node, i int) (d Dependency, ok bool) {
	if o := n.options(); o != nil && !o.expanded {
		if i < len(o.links) {
			return o.links[i].Dependency, true
		}
		return d, false
	}
	d = Dependency{n.body.Dep(i), true, true}
	return d, d.On != nil
}
