package contender

import (
	"context"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// cell is where a task by hand leaves its result. done is closed after the
// others are written.
type cell struct {
	v    uint64
	err  error
	done chan struct{}
}

// channelsLoop gives each goroutine exactly the dependencies that it needs,
// as hand-written code does, instead of a slice to look them up in.
func channelsLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	cells := make([]cell, g.Len())
	for i, deps := range g.Deps {
		i, t := int32(i), &cells[i]
		t.done = make(chan struct{})
		switch len(deps) {
		case 0:
			go func() {
				defer close(t.done)
				t.v, t.err = w.Do(ctx, i)
			}()
		case 1:
			a := &cells[deps[0]]
			go func() {
				defer close(t.done)
				if <-a.done; a.err != nil {
					t.err = a.err
					return
				}
				h, err := w.Do(ctx, i)
				t.v, t.err = work.Join(h, a.v), err
			}()
		case 2:
			a, b := &cells[deps[0]], &cells[deps[1]]
			go func() {
				defer close(t.done)
				if <-a.done; a.err != nil {
					t.err = a.err
					return
				}
				if <-b.done; b.err != nil {
					t.err = b.err
					return
				}
				h, err := w.Do(ctx, i)
				t.v, t.err = work.Join(work.Join(h, a.v), b.v), err
			}()
		case 3:
			a, b, c := &cells[deps[0]], &cells[deps[1]], &cells[deps[2]]
			go func() {
				defer close(t.done)
				if <-a.done; a.err != nil {
					t.err = a.err
					return
				}
				if <-b.done; b.err != nil {
					t.err = b.err
					return
				}
				if <-c.done; c.err != nil {
					t.err = c.err
					return
				}
				h, err := w.Do(ctx, i)
				t.v, t.err = work.Join(work.Join(work.Join(h, a.v), b.v), c.v), err
			}()
		default:
			go func() {
				defer close(t.done)
				for _, d := range deps {
					if <-cells[d].done; cells[d].err != nil {
						t.err = cells[d].err
						return
					}
				}
				h, err := w.Do(ctx, i)
				for _, d := range deps {
					h = work.Join(h, cells[d].v)
				}
				t.v, t.err = h, err
			}()
		}
	}
	w.Declared()
	var first error
	for i := range cells {
		if <-cells[i].done; cells[i].err != nil && first == nil {
			first = cells[i].err
		}
	}
	return foldCells(g, cells), first
}

func foldCells(g *graph.Graph, cells []cell) uint64 {
	h := uint64(work.Seed)
	for _, i := range g.Sinks {
		h = work.Join(h, cells[i].v)
	}
	return h
}
