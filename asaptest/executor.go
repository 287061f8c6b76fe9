package asaptest

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/asap-go/asap/flow"
)

// Executor is an [flow.Executor] that runs the bodies of one group in this
// process, one at a time, on the goroutine that waits for the group: the same
// seed gives the same order every time. In a bubble of testing/synctest the
// times of the bodies add up. Once the group is canceled, bodies that have not
// begun never do. Use each Executor for one group.
type Executor struct {
	ctx      context.Context
	order    *rand.Rand // nil: as started
	waiting  []waitingCall
	ran      []string
	canceled error
}

type waitingCall struct {
	call *flow.Call
	done func(error)
}

// NewExecutor returns an executor whose bodies get a context derived from ctx,
// which should be that of the group. With seed 0 they run in the order in which
// the group started them, and any other seed draws an order of its own.
func NewExecutor(ctx context.Context, seed uint64) *Executor {
	e := &Executor{ctx: ctx}
	if seed != 0 {
		e.order = rand.New(rand.NewPCG(seed, 0))
	}
	return e
}

// Start puts the call in line; it runs in a later Step.
func (e *Executor) Start(call *flow.Call, done func(error)) {
	e.waiting = append(e.waiting, waitingCall{call, done})
}

// Step runs one body. With a seed it may run several, so that the group
// hears of several ends at once.
func (e *Executor) Step() error {
	if len(e.waiting) == 0 {
		return errors.New("asaptest: Step with nothing in flight")
	}
	for {
		e.runOne()
		if e.order == nil || len(e.waiting) == 0 || e.order.IntN(3) > 0 {
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
	if e.canceled != nil {
		next.done(e.canceled)
		return
	}
	e.ran = append(e.ran, next.call.Task)
	next.done(next.call.Run(e.ctx))
}

// Cancel ends the calls whose bodies have not begun; no other is in flight.
func (e *Executor) Cancel(cause error) { e.canceled = cause }

// Ran returns the unique names of the tasks whose bodies ran, in that order.
func (e *Executor) Ran() []string { return append([]string(nil), e.ran...) }
