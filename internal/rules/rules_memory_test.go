package rules_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// big is a value whose memory is watched.
type big struct{ _ [128]byte }

// tracker knows what should be garbage.
type tracker struct {
	names []string
	made  []weak.Pointer[big]
}

func (k *tracker) new(name string) *big {
	b := new(big)
	k.names = append(k.names, name)
	k.made = append(k.made, weak.Make(b))
	return b
}

func (k *tracker) check(t *testing.T) {
	t.Helper()
	for i, p := range k.made {
		if !collected(p) {
			t.Errorf("%s is kept alive", k.names[i])
		}
	}
}

// value is a body that holds a big thing and returns another.
func (k *tracker) value(name string, d time.Duration) func(context.Context) (*big, error) {
	v, held := k.new("the value of "+name), k.new("the function of "+name)
	return func(context.Context) (*big, error) {
		time.Sleep(d)
		runtime.KeepAlive(held)
		out := v
		v = nil
		return out, nil
	}
}

// TestR20_FinishedTasks keeps one task of a group and watches all the others.
func TestR20_FinishedTasks(t *testing.T) {
	type task = *asap.Task[int]
	rows := map[string]func(k *tracker, g *asap.Group) (keep any){
		"Go": func(k *tracker, g *asap.Group) any {
			g.Go("a", k.value("a", sec))
			return g.Go("keep", after(sec, 1))
		},
		"its own function": func(k *tracker, g *asap.Group) any {
			held := k.new("the function")
			return g.Go("keep", func(context.Context) (int, error) { runtime.KeepAlive(held); return 1, nil })
		},
		"Then": func(k *tracker, g *asap.Group) any {
			held := k.new("the function of Then")
			return g.Go("a", k.value("a", sec)).Then("b", func(context.Context, *big) (int, error) { runtime.KeepAlive(held); return 1, nil })
		},
		"Do and Optional": func(k *tracker, g *asap.Group) any {
			a := g.Optional("a", k.value("a", sec))
			b := a.Optional("b", func(context.Context, asap.Result[*big]) (int, error) { return 1, errBoom })
			return b.Do("c", func(context.Context, asap.Result[int]) error { return nil })
		},
		"And": func(k *tracker, g *asap.Group) any {
			a, b := g.Go("a", k.value("a", sec)), g.Go("b", k.value("b", 2*sec))
			return a.And(b).And(a).Then("c", func(_ context.Context, _, _, _ *big) (int, error) { return 1, nil }, asap.Needs(b), asap.After(a)).
				And(a.And(b).Optional("d", func(_ context.Context, _, _ *big) (int, error) { return 1, nil })).
				Do("e", func(context.Context, int, asap.Result[int]) error { return nil })
		},
		"skipped": func(k *tracker, g *asap.Group) any {
			a, b := g.Go("a", k.value("a", sec)), g.Go("b", fails(0, errBoom))
			held := k.new("the function")
			return a.And(b).Then("keep", func(context.Context, *big, int) (int, error) { runtime.KeepAlive(held); return 1, nil })
		},
		"Gather": func(k *tracker, g *asap.Group) any {
			all := g.Gather("all", g.Go("a", k.value("a", sec)), g.Go("b", k.value("b", 2*sec)))
			return all.Then("keep", func(context.Context, []*big) (int, error) { return 1, nil })
		},
		"Map": func(k *tracker, g *asap.Group) any {
			in := g.Input("in", []*big{k.new("element 0"), k.new("element 1")})
			held := k.new("the function")
			return g.Map("map", in, func(context.Context, *big) (int, error) { runtime.KeepAlive(held); return 1, nil })
		},
		"Map that fails": func(k *tracker, g *asap.Group) any {
			in := g.Input("in", []int{0, 1, 2})
			values := []*big{k.new("value 0"), k.new("value 1"), k.new("value 2")}
			return g.Map("map", in, func(_ context.Context, i int) (*big, error) {
				if i == 1 {
					time.Sleep(sec)
					return nil, errBoom
				}
				v := values[i]
				return v, nil
			}, asap.Limit(2))
		},
		"Race": func(k *tracker, g *asap.Group) any {
			return g.Race("race", after(sec, new(big)), k.value("loser", 2*sec), k.value("loser", 3*sec))
		},
		"Race that fails": func(k *tracker, g *asap.Group) any {
			held := k.new("the function")
			fn := func(context.Context) (int, error) { runtime.KeepAlive(held); return 1, errBoom }
			return g.Race("race", fn, fn)
		},
		"Race in a group that has ended": func(k *tracker, g *asap.Group) any {
			exit := g.NewExit[int]()
			g.Do("exit", func(context.Context) error { return exit.With(1) })
			g.Go("lasts", after(sec, 1))
			synctest.Wait()
			return g.Race("race", k.value("a", 0), k.value("b", 0))
		},
		"a success after an exit": func(k *tracker, g *asap.Group) any {
			exit := g.NewExit[int]()
			var ends *asap.Task[struct{}]
			value, declared := k.value("late", 0), make(gate)
			late := g.Go("late", func(ctx context.Context) (*big, error) {
				<-declared
				ends.Await(ctx)
				return value(ctx)
			})
			ends = g.Do("exit", func(context.Context) error { return exit.With(1) })
			close(declared)
			return late
		},
		"what it has awaited": func(k *tracker, g *asap.Group) any {
			a := g.Go("a", k.value("a", sec))
			return g.Go("keep", func(ctx context.Context) (int, error) {
				a.Await(ctx)
				soft, cancel := context.WithTimeout(ctx, sec)
				defer cancel()
				g.Go("b", k.value("b", sec)).Await(soft)
				_, err := g.Go("c", k.value("c", sec)).Await(ctx)
				return 1, err
			})
		},
		"who has awaited it": func(k *tracker, g *asap.Group) any {
			keep := g.Go("keep", after(sec, 1))
			v := k.new("the value of w")
			g.Go("w", func(ctx context.Context) (*big, error) { _, err := keep.Await(ctx); return v, err })
			return keep
		},
		"a wait that was cut short": func(k *tracker, g *asap.Group) any {
			a := g.Go("a", k.value("a", 2*sec))
			keep := g.Go("keep", func(ctx context.Context) (int, error) {
				nested := asap.New(ctx)
				nested.Go("in", a.Await)
				time.Sleep(sec)
				nested.Stop()
				soft, cancel := context.WithTimeout(ctx, ms)
				defer cancel()
				a.Await(soft)
				return 1, nil
			})
			return keep
		},
		"a chain of waits, the last first":  chainOfWaits(func(i int) int { return 40 - i }),
		"a chain of waits, the first first": chainOfWaits(func(i int) int { return i }),
		"the queue of a limit": func(k *tracker, g *asap.Group) any {
			keep := g.Go("keep", after(sec, 1))
			g.Go("a", k.value("a", sec))
			g.Go("b", k.value("b", sec))
			g.Map("map", g.Input("in", []*big{k.new("element 0"), k.new("element 1"), k.new("element 2")}),
				func(context.Context, *big) (int, error) { return 1, nil }, asap.Limit(1))
			return keep
		},
		"a failure elsewhere": func(k *tracker, g *asap.Group) any {
			held := k.new("the function of bad")
			g.Go("bad", func(context.Context) (int, error) { runtime.KeepAlive(held); return 0, errBoom })
			g.Go("a", k.value("a", sec)).Then("next", func(context.Context, *big) (int, error) { return 1, nil })
			return g.Go("keep", after(sec, 1))
		},
	}
	for name, declare := range rows {
		for i, options := range [][]asap.Option{
			nil, {asap.Limit(1)}, {asap.Settled()}, {asap.Settled(), asap.Limit(1)},
			{asap.Observe(new(waterfall.Recorder))}, {asap.Observe(spans{new(int)})},
		} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				var k tracker
				g := asap.New(t.Context(), options...)
				keep := declare(&k, g)
				g.Wait()
				synctest.Wait()
				k.check(t)
				runtime.KeepAlive(keep)
			})
		}
	}
	virtual(t, "while the group goes on", func(t *testing.T) {
		var k tracker
		g := asap.New(t.Context())
		keep := func() task {
			a := g.Go("a", k.value("a", sec))
			b := a.Then("b", func(context.Context, *big) (int, error) { return 1, nil })
			for range 4 {
				g.Go("w", func(ctx context.Context) (int, error) { _, err := a.Await(ctx); return 1, err })
			}
			return b
		}()
		g.Go("slow", after(time.Minute, 1))
		time.Sleep(2 * sec)
		k.check(t)
		runtime.KeepAlive(keep)
		wantNil(t, "Wait", g.Wait())
	})
}

// chainOfWaits is a row: 40 bodies, each of which awaits the one before it, in
// some order, and keeps every tenth.
func chainOfWaits(at func(i int) int) func(k *tracker, g *asap.Group) any {
	return func(k *tracker, g *asap.Group) any {
		prev := g.Go("first", k.value("first", time.Minute))
		var keep []*asap.Task[*big]
		for i := range 40 {
			on, v := prev, k.new(fmt.Sprint("the value of ", i))
			if i%10 == 5 {
				v = new(big)
			}
			prev = g.Go(fmt.Sprint(i), func(ctx context.Context) (*big, error) {
				time.Sleep(time.Duration(at(i)) * ms)
				_, err := on.Await(ctx)
				return v, err
			})
			if i%10 == 5 {
				keep = append(keep, prev)
			}
		}
		return keep
	}
}

// heavyError holds something big.
type heavyError struct{ *big }

func (heavyError) Error() string { return "heavy" }

// TestR20_ALongObservedGroup: a server's group is observed for as long as it
// runs, and what has ended in it is garbage all the same.
func TestR20_ALongObservedGroup(t *testing.T) {
	virtual(t, "nested groups that fail", func(t *testing.T) {
		var k tracker
		g := asap.New(t.Context(), asap.Observe(endingObserver{}))
		g.Do("server", func(ctx context.Context) error {
			for range 300 {
				held := k.new("the error of a nested group")
				g.Do("request", func(ctx context.Context) error {
					nested := asap.New(ctx)
					nested.Do("fails", func(context.Context) error { return heavyError{held} })
					nested.Wait()
					return nil
				}).Await(ctx)
			}
			k.check(t)
			return nil
		})
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "waits", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Observe(endingObserver{}))
		slow := g.Go("slow", after(time.Hour, 1))
		g.Do("polls", func(ctx context.Context) error {
			poll := func(times int) int64 {
				for range times {
					soft, cancel := context.WithTimeout(ctx, ms)
					slow.Await(soft)
					cancel()
				}
				return heap()
			}
			before := poll(1000)
			if grown := poll(20_000) - before; grown > 100_000 {
				t.Errorf("20,000 waits have left %d bytes", grown)
			}
			return nil
		})
		wantNil(t, "Wait", g.Wait())
	})
}
