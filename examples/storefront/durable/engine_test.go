package durable_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/durable"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/examples/storefront/store"
)

// world is a shop in this process whose orders are workflows.
type world struct {
	*testing.T
	store    *store.Store
	services *services.Cluster
	server   string // program
	dir      string

	engine *durable.Engine
	shop   *shop.Shop
}

// build gives the program of a server. It is built from source, which takes
// minutes, so the test is for make test-servers alone.
func build(t *testing.T) string {
	t.Helper()
	if os.Getenv("ASAP_SERVERS") == "" {
		t.Skip("needs a Temporal server built from source: make test-servers")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if end, ok := t.Deadline(); ok {
		ctx, cancel = context.WithDeadline(t.Context(), end.Add(-time.Minute))
	}
	defer cancel()
	program, err := durable.Build(ctx, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), server: build(t)}
	var err error
	if w.store, err = store.Open(t.Context(), filepath.Join(w.dir, "shop.db"), 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.services, err = services.Start(t.Context(), services.Config{Dir: w.dir, SlowBy: time.Hour, Patience: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.services.Close() })
	w.reopen()
	t.Cleanup(func() { w.engine.Close() })
	return w
}

// reopen opens the engine, and a shop with it.
func (w *world) reopen() {
	w.Helper()
	e, err := durable.Open(w.Context(), w.server, w.dir, w.Output())
	if err != nil {
		w.Fatal(err)
	}
	w.engine = e
	w.shop = shop.New(shop.Config{Store: w.store, Services: w.services, Patience: time.Minute, Engine: e})
	if err := e.Serve(w.shop.Checkout()); err != nil {
		w.Fatal(err)
	}
}

// place sends the form of an order.
func (w *world) place(order string, user int, format string) (code int, body string) {
	form := url.Values{"format": {format}, "order": {order}, "user": {fmt.Sprint(user)}}
	r := httptest.NewRequestWithContext(w.Context(), "POST", "/checkout", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	w.shop.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

func (w *world) entries(order string) (found []services.Entry) {
	w.Helper()
	book, err := w.services.Ledger().Entries(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range book {
		if e.Order == order {
			found = append(found, e)
		}
	}
	return found
}

// What the visitor is told does not depend on where his order runs, but for
// where the page says that it ran.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	w := open(t)
	elsewhere := w.shop
	for _, tt := range []struct {
		name  string
		order string
		user  int
		fault map[string]services.Fault
		code  int
		want  string
	}{
		{"placed", "answers-1", 1, nil, 200, `"repeated": false`},
		{"sent again", "answers-1", 1, nil, 200, `"repeated": true`},
		{"another customer's", "answers-1", 2, nil, 400, "order answers-1 is another customer's"},
		{"empty cart", "answers-2", 1, nil, 409, "asap: task cart: the cart is empty"},
		{"a service is down", "answers-3", 3, map[string]services.Fault{"payment": services.Down}, 502, "asap: task charge: payment service: down: hung up without an answer: EOF"},
		{"and up again", "answers-3", 3, nil, 200, `"repeated": false`},
		{"no mail", "answers-4", 4, map[string]services.Fault{"mail": services.Garbage}, 200, `"why": "mail service: nonsense in the answer: `},
	} {
		for service, f := range tt.fault {
			w.services.Break(service, f)
		}
		w.shop = elsewhere
		if code, body := w.place(tt.order, tt.user, "json"); code != tt.code || !strings.Contains(body, tt.want) {
			t.Errorf("%s: status %d: %s; want %d, %s", tt.name, code, body, tt.code, tt.want)
		}
		w.shop = shop.New(shop.Config{Store: w.store, Services: w.services, Patience: time.Minute})
		code, body := w.place("here-"+tt.order, 20+tt.user, "json")
		want := strings.ReplaceAll(tt.want, tt.order, "here-"+tt.order)
		if code != tt.code || !strings.Contains(body, want) {
			t.Errorf("%s, in the process: status %d: %s; want %d, %s", tt.name, code, body, tt.code, want)
		}
		for service := range tt.fault {
			w.services.Break(service, services.None)
		}
	}
	w.shop = elsewhere
	_, html := w.place("answers-5", 5, "html")
	if want := `<a href="` + w.engine.URL() + `/namespaces/default/workflows/checkout-answers-5-5-EUR">as a workflow</a>`; !strings.Contains(html, want) {
		t.Errorf("the page has no %s:\n%s", want, html)
	}
}

// Those who send an order while it runs get the order of the first, and nobody
// gets the receipt of somebody else.
func TestJoin(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.services.Break("payment", services.Slow) // an hour: until the shop is opened again
	var wg sync.WaitGroup
	wg.Go(func() { w.place("join-0001", 1, "json") })
	await(t, "the order runs", func() bool { return len(w.entries("join-0001")) > 0 })
	if code, body := w.place("join-0001", 2, "json"); code == 200 || strings.Contains(body, "payment") {
		t.Errorf("somebody else's: status %d: %s; want an error", code, body)
	}
	w.engine.Close()
	wg.Wait()
	w.services.Break("payment", services.None)
	w.reopen()

	receipts := make([]shop.Checkout, 6)
	for i := range receipts {
		wg.Go(func() {
			s := shop.New(shop.Config{Store: w.store, Services: w.services, Engine: w.engine}) // its own, which knows of no other
			form := url.Values{"format": {"json"}, "order": {"join-0001"}, "user": {"1"}}
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/checkout", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			answer := httptest.NewRecorder()
			s.ServeHTTP(answer, r)
			if err := json.Unmarshal(answer.Body.Bytes(), &receipts[i]); answer.Code != 200 || err != nil {
				t.Errorf("status %d, %v: %s", answer.Code, err, answer.Body)
			}
		})
	}
	wg.Wait()
	e := w.entries("join-0001")
	if len(e) != 1 {
		t.Fatalf("ledger %+v, want one charge", e)
	}
	for _, r := range receipts {
		if r.Payment != e[0].Payment || r.Total != e[0].Amount {
			t.Errorf("receipt %s of %v, want %s of %v", r.Payment, r.Total, e[0].Payment, e[0].Amount)
		}
	}
}

// A shop that is closed while payment has not answered leaves an order that is
// not failed: it goes on when the shop is opened again.
func TestClosedShop(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.services.Break("payment", services.Slow)
	answered := make(chan int, 1)
	go func() { // received from below
		code, _ := w.place("closed-0001", 1, "json")
		answered <- code
	}()
	await(t, "the order is charged", func() bool { return len(w.entries("closed-0001")) > 0 })
	w.engine.Close()
	if code := <-answered; code == 200 {
		t.Error("the customer had a receipt before payment had answered")
	}
	w.services.Break("payment", services.None)
	w.reopen()
	await(t, "the order is finished", func() bool {
		r, err := w.store.Receipt(t.Context(), "closed-0001")
		return err == nil && r.Mail != ""
	})
	if e := w.entries("closed-0001"); len(e) != 1 || e[0].Asked != 2 {
		t.Errorf("ledger %+v, want one charge, asked for twice", e)
	}
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after a minute it is not so that %s", what)
		}
	}
}
