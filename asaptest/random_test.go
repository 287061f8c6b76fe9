package asaptest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

// plan is a random settled graph. What becomes of its tasks does not depend on
// the order in which they run, so it is computed one after the other.
type plan struct {
	tasks []planned
	limit int
}

type planned struct {
	deps     []int
	kind     int // 0, 1: plain; 2: optional; 3: map
	fails    bool
	elements int
}

func newPlan(seed uint64) *plan {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &plan{limit: r.IntN(4)}
	for i := range 1 + r.IntN(40) {
		t := planned{kind: r.IntN(4), fails: r.IntN(8) == 0, elements: r.IntN(5)}
		for range r.IntN(4) {
			if i > 0 {
				t.deps = append(t.deps, r.IntN(i))
			}
		}
		p.tasks = append(p.tasks, t)
	}
	return p
}

// want is the outcome of every task as a text.
func (p *plan) want() []string {
	values := make([]int, len(p.tasks))
	roots := make([]string, len(p.tasks)) // of the failure, "" for none
	out := make([]string, len(p.tasks))
	for i, t := range p.tasks {
		sum := i
		for _, d := range t.deps {
			sum += values[d]
			if roots[i] == "" {
				roots[i] = roots[d]
			}
		}
		switch {
		case roots[i] != "":
			out[i] = "skipped"
		case t.fails && t.kind == 2:
			values[i] = -1
			out[i] = "-1"
		case t.fails && !(t.kind == 3 && t.elements == 0):
			roots[i] = "failed"
			out[i] = "failed"
			if t.kind == 3 {
				out[i] = "skipped"
			}
		case t.kind == 3:
			values[i] = sum * t.elements
			out[i] = fmt.Sprint(values[i])
		default:
			values[i] = sum
			out[i] = fmt.Sprint(sum)
		}
	}
	return out
}

// build declares the plan on g.
func (p *plan) build(g *asap.Group) []*asap.Task[int] {
	tasks := make([]*asap.Task[int], len(p.tasks))
	for i, t := range p.tasks {
		name := fmt.Sprint("t", i%7) // names come again
		deps := make([]*asap.Task[int], 0, len(t.deps))
		for _, d := range t.deps {
			deps = append(deps, tasks[d])
		}
		in := g.Gather("in", deps...)
		body := func(_ context.Context, list []int) (int, error) {
			if t.fails {
				return 1000, errDown
			}
			sum := i
			for _, v := range list {
				sum += v
			}
			return sum, nil
		}
		switch t.kind {
		case 2:
			tasks[i] = in.Optional(name, body).Then("or", func(_ context.Context, r asap.Result[int]) (int, error) { return r.Or(-1), nil })
		case 3:
			list := in.Then("list", func(_ context.Context, l []int) ([][]int, error) { return slices.Repeat([][]int{l}, t.elements), nil })
			tasks[i] = g.Map(name, list, body, asap.Limit(2)).Then("sum", func(_ context.Context, l []int) (int, error) {
				sum := 0
				for _, v := range l {
					sum += v
				}
				return sum, nil
			})
		default:
			tasks[i] = in.Then(name, body)
		}
	}
	return tasks
}

var errDown = errors.New("down")

func TestRandomGraphs(t *testing.T) {
	graphs := 400
	if testing.Short() {
		graphs = 40
	}
	for seed := range uint64(graphs) {
		p := newPlan(seed)
		want := p.want()
		for name, executor := range map[string]func(context.Context) flow.Executor{
			"here":     func(context.Context) flow.Executor { return nil },
			"seed":     func(ctx context.Context) flow.Executor { return asaptest.NewExecutor(ctx, seed) },
			"parallel": func(ctx context.Context) flow.Executor { return newParallel(ctx) },
			"eager":    func(ctx context.Context) flow.Executor { return &eager{ctx: ctx} },
		} {
			var events asaptest.Events
			options := []asap.Option{asap.Settled(), flow.On(executor(t.Context())), asap.Observe(&events)}
			if p.limit > 0 {
				options = append(options, asap.Limit(p.limit))
			}
			g := asap.New(t.Context(), options...)
			tasks := p.build(g)
			_ = g.Wait()
			var got []string
			for _, task := range tasks {
				got = append(got, told(task))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("graph %d on %s gives\n%s\nwant\n%s", seed, name, strings.Join(got, " "), strings.Join(want, " "))
			}
			if err := events.Check(); err != nil {
				t.Fatalf("graph %d on %s: %v", seed, name, err)
			}
		}
	}
}

func told(task *asap.Task[int]) string {
	r := task.Result()
	switch {
	case r.Err == nil:
		return fmt.Sprint(r.Value)
	case errors.Is(r.Err, asap.ErrSkipped) && errors.Is(r.Err, errDown):
		return "skipped"
	case errors.Is(r.Err, errDown):
		return "failed"
	}
	return r.Err.Error()
}
