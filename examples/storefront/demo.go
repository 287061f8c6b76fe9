package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
	"github.com/asap-go/asap/waterfall"
)

// loads are the pages and what their n-th requests ask for.
var loads = []struct {
	page string
	ask  func(n int) (path, key, value string)
}{
	{"home", func(n int) (string, string, string) { return "/", "page", fmt.Sprint(1 + n%20) }},
	{"product", func(n int) (string, string, string) { return fmt.Sprint("/product/", 1+n%240), "", "" }},
	{"cart", func(int) (string, string, string) { return "/cart", "", "" }},
	{"checkout", func(n int) (string, string, string) { return "/checkout", "order", fmt.Sprintf("load-%06d", n) }},
}

// columns are the modes in the order of the table.
var columns = []Mode{Sequential, Errgroup, ASAP, Tail}

// tooLate is how late a request may be sent before the table needs a warning.
const tooLate = 50 * time.Millisecond

// demo gives each mode a shop of its own, made from the same seed, drives all
// with the same requests side by side, and compares their times and
// their data. A request meets the same latencies in every mode, so a
// difference is the mode's.
func demo(ctx context.Context, cfg settings, rate float64, each time.Duration, out io.Writer) (err error) {
	shops, urls := make(map[Mode]*Shop), make(map[Mode]string)
	for _, m := range columns {
		c := cfg
		c.dir = filepath.Join(cfg.dir, string(m))
		if cfg.predicts {
			c.stats = new(waterfall.Stats)
		}
		if err := os.Mkdir(c.dir, 0o700); err != nil {
			return err
		}
		s, err := Open(ctx, c)
		if err != nil {
			return err
		}
		defer s.Close()
		server := httptest.NewServer(s.Handler())
		defer server.Close()
		shops[m], urls[m] = s, server.URL
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 2 * time.Minute}
	defer client.CloseIdleConnections()
	fmt.Fprintf(out, "Four shops with six services each, on loopback: %v requests a second to each,\n%v a page; %d processors; correlation of a call and its second one %v.\n",
		rate, each, runtime.GOMAXPROCS(0), cfg.together)
	requests := min(int(rate*each.Seconds()), store.Users) // an order empties its user's cart
	var rows []row
	forecasts := make(map[string]prediction)
	var problems []error
	var late time.Duration
	var picture strings.Builder
	for _, l := range loads {
		fmt.Fprintf(out, "  %s …\n", l.page)
		if l.page == "checkout" { // which empties the carts
			problems = append(problems, draw(ctx, shops[ASAP], &picture))
		}
		send := func(ctx context.Context, m Mode, n int) ([]byte, error) {
			path, key, value := l.ask(n)
			return request(ctx, client, urls[m]+path, fmt.Sprint(l.page, " ", n), url.Values{key: {value}, "format": {"json"}, "mode": {string(m)},
				"user": {fmt.Sprint(1 + n%store.Users)}, "currency": {money.Currencies()[n%len(money.Currencies())]}})
		}
		samples := make(map[Mode][]sample)
		var mu sync.Mutex
		var wg sync.WaitGroup
		second := make(map[Mode]int64) // calls before this page, and of those second ones
		first := make(map[Mode]int64)
		for i, m := range columns {
			second[m], first[m] = shops[m].again.Load(), shops[m].asked.Load()-shops[m].again.Load()
			wg.Go(func() {
				time.Sleep(time.Duration(float64(i) / rate / float64(len(columns)) * float64(time.Second))) // they take turns
				got := drive(ctx, requests, rate, cfg.seed, func(ctx context.Context, n int) ([]byte, error) { return send(ctx, m, n) })
				mu.Lock()
				defer mu.Unlock()
				samples[m] = got
			})
		}
		wg.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for _, m := range columns {
			r := summarize(l.page, m, samples[m]).in(cfg.speed)
			again := shops[m].again.Load()
			r.Second = again - second[m]
			r.Extra = float64(r.Second) / float64(max(shops[m].asked.Load()-again-first[m], 1))
			rows = append(rows, r)
			for n, s := range samples[m] {
				late = max(late, s.Late)
				if s.Err != nil {
					problems = append(problems, fmt.Errorf("%s, %s, request %d: %w", l.page, m, n, s.Err))
				}
			}
		}
		problems = append(problems, compare(out, l.page, samples))
		if cfg.predicts {
			f, err := shops[ASAP].predict(l.page, shops[ASAP].stats.Sample(l.page, waterfall.SinceStart))
			was, _ := shops[Tail].stats.Percentile(l.page, waterfall.SinceStart, .99)
			forecasts[l.page] = prediction{f, err, was}
		}
		if l.page == "checkout" {
			orders, again := 0, 0
			for _, m := range columns {
				for n, s := range samples[m] {
					if s.Err != nil {
						continue
					}
					bodies := [][]byte{s.Body}
					if n < 50 { // is sent a second time
						body, err := send(ctx, m, n)
						bodies, problems, again = append(bodies, body), append(problems, err), again+1
					}
					problems = append(problems, audit(shops[m], bodies))
					orders++
				}
			}
			fmt.Fprintf(out, "    %d orders charged once, %d of them sent a second time\n", orders, again)
		}
	}
	fmt.Fprintf(out, "\nFrom the instant at which a request was due, divided by %v as latencies are times\nthat. Gain is over the p99 of errgroup; full are pages with all optional parts;\nextra are second calls.\n\n", cfg.speed)
	table(out, rows)
	if cfg.predicts {
		predictions(out, forecasts, rows, cmp.Or(cfg.speed, 1))
	}
	if late > tooLate {
		fmt.Fprintf(out, "\nA request was sent %v after it was due: this machine had\ntoo little time for us. Read the figures with care.\n", late.Round(time.Millisecond))
	}
	fmt.Fprintf(out, "\nOne cart page, as asap saw it:\n\n%s", picture.String())
	problems = slices.DeleteFunc(problems, func(err error) bool { return err == nil })
	if more := len(problems) - 5; more > 0 {
		problems = append(problems[:5], fmt.Errorf("and %d more", more))
	}
	return errors.Join(problems...)
}

// request asks for a page and returns the JSON of its data. What asks for an
// order is a form.
func request(ctx context.Context, client *http.Client, address, id string, q url.Values) ([]byte, error) {
	method, body := "GET", ""
	if q.Has("order") {
		method, body, q = "POST", q.Encode(), nil
	}
	r, err := http.NewRequestWithContext(ctx, method, address+"?"+q.Encode(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Request-Id", id)
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, b)
	}
	return b, err
}

// audit holds the receipts that one order was answered with against the ledger
// of payment, which has to have it once.
func audit(s *Shop, bodies [][]byte) error {
	for i, body := range bodies {
		var c Checkout
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		e := s.Services.Ledger.Get(c.Order.ID)
		if e.Payment == "" || e.Payment != c.Payment || e.Amount != c.Total || e.Asked != 1 || c.Repeated != (i > 0) {
			return fmt.Errorf("order %s, answer %d: the receipt says %s of %v, the ledger %s of %v, asked for %d times",
				c.Order.ID, i+1, c.Payment, c.Total, e.Payment, e.Amount, e.Asked)
		}
	}
	return nil
}

// draw makes one cart page whose group prints its waterfall.
func draw(ctx context.Context, s *Shop, to io.Writer) error {
	one := &Shop{settings: s.settings, Store: s.Store, Services: s.Services}
	var rec waterfall.Recorder
	one.options = append(slices.Clip(one.options), asap.Observe(&rec))
	r := httptest.NewRequestWithContext(ctx, "GET", "/cart?user=22", nil)
	r.Header.Set("X-Request-Id", "waterfall")
	answer := httptest.NewRecorder()
	one.Handler().ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		return fmt.Errorf("cart page for the waterfall: status %d", answer.Code)
	}
	_, err := io.WriteString(to, rec.Run().Text(80, false))
	return err
}
