package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/history/v1"

	"github.com/asap-go/asap/flow"
)

// read takes the plays and scenes out of a history.
func (p *player) read(h *history.History) (*history.WorkflowExecutionStartedEventAttributes, error) {
	events := h.GetEvents()
	if len(events) == 0 || events[0].GetWorkflowExecutionStartedEventAttributes() == nil {
		return nil, errors.New("it does not begin with the start of a workflow")
	}
	started := events[0].GetWorkflowExecutionStartedEventAttributes()
	if name := started.GetWorkflowType().GetName(); name != p.flow {
		return nil, fmt.Errorf("it is of workflow %s", name)
	}
	p.began = events[0].GetEventTime().AsTime()
	p.byTask, p.byType = make(map[string]*play), make(map[string][]*play)
	p.timers, p.mail = make(map[int64]int), make(map[string]*common.Payloads)
	byEvent := make(map[int64]*play)
	for _, e := range events {
		p.last = max(p.last, e.GetEventTime().AsTime().Sub(p.began)) // clocks of a cluster differ
		if err := p.event(e, byEvent); err != nil {
			return nil, fmt.Errorf("event %d: %w", e.GetEventId(), err)
		}
	}
	signalsFirst(p.scenes)
	if p.close != 0 { // what came too late for the last workflow task it never heard
		p.scenes = slices.DeleteFunc(p.scenes, func(s scene) bool { return s.task == 0 })
	}
	return started, nil
}

func (p *player) event(e *history.HistoryEvent, byEvent map[int64]*play) error {
	began := func(a *play) {
		p.acts = append(p.acts, a)
		byEvent[e.GetEventId()] = a
	}
	switch e.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := &play{name: e.GetActivityTaskScheduledEventAttributes().GetActivityId()}
		began(a)
		p.byTask[a.name] = a
	case enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
		a := &play{name: "child workflow " + e.GetStartChildWorkflowExecutionInitiatedEventAttributes().GetWorkflowType().GetName()}
		began(a)
		p.children = append(p.children, a)
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		s := e.GetActivityTaskStartedEventAttributes()
		if a := byEvent[s.GetScheduledEventId()]; a != nil {
			// It is written with the end, but has the time of the start.
			a.started, a.attempt = e.GetEventTime().AsTime().Sub(p.began), s.GetAttempt()
		}
	case enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
		if a := byEvent[e.GetChildWorkflowExecutionStartedEventAttributes().GetInitiatedEventId()]; a != nil {
			a.started, a.attempt = p.last, 1
		}
	case enums.EVENT_TYPE_TIMER_STARTED:
		p.timers[e.GetEventId()] = len(p.timers)
	case enums.EVENT_TYPE_TIMER_FIRED:
		if i, ok := p.timers[e.GetTimerFiredEventAttributes().GetStartedEventId()]; ok {
			p.scenes = append(p.scenes, scene{event: e.GetEventId(), at: p.last, fires: true, timer: i})
		}
	case enums.EVENT_TYPE_WORKFLOW_TASK_STARTED:
		p.startedAt = e.GetEventTime().AsTime()
	case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
		p.clock = append(p.clock, p.startedAt)
		p.seen(e.GetWorkflowTaskCompletedEventAttributes().GetStartedEventId())
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		p.scenes = append(p.scenes, scene{event: e.GetEventId(), at: p.last})
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		s := e.GetWorkflowExecutionSignaledEventAttributes()
		p.scenes = append(p.scenes, scene{event: e.GetEventId(), at: p.last, mail: &posted{s.GetSignalName(), s.GetInput()}})
	case enums.EVENT_TYPE_MARKER_RECORDED:
		return p.marker(e)
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT, enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		p.close, p.closeText = e.GetEventType(), "the workflow ended as "+e.GetEventType().String()
	default:
		id, end := ending(e)
		if a := byEvent[id]; end != nil && a != nil {
			p.scenes = append(p.scenes, scene{event: e.GetEventId(), at: p.last, play: a, reply: end})
		}
	}
	return nil
}

type reply = func(p *player, call *flow.Call) error

// ending returns the event that an end belongs to, and what the group hears.
func ending(e *history.HistoryEvent) (int64, reply) {
	switch e.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		a := e.GetActivityTaskCompletedEventAttributes()
		return a.GetScheduledEventId(), value(a.GetResult())
	case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		a := e.GetActivityTaskFailedEventAttributes()
		return a.GetScheduledEventId(), failed(a.GetFailure())
	case enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		a := e.GetActivityTaskTimedOutEventAttributes()
		return a.GetScheduledEventId(), failed(a.GetFailure())
	case enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		return e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId(), says(context.Canceled)
	case enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED:
		a := e.GetStartChildWorkflowExecutionFailedEventAttributes()
		if a.GetCause() == enums.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS {
			return a.GetInitiatedEventId(), says(twice(a.GetWorkflowId()))
		}
		return a.GetInitiatedEventId(), says(errors.New("child workflow not started: " + a.GetCause().String()))
	case enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
		a := e.GetChildWorkflowExecutionCompletedEventAttributes()
		return a.GetInitiatedEventId(), value(a.GetResult())
	case enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
		a := e.GetChildWorkflowExecutionFailedEventAttributes()
		return a.GetInitiatedEventId(), failed(a.GetFailure())
	case enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
		return e.GetChildWorkflowExecutionCanceledEventAttributes().GetInitiatedEventId(), says(context.Canceled)
	case enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
		return e.GetChildWorkflowExecutionTimedOutEventAttributes().GetInitiatedEventId(), says(errors.New(childTimeout))
	case enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
		return e.GetChildWorkflowExecutionTerminatedEventAttributes().GetInitiatedEventId(), says(errors.New(childTerminated))
	}
	return 0, nil
}

// localActivity is what the SDK writes into the marker of one.
const (
	localMarker  = "LocalActivity"
	localDetails = "data"
	localResult  = "result"
)

// marker takes the end of a local activity, which has no start in a history.
func (p *player) marker(e *history.HistoryEvent) error {
	m := e.GetMarkerRecordedEventAttributes()
	if m.GetMarkerName() != localMarker {
		return nil
	}
	var data struct {
		ActivityType string
		Attempt      int32
		Backoff      time.Duration
	}
	if err := p.values.FromPayloads(m.GetDetails()[localDetails], &data); err != nil {
		return fmt.Errorf("local activity: %w", err)
	}
	a := &play{name: "local activity " + data.ActivityType, started: -1, attempt: data.Attempt}
	p.acts = append(p.acts, a)
	p.byType[data.ActivityType] = append(p.byType[data.ActivityType], a)
	end := value(m.GetDetails()[localResult])
	if m.GetFailure() != nil {
		end = failed(m.GetFailure())
	}
	p.tasks++ // by itself: the workflow hears of it before the next one starts
	p.clock = append(p.clock, e.GetEventTime().AsTime())
	p.scenes = append(p.scenes, scene{event: e.GetEventId(), task: p.tasks, at: p.last, play: a, reply: end})
	return nil
}

// seen notes that a workflow task was completed which had seen everything
// before its start.
func (p *player) seen(start int64) {
	p.tasks++
	for i := len(p.scenes) - 1; i >= 0 && p.scenes[i].task == 0; i-- {
		if p.scenes[i].event < start {
			p.scenes[i].task = p.tasks
		}
	}
}

func says(err error) reply { return func(*player, *flow.Call) error { return err } }

// value is the end of a call with a value.
func value(data *common.Payloads) reply {
	return func(p *player, call *flow.Call) error {
		if call.Out == nil || len(data.GetPayloads()) == 0 {
			return nil
		}
		if err := p.values.FromPayloads(data, call.Out); err != nil {
			p.refused = fmt.Errorf("value of task %s: %w", call.Task, err)
		}
		return nil
	}
}

// failed is the end of a call with a failure.
func failed(f *failure.Failure) reply {
	return func(p *player, call *flow.Call) error {
		return p.values.receive(call, p.values.failures().FailureToError(f))
	}
}
