package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

type (
	order   struct{ Items []string }
	stock   struct{ Reserved int }
	charge  struct{ Cents int }
	receipt struct{ Text string }
)

func reserve(_ context.Context, o order) (stock, error) {
	if len(o.Items) == 0 {
		return stock{}, errors.New("the order is empty")
	}
	return stock{len(o.Items)}, nil
}

func chargeCard(_ context.Context, _ order, s stock) (charge, error) {
	return charge{300 * s.Reserved}, nil
}

func issueReceipt(_ context.Context, c charge) (receipt, error) {
	return receipt{fmt.Sprintf("paid %d", c.Cents)}, nil
}

// Checkout is the flow of the documentation of package asap.
var Checkout = flow.Define("checkout", func(g *asap.Group, order *asap.Task[order]) *asap.Task[receipt] {
	stock := order.Then("stock", reserve)
	charge := order.And(stock).Then("charge", chargeCard)
	return charge.Then("receipt", issueReceipt)
})

// testClient stands for the client of a cluster where a worker serves
// Checkout. A program has the one of client.Dial.
func testClient(options ...temporalasap.Option) temporalasap.Client {
	return &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		return temporalasap.Register(env, Checkout, append(options, defaults)...)
	}}
}

func Example() {
	ctx := context.Background()
	o := order{Items: []string{"tea", "milk"}}

	here, err := Checkout.Run(ctx, o)
	fmt.Println(here.Text, err)

	var c temporalasap.Client = testClient() // or that of client.Dial
	there, err := temporalasap.Run(ctx, c, Checkout, o)
	fmt.Println(there.Text, err)
	// Output:
	// paid 600 <nil>
	// paid 600 <nil>
}

func ExampleRun() {
	_, err := temporalasap.Run(context.Background(), testClient(), Checkout, order{})
	fmt.Println(err)
	if te, ok := errors.AsType[*asap.TaskError](err); ok {
		fmt.Println("failed:", te.Task)
	}
	if wf, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		fmt.Println("a workflow:", strings.HasPrefix(wf.Error(), "workflow execution error"))
	}
	// Output:
	// stock: the order is empty
	// failed: stock
	// a workflow: true
}

// serveShop is the main function of a worker.
func serveShop(address string) error {
	c, err := client.Dial(client.Options{HostPort: address})
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, temporalasap.TaskQueue, worker.Options{})
	err = temporalasap.Register(w, Checkout,
		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute}))
	if err != nil {
		return err
	}
	return w.Run(worker.InterruptCh())
}

func ExampleRegister() {
	fmt.Println(serveShop("127.0.0.1:1") != nil) // nobody listens there

	var env temporalasap.Registry = newEnv() // a worker, as a rule
	fmt.Println(temporalasap.Register(env, Checkout))
	// Output:
	// true
	// asap: flow checkout: task stock: it has no time limit; set a StartToCloseTimeout with Defaults, once for all tasks
}

func ExampleDefaults() {
	var limit temporalasap.Option = temporalasap.Defaults(workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, // of each try
		HeartbeatTimeout:    5 * time.Second,
	})
	fmt.Println(temporalasap.Register(newEnv(), Checkout, limit))
	// Output: <nil>
}

func ExampleTask() {
	var again temporalasap.TaskOption = temporalasap.Activity(workflow.ActivityOptions{
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3}, // also when the body returns an error
		TaskQueue:   "payments",
	})
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, temporalasap.Task("charge", again)))
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, temporalasap.Task("price", again)))
	// Output:
	// <nil>
	// asap: flow checkout has no task price to set options of; it has stock, charge, receipt
}

func ExampleActivity() {
	slow := temporalasap.Task("stock", temporalasap.Activity(workflow.ActivityOptions{StartToCloseTimeout: time.Hour}))
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, slow))
	// Output: <nil>
}

func ExampleLocal() {
	quick := temporalasap.Task("receipt", temporalasap.Local(workflow.LocalActivityOptions{StartToCloseTimeout: time.Second}))
	r, err := temporalasap.Run(context.Background(), testClient(quick), Checkout, order{Items: []string{"tea"}})
	fmt.Println(r.Text, err)
	// Output: paid 300 <nil>
}

func ExampleOwnHeartbeat() {
	own := temporalasap.Task("stock", temporalasap.OwnHeartbeat())
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, own))
	// Output: <nil>
}

func ExampleChild() {
	shopping := flow.Define("shopping", func(g *asap.Group, items *asap.Task[[]string]) *asap.Task[receipt] {
		o := items.Then("order", func(_ context.Context, items []string) (order, error) { return order{items}, nil })
		return o.Then("checkout", Checkout.Run)
	})
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		child := temporalasap.Task("checkout", temporalasap.Child(Checkout, workflow.ChildWorkflowOptions{}))
		return errors.Join(temporalasap.Register(env, Checkout, defaults), temporalasap.Register(env, shopping, defaults, child))
	}}
	r, err := temporalasap.Run(context.Background(), c, shopping, []string{"tea"})
	fmt.Println(r.Text, err)
	// Output: paid 300 <nil>
}

func ExampleChildOptions() {
	baskets := flow.Define("baskets", func(g *asap.Group, orders *asap.Task[[]order]) *asap.Task[[]receipt] {
		return g.Map("checkout", orders, Checkout.Run)
	})
	child := temporalasap.Task("checkout", temporalasap.Child(Checkout, workflow.ChildWorkflowOptions{}),
		temporalasap.ChildOptions(func(o order) workflow.ChildWorkflowOptions {
			return workflow.ChildWorkflowOptions{WorkflowID: "checkout-" + o.Items[0]}
		}))
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		return errors.Join(temporalasap.Register(env, Checkout, defaults), temporalasap.Register(env, baskets, defaults, child))
	}}
	tea := order{Items: []string{"tea"}}
	_, err := temporalasap.Run(context.Background(), c, baskets, []order{tea, tea})
	fmt.Println(err)
	// Output: checkout[1]: its child workflow has the id checkout-tea, which that of checkout[0] has, too; give each its own
}

func ExampleChildWorkflow() {
	here := func(_ context.Context, o order) (int, error) { return len(o.Items), nil }
	f := flow.Define("count", func(g *asap.Group, o *asap.Task[order]) *asap.Task[int] { return o.Then("items", here) })
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		env.RegisterWorkflowWithOptions(func(ctx workflow.Context, o order) (int, error) {
			return 10 * len(o.Items), nil
		}, workflow.RegisterOptions{Name: "CountItems"})
		return temporalasap.Register(env, f, defaults, temporalasap.Task("items", temporalasap.ChildWorkflow("CountItems", workflow.ChildWorkflowOptions{})))
	}}
	fmt.Println(f.Run(context.Background(), order{Items: []string{"tea"}}))
	fmt.Println(temporalasap.Run(context.Background(), c, f, order{Items: []string{"tea"}}))
	// Output:
	// 1 <nil>
	// 10 <nil>
}

func ExampleWorkflow() {
	pinned := temporalasap.Workflow(workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorPinned})
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, pinned))
	// Output: <nil>
}

func ExampleConverter() {
	dc := converter.NewCompositeDataConverter(converter.NewNilPayloadConverter(), converter.NewJSONPayloadConverter())
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, temporalasap.Converter(dc)))
	// Output: <nil>
}

func ExampleTrust() {
	type session struct{ id string }
	f := flow.Define("login", func(g *asap.Group, in *asap.Task[int]) *asap.Task[session] {
		return in.Then("session", func(context.Context, int) (session, error) { return session{"x"}, nil })
	})
	fmt.Println(temporalasap.Register(newEnv(), f, defaults, temporalasap.Trust(session{})))
	// Output: <nil>
}

func ExampleFinal() {
	w := newEnv() // in a program worker.New(client, temporalasap.TaskQueue, worker.Options{})
	err := temporalasap.Register(w, Checkout,
		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 5}}),
		temporalasap.Task("charge", temporalasap.Final())) // never twice for an error
	fmt.Println(err)
	// Output: <nil>
}

func ExamplePending() {
	f := flow.Define("approved", func(g *asap.Group, order *asap.Task[int]) *asap.Task[string] {
		return order.Then("approval", func(ctx context.Context, order int) (string, error) {
			// Ask somebody, with the ids of activity.GetInfo(ctx), who answers by
			// CompleteActivityByID of a client, in days.
			return "", activity.ErrResultPending
		})
	})
	err := temporalasap.Register(newEnv(), f, defaults, temporalasap.Task("approval", temporalasap.Pending(),
		temporalasap.Activity(workflow.ActivityOptions{StartToCloseTimeout: 72 * time.Hour})))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleStub() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	env := suite.NewTestWorkflowEnvironment()
	err := temporalasap.Register(env, Checkout, defaults,
		temporalasap.Task("charge", temporalasap.Stub(func(context.Context, order, stock) (charge, error) { return charge{}, errors.New("card declined") })))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = temporalasap.RunTest(env, Checkout, order{Items: []string{"tea"}})
	fmt.Println(err)
	// Output: charge: card declined
}

func ExamplePayloadLimit() {
	// The client has an external storage, which leaves a reference of what is large.
	fmt.Println(temporalasap.Register(newEnv(), Checkout, defaults, temporalasap.PayloadLimit(0)))
	// Output: <nil>
}

func ExampleStart() {
	options := client.StartWorkflowOptions{ID: "order-1", TaskQueue: "shop"}
	h, err := temporalasap.Start(context.Background(), testClient(), Checkout, order{Items: []string{"tea"}}, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.ID(), h.RunID())
	r, err := h.Wait(context.Background())
	fmt.Println(r.Text, err)
	// Output:
	// order-1 run-1
	// paid 300 <nil>
}

func ExampleHandle_Tasks() {
	c := testClient()
	_, err := temporalasap.Run(context.Background(), c, Checkout, order{})
	fmt.Println(err)
	var h *temporalasap.Handle[receipt] = temporalasap.Attach(context.Background(), c, Checkout, "order-1", "")
	states, err := h.Tasks(context.Background())
	for _, s := range states {
		fmt.Printf("%s: %s %q\n", s.Task, s.State, s.Error)
	}
	fmt.Println(err)
	// Output:
	// stock: the order is empty
	// stock: failed "the order is empty"
	// charge: skipped ""
	// receipt: skipped ""
	// <nil>
}

func ExampleHandle_Cancel() {
	h, err := temporalasap.Start(context.Background(), testClient(), Checkout, order{Items: []string{"tea"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.Cancel(context.Background(), nil))
	// Output: asap: flow checkout: workflows of the test environment have ended before anybody can cancel them
}

func ExampleAttach() {
	c := testClient()
	if _, err := temporalasap.Start(context.Background(), c, Checkout, order{Items: []string{"tea"}}); err != nil {
		fmt.Println(err)
		return
	}
	// In another process, after a restart:
	r, err := temporalasap.Attach(context.Background(), c, Checkout, "order-1", "").Wait(context.Background())
	fmt.Println(r.Text, err)
	// Output: paid 300 <nil>
}

func Example_tasksQuery() { // which other clients may make as well
	v, err := testClient().QueryWorkflow(context.Background(), "", "", temporalasap.TasksQuery)
	fmt.Println(v, err != nil)
	// Output: <nil> true
}
