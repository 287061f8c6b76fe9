package stress_test

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// looks is how many steps a shared limit has taken: comparisons of two who wait, and
// moves between its queue and those of own limits.
func looks(limit asap.Option) int64 {
	v := reflect.New(reflect.TypeOf(limit)).Elem() // to be addressable
	v.Set(reflect.ValueOf(limit))
	shared := field(v, "shared").Elem()
	mu := field(field(shared, "ranks"), "mu").Addr().Interface().(*sync.Mutex)
	mu.Lock()
	defer mu.Unlock()
	return field(shared, "looks").Int()
}

// TestSharedSteps counts what n bodies cost that queue at a shared limit, and what
// one request of them costs when it ends: logarithms, whatever the others do.
func TestSharedSteps(t *testing.T) {
	short := func(context.Context) error { time.Sleep(time.Millisecond); return nil }
	element := func(context.Context, int) (int, error) { time.Sleep(time.Millisecond); return 1, nil }
	for name, shape := range map[string]func(ctx context.Context, db asap.Option, n int) []*asap.Group{
		"a group each": func(ctx context.Context, db asap.Option, n int) (groups []*asap.Group) {
			for range n {
				g := asap.New(ctx, db)
				g.Do("q", short)
				groups = append(groups, g)
			}
			return groups
		},
		"a group each, with a limit": func(ctx context.Context, db asap.Option, n int) (groups []*asap.Group) {
			for range n / 4 {
				g := asap.New(ctx, db, asap.Limit(2))
				for range 4 {
					g.Do("q", short)
				}
				groups = append(groups, g)
			}
			return groups
		},
		"two groups, one with Limit(1)": func(ctx context.Context, db asap.Option, n int) (groups []*asap.Group) {
			a, b := asap.New(ctx, db, asap.Limit(1)), asap.New(ctx, db)
			for range n / 2 {
				a.Do("a", short)
				b.Do("b", short)
			}
			return []*asap.Group{a, b}
		},
		"Maps with limits in a group with one": func(ctx context.Context, db asap.Option, n int) (groups []*asap.Group) {
			a, b := asap.New(ctx, db, asap.Limit(3)), asap.New(ctx, db)
			in := a.Input("in", []int{1, 2, 3, 4})
			for range n / 8 {
				a.Map("map", in, element, asap.Limit(2))
				for range 4 {
					b.Do("b", short)
				}
			}
			return []*asap.Group{a, b}
		},
		"nested groups with limits in one with a limit": func(ctx context.Context, db asap.Option, n int) (groups []*asap.Group) {
			a, b := asap.New(ctx, db, asap.Limit(3)), asap.New(ctx, db)
			for range n / 8 {
				a.Do("a", func(ctx context.Context) error {
					in := asap.New(ctx, asap.Limit(2))
					for range 4 {
						in.Do("in", short)
					}
					return in.Wait()
				})
				for range 4 {
					b.Do("b", short)
				}
			}
			return []*asap.Group{a, b}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var first float64
			for _, n := range []int{1 << 9, 1 << 13} {
				synctest.Test(t, func(t *testing.T) {
					db := asap.SharedLimit(4)
					start := time.Now()
					groups := shape(t.Context(), db, n)
					request := asap.New(t.Context(), db, asap.Limit(2))
					for range 16 {
						request.Do("canceled", short)
					}
					synctest.Wait()
					before := looks(db)
					request.Stop()
					one := looks(db) - before
					for _, g := range groups {
						if err := g.Wait(); err != nil {
							t.Error(err)
						}
					}
					all := float64(looks(db)) / float64(n)
					t.Logf("%d bodies: %.1f steps a body, %d when a request of 16 ends, in %v", n, all, one, time.Since(start))
					if one > 16*20 {
						t.Errorf("the end of a request of 16 took %d steps among %d who queue", one, n)
					}
					if first == 0 {
						first = all
					} else if all > 4*first {
						t.Errorf("%.1f steps a body for %d, %.1f for a sixteenth of them", all, n, first)
					}
				})
			}
		})
	}
}
