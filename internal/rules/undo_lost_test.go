package rules_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestF7_Dials: of two dials that succeed one is lost, and closed.
func TestF7_Dials(t *testing.T) {
	var open, closed atomic.Int32
	dial := func(ctx context.Context) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return int(open.Add(1)), nil
	}
	for range 2000 {
		open.Store(0)
		closed.Store(0)
		g := asap.New(t.Context())
		won := g.Race("dial", dial, dial).Undo(func(_ context.Context, id int) error {
			closed.Add(1)
			return nil
		})
		if err := g.Wait(); err != nil || won.Value() < 1 {
			t.Fatalf("Wait: %v, want a connection", err)
		}
		if left := open.Load() - closed.Load(); left != 1 {
			t.Fatalf("%d connections are open, want the winner's", left)
		}
	}
}

// TestR42_Race: what succeeds after the decision is undone, always, once.
func TestR42_Race(t *testing.T) {
	dials := func(g *asap.Group) *asap.Task[int] {
		return g.Race("dial", after(3*sec, 3), after(sec, 1), after(2*sec, 2), fails(sec/2, errBoom))
	}
	virtual(t, "in a group that has succeeded", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		dial := dials(g).Undo(undoes[int](j, "dial"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "3s undo dial 3", "3s undo dial 2")
		if dial.Value() != 1 {
			t.Errorf("dial: %d, want 1", dial.Value())
		}
	})
	virtual(t, "in one that has failed, the winner's too", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		dials(g).Undo(undoes[int](j, "dial"))
		g.Go("z", fails(4*sec, errBoom))
		wantFailed(t, g.Wait(), "z")
		j.check(t, "4s undo dial 3", "4s undo dial 2", "4s undo dial 1")
	})
	virtual(t, "declared when all have ended", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		hold := g.Go("hold", after(5*sec, 5))
		dial := dials(g)
		time.Sleep(4 * sec)
		dial.Undo(undoes[int](j, "dial")).Undo(undoes[int](j, "dial again"))
		hold.Undo(undoes[int](j, "hold"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "5s undo dial again 3", "5s undo dial 3", "5s undo dial again 2", "5s undo dial 2")
	})
	virtual(t, "between the successes of others", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Go("a", after(sec+sec/2, 10)).Undo(undoes[int](j, "a"))
		g.Go("b", after(2*sec+sec/2, 20)).Undo(undoes[int](j, "b"))
		dials(g).Undo(undoes[int](j, "dial"))
		g.Go("z", fails(4*sec, errBoom))
		g.Wait()
		j.check(t, "4s undo dial 3", "4s undo b 20", "4s undo dial 2", "4s undo a 10", "4s undo dial 1")
	})
	virtual(t, "of a Race with inputs, after the group has failed", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		dial := func(d time.Duration) func(context.Context, int) (int, error) {
			return func(_ context.Context, v int) (int, error) { time.Sleep(d); return v + int(d/sec), nil }
		}
		in := g.Input("in", 10)
		in.And(in).Race("r", func(ctx context.Context, a, _ int) (int, error) { return dial(2*sec)(ctx, a) },
			func(ctx context.Context, a, _ int) (int, error) { return dial(3*sec)(ctx, a) }).Undo(undoes[int](j, "r"))
		in.Race("s", dial(5*sec), dial(4*sec)).Undo(undoes[int](j, "s"))
		g.Go("z", fails(2*sec+sec/2, errBoom))
		g.Wait()
		j.check(t, "5s undo s 15", "5s undo s 14", "5s undo r 13", "5s undo r 12")
	})
	virtual(t, "of an interface that is nil", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Race("r", after[error](sec, errBoom), after[error](2*sec, nil)).Undo(func(_ context.Context, err error) error {
			j.add(fmt.Sprint("undo ", err))
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		j.check(t, "2s undo <nil>")
	})
	virtual(t, "that all lose", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Race("r", fails(sec, errBoom), fails(sec, errBoom)).Undo(undoes[int](j, "r"))
		wantFailed(t, g.Wait(), "r")
		j.check(t)
	})
	virtual(t, "observed, under a limit and an Around", func(t *testing.T) {
		j := newJournal()
		o := new(counting)
		g := asap.New(t.Context(), asap.Observe(o), asap.Limit(2), asap.Around(func(ctx context.Context, _ string, body body) error {
			return errors.Join(body(ctx), body(ctx))
		}))
		g.Race("r", after(sec, 1), after(2*sec, 2)).Undo(undoes[int](j, "r"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "4s undo r 2", "4s undo r 2", "4s undo r 1")
	})
}

type counting struct{ asap.Observer }

func (*counting) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (*counting) Observe(asap.Event)                                      {}

// twice calls the body twice at once, and returns what the first that ends does.
func twice(ctx context.Context, _ string, body body) error {
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- body(ctx) }()
	}
	return <-ended
}

// TestR42_Around: the values of calls beside the first that has succeeded are undone.
func TestR42_Around(t *testing.T) {
	// calls takes 1 s at the first call, 2 s at the second, and so on.
	calls := func() func(context.Context) (int, error) {
		var n atomic.Int32
		return func(context.Context) (int, error) {
			k := int(n.Add(1))
			time.Sleep(time.Duration(k) * sec)
			return k, nil
		}
	}
	failing := func(ctx context.Context, task string, body body) error {
		twice(ctx, task, body)
		return errBoom
	}
	virtual(t, "the second, which outlives the Around", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a := g.Go("a", calls(), asap.Around(twice)).Undo(undoes[int](j, "a"))
		a.Then("b", func(_ context.Context, v int) (int, error) { j.add("b"); return v, nil }).Undo(undoes[int](j, "b"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "1s b", "2s undo a 2")
	})
	virtual(t, "both, of a group that fails", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a := g.Go("a", calls(), asap.Around(twice)).Undo(undoes[int](j, "a"))
		a.Then("b", func(_ context.Context, v int) (int, error) { return v, nil }).Undo(undoes[int](j, "b"))
		g.Go("z", fails(3*sec, errBoom))
		g.Wait()
		j.check(t, "3s undo a 2", "3s undo b 1", "3s undo a 1")
	})
	virtual(t, "declared when they have ended", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a := g.Go("a", calls(), asap.Around(twice))
		time.Sleep(3 * sec)
		a.Undo(undoes[int](j, "a"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "3s undo a 2")
	})
	virtual(t, "all, beside an error of the Around", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Settled())
		g.Go("a", calls(), asap.Around(failing)).Undo(undoes[int](j, "a"))
		wantFailed(t, g.Wait(), "a")
		j.check(t, "2s undo a 1", "2s undo a 2")
	})
	virtual(t, "of an Optional", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a := g.Optional("a", calls(), asap.Around(failing)).Undo(undoes[asap.Result[int]](j, "a"))
		b := g.Input("in", 0).Optional("b", func(ctx context.Context, _ int) (int, error) { return calls()(ctx) }, asap.Around(
			func(ctx context.Context, _ string, body body) error { body(ctx); time.Sleep(sec); return body(ctx) })).Undo(undoes[asap.Result[int]](j, "b"))
		wantNil(t, "Wait", g.Wait())
		if a.Value().Value != 0 || a.Value().Err == nil || b.Value().Value != 1 {
			t.Errorf("got %v and %v, want a failure and 1", a.Value(), b.Value())
		}
		j.check(t, "3s undo b {1 <nil>}", "3s undo a {2 <nil>}", "3s undo a {1 <nil>}")
	})
	virtual(t, "of functions without a value", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		in := g.Input("in", 0)
		sleep := func(d time.Duration) { time.Sleep(d) }
		again := asap.Around(func(ctx context.Context, _ string, body body) error { body(ctx); return body(ctx) })
		g.Do("a", func(context.Context) error { sleep(sec); return nil }, again).Undo(undoes[struct{}](j, "a"))
		in.Do("b", func(context.Context, int) error { sleep(2 * sec); return nil }, again).Undo(undoes[struct{}](j, "b"))
		in.And(in).Do("c", func(context.Context, int, int) error { sleep(3 * sec); return nil }, again).Undo(undoes[struct{}](j, "c"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "6s undo c {}", "6s undo b {}", "6s undo a {}")
	})
	virtual(t, "beside a panic of the Around", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Go("a", calls(), asap.Around(func(ctx context.Context, _ string, body body) error {
			body(ctx)
			panic("ouch")
		})).Undo(undoes[int](j, "a"))
		if p, ok := waited(g).panicked.(*asap.PanicError); !ok || p.Value != "ouch" {
			t.Errorf("Wait panics with %v, want ouch", p)
		}
		j.check(t, "1s undo a 1")
	})
	virtual(t, "not of the elements of a Map", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		m := g.Map("m", g.Input("in", []int{1, 2}), func(_ context.Context, v int) (int, error) { return v, nil },
			asap.Around(func(ctx context.Context, _ string, body body) error { body(ctx); return body(ctx) })).Undo(undoes[[]int](j, "m"))
		wantNil(t, "Wait", g.Wait())
		j.check(t)
		if len(m.Value()) != 2 {
			t.Errorf("m: %v, want two", m.Value())
		}
	})
	virtual(t, "retries have nothing to undo", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		n := 0
		g.Go("a", failsTwice(&n, 7), asap.Around(tries(3))).Undo(undoes[int](j, "a"))
		wantNil(t, "Wait", g.Wait())
		j.check(t)
	})
}

// TestR42_Exit: what succeeds after an exit is undone, and nothing else.
func TestR42_Exit(t *testing.T) {
	virtual(t, "of every kind", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		exit := g.NewExit[int]()
		in := g.Input("in", 0).Undo(undoes[int](j, "in"))
		g.Go("early", after(sec, 1)).Undo(undoes[int](j, "early"))
		g.Go("hit", fails(2*sec, exit.With(1))).Undo(undoes[int](j, "hit"))
		g.Go("late", fails(3*sec, errBoom)).Undo(undoes[int](j, "failed"))
		g.Go("a", after(4*sec, 4)).Undo(undoes[int](j, "a"))
		g.Do("b", func(context.Context) error { time.Sleep(5 * sec); return nil }).Undo(undoes[struct{}](j, "b"))
		g.Optional("c", after(6*sec, 6)).Undo(undoes[asap.Result[int]](j, "c"))
		in.Then("d", func(context.Context, int) (int, error) { time.Sleep(7 * sec); return 7, nil }).Undo(undoes[int](j, "d"))
		r := g.Race("r", after(8*sec, 8), after(9*sec, 9)).Undo(undoes[int](j, "r"))
		e := g.Go("e", after(10*sec, 10))
		g.Go("held", obeys).Undo(undoes[int](j, "held")).Then("never", never1[int](t)).Undo(undoes[int](j, "never"))
		g.Go("f", after(11*sec, 11), asap.Around(func(ctx context.Context, _ string, body body) error { return body(ctx) })).Undo(undoes[int](j, "f"))
		time.Sleep(10*sec + sec/2)
		e.Undo(undoes[int](j, "e"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "11s undo f 11", "11s undo e 10", "11s undo r 9", "11s undo r 8", "11s undo d 7", "11s undo c {6 <nil>}", "11s undo b {}", "11s undo a 4")
		wantIs(t, "e", e.Result().Err, asap.ErrExited)
		wantIs(t, "r", r.Result().Err, asap.ErrExited)
		if v := e.Result().Value; v != 0 {
			t.Errorf("e: %d beside an error", v)
		}
	})
	virtual(t, "out of a call, with calls that have succeeded", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		exit := g.NewExit[int]()
		n := 0
		g.Go("a", func(context.Context) (int, error) {
			if n++; n == 2 {
				return 0, exit.With(1)
			}
			return n, nil
		}, asap.Around(func(ctx context.Context, _ string, body body) error { body(ctx); return body(ctx) })).Undo(undoes[int](j, "a"))
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s undo a 1")
	})
	virtual(t, "Run, when an undo has failed", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			v, err := asap.Run(t.Context(), func(g *asap.Group) func() int {
				exit := g.NewExit[int]()
				g.Go("hit", fails(sec, exit.With(1)))
				g.Go("late", after(2*sec, 2)).Undo(func(context.Context, int) error { return errBoom })
				return func() int { t.Error("the function was called"); return 7 }
			}, options...)
			if v != 0 {
				t.Errorf("Run: %d, want 0 beside the error", v)
			}
			wantText(t, "Run", err, "late: undo: boom")
		}
	})
}
