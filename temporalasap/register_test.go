package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

type (
	secret   struct{ Name, note string } //lint:ignore U1000 the field is what is refused
	embedded struct {
		secret
	}
	listener struct{ Notify func() }
	deep     struct{ Map map[string][]listener }
	hidden   struct {
		Shown int
		Gone  int `json:"-"`
	}
	node struct {
		Next *node
		Text string
	}
	fancy struct {
		When  time.Time
		Dur   time.Duration
		Raw   []byte
		List  []*node
		Map   map[int]node
		Maybe asap.Result[node]
		Any   any
	}
)

func produce[T any](context.Context, int) (T, error) { var v T; return v, nil }
func consume[T any](context.Context, T) (int, error) { return 0, nil }

// through is a flow in which a T travels from produce to consume.
func through[T any]() *flow.Flow[int, int] {
	return flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("cart", produce[T]).Then("quote", consume[T])
	})
}

func newEnv() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	return suite.NewTestWorkflowEnvironment()
}

func TestRegisterRefuses(t *testing.T) {
	turn := 0
	plain := through[string]()
	for _, test := range []struct {
		name    string
		flow    *flow.Flow[int, int]
		options []temporalasap.Option
		say     string
	}{
		{"nothing", plain, []temporalasap.Option{defaults}, ""},
		{"what travels", through[fancy](), []temporalasap.Option{defaults}, ""},
		{"a trusted type", through[secret](), []temporalasap.Option{defaults, temporalasap.Trust(secret{})}, ""},
		{"an unexported field", through[secret](), []temporalasap.Option{defaults}, "flow shop: task cart: its value: temporalasap_test.secret.note is not exported"},
		{"an embedded one", through[embedded](), []temporalasap.Option{defaults}, "task cart: its value: temporalasap_test.embedded.secret.note is not exported"},
		{"a function", through[listener](), []temporalasap.Option{defaults}, "task cart: its value: temporalasap_test.listener.Notify is a func(), which cannot travel"},
		{"a function far inside", through[deep](), []temporalasap.Option{defaults}, "task cart: its value: temporalasap_test.deep.Map[…][…].Notify is a func()"},
		{"a channel", through[chan int](), []temporalasap.Option{defaults}, "task cart: its value: chan int is a chan int"},
		{"an interface", through[fmt.Stringer](), []temporalasap.Option{defaults}, "task cart: its value: fmt.Stringer is the interface fmt.Stringer"},
		{"a field that is not encoded", through[hidden](), []temporalasap.Option{defaults}, "task cart: its value: temporalasap_test.hidden.Gone does not survive"},
		{"a key that is a struct", through[map[node]int](), []temporalasap.Option{defaults}, "is a map with keys of type temporalasap_test.node"},
		{"a result of a secret", through[asap.Result[secret]](), []temporalasap.Option{defaults}, ".Value.note is not exported"},
		{"no time limit", plain, nil, "flow shop: task cart: it has no time limit; set a StartToCloseTimeout with Defaults"},
		{"an unknown task", plain, []temporalasap.Option{defaults, temporalasap.Task("price", temporalasap.OwnHeartbeat())}, "asap: flow shop has no task price to set options of; it has cart, quote"},
		{"a name for the workflow", plain, []temporalasap.Option{defaults, temporalasap.Workflow(workflow.RegisterOptions{Name: "other"})}, "flow shop: Workflow with the name other"},
		{"a child of another type", plain, []temporalasap.Option{defaults, temporalasap.Task("cart", temporalasap.Child(through[int](), workflow.ChildWorkflowOptions{}))}, "task cart: Child of flow shop"},
		{"one id for all children of a Map", flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return g.Map("line", in.Then("cart", produce[[]int]), plain.Run).Then("quote", consume[[]int])
		}), []temporalasap.Option{defaults, temporalasap.Task("line", temporalasap.Child(plain, workflow.ChildWorkflowOptions{WorkflowID: "order-1"}))}, "task line[]: Child with the WorkflowID order-1, which every element would have; leave it out"},
		{"a child of no flow", plain, []temporalasap.Option{defaults, temporalasap.Task("cart", temporalasap.Child[int, string](nil, workflow.ChildWorkflowOptions{}))}, "task cart: Child with a nil Flow"},
		{"no options and no converter", plain, []temporalasap.Option{defaults, nil, temporalasap.Task("cart", nil), temporalasap.Converter(nil)}, ""},
		{"no flow", nil, []temporalasap.Option{defaults}, "asap: Register with a nil Flow"},
		{"an await as a body", flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return g.Go("again", in.Then("cart", produce[int]).Await)
		}), []temporalasap.Option{defaults}, "flow shop: task again: its body is the Await of a task"},
		{"a definition that looks at its input", flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			in.Value()
			return in
		}), []temporalasap.Option{defaults}, "flow shop: its function calls Value"},
		{"a definition that varies", flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			turn++
			return in.Then(fmt.Sprint("cart", turn), produce[int])
		}), []temporalasap.Option{defaults}, "it must not depend on the order of a map, the time or anything random"},
		{"a long name", flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then(strings.Repeat("x", 1000), produce[int])
		}), []temporalasap.Option{defaults}, "its name is not valid UTF-8 of at most 1000 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := temporalasap.Register(newEnv(), test.flow, test.options...)
			if test.say == "" && err != nil || test.say != "" && (err == nil || !strings.Contains(err.Error(), test.say) || !strings.HasPrefix(err.Error(), "asap: ")) {
				t.Errorf("Register: %v, want %q", err, test.say)
			}
		})
	}
	t.Run("a name that is there already", func(t *testing.T) {
		env := newEnv()
		if err := temporalasap.Register(env, plain, defaults); err != nil {
			t.Fatal(err)
		}
		if err := temporalasap.Register(env, plain, defaults); err == nil || !strings.Contains(err.Error(), "flow shop") || !strings.Contains(err.Error(), "already registered") {
			t.Errorf("Register again: %v, want an error", err)
		}
	})
	t.Run("input and result", func(t *testing.T) {
		in := flow.Define("shop", func(g *asap.Group, in *asap.Task[secret]) *asap.Task[secret] { return in })
		err := temporalasap.Register(newEnv(), in, defaults)
		if err == nil || !strings.Contains(err.Error(), "flow shop: its input: temporalasap_test.secret.note") {
			t.Errorf("Register: %v, want the input refused", err)
		}
	})
}

func TestStartRefuses(t *testing.T) {
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error { return errors.New("down") }}
	for name, start := range map[string]func() error{
		"down":     func() error { _, err := temporalasap.Run(t.Context(), c, through[int](), 1); return err },
		"nil Flow": func() error { _, err := temporalasap.Run[int, int](t.Context(), c, nil, 1); return err },
	} {
		if err := start(); err == nil || !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), "asap: ") {
			t.Errorf("Start: %v, want an error with %q", err, name)
		}
	}
}
