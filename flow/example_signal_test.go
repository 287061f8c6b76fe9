package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

// A loan is paid out when somebody has approved it, and not at all if nobody does so
// within a day.
var loan = flow.Define("loan", func(g *asap.Group, amount *asap.Task[int]) *asap.Task[string] {
	reserved := amount.Then("reserve", func(_ context.Context, n int) (int, error) { return n, nil }).
		Undo(func(_ context.Context, n int) error {
			fmt.Println("released", n)
			return nil
		})
	approval := flow.Signal[string](g, "approval", asap.After(reserved), asap.Timeout(24*time.Hour))
	return reserved.And(approval).Then("pay", func(_ context.Context, n int, by asap.Result[string]) (string, error) {
		if by.Err != nil {
			return "", by.Err
		}
		return fmt.Sprint(n, " approved by ", by.Value), nil
	})
})

func ExampleSignal() {
	ctx := context.Background()
	run := loan.Start(ctx, 100)
	if err := run.Signal(ctx, "approval", "Ada"); err != nil { // from another goroutine, an hour later
		fmt.Println(err)
	}
	fmt.Println(run.Wait(ctx))
	fmt.Println(run.Signal(ctx, "aproval", "Ada"))
	fmt.Println(run.Signal(ctx, "approval", 7))
	fmt.Println(errors.Is(run.Signal(ctx, "approval", "Bob"), flow.ErrEnded))
	// Output:
	// 100 approved by Ada <nil>
	// asap: flow loan has no signal aproval; it has approval
	// asap: flow loan: signal approval takes a string, and was sent a int
	// true
}

// What has succeeded is undone when a run is canceled from outside.
func ExampleRunning_Cancel() {
	ctx := context.Background()
	run := loan.Start(ctx, 100)
	for !isExpected(ctx, run, "approval") {
		time.Sleep(time.Millisecond)
	}
	if err := run.Cancel(ctx, errors.New("customer has left")); err != nil {
		fmt.Println(err)
	}
	_, err := run.Wait(ctx)
	fmt.Println(err)
	// Output:
	// released 100
	// group loan (running: approval): customer has left
}

func isExpected(ctx context.Context, run *flow.Running[string], name string) bool {
	tasks, err := run.Tasks(ctx)
	for _, t := range tasks {
		if t.Task == name && t.State == flow.StateExpected {
			return true
		}
	}
	return err != nil
}

// A reminder is sent if an answer takes long.
func ExampleSleep() {
	g := asap.New(context.Background())
	asked := g.Do("ask", func(context.Context) error { return nil })
	patience := flow.Sleep(g, "patience", 10*time.Millisecond, asap.After(asked))
	reminded := patience.Then("remind", func(context.Context, struct{}) (string, error) { return "please answer", nil })
	if err := g.Wait(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(reminded.Value())
	// Output: please answer
}

// glyph shows how far a task is.
func glyph(t flow.TaskState) string {
	var state flow.State = t.State
	switch state {
	case flow.StateWaiting, flow.StateQueued:
		return "·"
	case flow.StateExpected:
		return "?"
	case flow.StateSleeping:
		return "z"
	case flow.StateRunning:
		return fmt.Sprint("▶", t.Attempt)
	case flow.StateSucceeded, flow.StateLeftOut:
		return "✓"
	case flow.StateTolerated, flow.StateFailed:
		return "✗ " + t.Error
	case flow.StateCanceled, flow.StateSkipped:
		return "–"
	}
	return string(t.State)
}

func ExampleRunning_Tasks() {
	f := flow.Define("report", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		in.Optional("ads", func(context.Context, int) (int, error) { return 0, errors.New("no ads") })
		flow.Signal[bool](g, "approval", asap.When(false))
		return in.Then("page", func(_ context.Context, n int) (int, error) { return n, nil })
	})
	ctx := context.Background()
	run := f.Start(ctx, 7)
	if _, err := run.Wait(ctx); err != nil {
		fmt.Println(err)
	}
	tasks, err := run.Tasks(ctx)
	for _, t := range tasks {
		fmt.Println(glyph(t), t.Task, time.Since(t.Since) < time.Hour)
	}
	fmt.Println(err)
	// Output:
	// ✗ no ads ads true
	// ✓ approval true
	// ✓ page true
	// <nil>
}

// What an engine knows of a flow before it runs: its signals, with their types, and its
// undos, which are calls like others.
func ExampleFlow_Signals() {
	signals, err := loan.Signals()
	show := func(s flow.SignalType) { fmt.Println("signal", s.Name, s.Type) }
	for _, s := range signals {
		show(s)
	}
	calls, errCalls := loan.Calls()
	for _, c := range calls {
		fmt.Printf("%s undo=%v %T\n", c.Body, c.Undo, c.Func)
	}
	graph, errGraph := flow.Define("nap", func(g *asap.Group, _ *asap.Task[int]) *asap.Task[struct{}] {
		return flow.Sleep(g, "nap", time.Hour)
	}).Graph()
	fmt.Println(graph.Tasks[1].Kind, graph.Tasks[1].Sleep, errors.Join(err, errCalls, errGraph))
	// Output:
	// signal approval string
	// reserve undo=false func(context.Context, int) (int, error)
	// pay undo=false func(context.Context, int, asap.Result[string]) (string, error)
	// reserve.undo undo=true func(context.Context, int) error
	// sleep 1h0m0s <nil>
}

// noted is an engine that writes down which signals are expected. What it cannot do
// itself it leaves to another one.
type noted struct {
	*asaptest.Executor
}

var (
	_ flow.Signaler = noted{}
	_ flow.Sender   = noted{}
	_ flow.Sleeper  = noted{}
)

func (e noted) Receive(call *flow.Call, done func(error)) {
	fmt.Println("expected:", call.Task)
	flow.Signaler(e.Executor).Receive(call, done)
}

func (e noted) Sleep(call *flow.Call, d time.Duration, done func()) {
	fmt.Println("asleep:", call.Task)
	e.After(d, done)
}

func (e noted) Send(name string, value any) error {
	fmt.Println("sent:", name)
	return flow.Sender(e.Executor).Send(name, value)
}

func (e noted) Wake() { flow.Sender(e.Executor).Wake() }

func ExampleSignaler() {
	ctx := context.Background()
	e := noted{asaptest.NewExecutor(ctx, 0)}
	if err := e.Send("approval", "Ada"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(loan.With(flow.On(e)).Run(ctx, 100))
	// Output:
	// sent: approval
	// expected: approval
	// 100 approved by Ada <nil>
}

func ExampleSleeper() {
	ctx := context.Background()
	var e flow.Sleeper = noted{asaptest.NewExecutor(ctx, 0)}
	nap := flow.Define("nap", func(g *asap.Group, _ *asap.Task[int]) *asap.Task[struct{}] {
		return flow.Sleep(g, "nap", time.Millisecond)
	})
	_, err := nap.With(flow.On(e.(flow.Executor))).Run(ctx, 1)
	fmt.Println(err)
	// Output:
	// asleep: nap
	// <nil>
}

// mailed is a run somewhere else, of which this process knows the address.
type mailed struct{ address string }

func (m mailed) Signal(_ context.Context, name string, value any) error {
	if strings.HasPrefix(m.address, "gone") {
		return flow.ErrEnded
	}
	fmt.Println(m.address, name, value)
	return nil
}

func (m mailed) Cancel(_ context.Context, cause error) error {
	fmt.Println(m.address, "cancel:", cause)
	return nil
}

func (m mailed) Tasks(context.Context) ([]flow.TaskState, error) {
	return []flow.TaskState{{Task: "pay", State: flow.StateWaiting}}, nil
}

func (m mailed) Wait(_ context.Context, out any) error {
	*out.(*string) = "paid"
	return nil
}

// An adapter gives its users the handle that they know.
func ExampleNewRunning() {
	ctx := context.Background()
	var there flow.Run = mailed{"loan-17"}
	run := flow.NewRunning(loan, there)
	fmt.Println(run.Signal(ctx, "approval", "Ada"))
	fmt.Println(run.Cancel(ctx, nil))
	tasks, err := run.Tasks(ctx)
	fmt.Println(tasks[0].Task, tasks[0].State, err)
	fmt.Println(run.Wait(ctx))
	fmt.Println(flow.NewRunning(loan, mailed{"gone"}).Signal(ctx, "approval", "Ada"))
	// Output:
	// loan-17 approval Ada
	// <nil>
	// loan-17 cancel: context canceled
	// <nil>
	// pay waiting <nil>
	// paid <nil>
	// asap: flow loan: signal approval: asap: run has ended
}
