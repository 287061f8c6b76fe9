package dbosasap

import (
	"context"
	"encoding/json"
	"fmt"
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
	since := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		ids := rt.ids()
		if len(ids) == 0 {
			since = now
			continue
		}
		rt.dropCanceled(ids)
		// Clocks of processes differ: a second look at the same message does nothing.
		if err := rt.look(dbos.WithFilterCreatedAfter(since.Add(-10 * time.Second))); err == nil {
			since = now
		}
	}
}

// dropCanceled stops the flows of this process that somebody has canceled in the
// database, as [dbos.CancelWorkflow] does.
func (rt *Runtime) dropCanceled(ids []string) {
	canceled, err := dbos.ListWorkflows(rt.dbos, dbos.WithFilterWorkflowIDs(ids...), dbos.WithFilterStatus(dbos.WorkflowStatusCancelled),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return
	}
	for _, w := range canceled {
		if e := rt.engineOf(w.ID); e != nil {
			e.stop(context.Canceled)
		}
	}
}

// look delivers the messages that options name to those flows that run here.
func (rt *Runtime) look(options ...dbos.ListWorkflowsOption) error {
	messages, err := dbos.ListWorkflows(rt.dbos, append(options,
		dbos.WithFilterName(messageName), dbos.WithFilterStatus(dbos.WorkflowStatusSuccess),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(true))...)
	if err != nil {
		return fmt.Errorf("asap: messages: %w", err)
	}
	for _, m := range messages {
		flowID, name, ok := cutLast(m.ID, messageMark)
		value, isText := listed(m.Output)
		if e := rt.engineOf(flowID); e != nil && ok && isText {
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
