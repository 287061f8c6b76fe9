package rules_test

import (
	"context"
	"testing"

	"github.com/asap-go/asap"
)

// TestR37_MayFail: the failure is one only for those that need the task.
func TestR37_MayFail(t *testing.T) {
	virtual(t, "dependents are skipped, others and AfterEnd go on", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(1)}} {
			g := asap.New(t.Context(), options...)
			bad := g.Go("bad", fails(sec, errBoom), asap.MayFail())
			skipped := bad.Then("skipped", never1[int](t))
			further := g.Go("further", never(t), asap.Needs(skipped), asap.AfterEnd(bad))
			left := g.Go("left", never(t), asap.After(bad), asap.When(false))
			end := g.Go("end", value(7), asap.AfterEnd(bad, skipped, further, left))
			other := g.Go("other", after(2*sec, 8))
			seen := g.Go("seen", func(ctx context.Context) (bool, error) { _, err := bad.Await(ctx); return err != nil, nil })
			wantNil(t, "Wait", g.Wait())
			wantIs(t, "bad", bad.Err(), errBoom)
			for _, task := range []*asap.Task[int]{skipped, further, left} {
				wantIs(t, task.Name(), task.Err(), asap.ErrSkipped, errBoom)
			}
			if end.Value() != 7 || other.Value() != 8 || !seen.Value() {
				t.Errorf("end %d, other %d, seen %v", end.Value(), other.Value(), seen.Value())
			}
		}
	})
	virtual(t, "who returns its error fails", func(t *testing.T) {
		g := asap.New(t.Context())
		bad := g.Go("bad", fails(sec, errBoom), asap.MayFail())
		g.Go("x", bad.Await)
		err := g.Wait()
		wantFailed(t, err, "x")
		wantIs(t, "Wait", err, errBoom)
	})
	virtual(t, "elements of a Map", func(t *testing.T) {
		g := asap.New(t.Context())
		all := g.Map("all", g.Input("list", []int{1, 2}), func(_ context.Context, v int) (int, error) {
			if v == 2 {
				return 0, errBoom
			}
			return v, nil
		}, asap.MayFail())
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "all", all.Err(), asap.ErrSkipped, errBoom)
	})
	virtual(t, "a panic, Goexit and an exit are not tolerated", func(t *testing.T) {
		for name, die := range dying {
			g := asap.New(t.Context())
			g.Do("x", func(context.Context) error { die(); return nil }, asap.MayFail())
			if e := ended(g.Wait); e.panicked == nil && !e.goexited {
				t.Errorf("%s: Wait returned %v", name, e.err)
			}
		}
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		g.Do("x", func(context.Context) error { return hit.With(7) }, asap.MayFail())
		wantNil(t, "Wait", g.Wait())
		if v, ok := hit.Value(); v != 7 || !ok {
			t.Errorf("exit: %d, %v", v, ok)
		}
	})
	virtual(t, "its outcome", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p))
		g.Go("bad", fails(sec, errBoom), asap.MayFail()).Then("y", next)
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("bad", "0s Declared", "0s Ready", "0s Started", "1s Ended Tolerated")
		p.check("y", "0s Declared bad", "1s Ended Skipped")
	})
}
