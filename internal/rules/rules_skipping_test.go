package rules_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func TestR13_Skipped(t *testing.T) {
	virtual(t, "as soon as the first dependency fails", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Settled())
		slow := g.Go("slow", after(10*sec, 1))
		bad := g.Go("bad", fails(sec, errBoom))
		ids := bad.Then("ids", func(context.Context, int) ([]int, error) { return []int{1}, nil })
		tasks := map[string]interface {
			Name() string
		}{
			"then":     bad.Then("then", never1[int](t)),
			"and":      slow.And(bad).Then("and", func(context.Context, int, int) (int, error) { return never(t)(nil) }),
			"optional": bad.And(slow).Optional("optional", func(context.Context, int, int) (int, error) { return never(t)(nil) }),
			"gather":   g.Gather("gather", slow, bad),
			"map":      g.Map("map", ids, never1[int](t)),
			"of then":  bad.Then("t", never1[int](t)).Then("of then", never1[int](t)),
		}
		time.Sleep(sec + ms) // slow still runs
		for name, task := range tasks {
			err := resultErr(task)
			wantIs(t, name, err, asap.ErrSkipped, errBoom)
			if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != "bad" {
				t.Errorf("%s: the guilty task in %v: got %v, want bad", name, err, te)
			}
			wantText(t, name, err, name+" skipped: bad: boom")
		}
		wantFailed(t, g.Wait(), "bad")
		c.at(t, "Wait", 10*sec)
	})
	virtual(t, "awaited where it was skipped", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		user := g.Go("user", fails(sec, errors.New("not found")))
		page := user.Then("page", never1[int](t))
		g.Do("waiter", func(ctx context.Context) error {
			_, err := page.Await(ctx)
			wantText(t, "Await", err, "page skipped: user: not found")
			return nil
		})
		wantFailed(t, g.Wait(), "user")
	})
	virtual(t, "the other dependency fails later", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		a, b := g.Go("a", fails(2*sec, errors.New("a"))), g.Go("b", fails(sec, errors.New("b")))
		both := a.And(b).Then("both", func(context.Context, int, int) (int, error) { return never(t)(nil) })
		wantFailed(t, g.Wait(), "b", "a")
		wantText(t, "both", both.Result().Err, "both skipped: b: b")
	})
	virtual(t, "roots", func(t *testing.T) {
		why := errors.New("why")
		parent, cancel := context.WithCancelCause(t.Context())
		g := asap.New(parent)
		slow := g.Go("slow", after(2*sec, 1))
		byParent := slow.Then("next", never1[int](t))
		time.Sleep(sec)
		cancel(why)
		late := g.Go("late", never(t))
		g.Wait()
		wantText(t, "byParent", byParent.Result().Err, "next skipped: why")
		wantIs(t, "byParent", byParent.Result().Err, asap.ErrSkipped, why)
		wantText(t, "late", late.Result().Err, "late skipped: why")

		g = asap.New(t.Context())
		hit := g.NewExit[int]()
		slow = g.Go("slow", after(2*sec, 1))
		byExit := slow.Then("next", never1[int](t))
		g.Do("hit", func(context.Context) error { return hit.With(1) })
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "byExit", byExit.Result().Err, asap.ErrSkipped, asap.ErrExited)

		g = asap.New(t.Context())
		slow = g.Go("slow", after(2*sec, 1))
		byStop := slow.Then("next", never1[int](t))
		time.Sleep(sec)
		g.Stop()
		wantIs(t, "byStop", byStop.Result().Err, asap.ErrSkipped, context.Canceled)

		for name, die := range dying {
			g = asap.New(t.Context(), asap.Settled())
			dead := g.Do("dead", func(context.Context) error { time.Sleep(sec); die(); return nil })
			by := dead.Then("next", never1[struct{}](t))
			ended(g.Wait)
			wantIs(t, name, by.Result().Err, asap.ErrSkipped)
			if _, panicked := errors.AsType[*asap.PanicError](by.Result().Err); panicked != (name == "panic") {
				t.Errorf("after a %s: got %v", name, by.Result().Err)
			}
			if name == "Goexit" {
				wantIs(t, name, by.Result().Err, asap.ErrGoexit)
			}
		}
	})
	virtual(t, "dependents of a canceled task", func(t *testing.T) {
		g := asap.New(t.Context())
		victim := g.Go("victim", obeys)
		by := victim.Then("next", never1[int](t))
		g.Go("bad", fails(sec, errBoom))
		wantFailed(t, g.Wait(), "bad")
		wantText(t, "next", by.Result().Err, "next skipped: bad: boom")
	})
	virtual(t, "declared on what has failed already", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		bad := g.Go("bad", fails(0, errBoom))
		ok := g.Go("ok", after(0, 1))
		time.Sleep(sec)
		for _, task := range []any{
			bad.Then("x", never1[int](t)), g.Gather("x", ok, bad, ok),
			ok.And(bad).Then("x", func(context.Context, int, int) (int, error) { return never(t)(nil) }),
		} {
			wantText(t, "x", resultErr(task), "x skipped: bad: boom")
		}
		wantFailed(t, g.Wait(), "bad")
	})
}

func TestR14_Optional(t *testing.T) {
	virtual(t, "its failure is a value", func(t *testing.T) {
		g := asap.New(t.Context())
		bad := g.Optional("bad", fails(sec, errBoom))
		ok := g.Optional("ok", after(2*sec, 7))
		both := bad.And(ok).Then("both", func(_ context.Context, b, o asap.Result[int]) (int, error) {
			return b.Or(-1)*100 + o.Or(-1), nil
		})
		awaited := g.Go("awaited", func(ctx context.Context) (int, error) { r, err := bad.Await(ctx); return r.Or(5), err })
		chained := g.Go("x", after(0, 1)).Optional("chained", func(context.Context, int) (int, error) { return 0, errBoom })
		wantNil(t, "Wait", g.Wait())
		if both.Value() != -93 || awaited.Value() != 5 || ok.Value().Err != nil {
			t.Errorf("both %d, awaited %d, want -93 and 5", both.Value(), awaited.Value())
		}
		for _, r := range []asap.Result[int]{bad.Value(), chained.Value()} {
			wantIs(t, "Err", r.Err, errBoom)
			if _, ok := r.Err.(*asap.TaskError); !ok {
				t.Errorf("Err: got %T, want a TaskError", r.Err)
			}
		}
		wantText(t, "Err", bad.Value().Err, "bad: boom")
	})
	virtual(t, "skipped dependencies pass through", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		bad := g.Go("bad", fails(sec, errBoom))
		a := bad.Optional("a", func(context.Context, int) (int, error) { return never(t)(nil) })
		b := a.Then("b", never1[asap.Result[int]](t))
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "a", a.Result().Err, asap.ErrSkipped, errBoom)
		wantIs(t, "b", b.Result().Err, asap.ErrSkipped, errBoom)
	})
	virtual(t, "the group's cancellation passes through", func(t *testing.T) {
		g := asap.New(t.Context())
		a := g.Optional("a", obeys)
		b := a.Then("b", never1[asap.Result[int]](t))
		g.Go("bad", fails(sec, errBoom))
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "a", a.Result().Err, context.Canceled)
		wantIs(t, "b", b.Result().Err, asap.ErrSkipped, errBoom)

		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		g = asap.New(ctx)
		a = g.Optional("a", obeys)
		wantIs(t, "Wait", g.Wait(), context.DeadlineExceeded)
		wantIs(t, "a", a.Result().Err, context.DeadlineExceeded)
	})
	virtual(t, "its own deadline is its failure", func(t *testing.T) {
		g := asap.New(t.Context())
		ads := g.Optional("ads", func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, sec)
			defer cancel()
			return obeys(ctx)
		})
		wantNil(t, "Wait", g.Wait())
		wantIs(t, "ads", ads.Value().Err, context.DeadlineExceeded)
	})
	virtual(t, "panic and Goexit pass through", func(t *testing.T) {
		for name, die := range dying {
			g := asap.New(t.Context())
			a := g.Optional("a", func(context.Context) (int, error) { die(); return 0, nil })
			e := ended(g.Wait)
			if (e.panicked != nil) != (name == "panic") || e.goexited != (name == "Goexit") {
				t.Errorf("Wait after a %s: %+v", name, e)
			}
			if a.Result().Err == nil {
				t.Errorf("a after a %s: no error", name)
			}
		}
	})
}
