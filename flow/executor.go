package flow

import (
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Executor runs the bodies of a group on another engine: [On] installs it.
// The group calls it from the one goroutine that is inside its methods, so it
// needs no locks and may be deterministic. What it can do besides, it says by
// being a [Clock], a [Canceler], a [Signaler] as well.
type Executor interface {
	// Start begins a call and returns without waiting for it. It fills
	// call.Out and then calls done(nil), or done with the body's error, from
	// within Start or Step, once.
	Start(call *Call, done func(error))
	// Step blocks until at least one done was called, or a function that was given to
	// [Clock], or the context that the group was made with has ended. An error ends the group. If Step or Start
	// never returns, because it panics or its goroutine is ended, the group ends
	// without another call of the executor.
	Step() error
	// Cancel asks every call in flight to end; each still calls its done.
	Cancel(cause error)
}

// Clock is an [Executor] with a clock of its own, which counts for [asap.Within] and
// in events. Without one the times of events are those of this process, and a
// task with a Within is refused by a panic where it is declared.
type Clock interface {
	Now() time.Time
	// After has f called d later, within Step, which may return then. f is called
	// once, or not at all if the group has ended before.
	After(d time.Duration, f func())
}

// Canceler is an [Executor] that can end one call: a function of a Race that has
// lost, or a body whose Within has ended. Without it a lost function runs to its end,
// and limits of time are the engine's, by [Call]: Call.Run and [Call.Invoke]
// end the body's context by themselves.
type Canceler interface {
	// CancelCall asks one call in flight to end, which still calls its done. The
	// cause is that of the body's context; it is the error of a call whose body
	// has not begun, and never does then.
	CancelCall(call *Call, cause error)
}

// Signaler is an [Executor] that waits for what comes from outside: see [Signal]. On one
// that is none a Signal is refused, by a panic where it is declared.
type Signaler interface {
	// Receive begins to wait for the value of the signal with the name call.Task, which
	// may have come before: kept by the engine, the first of several. It is filled in
	// where call.Out points, and then done(nil) is called, from within Receive or Step,
	// once. call has neither a function nor arguments. The group keeps limits of time
	// by the engine's Clock: a Receive that is in flight when one of them or the group
	// has ended is as good as done, and a done that comes then does nothing.
	Receive(call *Call, done func(error))
}

// Sleeper is a [Clock] that wants to know for which task it waits: for the states of its
// tasks.
type Sleeper interface {
	// Sleep has done called d later, as After has its function, for the [Sleep] with the
	// name call.Task.
	Sleep(call *Call, d time.Duration, done func())
}

// Sender is a [Signaler] in this process, which takes what [Running.Signal] sends to a run
// that is on it. Anybody calls it, at any time.
type Sender interface {
	// Send takes a value of the signal's type, whose name the flow has.
	Send(name string, value any) error
	// Wake makes Step return, if it waits, as the context of the run has ended.
	Wake()
}

// On runs the bodies on another engine, which should be made with the context
// that [asap.New] gets: the group learns of its end only when Step returns.
// Bodies must not use the group or its tasks then, and panics and Goexit come
// back as errors. What [asap.Around] and limits of time say of a body happens where
// it runs. A nil Executor is this process.
func On(e Executor) asap.Option {
	return option(func(c *engine.Config) {
		c.Executor, c.Backend, c.Clock = e, newBackend, nil
		if clock, ok := e.(Clock); ok {
			c.Clock = clock.Now
		}
	})
}

// option is an option of a group.
type option func(*engine.Config)

func (o option) Apply(c *engine.Config) { o(c) }

var _ asap.Option = option(nil)
