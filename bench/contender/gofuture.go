package contender

import (
	"context"

	future "github.com/jizhuozhi/go-future"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// goFutureThen chains with Then and AllOf. A dependent runs on the goroutine
// that completed its last dependency, before anything else that waits for it.
var goFutureThen = &Contender{
	Name:   "go-future Then",
	Module: "github.com/jizhuozhi/go-future",
	Lacks:  "concurrency among the dependents of one task: they run one after the other",
	New:    func() *Forms { return &Forms{Loop: goFutureLoop, Three: goFutureThree} },
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

// goFutureLoop waits for every future, also after an error, so that no body
// is left when the run returns.
func goFutureLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	all := make([]*future.Future[uint64], g.Len())
	for i, deps := range g.Deps {
		id := int32(i)
		switch len(deps) {
		case 0:
			all[i] = future.CtxAsync(ctx, func(ctx context.Context) (uint64, error) { return w.Do(ctx, id) })
		case 1:
			all[i] = future.Then(all[deps[0]], func(a uint64, err error) (uint64, error) {
				if err != nil {
					return 0, err
				}
				h, err := w.Do(ctx, id)
				return work.Join(h, a), err
			})
		default:
			needs := make([]*future.Future[uint64], len(deps))
			for k, d := range deps {
				needs[k] = all[d]
			}
			all[i] = future.Then(future.AllOf(needs...), func(vals []uint64, err error) (uint64, error) {
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
	vals := make([]uint64, len(all))
	var first error
	for i, f := range all {
		v, err := f.Get()
		if vals[i] = v; err != nil && first == nil {
			first = err
		}
	}
	return fold(g, vals), first
}
