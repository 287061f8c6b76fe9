package dbosasap

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/asap-go/asap/flow"
)

// Now is the time of the last thing that the group was told of: the same whenever the
// workflow runs.
func (e *engine) Now() time.Time { return e.now }

// After is an event at an instant. The timer is one of this process: another one
// that goes on with the workflow makes it again.
func (e *engine) After(d time.Duration, f func()) {
	at := e.now.Add(d)
	e.made++
	event := timeEvent(e.made)
	e.timers[event] = f
	t := time.AfterFunc(time.Until(at), func() { e.happen(record{Event: event}) })
	context.AfterFunc(e.group, func() { t.Stop() }) // the group's own limits are over with it
}

// timeEvent is the event that the n-th timer has fired.
func timeEvent(n int) string { return fmt.Sprint("time ", n) }

// happen notes what has happened, which Step has recorded and tells the group of.
func (e *engine) happen(r record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.Time = time.Since(e.began).Microseconds()
	e.news = append(e.news, r)
	if f := e.alone; f != nil && r.Event != "" && !f.call.Undo { // the group is told of this first
		f.cancel(canceledBy(r.Value))
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// receive takes a message, the first of its name.
func (e *engine) receive(name string, value json.RawMessage) {
	if !json.Valid(value) { // it was written by somebody else
		value, _ = json.Marshal(string(value))
	}
	e.mu.Lock()
	_, known := e.inbox[name]
	if !known {
		e.inbox[name] = value
	}
	event := e.hoped[name]
	e.mu.Unlock()
	switch {
	case known:
	case name == cancelName:
		e.happen(record{Event: cancelName, Value: value})
	case event != "":
		e.happen(record{Event: event, Value: value})
	}
}

// signalEvent is the event that a signal has come to who expects it.
func signalEvent(name string) string { return "signal " + name }

// Receive begins to expect a signal.
func (e *engine) Receive(call *flow.Call, done func(error)) {
	event := signalEvent(call.Task)
	e.expected[event] = &flight{call: call, done: done}
	name := signalMessage(call.Task)
	e.mu.Lock()
	e.hoped[name] = event
	value, there := e.inbox[name]
	e.mu.Unlock()
	if there {
		e.happen(record{Event: event, Value: value})
	}
}

// canceledBy is the cause of who has canceled the flow.
func canceledBy(value json.RawMessage) error {
	if err := decodeError(value); err != nil {
		return err
	}
	return context.Canceled
}
