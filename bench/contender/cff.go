package contender

import (
	"context"

	"go.uber.org/cff"

	"github.com/asap-go/asap/bench/contender/internal/cffbench"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// cffFlow is what cff's generator makes of the two small graphs. A flow is
// written out, with a type of its own for each result, so for the others the
// scheduler is called as the generated code calls it, without its emitters
// and its defer for panics.
var cffFlow = &Contender{
	Name:   "cff",
	Module: "go.uber.org/cff",
	Lacks:  "graphs known only at run time, two results of one type, Goexit; returns while tasks still run",
	Max:    200_000,
	New: func() *Forms {
		return &Forms{
			Three: func(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
				w.Declared()
				config, profile, err := cffbench.Three(ctx, w)
				return result(config, profile), err
			},
			Six: func(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
				w.Declared()
				settings, permissions, analytics, err := cffbench.Six(ctx, w)
				return result(settings, permissions, analytics), err
			},
			Loop: cffLoop,
		}
	},
}

func cffLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	vals, jobs := make([]uint64, g.Len()), make([]*cff.ScheduledJob, g.Len())
	scheduler := cff.NewScheduler(cff.SchedulerParams{})
	for i, deps := range g.Deps {
		needs := make([]*cff.ScheduledJob, len(deps))
		for k, d := range deps {
			needs[k] = jobs[d]
		}
		jobs[i] = scheduler.Enqueue(ctx, cff.Job{
			Run:          func(ctx context.Context) error { return body(ctx, g, w, vals, int32(i)) },
			Dependencies: needs,
		})
	}
	w.Declared()
	if err := scheduler.Wait(ctx); err != nil {
		return 0, err // the bodies that run on still write vals
	}
	return fold(g, vals), nil
}
