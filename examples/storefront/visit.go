package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/storefront/money"
	"github.com/asap-go/asap/examples/storefront/services"
	"github.com/asap-go/asap/examples/storefront/store"
)

// visit is one request: who asks, and how the page is wanted. All of it is in
// the URL, so every page can be linked to.
type visit struct {
	*Shop
	*http.Request
	User     store.User
	Currency string
	Mode     Mode
	live     *live // nil: the page is written when it is whole

	again asap.TaskOption // of calls that may be made twice
	brief asap.TaskOption // of what the page can do without
}

// asis is the option that says nothing.
var asis = asap.When(true)

const (
	defaultUser     = 1
	defaultCurrency = "EUR"
)

// enter reads what the request says about the visitor.
func (s *Shop) enter(r *http.Request) (*visit, error) {
	v := &visit{Shop: s, Request: r, User: store.User{ID: defaultUser}, Currency: defaultCurrency, Mode: ASAP, again: asis, brief: asis}
	mode := cmp.Or(Mode(r.FormValue("mode")), ASAP)
	if !slices.Contains(Modes, mode) {
		return v, &requestError{fmt.Sprintf("mode %q: want one of %v", mode, Modes)}
	}
	v.Mode = mode
	if mode == Tail {
		v.again, v.brief = s.hedger, asap.Within(s.Deadline)
	}
	currency := cmp.Or(r.FormValue("currency"), defaultCurrency)
	if !money.Known(currency) {
		return v, &requestError{fmt.Sprintf("currency %q: want one of %v", currency, money.Currencies())}
	}
	v.Currency = currency
	user := cmp.Or(r.FormValue("user"), strconv.Itoa(defaultUser))
	id, err := strconv.Atoi(user)
	if err != nil {
		return v, &requestError{fmt.Sprintf("user %q: want a number", user)}
	}
	v.User, err = s.Store.User(id)
	return v, err
}

// choices are what is not as it would be without a word of the visitor.
func (v *visit) choices() url.Values {
	q := url.Values{}
	if v.Mode != ASAP {
		q.Set("mode", string(v.Mode))
	}
	if v.Currency != defaultCurrency {
		q.Set("currency", v.Currency)
	}
	if v.User.ID != defaultUser {
		q.Set("user", strconv.Itoa(v.User.ID))
	}
	return q
}

// Link gives the address of a page of this shop as the visitor wants it.
func (v *visit) Link(path string) string {
	u := url.URL{Path: path, RawQuery: v.choices().Encode()}
	return u.String()
}

// Here gives the address of this page with one thing changed. A page that was
// posted to has no address; its visitor is sent to the cart.
func (v *visit) Here(key, value string) string {
	u, q := url.URL{Path: "/cart"}, v.choices()
	if v.Method == http.MethodGet {
		u.Path, q = v.URL.Path, v.URL.Query()
	}
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// The forms, and what becomes of other addresses.

func (v *visit) toCart(context.Context) (string, error) { return v.Link("/cart"), nil }

// changeCart adds a product to the cart, one or as many as the form says.
func (v *visit) changeCart(context.Context) (string, error) {
	product, err := strconv.Atoi(v.PostFormValue("product"))
	if err != nil {
		return "", &requestError{fmt.Sprintf("product %q: want a number", v.PostFormValue("product"))}
	}
	n, err := strconv.Atoi(cmp.Or(v.PostFormValue("add"), "1"))
	if err != nil {
		return "", &requestError{fmt.Sprintf("add %q: want a number", v.PostFormValue("add"))}
	}
	return v.Link("/cart"), v.Store.Add(v.User.ID, product, n)
}

// setFault breaks a service, or repairs it with the fault ok, and sends the
// visitor back to the page that he came from. That is one of the shop: no other
// site can send its forms.
func (v *visit) setFault(context.Context) (string, error) {
	if err := v.Services.Break(v.PostFormValue("service"), services.Fault(v.PostFormValue("fault"))); err != nil {
		return "", &requestError{err.Error()}
	}
	return cmp.Or(v.Referer(), "/"), nil
}

func (v *visit) lost(context.Context) (struct{}, error) {
	return struct{}{}, &store.NotFoundError{What: "page " + v.URL.Path}
}
