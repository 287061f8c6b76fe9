package peers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	flow "github.com/Azure/go-workflow"
	taskflow "github.com/noneback/go-taskflow"
	"github.com/sourcegraph/conc/pool"
	"go.uber.org/cff"
	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
)

// body is what a task does.
type body = func(context.Context) error

// runner runs bodies as independent tasks a, b, ..., at most limit at once if
// that is not 0, and returns what the library's Wait does.
type runner func(ctx context.Context, limit int, bodies ...body) error

// runners are the libraries, by their names in the table.
var runners = map[string]runner{
	"asap": func(ctx context.Context, limit int, bodies ...body) error {
		var options []asap.Option
		if limit > 0 {
			options = append(options, asap.Limit(limit))
		}
		g := asap.New(ctx, options...)
		for i, b := range bodies {
			g.Do(name(i), b)
		}
		return g.Wait()
	},
	"errgroup": func(ctx context.Context, limit int, bodies ...body) error {
		g, ctx := errgroup.WithContext(ctx)
		if limit > 0 {
			g.SetLimit(limit)
		}
		for _, b := range bodies {
			g.Go(func() error { return b(ctx) })
		}
		return g.Wait()
	},
	"conc": func(ctx context.Context, limit int, bodies ...body) error {
		p := pool.New()
		if limit > 0 {
			p = p.WithMaxGoroutines(limit)
		}
		cp := p.WithContext(ctx).WithCancelOnError()
		for _, b := range bodies {
			cp.Go(b)
		}
		return cp.Wait()
	},
	// What the code does that cff generates, but for its defer for panics.
	"cff": func(ctx context.Context, limit int, bodies ...body) error {
		s := cff.NewScheduler(cff.SchedulerParams{Concurrency: limit})
		for _, b := range bodies {
			s.Enqueue(ctx, cff.Job{Run: b})
		}
		return s.Wait(ctx)
	},
	"go-workflow": func(ctx context.Context, limit int, bodies ...body) error {
		w := &flow.Workflow{MaxConcurrency: limit}
		for i, b := range bodies {
			w.Add(flow.Step(flow.Func(name(i), b)))
		}
		return w.Do(ctx)
	},
	"go-taskflow": func(ctx context.Context, limit int, bodies ...body) error {
		if limit == 0 {
			limit = 8
		}
		t := taskflow.NewTaskFlow("peers")
		for i, b := range bodies {
			t.NewTask(name(i), func() { b(ctx) }) // its tasks return nothing
		}
		taskflow.NewExecutor(uint(limit)).Run(t).Wait()
		return nil
	},
}

func name(i int) string { return string(rune('a' + i)) }

// cyclers run two tasks that depend on each other.
var cyclers = map[string]func(context.Context) error{
	"asap": func(ctx context.Context) error {
		g := asap.New(ctx)
		declared := make(chan struct{})
		var b *asap.Task[int]
		a := g.Go("a", func(ctx context.Context) (int, error) {
			<-declared
			return b.Await(ctx)
		})
		b = g.Go("b", a.Await)
		close(declared)
		return g.Wait()
	},
	"go-workflow": func(ctx context.Context) error {
		nothing := func(context.Context) error { return nil }
		a, b := flow.Func("a", nothing), flow.Func("b", nothing)
		w := new(flow.Workflow)
		w.Add(flow.Step(a).DependsOn(b), flow.Step(b).DependsOn(a))
		return w.Do(ctx)
	},
	"go-taskflow": func(ctx context.Context) error {
		ran := false
		t := taskflow.NewTaskFlow("peers")
		a, b := t.NewTask("a", func() { ran = true }), t.NewTask("b", func() { ran = true })
		a.Precede(b)
		b.Precede(a)
		taskflow.NewExecutor(8).Run(t).Wait()
		if ran {
			return errors.New("ran")
		}
		return nil
	},
}

// describe says what came of an error in a's body, "one", and b's, "two".
func describe(err error) string {
	if err == nil {
		return "none"
	}
	text := err.Error()
	switch one, two := strings.Contains(text, "one"), strings.Contains(text, "two"); {
	case one && two && strings.Contains(text, "a: "):
		return "all, with the task"
	case one && two:
		return "all"
	case one:
		return "the first"
	}
	return fmt.Sprintf("%q", text)
}
