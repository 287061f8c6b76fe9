package services_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/graphs"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
)

var featured = []services.Featured{{Product: 1, Name: "Clay Mug", Category: "kitchen"}, {Product: 2, Name: "Ink Rug", Category: "textiles"}}

func start(t *testing.T, change func(*services.Config)) *services.Cluster {
	t.Helper()
	cfg := services.Config{
		Dir:      t.TempDir(),
		Together: map[int][]int{1: {2, 3, 4}, 2: {1, 5}},
		Featured: featured,
		Seed:     1,
		SlowBy:   time.Hour,
		Patience: time.Minute,
	}
	if change != nil {
		change(&cfg)
	}
	c, err := services.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func usd(minor int64) money.Money { return money.Money{Currency: "USD", Minor: minor} }

// calls has one call of every kind, for the tests that go through all.
func calls(c *services.Cluster) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"currency list": func(ctx context.Context) error { _, err := c.Currency.List(ctx); return err },
		"currency":      func(ctx context.Context) error { _, err := c.Currency.Convert(ctx, usd(1999), "EUR"); return err },
		"shipping":      func(ctx context.Context) error { _, err := c.Shipping.Quote(ctx, 2); return err },
		"shipping ship": func(ctx context.Context) error { _, err := c.Shipping.Ship(ctx, "o", "1 Mill Lane"); return err },
		"ads":           func(ctx context.Context) error { _, err := c.Ads.For(ctx, "kitchen"); return err },
		"mail":          func(ctx context.Context) error { _, err := c.Mail.Confirm(ctx, "a@example.com", "o"); return err },
		"payment":       func(ctx context.Context) error { _, err := c.Payment.Charge(ctx, "o", usd(500)); return err },
		"recommendations": func(ctx context.Context) error {
			_, err := c.Recommendations.For(ctx, []int{1, 2}, 3)
			return err
		},
	}
}

func TestAnswers(t *testing.T) {
	c, ctx := start(t, nil), t.Context()
	if got, err := c.Currency.Convert(ctx, usd(1999), "EUR"); err != nil || got != (money.Money{Currency: "EUR", Minor: 1722}) {
		t.Errorf("Convert($19.99, EUR) = %v, %v; want €17.22", got, err)
	}
	if got, err := c.Currency.Convert(ctx, usd(1999), "JPY"); err != nil || got != (money.Money{Currency: "JPY", Minor: 3031}) {
		t.Errorf("Convert($19.99, JPY) = %v, %v; want ¥3,031", got, err)
	}
	if got, err := c.Shipping.Quote(ctx, 3); err != nil || got != usd(715) {
		t.Errorf("Quote(3) = %v, %v; want $7.15", got, err)
	}
	if got, err := c.Recommendations.For(ctx, []int{1, 2}, 3); err != nil || !slices.Equal(got, []int{3, 5, 4}) {
		t.Errorf("For(1, 2) = %v, %v; want the best of each in turn, 3 5 4", got, err)
	}
	if got, err := c.Ads.For(ctx, "kitchen"); err != nil || got.Product != 2 {
		t.Errorf("ad beside the kitchen = %+v, %v; want one for product 2", got, err)
	}
	if _, err := c.Shipping.Quote(ctx, 0); err == nil || !strings.Contains(err.Error(), "shipping service: 400 Bad Request: quote for 0 pieces") {
		t.Errorf("Quote(0) error = %v, want the service's own words", err)
	}
}

// Every fault gives an error that names the service and says what is wrong.
func TestFaults(t *testing.T) {
	patient := start(t, nil)
	hasty := start(t, func(cfg *services.Config) { cfg.Patience = 30 * time.Millisecond })
	for _, tt := range []struct {
		fault services.Fault
		c     *services.Cluster
		want  string
	}{
		{services.Down, patient, " service: down: hung up without an answer"},
		{services.Slow, hasty, " service: no answer within 30ms"},
		{services.Garbage, patient, " service: nonsense in the answer: "},
	} {
		for name, call := range calls(tt.c) {
			service, _, _ := strings.Cut(name, " ")
			if err := tt.c.Break(service, tt.fault); err != nil {
				t.Fatal(err)
			}
			for _, request := range "abcdefgh" { // to meet every kind of garbage
				err := call(services.Label(t.Context(), string(request), name))
				if err == nil || !strings.HasPrefix(err.Error(), service+tt.want) {
					t.Errorf("%s %s: error = %v, want %q", name, tt.fault, err, service+tt.want)
				}
				if e, ok := errors.AsType[*services.Error](err); !ok || e.Service != service {
					t.Errorf("%s %s: error %v is not of service %s", name, tt.fault, err, service)
				}
				if late := errors.Is(err, context.DeadlineExceeded); late != (tt.fault == services.Slow) {
					t.Errorf("%s %s: errors.Is(%v, DeadlineExceeded) = %t", name, tt.fault, err, late)
				}
			}
			tt.c.Break(service, services.None)
		}
	}
	for name, call := range calls(patient) { // repaired
		if err := call(t.Context()); err != nil {
			t.Errorf("%s, repaired: %v", name, err)
		}
	}
}

// A cancelled call says why it was cancelled.
func TestCancel(t *testing.T) {
	c := start(t, nil)
	c.Break("ads", services.Slow)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the visitor left")
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, err := c.Ads.For(ctx, ""); !errors.Is(err, why) {
		t.Errorf("error = %v, want the cause of the cancel", err)
	}
}

// However often and however badly an order is charged, it is charged once.
func TestChargeOnce(t *testing.T) {
	c, ctx := start(t, nil), t.Context()
	c.Break("payment", services.Garbage)
	if _, err := c.Payment.Charge(ctx, "o1", usd(500)); err == nil {
		t.Error("garbage from payment gave no error")
	}
	c.Break("payment", services.None)
	var wg sync.WaitGroup
	payments := make([]string, 8)
	for i := range payments {
		wg.Go(func() {
			var err error
			if payments[i], err = c.Payment.Charge(ctx, "o1", usd(500)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if slices.Sort(payments); payments[0] == "" || payments[0] != payments[7] {
		t.Errorf("payments = %v, want the same one every time", payments)
	}
	if _, err := c.Payment.Charge(ctx, "o1", usd(501)); err == nil || !strings.Contains(err.Error(), "409 Conflict") {
		t.Errorf("another amount: %v, want a conflict", err)
	}
	book, err := c.Ledger().Entries(ctx)
	if err != nil || len(book) != 1 || book[0].Amount != usd(500) || book[0].Asked != 10 {
		t.Errorf("ledger = %+v, %v; want one entry of $5.00, asked for 10 times", book, err)
	}
}

// The ledger outlives the services.
func TestLedgerIsKept(t *testing.T) {
	dir := t.TempDir()
	same := func(cfg *services.Config) { cfg.Dir = dir }
	a := start(t, same)
	first, err := a.Payment.Charge(t.Context(), "o", usd(1))
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	b := start(t, same)
	again, err := b.Payment.Charge(t.Context(), "o", usd(1))
	if err != nil || first != again {
		t.Errorf("after a restart: %q, %v; want %q", again, err, first)
	}
	if book, err := b.Ledger().Entries(t.Context()); err != nil || len(book) != 1 {
		t.Errorf("ledger = %+v, %v; want one entry", book, err)
	}
}

// Latency is a function of seed, request and call: two clusters agree about
// it, and different requests meet different latencies.
func TestLatencyIsRepeatable(t *testing.T) {
	a, b := start(t, nil), start(t, nil)
	other := start(t, func(cfg *services.Config) { cfg.Seed = 2 })
	seen := map[time.Duration]bool{}
	for _, request := range []string{"r1", "r2", "r3"} {
		da := a.LatencyFor("ads", request, "ad", "/ad?category=")
		if db := b.LatencyFor("ads", request, "ad", "/ad?category="); da != db {
			t.Errorf("request %s: %v and %v under the same seed", request, da, db)
		}
		if do := other.LatencyFor("ads", request, "ad", "/ad?category="); da == do {
			t.Errorf("request %s: %v under both seeds", request, da)
		}
		if da <= 0 || seen[da] {
			t.Errorf("request %s: latency %v, want one of its own", request, da)
		}
		seen[da] = true
	}
}

// The services have the latency class that the graphs give their calls.
func TestClasses(t *testing.T) {
	f, err := graphs.Load()
	if err != nil {
		t.Fatal(err)
	}
	serves := map[string]string{ // by call, without its number
		"currencies": "currency", "price": "currency", "shippingPrice": "currency", "shippingQuote": "shipping", "ship": "shipping",
		"ad": "ads", "recommendations": "recommendations", "charge": "payment", "confirmationMail": "mail",
	}
	for _, g := range f.Graphs {
		if !strings.HasPrefix(g.ID, "boutique-") {
			continue
		}
		for _, task := range g.Tasks {
			service := serves[strings.TrimRight(task.Name, "0123456789")]
			if service != "" && services.Class(service) != task.Class {
				t.Errorf("%s %s: %s has class %q, the graph says %q", g.ID, task.Name, service, services.Class(service), task.Class)
			}
		}
	}
}

func TestParseFaults(t *testing.T) {
	got, err := services.ParseFaults("ads=down, currency=slow,")
	if err != nil || len(got) != 2 || got["ads"] != services.Down || got["currency"] != services.Slow {
		t.Errorf("ParseFaults = %v, %v", got, err)
	}
	for in, want := range map[string]string{
		"ads":       `faults: "ads": want service=fault`,
		"adds=down": `faults: service "adds": want one of [ads currency`,
		"ads=dead":  `faults: ads: fault "dead": want one of [ok down slow garbage]`,
	} {
		if _, err := services.ParseFaults(in); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("ParseFaults(%q) error = %v, want %s", in, err, want)
		}
	}
}

// After Close nobody listens and no goroutine is left.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	c := start(t, nil)
	for name, call := range calls(c) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	url := c.URL("ads")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		conn.Close()
		t.Error("ads still listens after Close")
	}
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}
