package dbosasap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/texts"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// served is a flow, or the body of one task, as a workflow. DBOS knows functions by
// their names, which methods of generic types have not: so it is one type for all, and
// what it is called tells them apart.
type served struct {
	name string
	call func(ctx dbos.Context, in string) (string, error)
}

func (s *served) ConfigName() string { return s.name }

func (s *served) run(ctx dbos.Context, in string) (string, error) { return s.call(ctx, in) }

func (s *served) register(rt *Runtime, options ...dbos.WorkflowRegistrationOption) (err error) {
	defer func() { // DBOS panics for a name that is there already, and after Launch
		if v := recover(); v != nil {
			err = fmt.Errorf("asap: flow %s: %v", s.name, v)
		}
	}()
	dbos.RegisterWorkflow(rt.dbos, s.run, append(options, dbos.WithInstance(s), dbos.WithWorkflowName(s.name))...)
	return nil
}

// start begins a workflow that is registered under the name.
func start(ctx dbos.Context, name, in string, options ...dbos.WorkflowOption) (dbos.WorkflowHandle[string], error) {
	s := &served{name: name}
	return dbos.RunWorkflow(ctx, s.run, in, append(options, dbos.WithRunInstance(s))...)
}

// Register makes the process serve flow: a workflow with the name of the flow, whose
// steps have the ends of its tasks. It runs the flow's definition to find them, and no body. All
// flows are registered before [Runtime.Launch].
//
// The bodies are those of this process: they may use what the definition's function
// has around it, such as clients, but not what differs from run to run: make a flow
// once, not for each request. Register returns an error if a body's value cannot be
// kept as JSON, the definition differs from call to call, a name is empty or there
// already, or an option names no task.
func Register[In, Out any](rt *Runtime, f *flow.Flow[In, Out], options ...Option) error {
	d, err := define(f, options)
	if err != nil {
		return err
	}
	for _, t := range d.tasks {
		if t.kind == asWorkflow {
			s := &served{t.workflow, t.serve}
			if err := s.register(rt, d.workflow...); err != nil {
				return err
			}
		}
	}
	read := func(in string) (input In, err error) {
		if err = decode([]byte(in), &input); err != nil {
			err = fmt.Errorf("asap: flow %s: its input cannot be read from the database: %w", d.name, err)
		}
		return input, err
	}
	d.replay = func(p *past, in string, look func([]flow.TaskState), options ...asap.Option) error {
		input, err := read(in)
		if err != nil {
			return err
		}
		r := f.With(flow.On(p)).Start(p.group, input, options...)
		p.seen(func() { _, _ = r.Wait(context.Background()) }, func() {
			var states []flow.TaskState
			states, err = r.Tasks(context.Background())
			look(withTries(states, p.tries))
		})
		return err
	}
	s := &served{d.name, func(ctx dbos.Context, in string) (string, error) {
		input, err := read(in)
		if err != nil {
			return "", err
		}
		e, err := newEngine(ctx, rt, d)
		if err != nil {
			return "", err
		}
		defer e.close()
		return e.result(f.With(flow.On(e)).Run(e.group, input))
	}}
	if err := s.register(rt, d.workflow...); err != nil {
		return err
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.flows[d.name] = d
	return nil
}

// result is what the workflow returns: as text what the flow has returned, and an
// error for its state. DBOS writes that in clear whatever its serializer is, so it says
// nothing.
func (e *engine) result(out any, err error) (string, error) {
	if e.broken != nil { // also if somebody else has the workflow now, which DBOS asks for
		return "", e.broken
	}
	r := record{}
	value, fails := encode(out)
	switch {
	case fails != nil && err == nil:
		err = fmt.Errorf("asap: flow %s: its result cannot be kept: %w", e.def.name, fails)
	case fails == nil:
		r.Value = value
	}
	if err == nil {
		return r.text(), nil
	}
	r.Error = encodeError(err)
	text := r.text()
	if e.ctx.Err() != nil {
		return text, errors.Join(context.Cause(e.ctx), err)
	}
	return text, &dbos.PortableWorkflowError{Name: fmt.Sprintf("%T", err), Message: "asap: flow " + e.def.name + " has failed: the error is in the output"}
}

// shown is the text of err without the stack of a panic.
func shown(err error) string {
	text, _, _ := strings.Cut(texts.Of(err), "\n\n")
	return text
}
