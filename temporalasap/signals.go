package temporalasap

import (
	"fmt"
	"reflect"

	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
)

// A signal of a flow is a signal of its workflow with the same name, and the value as its
// payload: so any client can send it, in any language. What comes before it is expected
// is kept by the SDK, in order; what comes after the first is left there.

// expected is a signal that the flow waits for.
type expected struct {
	call *flow.Call
	done func(error)
	in   workflow.ReceiveChannel
}

var _ flow.Signaler = (*engine)(nil)

// Receive begins to wait for a signal.
func (e *engine) Receive(call *flow.Call, done func(error)) {
	e.acted = true
	e.expected = append(e.expected, expected{call, done, workflow.GetSignalChannel(e.ctx, call.Task)})
}

// hasMail reports whether something has come that is expected.
func (e *engine) hasMail() bool {
	for _, x := range e.expected {
		if x.in.Len() > 0 {
			return true
		}
	}
	return false
}

// deliver hands out what has come. It comes before timers that have fired meanwhile: what
// was in time by the history has not become late since no worker was there.
func (e *engine) deliver() {
	if !e.hasMail() {
		return
	}
	var left []expected
	for _, x := range e.expected {
		switch {
		case x.in.Len() == 0:
			left = append(left, x)
		case x.in.ReceiveAsync(x.call.Out):
			x.done(nil)
		default: // the SDK has dropped what its converter cannot decode
			x.done(fmt.Errorf("signal %s was sent what is no %s", x.call.Task, reflect.TypeOf(x.call.Out).Elem()))
		}
	}
	e.expected = left
}
