package temporalasap

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
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

var (
	_ flow.Signaler = (*engine)(nil)
	_ flow.Sleeper  = (*engine)(nil)
)

// Receive begins to wait for a signal.
func (e *engine) Receive(call *flow.Call, done func(error)) {
	e.acted = true
	w := e.begin(call, flow.StateExpected)
	e.expected = append(e.expected, expected{call, func(err error) { w.end(err); done(err) }, workflow.GetSignalChannel(e.ctx, e.prefix+call.Task)})
}

// Sleep is a timer of the workflow.
func (e *engine) Sleep(call *flow.Call, d time.Duration, done func()) {
	w := e.begin(call, flow.StateSleeping)
	e.After(d, func() { w.end(nil); done() })
}

// waiting is what has no body and waits, or has waited.
type waiting struct {
	flow.TaskState
	until time.Time // its limit of time, zero without one
	now   func() time.Time
}

func (e *engine) begin(call *flow.Call, state flow.State) *waiting {
	w := &waiting{flow.TaskState{Task: call.Task, State: state, Since: e.Now()}, call.Deadline, e.Now}
	if at := w.Since.Add(call.Timeout); call.Timeout > 0 && (w.until.IsZero() || at.Before(w.until)) {
		w.until = at
	}
	e.waits = append(e.waits, w)
	return w
}

func (w *waiting) end(err error) {
	if w.State != flow.StateExpected && w.State != flow.StateSleeping { // it comes too late
		return
	}
	w.State, w.Since = flow.StateSucceeded, w.now()
	if err != nil {
		w.State, w.Error = flow.StateTolerated, err.Error()
	}
}

// told is its state, in a group that has been canceled then, or not if that is zero. The
// group ends what is late, or cut short, by itself.
func (w *waiting) told(canceled time.Time) flow.TaskState {
	s := w.TaskState
	if s.State != flow.StateExpected && s.State != flow.StateSleeping {
		return s
	}
	switch {
	case !w.until.IsZero() && !w.now().Before(w.until) && (canceled.IsZero() || !canceled.Before(w.until)):
		s.State, s.Since, s.Error = flow.StateTolerated, w.until, "late"
	case !canceled.IsZero():
		s.State, s.Since = flow.StateCanceled, canceled
	}
	return s
}

// canceledBy is why the workflow was canceled, as far as its [CancelSignal] says: of
// several the last, as those before it have canceled nothing.
func (e *engine) canceledBy() error {
	cause := context.Canceled
	if e.host != nil { // the workflow is somebody else's
		return cause
	}
	for in := workflow.GetSignalChannel(e.ctx, CancelSignal); in.Len() > 0; {
		var why asap.Result[struct{}]
		if in.ReceiveAsync(&why) && why.Err != nil {
			cause = why.Err
		}
	}
	return cause
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

// receive fills in what has come, and reports whether that could be decoded: a method of
// the user's that panics would fail the workflow task again and again.
func (x *expected) receive() (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return x.in.ReceiveAsync(x.call.Out)
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
		case x.receive():
			x.done(nil)
		default: // the SDK has dropped what its converter cannot decode
			x.done(undecodable(x.call))
		}
	}
	e.expected = left
}
