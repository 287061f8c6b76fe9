package waterfall_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// declarePlain declares n tasks whose bodies only sleep, some for no time at all, and
// among them such as have no body. The caller may wait in between, in a way that nobody
// notes, so that a task seems to be the cause of what is declared next.
func declarePlain(rnd *rand.Rand, g *asap.Group, n int, instants bool) {
	var made []*asap.Task[int]
	took := func() time.Duration {
		if instants {
			return time.Duration(rnd.IntN(3)) * time.Millisecond
		}
		return duration(rnd)
	}
	for range n {
		var deps []asap.Dep
		for len(deps) < 5 && len(made) > 0 && rnd.IntN(5) < 3 {
			if d := asap.Dep(made[rnd.IntN(len(made))]); !slices.Contains(deps, d) {
				deps = append(deps, d)
			}
		}
		d := took()
		body := func(context.Context) (int, error) { time.Sleep(d); return 1, nil }
		name := string(rune('a' + rnd.IntN(20)))
		switch rnd.IntN(12) {
		case 0:
			made = append(made, g.Input(name, 1))
		case 1:
			made = append(made, g.Go(name, body, asap.Needs(deps...), asap.When(false)))
		case 2:
			made = append(made, g.Go(name, body, asap.After(deps...), asap.Timeout(time.Hour)))
		default:
			made = append(made, g.Go(name, body, asap.Needs(deps...)))
		}
		switch rnd.IntN(10) {
		case 0:
			time.Sleep(took())
		case 1: // as if it had waited for somebody
			time.Sleep(took())
			synctest.Wait()
		}
	}
}

// The figures of a plain run are those that come of its Run and the critical path of
// that, to the nanosecond.
func TestPlainIsAsTheRun(t *testing.T) {
	var again waterfall.Digests
	plain := 0
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 77))
		synctest.Test(t, func(t *testing.T) {
			var rec waterfall.Recorder
			g := asap.New(t.Context(), asap.Name("plan"), asap.Observe(&rec))
			declarePlain(rnd, g, rnd.IntN(25), seed%2 == 0)
			_ = g.Wait()
			checkPlain(t, seed, &again, &rec, &plain)
		})
	}
	if plain < 1500 {
		t.Errorf("%d of 2000 runs were plain, want most", plain)
	}
}

func checkPlain(t *testing.T, seed uint64, again *waterfall.Digests, rec *waterfall.Recorder, plain *int) {
	t.Helper()
	got, want, outside, ok := again.Plain(rec)
	if !ok {
		return
	}
	*plain++
	if !slices.Equal(got, want) || outside[0] != outside[1] {
		t.Errorf("seed %d: a plain run gives\n%+v and %v outside, the whole one\n%+v and %v", seed, got, outside[0], want, outside[1])
	}
}

// The same on the real clock, where instants are what they happen to be, and with other
// groups beside it in the same run, which are not its own.
func TestPlainOnTheRealClock(t *testing.T) {
	var again waterfall.Digests
	var mu sync.Mutex
	plain := 0
	var outer waterfall.Recorder
	around := asap.New(t.Context(), asap.Observe(&outer))
	for seed := range uint64(50) {
		around.Do("request", func(ctx context.Context) error {
			rnd := rand.New(rand.NewPCG(seed, 78))
			for range 10 {
				var rec waterfall.Recorder
				inner := asap.New(ctx, asap.Observe(&rec))
				one := func(_ context.Context, n int) (int, error) { return n, nil }
				first := inner.Go("first", nop)
				made := []*asap.Task[int]{first}
				for range rnd.IntN(20) {
					made = append(made, made[rnd.IntN(len(made))].Then("then", one))
				}
				if err := inner.Wait(); err != nil {
					return err
				}
				mu.Lock()
				checkPlain(t, seed, &again, &rec, &plain)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := around.Wait(); err != nil {
		t.Fatal(err)
	}
	if plain == 0 {
		t.Error("no run was plain")
	}
}

// What is not plain is analyzed as a whole.
func TestNotPlain(t *testing.T) {
	for name, declare := range map[string]func(g *asap.Group){
		"a wait in a body": func(g *asap.Group) {
			one := g.Go("one", nop)
			g.Do("two", func(ctx context.Context) error { _, err := one.Await(ctx); return err })
		},
		"a wait outside": func(g *asap.Group) { _, _ = g.Go("one", nop).Await(context.Background()) },
		"a nested group": func(g *asap.Group) {
			g.Do("one", func(ctx context.Context) error { return asap.New(ctx).Wait() })
		},
		"a failure": func(g *asap.Group) { g.Do("one", func(context.Context) error { return context.Canceled }) },
		"a Map": func(g *asap.Group) {
			g.Map("all", g.Input("in", []int{1, 2}), func(_ context.Context, n int) (int, error) { return n, nil })
		},
		"a Race": func(g *asap.Group) { g.Race("race", nop, nop) },
		"a limit": func(g *asap.Group) {
			g.Do("one", func(context.Context) error { return nil }, asap.SharedLimit(1))
		},
	} {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Observe(&rec))
		declare(g)
		_ = g.Wait()
		if _, _, _, ok := new(waterfall.Digests).Plain(&rec); ok {
			t.Errorf("%s is plain", name)
		}
	}
}
