package temporalasap_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// anything is a matcher of any argument.
const anything = mock.Anything

// described is a client whose server knows of attempts.
type described struct {
	*envClient
	pending []*workflowpb.PendingActivityInfo
}

func (d described) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: d.pending}, nil
}

// A task that fails again and again says so: how often, with what, and since when.
func TestTasksOfAttempts(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", same).Then("mail", same)
	})
	c := &envClient{register: registering(f, nil)}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var states []flow.TaskState
	c.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		var once sync.Once
		env.OnActivity("shop.charge", anything, anything).Return(func(_ context.Context, n int) (int, error) {
			once.Do(func() {
				d := described{c, []*workflowpb.PendingActivityInfo{{ActivityId: "charge", Attempt: 8, State: enums.PENDING_ACTIVITY_STATE_STARTED,
					LastFailure: &failurepb.Failure{Message: "card service down"}, LastStartedTime: timestamppb.New(at)}}}
				c.last = &envRun{env}
				var err error
				if states, err = temporalasap.Attach(t.Context(), d, f, "", "").Tasks(t.Context()); err != nil {
					t.Error(err)
				}
			})
			return n, nil
		})
	}
	if _, err := temporalasap.Run(t.Context(), c, f, 1); err != nil {
		t.Fatal(err)
	}
	if len(states) > 0 && !states[0].Since.Equal(at) {
		t.Errorf("charge runs since %v, want %v", states[0].Since, at)
	}
	equal(t, "Tasks", timeless(t, states), []flow.TaskState{
		{Task: "charge", State: flow.StateRunning, Attempt: 8, Error: "card service down"},
		{Task: "mail", State: flow.StateWaiting},
	})
}

// timeless takes out since when the states are, which all say.
func timeless(t *testing.T, states []flow.TaskState) []flow.TaskState {
	t.Helper()
	for i := range states {
		if s := &states[i]; s.Since.IsZero() {
			t.Errorf("%s is %s since nobody knows when", s.Task, s.State)
		}
		states[i].Since = time.Time{}
	}
	return states
}

// retold is a client with a history.
type retold struct {
	*envClient
	events []*history.HistoryEvent
}

func (r *retold) GetWorkflowHistory(context.Context, string, string, bool, enums.HistoryEventFilterType) client.HistoryEventIterator {
	return r
}

func (r *retold) HasNext() bool { return len(r.events) > 0 }

func (r *retold) Next() (*history.HistoryEvent, error) {
	e := r.events[0]
	r.events = r.events[1:]
	return e, nil
}

// What has ended says how often it was tried, by the history of the workflow.
func TestTasksOfPastAttempts(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", same).Then("mail", same)
	})
	c := &envClient{register: registering(f, nil)}
	if _, err := temporalasap.Run(t.Context(), c, f, 1); err != nil {
		t.Fatal(err)
	}
	scheduled := func(id int64, task string) *history.HistoryEvent {
		return &history.HistoryEvent{EventId: id, Attributes: &history.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &history.ActivityTaskScheduledEventAttributes{ActivityId: task}}}
	}
	started := func(of int64, attempt int32) *history.HistoryEvent {
		return &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &history.ActivityTaskStartedEventAttributes{ScheduledEventId: of, Attempt: attempt}}}
	}
	r := &retold{c, []*history.HistoryEvent{scheduled(5, "charge"), started(5, 1), scheduled(9, "mail"), started(9, 4)}}
	states, err := temporalasap.Attach(t.Context(), r, f, "", "").Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Tasks", timeless(t, states), []flow.TaskState{
		{Task: "charge", State: flow.StateSucceeded, Attempt: 1},
		{Task: "mail", State: flow.StateSucceeded, Attempt: 4},
	})
}

// A mock that returns a plain error is as final as a body that does.
func TestMockThatFails(t *testing.T) {
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("charge", same) })
	calls := 0
	c := &envClient{register: registering(f, nil), prepare: func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("shop.charge", anything, anything).Return(func(context.Context, int) (int, error) {
			calls++
			return 0, errors.New("card service down")
		})
	}}
	_, err := temporalasap.Run(t.Context(), c, f, 1)
	if err == nil || err.Error() != "charge: card service down" || calls != 1 {
		t.Errorf("Run = %v after %d calls, want the error of charge after 1", err, calls)
	}
}

// What others can do without is tolerated, as in the process; a panic is not.
func TestTasksTolerated(t *testing.T) {
	broken := func(context.Context, int) (int, error) { return 0, errors.New("down") }
	f := flow.Define("shop", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		ads := in.Optional("ads", broken)
		audit := in.Then("audit", broken, asap.MayFail())
		list := in.Then("list", func(context.Context, int) ([]int, error) { return []int{1}, nil })
		likes := g.MapOptional("likes", list, broken)
		return in.Then("charge", broken, asap.After(ads, likes), asap.AfterEnd(audit))
	})
	c := &envClient{register: registering(f, nil)}
	h, err := temporalasap.Start(t.Context(), c, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Wait(t.Context()); err == nil {
		t.Error("the flow has not failed")
	}
	states, err := h.Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]flow.State{"ads": flow.StateTolerated, "audit": flow.StateTolerated, "likes[0]": flow.StateTolerated, "charge": flow.StateFailed}
	for _, s := range states {
		if w := want[s.Task]; w != "" && s.State != w {
			t.Errorf("%s is %s, want %s", s.Task, s.State, w)
		}
		delete(want, s.Task)
	}
	if len(want) > 0 {
		t.Errorf("Tasks lacks %v: %v", want, states)
	}
}
