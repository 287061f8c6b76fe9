package contender

import (
	"context"

	future "github.com/jizhuozhi/go-future"
	"github.com/jizhuozhi/go-future/dagcore"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

type fut = *future.Future[uint64]

// goFutureGet waits inside the bodies.
var goFutureGet = &Contender{
	Name:   "go-future Async and Get",
	Module: "github.com/jizhuozhi/go-future",
	Lacks:  "names, Goexit; its waits are not durable for synctest; a failed task's siblings run on",
	Max:    200_000,
	New: func() *Forms {
		return futureForms(
			func(f func() (uint64, error)) fut { return future.Async(f) },
			func(f fut) (uint64, error) { return f.Get() })
	},
}

// goFutureThen chains with Then and AllOf. A dependent runs on the goroutine
// that completed its last dependency, before anything else that waits for it.
var goFutureThen = &Contender{
	Name:   "go-future Then",
	Module: "github.com/jizhuozhi/go-future",
	Lacks:  "concurrency among the dependents of one task: they run one after the other",
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			return goFutureLoop(ctx, g, w, false)
		}, Three: goFutureThree}
	},
}

// goFutureAsync starts each dependent on a goroutine of its own, by ThenAsync.
var goFutureAsync = &Contender{
	Name:   "go-future ThenAsync",
	Module: "github.com/jizhuozhi/go-future",
	Lacks:  "names, Goexit; a failed task's siblings run on",
	Max:    200_000,
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			return goFutureLoop(ctx, g, w, true)
		}}
	},
}

func goFutureThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	user := future.CtxAsync(ctx, func(ctx context.Context) (uint64, error) { return w.Do(ctx, 0) })
	config := future.CtxAsync(ctx, func(ctx context.Context) (uint64, error) { return w.Do(ctx, 1) })
	profile := future.Then(user, func(user uint64, err error) (uint64, error) {
		if err != nil {
			return 0, err
		}
		h, err := w.Do(ctx, 2)
		return work.Join(h, user), err
	})
	w.Declared()
	if _, err := future.AllOf(user, config, profile).Get(); err != nil {
		return 0, err
	}
	c, _ := config.Get()
	p, err := profile.Get()
	return result(c, p), err
}

func goFutureLoop(ctx context.Context, g *graph.Graph, w *work.Work, async bool) (uint64, error) {
	all := make([]fut, g.Len())
	for i, deps := range g.Deps {
		id := int32(i)
		switch len(deps) {
		case 0:
			all[i] = future.CtxAsync(ctx, func(ctx context.Context) (uint64, error) { return w.Do(ctx, id) })
		case 1:
			all[i] = then(ctx, all[deps[0]], async, func(a uint64, err error) (uint64, error) {
				if err != nil {
					return 0, err
				}
				h, err := w.Do(ctx, id)
				return work.Join(h, a), err
			})
		default:
			needs := make([]fut, len(deps))
			for k, d := range deps {
				needs[k] = all[d]
			}
			all[i] = then(ctx, future.AllOf(needs...), async, func(vals []uint64, err error) (uint64, error) {
				if err != nil {
					return 0, err
				}
				h, err := w.Do(ctx, id)
				for _, v := range vals {
					h = work.Join(h, v)
				}
				return h, err
			})
		}
	}
	w.Declared()
	return collect(g, all, func(f fut) (uint64, error) { return f.Get() })
}

func then[T any](ctx context.Context, f *future.Future[T], async bool, next func(T, error) (uint64, error)) fut {
	if !async {
		return future.Then(f, next)
	}
	return future.ThenAsync(f, func(v T, err error) fut {
		return future.CtxAsync(ctx, func(context.Context) (uint64, error) { return next(v, err) })
	})
}

// goFutureDAG is go-future's graph engine: names, maps and values of type any.
var goFutureDAG = &Contender{
	Name:   "go-future dagcore",
	Module: "github.com/jizhuozhi/go-future/dagcore",
	Lacks:  "types, Goexit",
	Max:    200_000,
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			dag := dagcore.NewDAG()
			for i, deps := range g.Deps {
				needs := make([]dagcore.NodeID, len(deps))
				for k, d := range deps {
					needs[k] = dagcore.NodeID(g.Names[d])
				}
				err := dag.AddNode(dagcore.NodeID(g.Names[i]), needs, func(ctx context.Context, in map[dagcore.NodeID]any) (any, error) {
					h, err := w.Do(ctx, int32(i))
					for _, name := range needs {
						h = work.Join(h, in[name].(uint64))
					}
					return h, err
				})
				if err != nil {
					return 0, err
				}
			}
			inst, err := dag.Instantiate(nil)
			if err != nil {
				return 0, err
			}
			out, err := inst.Run(ctx)
			if err != nil {
				return 0, err
			}
			h := uint64(work.Seed)
			for _, i := range g.Sinks {
				h = work.Join(h, out[dagcore.NodeID(g.Names[i])].(uint64))
			}
			return h, nil
		}}
	},
}
