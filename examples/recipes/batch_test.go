package recipes

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

func cartPrices(ctx context.Context, ids []string) ([]int, error) {
	return asap.Run(ctx, func(g *asap.Group) func() []int {
		prices := batch.New(g, "prices", fetchPrices)
		items := g.Map("item", g.Input("ids", ids), func(ctx context.Context, id string) (int, error) {
			return prices.Get(ctx, id) // of all items in one call, each id once
		})
		return items.Value
	})
}

// fetchPrices knows two prices, and takes 10 ms for any number.
func fetchPrices(ctx context.Context, ids []string) (map[string]int, error) {
	prices := make(map[string]int)
	for _, id := range ids {
		if price, ok := map[string]int{"rope": 7, "tent": 120}[id]; ok {
			prices[id] = price
		}
	}
	return prices, sleep(ctx, 10*ms)
}

func TestCartPrices(t *testing.T) {
	takes(t, 10*ms, func(ctx context.Context) {
		got, err := cartPrices(ctx, []string{"tent", "rope", "tent"})
		if err != nil || !slices.Equal(got, []int{120, 7, 120}) {
			t.Errorf("cartPrices = %v, %v", got, err)
		}
	})
	takes(t, 10*ms, func(ctx context.Context) {
		_, err := cartPrices(ctx, []string{"tent", "rope", "anvil"})
		if !errors.Is(err, batch.ErrMissing) || err.Error() != "item[2]: prices[anvil]: missing" {
			t.Errorf("cartPrices = %v, want item[2]: prices[anvil]: missing", err)
		}
	})
}
