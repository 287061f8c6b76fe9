package asaptest_test

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
	"github.com/asap-go/asap/waterfall"
)

// note is a testing.TB that keeps what an assertion says.
type note struct {
	testing.TB
	said []string
}

func (n *note) Helper() {}
func (n *note) Errorf(format string, args ...any) {
	n.said = append(n.said, fmt.Sprintf(format, args...))
}

const ms = time.Millisecond

func takes(d time.Duration) func(context.Context, int) (int, error) {
	return func(_ context.Context, n int) (int, error) {
		time.Sleep(d)
		return n, nil
	}
}

func both(_ context.Context, a, b int) (int, error) {
	time.Sleep(10 * ms)
	return a + b, nil
}

// quick asks cart and rates at once; slow asks for the rates only when the
// cart is there, though it does not need it.
var (
	quick = flow.Define("checkout", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		cart, rates := in.Then("cart", takes(50*ms)), in.Then("rates", takes(30*ms))
		g.Gather("both", cart, rates)
		return cart.And(rates).Then("quote", both)
	})
	slow = flow.Define("checkout", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		cart := in.Then("cart", takes(50*ms))
		rates := in.And(cart).Then("rates", func(ctx context.Context, n, _ int) (int, error) { return takes(30*ms)(ctx, n) })
		return cart.And(rates).Then("quote", both)
	})
	empty = flow.Define("empty", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in })
	wrong = flow.Define("wrong", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return nil })
)

func TestAssertDepth(t *testing.T) {
	for _, test := range []struct {
		name string
		flow *flow.Flow[int, int]
		want int
		say  string
	}{
		{"as wanted", quick, 2, ""},
		{"nothing to run", empty, 0, ""},
		{"a hidden round trip", slow, 2, `flow checkout is 3 steps deep, want 2: cart → rates → quote
	quote is step 3, because it waits for rates; without that it would be step 2`},
		{"two of them", slow, 1, `flow checkout is 3 steps deep, want 1: cart → rates → quote
	rates is step 2, because it waits for cart; without that it would be step 1
	quote is step 3, because it waits for rates; without that it would be step 2`},
		{"better", quick, 3, `flow checkout is 2 steps deep, want 3: cart → quote
It got better; assert 2 so that it stays.`},
		{"nothing left", empty, 1, `flow empty is 0 steps deep, want 1: no task runs anything
It got better; assert 0 so that it stays.`},
		{"no flow", wrong, 1, "AssertDepth: asap: flow wrong: its function returned no task; return the task of the result"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			asaptest.AssertDepth(n, test.flow, test.want)
			if got := strings.Join(n.said, "\n"); got != test.say {
				t.Errorf("AssertDepth(%d) says\n%s\nwant\n%s", test.want, got, test.say)
			}
		})
	}
}

// record runs a flow in virtual time.
func record(t *testing.T, f *flow.Flow[int, int]) *waterfall.Run {
	var r waterfall.Recorder
	synctest.Test(t, func(t *testing.T) {
		if _, err := f.With(asap.Observe(&r)).Run(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
	return r.Run()
}

func TestAssertCriticalPath(t *testing.T) {
	for _, test := range []struct {
		name string
		run  *waterfall.Run
		want []string
		say  string
	}{
		{"as wanted", record(t, quick), []string{"cart", "quote"}, ""},
		{"nothing took time", record(t, empty), nil, ""},
		{"a hidden round trip", record(t, slow), []string{"cart", "quote"},
			`critical path is cart (50ms) → rates (30ms) → quote (10ms), want cart → quote
	rates was added: the run waits for it for 30ms`},
		{"another path", record(t, quick), []string{"rates", "quote"},
			`critical path is cart (50ms) → quote (10ms), want rates → quote
	cart was added: the run waits for it for 50ms
	rates is gone: it ran for 30ms until 30ms, and the run of 60ms did not wait for it`},
		{"another order", record(t, quick), []string{"quote", "cart"}, `critical path is cart (50ms) → quote (10ms), want quote → cart`},
		{"no such task", record(t, empty), []string{"cart"}, `critical path is empty, want cart
	cart is gone: the run has no task of that name`},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			asaptest.AssertCriticalPath(n, test.run, test.want...)
			if got := strings.Join(n.said, "\n"); got != test.say {
				t.Errorf("AssertCriticalPath(%q) says\n%s\nwant\n%s", test.want, got, test.say)
			}
		})
	}
}

func TestAssertMakespan(t *testing.T) {
	asaptest.AssertMakespan(t, 60*ms, func(ctx context.Context) error {
		_, err := quick.Run(ctx, 1)
		return err
	})
	asaptest.AssertMakespan(t, 0, func(context.Context) error { return nil })

	for _, test := range []struct {
		name string
		f    func(context.Context) error
		say  string
	}{
		{"a hidden round trip", func(ctx context.Context) error { _, err := slow.Run(ctx, 1); return err },
			"f took 90ms, want 60ms: 30ms more\ncritical path: cart (50ms) → rates (30ms) → quote (10ms)"},
		{"better", func(context.Context) error { time.Sleep(ms); return nil },
			"f took 1ms, want 60ms; it got better: assert 1ms so that it stays\ncritical path: f (1ms)"},
		{"failed", func(context.Context) error { time.Sleep(ms); return errors.New("down") },
			"AssertMakespan: f = down after 1ms, want nil after 60ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := asaptest.MakespanMessage(t, 60*ms, test.f); got != test.say {
				t.Errorf("AssertMakespan says\n%s\nwant\n%s", got, test.say)
			}
		})
	}
}
