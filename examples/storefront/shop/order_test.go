package shop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
)

func order(id string, user int) page {
	return page{"checkout", "/checkout", url.Values{"order": {id}, "user": {fmt.Sprint(user)}}}
}

// charges gives what payment has charged for an order.
func (w *world) charges(id string) (found []services.Entry) {
	w.Helper()
	book, err := w.services.Ledger().Entries(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range book {
		if e.Order == id {
			found = append(found, e)
		}
	}
	return found
}

// A form that is sent many times at once, and again later, places one order:
// payment is asked once, and all get the same receipt.
func TestDoubleSubmit(t *testing.T) {
	for i, m := range shop.Modes() {
		t.Run(string(m), func(t *testing.T) {
			w, id, user := open(t, nil), "double-"+string(m), 1+i
			h := newHolder("charge") // so that all are there before the order is paid
			w.shop.Hold(h.hold)
			receipts := make([]shop.Checkout, 8)
			var wg sync.WaitGroup
			for i := range receipts {
				wg.Go(func() {
					code, body, err := w.try(t.Context(), order(id, user), m, "json")
					if err == nil {
						err = json.Unmarshal([]byte(body), &receipts[i])
					}
					if code != 200 || err != nil {
						t.Errorf("status %d, %v: %s", code, err, body)
					}
				})
			}
			h.await(t, "charge")
			close(h.release)
			wg.Wait()
			again := decode[shop.Checkout](w, order(id, user), m)
			if !again.Repeated {
				t.Error("the order that was sent later is not marked as repeated")
			}
			for _, r := range append(receipts, again) {
				if r.Payment == "" || r.Payment != receipts[0].Payment || r.Total != receipts[0].Total || len(r.Lines) != 3 {
					t.Errorf("receipt %+v, want that of the first, %+v", r, receipts[0])
				}
			}
			if got := w.charges(id); len(got) != 1 || got[0].Asked != 1 || got[0].Amount != receipts[0].Total {
				t.Errorf("ledger %+v, want %v, asked for once", got, receipts[0].Total)
			}
			if n, err := w.store.CartSize(t.Context(), user); n != 0 || err != nil {
				t.Errorf("the cart has %d pieces (%v), want none", n, err)
			}
		})
	}
}

// An order that fails after it was paid is finished by the next try, for the
// same things and without paying again, even if the cart changed meanwhile.
func TestRetryAfterFailure(t *testing.T) {
	for i, m := range shop.Modes() {
		w, id, user := open(t, nil), "retry-"+string(m), 1+i
		lines, err := w.store.Cart(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		w.services.Break("payment", services.Garbage) // it charges, and the shop cannot know
		if code, body := w.ask(order(id, user), m, "json"); code != 502 || !strings.Contains(body, "payment service: nonsense") {
			t.Fatalf("%s: status %d: %s; want 502 from payment", m, code, body)
		}
		w.services.Break("payment", services.None)
		paid := w.charges(id)
		if len(paid) != 1 {
			t.Fatalf("%s: ledger %+v, want one charge", m, paid)
		}
		if err := w.store.Add(t.Context(), user, 99); err != nil {
			t.Fatal(err)
		}
		got := decode[shop.Checkout](w, order(id, user), m)
		if got.Repeated || got.Payment != paid[0].Payment || got.Total != paid[0].Amount || len(got.Lines) != len(lines) {
			t.Errorf("%s: receipt %+v, want the order of the first try, paid as %+v", m, got, paid[0])
		}
		if now := w.charges(id); len(now) != 1 || now[0].Payment != paid[0].Payment || now[0].Amount != paid[0].Amount {
			t.Errorf("%s: ledger %+v, want the one charge %+v", m, now, paid[0])
		}
		if left, err := w.store.Cart(t.Context(), user); err != nil || len(left) != 1 || left[0].Product != 99 {
			t.Errorf("%s: cart %v, %v; want what was added after the order", m, left, err)
		}
	}
}

// An order goes on when the visitor leaves.
func TestVisitorLeaves(t *testing.T) {
	for i, m := range shop.Modes() {
		w, id, user := open(t, nil), "leave-"+string(m), 1+i
		h := newHolder("charge")
		w.shop.Hold(h.hold)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { // received from below
			_, _, err := w.try(ctx, order(id, user), m, "json")
			left <- err
		}()
		h.await(t, "charge")
		leave()
		if err := <-left; err == nil {
			t.Errorf("%s: the visitor got an answer, want that he left", m)
		}
		close(h.release)
		// Asking again joins the order, or finds it placed: never places it anew.
		got := decode[shop.Checkout](w, order(id, user), m)
		if c := w.charges(id); got.Payment == "" || len(c) != 1 || c[0].Asked != 1 {
			t.Errorf("%s: receipt %+v, ledger %+v; want one charge, asked for once", m, got, c)
		}
	}
}

func TestRefusedOrders(t *testing.T) {
	w := open(t, nil)
	if code, body := w.ask(order("refused-1", 1), shop.ASAP, "json"); code != 200 {
		t.Fatalf("status %d: %s", code, body)
	}
	for _, m := range shop.Modes() {
		if code, body := w.ask(order("refused-1", 2), m, "json"); code != 400 || !strings.Contains(body, "order refused-1 is another customer's") {
			t.Errorf("%s: another's order: status %d: %s", m, code, body)
		}
		if code, body := w.ask(order("refused-2", 1), m, "json"); code != 409 || !strings.Contains(body, "the cart is empty") {
			t.Errorf("%s: empty cart: status %d: %s", m, code, body)
		}
	}
	if c := w.charges("refused-2"); len(c) > 0 {
		t.Errorf("ledger %+v for an order that was refused", c)
	}
}

// The page of another site cannot make a visitor's browser order or break
// anything.
func TestCrossOrigin(t *testing.T) {
	w := open(t, nil)
	for _, path := range []string{"/checkout", "/cart", "/admin/faults"} {
		r := httptest.NewRequest("POST", path, strings.NewReader("order=cross-0001&service=ads&fault=down&product=1"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		answer := httptest.NewRecorder()
		w.shop.ServeHTTP(answer, r)
		if answer.Code != http.StatusForbidden {
			t.Errorf("POST %s from another site: status %d, want 403", path, answer.Code)
		}
	}
	if c := w.charges("cross-0001"); len(c) > 0 || w.services.Fault("ads") != services.None {
		t.Errorf("it had an effect: ledger %+v, ads %s", c, w.services.Fault("ads"))
	}
}
