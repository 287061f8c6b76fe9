package rules_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// slowly is undoes that takes d first.
func slowly[T any](j *journal, name string, d time.Duration) func(context.Context, T) error {
	return func(ctx context.Context, v T) error { time.Sleep(d); return undoes[T](j, name)(ctx, v) }
}

// TestR42_Wait: the group ends with the last undo.
func TestR42_Wait(t *testing.T) {
	build := func(ctx context.Context, j *journal, options ...asap.Option) *asap.Group {
		g := asap.New(ctx, options...)
		g.Go("a", after(sec, 1)).Undo(slowly[int](j, "a", 10*sec))
		g.Go("b", after(2*sec, 2)).Undo(slowly[int](j, "b", 10*sec))
		g.Go("z", fails(3*sec, errBoom))
		return g
	}
	want := []string{"13s undo b 2", "23s undo a 1"}
	for name, wait := range map[string]func(g *asap.Group){
		"Wait": func(g *asap.Group) { g.Wait() },
		"both, and once more": func(g *asap.Group) {
			var all sync.WaitGroup
			all.Go(func() { time.Sleep(5 * sec); g.Stop() })
			all.Go(func() { time.Sleep(6 * sec); g.Wait() })
			g.Wait()
			all.Wait()
		},
		"a worker's, not the caller's": func(g *asap.Group) {
			waits := make(chan struct{})
			go func() { defer close(waits); g.Wait() }()
			<-waits
		},
	} {
		virtual(t, name, func(t *testing.T) {
			before := goroutines()
			j, c := newJournal(), startClock()
			g := build(t.Context(), j)
			wait(g)
			c.at(t, name, 23*sec)
			j.check(t, want...)
			wantGoroutines(t, name, before)
			wantFailed(t, g.Wait(), "z")
		})
	}
	virtual(t, "Stop", func(t *testing.T) {
		j, c := newJournal(), startClock()
		g := build(t.Context(), j)
		time.Sleep(4 * sec) // nothing is sealed until somebody waits
		g.Stop()
		c.at(t, "Stop", 24*sec)
		j.check(t, "14s undo b 2", "24s undo a 1")
	})
	virtual(t, "a parent that ends meanwhile changes nothing", func(t *testing.T) {
		j, c := newJournal(), startClock()
		ctx, cancel := context.WithTimeout(t.Context(), 4*sec)
		defer cancel()
		g := build(ctx, j)
		err := g.Wait()
		c.at(t, "Wait", 23*sec)
		wantFailed(t, err, "z")
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait: %v, though the deadline came after the last task", err)
		}
		j.check(t, want...)
	})
	virtual(t, "nor does Stop, of a group that has succeeded", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1)).Undo(undoes[int](j, "a"))
		g.Race("r", after(sec, 1), after(2*sec, 2)).Undo(slowly[int](j, "r", 10*sec))
		go func() { time.Sleep(5 * sec); g.Stop() }()
		wantNil(t, "Wait", g.Wait())
		j.check(t, "12s undo r 2")
	})
	virtual(t, "the context", func(t *testing.T) {
		type key struct{}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "v"), 2*sec)
		defer cancel()
		g := asap.New(ctx)
		g.Go("a", after(sec, 1)).Undo(func(ctx context.Context, _ int) error {
			time.Sleep(sec)
			if _, has := ctx.Deadline(); has || ctx.Err() != nil || ctx.Done() != nil || context.Cause(ctx) != nil {
				t.Errorf("the undo's context has an end: %v", ctx.Err())
			}
			if ctx.Value(key{}) != "v" {
				t.Errorf("the undo's context has the value %v, want v", ctx.Value(key{}))
			}
			return nil
		})
		g.Go("b", obeys)
		wantIs(t, "Wait", g.Wait(), context.DeadlineExceeded)
	})
	virtual(t, "observers", func(t *testing.T) {
		j := newJournal()
		var o lastEvent
		g := build(t.Context(), j, asap.Observe(&o), asap.Name("order"))
		g.Wait()
		if o.last.Kind != asap.GroupEnd || o.last.At != 23*sec || o.last.Outcome != asap.Failed {
			t.Errorf("the last event is %v, want the group's end at 23s", o.last)
		}
	})
	virtual(t, "observers of undos that fail", func(t *testing.T) {
		var o lastEvent
		g := asap.New(t.Context(), asap.Observe(&o))
		g.Race("r", after(sec, 1), after(2*sec, 2)).Undo(func(context.Context, int) error { return errBoom })
		wantFailed(t, g.Wait(), "r")
		if o.last.Kind != asap.GroupEnd || o.last.Outcome != asap.Failed || !errors.Is(o.last.Err, errBoom) {
			t.Errorf("the last event is %v, want the group's failure", o.last)
		}
	})
	virtual(t, "a context lives until they have run", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Race("r", after(sec, context.Context(nil)), func(ctx context.Context) (context.Context, error) {
			time.Sleep(2 * sec)
			return ctx, nil
		}).Undo(func(ctx context.Context, _ context.Context) error { return nil })
		var tx context.Context
		g.Go("tx", func(ctx context.Context) (int, error) { tx = ctx; ctx.Done(); return 1, nil })
		g.Race("s", after(sec, 1), after(2*sec, 2)).Undo(func(context.Context, int) error { return tx.Err() })
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "after Wait", tx.Err(), context.Canceled)
	})
}

type lastEvent struct {
	mu   sync.Mutex
	last asap.Event
}

func (o *lastEvent) Start(ctx context.Context, e asap.Event) context.Context {
	o.Observe(e)
	return ctx
}
func (o *lastEvent) Observe(e asap.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = e
}

// TestR42_Nested: a group undoes its own, when it ends.
func TestR42_Nested(t *testing.T) {
	// order is a body that makes a group, in which ship fails with err after 2 s.
	order := func(j *journal, err error, options ...asap.Option) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			g := asap.New(ctx, options...)
			g.Go("charge", after(sec, 1)).Undo(slowly[int](j, "charge", sec))
			g.Go("ship", fails(2*sec, err))
			err := g.Wait()
			j.add("order ends")
			return 1, err
		}
	}
	virtual(t, "the inner fails", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Settled())
		g.Go("order", order(j, errBoom)).Undo(undoes[int](j, "order"))
		g.Go("long", after(5*sec, 1)).Undo(undoes[int](j, "long"))
		wantFailed(t, g.Wait(), "order")
		j.check(t, "3s undo charge 1", "3s order ends")
	})
	virtual(t, "the outer fails later", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Go("order", order(j, nil)).Undo(undoes[int](j, "order"))
		g.Go("z", fails(5*sec, errBoom))
		wantFailed(t, g.Wait(), "z")
		j.check(t, "2s order ends", "5s undo order 1")
	})
	virtual(t, "the outer fails before", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		g.Go("early", after(sec/2, 1)).Undo(undoes[int](j, "early"))
		g.Do("order", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("charge", after(sec, 1)).Undo(slowly[int](j, "charge", 5*sec))
			in.Go("ship", obeys)
			err := in.Wait()
			j.add("order ends")
			return err
		}).Undo(undoes[struct{}](j, "order"))
		g.Go("z", fails(3*sec, errBoom))
		wantFailed(t, g.Wait(), "z")
		j.check(t, "8s undo charge 1", "8s order ends", "8s undo early 1")
	})
	virtual(t, "under a limit an undo holds no slot", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("order", order(j, errBoom))
		g.Go("other", func(context.Context) (int, error) { j.add("other"); time.Sleep(5 * sec); return 1, nil })
		g.Wait()
		// ship ends at 3 s, after charge, and gives the slot to other. order goes on when
		// it has been undone, and that has ended the group before other is done.
		j.check(t, "3s other", "4s undo charge 1", "8s order ends")
	})
	virtual(t, "a body goes on first where nothing is undone", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("order", order(j, nil))
		g.Go("other", func(context.Context) (int, error) { j.add("other"); return 1, nil })
		g.Wait()
		j.check(t, "3s order ends", "3s other")
	})
	virtual(t, "an undo makes a group, which takes slots", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		out := g.Go("out", after(0, 5))
		out.Do("order", func(ctx context.Context, _ int) error {
			in := asap.New(ctx)
			in.Go("charge", after(sec, 1)).Undo(func(ctx context.Context, v int) error {
				u := asap.New(ctx)
				u.Go("refund", func(ctx context.Context) (int, error) {
					w, err := out.Await(ctx)
					time.Sleep(sec)
					j.add("refund")
					return v + w, err
				})
				if _, err := out.Await(ctx); err != nil {
					return err
				}
				return u.Wait()
			})
			in.Go("ship", fails(sec, errBoom))
			err := in.Wait()
			j.add("order ends")
			return err
		})
		wantFailed(t, g.Wait(), "order")
		j.check(t, "3s refund", "3s order ends")
	})
	virtual(t, "in a Stop", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("order", func(ctx context.Context) (int, error) {
			in := asap.New(ctx)
			charge := in.Go("charge", after(sec, 1)).Undo(slowly[int](j, "charge", sec))
			in.Go("ship", obeys)
			charge.Await(ctx)
			in.Stop()
			j.add("order ends")
			return 1, nil
		})
		wantNil(t, "Wait", g.Wait())
		j.check(t, "2s undo charge 1", "2s order ends")
	})
	virtual(t, "who comes to wait meanwhile", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		in := make(chan *asap.Group, 1)
		g.Do("order", func(ctx context.Context) error {
			in <- asap.New(ctx)
			n := <-in
			n.Go("charge", after(sec, 1)).Undo(slowly[int](j, "charge", 5*sec))
			n.Go("ship", fails(2*sec, errBoom))
			var both sync.WaitGroup
			both.Go(func() { n.Wait(); j.add("first") })
			both.Go(func() { time.Sleep(5 * sec); n.Wait(); j.add("second"); time.Sleep(sec) })
			asap.Blocking(ctx, func() error { both.Wait(); return nil })
			j.add("order ends")
			return nil
		})
		g.Do("other", func(context.Context) error { j.add("other"); return nil })
		wantNil(t, "Wait", g.Wait())
		slices.Sort(j.lines)
		j.check(t, "3s other", "8s first", "8s second", "8s undo charge 1", "9s order ends")
	})
}

// TestR42_Misuse: an undo is declared before the end of its group.
func TestR42_Misuse(t *testing.T) {
	var zero asap.Task[int]
	var null *asap.Task[int]
	undo := func(context.Context, int) error { return nil }
	late := "asap: Undo of task a after the end of its group; call it where the task is declared, before Wait"
	g := asap.New(t.Context())
	a := g.Go("a", after(0, 1))
	for what, c := range map[string]struct {
		call func()
		want string
	}{
		"nil function": {func() { a.Undo(nil) }, "asap: Undo of task a with a nil function; pass one that undoes it, or leave Undo out"},
		"nil task":     {func() { null.Undo(undo) }, "asap: Undo with a nil Task; make one with Group.Go"},
		"zero task":    {func() { zero.Undo(undo) }, "asap: Undo of a zero Task; make one with Group.Go"},
	} {
		if got := recovered(c.call); got != c.want {
			t.Errorf("%s: panics with %v, want %s", what, got, c.want)
		}
	}
	g.Race("r", after(0, 1), after(0, 2)).Undo(func(context.Context, int) error { a.Undo(undo); return nil })
	if p, _ := recovered(func() { g.Wait() }).(*asap.PanicError); p != nil && p.Value != late {
		t.Errorf("in an undo: %v, want %s", p, late)
	}
	if got := recovered(func() { a.Undo(undo) }); got != late {
		t.Errorf("after Wait: panics with %v, want %s", got, late)
	}
	virtual(t, "in an undo", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Go("a", after(sec, 1))
		a.Undo(func(context.Context, int) error { a.Undo(undo); return nil })
		g.Go("z", fails(2*sec, errBoom))
		p, ok := waited(g).panicked.(*asap.PanicError)
		if !ok || p.Value != late {
			t.Errorf("Wait panics with %v, want %s", p, late)
		}
	})
	virtual(t, "in a body, and of a task that has ended", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context())
		a, b := g.Go("a", after(sec, 1)), g.Go("b", fails(sec, errBoom), asap.Around(func(ctx context.Context, _ string, body body) error {
			time.Sleep(2 * sec)
			return body(ctx)
		}))
		g.Go("z", func(context.Context) (int, error) {
			time.Sleep(5 * sec)
			a.Undo(undoes[int](j, "a"))
			b.Undo(undoes[int](j, "b"))
			return 0, errBoom
		})
		g.Wait()
		j.check(t, "5s undo a 1")
	})
}

// TestR42_Flows: a flow in this process undoes like any group, and so does one on another
// engine, by calls.
func TestR42_Flows(t *testing.T) {
	j := newJournal()
	build := func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		charge := in.Then("charge", func(context.Context, int) (int, error) { return 7, nil }).Undo(func(_ context.Context, v int) error {
			j.lines = append(j.lines, "undo charge")
			return nil
		})
		return charge.Then("ship", func(context.Context, int) (int, error) { return 0, errBoom })
	}
	f := flow.Define("order", build)
	_, err := f.Run(t.Context(), 1)
	wantFailed(t, err, "ship")
	j.check(t, "undo charge")
	graph, err := f.Graph()
	wantNil(t, "Graph", err)
	if len(graph.Tasks) != 3 {
		t.Errorf("Graph: %d tasks, want 3", len(graph.Tasks))
	}
	_, err = f.With(flow.On(&engine{})).Run(t.Context(), 1)
	wantFailed(t, err, "ship")
	j.check(t, "undo charge", "undo charge")
}

// TestR42_Memory: what an undo needs is kept until the group ends, and no longer.
func TestR42_Memory(t *testing.T) {
	for name, undo := range map[string]bool{"with an Undo": true, "without": false} {
		virtual(t, name, func(t *testing.T) {
			var k tracker
			g := asap.New(t.Context())
			v := k.new("the undo's function")
			race := g.Race("race", after(sec, new(big)), k.value("loser", 2*sec))
			first := true
			call := g.Go("call", func(ctx context.Context) (*big, error) {
				if first {
					first = false
					return new(big), nil
				}
				return k.new("the second value"), nil
			}, asap.Around(func(ctx context.Context, _ string, body body) error { body(ctx); return body(ctx) }))
			declined := g.Go("declined", fails(sec, errBoom), asap.MayFail())
			if undo {
				drop := func(context.Context, *big) error { runtime.KeepAlive(v); return nil }
				race.Undo(drop)
				call.Undo(drop)
				declined.Undo(func(context.Context, int) error { runtime.KeepAlive(v); return nil })
			}
			v = nil
			g.Wait()
			synctest.Wait()
			k.check(t)
			runtime.KeepAlive(race)
			runtime.KeepAlive(call)
			runtime.KeepAlive(declined)
		})
	}
	virtual(t, "a group that lives for ever", func(t *testing.T) {
		var lost []weak.Pointer[big]
		g := asap.New(t.Context(), asap.Settled())
		g.Go("lives", obeys)
		for range 200 {
			loser := func(context.Context) (*big, error) {
				time.Sleep(2 * ms)
				v := new(big)
				lost = append(lost, weak.Make(v))
				return v, nil
			}
			g.Race("race", after(ms, new(big)), loser)
			g.Go("fails", fails(ms, errBoom)).Undo(func(context.Context, int) error { return nil })
			time.Sleep(5 * ms)
			synctest.Wait()
		}
		left := 0
		for _, p := range lost {
			if !collected(p) {
				left++
			}
		}
		if left > 2 {
			t.Errorf("%d of %d lost values are kept, though nobody can undo them any more", left, len(lost))
		}
		g.Stop()
	})
	virtual(t, "the task around a nested group", func(t *testing.T) {
		var k tracker
		g := asap.New(t.Context())
		var kept context.Context
		g.Go("order", func(ctx context.Context) (*big, error) {
			in := asap.New(ctx)
			in.Go("charge", after(sec, 1)).Undo(func(ctx context.Context, _ int) error { kept = ctx; return nil })
			in.Go("ship", fails(2*sec, errBoom))
			in.Wait()
			return k.new("the value of order"), nil
		})
		wantNil(t, "Wait", g.Wait())
		g = nil
		k.check(t)
		runtime.KeepAlive(kept)
	})
}

// TestR42_AtTheEnd: an undo that comes at any time is refused or runs, once, before Wait
// returns. In real time, as they race with who seals the group.
func TestR42_AtTheEnd(t *testing.T) {
	for i := range 3000 {
		outer := asap.New(t.Context(), asap.Limit(2))
		var accepted, ran, early atomic.Int32
		outer.Do("order", func(ctx context.Context) error {
			g := asap.New(ctx)
			a := g.Go("a", after(0, 1))
			race := g.Race("race", after(0, 1), after(0, 2))
			g.Go("z", func(context.Context) (int, error) { return 0, errBoom })
			var all sync.WaitGroup
			undo := func(context.Context, int) error { ran.Add(1); return nil }
			for k := range 3 {
				all.Go(func() {
					for range (i + k) % 7 {
						runtime.Gosched()
					}
					if recovered(func() { a.Undo(undo) }) == nil && a.Name() == "a" {
						accepted.Add(1)
					}
				})
			}
			all.Go(func() { recovered(func() { race.Undo(func(context.Context, int) error { early.Add(1); return nil }) }) })
			all.Go(func() { g.Wait() })
			g.Wait()
			before := ran.Load()
			all.Wait()
			if ran.Load() != before {
				t.Error("an undo ran after Wait had returned")
			}
			want := accepted.Load()
			if a.Err() != nil { // skipped, for z was faster
				want = 0
			}
			if before != want {
				t.Errorf("%d undos ran, %d were accepted", before, want)
			}
			if early.Load() > 2 {
				t.Errorf("%d undos of a Race of two", early.Load())
			}
			return nil
		})
		if err := outer.Wait(); err != nil || t.Failed() {
			t.Fatal(err)
		}
	}
}
