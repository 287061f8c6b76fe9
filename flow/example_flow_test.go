package flow_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

type (
	order   struct{ Items []string }
	stock   struct{ Reserved int }
	charge  struct{ Cents int }
	receipt struct{ Text string }
)

func reserve(ctx context.Context, o order) (stock, error) { return stock{len(o.Items)}, nil }

func chargeCard(ctx context.Context, o order, s stock) (charge, error) {
	return charge{300 * s.Reserved}, nil
}

func issueReceipt(ctx context.Context, c charge) (receipt, error) {
	return receipt{fmt.Sprintf("paid %d", c.Cents)}, nil
}

// checkout is defined once, and run and drawn as often as one likes.
var checkout = flow.Define("checkout", func(g *asap.Group, order *asap.Task[order]) *asap.Task[receipt] {
	stock := order.Then("stock", reserve)
	charge := order.And(stock).Then("charge", chargeCard)
	return charge.Then("receipt", issueReceipt)
})

func ExampleDefine() {
	r, err := checkout.Run(context.Background(), order{[]string{"tea", "milk"}})
	fmt.Println(r.Text, err)
	// Output: paid 600 <nil>
}

func ExampleFlow() {
	// A flow is a body as well.
	g := asap.New(context.Background())
	o := g.Input("order", order{[]string{"tea"}})
	paid := o.Then("checkout", checkout.Run)
	fmt.Println(g.Wait(), paid.Value().Text)
	// Output: <nil> paid 300
}

func ExampleFlow_Run() {
	for _, items := range [][]string{{"tea"}, {"tea", "milk", "bread"}} {
		r, err := checkout.Run(context.Background(), order{items})
		fmt.Println(r.Text, err)
	}
	// Output:
	// paid 300 <nil>
	// paid 900 <nil>
}

func ExampleFlow_With() {
	gentle := checkout.With(asap.Limit(1), asap.Name("gentle checkout"))
	r, err := gentle.Run(context.Background(), order{[]string{"tea"}})
	fmt.Println(r.Text, err)
	// Output: paid 300 <nil>
}

func ExampleFlow_Graph() {
	graph, err := checkout.Graph() // runs no body
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(graph.Name)
	for i, t := range graph.Tasks {
		fmt.Println(i, t.Name, t.Kind, t.Deps)
	}
	// Output:
	// checkout
	// 0 input input []
	// 1 stock task [0]
	// 2 charge task [0 1]
	// 3 receipt task [2]
}

// A graph can be drawn in any language: here is one in that of Graphviz.
func ExampleGraph() {
	var graph *flow.Graph
	graph, err := checkout.Graph()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("digraph %q {\n", graph.Name)
	for _, t := range graph.Tasks {
		for _, d := range t.Deps {
			fmt.Printf("\t%q -> %q\n", graph.Tasks[d].Name, t.Name)
		}
	}
	fmt.Println("}")
	// Output:
	// digraph "checkout" {
	// 	"input" -> "stock"
	// 	"input" -> "charge"
	// 	"stock" -> "charge"
	// 	"charge" -> "receipt"
	// }
}

func ExampleGraphTask() {
	feed := flow.Define("feed", func(g *asap.Group, user *asap.Task[string]) *asap.Task[[]int] {
		cart := user.Then("cart", func(ctx context.Context, user string) ([]string, error) { return []string{user + "'s tea"}, nil })
		return g.Map("price", cart, func(ctx context.Context, item string) (int, error) { return 100 * len(item), nil })
	})
	graph, err := feed.Graph()
	if err != nil {
		fmt.Println(err)
		return
	}
	var last flow.GraphTask = graph.Tasks[len(graph.Tasks)-1]
	fmt.Println(last.Name, last.Kind, last.Deps) // a Map is one task: it has no elements yet
	// Output: price[] map [1]
}

func ExampleGraph_Write() {
	page := flow.Define("page", func(g *asap.Group, id *asap.Task[int]) *asap.Task[int] {
		user := id.Then("user", func(_ context.Context, id int) (int, error) { return id, nil })
		mail := g.Do("mail", func(context.Context) error { return nil }, asap.After(user), asap.MayFail())
		return user.Then("page", func(_ context.Context, id int) (int, error) { return id, nil }, asap.AfterEnd(mail))
	})
	graph, err := page.Graph()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(graph.Write(os.Stdout, "dot"))
	// Output:
	// digraph "page" {
	//   rankdir=LR;
	//   node [shape=box, style=rounded, fontname="sans-serif"];
	//   edge [color="#777777"];
	//   label="page"; labelloc=t; fontname="sans-serif";
	//   t0 [label="input", style="rounded,filled", fillcolor="#eeeeee"];
	//   t1 [label="user"];
	//   t2 [label="mail\nmay fail", style="rounded,dashed"];
	//   t3 [label="page"];
	//   t0 -> t1;
	//   t1 -> t2 [style=dashed];
	//   t1 -> t3;
	//   t2 -> t3 [style=dotted, arrowhead=odot];
	// }
	// <nil>
}

func ExampleGraphTask_options() {
	page := flow.Define("page", func(g *asap.Group, id *asap.Task[int]) *asap.Task[int] {
		user := id.Do("user", func(context.Context, int) error { return nil }, asap.Timeout(time.Second))
		ads := g.Do("ads", func(context.Context) error { return nil }, asap.After(user), asap.Within(time.Second), asap.MayFail(), asap.When(false))
		return id.Then("page", func(_ context.Context, id int) (int, error) { return id, nil }, asap.AfterEnd(ads))
	})
	graph, err := page.Graph()
	if err != nil {
		fmt.Println(err)
		return
	}
	var t flow.GraphTask
	for _, t = range graph.Tasks[1:] {
		fmt.Println(t.Name, t.Deps, t.After, t.AfterEnd, t.Timeout, t.Within, t.MayFail, t.LeftOut)
	}
	// Output:
	// user [0] [] [] 1s 0s false false
	// ads [1] [1] [] 0s 1s true true
	// page [0 2] [] [2] 0s 0s false false
}
