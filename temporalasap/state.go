package temporalasap

import (
	"context"
	"errors"

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
	Error string `json:",omitempty"`
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
		out = append(out, TaskState{f.name, f.state, f.err})
	}
	state := Waiting
	if e.over {
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
