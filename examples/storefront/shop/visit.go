package shop

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/store"
)

// visit is one request for a page: who asks, and how the page is wanted. All
// of it is in the URL, so every page can be linked to.
type visit struct {
	*Shop
	request  *http.Request
	user     store.User
	currency string
	mode     Mode
}

const (
	defaultUser     = 1
	defaultCurrency = "EUR"
)

// enter reads what the request says about the visitor.
func (s *Shop) enter(r *http.Request) (*visit, error) {
	v := &visit{Shop: s, request: r, mode: ASAP, user: store.User{ID: defaultUser}, currency: defaultCurrency}
	mode, err := ParseMode(r.FormValue("mode"))
	if err != nil {
		return v, badRequest(err)
	}
	v.mode = mode
	currency := cmp.Or(r.FormValue("currency"), defaultCurrency)
	if !money.Known(currency) {
		return v, badRequest(fmt.Errorf("currency %q: want one of %v", currency, money.Currencies()))
	}
	v.currency = currency
	user := cmp.Or(r.FormValue("user"), strconv.Itoa(defaultUser))
	id, err := strconv.Atoi(user)
	if err != nil {
		return v, badRequest(fmt.Errorf("user %q: want a number", user))
	}
	v.user, err = s.Store.User(r.Context(), id)
	return v, err
}

// link gives the address of a page of this shop as the visitor wants it.
func (v *visit) link(path string) string {
	q := url.Values{}
	if v.mode != ASAP {
		q.Set("mode", string(v.mode))
	}
	if v.currency != defaultCurrency {
		q.Set("currency", v.currency)
	}
	if v.user.ID != defaultUser {
		q.Set("user", strconv.Itoa(v.user.ID))
	}
	u, err := url.Parse(path)
	if err != nil {
		return "/"
	}
	maps.Copy(q, u.Query())
	u.RawQuery = q.Encode()
	return u.String()
}

// here gives the address of this page with one thing changed. A page that was
// posted to has no address; its visitor is sent to the cart.
func (v *visit) here(key, value string) string {
	u := url.URL{Path: v.request.URL.Path}
	q := url.Values{}
	if v.request.Method == http.MethodGet {
		q = v.request.URL.Query()
	} else {
		u.Path = "/cart"
		for _, k := range []string{"mode", "currency", "user"} {
			if x := v.request.FormValue(k); x != "" {
				q.Set(k, x)
			}
		}
	}
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// requestID names a request for the services: the caller's own name for it,
// or a new one.
func requestID(r *http.Request) string {
	return cmp.Or(r.Header.Get("X-Request-Id"), rand.Text())
}
