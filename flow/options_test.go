package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

// call returns a copy of the call of a body, of a flow of one task after its input.
func call(t *testing.T, f *flow.Flow[int, int], body string) *flow.Call {
	t.Helper()
	calls, err := f.Calls()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if c.Body == body {
			own := *c
			own.Out = new(int)
			return &own
		}
	}
	t.Fatalf("flow %s has no call %s", f.Name(), body)
	return nil
}

func TestInvokeNeeds(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in num) num {
		name := in.Then("name", func(context.Context, int) (fmt.Stringer, error) { return time.Second, nil })
		return in.Then("sum", func(c ctx, n int) (int, error) {
			if name.Get(c) == nil {
				return in.Get(c), nil
			}
			return n + in.Get(c) + len(name.Get(c).String()), nil
		}, asap.Needs(name))
	})
	for _, test := range []struct {
		in    []any
		want  int
		fails string
	}{
		{[]any{2, time.Minute}, 8, ""},
		{[]any{2, nil}, 2, ""}, // of an interface
		{[]any{2}, 0, "with 1 arguments, but its function takes 1 after the context and the body needs 1 values"},
		{[]any{2, 3}, 0, "the value of task name is of type int, but its body reads a fmt.Stringer"},
		{[]any{"2", time.Minute}, 0, "argument 1 is of type string"},
	} {
		c := call(t, f, "sum")
		c.In = test.in
		err := c.Invoke(t.Context())
		if got := *c.Out.(*int); got != test.want || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("Invoke with %v = %d, %v, want %d, %q", test.in, got, err, test.want, test.fails)
		}
	}
}

// An engine elsewhere says when a Within ends by its own clock, and that the
// body must not begin any more.
func TestInvokeLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		f := flow.Define("shop", func(g *asap.Group, in num) num {
			return in.Then("ads", func(c ctx, n int) (int, error) {
				calls++
				<-c.Done()
				return 0, fmt.Errorf("ads %d: %w", calls, c.Err())
			}, asap.Timeout(50*time.Millisecond), asap.Within(80*time.Millisecond), asap.Around(func(c ctx, _ string, body func(ctx) error) error {
				return errors.Join(body(c), body(c))
			}))
		})
		for _, test := range []struct {
			left, took time.Duration
			want       string
		}{
			{time.Hour, 50 * time.Millisecond, "timeout 50ms: ads 1: context deadline exceeded\nads 2: context deadline exceeded"},
			{20 * time.Millisecond, 20 * time.Millisecond, "within 80ms: ads 1: context deadline exceeded\nads 2: context deadline exceeded"},
			{0, 0, "within 80ms"},
			{-time.Hour, 0, "within 80ms"},
		} {
			calls = 0
			c := call(t, f, "ads")
			c.In, c.Deadline = []any{1}, time.Now().Add(test.left)
			start := time.Now()
			err := c.Invoke(t.Context())
			if took := time.Since(start); took != test.took || err == nil || err.Error() != test.want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Invoke with %v left = %v after %v, want %q after %v", test.left, err, took, test.want, test.took)
			}
		}
		ended, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		cancel(gone)
		c := call(t, f, "ads")
		c.In = []any{1}
		calls = 0
		if err := c.Invoke(ended); err == nil || strings.Contains(err.Error(), "timeout") || !errors.Is(err, context.Canceled) {
			t.Errorf("Invoke with a context that has ended = %v, want its error, of no limit", err)
		}
	})
}

// A Within ends what waits at its instant, in order of declaration, whatever is in
// flight, and the rest goes on from there.
func TestWithinOnExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newTogether(t.Context())
		var ends []string
		start := time.Now()
		note := func(name string) func(ctx) error {
			return func(ctx) error { ends = append(ends, fmt.Sprint(name, " ", time.Since(start))); return nil }
		}
		g := asap.New(t.Context(), asap.Settled(), flow.On(e))
		slow := g.Do("slow", func(ctx) error { time.Sleep(time.Second); return nil })
		b := g.Do("b", none, asap.After(slow), asap.Within(80*time.Millisecond))
		a := g.Do("a", none, asap.After(slow), asap.Within(80*time.Millisecond))
		edge := g.Do("edge", func(ctx) error { time.Sleep(80 * time.Millisecond); return nil })
		c := g.Do("c", none, asap.After(edge), asap.Within(80*time.Millisecond)) // its last dependency ends at it
		g.Do("after", note("after"), asap.AfterEnd(b))
		deaf := g.Do("deaf", func(ctx) error { time.Sleep(100 * time.Millisecond); return nil }, asap.Within(80*time.Millisecond))
		err := g.Wait()
		ge, ok := errors.AsType[*asap.GroupError](err)
		if !ok || len(ge.Failures) != 3 {
			t.Fatalf("Wait = %v, want three failures", err)
		}
		for i, want := range []string{"b: within 80ms", "a: within 80ms", "c: within 80ms"} {
			if got := ge.Failures[i].Error(); got != want {
				t.Errorf("failure %d = %q, want %q", i, got, want)
			}
		}
		for _, task := range []asap.Dep{a, b, c} {
			if errors.Is(task.Err(), asap.ErrSkipped) || !errors.Is(task.Err(), context.DeadlineExceeded) {
				t.Errorf("Err of %s = %v, want context.DeadlineExceeded and not ErrSkipped", task.Name(), task.Err())
			}
		}
		if deaf.Err() != nil {
			t.Errorf("Err of a body that has succeeded late = %v, want nil", deaf.Err())
		}
		if want := "[after 80ms]"; fmt.Sprint(ends) != want {
			t.Errorf("ends = %v, want %s", ends, want)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("the group took %v, want 1s", took)
		}
	})
}

// together is an executor that runs each body on a goroutine of its own, and has a
// clock.
type together struct {
	ctx    context.Context
	ends   chan func()
	timers []timer
}

func newTogether(ctx context.Context) *together { return &together{ctx: ctx, ends: make(chan func())} }

func (e *together) Start(call *flow.Call, done func(error)) {
	go func() { // ends when Step has received
		err := call.Run(e.ctx)
		e.ends <- func() { done(err) }
	}()
}
func (e *together) Now() time.Time { return time.Now() }
func (e *together) After(d time.Duration, f func()) {
	e.timers = append(e.timers, timer{time.Now().Add(d), f})
}
func (e *together) Cancel(error) {}

func (e *together) Step() error {
	var due <-chan time.Time
	if len(e.timers) > 0 { // the test has one
		due = time.After(time.Until(e.timers[0].at))
	}
	select {
	case end := <-e.ends:
		end()
	case <-due:
		f := e.timers[0].f
		e.timers = e.timers[1:]
		f()
	}
	return nil
}

// What is canceled for a Within before its body has begun has no more to say.
func TestWithinInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := asaptest.NewExecutor(t.Context(), 0)
		g := asap.New(t.Context(), flow.On(e))
		g.Do("slow", func(ctx) error { time.Sleep(time.Second); return nil })
		ads := g.Optional("ads", func(ctx) (int, error) { return 1, nil }, asap.Within(80*time.Millisecond))
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(ads.Value().Err); got != "ads: within 80ms" {
			t.Errorf("Err of what never began = %q, want %q", got, "ads: within 80ms")
		}
		if ran := fmt.Sprint(e.Ran()); ran != "[slow]" {
			t.Errorf("Ran = %s, want [slow]", ran)
		}
	})
}

// The Within of a MapOptional is of its elements, which fail one by one when the slice is there.
func TestWithinOfElements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := asap.New(t.Context(), flow.On(newTogether(t.Context())))
		slow := g.Go("slow", func(ctx) ([]int, error) { time.Sleep(time.Second); return []int{1, 2}, nil })
		ads := g.MapOptional("ads", slow, func(ctx, int) (int, error) { return 1, nil }, asap.Within(80*time.Millisecond))
		if err := g.Wait(); err != nil || len(ads.Value()) != 2 {
			t.Fatalf("Wait = %v, %v", err, ads.Value())
		}
		if got := fmt.Sprint(ads.Value()[1].Err); got != "ads[1]: within 80ms" {
			t.Errorf("Err of an element that never began = %q, want %q", got, "ads[1]: within 80ms")
		}
	})
}

func TestWithinNeedsClock(t *testing.T) {
	defer func() {
		want := "asap: Within(1s) of task ads on an engine without a Clock; use Timeout, or an engine that has one"
		if v := recover(); v != want {
			t.Errorf("panic %v, want %q", v, want)
		}
	}()
	g := asap.New(t.Context(), flow.On(&oneByOne{ctx: t.Context()}))
	g.Do("ads", none, asap.Within(time.Second))
}

// Calls that an Around leaves behind end before the call does.
func TestInvokeWaitsForCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 0
		f := flow.Define("shop", func(g *asap.Group, in num) num {
			return in.Then("user", func(c ctx, n int) (int, error) {
				if n++; left == 0 {
					left++
					return n, nil
				}
				<-c.Done()
				left++
				return 0, c.Err()
			}, asap.Around(func(c ctx, _ string, body func(ctx) error) error {
				err := body(c)
				go body(c)
				time.Sleep(time.Second)
				return err
			}))
		})
		c := call(t, f, "user")
		c.In = []any{1}
		if err := c.Invoke(t.Context()); err != nil || *c.Out.(*int) != 2 || left != 2 {
			t.Errorf("Invoke = %d, %v, with %d calls ended, want 2, nil, 2", *c.Out.(*int), err, left)
		}
	})
}
