package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// world is a shop that listens.
type world struct {
	*testing.T
	*Shop
	url string
}

// open opens a shop whose services answer at once and wait long, so that
// nothing is missing because the machine is busy. Tests of what is late shorten
// that. Slow is an hour here: nobody waits for the end of it.
func open(t *testing.T, change func(*settings)) *world {
	t.Helper()
	cfg := settings{dir: t.TempDir(), seed: 1, slowBy: time.Hour, timeout: time.Minute, Patience: time.Minute, Deadline: time.Minute, unread: time.Minute}
	if change != nil {
		change(&cfg)
	}
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &world{t, s, serveTest(t, s)}
}

func serveTest(t *testing.T, s *Shop) (url string) {
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL
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
func (w *world) ask(p page, m Mode, format string) (code int, body string) {
	w.Helper()
	code, body, err := w.try(w.Context(), p, m, format)
	if err != nil {
		w.Fatalf("%s, %s: %v", p.name, m, err)
	}
	return code, body
}

func (w *world) try(ctx context.Context, p page, m Mode, format string) (code int, body string, err error) {
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
func decode[T any](w *world, p page, m Mode) T {
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
	bodies := make(map[string]map[Mode]string)
	for _, m := range Modes {
		w := open(t, nil) // its own, for the same order in each
		for _, p := range pages("order-same-1", 3) {
			code, body := w.ask(p, m, "json")
			if code != 200 {
				t.Fatalf("%s, %s: status %d: %s", p.name, m, code, body)
			}
			if bodies[p.name] == nil {
				bodies[p.name] = make(map[Mode]string)
			}
			bodies[p.name][m] = body
		}
	}
	for name, by := range bodies {
		for _, m := range Modes {
			if without, err := same([]byte(by[m]), []byte(by[ASAP])); err != nil || without != 0 {
				t.Errorf("%s: %s and asap: %v, without %d parts", name, m, err, without)
			}
		}
	}

	w := open(t, nil)
	home := decode[Home](w, page{"home", "/?page=2", nil}, ASAP)
	if len(home.Products) != 9 || home.Products[0].Product.ID != 10 || home.Products[0].Price.Currency != "EUR" ||
		home.Ad.Value.Text == "" || len(home.Currencies) != 6 || home.Notice == "" || home.CartSize == 0 {
		t.Errorf("home = %+v, want nine products from the tenth, priced in EUR, and all parts", home)
	}
	product := decode[Product](w, page{"product", "/product/12?currency=GBP", nil}, ASAP)
	if product.Offer.Product.ID != 12 || product.Offer.Price.Currency != "GBP" || len(product.Recommendations.Value) != 4 || product.Ad.Value.Text == "" {
		t.Errorf("product = %+v, want product 12 in GBP with four recommendations and an ad", product)
	}
	cart := decode[Cart](w, page{"cart", "/cart?user=3&currency=JPY", nil}, ASAP)
	sum := cart.Shipping.Minor
	for _, l := range cart.Lines {
		sum += l.Price.Minor
	}
	if len(cart.Lines) != 3 || cart.Total.Minor != sum || cart.Total.Currency != "JPY" || cart.Shipping.Minor == 0 || len(cart.Recommendations.Value) != 4 {
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
		{"no such product", page{"", "/product/9999", nil}, 404, "product: product 9999: not found"},
		{"product", page{"", "/product/x", nil}, 404, `product "x": not found`},
		{"no such page", page{"", "/nowhere", nil}, 404, "page /nowhere: not found"},
		{"order without a name", page{"", "/checkout", url.Values{"user": {"1"}}}, 400, `order "": want the name`},
		{"add nothing", page{"", "/cart", url.Values{"product": {""}}}, 400, `product "": want a number`},
		{"add what there is not", page{"", "/cart", url.Values{"product": {"9999"}}}, 404, "product 9999: not found"},
		{"add what is no number", page{"", "/cart", url.Values{"product": {"1"}, "add": {"one"}}}, 400, `add "one": want a number`},
		{"fault", page{"", "/admin/faults", url.Values{"service": {"ads"}, "fault": {"dead"}}}, 400, `fault "dead": want one of`},
		{"service", page{"", "/admin/faults", url.Values{"service": {"moon"}, "fault": {"down"}}}, 400, `service "moon": want one of`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, body := w.ask(tt.page, ASAP, "json")
			var e struct{ Error string }
			if json.Unmarshal([]byte(body), &e) != nil {
				e.Error = body
			}
			if code != tt.code || !strings.Contains(e.Error, tt.want) {
				t.Errorf("status %d, %s; want %d, %s", code, e.Error, tt.code, tt.want)
			}
		})
	}
	if code, body := w.ask(page{"", "/", nil}, "quick", "json"); code != 400 || !strings.Contains(body, `mode \"quick\": want one of [asap tail errgroup sequential]`) {
		t.Errorf("mode quick: status %d: %s", code, body)
	}
}
