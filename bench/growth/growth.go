// Package growth has programs that make n tasks or n levels of nesting, in
// shapes where something might be walked for each of them. What one of the n
// costs must not depend on n.
package growth

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/asap-go/asap"
)

// Case is one of the programs. Run fails if not everything came out as it
// should; what it costs is for the caller to measure.
type Case struct {
	Name   string
	Levels bool // n is how deep groups are nested
	Run    func(n int) error
}

// Cases are all of them, in the order of the table.
func Cases() []Case {
	var all []Case
	for _, some := range [][]Case{byHand, plain, limited, waiting, across, failing, living} {
		all = append(all, some...)
	}
	for _, c := range nested {
		c.Levels = true
		all = append(all, c)
	}
	return all
}

// ByName finds a case.
func ByName(name string) (Case, error) {
	for _, c := range Cases() {
		if c.Name == name {
			return c, nil
		}
	}
	return Case{}, fmt.Errorf("no case of growth is called %q", name)
}

type task = *asap.Task[int]

var errBody = errors.New("growth: body failed")

func one(context.Context) (int, error)             { return 1, nil }
func fails(context.Context) (int, error)           { return 0, errBody }
func next(_ context.Context, v int) (int, error)   { return v, nil }
func double(_ context.Context, v int) (int, error) { return 2 * v, nil }

// gate opens when as many have arrived as it was made for.
type gate struct {
	left atomic.Int64
	open chan struct{}
}

func newGate(n int) *gate {
	g := &gate{open: make(chan struct{})}
	g.left.Store(int64(n))
	return g
}

func (g *gate) arrive() {
	if g.left.Add(-1) == 0 {
		close(g.open)
	}
}

// pass waits on a channel: a body keeps its slot meanwhile.
func (g *gate) pass() { <-g.open }

// body is one that ends when the gate opens.
func (g *gate) body(context.Context) (int, error) {
	g.pass()
	return 1, nil
}

// hold fills k slots of g until release is called, so that everything that is
// declared meanwhile is in the queue at the same time.
func hold(g *asap.Group, k int) (release func()) {
	held := newGate(1)
	for range k {
		g.Go("hold", held.body)
	}
	return held.arrive
}

// succeeded ends g, whose tasks are to have the value 1.
func succeeded(g *asap.Group, tasks ...task) error {
	if err := g.Wait(); err != nil {
		return err
	}
	for i, t := range tasks {
		if v := t.Value(); v != 1 {
			return fmt.Errorf("task %d has the value %d, want 1", i, v)
		}
	}
	return nil
}

// ended ends g, which is to end by target.
func ended(g *asap.Group, target error) error {
	if err := g.Wait(); !errors.Is(err, target) {
		return fmt.Errorf("the group ended with %v, want %v", err, target)
	}
	return nil
}
