package flow

import "time"

// State is how far a task is.
type State string

// The states of a task.
const (
	StateWaiting   State = "waiting"  // for its dependencies
	StateQueued    State = "queued"   // ready, and held back by a limit
	StateRunning   State = "running"  // its body runs, or an engine has it, or it waits for another task
	StateExpected  State = "expected" // a Signal that has not come
	StateSleeping  State = "sleeping" // a Sleep
	StateSucceeded State = "succeeded"
	StateTolerated State = "tolerated" // its failure is one that others can do without
	StateFailed    State = "failed"
	StateCanceled  State = "canceled" // it ended because the run did
	StateLeftOut   State = "left out" // by asap.When
	StateSkipped   State = "skipped"  // its body never ran
)

// TaskState is how far one task of a run is, as [Running.Tasks] has it.
type TaskState struct {
	// Task is its name, unique in the flow: price#2, likes[3] for an element, likes[]
	// for the Map as a whole.
	Task  string
	State State
	// Since is when that state began, by the clock of the engine; zero if the engine
	// does not say.
	Since time.Time `json:",omitzero"`
	// Attempt counts the calls of the body, from 1, and 0 before the first and where the
	// engine does not say: more than 1 by an engine that retries, or an Around in this
	// process.
	Attempt int `json:",omitempty"`
	// Error is the text of the error with which the last attempt has failed, also while
	// the next one runs, and at last that of the task.
	Error string `json:",omitempty"`
}
