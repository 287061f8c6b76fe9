package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/waterfall"
)

// docs/temporal.md shows the code of this file.

// A test runs a flow in the SDK's environment, with other bodies.
func TestGuideStub(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	err := temporalasap.Register(env, Quote,
		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute}),
		temporalasap.Task("zone", temporalasap.Stub(func(context.Context, Parcel) (int, error) {
			return 0, errNowhere
		})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = temporalasap.RunTest(env, Quote, Parcel{Grams: 100})
	if err == nil || err.Error() != "zone: nobody goes there" {
		t.Errorf("RunTest = %v, want the error of zone", err)
	}
}

type Parcel struct {
	Grams int
	To    string
}

// Quote is a flow of three bodies, of which two run side by side.
var Quote = flow.Define("quote", func(g *asap.Group, parcel *asap.Task[Parcel]) *asap.Task[string] {
	zone := parcel.Then("zone", findZone)
	weight := parcel.Then("weight", weigh)
	return zone.And(weight).Then("label", printLabel)
})

// Dispatch has a flow for a task.
var Dispatch = flow.Define("dispatch", func(g *asap.Group, parcel *asap.Task[Parcel]) *asap.Task[string] {
	label := parcel.Then("quote", Quote.Run)
	return label.Then("hand over", handOver)
})

var errNowhere = errors.New("nobody goes there")

func findZone(_ context.Context, p Parcel) (int, error) {
	if p.To == "" {
		return 0, errNowhere
	}
	return len(p.To) % 4, nil
}

func weigh(_ context.Context, p Parcel) (string, error) {
	return fmt.Sprintf("%.1f kg", float64(p.Grams)/1000), nil
}

func printLabel(_ context.Context, zone int, weight string) (string, error) {
	return fmt.Sprintf("zone %d, %s", zone, weight), nil
}

func handOver(_ context.Context, label string) (string, error) { return "sent: " + label, nil }

func quoteHere(ctx context.Context, parcel Parcel) (string, error) {
	label, err := Quote.Run(ctx, parcel)
	return label, err
}

func quoteThere(ctx context.Context, c client.Client, parcel Parcel) (string, error) {
	label, err := temporalasap.Run(ctx, c, Quote, parcel)
	return label, err
}

func serveQuote(c client.Client) (worker.Worker, error) {
	w := worker.New(c, temporalasap.TaskQueue, worker.Options{})
	err := temporalasap.Register(w, Quote,
		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute}))
	return w, err
}

func serveWithOptions(w worker.Worker) error {
	err := temporalasap.Register(w, Dispatch,
		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute}),
		temporalasap.Task("quote", temporalasap.Child(Quote, workflow.ChildWorkflowOptions{})),
		temporalasap.Task("hand over", temporalasap.Activity(workflow.ActivityOptions{
			StartToCloseTimeout: 10 * time.Minute,
			HeartbeatTimeout:    5 * time.Second,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 5},
		})))
	return err
}

func begin(ctx context.Context, c client.Client, parcel Parcel) error {
	_, err := temporalasap.Start(ctx, c, Dispatch, parcel, client.StartWorkflowOptions{ID: "dispatch-42"})
	return err
}

func finish(ctx context.Context, c client.Client) (string, error) {
	h := temporalasap.Attach(ctx, c, Dispatch, "dispatch-42", "")
	states, err := h.Tasks(ctx) // quote: running, hand over: waiting
	if err != nil {
		return "", err
	}
	for _, s := range states {
		fmt.Println(s.Task, s.State)
	}
	return h.Wait(ctx)
}

func recording(ctx context.Context, c client.Client) (*waterfall.Run, error) {
	var h history.History
	events := c.GetWorkflowHistory(ctx, "dispatch-42", "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return nil, err
		}
		h.Events = append(h.Events, e)
	}
	run, err := temporalasap.History(Dispatch, &h)
	return run, err
}

func TestGuide(t *testing.T) {
	t.Parallel()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: startTemporal(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w, err := serveQuote(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := serveWithOptions(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)

	here, err1 := quoteHere(t.Context(), Parcel{1200, "Bremen"})
	there, err2 := quoteThere(t.Context(), c, Parcel{1200, "Bremen"})
	if err1 != nil || err2 != nil || here != "zone 2, 1.2 kg" || there != here {
		t.Errorf("here %q, %v; there %q, %v; want zone 2, 1.2 kg of both", here, err1, there, err2)
	}
	_, err1 = quoteHere(t.Context(), Parcel{})
	_, err2 = quoteThere(t.Context(), c, Parcel{})
	if err1 == nil || err2 == nil || err1.Error() != err2.Error() || !strings.Contains(err1.Error(), "zone: nobody goes there") {
		t.Errorf("errors %v and %v; want the same text", err1, err2)
	}
	if err := begin(t.Context(), c, Parcel{500, "Evora"}); err != nil {
		t.Fatal(err)
	}
	if got, err := finish(t.Context(), c); err != nil || got != "sent: zone 1, 0.5 kg" {
		t.Errorf("dispatch = %q, %v; want it sent", got, err)
	}
	run, err := recording(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Validate(); err != nil || !run.Ended {
		t.Errorf("recording: %v, ended %v; want a whole one", err, run.Ended)
	}
	var path []string
	for _, s := range run.CriticalPath() {
		if s.State == waterfall.Running {
			path = append(path, s.Name)
		}
	}
	if fmt.Sprint(path) != "[quote hand over]" {
		t.Errorf("critical path %v, want quote and hand over", path)
	}
}

// Parcels has a flow for each parcel, and a workflow by hand for each label.
var Parcels = flow.Define("parcels", func(g *asap.Group, parcels *asap.Task[[]Parcel]) *asap.Task[[]string] {
	labels := g.Map("quote", parcels, Quote.Run)
	return g.Map("customs", labels, declareHere)
})

// Declare is a workflow by hand.
func Declare(ctx workflow.Context, label string) (string, error) {
	err := workflow.Sleep(ctx, time.Hour)
	return label + ", declared", err
}

// declareHere is in the place of Declare in this process.
func declareHere(_ context.Context, label string) (string, error) { return label + ", declared", nil }

func serveParcels(w temporalasap.Registry) error {
	err := temporalasap.Register(w, Parcels,
		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute}),
		temporalasap.Task("quote", temporalasap.Child(Quote, workflow.ChildWorkflowOptions{}),
			temporalasap.ChildOptions(func(p Parcel) workflow.ChildWorkflowOptions {
				return workflow.ChildWorkflowOptions{WorkflowID: "quote-" + p.To, TaskQueue: "quotes-" + p.To}
			})),
		temporalasap.Task("customs", temporalasap.ChildWorkflow(Declare, workflow.ChildWorkflowOptions{})))
	return err
}

func TestGuideChildren(t *testing.T) {
	parcels := []Parcel{{Grams: 100, To: "oslo"}, {Grams: 200, To: "rome"}}
	want := "[zone 0, 0.1 kg, declared zone 0, 0.2 kg, declared]"
	here, err := Parcels.Run(t.Context(), parcels)
	if fmt.Sprint(here) != want || err != nil {
		t.Errorf("Run = %v, %v, want %s", here, err, want)
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflow(Declare)
	if err := errors.Join(temporalasap.Register(env, Quote, temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute})), serveParcels(env)); err != nil {
		t.Fatal(err)
	}
	there, err := temporalasap.RunTest(env, Parcels, parcels)
	if fmt.Sprint(there) != want || err != nil {
		t.Errorf("RunTest = %v, %v, want %s", there, err, want)
	}
}
