package engine

import (
	"context"
	"strconv"
)

// Body is what a node runs: the heap object of the package above that the node is
// the first field of. An interface and no function field: a task would need a
// closure for each.
type Body interface {
	// Call runs the user's function and keeps its value.
	Call(ctx context.Context) error
	// Dep returns the i-th dependency, nil behind the last. It is called while
	// the node is pending, or pinned, or nobody else knows it.
	Dep(i int) *Node
	// Drop forgets the function and the dependencies, and the value too unless
	// the node has succeeded. It is called once, by whoever settles the node,
	// before that is published.
	Drop(failed bool)
}

// Kind says what is special about a node, as bits. A bit promises that the
// body has the methods that its comment names: they are interfaces below.
type Kind uint16

// The kinds.
const (
	Inline      Kind = 1 << iota // Inliner: has no body to start, holds no slot
	Optional                     // a failure of the body becomes its value
	Element                      // PartOf and Limited: an element of a Map
	Entrant                      // PartOf and Entry: a function of a Race
	Given                        // has its value from the start
	Gather                       // a Gather
	Mapped                       // Collector: a Map
	Race                         // Contest: a Race itself: ends with the first success of its functions
	Opted                        // has options, in its side
	Wrapped                      // its body is called through options.go or those of its group
	WithoutBody                  // is done without its body, with the zero value
	MayFail                      // a failure is one only for those that need it
	Bounded                      // has a limiter of its own, or none, in its side
	Arriving                     // waits for something outside of any body: see Arrival
	helper                       // a hub: not a task, but those who wait for one

	part = Element | Entrant
)

// Inliner is the body of a node that has no function to run.
type Inliner interface {
	// Inline is called when every dependency has succeeded. It reports done
	// when the node has its value or err, and otherwise returns bodies to
	// start, for which it waits now.
	Inline() (parts Chain, done bool, err error)
}

// Expander is the body of a node whose dependencies are its parts once it has them, and
// of such a part.
type Expander interface {
	// Input is Dep, of what the node was declared on.
	Input(i int) *Node
}

// Collector is the body of a Map.
type Collector interface {
	Expander
	// Limit is that of the elements, 0 without.
	Limit() int
	// Collect takes the values of the elements; it reports false when there
	// are no elements yet.
	Collect() bool
}

// PartOf is the body of an element of a Map or of a function of a Race.
type PartOf interface {
	Whole() (of *Node, index int)
}

// Limited is the body of an element of a Map.
type Limited interface {
	Limiter() *Limiter
}

// Racer is the body of a Race and of a function of one.
type Racer interface {
	Race() *RaceState
}

// Contest is the body of a Race. Its dependencies are its functions once they
// have started.
type Contest interface {
	Racer
	Expander
	// Function returns the i-th function, nil behind the last.
	Function(i int) *Node
}

// Entry is the body of a function of a Race.
type Entry interface {
	Racer
	// Win makes the function's value the Race's.
	Win()
}

// Filler is the body of everything that is no Gather or Input: what a Backend
// needs to run it.
type Filler interface {
	Fill(*Call)
}

// Call is a body as a Backend sees it.
type Call struct {
	Func, Out any   // the function of the user, and where its value goes, nil if there is none
	In        []any // its arguments after the context
	Optional  bool  // of a Map: a failure of an element becomes its value
}

// label is the name of n, also of an element or a function: likes[3]. It is made
// only when somebody asks; a Map of a million has no names.
func (n *Node) label() string {
	if n.kind&part == 0 && n.name != "" {
		return n.name
	}
	return n.makeLabel()
}

// makeLabel is apart from label so that label can be inlined.
func (n *Node) makeLabel() string {
	switch {
	case n.kind&part != 0:
		of, i := n.body.(PartOf).Whole()
		return of.label() + "[" + strconv.Itoa(i) + "]"
	case n.name == "":
		return "task"
	}
	return n.name
}

// whole is the Race or Map that n is a part of, nil if it is none.
func (n *Node) whole() *Node {
	if n.kind&part == 0 {
		return nil
	}
	of, _ := n.body.(PartOf).Whole()
	return of
}

// limiter is the innermost one of n's body, nil if it has none. It never changes
// once the node is declared, so it needs no lock.
func (n *Node) limiter() *Limiter {
	if n.kind&(Element|Bounded) == 0 {
		return n.group.limiter
	}
	return n.otherLimiter()
}

// otherLimiter is apart from limiter so that limiter can be inlined.
func (n *Node) otherLimiter() *Limiter {
	if n.kind&Bounded != 0 {
		return n.side.Load().rare.Load().limiter
	}
	return n.body.(Limited).Limiter()
}

// race is the state of the Race that n is, or is a function of.
func (n *Node) race() *RaceState { return n.body.(Racer).Race() }

// elementLimit is the limit of the elements of n, 0 without, also if n is no Map.
func (n *Node) elementLimit() int {
	if n.kind&Mapped == 0 {
		return 0
	}
	return n.body.(Collector).Limit()
}
