package asaptest_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

type (
	group  = asap.Group
	number = *asap.Task[int]

	secret struct {
		Total int
		note  string
	}
	ticket struct {
		N    int
		Note string `json:"-"`
	}
	listener struct{ Notify func() }
	payer    interface{ pay() int }
	card     struct{ Number int }
	wallet   struct{ Main payer }
	box      struct{ Any any }
)

func (c card) pay() int { return c.Number }

func give[T any](v T) func(context.Context, int) (T, error) {
	return func(context.Context, int) (T, error) { return v, nil }
}

func drop[T any](_ context.Context, _ T) (int, error) { return 1, nil }

// through is a flow in which v is the value of task cart.
func through[T any](v T) func(*group, number) number {
	return func(_ *group, in number) number { return in.Then("cart", give(v)).Then("quote", drop) }
}

var errStock = errors.New("out of stock")

// Every fault that was planted is found, and named with its task.
func TestPortableFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		build func(g *group, in number) number
		say   []string
	}{
		{"a variable of another body", func(_ *group, in number) number {
			var user string
			loaded := in.Do("load", func(context.Context, int) error { user = "ada"; return nil })
			return in.And(loaded).Then("greet", func(context.Context, int, struct{}) (string, error) { return "hello " + user, nil }).Then("quote", drop)
		}, []string{`task greet: gives "hello " in another process and "hello ada" here: it uses a variable that another body or the caller has set`}},
		{"a variable that must have been set", func(_ *group, in number) number {
			var user *secret
			loaded := in.Do("load", func(context.Context, int) error { user = &secret{}; return nil })
			return loaded.Then("total", func(context.Context, struct{}) (int, error) { return user.Total, nil })
		}, []string{`task total: gives the error "panic: runtime error: invalid memory address or nil pointer dereference" in another process and 0 here`}},
		{"the Value of a task", func(_ *group, in number) number {
			cart := in.Then("cart", give(7))
			return cart.Then("quote", func(context.Context, int) (int, error) { return 10 * cart.Value(), nil })
		}, []string{"task quote: Value of task cart inside a body that runs on another engine; declare it with Needs(cart) and read it with Get"}},
		{"the Value of the input", func(_ *group, in number) number {
			return in.Then("quote", func(context.Context, int) (int, error) { return in.Value(), nil })
		}, []string{"task quote: Value of task input inside a body"}},
		{"an element of a Map with a variable", func(g *group, in number) number {
			rate := 0
			list := in.Then("list", func(context.Context, int) ([]int, error) { rate = 2; return []int{1, 2}, nil })
			return g.Map("price", list, func(_ context.Context, n int) (int, error) { return n * rate, nil }).Then("quote", drop)
		}, []string{"task price[1]: gives 0 in another process and 4 here", "task price[0]: gives 0 in another process and 2 here"}},

		{"an unexported field", through(secret{1, "gift"}), []string{
			`task cart: its value: secret.note is an unexported field, which vanishes; export it, or give secret the methods MarshalJSON and UnmarshalJSON`}},
		{"an unexported field that is empty today", through(secret{}), []string{"secret.note is an unexported field"}},
		{"an unexported field far inside", through(map[string][]*secret{}), []string{"map[string][]*asaptest_test.secret[][].note is an unexported field"}},
		{"a field that is left out", through(ticket{1, "gift"}), []string{`task cart: its value: ticket.Note is "gift" and becomes "" when it is encoded and decoded`}},
		{"a function", through(listener{}), []string{"task cart: its value: listener.Notify is a func, which cannot travel"}},
		{"a channel", through(make(chan int)), []string{"task cart: its value: chan int is a chan, which cannot travel"}},
		{"an interface", through[payer](card{1}), []string{"task cart: its value: payer is the interface asaptest_test.payer, and nobody knows what to make of it elsewhere"}},
		{"an interface in a field", through(wallet{card{1}}), []string{"wallet.Main is the interface asaptest_test.payer"}},
		{"an error as a value", through(errStock), []string{"error is the interface error"}},
		{"a type in an any", through(box{card{1}}), []string{"task cart: its value: box.Any is of type asaptest_test.card and becomes map[string]interface {} when it is encoded and decoded"}},
		{"a number in an any", through[any](7), []string{"task cart: its value: interface {} is of type int and becomes float64 when"}},
		{"a key that is no text", through(map[[2]int]int{}), []string{"map[[2]int]int has keys of type [2]int, which cannot travel"}},
		{"a number that JSON has not", through(math.Inf(1)), []string{"task cart: its value: cannot be encoded: json: unsupported value: +Inf"}},
		{"a pointer with a field", through(&secret{1, ""}), []string{"secret.note is an unexported field"}},
		{"in the Result of an Optional", func(_ *group, in number) number {
			return in.Optional("cart", give(secret{1, "gift"})).Then("quote", drop)
		}, []string{"task cart: its value: secret.note is an unexported field"}},
		{"in the Results of a Gather", func(g *group, in number) number {
			a := in.Optional("a", give(secret{1, "gift"}))
			return g.Gather("all", a, a).Then("quote", drop)
		}, []string{"task a: its value: secret.note is an unexported field"}},
		{"in an Input", func(g *group, in number) number {
			return in.And(g.Input("rates", secret{1, "gift"})).Then("quote", func(context.Context, int, secret) (int, error) { return 1, nil })
		}, []string{"task quote: argument 2: secret.note is an unexported field"}},

		{"tasks in the order of a map", func(g *group, in number) number {
			var all []number
			for name := range map[string]int{"apple": 1, "pear": 2} {
				all = append(all, in.Then(name, give(1)))
			}
			return g.Gather("all", all...).Then("quote", drop)
		}, []string{"its function: declares task ", " as number 2 in one call and task ", "must not depend on the order of a map, the time, or anything random"}},
		{"dependencies in the order of a map", func(g *group, in number) number {
			a, b := in.Then("a", give(1)), in.Then("b", give(2))
			var all []number
			for _, task := range map[string]number{"a": a, "b": b} {
				all = append(all, task)
			}
			return g.Gather("all", all...).Then("quote", drop)
		}, []string{"its function: declares gather all after ", " in one call and after "}},
		{"random tasks", func(_ *group, in number) number {
			for range rand.IntN(2) {
				in = in.Then("again", give(1))
			}
			return in.Then("quote", drop)
		}, []string{"its function: declares task "}},
		{"the time in a name", func(_ *group, in number) number {
			return in.Then(fmt.Sprint("at ", time.Now().UnixNano()), give(1))
		}, []string{"its function: declares task at "}},
		{"the time in an Input", func(g *group, in number) number {
			return in.And(g.Input("now", time.Now())).Then("quote", func(context.Context, int, time.Time) (int, error) { return 1, nil })
		}, []string{"task quote: argument 2: is another one when the journal is replayed: Time is ", "must not use the order of a map, the time, or anything random"}},
		{"the time in a variable", func(_ *group, in number) number {
			now := time.Now()
			return in.Then("quote", func(context.Context, int) (time.Time, error) { return now, nil }).Then("print", drop)
		}, []string{"task quote: gives ", "it uses a variable that another body or the caller has set"}},
		{"a value that is changed afterwards", func(_ *group, in number) number {
			cart := in.Then("cart", give([]int{1, 2}))
			sorted := cart.Then("sort", func(_ context.Context, l []int) (int, error) { l[0]++; return len(l), nil })
			return cart.And(sorted).Then("quote", func(_ context.Context, l []int, _ int) (int, error) { return l[0], nil })
		}, []string{"task quote: argument 1: is another one when the journal is replayed: []int[0] is 2 and becomes 1", "no body may change a value that another one has"}},
		{"the type of an error", func(_ *group, in number) number {
			stock := in.Optional("stock", func(context.Context, int) (int, error) { return 0, fmt.Errorf("cart: %w", errStock) })
			return stock.Then("quote", func(_ context.Context, r asap.Result[int]) (bool, error) { return errors.Is(r.Err, errStock), nil }).Then("print", drop)
		}, []string{"task quote: gives false when its arguments have travelled, and true before: it looks at what does not travel, such as the type of an error"}},

		{"an await", func(_ *group, in number) number {
			cart := in.Then("cart", give(1))
			return in.Then("quote", func(ctx context.Context, _ int) (int, error) { return cart.Await(ctx) })
		}, []string{"task quote: task quote awaits task cart inside its body, which runs on another engine; declare it with Needs(cart) and read it with Get"}},
		{"an await in nobody's name", func(_ *group, in number) number {
			cart := in.Then("cart", give(1))
			return in.Then("quote", func(context.Context, int) (int, error) { return cart.Await(context.Background()) })
		}, []string{"task quote: task cart awaited inside a body that runs on another engine; declare it"}},
		{"a task that a body declares", func(g *group, in number) number {
			return in.Then("quote", func(context.Context, int) (int, error) { g.Input("late", 1); return 1, nil })
		}, []string{"task quote: task late declared inside a body that runs on another engine; declare it before Wait"}},

		{"an exit with a variable", func(g *group, in number) number {
			hit, user := g.NewExit[int](), 0
			loaded := in.Do("load", func(context.Context, int) error { user = 7; return nil })
			return loaded.Then("quote", func(context.Context, struct{}) (int, error) { return 0, hit.With(user) })
		}, []string{"task quote: gives an exit with 0 in another process and an exit with 7 here: it uses a variable"}},
		{"what an exit carries", func(g *group, in number) number {
			hit := g.NewExit[secret]()
			return in.Then("quote", func(context.Context, int) (int, error) { return 0, hit.With(secret{1, "gift"}) })
		}, []string{"task quote: the value of its exit: secret.note is an unexported field"}},
		{"two of them", func(_ *group, in number) number {
			return in.Then("cart", give(secret{1, ""})).Then("rates", func(context.Context, secret) (listener, error) { return listener{}, nil }).Then("quote", drop)
		}, []string{"task cart: its value: secret.note", "task rates: its value: listener.Notify"}},
		{"no flow", func(*group, number) number { return nil }, []string{"Portable: asap: flow shop: its function returned no task"}},
		{"a flow that looks at its input", func(_ *group, in number) number { in.Value(); return in }, []string{"Portable: asap: flow shop: its function calls Value"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			_, _ = asaptest.Portable(n, flow.Define("shop", test.build), 3)
			wantSaid(t, n.said, test.say)
		})
	}
}

// The number of a Map's elements is not in the graph: that it changes is seen
// on replay.
func TestPortableReplay(t *testing.T) {
	for _, test := range []struct {
		name  string
		build func(calls *atomic.Int64) func(g *group, in number) number
		say   string
	}{
		{"more elements", func(calls *atomic.Int64) func(g *group, in number) number {
			return func(g *group, in number) number {
				return g.Map("price", g.Input("list", make([]int, calls.Add(1))), give(1)).Then("quote", drop)
			}
		}, "starts when the journal is replayed, where the flow waited the first time; the function that declares it must not use"},
		{"fewer elements", func(calls *atomic.Int64) func(g *group, in number) number {
			return func(g *group, in number) number {
				return g.Map("price", g.Input("list", make([]int, 1000-calls.Add(1))), give(1)).Then("quote", drop)
			}
		}, "its function: declares other tasks when the journal is replayed: the flow waits where it started task price["},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			_, _ = asaptest.Portable(n, flow.Define("shop", test.build(new(atomic.Int64))), 3)
			if len(n.said) != 1 || !strings.Contains(n.said[0], test.say) {
				t.Errorf("Portable says\n%s\nwant %q alone", strings.Join(n.said, "\n"), test.say)
			}
		})
	}
}

// TestPortableDifferences has a codec that swaps one value for another.
func TestPortableDifferences(t *testing.T) {
	one, two := 1, 2
	loop, other := &node{Name: "a"}, &node{Name: "a"}
	loop.Kids, other.Kids = []*node{loop}, []*node{other}
	f := func() {}
	now := time.Now()
	swap(t, int8(1), 2, "int8 is 1 and becomes 2")
	swap(t, &one, &two, "int is 1 and becomes 2")
	swap(t, &one, nil, "and becomes <nil>")
	swap(t, []int{1, 2}, []int{1}, "[]int is 2 long and becomes 1 long")
	swap(t, [2]int{1, 2}, [2]int{1, 3}, "[2]int[1] is 2 and becomes 3")
	swap(t, map[string]int{"a": 1}, map[string]int{"a": 2}, "map[string]int[a] is 1 and becomes 2")
	swap(t, map[string]int{"a": 1}, map[string]int{"b": 1}, "map[string]int[a] is there and then no more")
	swap(t, map[string]int{"a": 1}, nil, "map[string]int has 1 entries and then 0")
	swap(t, node{Name: "a", Kids: []*node{{Name: "b"}}}, node{Name: "a", Kids: []*node{{Name: "c"}}}, `node.Kids[0].Name is "b" and becomes "c"`)
	swap(t, loop, other, "")
	swap(t, now, now.Round(0).UTC(), "")
	swap(t, now, now.Add(1), "Time is ")
	swap(t, &now, nil, "and becomes <nil>")
	swap(t, math.NaN(), math.NaN(), "")
	swap(t, 1.5, 2.5, "float64 is 1.5 and becomes 2.5")
	swap(t, 1i, 2i, "complex128 is (0+1i) and becomes (0+2i)")
	swap(t, purse{}, purse{new(big.Int)}, "")
	swap(t, purse{new(big.Int)}, purse{}, "")
	swap(t, purse{}, purse{big.NewInt(1)}, "purse.cents.abs is 0 long and becomes 1 long")
	swap(t, secret{1, "gift"}, secret{1, ""}, `secret.note is "gift" and becomes ""`)
	swap[func()](t, nil, nil, "")
	swap(t, f, f, "and becomes 0x")
	swap[any](t, 1, "1", "interface {} is of type int and becomes string")
	swap[any](t, nil, 1, "interface {} is <nil> and becomes 1")
	swap[error](t, errDown, errors.New("down"), "")
	swap[error](t, errDown, errStock, `error is the error "down" and becomes "out of stock"`)
}

func swap[T any](t *testing.T, was, becomes T, say string) {
	t.Helper()
	encode := func(v any) ([]byte, error) { return fmt.Append(nil, v), nil }
	decode := func(data []byte, p any) error {
		if p, ok := p.(*T); ok {
			*p = becomes
			return nil
		}
		_, err := fmt.Sscan(string(data), p)
		return err
	}
	n := &note{TB: t}
	_, _ = asaptest.Portable(n, flow.Define("shop", through(was)), 3, asaptest.Codec(encode, decode))
	all := strings.Join(n.said, "\n")
	if say == "" && all != "" || !strings.Contains(all, say) {
		t.Errorf("for %v and %v Portable says\n%s\nwant %q in it", was, becomes, all, say)
	}
}

// wantSaid wants the messages to be about the flow and to contain the parts, in
// order, and one message for each task that the parts name.
func wantSaid(t *testing.T, said, parts []string) {
	t.Helper()
	all := strings.Join(said, "\n")
	rest, tasks := all, 0
	for _, part := range parts {
		at := strings.Index(rest, part)
		if at < 0 {
			t.Errorf("Portable says\n%s\nwant %q in it, in this order", all, part)
			return
		}
		rest = rest[at:]
		if strings.HasPrefix(part, "task ") || strings.Contains(part, "its function") || strings.Contains(part, "field") {
			tasks++
		}
	}
	for _, text := range said {
		if !strings.HasPrefix(text, "flow shop: ") && !strings.HasPrefix(text, "Portable: ") {
			t.Errorf("Portable says %q, want the flow's name first", text)
		}
	}
	if len(said) > max(tasks, 1) {
		t.Errorf("Portable says\n%s\nwant %d faults, as many as were planted", all, max(tasks, 1))
	}
}

// The request is a variable around the flow: only the flow of the worker shows
// that it is not there.
func TestPortableWorker(t *testing.T) {
	f := func(customer string) *flow.Flow[int, string] {
		return flow.Define("shop", func(_ *group, in number) *asap.Task[string] {
			return in.Then("greet", func(_ context.Context, n int) (string, error) { return fmt.Sprint("hello ", customer, n), nil })
		})
	}
	other := flow.Define("shop", func(_ *group, in number) *asap.Task[string] {
		return in.Then("cart", give("")).Then("greet", func(_ context.Context, s string) (string, error) { return s, nil })
	})
	for _, test := range []struct {
		name   string
		worker *flow.Flow[int, string]
		say    []string
	}{
		{"the same", f("ada"), nil},
		{"a request", f(""), []string{`task greet: gives "hello 3" in another process and "hello ada3" here`}},
		{"other types", other, []string{"task greet: is func(context.Context, string) (string, error) in the flow of the worker, not func(context.Context, int) (string, error)"}},
		{"other tasks", flow.Define("shop", func(_ *group, in number) *asap.Task[string] { return in.Then("cart", give("")) }),
			[]string{"task greet: is not in the flow of the worker"}},
		{"a function that panics", flow.Define("shop", func(_ *group, in number) *asap.Task[string] { panic("no flow") }),
			[]string{"its function: cannot be built where its bodies run: flow shop: its function panicked: no flow"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			got, err := asaptest.Portable(n, f("ada"), 3, asaptest.Worker(test.worker))
			if got != "hello ada3" || err != nil {
				t.Errorf("Portable = %q, %v, want the flow's value", got, err)
			}
			if test.say == nil && n.said != nil {
				t.Errorf("Portable says %q, want nothing", n.said)
			}
			wantSaid(t, n.said, test.say)
		})
	}
}

func gobEncode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func gobDecode(data []byte, p any) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(p) }

func TestPortableCodec(t *testing.T) {
	for _, test := range []struct {
		name   string
		build  func(g *group, in number) number
		encode func(any) ([]byte, error)
		decode func([]byte, any) error
		say    []string
	}{
		{"what it carries", through(map[[2]int]float64{{1, 2}: math.Inf(1)}), gobEncode, gobDecode, nil},
		{"what it loses", through(secret{1, "gift"}), gobEncode, gobDecode, []string{`task cart: its value: secret.note is "gift" and becomes "" when it is encoded`}},
		{"what it refuses", through(struct{ f func() }{}), gobEncode, gobDecode, []string{"task cart: its value: cannot be encoded: gob: type struct { f func() } has no exported fields"}},
		{"what it cannot read", through("x"), gobEncode, func([]byte, any) error { return errDown }, []string{"its input: int cannot be decoded: down,", "task cart: its value: string cannot be decoded: down"}},
		{"what it panics at", through("x"), func(any) ([]byte, error) { panic("no schema") }, gobDecode, []string{"its input: cannot be encoded: panic: no schema"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &note{TB: t}
			_, _ = asaptest.Portable(n, flow.Define("shop", test.build), 3, asaptest.Codec(test.encode, test.decode))
			for _, part := range test.say {
				if all := strings.Join(n.said, "\n"); !strings.Contains(all, part) {
					t.Errorf("Portable says\n%s\nwant %q in it", all, part)
				}
			}
			if test.say == nil && n.said != nil {
				t.Errorf("Portable says %q, want nothing", n.said)
			}
		})
	}
}
