package asaptest_test

import (
	"context"
	"fmt"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
)

type cart struct {
	Items []string
	code  string // of a discount
}

func (printing) Context() context.Context { return context.Background() }

func ExamplePortable() {
	discount := asap.Define("discount", func(g *asap.Group, order *asap.Task[int]) *asap.Task[string] {
		var customer string
		known := order.Do("customer", func(context.Context, int) error { customer = "ada"; return nil })
		items := order.Then("cart", func(context.Context, int) (cart, error) { return cart{[]string{"tea"}, "MAY"}, nil })
		return items.And(known).Then("mail", func(context.Context, cart, struct{}) (string, error) { return "for " + customer, nil })
	})
	mail, err := asaptest.Portable(t, discount, 7)
	fmt.Println(mail, err)
	// Output:
	// flow discount: task cart: its value: cart.code is an unexported field, which vanishes; export it, or give cart the methods MarshalJSON and UnmarshalJSON
	// flow discount: task mail: gives "for " in another process and "for ada" here: it uses a variable that another body or the caller has set; pass what it needs along an edge
	// for ada <nil>
}
