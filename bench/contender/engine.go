package contender

import (
	"context"
	"runtime"

	flow "github.com/Azure/go-workflow"
	gotaskflow "github.com/noneback/go-taskflow"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// The libraries of this file take the whole graph, by name or by handle, and
// then run it. Results go through captured variables unless they have a way
// of their own.

// taskFlow runs on an executor that outlives the runs, of the size that its
// documentation recommends: more than the number of processors.
var taskFlow = &Contender{
	Name:     "go-taskflow",
	Module:   "github.com/noneback/go-taskflow",
	Lacks:    "results, errors, contexts; a panic is logged and the run looks as if well",
	Max:      200_000,
	NoErrors: true,
	New: func() *Forms {
		executor := gotaskflow.NewExecutor(uint(4 * runtime.NumCPU()))
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			vals, tasks := make([]uint64, g.Len()), make([]*gotaskflow.Task, g.Len())
			tf := gotaskflow.NewTaskFlow("bench")
			for i, deps := range g.Deps {
				tasks[i] = tf.NewTask(g.Names[i], func() {
					// A task has no way to fail: an error would have to be
					// kept by hand and looked at by every dependent.
					_ = body(ctx, g, w, vals, int32(i))
				})
				for _, d := range deps {
					tasks[i].Succeed(tasks[d])
				}
			}
			executor.Run(tf).Wait()
			return fold(g, vals), nil
		}}
	},
}

// goWorkflow hands values over in Input callbacks, as its third example does.
var goWorkflow = &Contender{
	Name:   "go-workflow",
	Module: "github.com/Azure/go-workflow",
	Lacks:  "Goexit, which hangs; the first failure stops nobody by default",
	Max:    400, // a chain of 1,000 takes two minutes
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			type step = flow.Function[[]uint64, uint64]
			steps := make([]*step, g.Len())
			workflow := new(flow.Workflow)
			for i, deps := range g.Deps {
				steps[i] = flow.FuncIO(g.Names[i], func(ctx context.Context, in []uint64) (uint64, error) {
					h, err := w.Do(ctx, int32(i))
					for _, v := range in {
						h = work.Join(h, v)
					}
					return h, err
				})
				add := flow.Step(steps[i])
				for _, d := range deps {
					add = add.DependsOn(steps[d]).Input(func(_ context.Context, s *step) error {
						s.Input = append(s.Input, steps[d].Output)
						return nil
					})
				}
				workflow.Add(add)
			}
			if err := workflow.Do(ctx); err != nil {
				return 0, err
			}
			h := uint64(work.Seed)
			for _, i := range g.Sinks {
				h = work.Join(h, steps[i].Output)
			}
			return h, nil
		}}
	},
}
