package waterfall_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// plan is a random group: what is declared, and what the bodies do.
type plan struct {
	limit int
	tasks []*planTask
}

type planTask struct {
	name  string
	deps  []int
	steps []step
	elems []time.Duration // a Map over so many elements, after its one dependency
	fails bool
	gone  bool
}

// step sleeps, awaits a task that was declared before, or runs a nested group.
type step struct {
	sleep  time.Duration
	await  int // or -1
	nested []*planTask
}

// newPlan makes a plan of n tasks. Durations are odd numbers of nanoseconds, so
// that no two events of different tasks fall on one instant by chance.
func newPlan(rnd *rand.Rand, n int, nested bool) *plan {
	p := &plan{}
	for i := range n {
		t := &planTask{name: fmt.Sprintf("t%d", i)}
		for len(t.deps) < 3 && i > 0 && rnd.IntN(2) == 0 {
			if d := rnd.IntN(i); !contains(t.deps, d) {
				t.deps = append(t.deps, d)
			}
		}
		if nested && len(t.deps) == 1 && rnd.IntN(4) == 0 {
			for range 1 + rnd.IntN(4) {
				t.elems = append(t.elems, duration(rnd))
			}
			p.tasks = append(p.tasks, t)
			continue
		}
		for range 1 + rnd.IntN(3) {
			t.steps = append(t.steps, step{sleep: duration(rnd), await: -1})
			switch {
			case i > 0 && rnd.IntN(3) == 0:
				t.steps = append(t.steps, step{await: rnd.IntN(i)})
			case nested && rnd.IntN(6) == 0:
				var inner []*planTask
				for k := range 1 + rnd.IntN(3) {
					it := &planTask{name: fmt.Sprintf("%s.%d", t.name, k), steps: []step{{sleep: duration(rnd), await: -1}}}
					if k > 0 && rnd.IntN(2) == 0 {
						it.deps = []int{rnd.IntN(k)}
					}
					inner = append(inner, it)
				}
				t.steps = append(t.steps, step{await: -1, nested: inner})
			}
		}
		p.tasks = append(p.tasks, t)
	}
	return p
}

func contains(list []int, v int) bool {
	return slices.Contains(list, v)
}

func duration(rnd *rand.Rand) time.Duration { return time.Duration(1 + rnd.IntN(50_000_000)) }

// run executes the plan with the library, in virtual time, and records it.
func (p *plan) run(t *testing.T, options ...asap.Option) *waterfall.Run {
	t.Helper()
	var run *waterfall.Run
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		options = append(options, asap.Observe(&rec))
		if p.limit > 0 {
			options = append(options, asap.Limit(p.limit))
		}
		g := asap.New(t.Context(), options...)
		declare(g, p.tasks, nil)
		g.Wait()
		run = rec.Run()
	})
	if err := run.Validate(); err != nil {
		t.Fatalf("Validate() = %v", err)
	}
	return run
}

// declare declares tasks in g; outer are those around the group, for awaits.
func declare(g *asap.Group, tasks []*planTask, outer []*asap.Task[int]) {
	var made []*asap.Task[int]
	for _, pt := range tasks {
		if pt.gone {
			made = append(made, nil)
			continue
		}
		handles := made
		if outer != nil {
			handles = outer
		}
		var deps []*asap.Task[int]
		for _, d := range pt.deps {
			if made[d] != nil {
				deps = append(deps, made[d])
			}
		}
		made = append(made, declareOne(g, pt, deps, handles))
	}
}

func declareOne(g *asap.Group, pt *planTask, deps, handles []*asap.Task[int]) *asap.Task[int] {
	if len(pt.elems) > 0 {
		in := func(context.Context, int) ([]time.Duration, error) { return pt.elems, nil }
		slice := deps[0].Then(pt.name+".in", in)
		out := g.Map(pt.name, slice, func(_ context.Context, d time.Duration) (int, error) {
			time.Sleep(d)
			return 1, nil
		})
		return out.Then(pt.name+".out", func(context.Context, []int) (int, error) { return 1, nil })
	}
	body := func(ctx context.Context) (int, error) {
		for _, s := range pt.steps {
			switch {
			case s.sleep > 0:
				time.Sleep(s.sleep)
			case s.nested != nil:
				inner := asap.New(ctx)
				declare(inner, s.nested, handles)
				if err := inner.Wait(); err != nil {
					return 0, err
				}
			case s.await >= 0 && handles[s.await] != nil:
				if _, err := handles[s.await].Await(ctx); err != nil {
					return 0, err
				}
			}
		}
		if pt.fails {
			return 0, fmt.Errorf("%s is out of luck", pt.name)
		}
		return 1, nil
	}
	switch len(deps) {
	case 0:
		return g.Go(pt.name, body)
	case 1:
		return deps[0].Then(pt.name, func(ctx context.Context, _ int) (int, error) { return body(ctx) })
	case 2:
		return deps[0].And(deps[1]).Then(pt.name, func(ctx context.Context, _, _ int) (int, error) { return body(ctx) })
	}
	return deps[0].And(deps[1]).And(deps[2]).Then(pt.name, func(ctx context.Context, _, _, _ int) (int, error) { return body(ctx) })
}
