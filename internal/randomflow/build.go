package randomflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

type task = *asap.Task[Value]

// flow returns the plan as a flow.
func (p *plan) flow() *flow.Flow[Value, Value] {
	var options []asap.Option
	if p.settled {
		options = append(options, asap.Settled())
	}
	if p.limit > 0 {
		options = append(options, asap.Limit(p.limit))
	}
	return flow.Define(p.name(), func(g *asap.Group, in task) task {
		b := &builder{plan: p, g: g, own: g.NewExit[Value](), other: g.NewExit[int]()}
		tasks := []task{in}
		for i := range p.steps[1:] {
			tasks = append(tasks, b.step(i+1, tasks))
		}
		var last []task
		for _, i := range p.result {
			last = append(last, tasks[i])
		}
		return g.Gather("last", last...).Then("result", func(_ context.Context, l []Value) (Value, error) {
			return value(p.seed, len(p.steps), l...), nil
		})
	}, options...)
}

func (p *plan) name() string { return fmt.Sprint("random.", p.seed) }

type builder struct {
	*plan
	g     *asap.Group
	own   *asap.Exit[Value]
	other *asap.Exit[int]
}

// failure is the text of the error of a step.
func (p *plan) failure(i, part int) string {
	n := hash(p.seed, i, part)
	return fmt.Sprintf("step %d.%d is down: %s", i, part, text(n))
}

// end is what the part of step i that is unlike the others returns.
func (b *builder) end(i, part int, v Value) (Value, error) {
	switch b.steps[i].does {
	case fails:
		return Value{N: 99}, errors.New(b.failure(i, part))
	case exits:
		if b.plan.other {
			return Value{}, fmt.Errorf("found: %w", b.other.With(int(v.N%1000)))
		}
		return Value{}, b.own.With(v)
	}
	return v, nil
}

// step declares step i and returns the task of its value.
func (b *builder) step(i int, tasks []task) task {
	s := &b.steps[i]
	var deps []task
	for _, d := range s.deps {
		deps = append(deps, tasks[d])
	}
	body := func(in ...Value) (Value, error) { return b.end(i, 0, value(b.seed, i, in...)) }
	one := func(_ context.Context, v Value) (Value, error) { return body(v) }
	switch s.kind {
	case start:
		return b.g.Go(s.name, func(context.Context) (Value, error) { return body() })
	case given:
		return b.g.Input(s.name, value(b.seed, i))
	case gather:
		return b.g.Gather(s.name, deps...).Then(s.name+".sum", func(_ context.Context, l []Value) (Value, error) { return body(l...) })
	case mapped:
		return b.mapped(i, deps[0])
	case race:
		return b.race(i, deps)
	case mapOptional:
		return b.mapOptional(i, deps[0])
	case leftOut:
		return deps[0].Then(s.name, func(context.Context, Value) (Value, error) { return Value{}, errors.New("left out") }, asap.When(false))
	case tolerated:
		try := deps[0].Do(s.name, func(context.Context, Value) error { return errors.New(b.failure(i, 0)) }, asap.MayFail())
		return b.g.Go(s.name+".after", func(ctx context.Context) (Value, error) { return body(deps[0].Get(ctx)) }, asap.AfterEnd(try), asap.Needs(deps[0]))
	case wrapped:
		return deps[0].Then(s.name, one, asap.Around(twice), asap.Timeout(30*time.Second), asap.Within(time.Hour), asap.Around(twice))
	case optional:
		return deps[0].Optional(s.name, one).Then(s.name+".or", func(_ context.Context, r asap.Result[Value]) (Value, error) {
			return b.instead(i, r), nil
		})
	case do:
		done := deps[0].Do(s.name, func(_ context.Context, v Value) error { _, err := body(v); return err })
		return deps[0].And(done).Then(s.name+".and", func(_ context.Context, v Value, _ struct{}) (Value, error) { return value(b.seed, i, v), nil })
	case nested:
		return deps[0].Then(s.name, func(ctx context.Context, v Value) (Value, error) { return b.nested(ctx, i, v) })
	}
	return after(s.name, deps, one, body)
}

// after declares a task with dependencies, at least one. Three are arguments of the
// body, it gets the others.
func after(name string, d []task, one func(context.Context, Value) (Value, error), body func(...Value) (Value, error)) task {
	type c = context.Context
	type v = Value
	var rest []asap.Dep
	for _, t := range d[min(len(d), 3):] {
		rest = append(rest, t)
	}
	switch len(d) {
	case 1:
		return d[0].Then(name, one)
	case 2:
		return d[0].And(d[1]).Then(name, func(_ c, a, b v) (v, error) { return body(a, b) })
	case 3:
		return d[0].And(d[1]).And(d[2]).Then(name, func(_ c, a, b, c v) (v, error) { return body(a, b, c) })
	}
	return d[0].And(d[1]).And(d[2]).Then(name, func(ctx c, a, b, c v) (v, error) {
		in := []v{a, b, c}
		for _, t := range d[3:] {
			in = append(in, t.Get(ctx))
		}
		return body(in...)
	}, asap.Needs(rest...))
}

// instead is the value of a step for what its Optional gave.
func (p *plan) instead(i int, r asap.Result[Value]) Value {
	v := r.Or(Value{N: 5})
	if r.Err != nil {
		v.Text = r.Err.Error()
	}
	return value(p.seed, i, v)
}

func (b *builder) mapped(i int, in task) task {
	s := &b.steps[i]
	list := in.Then(s.name+".list", func(_ context.Context, v Value) ([]Value, error) { return b.list(i, v), nil })
	var options []asap.MapOption
	if s.limit > 0 {
		options = append(options, asap.Limit(s.limit))
	}
	all := b.g.Map(s.name, list, func(_ context.Context, v Value) (Value, error) {
		if int(v.N) == s.at {
			return b.end(i, s.at, value(b.seed, i, v))
		}
		return value(b.seed, i, v), nil
	}, options...)
	return all.Then(s.name+".sum", func(_ context.Context, l []Value) (Value, error) { return value(b.seed, i, l...), nil })
}

// list is what a Map goes over: the elements know their place.
func (p *plan) list(i int, v Value) []Value {
	list := make([]Value, p.steps[i].n)
	for k := range list {
		list[k] = Value{N: uint64(k), Text: text(hash(p.seed, i, v.sum(), k))}
	}
	return list
}

// mapOptional is mapped, of elements that the flow can do without.
func (b *builder) mapOptional(i int, in task) task {
	s := &b.steps[i]
	list := in.Then(s.name+".list", func(_ context.Context, v Value) ([]Value, error) { return b.list(i, v), nil })
	all := b.g.MapOptional(s.name, list, func(ctx context.Context, v Value) (Value, error) {
		if in.Get(ctx); int(v.N) == s.at {
			return b.end(i, s.at, value(b.seed, i, v))
		}
		return value(b.seed, i, v), nil
	}, asap.Needs(in))
	return all.Then(s.name+".sum", func(_ context.Context, l []asap.Result[Value]) (Value, error) {
		var each []Value
		for _, r := range l {
			each = append(each, b.instead(i, r))
		}
		return value(b.seed, i, each...), nil
	})
}

// twice is an Around that calls the body a second time if it succeeds: that has
// the same value, and nobody sees it.
func twice(ctx context.Context, _ string, body func(context.Context) error) error {
	if err := body(ctx); err != nil {
		return err
	}
	return body(ctx)
}

// race declares a Race in which one function succeeds, or every one fails.
func (b *builder) race(i int, deps []task) task {
	s := &b.steps[i]
	fn := func(k int, in ...Value) (Value, error) {
		if k == s.at {
			return b.end(i, k, value(b.seed, i, in...))
		}
		return Value{}, errors.New(b.failure(i, k))
	}
	type c = context.Context
	type v = Value
	var none []func(c) (v, error)
	var one []func(c, v) (v, error)
	var two []func(c, v, v) (v, error)
	for k := range s.n {
		none = append(none, func(c) (v, error) { return fn(k) })
		one = append(one, func(_ c, x v) (v, error) { return fn(k, x) })
		two = append(two, func(_ c, x, y v) (v, error) { return fn(k, x, y) })
	}
	switch len(deps) {
	case 0:
		return b.g.Race(s.name, none...)
	case 1:
		return deps[0].Race(s.name, one...)
	}
	return deps[0].And(deps[1]).Race(s.name, two...)
}

// nested runs tasks inside a body: one that fails in a settled group, of which
// the body makes a value, or a flow, which may fail as a whole.
func (b *builder) nested(ctx context.Context, i int, v Value) (Value, error) {
	s := &b.steps[i]
	if s.settled && s.does == gives {
		out, err := asap.Run(ctx, func(g *asap.Group) func() Value {
			g.Do("broken", func(context.Context) error { return errors.New(b.failure(i, 1)) })
			inner := g.Input("v", v).Then("inner", func(_ context.Context, v Value) (Value, error) { return value(b.seed, i, v), nil })
			return inner.Value
		}, asap.Settled(), asap.Name("settled"))
		if err == nil {
			return out, errors.New("the settled group reports no failure")
		}
		out.Text = err.Error()
		return value(b.seed, i, out), nil
	}
	return inner.Run(ctx, order{Seed: b.seed, Step: i, Value: v, Fails: s.does == fails, Text: b.failure(i, 0)})
}

type order struct {
	Seed  uint64
	Step  int
	Value Value
	Fails bool
	Text  string
}

// inner is a flow that bodies run.
var inner = flow.Define("random.inner", func(g *asap.Group, in *asap.Task[order]) task {
	return in.Then("inner", func(_ context.Context, o order) (Value, error) {
		if o.Fails {
			return Value{}, errors.New(o.Text)
		}
		return value(o.Seed, o.Step, o.Value), nil
	})
})
