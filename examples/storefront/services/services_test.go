package services_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

func start(t *testing.T, change func(*services.Config)) *services.Cluster {
	t.Helper()
	cfg := services.Config{
		Dir:      t.TempDir(),
		Products: []store.Product{{ID: 1, Name: "Clay Mug", Category: "kitchen", Finish: "Clay"}, {ID: 2, Name: "Ink Rug", Category: "textiles", Finish: "Ink"}, {ID: 3, Name: "Clay Bowl", Category: "kitchen", Finish: "Clay"}, {ID: 4, Name: "Clay Tray", Category: "kitchen", Finish: "Clay"}},
		Seed:     1,
		SlowBy:   time.Hour,
		Patience: time.Minute,
	}
	if change != nil {
		change(&cfg)
	}
	c, err := services.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func usd(minor int64) money.Money { return money.Money{Currency: "USD", Minor: minor} }

// calls has one call of every kind, for the tests that go through all.
var calls = map[string]any{
	"currency/list":        nil,
	"currency/convert":     services.Conversion{Amount: usd(1999), To: "EUR"},
	"shipping/quote":       2,
	"shipping/ship":        services.Letter{Order: "o", To: "1 Mill Lane"},
	"ads/pick":             "kitchen",
	"mail/confirm":         services.Letter{Order: "o", To: "a@example.com"},
	"payment/charge":       services.Bill{Order: "o", Amount: usd(500)},
	"recommendations/find": services.Basket{Products: []int{1, 2}, Most: 3},
}

func ask[Out any](t *testing.T, c *services.Cluster, at string, in any) (Out, error) {
	return services.Ask[Out](t.Context(), c, services.Caller{Request: "request", Call: "call"}, at, in)
}

func TestAnswers(t *testing.T) {
	c := start(t, nil)
	for _, to := range []money.Money{{Currency: "EUR", Minor: 1722}, {Currency: "JPY", Minor: 3031}} {
		if got, err := ask[money.Money](t, c, "currency/convert", services.Conversion{Amount: usd(1999), To: to.Currency}); err != nil || got != to {
			t.Errorf("$19.99 in %s = %v, %v; want %v", to.Currency, got, err, to)
		}
	}
	if got, err := ask[money.Money](t, c, "shipping/quote", 3); err != nil || got != usd(715) {
		t.Errorf("quote for 3 = %v, %v; want $7.15", got, err)
	}
	if got, err := ask[[]int](t, c, "recommendations/find", services.Basket{Products: []int{3, 2}, Most: 3}); err != nil || !slices.Equal(got, []int{4, 1}) {
		t.Errorf("recommendations for 3 and 2 = %v, %v; want those in the finish of the first that come next, 4 and 1", got, err)
	}
	if got, err := ask[services.Ad](t, c, "ads/pick", "kitchen"); err != nil || got.Product != 2 {
		t.Errorf("ad beside the kitchen = %+v, %v; want one for product 2", got, err)
	}
	for at, want := range map[string]string{
		"shipping/quote":   "shipping service: 400 Bad Request: quote for 0 pieces",
		"shipping/nothing": "shipping service: 400 Bad Request: cannot be answered",
	} {
		if _, err := ask[money.Money](t, c, at, 0); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want the service's own words, %s", at, err, want)
		}
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
		for at, in := range calls {
			service, _, _ := strings.Cut(at, "/")
			if err := tt.c.Break(service, tt.fault); err != nil {
				t.Fatal(err)
			}
			_, err := ask[any](t, tt.c, at, in)
			if err == nil || !strings.HasPrefix(err.Error(), service+tt.want) {
				t.Errorf("%s %s: error = %v, want %q", at, tt.fault, err, service+tt.want)
			}
			if e, ok := errors.AsType[*services.Error](err); !ok || e.Service != service {
				t.Errorf("%s %s: error %v is not of service %s", at, tt.fault, err, service)
			}
			if late := errors.Is(err, context.DeadlineExceeded); late != (tt.fault == services.Slow) {
				t.Errorf("%s %s: errors.Is(%v, DeadlineExceeded) = %t", at, tt.fault, err, late)
			}
			tt.c.Break(service, services.None)
		}
	}
	for at, in := range calls { // repaired
		if _, err := ask[any](t, patient, at, in); err != nil {
			t.Errorf("%s, repaired: %v", at, err)
		}
	}
	for _, err := range []error{patient.Break("moon", services.Down), patient.Break("ads", "dead")} {
		if err == nil || !strings.Contains(err.Error(), "want one of [") {
			t.Errorf("Break of what there is not: %v, want an error that says what there is", err)
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
	if _, err := services.Ask[services.Ad](ctx, c, services.Caller{}, "ads/pick", ""); !errors.Is(err, why) {
		t.Errorf("error = %v, want the cause of the cancel", err)
	}
}

// However often and however badly an order is charged, it is charged once, and
// the ledger outlives the services.
func TestChargeOnce(t *testing.T) {
	dir := t.TempDir()
	same := func(cfg *services.Config) { cfg.Dir = dir }
	c := start(t, same)
	five := services.Bill{Order: "o1", Amount: usd(500)}
	c.Break("payment", services.Garbage)
	if _, err := ask[string](t, c, "payment/charge", five); err == nil {
		t.Error("garbage from payment gave no error")
	}
	c.Break("payment", services.None)
	var wg sync.WaitGroup
	payments := make([]string, 8)
	for i := range payments {
		wg.Go(func() {
			var err error
			if payments[i], err = ask[string](t, c, "payment/charge", five); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.Close()
	c = start(t, same)
	again, err := ask[string](t, c, "payment/charge", five)
	if payments = append(payments, again); err != nil || payments[0] == "" || len(slices.Compact(payments)) != 1 {
		t.Errorf("payments = %v, %v; want the same one every time", payments, err)
	}
	if _, err := ask[string](t, c, "payment/charge", services.Bill{Order: "o1", Amount: usd(501)}); err == nil || !strings.Contains(err.Error(), "charged another amount: $5.00, not $5.01") {
		t.Errorf("another amount: %v, want a refusal", err)
	}
	if e := c.Ledger.Get("o1"); e.Payment != again || e.Amount != usd(500) || e.Asked != 11 {
		t.Errorf("ledger = %+v, want $5.00, asked for 11 times", e)
	}
}

// Latency is a function of seed, request and call: two clusters agree about
// it, and different requests meet different latencies. Drawn often, it has the
// median of its service and the tail of the request graphs.
func TestLatency(t *testing.T) {
	model := struct {
		Medians    map[string]float64 `json:"latency_ms_median"`
		P99OverP50 float64            `json:"p99_over_p50"`
		Graphs     []struct {
			ID    string
			Tasks []struct{ Name, Class string }
		}
	}{}
	b, err := os.ReadFile("../testdata/request_graphs.json")
	if err == nil {
		err = json.Unmarshal(b, &model)
	}
	if err != nil {
		t.Fatal(err)
	}
	a, same, other := start(t, nil), start(t, nil), start(t, func(cfg *services.Config) { cfg.Seed = 2 })
	serves := map[string]string{ // by call, without its number
		"currencies": "currency", "price": "currency", "shippingPrice": "currency", "shippingQuote": "shipping", "ship": "shipping",
		"ad": "ads", "recommendations": "recommendations", "charge": "payment", "confirmationMail": "mail",
	}
	tested := make(map[string]bool)
	for _, g := range model.Graphs {
		for _, task := range g.Tasks {
			service := serves[strings.TrimRight(task.Name, "0123456789")]
			if !strings.HasPrefix(g.ID, "boutique-") || service == "" || tested[service+task.Class] {
				continue
			}
			tested[service+task.Class] = true
			draws := make([]time.Duration, 20_000)
			for i := range draws {
				draws[i] = a.LatencyFor(service, fmt.Sprint("r", i), task.Name)
			}
			if d := same.LatencyFor(service, "r0", task.Name); d != draws[0] {
				t.Errorf("%s: %v and %v under the same seed", service, draws[0], d)
			}
			if d := other.LatencyFor(service, "r0", task.Name); d == draws[0] {
				t.Errorf("%s: %v under both seeds", service, d)
			}
			slices.Sort(draws)
			p50, p99 := draws[len(draws)/2].Seconds()*1e3, draws[len(draws)*99/100].Seconds()*1e3
			if want := model.Medians[task.Class]; p50 < 0.95*want || p50 > 1.05*want {
				t.Errorf("%s %s: median of the draws of %s is %.2f ms, want about %v", g.ID, task.Name, service, p50, want)
			}
			if tail := p99 / p50; tail < 0.9*model.P99OverP50 || tail > 1.1*model.P99OverP50 {
				t.Errorf("%s: p99/p50 of the draws is %.2f, want about %v", service, tail, model.P99OverP50)
			}
		}
	}
	if len(tested) != len(services.Names) {
		t.Errorf("tested %v, want each service with one class", tested)
	}
}

// The logarithms of the latencies of a call and of its second one are correlated as
// the configuration says.
func TestCorrelation(t *testing.T) {
	for _, want := range []float64{0, .5, 1} {
		c := start(t, func(cfg *services.Config) { cfg.Correlation = want })
		const n = 20_000
		var x, y, xx, yy, xy float64
		for i := range n {
			a := math.Log(float64(c.SecondLatencyFor("ads", fmt.Sprint("r", i), "ad", 0)))
			b := math.Log(float64(c.SecondLatencyFor("ads", fmt.Sprint("r", i), "ad", 1)))
			x, y, xx, yy, xy = x+a, y+b, xx+a*a, yy+b*b, xy+a*b
		}
		got := (n*xy - x*y) / math.Sqrt((n*xx-x*x)*(n*yy-y*y))
		if math.Abs(got-want) > .05 {
			t.Errorf("correlation %.3f, want %v", got, want)
		}
	}
}

// After Close nobody listens and no goroutine is left, whoever is waiting.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	c := start(t, nil)
	for at, in := range calls {
		if _, err := ask[any](t, c, at, in); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	c.Break("payment", services.Slow)
	waits := make(chan error)
	go func() { // received from below
		_, err := ask[string](t, c, "payment/charge", services.Bill{Order: "slow", Amount: usd(1)})
		waits <- err
	}()
	for c.Ledger.Get("slow").Asked == 0 {
		runtime.Gosched()
	}
	url := c.URL("ads")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waits; err == nil {
		t.Error("who waited for a slow service got an answer, want an error")
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		conn.Close()
		t.Error("ads still listens after Close")
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}
