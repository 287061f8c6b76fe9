package asaptest_test

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

// Flows that keep to the rules of a flow travel, whatever their outcome.
func TestPortableFlows(t *testing.T) {
	for _, f := range asaptest.Flows() {
		name := mustGraph(t, f).Name
		t.Run(name, func(t *testing.T) {
			n := &note{TB: t}
			in := 3
			want, wantErr := f.With(flow.On(newParallel(t.Context()))).Run(t.Context(), in)
			got, err := asaptest.Portable(n, f, in)
			if got != want || firstLine(err) != firstLine(wantErr) {
				t.Errorf("Portable = %q, %v, want %q, %v", got, err, want, wantErr)
			}
			say := ""
			if name == "asaptest.await" {
				say = "flow asaptest.await: task page: task page awaits task user"
			}
			if all := strings.Join(n.said, "\n"); (say == "") != (all == "") || !strings.HasPrefix(all, say) {
				t.Errorf("Portable says %q, want %q", all, cmp.Or(say, "nothing"))
			}
		})
	}
}

func mustGraph[In, Out any](t *testing.T, f *flow.Flow[In, Out]) *flow.Graph {
	t.Helper()
	g, err := f.Graph()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// firstLine is the text of an error without the stack of a panic.
func firstLine(err error) string {
	text, _, _ := strings.Cut(fmt.Sprint(err), "\n\n")
	return text
}

type (
	node struct {
		Name string
		Kids []*node `json:",omitempty"`
	}
	locked struct {
		mu sync.Mutex
		_  [3]int
		N  int
	}
	base  struct{ ID int }
	whole struct {
		base
		At   time.Time
		Big  *big.Int
		Raw  []byte
		By   map[time.Weekday]string
		Any  any
		List []int `json:",omitempty"`
		Err  *int
		Tree node
		Took time.Duration
	}
)

func newWhole() whole {
	return whole{
		base: base{7}, At: time.Now(), Big: big.NewInt(1 << 40), Raw: []byte{0, 1}, By: map[time.Weekday]string{time.Friday: "fish"},
		Any: map[string]any{"a": []any{1.5, "b", nil, true}}, List: []int{}, Tree: node{Name: "root", Kids: []*node{{Name: "leaf"}}}, Took: time.Hour,
	}
}

// What travels is left alone, and so is what cannot be judged.
func TestPortableKeepsQuiet(t *testing.T) {
	var count atomic.Int64
	for _, test := range []struct {
		name  string
		build func(g *group, in number) number
		err   error
	}{
		{"a struct of everything", through(newWhole()), nil},
		{"a mutex and a blank", through(&locked{N: 1}), nil},
		{"nil", through[*whole](nil), nil},
		{"nil in an any", through[any](nil), nil},
		{"an empty slice and a nil one", through([][]int{{}, nil}), nil},
		{"random values", func(_ *group, in number) number {
			return in.Then("draw", func(context.Context, int) (uint64, error) { return rand.Uint64(), nil }).Then("quote", drop)
		}, nil},
		{"the time in a body", func(_ *group, in number) number {
			return in.Then("now", func(context.Context, int) (time.Time, error) { return time.Now(), nil }).Then("quote", drop)
		}, nil},
		{"a counter of the process", func(_ *group, in number) number {
			return in.Then("count", func(context.Context, int) (int, error) { return int(count.Add(1)), nil })
		}, nil},
		{"a client of the build", func(_ *group, in number) number {
			client := &locked{N: 3}
			return in.Then("count", func(context.Context, int) (int, error) {
				client.mu.Lock()
				defer client.mu.Unlock()
				return client.N, nil
			})
		}, nil},
		{"a failure now and then", func(g *group, in number) number {
			in.Optional("toss", func(context.Context, int) (int, error) {
				if rand.IntN(2) == 0 {
					return 0, errDown
				}
				return 1, nil
			})
			return in.Then("quote", drop)
		}, nil},
		{"a failure", func(_ *group, in number) number {
			return in.Then("fail", func(context.Context, int) (int, error) { return 0, fmt.Errorf("rates: %w", errDown) }).Then("quote", drop)
		}, errDown},
		{"Results of several Optionals", func(g *group, in number) number {
			a := in.Optional("a", give(secretless{1}))
			b := in.Optional("b", func(context.Context, int) (secretless, error) { return secretless{}, errDown })
			return g.Gather("both", a, b).Then("quote", func(_ context.Context, l []asap.Result[secretless]) (int, error) {
				if l[1].Err.Error() != "b: down" || l[0].Value.N != 1 {
					return 0, fmt.Errorf("got %v", l)
				}
				return l[1].Or(secretless{5}).N, nil
			})
		}, nil},
		{"an exit", func(g *group, in number) number {
			hit := g.NewExit[int]()
			cache := in.Do("cache", func(context.Context, int) error { return fmt.Errorf("cache: %w", hit.With(4)) })
			return in.And(cache).Then("quote", func(context.Context, int, struct{}) (int, error) { return 1, nil })
		}, nil},
		{"a coin", func(_ *group, in number) number {
			return in.Then("toss", func(context.Context, int) (bool, error) { return rand.IntN(2) == 0, nil }).Then("quote", drop)
		}, nil},
		{"a race whose loser waits", func(g *group, in number) number {
			return g.Race("mirror", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, func(context.Context) (int, error) { return 2, nil })
		}, nil},
		{"a race", func(g *group, in number) number {
			return g.Race("mirror", func(context.Context) (int, error) { return 0, errDown }, func(context.Context) (int, error) { return 2, nil })
		}, nil},
		{"a body that ends with the group", func(_ *group, in number) number {
			in.Do("watch", func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
			return in.Then("fail", func(context.Context, int) (int, error) { return 0, errDown })
		}, errDown},
		{"a body that ends with the group and says why", func(_ *group, in number) number {
			in.Do("watch", func(ctx context.Context, _ int) error { <-ctx.Done(); return context.Cause(ctx) })
			in.Do("look", func(ctx context.Context, _ int) error {
				<-ctx.Done()
				return fmt.Errorf("look: %w", context.Cause(ctx))
			})
			return in.Then("fail", func(context.Context, int) (int, error) { return 0, errDown })
		}, errDown},
		{"a pointer that money hides, to nothing", through(purse{}), nil},
		{"names with brackets", func(g *group, in number) number {
			x := in.Then("x[1]", give([]int{4, 5}))
			y := in.Then("x[0]", give([]int{6}))
			return g.Map("x", x, give(1)).And(g.Map("x", y, give(2))).Then("quote", func(context.Context, []int, []int) (int, error) { return 1, nil })
		}, nil},
		{"another flow", func(_ *group, in number) number { return in.Then("inner", checkout.Run) }, nil},
		{"nothing", func(_ *group, in number) number { return in }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			f := flow.Define("shop", test.build)
			got, err := asaptest.Portable(n, f, 3)
			if n.said != nil {
				t.Errorf("Portable says %q, want nothing", n.said)
			}
			if test.err == nil && err != nil || test.err != nil && !strings.Contains(fmt.Sprint(err), test.err.Error()) {
				t.Errorf("Portable = %v, %v, want error %v", got, err, test.err)
			}
			if want, wantErr := f.Run(t.Context(), 3); !strings.Contains(test.name, "counter") && (got != want || fmt.Sprint(err) != fmt.Sprint(wantErr)) {
				t.Errorf("Portable = %v, %v, want what Run gives: %v, %v", got, err, want, wantErr)
			}
		})
	}
}

type secretless struct{ N int }

// purse encodes itself as decimals do: its zero value comes back as another one,
// which means the same.
type purse struct{ cents *big.Int }

func (p purse) MarshalJSON() ([]byte, error) {
	if p.cents == nil {
		return []byte("0"), nil
	}
	return p.cents.MarshalJSON()
}

func (p *purse) UnmarshalJSON(data []byte) error {
	p.cents = new(big.Int)
	return p.cents.UnmarshalJSON(data)
}

// A group that is settled, and one with a limit, ask for the same on replay.
func TestPortableOptions(t *testing.T) {
	build := func(g *group, in number) number {
		var all []*asap.Task[asap.Result[int]]
		for i := range 20 {
			all = append(all, in.Optional("shard", func(_ context.Context, n int) (int, error) {
				if i%3 == 0 {
					return 0, errDown
				}
				return n * i, nil
			}))
		}
		in.Then("fail", func(context.Context, int) (int, error) { return 0, errDown })
		return g.Gather("all", all...).Then("sum", func(_ context.Context, l []asap.Result[int]) (int, error) {
			sum := 0
			for _, r := range l {
				sum += r.Or(-1)
			}
			return sum, nil
		})
	}
	f := flow.Define("shop", build, asap.Settled(), asap.Limit(2))
	want, wantErr := f.Run(t.Context(), 3)
	got, err := asaptest.Portable(t, f, 3)
	if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("Portable = %d, %v, want %d, %v", got, err, want, wantErr)
	}
}

// Bodies run at the same time, so that the time of a run is that of the flow:
// once for the journal, and each once more by itself.
func TestPortableInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if _, err := asaptest.Portable(t, checkout, 1); err != nil {
			t.Error(err)
		}
		if took, want := time.Since(start), 60*ms+90*ms; took != want {
			t.Errorf("Portable took %v, want %v", took, want)
		}
	})
}

// How often bodies run is part of the contract: users' bodies have effects.
func TestPortableRunsBodiesTwice(t *testing.T) {
	var mu sync.Mutex
	ran := make(map[string]int)
	body := func(name string, v func() int) func(context.Context, int) (int, error) {
		return func(context.Context, int) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			ran[name]++
			return v(), nil
		}
	}
	f := flow.Define("shop", func(g *group, in number) number {
		a := in.Then("steady", body("steady", func() int { return 1 }))
		b := in.Then("random", body("random", rand.Int))
		hit := g.NewExit[int]()
		c := a.And(b).Do("exit", func(_ context.Context, a, b int) error {
			_, _ = body("exit", func() int { return 0 })(context.Background(), 0)
			return hit.With(a)
		})
		return c.Then("never", func(context.Context, struct{}) (int, error) {
			return body("never", func() int { return 0 })(context.Background(), 0)
		})
	})
	if got, err := asaptest.Portable(t, f, 1); got != 1 || err != nil {
		t.Errorf("Portable = %d, %v, want 1, nil", got, err)
	}
	want := map[string]int{"steady": 2, "random": 3, "exit": 2, "never": 0}
	for name, times := range want {
		if ran[name] != times {
			t.Errorf("body %s ran %d times, want %d", name, ran[name], times)
		}
	}
}

// Portable leaves nothing behind and may be used by tests at the same time.
func TestPortableInParallel(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := asaptest.Portable(t, quick, 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
