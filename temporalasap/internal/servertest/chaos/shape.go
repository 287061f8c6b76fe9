package chaos

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Latencies of the tasks: log-normal with the medians of the request graphs'
// classes, ten times as slow so that a kill finds something running.
const (
	cache = 10 * time.Millisecond
	db    = 40 * time.Millisecond
	svc   = 100 * time.Millisecond
	slow  = 400 * time.Millisecond
)

// sigma gives p99 = 8 × p50.
const sigma = 0.894

// longest is where the tail of the latencies is cut, so that one draw does not
// decide how long a test takes.
const longest = 2 * time.Second

// A Shape is the graph of a request of a public program.
type Shape struct {
	Name  string
	Tasks []Task // in order of declaration
}

// A Task of a Shape has dependencies declared before it, at most six.
type Task struct {
	Name   string
	Deps   []string
	Median time.Duration
}

// Shapes are the examples that the library was made from, and the checkout of
// GoogleCloudPlatform/microservices-demo with three items.
var Shapes = []Shape{
	{"dashboard", []Task{
		{"user", nil, db},
		{"config", nil, db},
		{"profile", []string{"user"}, db},
	}},
	{"analytics", []Task{
		{"auth", nil, svc},
		{"settings", nil, db},
		{"userData", []string{"auth"}, svc},
		{"permissions", []string{"auth"}, svc},
		{"posts", []string{"userData"}, slow},
		{"analytics", []string{"userData", "posts"}, svc},
	}},
	{"complex-data", []Task{
		{"config", nil, db},
		{"permissions", nil, svc},
		{"settings", []string{"config"}, db},
		{"allowedActions", []string{"permissions"}, cache},
		{"dashboard", []string{"settings", "permissions"}, svc},
	}},
	{"aggregated", []Task{
		{"user", nil, db},
		{"posts", []string{"user"}, svc},
		{"comments", []string{"posts"}, svc},
		{"likes", []string{"posts"}, svc},
	}},
	{"boutique-checkout", []Task{
		{"cart", nil, cache},
		{"shippingQuote", []string{"cart"}, svc},
		{"shippingPrice", []string{"shippingQuote"}, svc},
		{"item0", []string{"cart"}, db},
		{"price0", []string{"item0"}, svc},
		{"item1", []string{"cart"}, db},
		{"price1", []string{"item1"}, svc},
		{"item2", []string{"cart"}, db},
		{"price2", []string{"item2"}, svc},
		{"charge", []string{"shippingPrice", "price0", "price1", "price2"}, slow},
		{"ship", []string{"charge"}, svc},
		{"emptyCart", []string{"ship"}, cache},
		{"confirmationMail", []string{"ship"}, slow},
	}},
}

// Order is the input of every flow.
type Order struct{ Number int }

// Value is what every task returns: a sum over the order, the task's name and
// the values of its dependencies, so that a wrong, lost or exchanged input
// anywhere shows in the result.
type Value struct {
	Order int
	Task  string
	Sum   uint64
}

func value(order int, task string, deps ...Value) Value {
	h := fnv.New64a()
	fmt.Fprint(h, order, task)
	for _, d := range deps {
		fmt.Fprint(h, d.Task, d.Sum)
	}
	return Value{order, task, h.Sum64()}
}

// Expected is the result of the flow, computed without it.
func (s Shape) Expected(in Order) []Value {
	values := make([]Value, 0, len(s.Tasks))
	for _, t := range s.Tasks {
		var deps []Value
		for _, d := range t.Deps {
			deps = append(deps, values[s.index(d)])
		}
		values = append(values, value(in.Number, t.Name, deps...))
	}
	return values
}

// Took is how long a task of an order takes: the same wherever and however
// often it runs.
func (t Task) Took(order int) time.Duration {
	h := fnv.New64a()
	fmt.Fprint(h, t.Name)
	r := rand.New(rand.NewPCG(uint64(order), h.Sum64()))
	return min(time.Duration(float64(t.Median)*math.Exp(sigma*r.NormFloat64())), longest)
}

func (s Shape) index(name string) int {
	return slices.IndexFunc(s.Tasks, func(t Task) bool { return t.Name == name })
}

// Flow makes the shape a flow whose bodies write to journal, which may be nil,
// when they begin and end.
func (s Shape) Flow(journal *Journal) *flow.Flow[Order, []Value] {
	return flow.Define(s.Name, func(g *asap.Group, in *asap.Task[Order]) *asap.Task[[]Value] {
		tasks := make([]*asap.Task[Value], len(s.Tasks))
		for i, t := range s.Tasks {
			var d []*asap.Task[Value]
			for _, name := range t.Deps {
				d = append(d, tasks[s.index(name)])
			}
			// run is the body of all arities: the plain functions below are
			// what a user would write.
			run := func(ctx context.Context, order int, deps ...Value) (Value, error) {
				return journal.Around(ctx, t.Took(order), func() Value { return value(order, t.Name, deps...) })
			}
			switch len(d) {
			case 0:
				tasks[i] = in.Then(t.Name, func(ctx context.Context, in Order) (Value, error) {
					return run(ctx, in.Number)
				})
			case 1:
				tasks[i] = d[0].Then(t.Name, func(ctx context.Context, a Value) (Value, error) {
					return run(ctx, a.Order, a)
				})
			case 2:
				tasks[i] = d[0].And(d[1]).Then(t.Name, func(ctx context.Context, a, b Value) (Value, error) {
					return run(ctx, a.Order, a, b)
				})
			case 3:
				tasks[i] = d[0].And(d[1]).And(d[2]).Then(t.Name, func(ctx context.Context, a, b, c Value) (Value, error) {
					return run(ctx, a.Order, a, b, c)
				})
			default:
				tasks[i] = g.Gather(t.Name+"Inputs", d...).Then(t.Name, func(ctx context.Context, all []Value) (Value, error) {
					return run(ctx, all[0].Order, all...)
				})
			}
		}
		return g.Gather("all", tasks...)
	})
}
