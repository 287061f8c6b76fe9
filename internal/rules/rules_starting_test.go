package rules_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

func TestR1_NoBarrier(t *testing.T) {
	virtual(t, "Go, Do, Optional and Race start at once", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		note := func(name string) func(context.Context) (int, error) {
			return func(context.Context) (int, error) { j.add(name); time.Sleep(sec); return 1, nil }
		}
		g.Go("go", note("go"))
		synctest.Wait()
		g.Do("do", func(ctx context.Context) error { _, err := note("do")(ctx); return err })
		synctest.Wait()
		g.Optional("optional", note("optional"))
		synctest.Wait()
		g.Race("race", note("race[0]"))
		synctest.Wait()
		// Nobody has waited yet.
		j.check(t, "0s go", "0s do", "0s optional", "0s race[0]")
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "every function of a Race and element of a Map", func(t *testing.T) {
		var started [3]time.Duration
		begin := time.Now()
		g := asap.New(t.Context())
		g.Go("other", after(time.Minute, 0))
		in := g.Go("in", after(sec, []int{0, 1, 2}))
		g.Map("likes", in, func(_ context.Context, i int) (int, error) {
			started[i] = time.Since(begin)
			time.Sleep(sec)
			return i, nil
		})
		var raced atomic.Int32
		fn := func(ctx context.Context) (int, error) { raced.Add(1); return obeys(ctx) }
		g.Race("mirror", fn, fn, fn, after(sec, 1))
		synctest.Wait()
		if got := raced.Load(); got != 3 {
			t.Errorf("functions of the Race that run at 0s: %d, want 3", got)
		}
		wantNil(t, "Wait", g.Wait())
		if started != [3]time.Duration{sec, sec, sec} {
			t.Errorf("elements start at %v, want 1s each", started)
		}
	})
	virtual(t, "a declared task does not wait for what it does not name", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		user := g.Go("user", j.span("user", sec))
		synctest.Wait() // else config may be as fast
		g.Go("config", j.span("config", 10*sec))
		user.Then("profile", j.span1("profile", 10*sec))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s user starts", "0s config starts", "1s user ends", "1s profile starts",
			"10s config ends", "11s profile ends")
	})
	virtual(t, "starts when the last dependency is done", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		tasks := make([]*asap.Task[int], 6)
		for i := range tasks {
			tasks[i] = g.Go(fmt.Sprint("t", i), after(time.Duration(i+1)*sec, i))
		}
		a, b, d, e, f, h := tasks[0], tasks[1], tasks[2], tasks[3], tasks[4], tasks[5]
		at := func(want time.Duration) { c.at(t, "start", want) }
		a.Do("1", func(context.Context, int) error { at(1 * sec); return nil })
		a.And(b).Do("2", func(_ context.Context, _, _ int) error { at(2 * sec); return nil })
		b.And(a).And(d).Do("3", func(_ context.Context, _, _, _ int) error { at(3 * sec); return nil })
		e.And(b).And(d).Do("4", func(_ context.Context, _, _, _ int) error { at(4 * sec); return nil }, asap.After(a))
		g.Do("5", func(context.Context) error { at(5 * sec); return nil }, asap.After(f, b, d, e, a))
		h.And(b).And(d).Then("6", func(ctx context.Context, v6, v2, v3 int) (int, error) {
			at(6 * sec)
			if got := fmt.Sprint(a.Get(ctx), v2, v3, e.Get(ctx), f.Get(ctx), v6); got != "0 1 2 3 4 5" {
				t.Errorf("values of six dependencies: %s, want 0 1 2 3 4 5", got)
			}
			return 0, nil
		}, asap.Needs(e, f, a))
		g.Gather("all", tasks...).Optional("7", func(context.Context, []int) (int, error) { at(6 * sec); return 0, nil })
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "on a task that is done", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		in := g.Input("in", 1)
		user := g.Go("user", after(sec, 1))
		time.Sleep(2 * sec)
		in.And(user).And(in).Do("sum", func(context.Context, int, int, int) error { c.at(t, "start", 2*sec); return nil })
		user.Do("next", func(context.Context, int) error { c.at(t, "start", 2*sec); return nil })
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
	})
	virtual(t, "the same task twice", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Go("a", after(sec, 1))
		sum := a.And(a).And(a).Then("sum", func(_ context.Context, x, y, z int) (int, error) { return x + y + z, nil })
		both := g.Gather("both", a, a)
		wantNil(t, "Wait", g.Wait())
		if sum.Value() != 3 || fmt.Sprint(both.Value()) != "[1 1]" {
			t.Errorf("sum %d, both %v, want 3 and [1 1]", sum.Value(), both.Value())
		}
	})
	virtual(t, "declaring never blocks", func(t *testing.T) {
		c := startClock()
		for _, options := range [][]asap.Option{nil, {asap.Limit(1)}} {
			g := asap.New(t.Context(), options...)
			slow := g.Go("slow", after(sec, []int{1}))
			g.Go("more", obeys)
			slow.Then("then", never1[[]int](t))
			slow.And(slow).Optional("and", func(context.Context, []int, []int) (int, error) { return 0, nil })
			g.Map("map", slow, func(ctx context.Context, _ int) (int, error) { return obeys(ctx) })
			g.Gather("gather", slow, slow)
			g.Race("race", obeys, obeys)
			c.at(t, "after declaring", 0)
			g.Stop()
			c = startClock()
		}
	})
}

func TestR2_AtMostOnce(t *testing.T) {
	for _, waiters := range []int{0, 1, 100} {
		virtual(t, fmt.Sprint(waiters, " waiters"), func(t *testing.T) {
			for _, err := range []error{nil, errBoom} {
				var runs atomic.Int32
				g := asap.New(t.Context(), asap.Settled())
				a := g.Go("a", func(context.Context) (int, error) {
					runs.Add(1)
					time.Sleep(sec)
					return 7, err
				})
				for range waiters {
					g.Go("await", a.Await)
					a.Then("then", func(_ context.Context, v int) (int, error) { return v, nil })
					a.And(a).Optional("and", func(context.Context, int, int) (int, error) { return 0, nil })
					go a.Await(t.Context())
				}
				if got := g.Wait(); !errors.Is(got, err) {
					t.Errorf("Wait: got %v, want %v", got, err)
				}
				a.Await(t.Context())
				a.Result()
				g.Wait()
				if got := runs.Load(); got != 1 {
					t.Errorf("the body ran %d times, want 1", got)
				}
			}
		})
	}
}

func TestR3_NothingStartsDead(t *testing.T) {
	declare := func(t *testing.T, g *asap.Group) []interface{ Name() string } {
		ids := g.Input("ids", []int{1})
		one := g.Go("go", never(t))
		return []interface{ Name() string }{
			one,
			g.Do("do", func(ctx context.Context) error { _, err := never(t)(ctx); return err }),
			g.Optional("optional", never(t)),
			g.Race("race", never(t), never(t)),
			one.Then("then", never1[int](t)),
			g.Map("map", ids, never1[int](t)),
			ids.Then("after input", never1[[]int](t)),
			g.Gather("gather", one, one),
		}
	}
	check := func(t *testing.T, tasks []interface{ Name() string }, cause error) {
		t.Helper()
		for _, task := range tasks {
			err := resultErr(task)
			wantIs(t, task.Name(), err, asap.ErrSkipped, cause)
		}
	}
	dead := func(t *testing.T) map[string]context.Context {
		canceled, cancel := context.WithCancelCause(t.Context())
		cancel(errBoom)
		late, stop := context.WithTimeout(t.Context(), sec)
		t.Cleanup(stop)
		time.Sleep(2 * sec)
		return map[string]context.Context{"canceled": canceled, "late": late}
	}
	virtual(t, "dead context", func(t *testing.T) {
		for name, ctx := range dead(t) {
			for _, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(1)}} {
				g := asap.New(ctx, options...)
				tasks := declare(t, g)
				err := g.Wait()
				wantIs(t, "Wait "+name, err, ctx.Err(), context.Cause(ctx))
				check(t, tasks, context.Cause(ctx))
			}
		}
	})
	virtual(t, "after a failure", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("bad", fails(sec, errBoom))
		slow := g.Go("slow", after(3*sec, 1)) // ignores its context
		pending := slow.Then("pending", never1[int](t))
		time.Sleep(2 * sec)
		tasks := declare(t, g)
		check(t, tasks, errBoom) // at once, without Wait
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "pending", pending.Result().Err, asap.ErrSkipped, errBoom)
		if slow.Value() != 1 {
			t.Errorf("slow: %d, want 1", slow.Value())
		}
	})
	virtual(t, "queued when the failure comes", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("bad", fails(sec, errBoom))
		queued := g.Go("queued", never(t))
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "queued", queued.Result().Err, asap.ErrSkipped, errBoom)
	})
	virtual(t, "the context ends while bodies run that do not look", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		g := asap.New(ctx)
		slow := g.Go("slow", after(2*sec, 1))
		then := slow.Then("then", never1[int](t))
		err := g.Wait()
		wantIs(t, "Wait", err, context.DeadlineExceeded)
		wantIs(t, "then", then.Result().Err, asap.ErrSkipped, context.DeadlineExceeded)
	})
	virtual(t, "a settled group goes on", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		g.Go("bad", fails(0, errBoom))
		time.Sleep(sec)
		ok := g.Go("ok", after(sec, 1))
		wantFailed(t, g.Wait(), "bad")
		if ok.Value() != 1 {
			t.Errorf("ok: %d, want 1", ok.Value())
		}
	})
}

// resultErr is the error of a task of any of the types that the tests use.
func resultErr(task any) error {
	switch t := task.(type) {
	case *asap.Task[int]:
		_, err := t.Await(context.Background())
		return err
	case *asap.Task[[]int]:
		_, err := t.Await(context.Background())
		return err
	case *asap.Task[struct{}]:
		_, err := t.Await(context.Background())
		return err
	case *asap.Task[string]:
		_, err := t.Await(context.Background())
		return err
	case *asap.Task[asap.Result[int]]:
		_, err := t.Await(context.Background())
		return err
	}
	panic(fmt.Sprintf("resultErr of %T", task))
}
