package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Inline registers flow as [Register] does, and returns it as a function that workflows
// written by hand call: it runs the tasks in that workflow, as activities with the options
// given here, and returns what [flow.Flow.Run] does. It blocks the coroutine that calls it
// until the flow has ended, and when its context is canceled the flow is: bodies that run
// are told, what has succeeded is undone, and the error is a *temporal.CanceledError too.
//
// The context must come from [Inside]. A workflow may run several flows, one flow several
// times, one after the other or at once in coroutines of workflow.Go. What a flow has in
// the history is named after it: the activity quote.zone, the signal quote.approval, and
// for its second run in the workflow quote#2.zone; a dot in the flow's name is a _ there.
func Inline[In, Out any](r Registry, f *flow.Flow[In, Out], options ...Option) (func(ctx workflow.Context, in In) (Out, error), error) {
	d, err := register(r, f, options)
	if err != nil {
		return nil, err
	}
	return func(ctx workflow.Context, in In) (Out, error) {
		h, ok := ctx.Value(hostKey{}).(*host)
		if !ok {
			var zero Out
			return zero, fmt.Errorf("asap: flow %s: run in a workflow whose context is not of Inside; call ctx = temporalasap.Inside(ctx) once, where the workflow begins", d.name)
		}
		e := newEngine(ctx, d)
		h.add(e)
		defer e.close()
		e.tell()                                        // of a context that has ended, before anything is started
		out, err := f.With(flow.On(e)).Run(e.group, in) //workflowcheck:ignore (as in execute)
		return out, e.inlineError(err)
	}, nil
}

// Inside returns a context for the flows of [Inline]: a workflow calls it once, where it
// begins. It answers [TasksQuery], with the tasks of all flows that the workflow has run,
// named as in the history.
func Inside(ctx workflow.Context) workflow.Context {
	if _, ok := ctx.Value(hostKey{}).(*host); ok {
		return ctx
	}
	h := &host{labels: make(map[string]bool), children: make(map[string]string)}
	err := workflow.SetQueryHandler(ctx, TasksQuery, func() ([]flow.TaskState, error) { return h.states(), nil })
	if err != nil {
		panic(err)
	}
	return workflow.WithValue(ctx, hostKey{}, h)
}

type hostKey struct{}

// host is a workflow by hand, for the flows in it. Its coroutines run one at a time.
type host struct {
	runs     []*engine // in order of start, also those that have ended
	labels   map[string]bool
	children map[string]string // as in engine
}

// add gives a run its label, which no other run in the workflow has. There is no dot in
// it, so that an id is one label and one task, whatever their names are.
func (h *host) add(e *engine) {
	name := strings.ReplaceAll(e.def.name, ".", "_")
	label := name
	for n := 2; h.labels[label]; n++ {
		label = fmt.Sprint(name, "#", n)
	}
	h.labels[label] = true
	e.host, e.prefix, e.children = h, label+".", h.children
	h.runs = append(h.runs, e)
}

// withoutLabel is the task of an activity with that id in a workflow by hand.
func withoutLabel(id string) string {
	_, task, _ := strings.Cut(id, ".")
	return task
}

func (h *host) states() []flow.TaskState {
	var all []flow.TaskState
	for _, e := range h.runs {
		for _, s := range e.states() {
			s.Task = e.prefix + s.Task
			all = append(all, s)
		}
	}
	return all
}

// load is what all flows in the workflow have handed to Temporal, and hold back.
func (h *host) load() (flying, queued int) {
	for _, e := range h.runs {
		if e.phase != closed {
			flying, queued = flying+len(e.flying), queued+len(e.queue)
		}
	}
	return flying, queued
}

// crowded reports whether Temporal has enough to do. Of several flows in a workflow each
// may have one call there, so that none waits for another to end.
func (e *engine) crowded() bool {
	if e.host == nil || len(e.flying) == 0 {
		return len(e.flying) >= maxFlying
	}
	flying, _ := e.host.load()
	return flying >= maxFlying
}

// inlineError is the error of a flow in a workflow by hand. Returned from a workflow that
// was canceled it says so, as the SDK's own do.
func (e *engine) inlineError(err error) error {
	switch {
	case err == nil:
		return nil
	case e.tooLong != nil:
		return e.tooLong
	case e.canceled(err):
		return &flowError{err, []error{temporal.NewCanceledError()}}
	}
	return err
}

// canceled reports whether err says that the workflow was canceled, and that the flow has
// not failed before.
func (e *engine) canceled(err error) bool {
	if e.ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return false
	}
	ge, ok := errors.AsType[*asap.GroupError](err)
	return !ok || ge.Cause != nil
}
