package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/shop"
	"github.com/asap-go/asap/examples/storefront/store"
)

// pageLoad is how a page is asked for: the n-th request, apart from its mode.
type pageLoad struct {
	name   string
	method string
	path   func(n int) string
	form   func(n int) url.Values
	most   int // requests
}

var pages = []pageLoad{
	{"home", "GET", func(int) string { return "/" }, func(n int) url.Values { return url.Values{"page": {strconv.Itoa(1 + n%20)}} }, math.MaxInt},
	{"product", "GET", func(n int) string { return fmt.Sprintf("/product/%d", 1+n%240) }, func(int) url.Values { return url.Values{} }, math.MaxInt},
	{"cart", "GET", func(int) string { return "/cart" }, func(int) url.Values { return url.Values{} }, math.MaxInt},
	{"checkout", "POST", func(int) string { return "/checkout" }, func(n int) url.Values { return url.Values{"order": {fmt.Sprintf("load-%06d", n)}} }, store.Users},
}

// visitor asks for pages.
type visitor struct{ client *http.Client }

func newVisitor() *visitor {
	return &visitor{&http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		Timeout:   30 * time.Second,
	}}
}

func (v *visitor) close() { v.client.CloseIdleConnections() }

// send makes the n-th request for a page and returns the JSON of the page's
// data. Its user, currency and name follow from n.
func (v *visitor) send(ctx context.Context, shopURL string, p pageLoad, m shop.Mode, n int) ([]byte, error) {
	q := p.form(n)
	q.Set("format", "json")
	q.Set("mode", string(m))
	q.Set("user", strconv.Itoa(1+n%store.Users))
	q.Set("currency", money.Currencies()[n%len(money.Currencies())])
	u, body := shopURL+p.path(n), io.Reader(nil)
	if p.method == http.MethodPost {
		body = strings.NewReader(q.Encode())
	} else {
		u += "?" + q.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, p.method, u, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("X-Request-Id", fmt.Sprint(p.name, " ", n))
	res, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		var problem struct{ Error string }
		json.Unmarshal(b, &problem)
		return nil, fmt.Errorf("%s: %s", res.Status, problem.Error)
	}
	return b, nil
}
