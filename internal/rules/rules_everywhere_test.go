package rules_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestR30_TheSeeds: the examples' timelines. The examples themselves, with
// their output, are in examples/seeds.
func TestR30_TheSeeds(t *testing.T) {
	virtual(t, "dashboard: user 1s, config 10s, profile 10s: 11s", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		user := g.Go("user", after(sec, 1))
		g.Go("config", after(10*sec, 2))
		user.Then("profile", func(context.Context, int) (int, error) {
			c.at(t, "profile starts", sec)
			time.Sleep(10 * sec)
			return 3, nil
		})
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 11*sec)
	})
	for _, awaited := range []bool{false, true} {
		virtual(t, fmt.Sprint("analytics: 0, 100, 200, 500, 800 ms, awaited ", awaited), func(t *testing.T) {
			j := newJournal()
			body := func(name string, d time.Duration) func(context.Context) (string, error) {
				return func(context.Context) (string, error) {
					j.add(name)
					time.Sleep(d)
					return name, nil
				}
			}
			g := asap.New(t.Context())
			auth := g.Go("auth", body("auth", 100*ms))
			settings := g.Go("settings", func(ctx context.Context) (string, error) { time.Sleep(ms / 10); return body("settings", 100*ms)(ctx) })
			then := func(name string, d time.Duration, on *asap.Task[string]) *asap.Task[string] {
				if awaited {
					return g.Go(name, func(ctx context.Context) (string, error) {
						if _, err := on.Await(ctx); err != nil {
							return "", err
						}
						return body(name, d)(ctx)
					})
				}
				return on.Then(name, func(ctx context.Context, _ string) (string, error) { return body(name, d)(ctx) })
			}
			userData := then("userData", 100*ms, auth)
			permissions := then("permissions", 700*ms-ms, auth)
			posts := then("posts", 300*ms, userData)
			analytics := userData.And(posts).Then("analytics", func(ctx context.Context, _, _ string) (string, error) { return body("analytics", 300*ms)(ctx) })
			wantNil(t, "Wait", g.Wait())
			// userData and permissions start at the same instant, in either order.
			slices.Sort(j.lines)
			j.check(t, "0s auth", "100ms permissions", "100ms userData", "100µs settings", "200ms posts", "500ms analytics")
			if end := time.Since(j.start); end != 800*ms {
				t.Errorf("complete at %v, want 800ms", end)
			}
			for _, task := range []*asap.Task[string]{auth, settings, userData, permissions, posts, analytics} {
				if task.Value() != task.Name() {
					t.Errorf("%s: %q", task.Name(), task.Value())
				}
			}
		})
	}
	virtual(t, "error handling both ways", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", fails(ms, errors.New("Failed")))
		g.Go("b", obeys)
		wantText(t, "all", g.Wait(), "a: Failed")
		g = asap.New(t.Context(), asap.Settled())
		a := g.Go("a", fails(ms, errors.New("Failed")))
		b := g.Go("b", after(sec, "success"))
		g.Wait()
		wantText(t, "allSettled a", a.Result().Err, "a: Failed")
		if b.Value() != "success" {
			t.Errorf("allSettled b: %q, want success", b.Value())
		}
	})
}

func TestR32_DuplicateNames(t *testing.T) {
	virtual(t, "are allowed", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		a, b := g.Go("price", fails(sec, errBoom)), g.Go("price", fails(2*sec, errBoom))
		next := a.And(b).Then("price", sum2)
		wantFailed(t, g.Wait(), "price", "price")
		if a.Name() != "price" || next.Name() != "price" {
			t.Errorf("names %q, %q, want price", a.Name(), next.Name())
		}
	})
	t.Run("are numbered in pictures", func(t *testing.T) {
		f := define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			in.Then("price", next)
			in.Then("price#2", next)
			in.Then("price", next)
			in.Then("input", next)
			return in.Then("price", next)
		})
		graph, err := f.Graph()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, task := range graph.Tasks {
			names = append(names, task.Name)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			t.Errorf("names of the graph %v are not unique", names)
		}
		if names[1] != "price" || names[4] != "input#2" {
			t.Errorf("names of the graph: %v, want the first of each without a number", names)
		}
	})
}

func TestR33_Order(t *testing.T) {
	virtual(t, "Gather and Map in argument order", func(t *testing.T) {
		g := asap.New(t.Context())
		var tasks []*asap.Task[int]
		for i := range 5 {
			tasks = append(tasks, g.Go("t", after(time.Duration(5-i)*sec, i)))
		}
		all := g.Gather("all", tasks...)
		fan := g.Map("fan", all, func(_ context.Context, v int) (int, error) { time.Sleep(time.Duration(5-v) * sec); return v * v, nil })
		none := g.Gather[int]("none")
		empty := g.Map("empty", g.Input("in", []int(nil)), next)
		wantNil(t, "Wait", g.Wait())
		if got := fmt.Sprint(all.Value(), fan.Value(), none.Value(), empty.Value()); got != "[0 1 2 3 4] [0 1 4 9 16] [] []" {
			t.Errorf("values: %s", got)
		}
	})
	virtual(t, "Gather copies its arguments", func(t *testing.T) {
		g := asap.New(t.Context())
		a, b := g.Go("a", after(sec, 1)), g.Go("b", after(sec, 2))
		args := []*asap.Task[int]{a, b}
		all := g.Gather("all", args...)
		args[0], args[1] = nil, nil
		wantNil(t, "Wait", g.Wait())
		if fmt.Sprint(all.Value()) != "[1 2]" {
			t.Errorf("all: %v, want [1 2]", all.Value())
		}
	})
	virtual(t, "Race in time, and all its errors in argument order", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		var stopped atomic.Int32
		race := g.Race("race", after(3*sec, "slow"), after(2*sec, "quick"), func(ctx context.Context) (string, error) {
			<-ctx.Done()
			c.at(t, "the loser's Done", 2*sec)
			stopped.Add(1)
			return "", ctx.Err()
		}, func(context.Context) (string, error) { time.Sleep(sec); return "", errBoom })
		race.Do("next", func(context.Context, string) error { c.at(t, "next", 2*sec); return nil })
		lost := g.Race("lost", fails(3*sec, errors.New("e0")), fails(sec, errors.New("e1")), fails(2*sec, errors.New("e2")))
		err := g.Wait()
		wantFailed(t, err, "lost")
		wantText(t, "lost", lost.Result().Err, "lost: lost[0]: e0; lost[1]: e1; lost[2]: e2")
		if race.Value() != "quick" || stopped.Load() != 1 {
			t.Errorf("race: %q, losers stopped %d, want quick and 1", race.Value(), stopped.Load())
		}
	})
	virtual(t, "a race of one, and a race that is decided before it starts", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		single := g.Race("single", after(sec, 1))
		decided := g.Race("decided", after(sec, 1), never(t), never(t))
		c := startClock()
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
		if single.Value()+decided.Value() != 2 {
			t.Errorf("single %d, decided %d, want 1 and 1", single.Value(), decided.Value())
		}
	})
}

func TestR34_NoCopy(t *testing.T) {
	// go vet finds copies of a type that holds one with Lock and Unlock.
	locker := reflect.TypeFor[interface {
		Lock()
		Unlock()
	}]()
	var holds func(typ reflect.Type) bool
	holds = func(typ reflect.Type) bool {
		if typ.Kind() == reflect.Struct && reflect.PointerTo(typ).Implements(locker) && !typ.Implements(locker) {
			return true
		}
		switch typ.Kind() {
		case reflect.Struct:
			for field := range typ.Fields() {
				if holds(field.Type) {
					return true
				}
			}
		case reflect.Array:
			return holds(typ.Elem())
		}
		return false
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[asap.Group](), reflect.TypeFor[asap.Task[int]]()} {
		if !holds(typ) {
			t.Errorf("%v may be copied without a word of go vet", typ)
		}
	}
}

func TestR35_AFullContext(t *testing.T) {
	virtual(t, "Deadline, Done, Err, Cause, Value", func(t *testing.T) {
		parent, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 7), sec)
		defer cancel()
		deadline, _ := parent.Deadline()
		for _, options := range [][]asap.Option{nil, {asap.Name("g")}, {asap.Observe(newTape(t))}} {
			g := asap.New(parent, options...)
			check := func(ctx context.Context) error {
				if d, ok := ctx.Deadline(); !ok || d != deadline {
					t.Errorf("Deadline: %v, %v, want the parent's", d, ok)
				}
				if ctx.Value(key{}) != 7 || ctx.Value("nothing") != nil {
					t.Errorf("Value: %v, want 7", ctx.Value(key{}))
				}
				if ctx.Err() != nil || context.Cause(ctx) != nil {
					t.Errorf("Err %v, Cause %v, want nil", ctx.Err(), context.Cause(ctx))
				}
				if s := fmt.Sprint(ctx); s == "" {
					t.Error("String: empty")
				}
				return nil
			}
			g.Do("a", check)
			g.Race("race", func(ctx context.Context) (int, error) { return 1, check(ctx) })
			g.Map("map", g.Input("in", []int{1}), func(ctx context.Context, _ int) (int, error) { return 1, check(ctx) })
			wantNil(t, "Wait", g.Wait())
		}
		g := asap.New(parent)
		g.Do("a", func(ctx context.Context) error {
			<-ctx.Done()
			if ctx.Err() != context.DeadlineExceeded || context.Cause(ctx) != context.DeadlineExceeded {
				t.Errorf("after the deadline: Err %v, Cause %v", ctx.Err(), context.Cause(ctx))
			}
			return ctx.Err()
		})
		wantIs(t, "Wait", g.Wait(), context.DeadlineExceeded)
	})
	virtual(t, "deriving and AfterFunc start no goroutine", func(t *testing.T) {
		for _, parent := range []context.Context{context.Background(), context.WithValue(t.Context(), key{}, 1)} {
			g := asap.New(parent)
			var fired atomic.Int32
			check := func(ctx context.Context) {
				before := stacks()
				for range 10 {
					derived, cancel := context.WithCancel(ctx)
					t.Cleanup(cancel)
					deeper, cancel := context.WithTimeout(context.WithValue(derived, key{}, 2), time.Hour)
					t.Cleanup(cancel)
					context.AfterFunc(deeper, func() { fired.Add(1) })
					context.AfterFunc(ctx, func() { fired.Add(1) })
				}
				checkGoroutines(t, "10 derived contexts", stacks(), before)
			}
			g.Go("a", func(ctx context.Context) (int, error) { check(ctx); return obeys(ctx) })
			time.Sleep(ms)
			g.Race("race", func(ctx context.Context) (int, error) { check(ctx); return obeys(ctx) })
			time.Sleep(ms)
			g.Go("bad", fails(sec, errBoom))
			wantFailed(t, g.Wait(), "bad")
			synctest.Wait()
			if fired.Load() != 40 {
				t.Errorf("%d of 40 AfterFuncs ran", fired.Load())
			}
		}
	})
	virtual(t, "Err and Done agree", func(t *testing.T) {
		// Nobody sees Err without Done closed, nor a cause that is another's.
		for range 50 {
			ctx, cancel := context.WithCancelCause(t.Context())
			g := asap.New(ctx)
			for range 3 {
				g.Do("watch", func(ctx context.Context) error {
					for ctx.Err() == nil {
						time.Sleep(ms)
					}
					select {
					case <-ctx.Done():
					default:
						t.Error("Err is set and Done is open")
					}
					if cause := context.Cause(ctx); cause != errBoom {
						t.Errorf("Cause: %v, want %v", cause, errBoom)
					}
					return nil
				})
			}
			time.AfterFunc(10*ms, func() { cancel(errBoom) })
			g.Wait()
		}
	})
}
