package rules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// wait waits for the groups and fails the test if one has failed.
func waitAll(t *testing.T, groups ...*asap.Group) {
	t.Helper()
	for i, g := range groups {
		if err := g.Wait(); err != nil {
			t.Errorf("group %d: %v", i, err)
		}
	}
}

func TestF16_SharedLimit(t *testing.T) {
	virtual(t, "ten requests", func(t *testing.T) {
		c := startClock()
		var m meter
		db := asap.SharedLimit(4)
		var groups []*asap.Group
		for range 10 {
			g := asap.New(t.Context(), db)
			for range 4 {
				g.Go("query", m.body(sec))
			}
			groups = append(groups, g)
		}
		waitAll(t, groups...)
		m.check(t, 4)
		c.at(t, "40 queries, 4 at once", 10*sec)
	})
}

func TestR40_EveryKindOfBody(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		virtual(t, fmt.Sprint("limit ", n), func(t *testing.T) {
			c := startClock()
			var m meter
			db := asap.SharedLimit(n)
			do := m.body(sec)
			do1 := func(ctx context.Context, _ int) (int, error) { return do(ctx) }
			a, b := asap.New(t.Context(), db), asap.New(t.Context(), asap.Limit(100))
			first := a.Go("first", do)
			first.Then("then", do1)
			a.Optional("optional", do)
			a.Race("race", do, do)
			a.Map("map", a.Input("in", []int{1, 2, 3, 4}), do1)
			b.Go("own", do, db)
			b.Map("map", b.Input("in", []int{1, 2, 3}), do1, db, asap.Limit(2))
			b.MapOptional("maybe", b.Input("in", []int{1, 2, 3}), do1, db)
			b.Input("x", 1).Then("then", do1, db)
			waitAll(t, a, b)
			m.check(t, n)
			if n == 1 {
				c.at(t, "all, the race's second never begins", 16*sec)
			}
		})
	}
}

func TestR40_WhichOne(t *testing.T) {
	nested := func(m *meter, options ...asap.Option) func(context.Context) error {
		return func(ctx context.Context) error {
			g := asap.New(ctx, options...)
			for range 4 {
				g.Go("inner", m.body(sec))
			}
			return g.Wait()
		}
	}
	a, b := func() asap.Option { return asap.SharedLimit(1) }, asap.SharedLimit(2)
	for name, test := range map[string]struct {
		group  []asap.Option
		task   []asap.TaskOption
		nested []asap.Option
		want   int
	}{
		"the group's":                    {[]asap.Option{a()}, nil, nil, 1},
		"the task's, not the group's":    {[]asap.Option{a()}, []asap.TaskOption{b}, nil, 2},
		"the task's alone":               {nil, []asap.TaskOption{b}, nil, 2},
		"the nested group's":             {[]asap.Option{a()}, nil, []asap.Option{b}, 2},
		"with an own limit in between":   {[]asap.Option{a()}, nil, []asap.Option{asap.Limit(3)}, 1},
		"with an own limit that is less": {[]asap.Option{asap.Limit(1)}, nil, []asap.Option{b}, 1},
		"the last that is given":         {[]asap.Option{a(), b}, nil, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			// A limit is used in one bubble after the other: it keeps nothing of them.
			synctest.Test(t, func(t *testing.T) {
				var m meter
				g := asap.New(t.Context(), test.group...)
				g.Do("outer", nested(&m, test.nested...), test.task...)
				waitAll(t, g)
				m.check(t, test.want)
			})
		})
	}
}

func TestR40_HoldsNoOwnSlotMeanwhile(t *testing.T) {
	virtual(t, "another task of the group runs", func(t *testing.T) {
		j := newJournal()
		db := asap.SharedLimit(1)
		other := asap.New(t.Context(), db)
		other.Go("other", j.span("other", 3*sec))
		synctest.Wait()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("query", j.span("query", sec), db)
		g.Go("compute", j.span("compute", sec))
		waitAll(t, g, other)
		j.check(t, "0s other starts", "0s compute starts", "1s compute ends", "3s other ends", "3s query starts", "4s query ends")
	})
	virtual(t, "after its own slot is taken the shared one goes on", func(t *testing.T) {
		// When the shared slot is free, the first in its queue has no own one.
		j := newJournal()
		db := asap.SharedLimit(1)
		hold := asap.New(t.Context(), db)
		hold.Go("hold", after(1*sec, 1))
		synctest.Wait()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("query", j.span("query", sec), db)
		g.Go("compute", j.span("compute", 5*sec))
		other := asap.New(t.Context(), db)
		other.Go("other", j.span("other", 2*sec))
		waitAll(t, g, hold, other)
		j.check(t, "0s compute starts", "1s other starts", "3s other ends", "5s compute ends", "5s query starts", "6s query ends")
	})
	for _, levels := range []int{1, 2, 3} {
		virtual(t, fmt.Sprint("no slot is idle, own limits at level ", levels), func(t *testing.T) {
			// A group of Limit(1) has a hundred bodies first in the queue: it uses
			// one of the two slots, and the other group the other.
			c := startClock()
			db := asap.SharedLimit(2)
			var m, own, all meter
			body := func(m *meter) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					all.enter()
					defer all.leave()
					return m.body(sec)(ctx)
				}
			}
			var declare func(ctx context.Context, level int) error
			declare = func(ctx context.Context, level int) error {
				var options []asap.Option
				if level == 1 {
					options = append(options, asap.Limit(1))
				} else {
					options = append(options, asap.Limit(7))
				}
				g := asap.New(ctx, options...)
				if level == levels {
					for range 100 {
						g.Go("q", body(&own), db)
					}
				} else {
					g.Do("nested", func(ctx context.Context) error { return declare(ctx, level+1) })
				}
				return g.Wait()
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := declare(t.Context(), 1); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
			g := asap.New(t.Context(), db)
			for range 100 {
				g.Go("q", body(&m))
			}
			waitAll(t, g)
			wg.Wait()
			own.check(t, 1)
			all.check(t, 2)
			c.at(t, "200 bodies, two at a time", 100*sec)
		})
	}
}

func TestR40_GivenBackWithTheOthers(t *testing.T) {
	virtual(t, "await, nested group, both limits 1", func(t *testing.T) {
		c := startClock()
		var m meter
		db := asap.SharedLimit(1)
		var groups []*asap.Group
		for range 5 {
			g := asap.New(t.Context(), asap.Limit(1), db)
			gate := g.Go("gate", m.body(sec))
			g.Do("waits", func(ctx context.Context) error {
				m.enter()
				defer m.leave()
				var err error
				m.outside(func() { _, err = gate.Await(ctx) })
				if err != nil {
					return err
				}
				inner := asap.New(ctx, asap.Limit(1))
				a := inner.Go("a", m.body(sec))
				inner.Do("b", func(ctx context.Context) error {
					m.enter()
					defer m.leave()
					m.outside(func() { _, err = a.Await(ctx) })
					return err
				})
				m.outside(func() { err = inner.Wait() })
				return err
			})
			groups = append(groups, g)
		}
		waitAll(t, groups...)
		m.check(t, 1)
		c.at(t, "two bodies of a second each, five times", 10*sec)
	})
}

func TestR40_Order(t *testing.T) {
	virtual(t, "as they became ready, across groups", func(t *testing.T) {
		db := asap.SharedLimit(1)
		var mu sync.Mutex
		var got []string
		body := func(name string) func(context.Context) (int, error) {
			return func(context.Context) (int, error) {
				mu.Lock()
				got = append(got, name)
				mu.Unlock()
				time.Sleep(ms)
				return 1, nil
			}
		}
		groups := []*asap.Group{asap.New(t.Context(), db), asap.New(t.Context(), asap.Limit(1), db), asap.New(t.Context(), asap.Limit(2))}
		var want []string
		for i := range 4 {
			for k, g := range groups {
				name := fmt.Sprintf("%d.%d", i, k)
				want = append(want, name)
				if k == 2 {
					g.Go(name, body(name), db)
				} else {
					g.Go(name, body(name))
				}
			}
		}
		waitAll(t, groups...)
		if !slices.Equal(got, want) {
			t.Errorf("order:\n\t%v\nwant:\n\t%v", got, want)
		}
	})
	virtual(t, "finish what has begun, across groups", func(t *testing.T) {
		// Each request makes a group in a body and then waits for a task of its own:
		// the next begins when nothing of the ones before is ready.
		j := newJournal()
		db := asap.SharedLimit(1)
		var groups []*asap.Group
		for _, name := range []string{"a", "b", "c"} {
			g := asap.New(t.Context(), db)
			g.Do(name, func(ctx context.Context) error {
				j.add(name + " begins")
				in := asap.New(ctx)
				x := in.Go("x", after(sec, 1))
				in.Do("y", func(ctx context.Context) error { _, err := x.Await(ctx); return err })
				err := in.Wait()
				j.add(name + " ends")
				return err
			})
			groups = append(groups, g)
		}
		waitAll(t, groups...)
		j.check(t, "0s a begins", "1s a ends", "1s b begins", "2s b ends", "2s c begins", "3s c ends")
	})
	virtual(t, "what a body awaits comes first, through tasks without a limit", func(t *testing.T) {
		j := newJournal()
		db := asap.SharedLimit(1)
		one := asap.New(t.Context(), db)
		one.Go("hold", after(sec, 1))
		synctest.Wait()
		one.Go("early", j.span("early", sec))
		g := asap.New(t.Context())
		query := g.Go("query", j.span("query", sec), db)
		free := query.Then("free", func(_ context.Context, s string) (string, error) { return s, nil })
		synctest.Wait()
		g.Go("waits", func(ctx context.Context) (string, error) { return free.Await(ctx) })
		waitAll(t, g, one)
		j.check(t, "1s query starts", "2s query ends", "2s early starts", "3s early ends")
	})
	virtual(t, "who goes on comes first, by its end before by its declaration", func(t *testing.T) {
		j := newJournal()
		db := asap.SharedLimit(1)
		a, b := asap.New(t.Context(), db), asap.New(t.Context(), db)
		gate := asap.New(t.Context()).Go("gate", after(sec+sec/2, "gate"))
		a.Do("goes on", func(ctx context.Context) error {
			j.add("goes on begins")
			_, err := gate.Await(ctx)
			j.add("goes on")
			return err
		})
		synctest.Wait()
		first := b.Go("first", j.span("first", 2*sec))
		first.Then("by end", j.span1("by end", sec))
		b.Go("declared", j.span("declared", sec))
		waitAll(t, a, b)
		if err := engineWait(gate); err != nil {
			t.Error(err)
		}
		j.check(t, "0s goes on begins", "0s first starts", "2s first ends", "2s goes on", "2s by end starts", "3s by end ends", "3s declared starts", "4s declared ends")
	})
	virtual(t, "in the own limit's queue too", func(t *testing.T) {
		// All four of the group wait for its slot; two of them need a shared one as well.
		j := newJournal()
		db := asap.SharedLimit(1)
		g := asap.New(t.Context(), asap.Limit(1))
		g.Go("hold", after(sec, 1))
		g.Go("a", j.span("a", sec), db)
		g.Go("b", j.span("b", sec))
		g.Go("c", j.span("c", sec), db)
		g.Go("d", j.span("d", sec))
		waitAll(t, g)
		j.check(t, "1s a starts", "2s a ends", "2s b starts", "3s b ends", "3s c starts", "4s c ends", "4s d starts", "5s d ends")
	})
}

// TestR40_OrderUnderNestedLimits: who waits with a shared limit for a slot of an outer
// limit comes before who came later at the inner one, which had a slot when it began to
// wait (R21, R40).
func TestR40_OrderUnderNestedLimits(t *testing.T) {
	for name, test := range map[string]struct {
		levels int // of limits between the two
		ends   bool
	}{
		"the body waits":               {},
		"the body waits, three limits": {levels: 1},
		"the body waits, four limits":  {levels: 2},
		"the body ends":                {ends: true},
	} {
		virtual(t, name, func(t *testing.T) {
			j := newJournal()
			db := asap.SharedLimit(2)
			g := asap.New(t.Context(), asap.Limit(1))
			made := make(chan struct{})
			var shared, own *asap.Group
			body := func(ctx context.Context) error {
				shared, own = asap.New(ctx, db), asap.New(ctx)
				shared.Go("first", j.span("first", sec)) // finds a slot of the inner limit, and waits for the outer one
				own.Go("second", j.span("second", sec))  // takes that slot, and waits for the outer one
				own.Go("third", j.span("third", sec))    // waits for the inner one
				close(made)
				if test.ends {
					return nil
				}
				return errors.Join(own.Wait(), shared.Wait())
			}
			for range test.levels {
				in := body
				body = func(ctx context.Context) error {
					g := asap.New(ctx, asap.Limit(2))
					g.Do("between", in)
					return g.Wait()
				}
			}
			g.Map("map", g.Input("in", []int{1}), func(ctx context.Context, _ int) (int, error) { return 1, body(ctx) }, asap.Limit(2))
			<-made
			time.Sleep(time.Minute)
			waitAll(t, shared, own, g)
			j.check(t, "0s first starts", "1s first ends", "1s second starts", "2s second ends", "2s third starts", "3s third ends")
		})
	}
}

// engineWait waits for a task that nobody else waits for.
func engineWait[T any](task *asap.Task[T]) error {
	_, err := task.Await(context.Background())
	return err
}

func TestR40_Cancel(t *testing.T) {
	virtual(t, "queued bodies are skipped, woken ones go on bare", func(t *testing.T) {
		c := startClock()
		db := asap.SharedLimit(1)
		hold := asap.New(t.Context(), db)
		gate := asap.New(t.Context()).Go("gate", after(sec, 1))
		ctx, cancel := context.WithCancel(t.Context())
		g := asap.New(ctx, db, asap.Limit(1))
		var woken bool
		g.Do("woken", func(ctx context.Context) error {
			_, err := gate.Await(ctx) // ends while another holds the slot
			woken = err == nil
			c.at(t, "goes on", 2*sec)
			inner := asap.New(ctx)
			inner.Go("inner", never(t))
			inner.Wait()
			return context.Cause(ctx)
		})
		synctest.Wait()
		hold.Go("hold", after(5*sec, 1))
		synctest.Wait()
		queued := g.Go("queued", never(t))
		time.AfterFunc(2*sec, cancel)
		wantIs(t, "Wait", g.Wait(), context.Canceled)
		c.at(t, "canceled", 2*sec)
		if !woken {
			t.Error("the body did not go on")
		}
		wantIs(t, "queued", queued.Err(), asap.ErrSkipped)
		waitAll(t, hold)
		c.at(t, "the other", 5*sec)
	})
	virtual(t, "the slots of the canceled go to others", func(t *testing.T) {
		c := startClock()
		db := asap.SharedLimit(2)
		for i := range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			g := asap.New(ctx, db, asap.Limit(3))
			for range 6 {
				g.Go("obeys", obeys)
			}
			if i%2 == 0 {
				synctest.Wait()
			}
			cancel()
			g.Stop()
		}
		g := asap.New(t.Context(), db)
		g.Go("a", after(sec, 1))
		g.Go("b", after(sec, 1))
		waitAll(t, g)
		c.at(t, "both at once", sec)
	})
	virtual(t, "losers of a race leave", func(t *testing.T) {
		c := startClock()
		db := asap.SharedLimit(1)
		g := asap.New(t.Context(), db)
		won := g.Race("race", after(sec, 1), never(t), never(t))
		g.Go("next", after(sec, 1))
		waitAll(t, g)
		if won.Value() != 1 {
			t.Errorf("won %d, want 1", won.Value())
		}
		c.at(t, "all", 2*sec)
	})
}

func TestR40_KeepsNothing(t *testing.T) {
	db := asap.SharedLimit(1)
	release := make(chan struct{})
	hold := asap.New(context.Background(), db)
	started := make(chan struct{})
	hold.Do("hold", func(context.Context) error { close(started); <-release; return nil })
	<-started
	stay := asap.New(context.Background(), db)
	stay.Go("stays", after(0, 1))
	type big struct{ bytes [1 << 16]byte }
	var gone [3]chan struct{}
	for i := range gone {
		gone[i] = make(chan struct{})
		func() {
			b := new(big)
			runtime.AddCleanup(b, func(c chan struct{}) { close(c) }, gone[i])
			ctx, cancel := context.WithCancel(context.WithValue(context.Background(), new(int), b))
			defer cancel()
			g := asap.New(ctx, db, asap.Limit(i+1))
			for range 3 {
				g.Do("queued", func(context.Context) error { b.bytes[0]++; return nil })
			}
			in := asap.New(ctx)
			in.Do("one", func(context.Context) error { b.bytes[0]++; return nil }, db)
			cancel()
			g.Stop()
			in.Stop()
		}()
	}
	for i, c := range gone {
		collected := false
		for range 100 {
			runtime.GC()
			select {
			case <-c:
				collected = true
			case <-time.After(10 * time.Millisecond):
				continue
			}
			break
		}
		if !collected {
			t.Errorf("group %d was not collected while the limit lives", i)
		}
	}
	close(release)
	waitAll(t, hold, stay)
	runtime.KeepAlive(db)
}

func TestR40_OtherBubble(t *testing.T) {
	const says = "would wait for a SharedLimit of which bodies of another synctest bubble hold the slots; make it with SharedLimit in the bubble"
	wantPanic := func(t *testing.T, what, task string, wait func() error) {
		t.Helper()
		p, _ := recovered(func() { t.Errorf("%s: Wait returned %v", what, wait()) }).(*asap.PanicError)
		if p == nil || p.Task != task || !strings.Contains(fmt.Sprint(p.Value), "asap: task "+task+" "+says) {
			t.Errorf("%s: got %v, want a panic of %s that says: %s", what, p, task, says)
		}
	}
	t.Run("outside holds", func(t *testing.T) {
		db := asap.SharedLimit(1)
		release, held := make(chan struct{}), make(chan struct{})
		g := asap.New(context.Background(), db)
		g.Do("hold", func(context.Context) error { close(held); <-release; return nil })
		<-held
		synctest.Test(t, func(t *testing.T) {
			g := asap.New(t.Context(), db)
			g.Go("queries", never(t))
			wantPanic(t, "in a bubble", "queries", g.Wait)
		})
		close(release)
		waitAll(t, g)
		synctest.Test(t, func(t *testing.T) { // nobody holds it any more
			g := asap.New(t.Context(), db)
			g.Go("a", after(sec, 1))
			g.Go("b", after(sec, 1))
			waitAll(t, g)
		})
	})
	t.Run("a bubble holds", func(t *testing.T) {
		db := asap.SharedLimit(1)
		synctest.Test(t, func(t *testing.T) {
			g := asap.New(t.Context(), db)
			g.Go("hold", func(context.Context) (int, error) {
				return 1, nil
			})
			waitAll(t, g)
		})
		in, out := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			synctest.Test(t, func(t *testing.T) {
				g := asap.New(t.Context(), db)
				g.Go("hold", func(context.Context) (int, error) {
					close(in)
					<-out
					return 1, nil
				})
				waitAll(t, g)
			})
		})
		<-in
		g := asap.New(context.Background(), db)
		g.Go("queries", never(t))
		wantPanic(t, "outside", "queries", g.Wait)
		synctest.Test(t, func(t *testing.T) {
			g := asap.New(t.Context(), db)
			g.Go("queries", never(t))
			wantPanic(t, "in another bubble", "queries", g.Wait)
		})
		close(out)
		wg.Wait()
	})
	t.Run("a body that goes on", func(t *testing.T) {
		db := asap.SharedLimit(1)
		var hold *asap.Group
		release := make(chan struct{})
		for _, nested := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				g := asap.New(t.Context(), db)
				gate := asap.New(t.Context()).Go("gate", after(sec, 1))
				start, held := make(chan struct{}), make(chan struct{})
				_ = start
				g.Do("goes on", func(ctx context.Context) error {
					if nested {
						in := asap.New(ctx, asap.SharedLimit(1))
						in.Go("in", gate.Await)
						in.Wait()
					} else {
						gate.Await(ctx)
					}
					t.Error("the body went on")
					return nil
				})
				synctest.Wait()
				_ = held
				hold = holdOutside(db, release)
				wantPanic(t, "in a bubble", "goes on", g.Wait)
				engineWait(gate)
			})
			release <- struct{}{}
			waitAll(t, hold)
		}
	})
}

// outside runs functions on a goroutine that is in no bubble.
var outside = func() chan func() {
	c := make(chan func())
	go func() {
		for f := range c {
			f()
		}
	}()
	return c
}()

// holdOutside has a body outside of any bubble hold a slot until release.
func holdOutside(db asap.Option, release chan struct{}) (g *asap.Group) {
	var held sync.Mutex // no channel: it would be of the bubble
	held.Lock()
	outside <- func() {
		g = asap.New(context.Background(), db)
		g.Do("hold", func(context.Context) error { held.Unlock(); <-release; return nil })
	}
	held.Lock()
	return g
}

func TestR40_Misuse(t *testing.T) {
	for _, n := range []int{0, -1} {
		want := fmt.Sprintf("asap: SharedLimit(%d); pass at least 1, or leave SharedLimit out", n)
		if got := recovered(func() { asap.SharedLimit(n) }); got != want {
			t.Errorf("SharedLimit(%d) panicked with %v, want %q", n, got, want)
		}
	}
}

func TestR40_Elsewhere(t *testing.T) {
	db := asap.SharedLimit(1)
	want := "asap: SharedLimit in a group with On: its bodies run on another engine; give the workers there a limit"
	if got := recovered(func() { asap.New(t.Context(), db, flow.On(atOnce{})) }); got != want {
		t.Errorf("New panicked with %v, want %q", got, want)
	}
	g := asap.New(t.Context(), flow.On(atOnce{}))
	want = "asap: task query with SharedLimit, whose body runs on another engine; give the workers there a limit"
	if got := recovered(func() { g.Go("query", after(0, 1), db) }); got != want {
		t.Errorf("Go panicked with %v, want %q", got, want)
	}
	waitAll(t, g)
	f := flow.Define("flow", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("query", func(_ context.Context, i int) (int, error) { return i + 1, nil }, db)
	}, db)
	if _, err := f.Graph(); err != nil {
		t.Errorf("Graph: %v", err)
	}
	if v, err := f.Run(t.Context(), 1); v != 2 || err != nil {
		t.Errorf("Run here: %d, %v, want 2, nil", v, err)
	}
}

func TestR40_WithOtherOptions(t *testing.T) {
	virtual(t, "Within ends who waits for a slot", func(t *testing.T) {
		c := startClock()
		db := asap.SharedLimit(1)
		hold := asap.New(t.Context(), db)
		hold.Go("hold", after(3*sec, 1))
		g := asap.New(t.Context(), db)
		ads := g.Optional("ads", never(t), asap.Within(sec))
		ads.Do("page", func(_ context.Context, r asap.Result[int]) error {
			wantIs(t, "ads", r.Err, context.DeadlineExceeded)
			c.at(t, "page", 3*sec) // at once, but for the slot
			return nil
		})
		waitAll(t, g, hold)
	})
	virtual(t, "Timeout begins with the slot", func(t *testing.T) {
		db := asap.SharedLimit(1)
		hold := asap.New(t.Context(), db)
		hold.Go("hold", after(3*sec, 1))
		g := asap.New(t.Context())
		c := startClock()
		quote := g.Optional("quote", func(ctx context.Context) (int, error) {
			c.at(t, "begins", 3*sec)
			<-ctx.Done()
			return 0, ctx.Err()
		}, asap.Timeout(sec), db)
		waitAll(t, g, hold)
		c.at(t, "ends", 4*sec)
		wantIs(t, "quote", quote.Value().Err, context.DeadlineExceeded)
	})
	virtual(t, "Blocking gives the slot back, Around keeps it", func(t *testing.T) {
		c := startClock()
		db := asap.SharedLimit(1)
		var m meter
		retry := asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
			m.enter()
			defer m.leave()
			for range 2 {
				if err := body(ctx); err != nil {
					return err
				}
				m.outside(func() {
					asap.Blocking(ctx, func() error { time.Sleep(sec / 2); return nil })
				})
			}
			return nil
		})
		var groups []*asap.Group
		for range 3 {
			g := asap.New(t.Context(), db)
			g.Go("task", after(sec, 1), retry)
			groups = append(groups, g)
		}
		waitAll(t, groups...)
		m.check(t, 1)
		c.at(t, "six seconds of bodies, and two pauses of the last", 7*sec)
	})
}

// TestR40_InRealTime has many requests with a limit that they share, and one of their
// own; some are canceled. It is for the race detector, and for slots that are lost.
func TestR40_InRealTime(t *testing.T) {
	db, api := asap.SharedLimit(3), asap.SharedLimit(2)
	var atDB, atAPI meter
	work := func(m *meter) {
		m.enter()
		defer m.leave()
		for range 20 {
			runtime.Gosched()
		}
	}
	var requests sync.WaitGroup
	n := 300
	if testing.Short() {
		n = 60
	}
	for i := range n {
		requests.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			options := []asap.Option{db}
			if i%2 == 0 {
				options = append(options, asap.Limit(1+i%3))
			}
			g := asap.New(ctx, options...)
			a := g.Go("a", func(context.Context) (int, error) { work(&atDB); return 1, nil })
			g.Do("b", func(ctx context.Context) error {
				_, err := a.Await(ctx)
				if err != nil {
					return err
				}
				work(&atDB)
				in := asap.New(ctx, asap.Limit(2))
				for range 3 {
					in.Do("c", func(context.Context) error { work(&atDB); return nil })
					in.Do("d", func(context.Context) error { work(&atAPI); return nil }, api)
				}
				return in.Wait()
			})
			g.Map("map", g.Input("in", []int{1, 2, 3}), func(context.Context, int) (int, error) { work(&atAPI); return 1, nil }, api, asap.Limit(2))
			if i%5 == 4 {
				cancel()
				g.Stop()
			} else if err := g.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	requests.Wait()
	for what, m := range map[string]struct {
		*meter
		most int32
	}{"db": {&atDB, 3}, "api": {&atAPI, 2}} {
		// After a cancel who was woken goes on bare: only then there may be more.
		if got := m.peak.Load(); got > m.most+int32(n/5) {
			t.Errorf("%s: %d bodies at once, want at most %d", what, got, m.most)
		}
	}
	c := make(chan struct{})
	g := asap.New(context.Background(), db)
	var all sync.WaitGroup
	all.Add(3)
	for range 3 { // no slot is lost: three run at once
		g.Do("at once", func(context.Context) error { all.Done(); <-c; return nil })
	}
	all.Wait()
	close(c)
	waitAll(t, g)
}
