package rules_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestR22_QueuesOfMaps: the end of a group skips at once what queues at the limits of
// its Maps, whichever of them have a queue by then.
func TestR22_QueuesOfMaps(t *testing.T) {
	boom := errors.New("boom")
	for _, limited := range []bool{false, true} { // the group as well, at a limit of its own
		t.Run(fmt.Sprintf("limited %t", limited), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var options []asap.Option
				if limited {
					options = append(options, asap.Limit(8))
				}
				g := asap.New(t.Context(), options...)
				began := time.Now()
				sleep := func(ctx context.Context, d time.Duration) (int, error) {
					time.Sleep(d) // whatever becomes of ctx
					return 0, nil
				}
				const s = time.Second
				// With one slot each the second body queues until the first has ended: until
				// 1, 2 and 3 s, and of the last two until the end at 4 s.
				var maps []*asap.Task[[]int]
				for i, first := range []time.Duration{3 * s, s, 10 * s, 2 * s, 10 * s} {
					name := fmt.Sprintf("m%d", i)
					in := g.Input(name+"-in", []time.Duration{first, 20 * s})
					maps = append(maps, g.Map(name, in, sleep, asap.Limit(1)))
				}
				g.Do("fails", func(context.Context) error { time.Sleep(4 * s); return boom })
				var all sync.WaitGroup
				for i, m := range maps {
					want := 4 * s
					if i != 2 && i != 4 {
						want = []time.Duration{23 * s, 21 * s, 0, 22 * s}[i] // its second body ran
					}
					all.Go(func() {
						_, err := m.Await(context.Background())
						if want == 4*s && !errors.Is(err, boom) {
							t.Errorf("m%d: %v, want one that is %v", i, err, boom)
						}
						if got := time.Since(began); got != want {
							t.Errorf("m%d ended at %v, want %v", i, got, want)
						}
					})
				}
				if err := g.Wait(); !errors.Is(err, boom) {
					t.Errorf("Wait: %v, want %v", err, boom)
				}
				all.Wait()
			})
		})
	}
}

// TestR34_LimitsOfMapsAreApart: the queues of the Maps of a group without a limit have
// nothing in common that two goroutines write to, each under its own lock.
func TestR34_LimitsOfMapsAreApart(t *testing.T) {
	const maps, n = 50, 300
	g := asap.New(t.Context())
	for i := range maps {
		in := g.Go("in", func(ctx context.Context) ([]int, error) { return make([]int, n), nil })
		m := g.Map("m", in, func(context.Context, int) (int, error) { return i, nil }, asap.Limit(1+i%3))
		m.Do("check", func(_ context.Context, values []int) error {
			for _, v := range values {
				if v != i {
					return fmt.Errorf("a value of map %d is %d", i, v)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// TestR21_NestedInElements: what queues at a Map's limit is raised with the group
// around the Map, and so is what its elements make.
func TestR21_NestedInElements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(2))
		began := time.Now()
		body := func(ctx context.Context, i int) (int, error) {
			in := asap.New(ctx)
			v := in.Go("in", func(context.Context) (int, error) { time.Sleep(time.Second); return i, nil })
			if err := in.Wait(); err != nil {
				return 0, err
			}
			return v.Value(), nil
		}
		// The first waits for a group whose Map has ten elements, two at once; the others
		// are of no higher rank than when they were declared.
		declared := make(chan struct{})
		g.Do("first", func(ctx context.Context) error {
			<-declared
			in := asap.New(ctx)
			in.Map("m", in.Input("in", make([]int, 10)), body, asap.Limit(2))
			err := in.Wait()
			if got := time.Since(began); got != 6*time.Second { // one of the others had a slot until 1 s
				t.Errorf("the first ended at %v, want 6 s: what it waits for comes before the others", got)
			}
			return err
		})
		for range 4 {
			g.Do("other", func(context.Context) error { time.Sleep(time.Second); return nil })
		}
		close(declared)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}
