package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/tail"
)

// notes holds the first call of every task but of those that are named, and notes
// all that are made.
type notes struct {
	free []string

	mu   sync.Mutex
	made []string
}

func (n *notes) hold(ctx context.Context, call string) {
	n.mu.Lock()
	n.made = append(n.made, call)
	n.mu.Unlock()
	if name, _, _ := strings.Cut(call, " "); !strings.HasSuffix(call, " again") && !slices.Contains(n.free, name) {
		<-ctx.Done()
	}
}

// again lists what was called a second time, without the numbers of products.
func (n *notes) again() (all []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, call := range n.made {
		if name, ok := strings.CutSuffix(call, " again"); ok {
			name, _, _ = strings.Cut(name, " ")
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hasty makes a shop call everything that it may a second time at once.
func hasty(w *world, free ...string) *notes {
	w.hedger = tail.Hedge(tail.After(time.Nanosecond), tail.Least(time.Nanosecond), tail.Share(1))
	w.tailFlow = w.checkoutFlow(w.hedger, asis)
	n := &notes{free: free}
	w.hold = n.hold
	return n
}

// In mode tail the pages are whole though no first call of a service is answered
// that may be made twice. What may not be is not: a customer is charged once, and
// gets one letter.
func TestSecondCalls(t *testing.T) {
	w := open(t, nil)
	n := hasty(w, "platform", "products", "product", "cart", "item", "ad", "recommendations", "charge", "emptyCart", "confirmationMail")
	for _, p := range pages("order-tail-1", 5) {
		code, body := w.ask(p, Tail, "json")
		if without, err := same([]byte(body), []byte(body)); code != 200 || err != nil || without > 0 {
			t.Errorf("%s: status %d, without %d, %v: %s", p.name, code, without, err, body)
		}
	}
	want := []string{"currencies", "price", "ship", "shippingPrice", "shippingQuote"}
	if got := n.again(); !slices.Equal(got, want) {
		t.Errorf("called again: %v, want %v", got, want)
	}
	if e := w.Services.Ledger.Get("order-tail-1"); e.Asked != 1 {
		t.Errorf("ledger = %+v, want it asked once", e)
	}
	if again, asked := w.again.Load(), w.asked.Load(); again == 0 || again >= asked {
		t.Errorf("%d calls, %d of them second ones", asked, again)
	}
}
