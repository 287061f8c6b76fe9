package contender

import (
	"context"

	"github.com/alitto/pond/v2"
	lop "github.com/samber/lo/parallel"
	"github.com/sourcegraph/conc/pool"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// concPool is conc's context pool, with a channel for each task that is
// waited for, since conc itself knows no dependencies.
var concPool = &Contender{
	Name:   "conc and channels",
	Module: "github.com/sourcegraph/conc",
	Lacks:  "results of one task for another, names, Goexit",
	Max:    200_000,
	New:    func() *Forms { return &Forms{Loop: concLoop, Three: concThree} },
}

func concThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var user, config, profile uint64
	userDone := make(chan struct{})
	p := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	p.Go(func(ctx context.Context) (err error) {
		if user, err = w.Do(ctx, 0); err == nil {
			close(userDone)
		}
		return err
	})
	p.Go(func(ctx context.Context) (err error) {
		config, err = w.Do(ctx, 1)
		return err
	})
	p.Go(func(ctx context.Context) error {
		if err := wait(ctx, userDone); err != nil {
			return err
		}
		h, err := w.Do(ctx, 2)
		profile = work.Join(h, user)
		return err
	})
	w.Declared()
	err := p.Wait()
	return result(config, profile), err
}

func concLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	vals, dones := make([]uint64, g.Len()), make([]chan struct{}, g.Len())
	p := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for i, deps := range g.Deps {
		i := int32(i)
		if g.Waited[i] {
			dones[i] = make(chan struct{})
		}
		p.Go(func(ctx context.Context) error {
			for _, d := range deps {
				if err := wait(ctx, dones[d]); err != nil {
					return err
				}
			}
			if err := body(ctx, g, w, vals, i); err != nil {
				return err
			}
			if dones[i] != nil {
				close(dones[i])
			}
			return nil
		})
	}
	w.Declared()
	err := p.Wait()
	return fold(g, vals), err
}

// pondLevels submits one group a level to a pool that outlives the runs, as a
// service has it. Tasks that waited for one another inside a pool of limited
// size could take all its workers and hang.
var pondLevels = &Contender{
	Name:   "pond by level",
	Module: "github.com/alitto/pond/v2",
	Lacks:  "earliest start: a barrier after each level, which is given the levels; Goexit hangs",
	Max:    200_000,
	New: func() *Forms {
		workers := pond.NewPool(100)
		return &Forms{
			Close: workers.StopAndWait,
			Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
				w.Declared()
				vals := make([]uint64, g.Len())
				for _, level := range g.Levels {
					group := workers.NewGroupContext(ctx)
					for _, i := range level {
						group.SubmitErr(func() error { return body(ctx, g, w, vals, i) })
					}
					if err := group.Wait(); err != nil {
						return 0, err
					}
				}
				return fold(g, vals), nil
			},
		}
	},
}

// loLevels maps over each level in parallel; an error is one of its results.
var loLevels = &Contender{
	Name:   "lo/parallel by level",
	Module: "github.com/samber/lo/parallel",
	Lacks:  "earliest start: a barrier after each level, which is given the levels; cancellation, panics",
	Max:    200_000,
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			vals := make([]uint64, g.Len())
			for _, level := range g.Levels {
				errs := lop.Map(level, func(i int32, _ int) error { return body(ctx, g, w, vals, i) })
				for _, err := range errs {
					if err != nil {
						return 0, err
					}
				}
			}
			return fold(g, vals), nil
		}}
	},
}
