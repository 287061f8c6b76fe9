package stress_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"

	"github.com/asap-go/asap"
)

var (
	optionsFlag = flag.Float64("options", .2, "weight of options of tasks, of MapOptional, and of Races with inputs")
	mayFailFlag = flag.Float64("mayfail", .3, "weight of tasks that may fail")
)

// option is a dependency of a task beside its arguments.
type option struct {
	how how
	on  *task
}

type how uint8

const (
	needs how = iota
	after
	afterEnd
)

func (h how) String() string { return [...]string{"Needs", "After", "AfterEnd"}[h] }

// edge is a dependency, named in whatever way. It has to succeed, or only to end.
type edge struct {
	on   *task
	must bool
}

// arguments are how many dependencies And can put together; more are named by Needs.
const arguments = 3

// edges are all dependencies of t, each once, and the strictest of them.
func (t *task) edges() (all []edge) {
	add := func(on *task, must bool) {
		for i := range all {
			if all[i].on == on {
				all[i].must = all[i].must || must
				return
			}
		}
		all = append(all, edge{on, must})
	}
	for _, d := range t.deps {
		add(d, true)
	}
	for _, o := range t.options {
		add(o.on, o.how != afterEnd)
	}
	return all
}

// reads are the tasks whose values the body of t gets, in order.
func (t *task) reads() []*task {
	all := t.deps[:len(t.deps):len(t.deps)]
	for _, o := range t.options {
		if o.how == needs {
			all = append(all, o.on)
		}
	}
	return all
}

// addOptions makes another kind of the task or gives it options, of tasks before it.
func (b *builder) addOptions(t *task, sc *scope) {
	switch {
	case t.kind == kInput || t.kind == kGather:
		return
	case t.kind == kRace:
		if b.kind(*optionsFlag) {
			for _, d := range b.some(sc, arguments) {
				if d.class() == 'U' {
					t.deps = append(t.deps, d)
				}
			}
		}
		return
	case t.kind == kMap && b.kind(2**optionsFlag):
		t.kind = kMapOptional
	}
	if !b.kind(*optionsFlag) {
		return
	}
	for _, d := range b.some(sc, pick(b, 1, 2, 2, 3, 12)) {
		t.options = append(t.options, option{pick(b, needs, after, afterEnd, afterEnd), d})
	}
	t.leftOut = b.chance(.15)
}

// letFail lets some of the tasks fail, by chances of its own.
func (b *builder) letFail() {
	b.rng = rand.New(rand.NewPCG(b.g.seed, 0x3a7f))
	if !b.kind(*mayFailFlag) {
		return
	}
	share := pick(b, .1, .3, .8)
	for _, t := range b.g.tasks {
		t.mayFail = b.chance(share) && t.kind != kInput && t.kind != kGather && t.kind != kRace
	}
}

// readBehind are the handles of what the body of t reads with Get.
func (r *run) readBehind(t *task) (all []any) {
	for _, d := range t.reads()[min(len(t.deps), arguments):] {
		all = append(all, r.handle(d))
	}
	return all
}

// options are those of t.
func (r *run) options(t *task) (opts []asap.TaskOption) {
	dep := func(d *task) asap.Dep { return r.handle(d).(asap.Dep) }
	for _, d := range t.deps[min(len(t.deps), arguments):] {
		opts = append(opts, asap.Needs(dep(d)))
	}
	for _, o := range t.options {
		opts = append(opts, [...]func(...asap.Dep) asap.TaskOption{asap.Needs, asap.After, asap.AfterEnd}[o.how](dep(o.on)))
	}
	if t.leftOut {
		opts = append(opts, asap.When(false))
	}
	if t.mayFail {
		opts = append(opts, asap.MayFail())
	}
	if t.timeout > 0 {
		opts = append(opts, asap.Timeout(r.limitOf(t.timeout)))
	}
	if t.within > 0 {
		opts = append(opts, asap.Within(r.limitOf(t.within)))
	}
	if t.shared {
		opts = append(opts, r.shared)
	}
	return opts
}

// race declares a Race, of what it needs.
func (r *run) race(g *asap.Group, t *task, deps []any) any {
	in := make([]*asap.Task[uint64], len(deps))
	for i, d := range deps {
		in[i] = d.(*asap.Task[uint64])
	}
	fns := make([]func(context.Context, ...uint64) (uint64, error), len(t.scripts))
	for i, s := range t.scripts {
		fns[i] = func(ctx context.Context, in ...uint64) (uint64, error) {
			return r.body(ctx, s, foldDeps(len(in), func(i int) uint64 { return in[i] }))
		}
	}
	switch len(in) {
	case 0:
		var all []func(context.Context) (uint64, error)
		for _, fn := range fns {
			all = append(all, func(ctx context.Context) (uint64, error) { return fn(ctx) })
		}
		return g.Race(t.name(), all...)
	case 1:
		var all []func(context.Context, uint64) (uint64, error)
		for _, fn := range fns {
			all = append(all, func(ctx context.Context, a uint64) (uint64, error) { return fn(ctx, a) })
		}
		return in[0].Race(t.name(), all...)
	case 2:
		var all []func(context.Context, uint64, uint64) (uint64, error)
		for _, fn := range fns {
			all = append(all, func(ctx context.Context, a, b uint64) (uint64, error) { return fn(ctx, a, b) })
		}
		return in[0].And(in[1]).Race(t.name(), all...)
	}
	var all []func(context.Context, uint64, uint64, uint64) (uint64, error)
	for _, fn := range fns {
		all = append(all, func(ctx context.Context, a, b, c uint64) (uint64, error) { return fn(ctx, a, b, c) })
	}
	return in[0].And(in[1]).And(in[2]).Race(t.name(), all...)
}

// get reads what the body of ctx needs.
func (r *run) get(ctx context.Context, h any) uint64 {
	switch t := h.(type) {
	case *asap.Task[uint64]:
		return t.Get(ctx)
	case *asap.Task[struct{}]:
		return digest(r, t.Get(ctx))
	case *asap.Task[asap.Result[uint64]]:
		return digest(r, t.Get(ctx))
	case *asap.Task[[]uint64]:
		return digest(r, t.Get(ctx))
	case *asap.Task[[]asap.Result[uint64]]:
		return digest(r, t.Get(ctx))
	}
	panic(fmt.Sprintf("no task: %T", h))
}

// zero is the digest of the zero value of t.
func (t *task) zero() uint64 {
	switch t.class() {
	case 'S':
		return 1
	case 'R':
		return resultDigest(0, false, "")
	case 'V', 'W':
		return fold(nil)
	}
	return 0
}

// mapped reports whether t is a Map of either kind.
func (t *task) mapped() bool { return t.kind == kMap || t.kind == kMapOptional }

// inline reports whether t has no body of its own, but that of parts.
func (t *task) inline() bool { return t.kind == kGather || t.mapped() }
