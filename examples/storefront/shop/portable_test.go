package shop_test

import (
	"testing"

	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/examples/storefront/store"
)

// An order can run on an engine that is elsewhere: all that its steps give each
// other survives the journey, and none of them has its values from outside.
func TestPortableCheckout(t *testing.T) {
	w := open(t, nil)
	user, err := w.store.User(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	c, err := asaptest.Portable(t, w.shop.Checkout(), store.Order{ID: "portable-1", User: user, Currency: "JPY"})
	if err != nil || c.Payment == "" || len(c.Lines) != 3 || c.Mail == "" || c.Order.User != user {
		t.Errorf("Portable = %+v, %v; want the whole receipt", c, err)
	}
	if e := w.charges("portable-1"); len(e) != 1 || e[0].Asked < 2 {
		t.Errorf("ledger %+v, want one charge, asked for more than once", e)
	}
}
