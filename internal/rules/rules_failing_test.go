package rules_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

func TestR11_FirstFailure(t *testing.T) {
	virtual(t, "is the cause in the siblings", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		for range 3 {
			g.Do("sibling", func(ctx context.Context) error {
				if ctx.Err() != nil || context.Cause(ctx) != nil {
					t.Errorf("before the failure: Err %v, Cause %v, want nil", ctx.Err(), context.Cause(ctx))
				}
				<-ctx.Done()
				c.at(t, "Done", sec)
				te, ok := errors.AsType[*asap.TaskError](context.Cause(ctx))
				if !ok || te.Task != "bad" || !errors.Is(te, errBoom) {
					t.Errorf("Cause: got %v, want the TaskError of bad", context.Cause(ctx))
				}
				if ctx.Err() != context.Canceled {
					t.Errorf("Err: got %v, want context.Canceled", ctx.Err())
				}
				return ctx.Err()
			})
		}
		g.Go("bad", fails(sec, errBoom))
		g.Go("worse", fails(2*sec, errors.New("later")))
		err := g.Wait()
		wantFailed(t, err, "bad", "worse")
	})
	virtual(t, "recorded before anything is canceled", func(t *testing.T) {
		// A body that is woken by the cancellation and fails at once is second.
		for range 50 {
			g := asap.New(t.Context())
			g.Do("second", func(ctx context.Context) error { <-ctx.Done(); return errors.New("second") })
			g.Go("first", fails(ms, errBoom))
			wantFailed(t, g.Wait(), "first", "second")
		}
	})
	t.Run("in real time", func(t *testing.T) {
		for range 300 {
			g := asap.New(t.Context())
			for range 4 {
				g.Do("second", func(ctx context.Context) error {
					<-ctx.Done()
					if cause := context.Cause(ctx); !errors.Is(cause, errBoom) {
						return fmt.Errorf("cause %w", cause)
					}
					return errors.New("late")
				})
			}
			g.Go("first", fails(0, errBoom))
			names := failed(t, g.Wait())
			if len(names) == 0 || names[0] != "first" { // some of the others have not started
				t.Fatalf("Wait: failures of %v, want first and then second", names)
			}
		}
	})
	own := errors.New("cause of the parent")
	rows := []struct {
		name    string
		err     error // what the body returns when its context has ended
		failure bool
	}{
		{"Canceled", context.Canceled, false},
		{"DeadlineExceeded", context.DeadlineExceeded, true}, // of its own: the group has no deadline
		{"wrapped Canceled", fmt.Errorf("get: %w", context.Canceled), false},
		{"the cause", errBoom, false},
		{"wrapped cause", fmt.Errorf("get: %w", errBoom), true}, // errBoom is in the cause, and is not the cause
		{"its own", own, true},
	}
	for _, row := range rows {
		virtual(t, "returned after the cancel: "+row.name, func(t *testing.T) {
			if row.name == "the cause" {
				g := asap.New(t.Context())
				g.Do("victim", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
				g.Go("bad", fails(sec, errBoom))
				wantFailed(t, g.Wait(), "bad")
				return
			}
			g := asap.New(t.Context())
			g.Do("victim", func(ctx context.Context) error { <-ctx.Done(); return row.err })
			g.Go("bad", fails(sec, errors.New("root")))
			want := []string{"bad"}
			if row.failure {
				want = append(want, "victim")
			}
			wantFailed(t, g.Wait(), want...)
		})
	}
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		virtual(t, fmt.Sprint("in a living group it is a failure: ", err), func(t *testing.T) {
			g := asap.New(t.Context())
			g.Go("bad", fails(sec, err))
			got := g.Wait()
			wantFailed(t, got, "bad")
			wantIs(t, "Wait", got, err)
		})
	}
	virtual(t, "at the body's return", func(t *testing.T) {
		g := asap.New(t.Context())
		early := make(chan struct{})
		g.Do("slow to return", func(context.Context) error {
			err := errors.New("made first")
			close(early)
			time.Sleep(2 * sec)
			return err
		})
		g.Do("quick", func(context.Context) error { <-early; time.Sleep(sec); return errBoom })
		wantFailed(t, g.Wait(), "quick", "slow to return")
	})
}

func TestR12_Wait(t *testing.T) {
	virtual(t, "nil", func(t *testing.T) {
		wantNil(t, "Wait of an empty group", asap.New(t.Context()).Wait())
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		wantNil(t, "the second Wait", g.Wait())
	})
	virtual(t, "one", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Name("page"))
		g.Go("user", fails(sec, errBoom))
		err := g.Wait()
		wantText(t, "Wait", err, "user: boom")
		wantIs(t, "Wait", err, errBoom)
		ge, _ := errors.AsType[*asap.GroupError](err)
		if ge == nil || ge.Group != "page" || len(ge.Failures) != 1 || ge.Failures[0].Err != errBoom {
			t.Errorf("Wait: got %#v, want the GroupError of page with one failure", err)
		}
		if again := g.Wait(); again != err {
			t.Errorf("the second Wait: got %v, want the same error", again)
		}
	})
	virtual(t, "many, in order of recording", func(t *testing.T) {
		for _, options := range [][]asap.Option{{asap.Settled()}, {asap.Settled(), asap.Name("page")}} {
			g := asap.New(t.Context(), options...)
			errs := make([]error, 5)
			for i := range errs {
				errs[i] = fmt.Errorf("e%d", i)
				g.Go(fmt.Sprint("t", i), fails(time.Duration(5-i)*sec, errs[i]))
			}
			ok := g.Go("ok", after(9*sec, 1))
			err := g.Wait()
			wantFailed(t, err, "t4", "t3", "t2", "t1", "t0")
			wantIs(t, "Wait", err, errs...)
			want := "5 tasks failed: t4: e4; t3: e3; t2: e2; t1: e1; t0: e0"
			if len(options) == 2 {
				want = "group page: " + want
			}
			wantText(t, "Wait", err, want)
			if ok.Value() != 1 {
				t.Errorf("ok: %d, want 1", ok.Value())
			}
		}
	})
	virtual(t, "collateral", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			g := asap.New(t.Context(), options...)
			user := g.Go("user", fails(sec, errors.New("not found")))
			analytics := g.Go("analytics", user.Await)
			wrapped := g.Do("wrapped", func(ctx context.Context) error {
				if _, err := user.Await(ctx); err != nil {
					return fmt.Errorf("no user: %w", err)
				}
				return nil
			})
			joined := g.Do("joined", func(ctx context.Context) error {
				_, err := user.Await(ctx)
				return errors.Join(errors.New("alas"), err)
			})
			far := g.Do("far", func(ctx context.Context) error { _, err := wrapped.Await(ctx); return err })
			skipped := user.Then("skipped", never1[int](t))
			of := g.Go("of skipped", skipped.Await)
			err := g.Wait()
			want := []string{"user", "joined"}
			wantFailed(t, err, want...)
			wantText(t, "analytics", analytics.Result().Err, "analytics: user: not found")
			wantText(t, "wrapped", wrapped.Result().Err, "wrapped: no user: user: not found")
			for _, task := range []any{joined, far, of} {
				if te, ok := errors.AsType[*asap.TaskError](resultErr(task)); !ok || te.Task == "user" {
					t.Errorf("a collateral task's error: got %v, want its own TaskError", resultErr(task))
				}
			}
		}
	})
	virtual(t, "a failure of another group is real", func(t *testing.T) {
		other := asap.New(t.Context())
		bad := other.Go("bad", fails(0, errBoom))
		other.Wait()
		g := asap.New(t.Context())
		g.Go("a", bad.Await)
		err := g.Wait()
		wantFailed(t, err, "a")
		wantText(t, "Wait", err, "a: bad: boom")
	})
	virtual(t, "a nested group's error", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			nested.Go("inner", fails(sec, errBoom))
			return nested.Wait()
		})
		err := g.Wait()
		wantFailed(t, err, "outer")
		wantText(t, "Wait", err, "outer: inner: boom")
		wantIs(t, "Wait", err, errBoom)
	})
	virtual(t, "a value beside an error is dropped", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		body := func(context.Context) (int, error) { return 7, errBoom }
		a, b := g.Go("a", body), g.Optional("b", body)
		in := g.Input("in", 1)
		d := in.Then("d", func(context.Context, int) (int, error) { return 7, errBoom })
		e := in.And(in).Then("e", func(context.Context, int, int) (int, error) { return 7, errBoom })
		f := g.Map("f", g.Input("ids", []int{1}), func(context.Context, int) (int, error) { return 7, errBoom })
		r := g.Race("r", body)
		g.Wait()
		v, _ := a.Await(t.Context())
		got := []int{v, a.Result().Value, b.Value().Value, d.Result().Value, e.Result().Value, len(f.Result().Value), r.Result().Value}
		if !slices.Equal(got, make([]int, 7)) {
			t.Errorf("values beside errors: %v, want zeros", got)
		}
	})
}

func TestR12a_EndedFromOutside(t *testing.T) {
	why := errors.New("the client has gone")
	ends := map[string]func(t *testing.T) (context.Context, context.CancelFunc, error){
		"cancel": func(t *testing.T) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithCancel(t.Context())
			return ctx, cancel, context.Canceled
		},
		"cancel with a cause": func(t *testing.T) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return ctx, func() { cancel(why) }, why
		},
		"deadline": func(t *testing.T) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithTimeout(t.Context(), sec)
			t.Cleanup(cancel)
			return ctx, func() {}, context.DeadlineExceeded
		},
		"deadline with a cause": func(t *testing.T) (context.Context, context.CancelFunc, error) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), sec, why)
			t.Cleanup(cancel)
			return ctx, func() {}, why
		},
	}
	for name, end := range ends {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(1)}} {
			virtual(t, name, func(t *testing.T) {
				ctx, cancel, cause := end(t)
				time.AfterFunc(sec, cancel)
				g := asap.New(ctx, options...)
				g.Go("obeys", obeys)
				g.Go("ignores", after(2*sec, 1))
				g.Go("fails late", fails(3*sec, errBoom))
				err := g.Wait()
				wantIs(t, "Wait", err, ctx.Err(), cause)
				ge, ok := err.(*asap.GroupError)
				if !ok || ge.Cause != cause {
					t.Fatalf("Wait: got %v, want a GroupError with the cause %v", err, cause)
				}
				running, failures := []string{"obeys", "fails late"}, 1
				if i == 2 { // the others were queued
					running, failures = running[:1], 0
				}
				if !slices.Equal(ge.Running, running) || len(ge.Failures) != failures {
					t.Errorf("Wait: running %v, failures %v, want %v and %d", ge.Running, ge.Failures, running, failures)
				}
			})
		}
	}
	virtual(t, "after every task has succeeded", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := asap.New(ctx)
		g.Go("a", after(sec, 1))
		time.Sleep(2 * sec)
		cancel()
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "every task succeeds all the same", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(sec, cancel)
		g := asap.New(ctx)
		g.Go("a", after(2*sec, 1))
		g.Race("r", after(2*sec, 1), after(3*sec, 1))
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "no task at all", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantNil(t, "Wait", asap.New(ctx).Wait())
		g := asap.New(t.Context())
		g.Stop()
		wantNil(t, "Wait after Stop", g.Wait())
	})
	virtual(t, "Stop", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		g.Go("obeys", obeys)
		g.Do("cause", func(ctx context.Context) error {
			<-ctx.Done()
			if cause := context.Cause(ctx); cause != context.Canceled {
				t.Errorf("Cause after Stop: got %v, want context.Canceled", cause)
			}
			time.Sleep(sec)
			return errBoom // not listed
		})
		synctest.Wait()
		g.Stop()
		c.at(t, "Stop", sec) // has waited
		err := g.Wait()
		wantIs(t, "Wait", err, context.Canceled)
		wantText(t, "Wait", err, "group (running: obeys, cause): context canceled (and 1 more after it)")
	})
	virtual(t, "Stop after Wait does nothing", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("a", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		g.Stop()
		g.Stop()
		wantNil(t, "Wait after Stop", g.Wait())
	})
	virtual(t, "a failure came first", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2*sec, cancel)
			g := asap.New(ctx, append(options, asap.Name("cart"))...)
			g.Go("bad", fails(sec, errBoom))
			g.Go("obeys", obeys)
			err := g.Wait()
			wantFailed(t, err, "bad")
			if options == nil {
				wantText(t, "Wait", err, "bad: boom")
				continue
			}
			wantText(t, "Wait", err, "group cart (running: obeys): bad: boom; context canceled")
			wantIs(t, "Wait", err, context.Canceled, errBoom)
		}
	})
	virtual(t, "text", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		g := asap.New(ctx)
		g.Go("obeys", obeys)
		synctest.Wait()
		cancel(why)
		wantText(t, "Wait", g.Wait(), "group (running: obeys): the client has gone")
	})
}
