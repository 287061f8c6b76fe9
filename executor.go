package asap

import "context"

// Executor runs the bodies of a group on another engine: [On] installs it.
// The group calls it from the one goroutine that is inside its methods, so it
// needs no locks and may be deterministic.
type Executor interface {
	// Start begins a call and returns without waiting for it. It fills
	// call.Out and then calls done(nil), or done with the body's error, from
	// within Start or Step, once.
	Start(call *Call, done func(error))
	// Step blocks until at least one done was called. An error ends the group.
	Step() error
	// Cancel asks every call in flight to end; each still calls its done.
	Cancel(cause error)
}

// Call is one body that an [Executor] is to run.
type Call struct {
	// Flow is the name of the flow, or else of the group.
	Flow string
	// Task is the name of the task, unique in the flow.
	Task string
	// Func is the user's function, In are its arguments after the context, and
	// Out points to where its value goes, nil for a function without one.
	Func, Out any
	In        []any
	// Run runs the body here and fills Out: for executors that stay in the process.
	Run func(context.Context) error
}
