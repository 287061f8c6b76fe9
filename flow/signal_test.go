package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

// approved is a flow that waits for a person, after what takes a second, for an hour.
var approved = flow.Define("order", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
	stock := in.Then("stock", func(ctx context.Context, n int) (int, error) { return n, pause(ctx, time.Second) })
	approval := flow.Signal[bool](g, "approval", asap.After(stock), asap.Timeout(time.Hour))
	return stock.And(approval).Then("ship", func(_ context.Context, n int, ok asap.Result[bool]) (string, error) {
		return fmt.Sprint(n, " ", ok.Value, " ", ok.Err, " ", errors.Is(ok.Err, context.DeadlineExceeded)), nil
	})
}, asap.Limit(1))

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func TestSignal(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *flow.Running[string])
		want string
		at   time.Duration
	}{
		{"in time", func(r *flow.Running[string]) {
			time.Sleep(time.Minute)
			send(t, r, "approval", true)
		}, "3 true <nil> false", time.Minute},
		{"before it is awaited", func(r *flow.Running[string]) { send(t, r, "approval", true) }, "3 true <nil> false", time.Second},
		{"late", func(*flow.Running[string]) {}, "3 false approval: timeout 1h0m0s true", time.Hour + time.Second},
		{"at the very instant of its limit, sent before", func(r *flow.Running[string]) {
			time.Sleep(time.Hour + time.Second - 1)
			send(t, r, "approval", true)
		}, "3 true <nil> false", time.Hour + time.Second - 1},
		{"twice", func(r *flow.Running[string]) {
			send(t, r, "approval", true)
			send(t, r, "approval", false)
			time.Sleep(500 * time.Millisecond)
			send(t, r, "approval", false)
		}, "3 true <nil> false", time.Second},
		{"too late and no error", func(r *flow.Running[string]) {
			time.Sleep(time.Hour + time.Second)
			synctest.Wait()
		}, "3 false approval: timeout 1h0m0s true", time.Hour + time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				r := approved.Start(t.Context(), 3)
				c.do(r)
				got, err := r.Wait(t.Context())
				if took := time.Since(began); err != nil || got != c.want || took != c.at {
					t.Errorf("Wait = %q, %v after %v, want %q after %v", got, err, took, c.want, c.at)
				}
				if err := r.Signal(t.Context(), "approval", true); !errors.Is(err, flow.ErrEnded) {
					t.Errorf("Signal after the end: %v, want ErrEnded", err)
				}
				synctest.Wait()
				if n := runtime.NumGoroutine(); n > 10 {
					t.Errorf("%d goroutines are left", n)
				}
			})
		})
	}
}

func send(t *testing.T, r *flow.Running[string], name string, v any) {
	t.Helper()
	if err := r.Signal(t.Context(), name, v); err != nil {
		t.Errorf("Signal(%s, %v) = %v", name, v, err)
	}
}

func TestSignalMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := approved.Start(t.Context(), 3)
		for _, c := range []struct {
			name  string
			value any
			want  string
		}{
			{"approvall", true, "asap: flow order has no signal approvall; it has approval"},
			{"stock", 3, "asap: flow order has no signal stock; it has approval"},
			{"approval", "yes", "asap: flow order: signal approval takes a bool, and was sent a string"},
			{"approval", nil, "asap: flow order: signal approval takes a bool, and was sent nil"},
		} {
			if err := r.Signal(t.Context(), c.name, c.value); err == nil || err.Error() != c.want {
				t.Errorf("Signal(%s, %v) = %v, want %s", c.name, c.value, err, c.want)
			}
		}
		synctest.Wait()
		if err := r.Cancel(t.Context(), errors.New("changed my mind")); err != nil {
			t.Error(err)
		}
		_, err := r.Wait(t.Context())
		if want := "group order (running: stock): changed my mind"; err == nil || err.Error() != want || !errors.Is(err, context.Canceled) {
			t.Errorf("Wait = %v, want %s", err, want)
		}
		if err := r.Cancel(t.Context(), nil); err != nil {
			t.Errorf("Cancel after the end: %v", err)
		}
		if _, err := approved.Run(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "use Start") {
			t.Errorf("Run of a flow with a signal: %v, want an error that names Start", err)
		}
	})
	panics(t, "no flow's", func() { flow.Signal[int](asap.New(t.Context()), "approval") })
	panics(t, "leave Sleep out", func() { flow.Sleep(asap.New(t.Context()), "pause", 0) })
	panics(t, "has no body", func() {
		flow.Sleep(asap.New(t.Context()), "pause", 1, asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error { return body(ctx) }))
	})
	panics(t, "takes no slot", func() { flow.Sleep(asap.New(t.Context()), "pause", 1, asap.SharedLimit(1)) })
	panics(t, "zero Running", func() { _, _ = new(flow.Running[int]).Wait(t.Context()) })
}

func panics(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "asap: ") || !strings.Contains(text, want) {
			t.Errorf("panic %q, want one with %q", text, want)
		}
	}()
	f()
}

// TestSleep: of a million that wait none has a goroutine, and all instants are exact.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		began := time.Now()
		g := asap.New(t.Context(), asap.Limit(1))
		all := make([]*asap.Task[struct{}], n)
		first := flow.Sleep(g, "first", time.Hour)
		for i := range all {
			all[i] = flow.Sleep(g, "next", time.Duration(n-i)*time.Minute, asap.After(first))
		}
		late := flow.Sleep(g, "late", time.Hour, asap.Timeout(time.Minute), asap.MayFail())
		soon := flow.Sleep(g, "soon", time.Hour, asap.Within(time.Second), asap.MayFail())
		never := flow.Sleep(g, "never", time.Hour, asap.When(false))
		end := g.Gather("all", all...)
		synctest.Wait()
		if now := runtime.NumGoroutine(); now > 20 {
			t.Errorf("%d goroutines for %d sleeps", now, n)
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Hour+n*time.Minute {
			t.Errorf("took %v", took)
		}
		if end.Err() != nil || never.Err() != nil || !errors.Is(late.Err(), context.DeadlineExceeded) || !errors.Is(soon.Err(), context.DeadlineExceeded) {
			t.Error(end.Err(), never.Err(), late.Err(), soon.Err())
		}
	})
}

// TestSleepEnds: a group that ends does not wait for what sleeps in it, and leaves no
// timer.
func TestSleepEnds(t *testing.T) {
	for _, how := range []string{"failure", "parent", "stop", "exit", "panic"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx, cancel := context.WithCancelCause(t.Context())
				g := asap.New(ctx)
				hit := g.NewExit[int]()
				pause := flow.Sleep(g, "pause", time.Hour)
				after := pause.Do("after", func(context.Context, struct{}) error { return nil })
				time.Sleep(time.Minute)
				switch how {
				case "failure":
					g.Do("broken", func(context.Context) error { return errors.New("no") })
				case "parent":
					cancel(errors.New("no"))
				case "exit":
					g.Do("exit", func(context.Context) error { return hit.With(1) })
				case "panic":
					g.Do("panic", func(context.Context) error { panic("no") })
				}
				func() {
					defer func() { recover() }()
					if how == "stop" {
						g.Stop()
					} else {
						_ = g.Wait()
					}
				}()
				if took := time.Since(began); took != time.Minute || pause.Err() == nil || !errors.Is(after.Err(), asap.ErrSkipped) && how != "exit" {
					t.Errorf("took %v; pause: %v; after: %v", took, pause.Err(), after.Err())
				}
				cancel(nil)
			})
		})
	}
}

// TestTasks: a wait for a person is no work, and attempts are told while they go on.
func TestTasks(t *testing.T) {
	f := flow.Define("told", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		flow.Signal[int](g, "approval")
		flow.Sleep(g, "pause", time.Hour)
		flow.Signal[int](g, "approval", asap.When(false))
		list := in.Then("list", func(context.Context, int) ([]int, error) { return []int{1, 2}, nil })
		g.Map("likes", list, func(ctx context.Context, n int) (int, error) { return n, pause(ctx, time.Duration(n)*time.Minute) }, asap.Limit(1))
		g.Race("mirror", func(ctx context.Context) (int, error) { return 1, pause(ctx, time.Second) }, func(ctx context.Context) (int, error) { return 0, pause(ctx, time.Minute) })
		in.Optional("ads", func(context.Context, int) (int, error) { return 0, errors.New("no ads") })
		tries := 0
		shaky := in.Then("shaky", func(context.Context, int) (int, error) { tries++; return 0, fmt.Errorf("no %d", tries) },
			asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) (err error) {
				for range 5 {
					if err = body(ctx); err == nil {
						return nil
					}
					time.Sleep(time.Minute)
				}
				return err
			}))
		return shaky.Then("page", func(_ context.Context, n int) (int, error) { return n, nil })
	})
	states := func(r *flow.Running[int], began time.Time) string {
		all, err := r.Tasks(t.Context())
		if err != nil {
			t.Error(err)
		}
		var b strings.Builder
		for _, s := range all {
			fmt.Fprintf(&b, "%s %s %v", s.Task, s.State, s.Since.Sub(began))
			if s.Attempt > 0 {
				fmt.Fprint(&b, " #", s.Attempt)
			}
			if s.Error != "" {
				fmt.Fprint(&b, " ", s.Error)
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := f.Start(t.Context(), 1)
		time.Sleep(150 * time.Second)
		if got, want := states(r, began), `approval expected 0s
pause sleeping 0s
approval#2 left out 0s
list succeeded 0s #1
likes[0] succeeded 1m0s #1
likes[1] running 1m0s #1
mirror[0] succeeded 1s #1
mirror[1] canceled 1s #1 mirror: race lost
ads tolerated 0s #1 no ads
shaky running 0s #3 no 3
page waiting 0s
`; got != want {
			t.Errorf("Tasks:\n%swant\n%s", got, want)
		}
		_, err := r.Wait(t.Context())
		if err == nil || err.Error() != "shaky: no 5" {
			t.Error(err)
		}
		if got, want := states(r, began), `approval canceled 5m0s context canceled
pause canceled 5m0s context canceled
approval#2 left out 0s
list succeeded 0s #1
likes[0] succeeded 1m0s #1
likes[1] succeeded 3m0s #1
mirror[0] succeeded 1s #1
mirror[1] canceled 1s #1 mirror: race lost
ads tolerated 0s #1 no ads
shaky failed 5m0s #5 no 5
page skipped 5m0s
`; got != want {
			t.Errorf("Tasks at the end:\n%swant\n%s", got, want)
		}
	})
}

// A signal is one of the definition: in a body nobody could send it, and the run would
// wait for ever.
func TestSignalInBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := flow.Define("order", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("late", func(context.Context, int) (_ int, err error) {
				defer func() { err = fmt.Errorf("%v", recover()) }()
				flow.Signal[int](g, "approval")
				return 0, nil
			})
		})
		_, err := f.Start(t.Context(), 1).Wait(t.Context())
		if want := "late: Signal approval declared when the function of flow order had returned, so that nobody could send it; declare it in that function"; err == nil || err.Error() != want {
			t.Errorf("Wait = %v, want %s", err, want)
		}
	})
}

// On an executor a panic of one function is not hidden by the success of another, as
// nothing hides it in the process.
func TestRacePanicsElsewhere(t *testing.T) {
	for seed := range uint64(10) {
		f := flow.Define("race", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Race("mirror", func(context.Context, int) (int, error) { panic("no mirror") }, func(_ context.Context, n int) (int, error) { return n, nil })
		})
		e := asaptest.NewExecutor(t.Context(), seed)
		got, err := f.With(flow.On(e)).Run(t.Context(), 1)
		began := slices.Contains(e.Ran(), "mirror[0]")
		if _, panicked := errors.AsType[*asap.PanicError](err); panicked != began || !began && got != 1 {
			t.Errorf("seed %d: Run = %d, %v, and the function that panics began: %t", seed, got, err, began)
		}
	}
}
