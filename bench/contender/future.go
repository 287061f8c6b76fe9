package contender

import (
	"context"

	asynctask "github.com/Azure/go-asynctask"
	"github.com/creachadair/taskgroup"
	"github.com/reugn/async"
	"github.com/samber/mo"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// The libraries of this file start a goroutine a task and give back a future.
// A task that needs another waits for its future inside its body.

// get is the body of a task whose dependencies are futures.
func get[F any](ctx context.Context, w *work.Work, i int32, get func(F) (uint64, error), futures ...F) (uint64, error) {
	var few [4]uint64
	vals := few[:0]
	for _, f := range futures {
		v, err := get(f)
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

// futures runs g by start and get, and then collects every future.
func futures[F any](ctx context.Context, g *graph.Graph, w *work.Work,
	start func(func() (uint64, error)) F, await func(F) (uint64, error),
) (uint64, error) {
	all := make([]F, g.Len())
	for i, deps := range g.Deps {
		needs := make([]F, len(deps))
		for k, d := range deps {
			needs[k] = all[d]
		}
		all[i] = start(func() (uint64, error) { return get(ctx, w, int32(i), await, needs...) })
	}
	w.Declared()
	return collect(g, all, await)
}

// collect waits for every future, also after an error, so that no body is
// left when the run returns.
func collect[F any](g *graph.Graph, all []F, await func(F) (uint64, error)) (uint64, error) {
	vals := make([]uint64, len(all))
	var first error
	for i, f := range all {
		v, err := await(f)
		if vals[i] = v; err != nil && first == nil {
			first = err
		}
	}
	return fold(g, vals), first
}

// futuresThree is the small graph for the same libraries.
func futuresThree[F any](ctx context.Context, w *work.Work,
	start func(func() (uint64, error)) F, await func(F) (uint64, error),
) (uint64, error) {
	user := start(func() (uint64, error) { return w.Do(ctx, 0) })
	config := start(func() (uint64, error) { return w.Do(ctx, 1) })
	profile := start(func() (uint64, error) {
		u, err := await(user)
		if err != nil {
			return 0, err
		}
		h, err := w.Do(ctx, 2)
		return work.Join(h, u), err
	})
	w.Declared()
	_, err := await(user)
	c, err2 := await(config)
	p, err3 := await(profile)
	for _, err := range []error{err, err2, err3} {
		if err != nil {
			return 0, err
		}
	}
	return result(c, p), nil
}

func futureForms[F any](start func(func() (uint64, error)) F, await func(F) (uint64, error)) *Forms {
	return &Forms{
		Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			return futures(ctx, g, w, start, await)
		},
		Three: func(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
			return futuresThree(ctx, w, start, await)
		},
	}
}

var taskGroup = &Contender{
	Name:   "taskgroup.Call",
	Module: "github.com/creachadair/taskgroup",
	Lacks:  "cancellation, panics, names; Goexit hangs; a failed task's siblings run on",
	Max:    200_000,
	New: func() *Forms {
		type single = *taskgroup.Single[taskgroup.Result[uint64]]
		return futureForms(
			func(f func() (uint64, error)) single { return taskgroup.Call(f) },
			func(s single) (uint64, error) { return s.Wait().Get() })
	},
}

var moFuture = &Contender{
	Name:   "mo.Future",
	Module: "github.com/samber/mo",
	Lacks:  "a second Then on one future, cancellation of bodies, panics, names; a failed task's siblings run on",
	Max:    200_000,
	New: func() *Forms {
		return futureForms(
			func(f func() (uint64, error)) *mo.Future[uint64] {
				return mo.NewFuture(func(resolve func(uint64), reject func(error)) {
					v, err := f()
					if err != nil {
						reject(err)
						return
					}
					resolve(v)
				})
			},
			func(f *mo.Future[uint64]) (uint64, error) { return f.Collect() })
	},
}

var reugnAsync = &Contender{
	Name:   "reugn/async",
	Module: "github.com/reugn/async",
	Lacks:  "cancellation, panics, names; a future that nobody gets keeps a goroutine for ever",
	Max:    200_000,
	New: func() *Forms {
		return futureForms(
			func(f func() (uint64, error)) async.Future[uint64] { return async.NewTask(f).Call() },
			func(f async.Future[uint64]) (uint64, error) { return f.Get() })
	},
}

// asyncTask uses ContinueWith and AfterBoth where they fit, and Start with
// Result inside where a task has more than two dependencies.
var asyncTask = &Contender{
	Name:   "go-asynctask",
	Module: "github.com/Azure/go-asynctask",
	Lacks:  "names, Goexit; a failed task's siblings run on; each wait is a goroutine of its own",
	Max:    200_000,
	New:    func() *Forms { return &Forms{Loop: asyncTaskLoop, Three: asyncTaskThree} },
}

func asyncTaskThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	user := asynctask.Start(ctx, func(ctx context.Context) (uint64, error) { return w.Do(ctx, 0) })
	config := asynctask.Start(ctx, func(ctx context.Context) (uint64, error) { return w.Do(ctx, 1) })
	profile := asynctask.ContinueWith(ctx, user, func(ctx context.Context, user uint64) (uint64, error) {
		h, err := w.Do(ctx, 2)
		return work.Join(h, user), err
	})
	w.Declared()
	if err := asynctask.WaitAll(ctx, nil, user, config, profile); err != nil {
		return 0, err
	}
	c, err := config.Result(ctx)
	if err != nil {
		return 0, err
	}
	p, err := profile.Result(ctx)
	return result(c, p), err
}

func asyncTaskLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	all := make([]*asynctask.Task[uint64], g.Len())
	waitables := make([]asynctask.Waitable, g.Len())
	for i, deps := range g.Deps {
		id := int32(i)
		switch len(deps) {
		case 1:
			all[i] = asynctask.ContinueWith(ctx, all[deps[0]], func(ctx context.Context, a uint64) (uint64, error) {
				h, err := w.Do(ctx, id)
				return work.Join(h, a), err
			})
		case 2:
			all[i] = asynctask.AfterBoth(ctx, all[deps[0]], all[deps[1]], func(ctx context.Context, a, b uint64) (uint64, error) {
				h, err := w.Do(ctx, id)
				return work.Join(work.Join(h, a), b), err
			})
		default:
			needs := make([]*asynctask.Task[uint64], len(deps))
			for k, d := range deps {
				needs[k] = all[d]
			}
			all[i] = asynctask.Start(ctx, func(ctx context.Context) (uint64, error) {
				result := func(t *asynctask.Task[uint64]) (uint64, error) { return t.Result(ctx) }
				return get(ctx, w, id, result, needs...)
			})
		}
		waitables[i] = all[i]
	}
	w.Declared()
	if err := asynctask.WaitAll(ctx, nil, waitables...); err != nil {
		return 0, err
	}
	return collect(g, all, func(t *asynctask.Task[uint64]) (uint64, error) { return t.Result(ctx) })
}
