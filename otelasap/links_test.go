package otelasap_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/codes"
)

// A wait leads to what was awaited, also if that begins later and has dependencies of
// its own, and a Gather to what it gathers. What never runs leads to nothing.
func TestAwaitedLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Observe(y))
		user := g.Go("user", wait(20*ms))
		profile := user.Then("profile", after(10*ms))
		both := g.Gather("both", user, g.Input("order", 1))
		down := g.Optional("down", func(context.Context) (int, error) { return 0, errDown })
		never := g.Go("never", wait(0), asap.After(user), asap.When(false))
		g.Do("page", func(ctx context.Context) error {
			short, cancel := context.WithTimeout(ctx, ms)
			defer cancel()
			if _, err := profile.Await(short); err == nil {
				t.Error("profile is done after 1 ms")
			}
			if _, err := profile.Await(ctx); err != nil {
				return err
			}
			_, _ = profile.Await(ctx) // again
			_, _ = both.Await(ctx)
			_, _ = down.Await(ctx)
			_, err := never.Await(ctx)
			return errors.Join(err, asap.Blocking(ctx, func() error { time.Sleep(5 * ms); return nil }))
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		y.wantLinks("page", "profile awaited", "user awaited", "down awaited", "user awaited")
		page := y.span("page")
		var got []string
		for _, e := range page.Events() {
			got = append(got, attr(e.Attributes, otelasap.BlockedOn)+" "+attr(e.Attributes, otelasap.TaskBlocked))
		}
		wantLines(t, "waits of page", got, "profile 0.001", "profile 0.029", " 0.005")
		if got := attr(page.Attributes(), otelasap.TaskBlocked); got != "0.035" {
			t.Errorf("page was blocked for %s, want 0.035", got)
		}
	})
}

// A wait that begins before its target and ends by its deadline does not lead to what
// the target depends on.
func TestAwaitedNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Observe(y), asap.Settled())
		user := g.Go("user", func(context.Context) (int, error) { time.Sleep(20 * ms); return 0, errDown })
		profile := user.Then("profile", after(10*ms))
		g.Do("page", func(ctx context.Context) error {
			_, _ = profile.Await(ctx)
			return nil
		})
		g.Do("hasty", func(ctx context.Context) error {
			short, cancel := context.WithTimeout(ctx, ms)
			defer cancel()
			_, _ = profile.Await(short)
			return nil
		})
		_ = g.Wait()
		y.wantLinks("page")
		y.wantLinks("hasty")
		if e := y.span("page").Events(); len(e) != 1 || attr(e[0].Attributes, otelasap.BlockedOn) != "profile" {
			t.Errorf("events of page are %v, want blocked on profile", e)
		}
	})
}

// Whoever awaits outside of any body is on the group's span.
func TestCallersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		began := time.Now()
		g := asap.New(t.Context(), asap.Name("home"), asap.Observe(y))
		user := g.Go("user", wait(20*ms))
		time.Sleep(5 * ms)
		_, _ = user.Await(t.Context())
		_, _ = user.Await(t.Context()) // takes no time
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		e := y.span("home").Events()
		if len(e) != 1 || e[0].Name != "blocked" || e[0].Time.Sub(began) != 5*ms ||
			attr(e[0].Attributes, otelasap.BlockedOn) != "user" || attr(e[0].Attributes, otelasap.TaskBlocked) != "0.015" {
			t.Errorf("events of the group are %v, want blocked on user at 5ms for 0.015", e)
		}
	})
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s are %q, want %q", what, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s are %q, want %q", what, got, want)
			return
		}
	}
}

type codeError struct{ code string }

func (e *codeError) Error() string     { return "call failed with a long text" }
func (e *codeError) ErrorType() string { return e.code }

// What a Race decides is no error of the functions that have lost: neither of one that
// had failed before, nor of one that is canceled. If all fail the Race has the error.
func TestRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		fails := func(d time.Duration, err error) func(context.Context) (int, error) {
			return func(context.Context) (int, error) { time.Sleep(d); return 0, err }
		}
		g := asap.New(t.Context(), asap.Name("home"), asap.Observe(y), asap.Settled())
		won := g.Race("won", fails(ms, errDown), wait(5*ms), wait(time.Second))
		won.Race("lost", func(context.Context, int) (int, error) { return 0, &codeError{"unavailable"} },
			func(context.Context, int) (int, error) { time.Sleep(ms); return 0, errDown })
		g.Map("likes", g.Input("list", []int{1}), func(context.Context, int) (int, error) { return 0, errDown })
		if err := g.Wait(); err == nil {
			t.Fatal("the group has succeeded")
		}
		var got []string
		for _, s := range y.spans.Ended() {
			line := s.Name() + " " + attr(s.Attributes(), otelasap.Outcome) + " " + attr(s.Attributes(), "error.type")
			if s.Status().Code != codes.Unset {
				line += " " + s.Status().Code.String()
			}
			for _, e := range s.Events() {
				line += " " + e.Name + " " + attr(e.Attributes, "exception.type")
			}
			got = append(got, line)
		}
		slices.Sort(got)
		wantLines(t, "spans", got,
			"home failed *errors.errorString Error",
			"likes skipped ",
			"likes[] failed *errors.errorString Error",
			"lost failed unavailable Error",
			"lost[] tolerated *errors.errorString exception *errors.errorString",
			"lost[] tolerated unavailable exception unavailable",
			"won succeeded ",
			"won[] canceled ",
			"won[] succeeded ",
			"won[] tolerated *errors.errorString exception *errors.errorString")
		want := map[string]string{
			"home likes[] failed *errors.errorString": "0.000/1",
			"home lost failed unavailable":            "0.001/1", "home lost[] tolerated": "0.001/2",
			"home won succeeded": "0.005/1", "home won[] canceled": "0.005/1", "home won[] succeeded": "0.005/1", "home won[] tolerated": "0.001/1",
		}
		y.wantSums("asap.task.duration", want)
		y.wantSums("asap.group.duration", map[string]string{"home failed *errors.errorString": "0.006/1"})
	})
}

// An error's type is that of what went wrong first, not of what is around it.
func TestErrorTypes(t *testing.T) {
	for want, fails := range map[string]func(ctx context.Context) error{
		"context.deadlineExceededError": func(context.Context) error { return context.DeadlineExceeded },
		"*errors.errorString": func(ctx context.Context) error { // in two groups
			g := asap.New(ctx, asap.Name("nested"))
			g.Do("inner", func(context.Context) error { return errDown })
			return g.Wait()
		},
		"throttled":         func(context.Context) error { return errors.Join(&codeError{"throttled"}, errDown) },
		"*errors.joinError": func(context.Context) error { return errors.Join(errDown) },
		"_OTHER":            func(context.Context) error { return &codeErrorThatPanics{} },
	} {
		synctest.Test(t, func(t *testing.T) {
			y := newTelemetry(t)
			g := asap.New(t.Context(), asap.Observe(y))
			g.Do("task", fails)
			_ = g.Wait()
			for _, name := range []string{"task", "asap.group"} {
				if got := attr(y.span(name).Attributes(), "error.type"); got != want {
					t.Errorf("error.type of %s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

type codeErrorThatPanics struct{ codeError }

func (*codeErrorThatPanics) ErrorType() string { panic("boom") }
