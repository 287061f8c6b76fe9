package temporalasap

import (
	"context"
	"errors"
	"slices"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/wire"
)

// TasksQuery is the name of the query that Tasks of a [Handle] makes. Other clients
// may make it too: the answer is a list of [flow.TaskState]. It is what the workflow
// knows, and that is of no attempts: those are 1, and Tasks asks the server for more.
const TasksQuery = "asap-tasks"

// describer tells what the server knows of a workflow's activities: a client.Client does.
type describer interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

var _ describer = client.Client(nil)

// attempts adds to states what the server knows of the attempts of activities.
func attempts(states []flow.TaskState, pending []*workflowpb.PendingActivityInfo) {
	for _, p := range pending {
		i := slices.IndexFunc(states, func(s flow.TaskState) bool { return s.Task == p.GetActivityId() && s.State == flow.StateRunning })
		if i < 0 {
			continue
		}
		s := &states[i]
		s.Attempt = int(p.GetAttempt())
		if f := p.GetLastFailure(); f != nil {
			s.Error = shortened(f.GetMessage(), maxStateText)
		}
		switch at := p.GetLastStartedTime(); {
		case p.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED && at != nil:
			s.Since = at.AsTime()
		case p.GetScheduledTime() != nil:
			s.Since = p.GetScheduledTime().AsTime()
		}
	}
}

// isDeath reports whether err is a panic or Goexit, which nothing tolerates.
func isDeath(err error) bool {
	_, lives := wire.Lives(err)
	return !lives && (wire.Has[*asap.PanicError](err) || errors.Is(err, asap.ErrGoexit))
}

// failedState is that of a call which has ended with an error: an early exit is one.
func failedState(call *flow.Call, err error) (flow.State, string) {
	if _, _, exited := call.Exited(err); exited {
		return flow.StateSucceeded, ""
	}
	text := shortened(message(err), maxStateText)
	if errors.Is(err, context.Canceled) {
		return flow.StateCanceled, text
	}
	return flow.StateFailed, text
}

// historian tells what has happened in a workflow: a client.Client does.
type historian interface {
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enums.HistoryEventFilterType) client.HistoryEventIterator
}

var _ historian = client.Client(nil)

// pastAttempts adds to states how often activities were tried that have ended.
func pastAttempts(states []flow.TaskState, events client.HistoryEventIterator) error {
	tasks := make(map[int64]string) // by the event of their scheduling
	most := make(map[string]int)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return err
		}
		if s := e.GetActivityTaskScheduledEventAttributes(); s != nil {
			tasks[e.GetEventId()] = s.GetActivityId()
		}
		if s := e.GetActivityTaskStartedEventAttributes(); s != nil {
			most[tasks[s.GetScheduledEventId()]] = int(s.GetAttempt())
		}
	}
	for i := range states {
		if s := &states[i]; s.State != flow.StateRunning && s.Attempt > 0 {
			s.Attempt = max(s.Attempt, most[s.Task])
		}
	}
	return nil
}

const maxStateText = 1 << 10 // the states of all tasks are one value

func (e *engine) states() []flow.TaskState {
	var out []flow.TaskState
	started := make(map[string]bool)
	for _, f := range e.all {
		started[f.task.call.Body] = true
		out = append(out, flow.TaskState{Task: f.name, State: f.state, Since: f.since, Attempt: f.attempt, Error: f.err})
	}
	state, since, stopped := flow.StateWaiting, e.began, e.stopped
	if e.phase == closed {
		state, since = flow.StateSkipped, e.Now()
		if stopped.IsZero() {
			stopped = since
		}
	}
	for _, w := range e.waits {
		started[w.Task] = true
		out = append(out, w.told(stopped))
	}
	for _, t := range e.def.tasks {
		switch {
		case t.leftOut:
			out = append(out, flow.TaskState{Task: t.call.Body, State: flow.StateLeftOut, Since: e.began})
		case t.call.Undo && !started[t.call.Body]: // it is to run in no good case
		case !started[t.call.Body]:
			out = append(out, flow.TaskState{Task: t.call.Body, State: state, Since: since})
		}
	}
	for _, task := range e.def.bodiless {
		if !started[task.Task] {
			if task.Since = e.began; task.State != flow.StateLeftOut {
				task.State, task.Since = state, since
			}
			out = append(out, task)
		}
	}
	return out
}
