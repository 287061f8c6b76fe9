package temporalasap_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/waterfall"
)

// The golden histories tell of the same tasks and ends as a run in the process.
func TestHistoryGolden(t *testing.T) {
	for _, f := range asaptest.Flows() {
		t.Run(strings.TrimPrefix(f.Name(), "asaptest."), func(t *testing.T) {
			file, err := os.Open(filepath.Join(histories, f.Name()+".json"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			h, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			run := mustHistory(t, f, h)
			var in int
			if err := converter.GetDefaultDataConverter().FromPayloads(h.Events[0].GetWorkflowExecutionStartedEventAttributes().Input, &in); err != nil {
				t.Fatal(err)
			}
			var r waterfall.Recorder
			_, wantErr := f.With(flow.On(asaptest.NewExecutor(t.Context(), 0)), asap.Observe(&r)).Run(t.Context(), in)
			equal(t, "tasks of the history", ends(run), ends(r.Run()))
			if !run.Ended {
				t.Error("the run has not ended")
			}
			text, _, _ := strings.Cut(run.Groups[0].Err, "\n\n")
			want := ""
			if wantErr != nil {
				want, _, _ = strings.Cut(wantErr.Error(), "\n\n")
			}
			equal(t, "error of the group", text, want)
		})
	}
}

// mustHistory makes the run and checks what holds for each.
func mustHistory[In, Out any](t *testing.T, f *flow.Flow[In, Out], h *history.History) *waterfall.Run {
	t.Helper()
	run, err := temporalasap.History(f, h)
	if err != nil {
		t.Fatal(err)
	}
	checkRun(t, run)
	return run
}

func checkRun(t *testing.T, run *waterfall.Run) {
	t.Helper()
	if err := run.Validate(); err != nil {
		t.Error(err)
	}
	var sum time.Duration
	for _, s := range run.CriticalPath() {
		sum += s.End - s.Start
	}
	if run.Ended && sum != run.Makespan {
		t.Errorf("the critical path is %v long, want the makespan, %v", sum, run.Makespan)
	}
	if !run.Ended {
		return
	}
	if same, err := run.WhatIf(); err != nil || same.Makespan != run.Makespan {
		t.Errorf("WhatIf of nothing = %v, %v, want the makespan, %v", same, err, run.Makespan)
	}
}

// ends are the tasks of a run with their outcomes.
func ends(run *waterfall.Run) []string {
	var all []string
	for _, task := range run.Tasks {
		if !strings.HasPrefix(task.Name, "mirror[") { // who has lost a race may have failed or not
			all = append(all, fmt.Sprint(task.Name, " ", task.Outcome))
		}
	}
	slices.Sort(all)
	return all
}

// script writes a history.
type script struct {
	t *testing.T
	h *history.History
}

const second = time.Second

func payloads(v ...any) *common.Payloads {
	p, err := converter.GetDefaultDataConverter().ToPayloads(v...)
	if err != nil {
		panic(err)
	}
	return p
}

func newScript(t *testing.T, f string, in any) *script {
	s := &script{t, new(history.History)}
	s.add(0, enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &history.WorkflowExecutionStartedEventAttributes{WorkflowType: &common.WorkflowType{Name: f}, Input: payloads(in)}}})
	return s
}

var began = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

func (s *script) add(at time.Duration, kind enums.EventType, e *history.HistoryEvent) int64 {
	e.EventId, e.EventType, e.EventTime = int64(len(s.h.Events)+1), kind, timestamppb.New(began.Add(at))
	s.h.Events = append(s.h.Events, e)
	return e.EventId
}

func (s *script) schedule(at time.Duration, task string) int64 {
	return s.add(at, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskScheduledEventAttributes{
		ActivityTaskScheduledEventAttributes: &history.ActivityTaskScheduledEventAttributes{ActivityId: task}}})
}

func (s *script) start(at time.Duration, id int64, attempt int32) {
	s.add(at, enums.EVENT_TYPE_ACTIVITY_TASK_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskStartedEventAttributes{
		ActivityTaskStartedEventAttributes: &history.ActivityTaskStartedEventAttributes{ScheduledEventId: id, Attempt: attempt}}})
}

func (s *script) complete(at time.Duration, id int64, v any) {
	s.add(at, enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskCompletedEventAttributes{
		ActivityTaskCompletedEventAttributes: &history.ActivityTaskCompletedEventAttributes{ScheduledEventId: id, Result: payloads(v)}}})
}

func (s *script) fail(at time.Duration, id int64, text string) {
	s.add(at, enums.EVENT_TYPE_ACTIVITY_TASK_FAILED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskFailedEventAttributes{
		ActivityTaskFailedEventAttributes: &history.ActivityTaskFailedEventAttributes{ScheduledEventId: id, Failure: &failure.Failure{Message: text,
			FailureInfo: &failure.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failure.ApplicationFailureInfo{Type: "errorString"}}}}}})
}

func (s *script) timeout(at time.Duration, id int64) {
	s.add(at, enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskTimedOutEventAttributes{
		ActivityTaskTimedOutEventAttributes: &history.ActivityTaskTimedOutEventAttributes{ScheduledEventId: id, Failure: &failure.Failure{Message: "activity timeout",
			FailureInfo: &failure.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failure.TimeoutFailureInfo{TimeoutType: enums.TIMEOUT_TYPE_HEARTBEAT}}}}}})
}

func (s *script) canceled(at time.Duration, id int64) {
	s.add(at, enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskCanceledEventAttributes{
		ActivityTaskCanceledEventAttributes: &history.ActivityTaskCanceledEventAttributes{ScheduledEventId: id}}})
}

// hear is a workflow task: what came before it the workflow hears at once.
func (s *script) hear(at time.Duration) {
	id := s.add(at, enums.EVENT_TYPE_WORKFLOW_TASK_STARTED, &history.HistoryEvent{})
	s.add(at, enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowTaskCompletedEventAttributes{
		WorkflowTaskCompletedEventAttributes: &history.WorkflowTaskCompletedEventAttributes{StartedEventId: id}}})
}

func (s *script) end(at time.Duration, kind enums.EventType) *history.History {
	s.hear(at)
	s.add(at, kind, &history.HistoryEvent{})
	return s.h
}

// What the workflow hears at once is handled at once: a failure keeps from
// starting what an earlier end has made ready.
func TestHistoryAtOnce(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		cart, rates := in.Then("cart", double), in.Then("rates", double)
		return rates.And(cart.Then("stock", double)).Then("quote", func(_ context.Context, a, b int) (int, error) { return a + b, nil })
	})
	for _, test := range []struct {
		apart bool
		stock string
	}{
		{false, "blocked 0s-2s on cart, queued 2s-3s, Skipped"},
		{true, "blocked 0s-2s on cart, queued 2s-5s, Canceled"},
	} {
		var stock int64
		s := newScript(t, "shop", 3)
		cart, rates := s.schedule(0, "cart"), s.schedule(0, "rates")
		s.start(1*second, cart, 1)
		s.complete(2*second, cart, 6)
		if test.apart {
			s.hear(2 * second)
			stock = s.schedule(2*second, "stock")
		}
		s.start(1*second, rates, 1)
		s.fail(3*second, rates, "no rates")
		s.hear(4 * second)
		if test.apart {
			s.canceled(5*second, stock)
		}
		run := mustHistory(t, f, s.end(6*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED))
		equal(t, "pieces of rates", pieces(run, "rates"), "queued 0s-1s, running 1s-3s, Failed")
		equal(t, "pieces of stock", pieces(run, "stock"), test.stock)
		equal(t, "pieces of quote", pieces(run, "quote"), "blocked 0s-3s on rates, Skipped")
	}
}

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

// shop is the flow of the scripts: cart and rates, then quote of both.
var shop = flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
	cart, rates := in.Then("cart", double), in.Then("rates", double)
	return cart.And(rates).Then("quote", func(_ context.Context, a, b int) (int, error) { return a + b, nil })
})

// pieces are the pieces of a task as a text.
func pieces(run *waterfall.Run, task string) string {
	var all []string
	found := run.Task(task)
	if found == nil {
		return "no task " + task
	}
	for _, p := range found.Pieces {
		text := fmt.Sprintf("%s %v-%v", p.State, p.Start, p.End)
		for _, on := range run.Tasks {
			if on.ID == p.On {
				text += " on " + on.Name
			}
		}
		all = append(all, text)
	}
	return strings.Join(append(all, found.Outcome.String()), ", ")
}

func TestHistoryTimes(t *testing.T) {
	s := newScript(t, "shop", 3)
	cart, rates := s.schedule(1*second, "cart"), s.schedule(1*second, "rates")
	s.start(2*second, cart, 1)
	s.complete(5*second, cart, 6)
	s.start(4*second, rates, 3)
	s.complete(9*second, rates, 6)
	s.hear(10 * second)
	quote := s.schedule(10*second, "quote")
	s.start(11*second, quote, 1)
	s.complete(13*second, quote, 12)
	run := mustHistory(t, shop, s.end(14*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED))
	for task, want := range map[string]string{
		"input": "queued 0s-0s, Succeeded",
		"cart":  "queued 0s-2s, running 2s-5s, Succeeded",
		"rates": "queued 0s-4s, running 4s-9s, Succeeded",
		"quote": "blocked 0s-9s on rates, queued 9s-11s, running 11s-13s, Succeeded",
	} {
		equal(t, "pieces of "+task, pieces(run, task), want)
	}
	equal(t, "Makespan", run.Makespan, 13*second)
	equal(t, "Name", run.Name, "shop")
	equal(t, "Began", run.Began, began)
	equal(t, "Notes", run.Notes, []string{"task rates ran 3 times; the time of all attempts but the last is shown as queued"})
	var path []string
	for _, step := range run.CriticalPath() {
		if step.State == waterfall.Running {
			path = append(path, step.Name)
		}
	}
	equal(t, "critical path", path, []string{"rates", "quote"})
	faster, err := run.WhatIf(waterfall.Speed("rates", 0.2))
	if err != nil || faster.Makespan >= run.Makespan {
		t.Errorf("WhatIf of faster rates = %v, %v, want less than %v", faster, err, run.Makespan)
	}
}

// The limits of the flow are in the run, and who waited for a slot did so for it.
func TestHistoryLimits(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		cart, rates := in.Then("cart", double), in.Then("rates", double)
		return cart.And(rates).Then("quote", func(_ context.Context, a, b int) (int, error) { return a + b, nil })
	}, asap.Limit(1))
	s := newScript(t, "shop", 3)
	cart := s.schedule(0, "cart")
	s.start(0, cart, 1)
	s.complete(3*second, cart, 6)
	s.hear(3 * second)
	rates := s.schedule(3*second, "rates")
	s.start(3*second, rates, 1)
	s.complete(5*second, rates, 6)
	s.hear(5 * second)
	quote := s.schedule(5*second, "quote")
	s.start(5*second, quote, 1)
	s.complete(6*second, quote, 12)
	run := mustHistory(t, f, s.end(6*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED))
	equal(t, "Limit", run.Groups[0].Limit, 1)
	equal(t, "pieces of rates", pieces(run, "rates"), "queued 0s-3s, running 3s-5s, Succeeded")
	var path []string
	for _, step := range run.CriticalPath() {
		path = append(path, fmt.Sprint(step.Name, " ", step.State))
	}
	equal(t, "critical path", path, []string{"cart running", "rates running", "quote running"})
	wider, err := run.WhatIf(waterfall.Limit(2))
	if err != nil || wider.Makespan != 4*second {
		t.Errorf("WhatIf of a limit of 2 = %v, %v, want 4s", wider, err)
	}
}

func TestHistoryEnds(t *testing.T) {
	for _, test := range []struct {
		name  string
		write func(s *script, cart, rates int64) *history.History
		cart  string
		rates string
		quote string
		err   string
		ended bool
	}{
		{"a failure", func(s *script, cart, rates int64) *history.History {
			s.start(2*second, cart, 1)
			s.fail(3*second, cart, "no stock")
			s.start(2*second, rates, 1)
			s.canceled(4*second, rates)
			return s.end(5*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED)
		}, "queued 0s-2s, running 2s-3s, Failed", "queued 0s-2s, running 2s-4s, Canceled", "blocked 0s-3s on cart, Skipped", "cart: no stock", true},
		{"a timeout", func(s *script, cart, rates int64) *history.History {
			s.start(1*second, rates, 1)
			s.complete(2*second, rates, 6)
			s.start(1*second, cart, 1)
			s.timeout(9*second, cart)
			return s.end(9*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED)
		}, "queued 0s-1s, running 1s-9s, Failed", "queued 0s-1s, running 1s-2s, Succeeded", "blocked 0s-9s on cart, Skipped",
			"cart: activity timeout (type: Heartbeat)", true},
		{"a cancel", func(s *script, cart, rates int64) *history.History {
			s.add(2*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED, &history.HistoryEvent{})
			s.start(1*second, cart, 1)
			s.canceled(3*second, cart)
			s.canceled(3*second, rates) // before it started
			return s.end(4*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED)
		}, "queued 0s-1s, running 1s-3s, Canceled", "queued 0s-3s, Canceled", "blocked 0s-3s on cart, Skipped", "group shop (running: cart, rates): context canceled", true},
		{"not ended", func(s *script, cart, rates int64) *history.History {
			s.start(2*second, cart, 1)
			s.complete(3*second, cart, 6)
			s.start(2*second, rates, 1)
			return s.end(5*second, enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)
		}, "queued 0s-2s, running 2s-3s, Succeeded", "queued 0s-2s, running 2s-5s, Outcome(0)", "blocked 0s-5s on cart, Outcome(0)", "", false},
		{"terminated", func(s *script, cart, rates int64) *history.History {
			s.start(2*second, cart, 1)
			s.complete(3*second, cart, 6)
			return s.end(5*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED)
		}, "queued 0s-2s, running 2s-3s, Succeeded", "queued 0s-5s, Outcome(0)", "blocked 0s-5s on cart, Outcome(0)", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScript(t, "shop", 3)
			run := mustHistory(t, shop, test.write(s, s.schedule(1*second, "cart"), s.schedule(1*second, "rates")))
			equal(t, "pieces of cart", pieces(run, "cart"), test.cart)
			equal(t, "pieces of rates", pieces(run, "rates"), test.rates)
			equal(t, "pieces of quote", pieces(run, "quote"), test.quote)
			equal(t, "error of the group", run.Groups[0].Err, test.err)
			equal(t, "Ended", run.Ended, test.ended)
			if notes := strings.Join(run.Notes, " "); strings.Contains(test.name, "terminated") != strings.Contains(notes, "Terminated") {
				t.Errorf("Notes = %q", notes)
			}
		})
	}
}

// Local activities and child workflows have no id that is the task's.
func TestHistoryLocalAndChild(t *testing.T) {
	f := flow.Define("orders", func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]int] {
		one, two := in.Then("one", shop.Run), in.Then("two", shop.Run)
		tax := in.Then("tax", double)
		return g.Gather("all", one, two, tax)
	})
	s := newScript(t, "orders", 3)
	var ids []int64
	for range 2 {
		ids = append(ids, s.add(1*second, enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED, &history.HistoryEvent{Attributes: &history.HistoryEvent_StartChildWorkflowExecutionInitiatedEventAttributes{
			StartChildWorkflowExecutionInitiatedEventAttributes: &history.StartChildWorkflowExecutionInitiatedEventAttributes{WorkflowType: &common.WorkflowType{Name: "shop"}}}}))
	}
	details, err := json.Marshal(map[string]any{"ActivityType": "orders.tax", "Attempt": 1})
	if err != nil {
		t.Fatal(err)
	}
	s.add(2*second, enums.EVENT_TYPE_MARKER_RECORDED, &history.HistoryEvent{Attributes: &history.HistoryEvent_MarkerRecordedEventAttributes{
		MarkerRecordedEventAttributes: &history.MarkerRecordedEventAttributes{MarkerName: "LocalActivity", Details: map[string]*common.Payloads{
			"data": payloads(json.RawMessage(details)), "result": payloads(6)}}}})
	for i, id := range ids {
		s.add(2*second, enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes{
			ChildWorkflowExecutionStartedEventAttributes: &history.ChildWorkflowExecutionStartedEventAttributes{InitiatedEventId: id}}})
		s.add(time.Duration(4+i)*second, enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ChildWorkflowExecutionCompletedEventAttributes{
			ChildWorkflowExecutionCompletedEventAttributes: &history.ChildWorkflowExecutionCompletedEventAttributes{InitiatedEventId: id, Result: payloads(6)}}})
	}
	run := mustHistory(t, f, s.end(6*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED))
	equal(t, "pieces of one", pieces(run, "one"), "queued 0s-2s, running 2s-4s, Succeeded")
	equal(t, "pieces of two", pieces(run, "two"), "queued 0s-4s, running 4s-5s, Succeeded")
	equal(t, "pieces of tax", pieces(run, "tax"), "running 0s-2s, Succeeded")
}

// A local activity that runs is not in the history: it must not be taken for a
// child that was started after it.
func TestHistoryLocalThatRuns(t *testing.T) {
	f := flow.Define("orders", func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]int] {
		tax, one := in.Then("tax", double), in.Then("one", shop.Run)
		return g.Gather("all", tax, one)
	})
	s := newScript(t, "orders", 3)
	child := s.add(1*second, enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED, &history.HistoryEvent{Attributes: &history.HistoryEvent_StartChildWorkflowExecutionInitiatedEventAttributes{
		StartChildWorkflowExecutionInitiatedEventAttributes: &history.StartChildWorkflowExecutionInitiatedEventAttributes{WorkflowType: &common.WorkflowType{Name: "shop"}}}})
	s.add(2*second, enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes{
		ChildWorkflowExecutionStartedEventAttributes: &history.ChildWorkflowExecutionStartedEventAttributes{InitiatedEventId: child}}})
	run := mustHistory(t, f, s.end(6*second, enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED))
	equal(t, "pieces of one", pieces(run, "one"), "queued 0s-2s, running 2s-6s, Outcome(0)")
	equal(t, "pieces of tax", pieces(run, "tax"), "queued 0s-6s, Outcome(0)")
}

func TestHistoryRefuses(t *testing.T) {
	text := flow.Define("shop", func(g *asap.Group, in *asap.Task[string]) *asap.Task[string] { return in })
	other := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("else", double) })
	bad := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		return in.Then("cart", func(context.Context, int) (string, error) { return "", errors.New("never runs") })
	})
	whole := func() *history.History {
		s := newScript(t, "shop", 3)
		cart := s.schedule(1*second, "cart")
		s.start(2*second, cart, 1)
		s.complete(3*second, cart, 6)
		return s.end(4*second, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
	}
	for _, test := range []struct {
		name string
		err  error
		say  string
	}{
		{"no history", historyError(shop, nil), "asap: flow shop: history: it does not begin with the start of a workflow"},
		{"no beginning", historyError(shop, &history.History{Events: whole().Events[1:]}), "it does not begin with the start of a workflow"},
		{"another workflow", historyError(shop, newScript(t, "cart", 3).h), "asap: flow shop: history: it is of workflow cart"},
		{"another input", historyError(text, whole()), "asap: flow shop: history: its input: "},
		{"another value", historyError(bad, whole()), "asap: flow shop: history: value of task cart: "},
		{"another flow", historyError(other, whole()), "asap: flow shop: history: cart has ended before the flow asks for it; give the definition that the workflow ran"},
		{"no flow", historyError[int, int](nil, whole()), "asap: History with a nil Flow"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.say) {
			t.Errorf("%s: History = %v, want an error with %q", test.name, test.err, test.say)
		}
	}
}

func historyError[In, Out any](f *flow.Flow[In, Out], h *history.History) error {
	_, err := temporalasap.History(f, h)
	return err
}
