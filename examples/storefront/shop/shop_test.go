package shop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap/examples/storefront/report"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/examples/storefront/store"
)

// template is a database that was seeded once, for all tests to copy.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "shop.db")
	s, err := store.Open(context.Background(), path, 1)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// world is a shop on a real database and real services.
type world struct {
	*testing.T
	shop     *shop.Shop
	store    *store.Store
	services *services.Cluster
	path     string // of the database
	url      string
}

// patience is long, so that nothing is missing because the machine is busy;
// tests of what is late shorten it.
const patience = time.Minute

func open(t *testing.T, change func(*shop.Config, *services.Config)) *world {
	t.Helper()
	seeded, err := template()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := &world{T: t, path: filepath.Join(dir, "shop.db")}
	if err := os.WriteFile(w.path, seeded, 0o600); err != nil {
		t.Fatal(err)
	}
	if w.store, err = store.Open(t.Context(), w.path, 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	together, err := w.store.BoughtTogether(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg := shop.Config{Store: w.store, Patience: patience}
	of := services.Config{
		Dir:      dir,
		Together: together,
		Featured: []services.Featured{{Product: 1, Name: "Ochre Hook Rail", Category: "storage"}, {Product: 2, Name: "Ink Rocker", Category: "seating"}},
		SlowBy:   time.Hour,
		Patience: time.Minute,
	}
	if change != nil {
		change(&cfg, &of)
	}
	if w.services, err = services.Start(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.services.Close() })
	cfg.Services = w.services
	w.shop = shop.New(cfg)
	server := httptest.NewServer(w.shop)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// page is how the tests ask for each page. A checkout needs its own order and
// a user with a full cart.
type page struct {
	name, path string
	form       url.Values // of a POST
}

func pages(order string, user int) []page {
	return []page{
		{"home", "/?page=2", nil},
		{"product", "/product/12?currency=GBP", nil},
		{"cart", fmt.Sprintf("/cart?user=%d&currency=JPY", user), nil},
		{"checkout", "/checkout", url.Values{"order": {order}, "user": {fmt.Sprint(user)}, "currency": {"SEK"}}},
	}
}

// ask gets a page, or posts its form.
func (w *world) ask(p page, m shop.Mode, format string) (code int, body string) {
	w.Helper()
	code, body, err := w.try(w.Context(), p, m, format)
	if err != nil {
		w.Fatalf("%s, %s: %v", p.name, m, err)
	}
	return code, body
}

func (w *world) try(ctx context.Context, p page, m shop.Mode, format string) (code int, body string, err error) {
	u, err := url.Parse(w.url + p.path)
	if err != nil {
		return 0, "", err
	}
	q := u.Query()
	q.Set("mode", string(m))
	q.Set("format", format)
	u.RawQuery = q.Encode()
	method := http.MethodGet
	if p.form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(p.form.Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Request-Id", p.name)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// decode gets a page's data; the page must have been made.
func decode[T any](w *world, p page, m shop.Mode) T {
	w.Helper()
	code, body := w.ask(p, m, "json")
	var v T
	if err := json.Unmarshal([]byte(body), &v); code != 200 || err != nil {
		w.Fatalf("%s, %s: status %d, %v: %s", p.name, m, code, err, body)
	}
	return v
}

// The three modes give the same data for every page, whole, and it is what
// the database and the services say.
func TestSameData(t *testing.T) {
	bodies := make(map[string]map[shop.Mode]string)
	for _, m := range shop.Modes() {
		w := open(t, nil) // its own, for the same order in each
		for _, p := range pages("order-same-1", 3) {
			code, body := w.ask(p, m, "json")
			if code != 200 {
				t.Fatalf("%s, %s: status %d: %s", p.name, m, code, body)
			}
			if bodies[p.name] == nil {
				bodies[p.name] = make(map[shop.Mode]string)
			}
			bodies[p.name][m] = body
		}
	}
	for name, by := range bodies {
		for _, m := range shop.Modes() {
			if without, err := report.Same([]byte(by[m]), []byte(by[shop.ASAP])); err != nil || without != 0 {
				t.Errorf("%s: %s and asap: %v, without %d parts", name, m, err, without)
			}
		}
	}

	w := open(t, nil)
	home := decode[shop.Home](w, page{"home", "/?page=2", nil}, shop.ASAP)
	if len(home.Products) != 9 || home.Products[0].Product.ID != 10 || home.Products[0].Price.Currency != "EUR" ||
		home.Ad == nil || len(home.Currencies) != 6 || home.Notice == "" || home.CartSize == 0 || home.Missing != nil {
		t.Errorf("home = %+v, want nine products from the tenth, priced in EUR, and all parts", home)
	}
	product := decode[shop.Product](w, page{"product", "/product/12?currency=GBP", nil}, shop.ASAP)
	if product.Offer.Product.ID != 12 || product.Offer.Price.Currency != "GBP" || len(product.Recommendations) != 4 || product.Ad == nil {
		t.Errorf("product = %+v, want product 12 in GBP with four recommendations and an ad", product)
	}
	cart := decode[shop.Cart](w, page{"cart", "/cart?user=3&currency=JPY", nil}, shop.ASAP)
	sum := cart.Shipping.Minor
	for _, l := range cart.Lines {
		sum += l.Price.Minor
	}
	if len(cart.Lines) != 3 || cart.Total.Minor != sum || cart.Total.Currency != "JPY" || cart.Shipping.Minor == 0 || len(cart.Recommendations) != 4 {
		t.Errorf("cart = %+v, want three lines whose sum is right, in JPY", cart)
	}
}

func TestBadRequests(t *testing.T) {
	w := open(t, nil)
	for _, tt := range []struct {
		name string
		page page
		code int
		want string
	}{
		{"currency", page{"", "/?currency=XXX", nil}, 400, `currency "XXX": want one of [USD EUR`},
		{"user", page{"", "/?user=x", nil}, 400, `user "x": want a number`},
		{"no such user", page{"", "/cart?user=9999", nil}, 404, "user 9999: not found"},
		{"page", page{"", "/?page=0", nil}, 400, `page "0": want a number from 1`},
		{"no such product", page{"", "/product/9999", nil}, 404, "asap: task product: product 9999: not found"},
		{"product", page{"", "/product/x", nil}, 404, `product "x": not found`},
		{"no such page", page{"", "/nowhere", nil}, 404, "page /nowhere: not found"},
		{"order without a name", page{"", "/checkout", url.Values{"user": {"1"}}}, 400, `order "": want the name`},
		{"add nothing", page{"", "/cart", url.Values{"product": {""}}}, 400, `product "": want a number`},
		{"add what there is not", page{"", "/cart", url.Values{"product": {"9999"}}}, 404, "product 9999: not found"},
		{"too many", page{"", "/cart", url.Values{"product": {"1"}, "quantity": {"100"}}}, 400, `quantity "100": want 0 to 99`},
		{"fault", page{"", "/admin/faults", url.Values{"service": {"ads"}, "fault": {"dead"}}}, 400, `fault "dead": want one of`},
		{"service", page{"", "/admin/faults", url.Values{"service": {"moon"}, "fault": {"down"}}}, 400, `service "moon": want one of`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, body := w.ask(tt.page, shop.ASAP, "json")
			var e struct{ Error string }
			if json.Unmarshal([]byte(body), &e) != nil {
				e.Error = body
			}
			if code != tt.code || !strings.Contains(e.Error, tt.want) {
				t.Errorf("status %d, %s; want %d, %s", code, e.Error, tt.code, tt.want)
			}
		})
	}
	if code, body := w.ask(page{"", "/", nil}, "quick", "json"); code != 400 || !strings.Contains(body, `mode \"quick\": want one of [asap errgroup sequential]`) {
		t.Errorf("mode quick: status %d: %s", code, body)
	}
}
