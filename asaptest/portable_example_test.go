package asaptest_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

type cart struct {
	Items []string
	code  string // of a discount
}

func (printing) Context() context.Context { return context.Background() }

func ExamplePortable() {
	discount := flow.Define("discount", func(g *asap.Group, order *asap.Task[int]) *asap.Task[string] {
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

func ExampleWorker() {
	greeting := func(user string) *flow.Flow[int, string] { // a flow made for one request
		return flow.Define("greeting", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
			return in.Then("greet", func(context.Context, int) (string, error) { return "hello " + user, nil })
		})
	}
	text, err := asaptest.Portable(t, greeting("ada"), 7, asaptest.Worker(greeting("nobody")))
	fmt.Println(text, err)
	// Output:
	// flow greeting: task greet: gives "hello nobody" in another process and "hello ada" here: it uses a variable that another body or the caller has set; pass what it needs along an edge
	// hello ada <nil>
}

func ExampleCodec() {
	encode := func(v any) ([]byte, error) {
		var b bytes.Buffer
		err := gob.NewEncoder(&b).Encode(v)
		return b.Bytes(), err
	}
	decode := func(data []byte, p any) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(p) }
	double := flow.Define("double", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("twice", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
	})
	n, err := asaptest.Portable(t, double, 7, asaptest.Codec(encode, decode))
	fmt.Println(n, err)
	// Output: 14 <nil>
}

func ExampleTrust() {
	type session struct{ id string } // whatever it takes with it, it is made anew
	login := flow.Define("login", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		s := in.Then("session", func(context.Context, int) (session, error) { return session{"x"}, nil })
		return s.Then("greet", func(_ context.Context, s session) (string, error) { return "hello" + s.id[:0], nil })
	})
	text, err := asaptest.Portable(t, login, 7, asaptest.Trust(session{}))
	fmt.Println(text, err)
	// Output: hello <nil>
}

func ExampleSends() {
	greeting := flow.Define("greeting", func(g *asap.Group, _ *asap.Task[int]) *asap.Task[string] {
		name := flow.Signal[string](g, "name")
		return name.Then("greet", func(_ context.Context, n asap.Result[string]) (string, error) { return "hello " + n.Value, nil })
	})
	fmt.Println(asaptest.Portable(t, greeting, 7, asaptest.Sends("name", "ada")))
	// Output: hello ada <nil>
}
