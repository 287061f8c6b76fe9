package stress_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// declare makes the task with the call that fits, and says what came of it.
func (r *run) declare(t *task) (outcome string) {
	o := r.group(r.g.scopes[t.scope])
	switch {
	case t.omit:
		return "omitted"
	case r.handle(t) != nil:
		return "declared before"
	case o == nil:
		return "no group"
	}
	for _, e := range t.edges() {
		if r.handle(e.on) == nil {
			return "no dependency"
		}
	}
	deps := make([]any, len(t.deps))
	for i, d := range t.deps {
		deps[i] = r.handle(d)
	}
	defer func() {
		if v := recover(); v != nil {
			if text, ok := v.(string); !ok || !strings.Contains(text, "declared in a group that has ended") {
				panic(v)
			}
			outcome = "ended"
		}
	}()
	at := r.now()
	h := r.typed(o.g, t, deps)
	r.undo(t, h) // before others can find it, and declare on it
	r.mu.Lock()
	r.handles[t.id], r.at[t.id] = h, at
	r.mu.Unlock()
	return ""
}

func (r *run) typed(g *asap.Group, t *task, deps []any) any {
	behind := r.readBehind(t)
	fn := func(ctx context.Context) (uint64, error) {
		return r.body(ctx, t.scripts[0], foldDeps(len(behind), func(i int) uint64 { return r.get(ctx, behind[i]) }))
	}
	switch t.kind {
	case kInput:
		return g.Input(t.name(), inputValue(t))
	case kGather:
		tasks := make([]*asap.Task[uint64], len(deps))
		for i, d := range deps {
			tasks[i] = d.(*asap.Task[uint64])
		}
		return g.Gather(t.name(), tasks...)
	case kRace:
		return r.race(g, t, deps)
	case kMap, kMapOptional:
		var opts []asap.MapOption
		for _, o := range r.options(t) {
			opts = append(opts, o)
		}
		if t.limit > 0 {
			opts = append(opts, asap.Limit(t.limit))
		}
		if t.shared {
			opts = append(opts, r.shared)
		}
		in := deps[0].(*asap.Task[[]uint64])
		each := func(ctx context.Context, e uint64) (uint64, error) {
			for _, d := range behind {
				r.get(ctx, d)
			}
			i := slices.Index(in.Get(ctx), e) // no two are the same
			return r.body(ctx, t.scripts[i], e)
		}
		if t.kind == kMapOptional {
			return g.MapOptional(t.name(), in, each, opts...)
		}
		return g.Map(t.name(), in, each, opts...)
	}
	if len(deps) == 0 {
		switch t.kind {
		case kDo:
			return g.Do(t.name(), noValue(fn), r.options(t)...)
		case kOptional:
			return g.Optional(t.name(), fn, r.options(t)...)
		}
		return g.Go(t.name(), fn, r.options(t)...)
	}
	switch d := deps[0].(type) {
	case *asap.Task[uint64]:
		return after1(r, t, d, deps[1:])
	case *asap.Task[struct{}]:
		return after1(r, t, d, deps[1:])
	case *asap.Task[asap.Result[uint64]]:
		return after1(r, t, d, deps[1:])
	case *asap.Task[[]uint64]:
		return after1(r, t, d, deps[1:])
	case *asap.Task[[]asap.Result[uint64]]:
		return after1(r, t, d, deps[1:])
	}
	panic(fmt.Sprintf("no task: %T", deps[0]))
}

func noValue(fn func(context.Context) (uint64, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := fn(ctx)
		return err
	}
}

// joined is what Then, Do and Optional of a task and of each And have in common
// for this test: one function of all the values' digests.
type joined struct {
	then     func(string, func(context.Context, []uint64) (uint64, error), ...asap.TaskOption) *asap.Task[uint64]
	do       func(string, func(context.Context, []uint64) error, ...asap.TaskOption) *asap.Task[struct{}]
	optional func(string, func(context.Context, []uint64) (uint64, error), ...asap.TaskOption) *asap.Task[asap.Result[uint64]]
}

func (j joined) declare(r *run, t *task) any {
	behind := r.readBehind(t)
	fn := func(ctx context.Context, in []uint64) (uint64, error) {
		for _, d := range behind {
			in = append(in, r.get(ctx, d))
		}
		return r.body(ctx, t.scripts[0], foldDeps(len(in), func(i int) uint64 { return in[i] }))
	}
	opts := r.options(t)
	switch t.kind {
	case kDo:
		return j.do(t.name(), func(ctx context.Context, in []uint64) error {
			_, err := fn(ctx, in)
			return err
		}, opts...)
	case kOptional:
		return j.optional(t.name(), fn, opts...)
	}
	return j.then(t.name(), fn, opts...)
}

func after1[A any](r *run, t *task, a *asap.Task[A], rest []any) any {
	if len(rest) > 0 {
		switch u := rest[0].(type) {
		case *asap.Task[uint64]:
			return after2(r, t, a.And(u), rest[1:])
		case *asap.Task[asap.Result[uint64]]:
			return after2(r, t, a.And(u), rest[1:])
		}
		panic(fmt.Sprintf("no second dependency: %T", rest[0]))
	}
	type fn = func(context.Context, []uint64) (uint64, error)
	return joined{
		func(name string, do fn, opts ...asap.TaskOption) *asap.Task[uint64] {
			return a.Then(name, func(ctx context.Context, a A) (uint64, error) { return do(ctx, digests(r, a)) }, opts...)
		},
		func(name string, do func(context.Context, []uint64) error, opts ...asap.TaskOption) *asap.Task[struct{}] {
			return a.Do(name, func(ctx context.Context, a A) error { return do(ctx, digests(r, a)) }, opts...)
		},
		func(name string, do fn, opts ...asap.TaskOption) *asap.Task[asap.Result[uint64]] {
			return a.Optional(name, func(ctx context.Context, a A) (uint64, error) { return do(ctx, digests(r, a)) }, opts...)
		},
	}.declare(r, t)
}

func after2[A, B any](r *run, t *task, all asap.And2[A, B], rest []any) any {
	if len(rest) > 0 {
		return after3(r, t, all.And(rest[0].(*asap.Task[uint64])))
	}
	type fn = func(context.Context, []uint64) (uint64, error)
	return joined{
		func(name string, do fn, opts ...asap.TaskOption) *asap.Task[uint64] {
			return all.Then(name, func(ctx context.Context, a A, b B) (uint64, error) { return do(ctx, digests(r, a, b)) }, opts...)
		},
		func(name string, do func(context.Context, []uint64) error, opts ...asap.TaskOption) *asap.Task[struct{}] {
			return all.Do(name, func(ctx context.Context, a A, b B) error { return do(ctx, digests(r, a, b)) }, opts...)
		},
		func(name string, do fn, opts ...asap.TaskOption) *asap.Task[asap.Result[uint64]] {
			return all.Optional(name, func(ctx context.Context, a A, b B) (uint64, error) { return do(ctx, digests(r, a, b)) }, opts...)
		},
	}.declare(r, t)
}

func after3[A, B any](r *run, t *task, all asap.And3[A, B, uint64]) any {
	type fn = func(context.Context, []uint64) (uint64, error)
	return joined{
		func(name string, do fn, opts ...asap.TaskOption) *asap.Task[uint64] {
			return all.Then(name, func(ctx context.Context, a A, b B, c uint64) (uint64, error) { return do(ctx, digests(r, a, b, c)) }, opts...)
		},
		func(name string, do func(context.Context, []uint64) error, opts ...asap.TaskOption) *asap.Task[struct{}] {
			return all.Do(name, func(ctx context.Context, a A, b B, c uint64) error { return do(ctx, digests(r, a, b, c)) }, opts...)
		},
		func(name string, do fn, opts ...asap.TaskOption) *asap.Task[asap.Result[uint64]] {
			return all.Optional(name, func(ctx context.Context, a A, b B, c uint64) (uint64, error) { return do(ctx, digests(r, a, b, c)) }, opts...)
		},
	}.declare(r, t)
}

func digests(r *run, values ...any) []uint64 {
	ds := make([]uint64, len(values))
	for i, v := range values {
		ds[i] = digest(r, v)
	}
	return ds
}

func digest(r *run, v any) uint64 {
	switch v := v.(type) {
	case uint64:
		return v
	case struct{}:
		return 1
	case asap.Result[uint64]:
		return resultDigest(v.Value, v.Err != nil, canonOf(v.Err, r.g.limited))
	case []uint64:
		return fold(v)
	case []asap.Result[uint64]:
		all := make([]uint64, len(v))
		for i := range v {
			all[i] = digest(r, v[i])
		}
		return fold(all)
	}
	panic(fmt.Sprintf("no value: %T", v))
}

func canonOf(err error, merge bool) string {
	if err == nil {
		return ""
	}
	return canon(err, merge)
}

func (r *run) awaitAny(ctx context.Context, h any) (uint64, error) {
	switch t := h.(type) {
	case *asap.Task[uint64]:
		return t.Await(ctx)
	case *asap.Task[struct{}]:
		v, err := t.Await(ctx)
		return digest(r, v), err
	case *asap.Task[asap.Result[uint64]]:
		v, err := t.Await(ctx)
		return digest(r, v), err
	case *asap.Task[[]uint64]:
		v, err := t.Await(ctx)
		return digest(r, v), err
	case *asap.Task[[]asap.Result[uint64]]:
		v, err := t.Await(ctx)
		return digest(r, v), err
	}
	panic(fmt.Sprintf("no task: %T", h))
}

// result is the task's outcome after the run.
func (r *run) result(h any) (uint64, error) {
	switch t := h.(type) {
	case *asap.Task[uint64]:
		v := t.Result()
		return v.Value, v.Err
	case *asap.Task[struct{}]:
		v := t.Result()
		return digest(r, v.Value), v.Err
	case *asap.Task[asap.Result[uint64]]:
		v := t.Result()
		return digest(r, v.Value), v.Err
	case *asap.Task[[]uint64]:
		v := t.Result()
		return digest(r, v.Value), v.Err
	case *asap.Task[[]asap.Result[uint64]]:
		v := t.Result()
		return digest(r, v.Value), v.Err
	}
	panic(fmt.Sprintf("no task: %T", h))
}
