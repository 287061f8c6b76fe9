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
)

// silent is an engine that loses calls: Step returns and nothing has ended.
type silent struct{ stepErr error }

func (s *silent) Start(*flow.Call, func(error)) {}
func (s *silent) Step() error                   { return s.stepErr }
func (s *silent) Cancel(error)                  {}

func TestEngineFails(t *testing.T) {
	down := errors.New("connection lost")
	for _, test := range []struct {
		name string
		err  error
		say  string
	}{
		{"with an error", down, "connection lost"},
		{"without a word", nil, "executor"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := asap.New(t.Context(), flow.On(&silent{test.err}))
			user := g.Go("user", func(context.Context) (int, error) { return 1, nil })
			page := user.Then("page", takes(0))
			err := g.Wait()
			if err == nil || !strings.Contains(err.Error(), test.say) {
				t.Errorf("Wait = %v, want an error with %q", err, test.say)
			}
			if test.err != nil && !errors.Is(err, down) {
				t.Errorf("errors.Is(%v, %v) = false", err, down)
			}
			if err := user.Result().Err; err == nil {
				t.Error("user has no error, though the engine never reported its end")
			}
			if err := page.Result().Err; !errors.Is(err, asap.ErrSkipped) {
				t.Errorf("page = %v, want it skipped", err)
			}
		})
	}
}

// A group on an engine inside a body of a limited group: its bodies run
// elsewhere, so that it must neither wait for the slots of this process nor
// take them for a cycle.
func TestEngineInsideLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events asaptest.Events
		g := asap.New(t.Context(), asap.Limit(1), asap.Observe(&events))
		far := g.Go("far", func(ctx context.Context) (int, error) {
			return asap.Run(ctx, func(g *asap.Group) func() int {
				a, b := g.Input("a", 1), g.Input("b", 2)
				return a.Then("c", takes(2*time.Millisecond)).And(b.Then("d", takes(0))).Then("sum", both).Value
			}, flow.On(newParallel(ctx)))
		})
		for i := range 5 {
			g.Go(fmt.Sprint("near", i), func(context.Context) (int, error) { return takes(time.Millisecond)(nil, i) })
		}
		if err := g.Wait(); err != nil {
			t.Fatalf("Wait = %v, want nil", err)
		}
		if far.Value() != 3 {
			t.Errorf("far = %d, want 3", far.Value())
		}
		if err := events.Check(); err != nil {
			t.Error(err)
		}
	})
}

// The order in which a seed runs the bodies is the same every time.
func TestSeedIsDeterministic(t *testing.T) {
	order := func(seed uint64) string {
		e := asaptest.NewExecutor(t.Context(), seed)
		g := asap.New(t.Context(), flow.On(e))
		for range 20 {
			g.Input("start", 0).Then("task", takes(0)).Then("next", takes(0))
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		return strings.Join(e.Ran(), " ")
	}
	orders := make(map[string]bool)
	for seed := range uint64(5) {
		first := order(seed)
		if again := order(seed); again != first {
			t.Errorf("seed %d ran\n%s\nand then\n%s", seed, first, again)
		}
		orders[first] = true
	}
	if len(orders) != 5 {
		t.Errorf("5 seeds gave %d orders", len(orders))
	}
	if got := order(0); !strings.HasPrefix(got, "task task#2 task#3") {
		t.Errorf("seed 0 ran %s, want the order of starts", got)
	}
}
