package dbosasap

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// eventStep is the name of the step of an event that is no end of a call.
const eventStep = "asap.event"

// Now is the time of the last thing that the group was told of: the same whenever the
// workflow runs.
func (e *engine) Now() time.Time { return e.now }

// After is an event at an instant. The timer is one of this process: another one
// that goes on with the workflow makes it again.
func (e *engine) After(d time.Duration, f func()) {
	at := e.now.Add(d)
	e.made++
	key := fmt.Sprint("time ", e.made)
	e.timers[key] = f
	t := time.AfterFunc(time.Until(at), func() { e.happen(record{Event: key}) })
	context.AfterFunc(e.group, func() { t.Stop() }) // the group's own limits are over with it
}

// happen takes a place for an event, unless it is in the history.
func (e *engine) happen(r record) {
	select {
	case <-e.live:
	case <-e.done:
		return
	}
	e.mu.Lock()
	if !e.closed && !e.events[r.Event] {
		e.events[r.Event] = true
		e.last++
		r.Seq = e.last
		e.arrived[r.Seq] = &arrival{record: r}
		if e.alone != nil { // it takes a later place, and the group is told of this first
			e.alone.cancel(canceledBy(r.Value))
		}
	}
	e.mu.Unlock()
	e.rouse()
}

func (e *engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// receive takes a message, the first of its name.
func (e *engine) receive(name string, value json.RawMessage) {
	e.mu.Lock()
	_, known := e.inbox[name]
	if !known {
		e.inbox[name] = value
	}
	event := e.hoped[name]
	e.mu.Unlock()
	switch { // happen waits until what was recorded has been told
	case known:
	case name == cancelName:
		go e.happen(record{Event: cancelName, Value: value})
	case event != "":
		go e.happen(record{Event: event, Value: value})
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
		go e.happen(record{Event: event, Value: value})
	}
}

// keep writes the record of an event, or returns the one that was written before.
func (e *engine) keep(r record, name string) (record, error) {
	text, err := dbos.RunAsStep(e.ctx, func(context.Context) (string, error) {
		e.mu.Lock()
		e.stamp(&r, r.Seq)
		e.mu.Unlock()
		return r.text()
	}, dbos.WithStepName(name))
	if err != nil {
		return r, err
	}
	return readRecord(text)
}

// canceledBy is the cause of who has canceled the flow.
func canceledBy(value json.RawMessage) error {
	if err := decodeError(value); err != nil {
		return err
	}
	return context.Canceled
}
