// Package contender runs a task graph in every way that is compared: by hand,
// with the standard library, with each peer as its own documentation says,
// and with asap. Every way does the same bodies, hands each task the values of
// its dependencies, and returns one value computed from all of them.
package contender

import (
	"context"
	"fmt"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// Run declares and runs one graph and returns the values of its sinks, folded
// by [work.Join] from [work.Seed].
type Run func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error)

// Forms are the ways in which one contender is written. Three and Six are the
// small graphs written out as a person would; Loop is any graph in a loop and
// takes their place where they are nil.
type Forms struct {
	Loop, Three, Six Run
	Close            func() // ends what lives longer than a run, such as a pool; may be nil
}

// For is the form that fits g.
func (f *Forms) For(g *graph.Graph) Run {
	switch {
	case g.Form == graph.Three && f.Three != nil:
		return f.Three
	case g.Form == graph.Six && f.Six != nil:
		return f.Six
	}
	return f.Loop
}

// Contender is one way to run a graph.
type Contender struct {
	Name   string
	Module string // import path of the peer, "" for the standard library and asap

	// Lacks says in words what the others give and this one does not: where it
	// wins, that is why.
	Lacks string

	// Max is the largest graph it is asked to run, in tasks; 0 is any. Where
	// it is not 0, larger graphs take minutes or more memory than there is.
	Max int

	// NoErrors says that a failing body does not fail the run. Everybody
	// else returns the body's error, or one that wraps it.
	NoErrors bool

	// Variant contenders are asap under some condition. They are compared
	// with the contender of that name instead of with channels.
	Variant string

	New func() *Forms
}

// Fits reports whether c is asked to run g.
func (c *Contender) Fits(g *graph.Graph) bool {
	return c.Max == 0 || g.Len() <= c.Max
}

// The names that the report looks for.
const (
	Sequential = "sequential loop"
	Closures   = "loop of closures"
	Channels   = "goroutines and channels"
	Declared   = "asap declared"
	Awaited    = "asap awaited"
)

// All is every contender, in the order of the table.
func All() []*Contender {
	return []*Contender{
		sequential, closures, channels,
		waitGroup, errGroup, errGroupLevels,
		concPool, pondLevels, loLevels,
		goFutureThen, taskFlow, goWorkflow,
		asapDeclared, asapAwaited,
		asapLimit, asapLimitTwo, asapSeen, asapObserved, asapCancellable,
	}
}

// ByName finds a contender.
func ByName(name string) (*Contender, error) {
	for _, c := range All() {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no contender is called %q", name)
}

// fold is the result of a run whose values are in vals.
func fold(g *graph.Graph, vals []uint64) uint64 {
	h := uint64(work.Seed)
	for _, i := range g.Sinks {
		h = work.Join(h, vals[i])
	}
	return h
}

// result is the value of a run with two or three sinks.
func result(sinks ...uint64) uint64 {
	h := uint64(work.Seed)
	for _, v := range sinks {
		h = work.Join(h, v)
	}
	return h
}
