package temporalasap

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/flow"
)

// TasksQuery is the name of the query that [Handle.Tasks] makes. Other clients
// may make it too: the answer is a list of [TaskState].
const TasksQuery = "asap-tasks"

// State is how far a task is.
type State string

// The states of a task.
const (
	Waiting   State = "waiting" // for its dependencies, or a slot under a limit
	Queued    State = "queued"  // ready, and held back: a workflow has at most 1,000 activities at once
	Running   State = "running" // handed to Temporal: a worker has it, or will
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Canceled  State = "canceled"
	LeftOut   State = "left out" // by asap.When
	Skipped   State = "skipped"  // the flow has ended and its body never ran
)

// TaskState is the state of one task of a flow, as [Handle.Tasks] returns it.
type TaskState struct {
	Task  string // price#2, likes[3]; likes[] for a Map that has not begun
	State State
	// Since is when a task that is queued or runs came to be so, and of an attempt that
	// runs when that began; zero for all others.
	Since time.Time `json:",omitzero"`
	// Attempt counts the attempts of a task that runs, from 1; 0 if the server was not
	// asked, or of one that has ended.
	Attempt int `json:",omitempty"`
	// Error is the text of the error of the task, and of the last attempt that has failed
	// of one that runs or waits for the next.
	Error string `json:",omitempty"`
}

// describer tells what the server knows of a workflow's activities: a client.Client does.
type describer interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

var _ describer = client.Client(nil)

// attempts adds to states what the server knows of the attempts of activities.
func attempts(states []TaskState, pending []*workflowpb.PendingActivityInfo) {
	for _, p := range pending {
		i := slices.IndexFunc(states, func(s TaskState) bool { return s.Task == p.GetActivityId() && s.State == Running })
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

// failedState is that of a call which has ended with an error: an early exit is one.
func failedState(call *flow.Call, err error) (State, string) {
	if _, _, exited := call.Exited(err); exited {
		return Succeeded, ""
	}
	text := shortened(message(err), maxStateText)
	if errors.Is(err, context.Canceled) {
		return Canceled, text
	}
	return Failed, text
}

const maxStateText = 1 << 10 // the states of all tasks are one value

func (e *engine) states() []TaskState {
	var out []TaskState
	started := make(map[string]bool)
	for _, f := range e.all {
		started[f.task.call.Body] = true
		out = append(out, TaskState{f.name, f.state, f.since, 0, f.err})
	}
	state := Waiting
	if e.phase == closed {
		state = Skipped
	}
	for _, t := range e.def.tasks {
		switch {
		case t.leftOut:
			out = append(out, TaskState{Task: t.call.Body, State: LeftOut})
		case !started[t.call.Body]:
			out = append(out, TaskState{Task: t.call.Body, State: state})
		}
	}
	return out
}
