package rules_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// statusError is as the error of a gRPC status: it wraps nothing, its Is method
// knows its own kind alone, and the context's text is at the end of its own.
type statusError struct{ code, desc string }

func (e *statusError) Error() string { return "rpc error: code = " + e.code + " desc = " + e.desc }
func (e *statusError) Is(target error) bool {
	t, ok := target.(*statusError)
	return ok && *t == *e
}

// connectError is as that of Connect: around one of the wire, which is only a text.
type connectError struct {
	code string
	err  error
}

func (e *connectError) Error() string { return e.code + ": " + e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// saysDeadline is as the errors of package net: only its Is method says what it is.
type saysDeadline struct{ inner error }

func (saysDeadline) Error() string        { return "operation timed out" }
func (saysDeadline) Is(target error) bool { return target == context.DeadlineExceeded }
func (e saysDeadline) Unwrap() error      { return e.inner }
func statusOf(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return &statusError{"DeadlineExceeded", ctx.Err().Error()}
	}
	return &statusError{"Canceled", ctx.Err().Error()}
}

// calls is a body that ends with its context, with an error as a client makes it.
func calls(ctx context.Context) (int, error) { <-ctx.Done(); return 0, statusOf(ctx) }

func TestF1_Echoes(t *testing.T) {
	notFound := &statusError{"NotFound", "no such user"}
	virtual(t, "calls that end with the first failure", func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Observe(&rec))
		g.Go("user", fails(sec, notFound))
		for range 3 {
			g.Go("call", calls)
		}
		ids := g.Input("ids", make([]int, 100))
		g.Map("likes", ids, func(ctx context.Context, _ int) (int, error) { return calls(ctx) })
		g.Optional("ads", calls)
		g.Race("mirror", calls, calls)
		err := g.Wait()
		wantFailed(t, err, "user")
		wantText(t, "Wait", err, "user: rpc error: code = NotFound desc = no such user")
		run := rec.Run()
		for i := range run.Tasks {
			if o := run.Tasks[i].Outcome; o == asap.Failed && run.Tasks[i].Name != "user" || o == asap.Tolerated {
				t.Errorf("task %s: %v", run.Tasks[i].Name, o)
			}
		}
		for _, s := range run.CriticalPath() {
			if s.Name != "user" {
				t.Errorf("critical path: %s", s.Name)
			}
		}
	})
	rollback := errors.New("rollback: connection lost")
	rows := []struct {
		name  string
		err   func(ctx context.Context) error
		early bool // an echo also if no deadline has passed
		echo  bool // an echo of a deadline that has
	}{
		{"status", statusOf, true, true},
		{"connect", func(ctx context.Context) error { return &connectError{"canceled", errors.New(ctx.Err().Error())} }, true, true},
		{"wrapped", func(ctx context.Context) error { return fmt.Errorf("get: %w", ctx.Err()) }, true, true},
		{"cause", func(ctx context.Context) error { return fmt.Errorf("get: %w", context.Cause(ctx)) }, true, true},
		{"two echoes", func(ctx context.Context) error { return errors.Join(ctx.Err(), statusOf(ctx)) }, true, true},
		{"a rollback's too", func(ctx context.Context) error { return errors.Join(ctx.Err(), rollback) }, false, false},
		{"a rollback's below", func(ctx context.Context) error {
			return fmt.Errorf("x: %w", errors.Join(statusOf(ctx), fmt.Errorf("y: %w", rollback)))
		}, false, false},
		{"a deadline of its own", func(context.Context) error { return context.DeadlineExceeded }, false, true},
		{"a deadline that Is says", func(context.Context) error { return saysDeadline{} }, false, true},
		{"behind what decides", func(context.Context) error { return saysDeadline{rollback} }, false, true},
		{"killed", func(context.Context) error { return errors.New("signal: killed") }, false, false},
		{"i/o timeout", func(context.Context) error { return os.ErrDeadlineExceeded }, false, false},
		{"a text in the middle", func(ctx context.Context) error { return fmt.Errorf("%v: while reading", ctx.Err()) }, false, false},
	}
	ends := []string{"failure", "parent", "deadline", "Stop"}
	for _, row := range rows {
		for _, end := range ends {
			for _, kind := range []string{"Go", "Optional", "element", "function", "nested"} {
				virtual(t, row.name+" after "+end+" in "+kind, func(t *testing.T) {
					parent, cancel := context.WithCancel(t.Context())
					defer cancel()
					if end == "deadline" {
						parent, cancel = context.WithTimeout(parent, sec)
						defer cancel()
					}
					tape := newTape(t)
					g := asap.New(parent, asap.Observe(tape))
					body := func(ctx context.Context) (int, error) { <-ctx.Done(); time.Sleep(sec); return 0, row.err(ctx) }
					label := "x"
					switch kind {
					case "Go":
						g.Go("x", body)
					case "Optional":
						g.Optional("x", body)
					case "element":
						label = "x[0]"
						g.Map("x", g.Input("in", []int{1}), func(ctx context.Context, _ int) (int, error) { return body(ctx) })
					case "function":
						label = "x[0]"
						g.Race("x", body)
					case "nested":
						label = "x"
						g.Do("x", func(ctx context.Context) error {
							in := asap.New(ctx)
							in.Go("inner", body)
							return in.Wait()
						})
					}
					switch end {
					case "failure":
						g.Go("bad", fails(sec, errBoom))
					case "parent":
						time.AfterFunc(sec, cancel)
					case "Stop":
						var stop sync.WaitGroup
						stop.Go(func() { time.Sleep(sec); g.Stop() })
						defer stop.Wait()
					}
					err := g.Wait()
					want := asap.Canceled
					if !(row.early || row.echo && end == "deadline") {
						want = asap.Failed
						if kind == "Optional" {
							want = asap.Tolerated
						}
					}
					for _, e := range tape.events {
						if e.Kind == asap.Ended && e.Name == label && e.Outcome != want {
							t.Errorf("%s ended as %v with %v, want %v", label, e.Outcome, e.Err, want)
						}
					}
					ge, ok := err.(*asap.GroupError)
					if !ok && !(kind == "Optional" && want == asap.Tolerated) {
						t.Fatalf("Wait: %v, want a GroupError", err)
					}
					if !ok {
						return
					}
					failures := 0
					if want == asap.Failed {
						failures++
					}
					if end == "failure" {
						failures++
					}
					if len(ge.Failures) != failures {
						t.Errorf("Wait: %v with the failures %v, want %d", err, ge.Failures, failures)
					}
					if end == "deadline" && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Wait: %v, want DeadlineExceeded", err)
					}
				})
			}
		}
	}
	virtual(t, "who awaits finds the failure", func(t *testing.T) {
		g := asap.New(t.Context())
		call := g.Go("call", calls)
		g.Go("user", fails(sec, notFound))
		var status *statusError
		_, err := call.Await(context.Background())
		wantIs(t, "Await", err, notFound)
		if !errors.As(err, &status) || status != notFound {
			t.Errorf("As: %v, want the failure's", status)
		}
		wantIs(t, "Await", err, &statusError{"Canceled", "context canceled"})
		var te *asap.TaskError
		if errors.As(asap.Cause(err), &te) || asap.Cause(err) != error(notFound) {
			t.Errorf("Cause: %v, want what user has returned", asap.Cause(err))
		}
		g.Wait()
	})
}

// TestF1_Elsewhere: an error that was judged in one group is an echo in another, or
// not, by what ended that one.
func TestF1_Elsewhere(t *testing.T) {
	returnsCause := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, context.Cause(ctx) }
	// passes makes a group in a body of g, whose task in awaits from and passes that on.
	passes := func(g *asap.Group, name string, from *asap.Task[int], options ...asap.Option) *asap.Task[error] {
		return g.Go(name, func(ctx context.Context) (error, error) {
			in := asap.New(ctx, options...)
			in.Go("in", func(context.Context) (int, error) { return from.Await(context.Background()) })
			return in.Wait(), nil
		})
	}
	virtual(t, "an echo of the same end, with a deadline behind the cause", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Go("bad", fails(sec, context.DeadlineExceeded))
		echo := g.Go("echo", returnsCause)
		nested := passes(g, "nested", echo, asap.Settled())
		wantFailed(t, g.Wait(), "bad")
		if in, ok := nested.Value().(*asap.GroupError); !ok || len(in.Failures) > 0 || in.Cause == nil {
			t.Errorf("the nested group: %v, want no failures", nested.Value())
		}
	})
	virtual(t, "a deadline that ended another group", func(t *testing.T) {
		g := asap.New(t.Context())
		mirror := g.Race("mirror",
			func(context.Context) (int, error) {
				ctx, cancel := context.WithTimeout(context.Background(), sec)
				defer cancel()
				in := asap.New(ctx)
				x := in.Go("x", returnsCause)
				in.Wait()
				return 0, x.Err()
			},
			func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		g.Go("bad", fails(2*sec, errBoom))
		err := g.Wait()
		wantFailed(t, err, "bad", "mirror")
		wantIs(t, "mirror", mirror.Err(), context.DeadlineExceeded)
	})
	virtual(t, "a limit of time that was no deadline where it ended", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*sec)
		defer cancel()
		g := asap.New(ctx)
		slow := g.Go("slow", obeys)
		late := slow.Then("late", never1[int](t), asap.Within(sec))
		nested := g.Go("nested", func(ctx context.Context) (error, error) {
			ctx, cancel := context.WithCancel(ctx)
			in := asap.New(ctx)
			in.Go("in", func(context.Context) (int, error) { time.Sleep(4 * sec); return late.Await(context.Background()) })
			time.Sleep(ms)
			cancel()
			return in.Wait(), nil
		})
		wantFailed(t, g.Wait(), "late")
		if in, ok := nested.Value().(*asap.GroupError); !ok || len(in.Failures) > 0 || in.Cause != context.Canceled {
			t.Errorf("the nested group: %v, want no failures", nested.Value())
		}
	})
	virtual(t, "the cause that a lost race was", func(t *testing.T) {
		var lost *asap.Task[int]
		g := asap.New(t.Context())
		g.Race("mirror", after(sec, 1), func(ctx context.Context) (int, error) {
			in := asap.New(ctx)
			lost = in.Go("in", returnsCause)
			return 0, in.Wait()
		})
		g.Go("bad", fails(2*sec, errBoom))
		g.Go("late", func(ctx context.Context) (int, error) { <-ctx.Done(); return lost.Await(context.Background()) })
		wantFailed(t, g.Wait(), "bad")
	})
}

func TestF2_SettledAndADeadline(t *testing.T) {
	virtual(t, "both are told", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*ms)
		defer cancel()
		g := asap.New(ctx, asap.Settled(), asap.Name("cart"))
		g.Go("a", fails(ms, errBoom))
		g.Go("b", obeys)
		g.Go("c", func(ctx context.Context) (int, error) { <-ctx.Done(); time.Sleep(ms); return 0, ctx.Err() })
		err := g.Wait()
		wantIs(t, "Wait", err, context.DeadlineExceeded, errBoom)
		wantText(t, "Wait", err, "group cart (running: b, c): a: boom; context deadline exceeded")
	})
	virtual(t, "all others succeed", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*ms)
		defer cancel()
		g := asap.New(ctx, asap.Settled())
		g.Go("a", fails(ms, errBoom))
		g.Go("b", after(sec, 1))
		wantText(t, "Wait", g.Wait(), "a: boom")
	})
	virtual(t, "more fail afterwards", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*ms)
		defer cancel()
		g := asap.New(ctx, asap.Settled(), asap.Name("cart"))
		g.Go("a", fails(ms, errBoom))
		late := errors.New("late")
		g.Go("b", fails(sec, late))
		err := g.Wait()
		wantFailed(t, err, "a", "b")
		wantIs(t, "Wait", err, late)
		wantText(t, "Wait", err, "group cart (running: b): a: boom; context deadline exceeded (and 1 more after it)")
	})
}

func TestF3_TheRollbacksOwn(t *testing.T) {
	rollback := errors.New("rollback failed")
	for name, join := range map[string]func(error) error{
		"Join":    func(err error) error { return errors.Join(err, rollback) },
		"two %w":  func(err error) error { return fmt.Errorf("%w, and %w", rollback, err) },
		"wrapped": func(err error) error { return fmt.Errorf("b: %w", errors.Join(fmt.Errorf("a: %w", err), rollback)) },
	} {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				g := asap.New(t.Context(), options...)
				a := g.Go("a", fails(sec, errBoom))
				skipped := a.Then("skipped", never1[int](t))
				g.Do("b", func(ctx context.Context) error { _, err := a.Await(ctx); time.Sleep(sec); return join(err) })
				g.Do("c", func(ctx context.Context) error { _, err := skipped.Await(ctx); return err })
				err := g.Wait()
				wantFailed(t, err, "a", "b")
				wantIs(t, "Wait", err, errBoom, rollback)
			})
		}
	}
	virtual(t, "tolerated failures are whose who returns them", func(t *testing.T) {
		g := asap.New(t.Context())
		ads := g.Optional("ads", fails(sec, errBoom))
		ads.Do("page", func(_ context.Context, r asap.Result[int]) error { _, err := r.Get(); return err })
		wantText(t, "Wait", g.Wait(), "page: ads: boom")
	})
}

func TestF4_WhoWasRunning(t *testing.T) {
	virtual(t, "names five and counts the rest", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
		defer cancel()
		g := asap.New(ctx, asap.Name("cart"))
		var names []string
		for i := range 7 {
			name := fmt.Sprint("t", i)
			names = append(names, name)
			g.Go(name, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				time.Sleep(time.Duration(i) * ms)
				return 0, statusOf(ctx)
			})
		}
		err := g.Wait()
		wantText(t, "Wait", err, "group cart (running: t0, t1, t2, t3, t4, and 2 more): context deadline exceeded")
		ge := err.(*asap.GroupError)
		if !slices.Equal(ge.Running, names) || ge.Cause != context.DeadlineExceeded || len(ge.Failures) != 0 {
			t.Errorf("Wait: %#v", ge)
		}
		var status *statusError
		if !errors.As(err, &status) || status.code != "DeadlineExceeded" {
			t.Errorf("As: %v, want the status", status)
		}
		errs := ge.Unwrap()
		if len(errs) != 8 || errs[0] != context.DeadlineExceeded || errs[1].Error() != "t0: rpc error: code = DeadlineExceeded desc = context deadline exceeded" {
			t.Errorf("Unwrap: %v", errs)
		}
	})
	virtual(t, "not who only waited", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the client has gone")
		time.AfterFunc(sec, func() { cancel(why) })
		g := asap.New(ctx, asap.Name("page"))
		quote := g.Go("quote", calls)
		g.Go("hard", quote.Await)
		g.Go("soft", func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			return quote.Await(ctx)
		})
		g.Go("in another goroutine", func(ctx context.Context) (v int, err error) {
			done := make(chan struct{})
			go func() { defer close(done); v, err = quote.Await(ctx) }()
			<-done
			return v, err
		})
		g.Do("nested", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("inner", calls)
			return in.Wait()
		})
		g.Go("gave up before", func(ctx context.Context) (int, error) {
			short, cancel := context.WithTimeout(ctx, ms)
			defer cancel()
			quote.Await(short)
			time.Sleep(2 * sec)
			return 0, ctx.Err()
		})
		quote.Then("never", never1[int](t))
		err := g.Wait()
		wantIs(t, "Wait", err, context.Canceled, why)
		ge := err.(*asap.GroupError)
		if got := ge.Running; !slices.Equal(got, []string{"quote", "gave up before"}) || ge.Cause != why {
			t.Errorf("Wait: running %v, cause %v", got, ge.Cause)
		}
		if errs := ge.Unwrap(); errs[0] != context.Canceled || errs[1] != why {
			t.Errorf("Unwrap: %v", errs)
		}
		wantText(t, "Wait", err, "group page (running: quote, gave up before): the client has gone")
	})
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"the body's context": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"one with a timeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
	} {
		virtual(t, "not who waited for a task around, told before the end, with "+name, func(t *testing.T) {
			g := asap.New(t.Context(), asap.Observe(edgeHolds(func(e asap.Event) {
				if e.Kind == asap.Ended && e.Name == "other" { // task is done, and the nested group has no end
					time.Sleep(ms)
				}
			})))
			guilty := g.Go("guilty", fails(sec, errBoom))
			guilty.Then("other", never1[int](t)) // one of the two ends after task
			task := guilty.Then("task", never1[int](t))
			guilty.Then("other", never1[int](t))
			g.Do("outer", func(ctx context.Context) error {
				ctx, cancel := derive(ctx)
				defer cancel()
				in := asap.New(ctx)
				in.Do("waits", func(ctx context.Context) error {
					_, err := task.Await(ctx)
					time.Sleep(sec)
					return err
				})
				in.Go("runs", calls)
				var ge *asap.GroupError
				if err := in.Wait(); !errors.As(err, &ge) || !slices.Equal(ge.Running, []string{"runs"}) {
					t.Errorf("Wait of the nested group: %#v", err)
				}
				return nil
			})
			wantText(t, "Wait", g.Wait(), "guilty: boom")
		})
	}
	virtual(t, "who gave up before, and has no slot until the end", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*sec)
		defer cancel()
		other := asap.New(t.Context())
		task := other.Go("task", calls)
		time.AfterFunc(2*sec, other.Stop)
		g := asap.New(ctx, asap.Limit(1))
		g.Do("gave up", func(ctx context.Context) error {
			short, cancel := context.WithTimeout(ctx, sec)
			defer cancel()
			_, err := task.Await(short)
			return err
		})
		g.Go("busy", after(4*sec, 1))
		var ge *asap.GroupError
		if err := g.Wait(); !errors.As(err, &ge) || !slices.Equal(ge.Running, []string{"gave up"}) {
			t.Errorf("Wait: %#v", err)
		}
	})
	virtual(t, "the status of a nested call keeps its code", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		g := asap.New(ctx)
		g.Do("outer", func(ctx context.Context) error {
			in := asap.New(ctx)
			in.Go("inner", calls)
			return in.Wait()
		})
		var status *statusError
		if err := g.Wait(); !errors.As(err, &status) {
			t.Errorf("Wait: %v, want the status in it", err)
		}
	})
	virtual(t, "JSON has all of it", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), sec)
		defer cancel()
		g := asap.New(ctx, asap.Settled(), asap.Name("cart"))
		g.Go("a", fails(ms, errBoom))
		g.Go("b", calls)
		g.Go("c", fails(2*sec, errors.New("late")))
		err := g.Wait().(*asap.GroupError)
		data, fail := err.MarshalJSON()
		wantNil(t, "MarshalJSON", fail)
		var back asap.GroupError
		wantNil(t, "UnmarshalJSON", back.UnmarshalJSON(data))
		wantText(t, "decoded", &back, err.Error())
		wantIs(t, "decoded", &back, context.DeadlineExceeded)
		if len(back.Failures) != 2 || !slices.Equal(back.Running, []string{"b", "c"}) || back.Cause != context.DeadlineExceeded || len(back.Unwrap()) != len(err.Unwrap()) {
			t.Errorf("decoded: %#v", back)
		}
	})
	virtual(t, "after Stop, as beside it", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Name("cart"))
		g.Go("quote", calls)
		synctest.Wait()
		g.Stop()
		wantText(t, "Wait", g.Wait(), "group cart (running: quote): context canceled")
	})
}

func TestF5_Tolerated(t *testing.T) {
	virtual(t, "Optional", func(t *testing.T) {
		var text strings.Builder
		var rec waterfall.Recorder
		var stats waterfall.Stats
		tape := newTape(t)
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(tape), asap.Observe(&rec), asap.Observe(&stats), waterfall.Print(&text))
		ads := g.Optional("ads", fails(sec, errors.New("503")))
		ads.Do("page", func(context.Context, asap.Result[int]) error { return nil })
		wantNil(t, "Wait", g.Wait())
		wantText(t, "ads", ads.Value().Err, "ads: 503")
		seen := false
		for _, e := range tape.events {
			if e.Kind == asap.Ended && e.Name == "ads" {
				seen = e.Outcome == asap.Tolerated && e.Err != nil && e.Err.Error() == "ads: 503"
			}
		}
		if !seen {
			t.Errorf("no event says that ads failed: %v", tape.events)
		}
		if task := rec.Run().Task("ads"); task.Outcome != asap.Tolerated || task.Err != "ads: 503" {
			t.Errorf("recorded: %+v", task)
		}
		for _, want := range []string{"!", "tolerated", "ads failed at 1 s, which was tolerated: 503"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("no %q in\n%s", want, &text)
			}
		}
		if r := stats.Report("page", waterfall.SinceStart); len(r.Tasks) == 0 || !slices.ContainsFunc(r.Tasks, func(t waterfall.TaskReport) bool { return t.Name == "ads" && t.Tolerated == 1 && t.Failures == 0 }) {
			t.Errorf("statistics: %+v", r.Tasks)
		}
	})
}
