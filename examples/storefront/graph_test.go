package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// requestGraph is a page of a public system: its calls, what they need, and the
// class of their latency.
type requestGraph struct {
	ID    string
	Tasks []struct {
		Name  string
		Deps  []string
		Class string
	}
}

type requestGraphFile struct {
	Medians    map[string]float64 `json:"latency_ms_median"`
	P99OverP50 float64            `json:"p99_over_p50"`
	Graphs     []requestGraph
}

func requestGraphs(t *testing.T) (f requestGraphFile) {
	t.Helper()
	b, err := os.ReadFile("testdata/request_graphs.json")
	if err == nil {
		err = json.Unmarshal(b, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Each page has the dependencies of its graph, no more and no fewer, as the
// calls themselves show: while one call is held, with asap every call that
// does not need it starts, and in no mode one that needs it does.
func TestDependencies(t *testing.T) {
	graphs := requestGraphs(t).Graphs
	w := open(t, nil)
	user := 0
	for _, name := range []string{"home", "product", "cart", "checkout"} {
		at := slices.IndexFunc(graphs, func(g requestGraph) bool { return g.ID == "boutique-"+name })
		graph := graphs[at]
		for _, m := range Modes {
			for _, held := range graph.Tasks {
				t.Run(fmt.Sprint(name, "/", m, "/", held.Name), func(t *testing.T) {
					user++ // a full cart for each checkout
					p := page{name, map[string]string{"home": "/", "product": "/product/12", "cart": "/cart"}[name], nil}
					if name == "checkout" {
						p.path, p.form = "/checkout", url.Values{"order": {fmt.Sprintf("graph-%06d", user)}}
					}
					p.path += fmt.Sprint("?user=", user)
					calls := names(w, graph, user)
					h := newHolder(calls[held.Name])
					w.hold = h.hold
					code := make(chan int, 1)
					go func() { // received from below
						c, body, err := w.try(t.Context(), p, m, "json")
						if err != nil || c != 200 {
							t.Errorf("status %d, %v: %s", c, err, body)
						}
						code <- c
					}()

					needs := dependents(graph, held.Name)
					if m == ASAP {
						for _, task := range graph.Tasks {
							if !slices.Contains(needs, task.Name) {
								h.await(t, calls[task.Name])
							}
						}
					}
					h.await(t, calls[held.Name])
					close(h.release)
					<-code

					before, all := h.started()
					for _, d := range needs {
						if slices.Contains(before, calls[d]) {
							t.Errorf("%s started before %s had ended", d, held.Name)
						}
					}
					want := make([]string, 0, len(calls))
					for _, c := range calls {
						want = append(want, c)
					}
					slices.Sort(want)
					if slices.Sort(all); !slices.Equal(all, want) {
						t.Errorf("calls %v, want %v", all, want)
					}
				})
			}
		}
	}
}

// names gives the calls of a page by the names of the tasks: the third price
// of a graph is that of the third product.
func names(w *world, g requestGraph, user int) map[string]string {
	w.Helper()
	var products []int
	switch g.ID {
	case "boutique-home":
		products = []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
	default:
		for _, l := range w.Store.Cart(user, "") {
			products = append(products, l.Product)
		}
	}
	calls := make(map[string]string)
	for _, task := range g.Tasks {
		kind := strings.TrimRight(task.Name, "0123456789")
		var i int
		switch _, err := fmt.Sscan(task.Name[len(kind):], &i); {
		case err == nil:
			calls[task.Name] = fmt.Sprint(kind, " ", products[i])
		case task.Name == "price":
			calls[task.Name] = "price 12"
		default:
			calls[task.Name] = task.Name
		}
	}
	return calls
}

// dependents returns all that needs a task, directly or not.
func dependents(g requestGraph, name string) []string {
	var all []string
	for _, task := range g.Tasks { // dependencies come before their dependents
		for _, d := range task.Deps {
			if d == name || slices.Contains(all, d) {
				all = append(all, task.Name)
				break
			}
		}
	}
	return all
}

// holder holds one call and notes the others.
type holder struct {
	held    string
	release chan struct{}

	mu      sync.Mutex
	calls   []string
	changed chan struct{} // closed when calls grows
	before  []string      // what had started when the call was released
}

func newHolder(held string) *holder {
	return &holder{held: held, release: make(chan struct{}), changed: make(chan struct{})}
}

func (h *holder) hold(ctx context.Context, call string) {
	h.mu.Lock()
	h.calls = append(h.calls, call)
	close(h.changed)
	h.changed = make(chan struct{})
	h.mu.Unlock()
	if call != h.held {
		return
	}
	select {
	case <-h.release:
	case <-ctx.Done():
	}
	h.mu.Lock()
	h.before = slices.Clone(h.calls)
	h.mu.Unlock()
}

// await returns when a call has started.
func (h *holder) await(t *testing.T, call string) {
	t.Helper()
	for {
		h.mu.Lock()
		calls, changed := h.calls, h.changed
		h.mu.Unlock()
		if slices.Contains(calls, call) {
			return
		}
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s did not start while %s was held; started: %v", call, h.held, calls)
		}
	}
}

func (h *holder) started() (before, all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.before, h.calls
}

// The checkout is a flow, so its graph can be read without running it.
func TestCheckoutGraph(t *testing.T) {
	g, err := open(t, nil).flow.Graph()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, task := range g.Tasks {
		var deps []string
		for _, d := range task.Deps {
			deps = append(deps, g.Tasks[d].Name)
		}
		got = append(got, task.Name+"("+strings.Join(deps, " ")+")")
	}
	for _, want := range []string{
		"cart(input)", "line[](cart)", "shippingQuote(cart)", "shippingPrice(input shippingQuote)",
		"charge(input line[] shippingPrice)", "ship(charge)", "emptyCart(ship)", "confirmationMail(ship)",
		"receipt(emptyCart confirmationMail)",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("graph has no %s: %v", want, got)
		}
	}
}
