package graphs_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/graphs"
)

func TestLoad(t *testing.T) {
	f, err := graphs.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"boutique-home", "boutique-product", "boutique-cart", "boutique-checkout"} {
		if g, err := f.Graph(id); err != nil || len(g.Tasks) == 0 {
			t.Errorf("Graph(%q) = %d tasks, %v; want some", id, len(g.Tasks), err)
		}
	}
	if _, err := f.Graph("nowhere"); err == nil {
		t.Error(`Graph("nowhere") gave no error`)
	}
}

// The drawn distribution has the file's median and tail: with 20,000 seeded
// draws both are within a few percent.
func TestLatency(t *testing.T) {
	f, err := graphs.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	const n = 20_000
	for class, median := range f.MedianMS {
		draws := make([]time.Duration, n)
		for i := range draws {
			draws[i] = f.Latency(class, r)
		}
		slices.Sort(draws)
		p50 := draws[n/2].Seconds() * 1e3
		p99 := draws[n*99/100].Seconds() * 1e3
		if p50 < 0.95*median || p50 > 1.05*median {
			t.Errorf("class %s: median of draws = %.3f ms, want about %v", class, p50, median)
		}
		if tail := p99 / p50; tail < 0.9*f.P99OverP50 || tail > 1.1*f.P99OverP50 {
			t.Errorf("class %s: p99/p50 of draws = %.2f, want about %v", class, tail, f.P99OverP50)
		}
	}
	if d := f.Latency("no such class", r); d != 0 {
		t.Errorf("Latency of an unknown class = %v, want 0", d)
	}
}
