package dbosasap_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

type hidden struct{ secret int }

func one(name string, body func(context.Context, int) (int, error)) *flow.Flow[int, int] {
	return flow.Define(name, func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("task", body) })
}

// passing is a flow in which a T passes from one task to another.
func passing[T any]() *flow.Flow[int, int] {
	return flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("make", func(context.Context, int) (v T, err error) { return v, nil }).
			Then("take", func(context.Context, T) (int, error) { return 1, nil })
	})
}

type (
	promoted struct {
		time.Time
		Name string
	}
	Left  struct{ N int }
	Right struct{ N int }
	twins struct {
		Left
		Right
	}
	number struct{ n int }
)

func (n *number) MarshalJSON() ([]byte, error)    { return json.Marshal(n.n) }
func (n *number) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &n.n) }

func TestRegisterRefuses(t *testing.T) {
	next := func(_ context.Context, n int) (int, error) { return n + 1, nil }
	turn := 0
	for _, row := range []struct {
		name     string
		register func(rt *dbosasap.Runtime) error
		want     string
	}{
		{"a nil flow", serve[int, int](nil), "Register with a nil Flow"},
		{"a flow without a name", serve(one("", next)), "flow without a name"},
		{"a task that is not there", serve(one("f", next), dbosasap.Task("tusk", dbosasap.Queue("q"))), "flow f has no task tusk to set options of; it has task"},
		{"a hidden field", serve(flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[hidden] {
			return in.Then("hide", func(_ context.Context, n int) (hidden, error) { return hidden{n}, nil })
		})), "its result: dbosasap_test.hidden.secret is not exported"},
		{"a channel", serve(flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			g.Go("pipe", func(context.Context) (chan int, error) { return nil, nil })
			return in
		})), "task pipe: its value: chan int is a chan int"},
		{"what an embedded type encodes", serve(passing[promoted]()), "its value: dbosasap_test.promoted is encoded by the methods of time.Time, which it embeds"},
		{"two fields of one name", serve(passing[twins]()), "its value: dbosasap_test.twins.Left.N does not survive"},
		{"methods that are not called in a map", serve(passing[map[string]number]()), "its value: map[string]dbosasap_test.number[…] is a dbosasap_test.number, whose MarshalJSON has a pointer receiver"},
		{"a map by structs", serve(passing[map[twins]int]()), "its value: map[dbosasap_test.twins]int is a map with keys of type dbosasap_test.twins"},
		{"a signal with a hidden field", serve(flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("task", next, asap.After(flow.Signal[hidden](g, "approval")))
		})), "signal approval: dbosasap_test.hidden.secret is not exported"},
		{"a hidden field that goes to a queue", serve(flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return g.Input("secret", hidden{3}).Then("task", func(_ context.Context, h hidden) (int, error) { return h.secret, nil })
		}), dbosasap.Task("task", dbosasap.Queue("q"))), "task task: argument 1 after the context: dbosasap_test.hidden.secret is not exported"},
		{"a name that PostgreSQL refuses", serve(flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("a\x00b", next)
		})), `task "a\x00b": its name is not valid UTF-8 without zero bytes`},
		{"a definition that differs", serve(flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			turn++
			return in.Then([]string{"a", "b"}[turn%2], next)
		})), "must not depend on the order of a map"},
		{"a child of another type", serve(one("f", next), dbosasap.Task("task", dbosasap.Child(flow.Define("g", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] { return in })))),
			"Child of flow g"},
		{"no data source", serve(one("f", next), dbosasap.Task("task", dbosasap.Transaction(nil))), "Transaction with a nil DataSource"},
		{"the same flow twice", func(rt *dbosasap.Runtime) error {
			f := one("f", next)
			if err := dbosasap.Register(rt, f); err != nil {
				return err
			}
			return dbosasap.Register(rt, f)
		}, "asap: flow f: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			rt, err := dbosasap.Open(t.Context(), "test", t.TempDir()+"/flows.db")
			if err != nil {
				t.Fatal(err)
			}
			if err := row.register(rt); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Register gives %v, want an error with %q", err, row.want)
			}
			_ = rt.Shutdown(0)
		})
	}
	rt := newRuntime(t, serve(flow.Define("f", func(g *asap.Group, in *asap.Task[hidden]) *asap.Task[hidden] { return in }), dbosasap.Trust(hidden{})))
	if rt.DBOS() == nil {
		t.Error("DBOS gives nil")
	}
}
