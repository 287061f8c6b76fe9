package waterfall_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// What could not be undone is said after what has failed, once, also of a nested group:
// a refund that did not go through is nothing to look for in a line of text.
func TestExplainUndos(t *testing.T) {
	undo := func(text string) func(context.Context, int) error {
		return func(context.Context, int) error { return errors.New(text) }
	}
	order := func(g *asap.Group) {
		a := g.Go("reserve", sleep(ms, 1)).Undo(undo("no; connection\nat all"))
		b := g.Go("bill", sleep(2*ms, 1)).Undo(func(context.Context, int) error { return nil })
		c := g.Go("charge", sleep(3*ms, 1)).Undo(undo("card gone"))
		g.Gather("all", a, b, c).Do("ship", func(context.Context, []int) error { return errors.New("no van") })
	}
	for _, c := range []struct {
		name    string
		declare func(g *asap.Group)
		want    []string
	}{
		{"a failure", order, []string{"ship failed at 3 ms: no van", "charge could not be undone: card gone", "reserve could not be undone: no"}},
		{"in a body", func(g *asap.Group) {
			g.Do("order", func(ctx context.Context) error {
				inner := asap.New(ctx, asap.Name("payment"))
				order(inner)
				return inner.Wait()
			})
		}, []string{"order/ship failed at 3 ms: no van", "order/charge could not be undone: card gone", "order/reserve could not be undone: no"}},
	} {
		run := recorded(t, c.declare)
		words := slices.DeleteFunc(run.Explain(), func(s string) bool { return strings.HasPrefix(s, "order failed") })
		if !slices.Equal(words, c.want) {
			t.Errorf("%s: Explain() = %q, want %q", c.name, words, c.want)
		}
		page := render(t, run, waterfall.HTML)
		if _, gains, _ := strings.Cut(page, "What to fix first"); !strings.Contains(gains, "could not be undone: card gone") {
			t.Errorf("%s: the page does not say first what could not be undone", c.name)
		}
	}
}
