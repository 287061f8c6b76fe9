package asaptest

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asap-go/asap/flow"
)

// Executor is an [flow.Executor] that runs the bodies of one group in this
// process, one at a time, on the goroutine that waits for the group: the same
// seed gives the same order every time. In a bubble of testing/synctest the
// times of the bodies add up; a body that waits for another one, or for the end of its
// context, waits for ever. Once the group is canceled, bodies that have not
// begun never do; nor does one whose asap.Within has ended. Use each Executor for
// one group.
type Executor struct {
	ctx      context.Context
	order    *rand.Rand // nil: as started
	waiting  []waitingCall
	timers   []timer // in order of their instants
	ran      []string
	canceled error
	mail     *mailbox
}

var (
	_ flow.Clock    = (*Executor)(nil)
	_ flow.Canceler = (*Executor)(nil)
	_ flow.Signaler = (*Executor)(nil)
	_ flow.Sender   = (*Executor)(nil)
)

type waitingCall struct {
	call  *flow.Call
	done  func(error)
	cause error // why the body never begins, nil if it may
}

// timer is a function to be called at an instant.
type timer struct {
	at time.Time
	f  func()
}

// addTimer returns the list, in order of instants and then of being added, with one
// more.
func addTimer(list []timer, t timer) []timer {
	i := len(list)
	for i > 0 && list[i-1].at.After(t.at) {
		i--
	}
	return slices.Insert(list, i, t)
}

// NewExecutor returns an executor whose bodies get a context derived from ctx,
// which should be that of the group. With seed 0 they run in the order in which
// the group started them, and any other seed draws an order of its own.
func NewExecutor(ctx context.Context, seed uint64) *Executor {
	e := &Executor{ctx: ctx, mail: newMailbox()}
	if seed != 0 {
		e.order = rand.New(rand.NewPCG(seed, 0))
	}
	return e
}

// Start puts the call in line; it runs in a later Step.
func (e *Executor) Start(call *flow.Call, done func(error)) {
	e.waiting = append(e.waiting, waitingCall{call: call, done: done})
}

// Now is the time of this process.
func (e *Executor) Now() time.Time { return time.Now() }

// After has f called in the first Step in which it is due.
func (e *Executor) After(d time.Duration, f func()) {
	e.timers = addTimer(e.timers, timer{time.Now().Add(d), f})
}

// fire calls what is due, and reports whether there was something.
func (e *Executor) fire() (fired bool) {
	for len(e.timers) > 0 && !e.timers[0].at.After(time.Now()) {
		f := e.timers[0].f
		e.timers = e.timers[1:]
		f()
		fired = true
	}
	return fired
}

// Receive waits for what Send brings.
func (e *Executor) Receive(call *flow.Call, done func(error)) { e.mail.receive(call, done) }

// Send brings the value of a signal. Anybody may call it, also before the flow runs.
func (e *Executor) Send(name string, value any) error { return e.mail.send(name, value) }

// Wake makes a Step that waits return.
func (e *Executor) Wake() { e.mail.wake() }

// Step runs one body. With a seed it may run several, so that the group
// hears of several ends at once. Without a body to run it waits for a signal, an
// instant, or the end of the executor's context.
func (e *Executor) Step() error {
	if e.fire() || e.mail.deliver() {
		return nil
	}
	if len(e.waiting) == 0 {
		return e.rest()
	}
	for {
		e.runOne()
		if e.order == nil || len(e.waiting) == 0 || e.order.IntN(3) > 0 {
			return nil
		}
	}
}

// rest waits until there is something to do, when no body is to run.
func (e *Executor) rest() error {
	if len(e.timers) == 0 && !e.mail.isExpected() {
		return errors.New("asaptest: Step with nothing in flight")
	}
	var due <-chan time.Time
	if len(e.timers) > 0 {
		t := time.NewTimer(time.Until(e.timers[0].at))
		defer t.Stop()
		due = t.C
	}
	for {
		select {
		case <-due:
			e.fire()
			return nil
		case <-e.mail.came:
			if e.mail.deliver() || e.mail.isWoken() {
				return nil
			}
		case <-e.ctx.Done():
			return nil
		}
	}
}

func (e *Executor) runOne() {
	i := 0
	if e.order != nil {
		i = e.order.IntN(len(e.waiting))
	}
	next := e.waiting[i]
	e.waiting = append(e.waiting[:i], e.waiting[i+1:]...)
	if cause := cmp.Or(e.canceled, next.cause); cause != nil && !next.call.Undo {
		next.done(cause)
		return
	}
	e.ran = append(e.ran, next.call.Task)
	next.done(next.call.Run(e.ctx))
}

// Cancel ends the calls whose bodies have not begun; no other is in flight.
func (e *Executor) Cancel(cause error) { e.canceled = cause }

// CancelCall ends a call whose body has not begun; no other is in flight.
func (e *Executor) CancelCall(call *flow.Call, cause error) {
	for i := range e.waiting {
		if e.waiting[i].call == call {
			e.waiting[i].cause = cause
		}
	}
}

// Ran returns the unique names of the tasks whose bodies ran, in that order.
func (e *Executor) Ran() []string { return append([]string(nil), e.ran...) }
