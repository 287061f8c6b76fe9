package whatif

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// running is one run of a program.
type running struct {
	handles []handle // by id; written before the tasks that use them are declared
	shared  asap.Option
	option  asap.TaskOption // the same limit
}

// handle is a declared task.
type handle struct {
	dep   asap.Dep
	ints  *asap.Task[int] // nil if its value is another
	await func(context.Context) error
}

// run runs the program in virtual time and returns the record.
func (p *program) run(t *testing.T) (run *waterfall.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		r := &running{handles: make([]handle, p.count)}
		if p.shared > 0 {
			limit := asap.SharedLimit(p.shared)
			r.shared, r.option = limit, limit
		}
		g := asap.New(t.Context(), append(r.options(p), asap.Observe(&rec))...)
		exit := g.NewExit[int]()
		_ = r.do(t.Context(), g, exit, p.script, true, nil)
		_ = g.Wait()
		run = rec.Run()
	})
	return run
}

func (r *running) options(p *program) (options []asap.Option) {
	if p.limit > 0 {
		options = append(options, asap.Limit(p.limit))
	}
	if p.settled {
		options = append(options, asap.Settled())
	}
	if p.shared > 0 && r.shared != nil {
		options = append(options, r.shared)
	}
	return options
}

var errUnlucky = errors.New("out of luck")

// do takes steps. g is the group that they declare in; exit is its handle in a body
// that returns one: that of the body's own group.
func (r *running) do(ctx context.Context, g *asap.Group, exit *asap.Exit[int], steps []step, deaf bool, call *atomic.Int32) error {
	for _, s := range steps {
		switch s.do {
		case sleeps:
			if err := pause(ctx, s.sleep, deaf); err != nil {
				return err
			}
		case declares:
			if !s.task.gone {
				r.handles[s.task.id] = r.declare(g, exit, s.task)
			}
		case awaits:
			if err := r.await(ctx, s); err != nil && call != nil && !s.soft {
				return err
			}
		case nests:
			inner := asap.New(ctx, r.options(s.inner)...)
			err := r.do(ctx, inner, inner.NewExit[int](), s.inner.script, deaf, call)
			if e := inner.Wait(); err == nil {
				err = e
			}
			if err != nil {
				return err
			}
		case forks:
			if err := r.fork(ctx, g, exit, s.strands, deaf, call); err != nil {
				return err
			}
		case fails:
			return errUnlucky
		case exits:
			return exit.With(1)
		}
	}
	return nil
}

// fork takes the steps of each strand in a goroutine of its own, and waits for all.
func (r *running) fork(ctx context.Context, g *asap.Group, exit *asap.Exit[int], strands [][]step, deaf bool, call *atomic.Int32) error {
	errs := make([]error, len(strands))
	var all sync.WaitGroup
	for i, steps := range strands {
		all.Go(func() { errs[i] = r.do(ctx, g, exit, steps, deaf, call) })
	}
	all.Wait()
	return cmp.Or(errs...)
}

func (r *running) await(ctx context.Context, s step) error {
	h := r.handles[s.task.id]
	if h.await == nil { // gone
		return nil
	}
	if s.soft {
		c, cancel := context.WithTimeout(ctx, s.sleep)
		defer cancel()
		ctx = c
	}
	return h.await(ctx)
}

func pause(ctx context.Context, d time.Duration, deaf bool) error {
	if d == 0 {
		return nil
	}
	if deaf {
		time.Sleep(d)
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *running) declare(g *asap.Group, exit *asap.Exit[int], t *task) handle {
	var options []asap.TaskOption
	for _, d := range t.deps {
		if on := r.handles[d.on.id].dep; on != nil {
			options = append(options, [...]func(...asap.Dep) asap.TaskOption{asap.Needs, asap.After, asap.AfterEnd}[d.how](on))
		}
	}
	calls := make([]atomic.Int32, len(t.bodies))
	one := func(i int) func(ctx context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			err := r.do(ctx, g, exit, t.bodies[i], t.deaf, &calls[i])
			if err == nil && t.retried && calls[i].Add(1) == 1 {
				err = errUnlucky
			}
			return 1, err
		}
	}
	if t.mayFail {
		options = append(options, asap.MayFail())
	}
	if t.leftOut {
		options = append(options, asap.When(false))
	}
	if t.timeout > 0 {
		options = append(options, asap.Timeout(t.timeout))
	}
	if t.within > 0 {
		options = append(options, asap.Within(t.within))
	}
	if t.retried {
		options = append(options, asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			if body(ctx) == nil {
				return nil
			}
			return body(ctx)
		}))
	}
	if t.shared && r.option != nil {
		options = append(options, r.option)
	}
	switch {
	case t.sort == mapped:
		return r.declareMap(g, t, one, options)
	case t.sort == race:
		return r.declareRace(g, t, one)
	case t.optional:
		return handleOf(g.Optional(t.name, one(0), options...))
	}
	return handleOf(g.Go(t.name, one(0), options...))
}

func (r *running) declareMap(g *asap.Group, t *task, one func(int) func(context.Context) (int, error), options []asap.TaskOption) handle {
	in := make([]int, len(t.bodies))
	for i := range in {
		in[i] = i
	}
	slice := g.Input(t.name+".in", in)
	fn := func(ctx context.Context, i int) (int, error) { return one(i)(ctx) }
	var all []asap.MapOption
	for _, o := range options {
		all = append(all, o)
	}
	if t.limit > 0 {
		all = append(all, asap.Limit(t.limit))
	}
	if t.optional {
		return handleOf(g.MapOptional(t.name, slice, fn, all...))
	}
	return handleOf(g.Map(t.name, slice, fn, all...))
}

func (r *running) declareRace(g *asap.Group, t *task, one func(int) func(context.Context) (int, error)) handle {
	for _, d := range t.deps {
		if in := r.handles[d.on.id].ints; in != nil {
			var fns []func(context.Context, int) (int, error)
			for i := range t.bodies {
				fns = append(fns, func(ctx context.Context, _ int) (int, error) { return one(i)(ctx) })
			}
			return handleOf(in.Race(t.name, fns...))
		}
	}
	var fns []func(context.Context) (int, error)
	for i := range t.bodies {
		fns = append(fns, one(i))
	}
	return handleOf(g.Race(t.name, fns...))
}

func handleOf[T any](t *asap.Task[T]) handle {
	ints, _ := any(t).(*asap.Task[int])
	return handle{t, ints, func(ctx context.Context) error { _, err := t.Await(ctx); return err }}
}
