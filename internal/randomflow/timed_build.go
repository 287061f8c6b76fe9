package randomflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

func (c *Timed) flow() *flow.Flow[Value, Value] {
	p := c.plan
	var options []asap.Option
	if p.settled {
		options = append(options, asap.Settled())
	}
	if p.limit > 0 {
		options = append(options, asap.Limit(p.limit))
	}
	return flow.Define(p.name(), func(g *asap.Group, in task) task {
		b := &timedBuilder{c, p, g, g.NewExit[Value]()}
		tasks := []task{in}
		for i := range p.beats[1:] {
			tasks = append(tasks, b.beat(i+1, tasks))
		}
		return tasks[len(tasks)-1]
	}, options...)
}

func (p *timedPlan) name() string { return fmt.Sprint("timed.", p.seed) }

type timedBuilder struct {
	c *Timed
	*timedPlan
	g    *asap.Group
	exit *asap.Exit[Value]
}

// do is a body: it lasts as long as it does, minds the end of its context in its manner,
// and gives what give does, or what it does instead.
func (b *timedBuilder) do(ctx context.Context, i, part int, a act, give func() Value) (Value, error) {
	if !b.pace.Sleeps {
		timer := time.NewTimer(b.time(a.last))
		defer timer.Stop()
		ended := ctx.Done()
		if a.manner == stubborn {
			ended = nil
		}
		select {
		case <-timer.C:
		case <-ended:
			switch a.manner {
			case passes:
				return Value{}, fmt.Errorf("stopped: %w", context.Cause(ctx))
			case bitter:
				return Value{}, errors.Join(ctx.Err(), errors.New(b.rollback(i, part)))
			}
			return Value{}, ctx.Err()
		}
	}
	switch a.does {
	case fails:
		return Value{N: 99}, errors.New(b.failure(i, part))
	case exits:
		return Value{}, fmt.Errorf("found: %w", b.exit.With(give()))
	}
	return give(), nil
}

func (p *timedPlan) rollback(i, part int) string { return fmt.Sprintf("no rollback of %d.%d", i, part) }

// undoable declares the undos of beat i.
func undoable[T any](b *timedBuilder, i int, t *asap.Task[T], sum func(T) uint64) *asap.Task[T] {
	for k, u := range b.beats[i].undos {
		t.Undo(func(ctx context.Context, v T) error {
			b.c.note("%s", b.undoNote(i, k, sum(v)))
			if ctx.Err() != nil {
				b.c.note("with a context that has ended: %v", ctx.Err())
			}
			if !b.pace.Sleeps {
				time.Sleep(b.time(u.last))
			}
			switch {
			case u.panics:
				panic(b.undoText(i, k))
			case u.fails:
				return errors.New(b.undoText(i, k))
			}
			return nil
		})
	}
	return t
}

func (p *timedPlan) undoNote(i, k int, sum uint64) string {
	return fmt.Sprintf("undo %d of %s of %d", k, p.label(i), sum%1e6)
}

func (p *timedPlan) undoText(i, k int) string { return fmt.Sprintf("no undo %d of %s", k, p.label(i)) }

func sumResult(r asap.Result[Value]) uint64 {
	n := r.Value.sum()
	if r.Err != nil {
		n = hash(n, r.Err.Error())
	}
	return n
}

func sumAll(all []Value) (n uint64) {
	for i, v := range all {
		n = hash(n, i, v.sum())
	}
	return n
}

// paced has a Sleep before a task, where bodies take no time.
func (b *timedBuilder) paced(name string, last int, deps []task, options []asap.TaskOption) []asap.TaskOption {
	if !b.pace.Sleeps {
		return options
	}
	pause := flow.Sleep(b.g, name+".nap", b.time(last), asap.After(depsOf(deps)...))
	return append(options, asap.After(pause))
}

func depsOf(tasks []task) (deps []asap.Dep) {
	for _, t := range tasks {
		deps = append(deps, t)
	}
	return deps
}

// task declares a body that takes all deps, in one of the ways that there are.
func (b *timedBuilder) task(name string, i int, a act, deps []task, options ...asap.TaskOption) task {
	type c = context.Context
	type v = Value
	options = b.paced(name, a.last, deps, options)
	body := func(ctx c, in ...v) (v, error) {
		return b.do(ctx, i, 0, a, func() Value { return value(b.seed, i, in...) })
	}
	switch len(deps) {
	case 0:
		return b.g.Go(name, func(ctx c) (v, error) { return body(ctx) }, options...)
	case 1:
		return deps[0].Then(name, func(ctx c, x v) (v, error) { return body(ctx, x) }, options...)
	case 2:
		return deps[0].And(deps[1]).Then(name, func(ctx c, x, y v) (v, error) { return body(ctx, x, y) }, options...)
	case 3:
		return deps[0].And(deps[1]).And(deps[2]).Then(name, func(ctx c, x, y, z v) (v, error) { return body(ctx, x, y, z) }, options...)
	}
	return b.g.Go(name, func(ctx c) (v, error) {
		var in []v
		for _, t := range deps {
			in = append(in, t.Get(ctx))
		}
		return body(ctx, in...)
	}, append(options, asap.Needs(depsOf(deps)...))...)
}

// limits are the options of a task with limits of time.
func (b *timedBuilder) limits(i int, more ...asap.TaskOption) []asap.TaskOption {
	if d := b.beats[i].timeout; d > 0 {
		more = append(more, asap.Timeout(b.time(d)))
	}
	if d := b.beats[i].within; d > 0 {
		more = append(more, asap.Within(b.time(d)))
	}
	return more
}

// beat declares beat i and returns the task of its value.
func (b *timedBuilder) beat(i int, tasks []task) task {
	s := &b.beats[i]
	var deps []task
	for _, d := range s.deps {
		deps = append(deps, tasks[d])
	}
	switch s.kind {
	case beatMaybe:
		options := b.paced(s.name, s.last, deps, b.limits(i))
		maybe := undoable(b, i, deps[0].Optional(s.name, func(ctx context.Context, v Value) (Value, error) {
			return b.do(ctx, i, 0, s.act, func() Value { return value(b.seed, i, v) })
		}, options...), sumResult)
		return b.or(i, maybe)
	case beatMay:
		may := undoable(b, i, b.task(s.name, i, s.act, deps, b.limits(i, asap.MayFail())...), Value.sum)
		if s.direct {
			return may
		}
		return b.g.Go(s.name+".after", func(ctx context.Context) (Value, error) { return b.follow(ctx, i, deps[0].Get(ctx)) },
			asap.Needs(deps[0]), asap.AfterEnd(may))
	case beatSleep:
		pause := undoable(b, i, flow.Sleep(b.g, s.name, b.time(s.last), b.limits(i, asap.After(depsOf(deps)...), asap.MayFail())...), func(struct{}) uint64 { return 0 })
		return b.g.Go(s.name+".after", func(ctx context.Context) (Value, error) { return b.follow(ctx, i, deps[0].Get(ctx)) },
			asap.Needs(deps[0]), asap.AfterEnd(pause))
	case beatSignal:
		return b.or(i, undoable(b, i, flow.Signal[Value](b.g, s.name, b.limits(i, asap.After(depsOf(deps)...))...), sumResult))
	case beatRace:
		return undoable(b, i, b.race(i, deps), Value.sum)
	case beatMap:
		return b.mapped(i, deps)
	case beatLeftOut:
		return b.leftOut(i, deps)
	case beatGather:
		return b.task(s.name+".sum", i, s.act, []task{b.g.Gather(s.name, deps...).Then(s.name+".one", func(ctx context.Context, all []Value) (Value, error) {
			return b.follow(ctx, i, Value{N: sumAll(all)})
		})}, b.limits(i)...)
	}
	return undoable(b, i, b.task(s.name, i, s.act, deps, b.limits(i)...), Value.sum)
}

// follow is the body of a task that comes behind another one of beat i.
func (b *timedBuilder) follow(ctx context.Context, i int, v Value) (Value, error) {
	return b.do(ctx, i, 1, act{last: b.beats[i].after}, func() Value { return follows(b.seed, i, v) })
}

func follows(seed uint64, i int, v Value) Value { return value(seed, i, v, Value{N: 1}) }

func (b *timedBuilder) or(i int, t *asap.Task[asap.Result[Value]]) task {
	return t.Then(b.beats[i].name+".or", func(ctx context.Context, r asap.Result[Value]) (Value, error) {
		v := r.Or(Value{N: 5})
		if r.Err != nil {
			v.Text = r.Err.Error()
		}
		return b.follow(ctx, i, v)
	})
}

func (b *timedBuilder) race(i int, deps []task) task {
	s := &b.beats[i]
	type c = context.Context
	type v = Value
	if b.pace.Sleeps {
		gate := deps[0].Then(s.name+".gate", func(_ c, x v) (v, error) { return x, nil }, b.paced(s.name, s.last, deps, nil)...)
		deps = append([]task{gate}, deps[1:]...)
	}
	fn := func(ctx c, k int, in ...v) (v, error) {
		return b.do(ctx, i, k, s.parts[k], func() Value { return value(b.seed, i, append(in, Value{N: uint64(k)})...) })
	}
	var one []func(c, v) (v, error)
	var two []func(c, v, v) (v, error)
	var three []func(c, v, v, v) (v, error)
	for k := range s.parts {
		one = append(one, func(ctx c, x v) (v, error) { return fn(ctx, k, x) })
		two = append(two, func(ctx c, x, y v) (v, error) { return fn(ctx, k, x, y) })
		three = append(three, func(ctx c, x, y, z v) (v, error) { return fn(ctx, k, x, y, z) })
	}
	switch len(deps) {
	case 1:
		return deps[0].Race(s.name, one...)
	case 2:
		return deps[0].And(deps[1]).Race(s.name, two...)
	}
	return deps[0].And(deps[1]).And(deps[2]).Race(s.name, three...)
}

func (b *timedBuilder) mapped(i int, deps []task) task {
	s := &b.beats[i]
	list := deps[0].Then(s.name+".list", func(ctx context.Context, v Value) ([]Value, error) {
		_, err := b.do(ctx, i, 0, act{last: s.last}, func() Value { return v })
		return b.list(i, v), err
	}, b.paced(s.name, s.last, deps, nil)...)
	all := undoable(b, i, b.g.Map(s.name, list, func(ctx context.Context, v Value) (Value, error) {
		k := int(v.N)
		return b.do(ctx, i, k, s.parts[k], func() Value { return value(b.seed, i, v) })
	}), sumAll)
	return all.Then(s.name+".sum", func(ctx context.Context, all []Value) (Value, error) {
		return b.follow(ctx, i, Value{N: sumAll(all)})
	})
}

func (p *timedPlan) list(i int, v Value) []Value {
	list := make([]Value, len(p.beats[i].parts))
	for k := range list {
		list[k] = Value{N: uint64(k), Text: text(hash(p.seed, i, v.sum(), k))}
	}
	return list
}

func (b *timedBuilder) leftOut(i int, deps []task) task {
	s := &b.beats[i]
	switch i % 3 {
	case 0:
		return b.or(i, flow.Signal[Value](b.g, s.name, asap.After(depsOf(deps)...), asap.When(false)))
	case 1:
		pause := flow.Sleep(b.g, s.name, b.time(s.last), asap.After(depsOf(deps)...), asap.When(false))
		return b.g.Go(s.name+".after", func(ctx context.Context) (Value, error) { return b.follow(ctx, i, deps[0].Get(ctx)) }, asap.Needs(deps[0]), asap.After(pause))
	}
	return undoable(b, i, deps[0].Then(s.name, func(context.Context, Value) (Value, error) { return Value{}, errors.New("left out") }, asap.When(false)), Value.sum)
}
