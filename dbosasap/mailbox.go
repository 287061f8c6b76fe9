package dbosasap

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// A message to a flow is a workflow that has ended, whose id says to which flow it is
// sent and what it is called, and whose result is the value. So it is durable, the
// first of a name counts, and it may be there before its flow runs again.
const (
	messageName = "asap.message"
	messageMark = ".message."
	cancelName  = "asap.cancel"
)

// signalMessage is the name of the message of a signal: without a dot, so that it is not
// cancelName and has no messageMark in it.
func signalMessage(name string) string {
	return strings.NewReplacer("%", "%25", ".", "%2e").Replace(name)
}

// mailbox is the workflow of all messages.
type mailbox struct{}

func (*mailbox) ConfigName() string { return "asap" }

func (*mailbox) deliver(_ dbos.Context, value string) (string, error) { return value, nil }

// send writes a message, and tells the flow if it runs here: other processes look for
// themselves. It reports whether it was the first of its name.
func (rt *Runtime) send(flowID, name string, value json.RawMessage) error {
	m := &mailbox{}
	h, err := dbos.RunWorkflow(rt.dbos, m.deliver, string(value),
		dbos.WithRunInstance(m), dbos.WithWorkflowID(flowID+messageMark+name))
	if err != nil {
		return err
	}
	first, err := h.GetResult()
	if err != nil {
		return err
	}
	if e := rt.engineOf(flowID); e != nil {
		e.receive(name, json.RawMessage(first))
	}
	return nil
}

// How often a process looks for messages that others have sent to its flows.
const lookEvery = 250 * time.Millisecond

// watch gives the flows of this process what other processes send them.
func (rt *Runtime) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for ids := range slices.Chunk(rt.wanted(), 1000) {
			_ = rt.look(dbos.WithFilterWorkflowIDs(ids...)) // of an error the next look says the same
		}
	}
}

// wanted are the ids of what other processes may write for the flows of this one: the
// messages that they expect, and the flows themselves, which [dbos.CancelWorkflow] cancels.
// They are looked up by their ids, as a look at all that is new costs what there is of it.
func (rt *Runtime) wanted() (ids []string) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for id, e := range rt.running {
		ids = append(ids, id)
		for _, name := range e.hopes() {
			ids = append(ids, id+messageMark+name)
		}
	}
	return ids
}

// hopes are the names of the messages that would be news.
func (e *engine) hopes() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	names := append(slices.Collect(maps.Keys(e.hoped)), cancelName)
	return slices.DeleteFunc(names, func(name string) bool { _, known := e.inbox[name]; return known })
}

// look delivers the messages that options name to those flows that run here, and stops
// those that are canceled.
func (rt *Runtime) look(options ...dbos.ListWorkflowsOption) error {
	found, err := dbos.ListWorkflows(rt.dbos, append(options,
		dbos.WithFilterStatus(dbos.WorkflowStatusSuccess, dbos.WorkflowStatusCancelled),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(true))...)
	if err != nil {
		return fmt.Errorf("asap: messages: %w", err)
	}
	for _, w := range found {
		if e := rt.engineOf(w.ID); e != nil && w.Status == dbos.WorkflowStatusCancelled {
			e.stop(context.Canceled)
		}
		flowID, name, ok := cutLast(w.ID, messageMark)
		value, isText := listed(w.Output)
		if e := rt.engineOf(flowID); e != nil && ok && isText && w.Name == messageName {
			e.receive(name, json.RawMessage(value))
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
