package contender

import (
	"context"

	"github.com/asap-go/asap"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

type task = *asap.Task[uint64]

// asapDeclared says what each task needs before it starts.
var asapDeclared = &Contender{
	Name: Declared,
	New:  func() *Forms { return declaredForms() },
}

func declaredForms(opts ...asap.Option) *Forms {
	return &Forms{
		Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			return declaredLoop(ctx, g, w, opts...)
		},
		Three: func(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
			g := asap.New(ctx, opts...)
			user := g.Go("user", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 0) })
			config := g.Go("config", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 1) })
			profile := user.Then("profile", func(ctx context.Context, user uint64) (uint64, error) {
				h, err := w.Do(ctx, 2)
				return work.Join(h, user), err
			})
			w.Declared()
			if err := g.Wait(); err != nil {
				return 0, err
			}
			return result(config.Value(), profile.Value()), nil
		},
		Six: func(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
			g := asap.New(ctx, opts...)
			auth := g.Go("auth", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 0) })
			settings := g.Go("settings", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 1) })
			userData := auth.Then("userData", func(ctx context.Context, auth uint64) (uint64, error) {
				h, err := w.Do(ctx, 2)
				return work.Join(h, auth), err
			})
			permissions := auth.Then("permissions", func(ctx context.Context, auth uint64) (uint64, error) {
				h, err := w.Do(ctx, 3)
				return work.Join(h, auth), err
			})
			posts := userData.Then("posts", func(ctx context.Context, userData uint64) (uint64, error) {
				h, err := w.Do(ctx, 4)
				return work.Join(h, userData), err
			})
			analytics := userData.And(posts).Then("analytics", func(ctx context.Context, userData, posts uint64) (uint64, error) {
				h, err := w.Do(ctx, 5)
				return work.Join(work.Join(h, userData), posts), err
			})
			w.Declared()
			if err := g.Wait(); err != nil {
				return 0, err
			}
			return result(settings.Value(), permissions.Value(), analytics.Value()), nil
		},
	}
}

func declaredLoop(ctx context.Context, g *graph.Graph, w *work.Work, opts ...asap.Option) (uint64, error) {
	ag := asap.New(ctx, opts...)
	tasks := make([]task, g.Len())
	for i, deps := range g.Deps {
		tasks[i] = declare(ag, g, w, tasks, int32(i), deps)
	}
	w.Declared()
	if err := ag.Wait(); err != nil {
		return 0, err
	}
	return foldTasks(g, tasks), nil
}

// declare is task i by the method that fits its number of dependencies.
func declare(ag *asap.Group, g *graph.Graph, w *work.Work, tasks []task, i int32, deps []int32) task {
	name := g.Names[i]
	switch len(deps) {
	case 0:
		return ag.Go(name, func(ctx context.Context) (uint64, error) { return w.Do(ctx, i) })
	case 1:
		return tasks[deps[0]].Then(name, func(ctx context.Context, a uint64) (uint64, error) {
			h, err := w.Do(ctx, i)
			return work.Join(h, a), err
		})
	case 2:
		return tasks[deps[0]].And(tasks[deps[1]]).Then(name, func(ctx context.Context, a, b uint64) (uint64, error) {
			h, err := w.Do(ctx, i)
			return work.Join(work.Join(h, a), b), err
		})
	case 3:
		and := tasks[deps[0]].And(tasks[deps[1]]).And(tasks[deps[2]])
		return and.Then(name, func(ctx context.Context, a, b, c uint64) (uint64, error) {
			h, err := w.Do(ctx, i)
			return work.Join(work.Join(work.Join(h, a), b), c), err
		})
	}
	needs := make([]task, len(deps))
	for k, d := range deps {
		needs[k] = tasks[d]
	}
	return ag.Gather(name, needs...).Then(name, func(ctx context.Context, vals []uint64) (uint64, error) {
		h, err := w.Do(ctx, i)
		for _, v := range vals {
			h = work.Join(h, v)
		}
		return h, err
	})
}

func foldTasks(g *graph.Graph, tasks []task) uint64 {
	h := uint64(work.Seed)
	for _, i := range g.Sinks {
		h = work.Join(h, tasks[i].Value())
	}
	return h
}

// asapAwaited finds its dependencies inside the bodies.
var asapAwaited = &Contender{
	Name: Awaited,
	New:  func() *Forms { return &Forms{Loop: awaitedLoop, Three: awaitedThree, Six: awaitedSix} },
}

func awaitedThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	g := asap.New(ctx)
	user := g.Go("user", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 0) })
	config := g.Go("config", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 1) })
	profile := g.Go("profile", func(ctx context.Context) (uint64, error) { return await1(ctx, w, 2, user) })
	w.Declared()
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return result(config.Value(), profile.Value()), nil
}

func awaitedSix(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	g := asap.New(ctx)
	auth := g.Go("auth", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 0) })
	settings := g.Go("settings", func(ctx context.Context) (uint64, error) { return w.Do(ctx, 1) })
	userData := g.Go("userData", func(ctx context.Context) (uint64, error) { return await1(ctx, w, 2, auth) })
	permissions := g.Go("permissions", func(ctx context.Context) (uint64, error) { return await1(ctx, w, 3, auth) })
	posts := g.Go("posts", func(ctx context.Context) (uint64, error) { return await1(ctx, w, 4, userData) })
	analytics := g.Go("analytics", func(ctx context.Context) (uint64, error) { return await2(ctx, w, 5, userData, posts) })
	w.Declared()
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return result(settings.Value(), permissions.Value(), analytics.Value()), nil
}

func await1(ctx context.Context, w *work.Work, i int32, a task) (uint64, error) {
	av, err := a.Await(ctx)
	if err != nil {
		return 0, err
	}
	h, err := w.Do(ctx, i)
	return work.Join(h, av), err
}

func await2(ctx context.Context, w *work.Work, i int32, a, b task) (uint64, error) {
	av, err := a.Await(ctx)
	if err != nil {
		return 0, err
	}
	bv, err := b.Await(ctx)
	if err != nil {
		return 0, err
	}
	h, err := w.Do(ctx, i)
	return work.Join(work.Join(h, av), bv), err
}

func await3(ctx context.Context, w *work.Work, i int32, a, b, c task) (uint64, error) {
	av, err := a.Await(ctx)
	if err != nil {
		return 0, err
	}
	bv, err := b.Await(ctx)
	if err != nil {
		return 0, err
	}
	cv, err := c.Await(ctx)
	if err != nil {
		return 0, err
	}
	h, err := w.Do(ctx, i)
	return work.Join(work.Join(work.Join(h, av), bv), cv), err
}

func awaitAll(ctx context.Context, w *work.Work, i int32, needs []task) (uint64, error) {
	var few [8]uint64
	vals := few[:0]
	for _, t := range needs {
		v, err := t.Await(ctx)
		if err != nil {
			return 0, err
		}
		vals = append(vals, v)
	}
	h, err := w.Do(ctx, i)
	for _, v := range vals {
		h = work.Join(h, v)
	}
	return h, err
}

func awaitedLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	ag := asap.New(ctx)
	tasks := make([]task, g.Len())
	for i, deps := range g.Deps {
		i, name := int32(i), g.Names[i]
		switch len(deps) {
		case 0:
			tasks[i] = ag.Go(name, func(ctx context.Context) (uint64, error) { return w.Do(ctx, i) })
		case 1:
			a := tasks[deps[0]]
			tasks[i] = ag.Go(name, func(ctx context.Context) (uint64, error) { return await1(ctx, w, i, a) })
		case 2:
			a, b := tasks[deps[0]], tasks[deps[1]]
			tasks[i] = ag.Go(name, func(ctx context.Context) (uint64, error) { return await2(ctx, w, i, a, b) })
		case 3:
			a, b, c := tasks[deps[0]], tasks[deps[1]], tasks[deps[2]]
			tasks[i] = ag.Go(name, func(ctx context.Context) (uint64, error) { return await3(ctx, w, i, a, b, c) })
		default:
			needs := make([]task, len(deps))
			for k, d := range deps {
				needs[k] = tasks[d]
			}
			tasks[i] = ag.Go(name, func(ctx context.Context) (uint64, error) { return awaitAll(ctx, w, i, needs) })
		}
	}
	w.Declared()
	if err := ag.Wait(); err != nil {
		return 0, err
	}
	return foldTasks(g, tasks), nil
}
