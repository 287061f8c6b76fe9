package temporalasap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// Types as programs have them: money, enumerations, and what embeds another.
type (
	money struct{ cents *big.Int } // as decimals do: zero is not what zero decodes to
	price struct{ Total money }
	color int // 0 is none
	dress struct {
		Color color
		Sizes map[color]int
	}
	event struct {
		time.Time
		Name string
	}
	stamp struct{ time.Time }
	sum   struct {
		Exact *big.Int
		Plain json.Number
		Raw   json.RawMessage
	}
	ledger struct{ Total big.Int }
)

func (m money) MarshalJSON() ([]byte, error) {
	if m.cents == nil {
		m.cents = new(big.Int)
	}
	return m.cents.MarshalJSON()
}

func (m *money) UnmarshalJSON(data []byte) error {
	m.cents = new(big.Int)
	return m.cents.UnmarshalJSON(data)
}

func (c color) MarshalText() ([]byte, error) {
	if c != 1 {
		return nil, fmt.Errorf("no color %d", int(c))
	}
	return []byte("red"), nil
}

func (c *color) UnmarshalText(data []byte) error {
	if string(data) != "red" {
		return fmt.Errorf("no color %q", data)
	}
	*c = 1
	return nil
}

func TestRegisterTypes(t *testing.T) {
	for _, test := range []struct {
		name string
		flow *flow.Flow[int, int]
		say  string
	}{
		{"money", through[money](), ""},
		{"a field of money", through[price](), ""},
		{"money in lists and maps", through[map[string][]*price](), ""},
		{"money in a Result", through[[]asap.Result[price]](), ""},
		{"an enumeration without a zero", through[dress](), ""},
		{"numbers as texts, and what is JSON already", through[sum](), ""},
		{"an embedded time and nothing else", through[stamp](), ""},
		{"an embedded time that hides the rest", through[event](), "task cart: its value: temporalasap_test.event is encoded by the methods of time.Time, which it embeds, and the rest is lost"},
		{"the same in a list", through[[]event](), "task cart: its value: []temporalasap_test.event[…] is encoded by the methods of time.Time"},
		{"methods of a pointer that a value has not", through[ledger](), "task cart: its value: temporalasap_test.ledger.Total is a big.Int, whose MarshalJSON has a pointer receiver and is not called for a value; use *big.Int"},
		{"methods of a pointer that an element has", through[[]big.Int](), ""},
	} {
		err := temporalasap.Register(newEnv(), test.flow, defaults)
		if test.say == "" && err != nil || test.say != "" && (err == nil || !strings.Contains(err.Error(), test.say)) {
			t.Errorf("Register of %s: %v, want %q", test.name, err, test.say)
		}
	}
}

func TestRegisterUnsteadyEdges(t *testing.T) {
	both := func(in *asap.Task[int]) map[string]*asap.Task[int] {
		return map[string]*asap.Task[int]{"a": in.Then("a", produce[int]), "b": in.Then("b", produce[int])}
	}
	gather := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return g.Gather("all", slices.Collect(maps.Values(both(in)))...).Then("quote", consume[[]int])
	})
	then := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for _, task := range both(in) {
			in = task
		}
		return in.Then("quote", consume[int])
	})
	for task, f := range map[string]*flow.Flow[int, int]{"gather all after ": gather, "task quote after ": then} {
		err := temporalasap.Register(newEnv(), f, defaults)
		if err == nil || !strings.Contains(err.Error(), "asap: flow shop declares ") || !strings.Contains(err.Error(), task) {
			t.Errorf("Register of a flow whose edges are in the order of a map: %v, want %q", err, task)
		}
	}
}

func TestRegisterNames(t *testing.T) {
	named := func(f, task string) *flow.Flow[int, int] {
		return flow.Define(f, func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then(task, add) })
	}
	for _, test := range []struct{ flow, task, say string }{
		{"", "cart", "asap: Register of a flow without a name"},
		{"shop", "", "asap: flow shop: task : it has no name"},
		{"shop", "\xff", "its name is not valid UTF-8"},
		{"Größe/日本 .#1", "a/b [0]\n#2", ""},
		{"shop", "input", ""},
	} {
		err := temporalasap.Register(newEnv(), named(test.flow, test.task), defaults)
		if test.say == "" && err != nil || test.say != "" && (err == nil || !strings.Contains(err.Error(), test.say)) {
			t.Errorf("Register of flow %q with task %q: %v, want %q", test.flow, test.task, err, test.say)
		}
		if test.say != "" {
			continue
		}
		f := named(test.flow, test.task)
		want, _ := f.Run(context.Background(), 1)
		if v, err := runIn(t, f, 1, nil); v != want || err != nil {
			t.Errorf("Run of flow %q with task %q = %d, %v, want %d, nil", test.flow, test.task, v, err, want)
		}
	}
}
