package otelasap_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
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
	inner := func(ctx context.Context, f func(context.Context) error, options ...asap.TaskOption) error {
		g := asap.New(ctx, asap.Name("nested"))
		g.Do("inner", f, options...)
		return g.Wait()
	}
	down := func(context.Context) error { return errDown }
	for _, row := range []struct {
		name, want string
		fails      func(ctx context.Context) error
	}{
		{"a deadline", "context.deadlineExceededError", func(context.Context) error { return context.DeadlineExceeded }},
		{"in two groups", "*errors.errorString", func(ctx context.Context) error { return inner(ctx, down) }},
		{"in two groups, with a text", "*errors.errorString", func(ctx context.Context) error {
			return fmt.Errorf("part: %w", fmt.Errorf("more: %w", inner(ctx, down)))
		}},
		{"a limit of time", "context.deadlineExceededError", func(ctx context.Context) error {
			return inner(ctx, func(ctx context.Context) error { return wait2(ctx) }, asap.Timeout(ms))
		}},
		{"one that was missed", "context.deadlineExceededError", func(ctx context.Context) error {
			return inner(ctx, func(ctx context.Context) error { <-ctx.Done(); return errDown }, asap.Within(ms))
		}},
		{"a wait that was given up", "context.deadlineExceededError", func(ctx context.Context) error {
			g := asap.New(ctx)
			defer g.Stop()
			slow := g.Go("slow", wait(time.Second))
			short, cancel := context.WithTimeout(ctx, ms)
			defer cancel()
			_, err := slow.Await(short)
			return err
		}},
		{"with a word of its own", "throttled", func(context.Context) error { return errors.Join(&codeError{"throttled"}, errDown) }},
		{"without one", "*otelasap_test.codeError", func(context.Context) error { return &codeError{} }},
		{"joined", "*errors.joinError", func(context.Context) error { return errors.Join(errDown) }},
		{"a method that panics", "_OTHER", func(context.Context) error { return &codeErrorThatPanics{} }},
		{"nil of a type", "_OTHER", func(context.Context) error { return (*codeError)(nil) }},
		{"of another process", "*fs.PathError", func(context.Context) error { return &flow.RemoteError{Type: "*fs.PathError", Message: "no file"} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newTelemetry(t)
				g := asap.New(t.Context(), asap.Observe(y))
				g.Do("task", row.fails)
				_ = g.Wait()
				if got := attr(y.span("task").Attributes(), "error.type"); got != row.want {
					t.Errorf("error.type is %q, want %q", got, row.want)
				}
				if got := y.sums("asap.task.duration"); len(got) == 0 || !strings.Contains(fmt.Sprint(got), "task failed "+row.want) {
					t.Errorf("durations are %v, want error.type %s", got, row.want)
				}
			})
		})
	}
}

func wait2(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }

type codeErrorThatPanics struct{ codeError }

func (*codeErrorThatPanics) ErrorType() string { panic("boom") }

// Of too many dependencies as many are linked as a span takes, and that which ended last
// is among them wherever it stands; awaits do not push it out.
func TestManyLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{127, 128, 300} {
			y := newTelemetry(t)
			g := asap.New(t.Context(), asap.Observe(y))
			deps := []asap.Dep{g.Go("last", wait(2*ms))}
			for range n - 1 {
				deps = append(deps, g.Go("other", wait(ms)))
			}
			var more []*asap.Task[int]
			for range 3 {
				more = append(more, g.Go("more", wait(ms)))
			}
			g.Do("page", func(ctx context.Context) error {
				for _, m := range more {
					_, _ = m.Await(ctx)
				}
				return nil
			}, asap.After(deps...))
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			last, page := 0, y.span("page")
			for _, l := range page.Links() {
				if attr(l.Attributes, otelasap.LinkLast) == "true" && l.SpanContext.SpanID() == y.span("last").SpanContext().SpanID() {
					last++
				}
			}
			if len(page.Links()) != 128 || last != 1 || page.DroppedLinks() != 0 {
				t.Errorf("of %d dependencies %d are linked, %d as the last, and %d dropped, want 128, 1 and 0", n, len(page.Links()), last, page.DroppedLinks())
			}
		}
	})
}

// What runs nothing leads on to what it depends on, by as many ways as there are; each
// is looked at once.
func TestLinksByManyWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Observe(y))
		a, b := asap.Dep(g.Go("a", wait(ms))), asap.Dep(g.Go("b", wait(2*ms)))
		left := func(name string) asap.Dep { return g.Go(name, wait(0), asap.When(false), asap.After(a, b)) }
		for range 40 { // 2⁴⁰ ways
			a, b = left("x"), left("y")
		}
		g.Go("end", wait(ms), asap.After(a))
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, l := range y.span("end").Links() {
			if id := l.SpanContext.SpanID(); id != y.span("a").SpanContext().SpanID() && id != y.span("b").SpanContext().SpanID() {
				t.Errorf("end is linked with %v, which is neither a nor b", id)
			}
		}
		if n := len(y.span("end").Links()); n < 2 || n > 4 {
			t.Errorf("end has %d links, want few, to a and b", n)
		}
	})
}

// A wait for a task of another group leads to it, also if that group has ended before
// the wait is told of; of one that nobody observes neither name nor link is told.
func TestAwaitedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		far, unseen := asap.New(t.Context(), asap.Observe(y)), asap.New(t.Context())
		user, secret := far.Go("user", wait(5*ms)), unseen.Go("secret", wait(10*ms))
		g := asap.New(t.Context(), asap.Observe(y), asap.Name("home"))
		g.Do("page", func(ctx context.Context) error {
			_, err := user.Await(ctx)
			_, more := secret.Await(ctx)
			return errors.Join(err, more)
		})
		for _, g := range []*asap.Group{far, g, unseen} {
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		y.wantLinks("page", "user awaited")
		var got []string
		for _, e := range y.span("page").Events() {
			on := "nobody"
			for _, a := range e.Attributes {
				if a.Key == otelasap.BlockedOn {
					on = a.Value.AsString()
				}
			}
			got = append(got, on+" "+attr(e.Attributes, otelasap.TaskBlocked))
		}
		wantLines(t, "waits of page", got, "user 0.005", "nobody 0.005")
		if n := y.Kept(); n != 0 {
			t.Errorf("%d runs are kept", n)
		}
	})
}

// A sampler that drops single spans leaves no links to them.
func TestLinksToDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := sampledBy(t, dropper("user"))
		g := asap.New(t.Context(), asap.Observe(y))
		user := g.Go("user", wait(ms))
		user.Then("profile", after(ms))
		g.Do("page", func(ctx context.Context) error { _, err := user.Await(ctx); return err })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		y.wantLinks("profile")
		y.wantLinks("page")
	})
}

// dropper samples all spans but those of a name.
type dropper string

func (d dropper) ShouldSample(p trace.SamplingParameters) trace.SamplingResult {
	if p.Name == string(d) {
		return trace.SamplingResult{Decision: trace.Drop}
	}
	return trace.SamplingResult{Decision: trace.RecordAndSample}
}

func (d dropper) Description() string { return "all but " + string(d) }
