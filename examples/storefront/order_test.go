package main

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

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

func order(id string, user int) page {
	return page{"checkout", "/checkout", url.Values{"order": {id}, "user": {fmt.Sprint(user)}}}
}

// A form that is sent many times at once, and again later, places one order:
// payment is asked once, and all get the same receipt.
func TestDoubleSubmit(t *testing.T) {
	for i, m := range Modes {
		t.Run(string(m), func(t *testing.T) {
			w, id, user := open(t, nil), "double-"+string(m), 1+i
			h := newHolder("charge") // so that all are there before the order is paid
			w.hold = h.hold
			receipts := make([]Checkout, 8)
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
			again := decode[Checkout](w, order(id, user), m)
			if !again.Repeated {
				t.Error("the order that was sent later is not marked as repeated")
			}
			for _, r := range append(receipts, again) {
				if r.Payment == "" || r.Payment != receipts[0].Payment || r.Total != receipts[0].Total || len(r.Lines) != 3 {
					t.Errorf("receipt %+v, want that of the first, %+v", r, receipts[0])
				}
			}
			if got := w.Services.Ledger.Get(id); got.Asked != 1 || got.Amount != receipts[0].Total {
				t.Errorf("ledger %+v, want %v, asked for once", got, receipts[0].Total)
			}
			if cart := w.Store.Cart(user, ""); len(cart) > 0 {
				t.Errorf("the cart has %v, want nothing", cart)
			}
		})
	}
}

// An order that fails after it was paid is finished by the next try, for the
// same things and without paying again, even if the cart changed meanwhile.
func TestRetryAfterFailure(t *testing.T) {
	for i, m := range Modes {
		w, id, user := open(t, nil), "retry-"+string(m), 1+i
		lines := w.Store.Cart(user, "")
		w.Services.Break("payment", services.Garbage) // it charges, and the shop cannot know
		if code, body := w.ask(order(id, user), m, "json"); code != 502 || !strings.Contains(body, "payment service: nonsense") {
			t.Fatalf("%s: status %d: %s; want 502 from payment", m, code, body)
		}
		w.Services.Break("payment", services.None)
		paid := w.Services.Ledger.Get(id)
		if paid.Asked != 1 {
			t.Fatalf("%s: ledger %+v, want one charge", m, paid)
		}
		if err := w.Store.Add(user, 99, 1); err != nil {
			t.Fatal(err)
		}
		got := decode[Checkout](w, order(id, user), m)
		if got.Repeated || got.Payment != paid.Payment || got.Total != paid.Amount || len(got.Lines) != len(lines) {
			t.Errorf("%s: receipt %+v, want the order of the first try, paid as %+v", m, got, paid)
		}
		if now := w.Services.Ledger.Get(id); now.Payment != paid.Payment || now.Amount != paid.Amount {
			t.Errorf("%s: ledger %+v, want the one charge %+v", m, now, paid)
		}
		if left := w.Store.Cart(user, ""); len(left) != 1 || left[0].Product != 99 {
			t.Errorf("%s: cart %v; want what was added after the order", m, left)
		}
	}
}

// An order goes on when the visitor leaves.
func TestVisitorLeaves(t *testing.T) {
	for i, m := range Modes {
		w, id, user := open(t, nil), "leave-"+string(m), 1+i
		h := newHolder("charge")
		w.hold = h.hold
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
		got := decode[Checkout](w, order(id, user), m)
		if c := w.Services.Ledger.Get(id); got.Payment == "" || c.Asked != 1 {
			t.Errorf("%s: receipt %+v, ledger %+v; want one charge, asked for once", m, got, c)
		}
	}
}

func TestRefusedOrders(t *testing.T) {
	w := open(t, nil)
	if code, body := w.ask(order("refused-1", 1), ASAP, "json"); code != 200 {
		t.Fatalf("status %d: %s", code, body)
	}
	for _, m := range Modes {
		if code, body := w.ask(order("refused-1", 2), m, "json"); code != 400 || !strings.Contains(body, "order refused-1 is another customer's") {
			t.Errorf("%s: another's order: status %d: %s", m, code, body)
		}
		if code, body := w.ask(order("refused-2", 1), m, "json"); code != 409 || !strings.Contains(body, "the cart is empty") {
			t.Errorf("%s: empty cart: status %d: %s", m, code, body)
		}
	}
	if c := w.Services.Ledger.Get("refused-2"); c.Asked > 0 {
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
		w.Handler().ServeHTTP(answer, r)
		if answer.Code != http.StatusForbidden {
			t.Errorf("POST %s from another site: status %d, want 403", path, answer.Code)
		}
	}
	if c := w.Services.Ledger.Get("cross-0001"); c.Asked > 0 || w.Services.Fault("ads") != services.None {
		t.Errorf("it had an effect: ledger %+v, ads %s", c, w.Services.Fault("ads"))
	}
}

// An order can run on an engine that is elsewhere: all that its steps give each
// other survives the journey, and none of them has its values from outside.
func TestPortableCheckout(t *testing.T) {
	w := open(t, nil)
	user, err := w.Store.User(3)
	if err != nil {
		t.Fatal(err)
	}
	c, err := asaptest.Portable(t, w.flow, store.Order{ID: "portable-1", User: user, Currency: "JPY"})
	if err != nil || c.Payment == "" || len(c.Lines) != 3 || c.Mail.Value == "" || c.Order.User != user {
		t.Errorf("Portable = %+v, %v; want the whole receipt", c, err)
	}
	if e := w.Services.Ledger.Get("portable-1"); e.Asked < 2 {
		t.Errorf("ledger %+v, want one charge, asked for more than once", e)
	}
}
