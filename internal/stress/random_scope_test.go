package stress_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

func (sc *scope) options(r *run) (opts []asap.Option) {
	if sc.settled {
		opts = append(opts, asap.Settled())
	}
	if sc.limit > 0 {
		opts = append(opts, asap.Limit(sc.limit))
	}
	if sc.shared {
		opts = append(opts, r.shared)
	}
	if sc.name != "" {
		opts = append(opts, asap.Name(sc.name))
	}
	if r.g.observed && sc.id == 0 {
		r.watcher = newWatcher()
		for _, s := range r.g.scripts {
			r.watcher.loose = r.watcher.loose || slices.ContainsFunc(s.steps, func(st step) bool { return st.op == opLeave })
		}
		opts = append(opts, asap.Observe(r.watcher))
	}
	return opts
}

// strange hides from package context what it is made of.
type strange struct{ context.Context }

func (strange) Value(any) any { return nil }

// parent makes the context that the scope's group is made with.
func (r *run) parent(ctx context.Context, sc *scope) (context.Context, func()) {
	d := sc.d
	if r.real {
		d = 1 + d%time.Millisecond
	}
	switch sc.ctx {
	case ctxValue:
		return context.WithValue(ctx, markKey{}, 2), func() {}
	case ctxTimeout:
		ctx, off := context.WithTimeout(ctx, d)
		return ctx, off
	case ctxForeign:
		ctx, off := context.WithTimeout(context.Background(), d)
		return ctx, off
	case ctxEnded:
		ctx, off := context.WithCancel(ctx)
		r.mu.Lock()
		r.ends[sc.id] = off
		r.mu.Unlock()
		return ctx, off
	case ctxStrange:
		return &strange{ctx}, func() {}
	case ctxDead:
		ctx, off := context.WithCancelCause(ctx)
		off(errKilled)
		return ctx, func() {}
	}
	return ctx, func() {}
}

func (r *run) open(ctx context.Context, sc *scope) (*opened, func()) {
	ctx, off := r.parent(ctx, sc)
	o := r.fill(asap.New(ctx, sc.options(r)...), sc)
	return o, off
}

// fill declares the tasks of a new group.
func (r *run) fill(g *asap.Group, sc *scope) *opened {
	o := &opened{g, g.NewExit[uint64]()}
	r.mu.Lock()
	r.groups[sc.id] = o
	r.mu.Unlock()
	for _, t := range sc.build {
		r.declare(t)
	}
	return o
}

// raised notes how a call ends that does not return.
func (r *run) raised(s *script, call string, sc *scope, returned *bool) {
	if sc.id == 0 {
		r.after.Add(r.inBody.Load())
	}
	if *returned {
		return
	}
	v := recover()
	if p, ok := v.(*asap.PanicError); ok {
		r.raises[sc.id].Add(1)
		r.note(s, call+canon(p, r.g.limited))
		panic(p)
	}
	if v != nil {
		panic(v)
	}
	r.note(s, call+"g")
}

func (r *run) wait(s *script, st *step, acc uint64) (uint64, error) {
	o := r.group(st.scope)
	if o == nil {
		r.note(s, "wait for no group")
		return acc, nil
	}
	defer r.sleep(st.after)
	returned := false
	call := fmt.Sprintf("wait g%d ", st.scope.id)
	defer r.raised(s, call, st.scope, &returned)
	if s.body {
		r.leave()
		defer r.enter()
	}
	err := o.g.Wait()
	returned = true
	r.errs[st.scope.id], r.waited[st.scope.id] = err, err == nil
	what := ""
	if v, ok := o.exit.Value(); ok {
		what = fmt.Sprintf("exit %x ", v)
	}
	r.note(s, call+what+canon(err, r.g.limited))
	return mix(acc, uint64(len(what))), err
}

func (r *run) scoped(ctx context.Context, s *script, st *step, acc uint64) (uint64, error) {
	ctx, off := r.parent(ctx, st.scope)
	defer off()
	defer r.sleep(st.after)
	returned := false
	call := fmt.Sprintf("wait g%d ", st.scope.id)
	defer r.raised(s, call, st.scope, &returned)
	r.leave()
	defer r.enter()
	v, err := asap.Run(ctx, func(g *asap.Group) func() uint64 {
		r.fill(g, st.scope)
		if h, ok := r.handle(st.scope.result).(*asap.Task[uint64]); ok {
			return func() uint64 { return h.Result().Value }
		}
		return g.Input("none", uint64(5)).Value
	}, st.scope.options(r)...)
	returned = true
	r.errs[st.scope.id], r.waited[st.scope.id] = err, err == nil
	what := fmt.Sprintf("%x ", v)
	r.note(s, call+what+canon(err, r.g.limited))
	return mix(mix(acc, v), uint64(len(what))), err
}

func (r *run) stop(s *script, st *step, o *opened) {
	if o == nil {
		return
	}
	defer r.sleep(st.after)
	returned := false
	defer r.raised(s, fmt.Sprintf("stop g%d ", st.scope.id), st.scope, &returned)
	o.g.Stop()
	returned = true
}
