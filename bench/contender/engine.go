package contender

import (
	"context"
	"runtime"
	"sync"

	flow "github.com/Azure/go-workflow"
	"github.com/heimdalr/dag"
	goflow "github.com/kamildrazkiewicz/go-flow"
	nsdag "github.com/natessilva/dag"
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

var natessilvaDAG = &Contender{
	Name:   "natessilva/dag",
	Module: "github.com/natessilva/dag",
	Lacks:  "results, contexts, panics; Goexit hangs",
	Max:    200_000,
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			vals := make([]uint64, g.Len())
			var r nsdag.Runner
			for i, deps := range g.Deps {
				r.AddVertex(g.Names[i], func() error { return body(ctx, g, w, vals, int32(i)) })
				for _, d := range deps {
					r.AddEdge(g.Names[d], g.Names[i])
				}
			}
			err := r.Run()
			return fold(g, vals), err
		}}
	},
}

var goFlow = &Contender{
	Name:   "go-flow",
	Module: "github.com/kamildrazkiewicz/go-flow",
	Lacks:  "types, contexts, panics; dependents of a failed task run with nil",
	Max:    200_000,
	// The fault in the line above: a dependent that runs with nil panics in
	// its type assertion and takes the process with it.
	NoErrors: true,
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			f := goflow.New()
			for i, deps := range g.Deps {
				needs := make([]string, len(deps))
				for k, d := range deps {
					needs[k] = g.Names[d]
				}
				f.Add(g.Names[i], needs, func(in map[string]any) (any, error) {
					h, err := w.Do(ctx, int32(i))
					for _, name := range needs {
						h = work.Join(h, in[name].(uint64))
					}
					return h, err
				})
			}
			out, err := f.Do()
			if err != nil {
				return 0, err
			}
			h := uint64(work.Seed)
			for _, i := range g.Sinks {
				h = work.Join(h, out[g.Names[i]].(uint64))
			}
			return h, nil
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

// heimdalrDAG runs the descendants of one vertex, so the graph gets a root
// above its own. Errors are the callback's to carry.
var heimdalrDAG = &Contender{
	Name:   "heimdalr/dag",
	Module: "github.com/heimdalr/dag",
	Lacks:  "types, contexts, panics; parents come in any order",
	Max:    1100,
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			d := dag.NewDAG()
			root, err := d.AddVertex(int32(-1))
			if err != nil {
				return 0, err
			}
			vals := make([]uint64, g.Len())
			ids := make([]string, g.Len())
			for i, deps := range g.Deps {
				if ids[i], err = d.AddVertex(int32(i)); err != nil {
					return 0, err
				}
				if len(deps) == 0 {
					err = d.AddEdge(root, ids[i])
				}
				for _, k := range deps {
					if err == nil {
						err = d.AddEdge(ids[k], ids[i])
					}
				}
				if err != nil {
					return 0, err
				}
			}
			var first error
			var once sync.Once
			_, err = d.DescendantsFlow(root, nil, func(d *dag.DAG, id string, parents []dag.FlowResult) (any, error) {
				for _, p := range parents {
					if p.Error != nil {
						return nil, p.Error
					}
				}
				v, err := d.GetVertex(id)
				if err != nil {
					return nil, err
				}
				if i := v.(int32); i >= 0 {
					if err := body(ctx, g, w, vals, i); err != nil {
						once.Do(func() { first = err })
						return nil, err
					}
				}
				return nil, nil
			})
			if err == nil {
				err = first
			}
			return fold(g, vals), err
		}}
	},
}
