package dbosasap

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// State is how far a task is.
type State string

// The states of a task.
const (
	Waiting   State = "waiting" // for its dependencies, or a slot under a limit
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Canceled  State = "canceled"
	LeftOut   State = "left out" // by asap.When
	Skipped   State = "skipped"  // the flow has ended and its body never ran
)

// TaskState is the state of one task of a flow, as [Handle.Tasks] returns it.
type TaskState struct {
	Task    string // price#2, likes[3]; likes[] for a Map that has not begun
	State   State
	Since   time.Time `json:",omitzero"`
	Attempt int       `json:",omitempty"` // of the body, from 1, in this process
	Error   string    `json:",omitempty"` // of the last attempt
}

// begins and failed note the attempts of a body, note how its call has ended.
func (e *engine) begins(f *flight, attempt int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.state.Attempt = attempt
	if attempt == 1 {
		f.state.Since = time.Now()
	}
}

func (e *engine) failed(f *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.state.Error = shown(err)
}

func (e *engine) note(f *flight, err error, canceled bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.state.Since = e.now
	f.state.State, f.state.Error = Succeeded, ""
	if _, _, exited := f.call.Exited(err); err != nil && !exited {
		f.state.State, f.state.Error = failedState(err, canceled), shown(err)
	}
}

// failedState is that of a call with an error; one that was late has failed.
func failedState(err error, canceled bool) State {
	if canceled && !errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Failed
}

// tasks returns the states of all, in order of start and then of declaration.
func (e *engine) tasks() []TaskState {
	e.mu.Lock()
	defer e.mu.Unlock()
	var states []TaskState
	for _, f := range e.states {
		states = append(states, f.state)
	}
	return e.def.complete(states, Waiting)
}

// recorded returns the states of the tasks of a flow of which only its steps are known.
func (d *definition) recorded(steps []dbos.StepInfo, over bool) []TaskState {
	var states []TaskState
	for _, s := range steps {
		text, ok := listed(s.Output)
		if !ok {
			continue
		}
		r, err := readRecord(text)
		if err != nil || s.StepName == eventStep {
			continue
		}
		state := TaskState{Task: s.StepName, State: Succeeded, Since: s.CompletedAt, Attempt: max(r.Tries, 1)}
		if r.Error != nil {
			err := decodeError(r.Error)
			state.State, state.Error = failedState(err, r.Ended), shown(err)
		}
		states = append(states, state)
	}
	if over {
		return d.complete(states, Skipped)
	}
	return d.complete(states, Waiting)
}

// complete adds the tasks of which there is nothing yet.
func (d *definition) complete(states []TaskState, rest State) []TaskState {
	known := make(map[string]bool)
	for _, s := range states {
		known[d.bodyOf(s.Task)] = true
	}
	for _, t := range d.tasks {
		switch {
		case t.leftOut:
			states = append(states, TaskState{Task: t.call.Body, State: LeftOut})
		case !known[t.call.Body]:
			states = append(states, TaskState{Task: t.call.Body, State: rest})
		}
	}
	return states
}

// bodyOf is the name of a task's body: likes[] of likes[3].
func (d *definition) bodyOf(task string) string {
	if d.byBody[task] != nil {
		return task
	}
	i := strings.LastIndexByte(task, '[')
	if j := strings.LastIndexByte(task, ']'); i > 0 && j > i {
		return task[:i+1] + task[j:]
	}
	return task
}
