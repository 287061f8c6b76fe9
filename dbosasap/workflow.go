package dbosasap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// parcel is the input of a workflow that runs the body of a task.
type parcel struct {
	Task string            `json:"task"`
	In   []json.RawMessage `json:"in,omitempty"`
}

// startWorkflow makes a workflow of the call, and waits for it beside the group. Its
// end is an event of the flow, with what it has returned.
func (e *engine) startWorkflow(f *flight) {
	in, err := f.input()
	if err != nil {
		e.finish(f, err)
		return
	}
	var options []dbos.WorkflowOption
	if f.queue != "" {
		q, err := dbos.RetrieveQueue(e.rt.dbos, f.queue)
		if err != nil {
			e.finish(f, fmt.Errorf("asap: queue %s: %w", f.queue, err))
			return
		}
		options = append(options, dbos.WithQueue(q))
	}
	h, err := start(e.ctx, f.workflow, in, options...)
	switch {
	case err != nil && e.ctx.Err() != nil:
		e.leave(nil)
		e.drop(f.call.Task)
		return
	case err != nil:
		e.broken = err
		return
	}
	id := h.GetWorkflowID()
	var ctx context.Context
	ctx, f.cancel = context.WithCancelCause(context.Background())
	go func() { // ends with the workflow, or the engine
		stop := context.AfterFunc(ctx, func() { e.cancelWorkflow(f, id, context.Cause(ctx)) })
		defer stop()
		r, err := e.wait(id)
		if err != nil {
			r = record{Error: encodeError(err)}
		}
		r.Task = f.call.Task
		e.happen(r)
	}()
}

// cancelWorkflow asks the workflow of a call to end, but for one that goes on with this
// flow, after a shutdown.
func (e *engine) cancelWorkflow(f *flight, id string, cause error) {
	if cause == errEnded || e.rt.dbos.Err() != nil {
		return
	}
	var err error
	if f.kind == asChild {
		err = e.rt.send(id, cancelName, encodeError(cause))
	} else {
		err = dbos.CancelWorkflow(e.rt.dbos, id)
	}
	if err != nil {
		e.rt.log("a workflow could not be canceled and goes on", "workflow", id, "error", err)
	}
}

// input is the call's, for its workflow.
func (f *flight) input() (string, error) {
	in := f.call.In
	if f.kind == asChild {
		data, err := encode(in[0])
		return string(data), err
	}
	p := parcel{Task: f.call.Task}
	for _, v := range in {
		data, err := encode(v)
		if err != nil {
			return "", fmt.Errorf("asap: its argument cannot be sent: %w", err)
		}
		p.In = append(p.In, data)
	}
	data, err := json.Marshal(p)
	return string(data), err
}

// serve is the workflow of a task that has one of its own.
func (t *task) serve(ctx dbos.Context, in string) (string, error) {
	var p parcel
	if err := json.Unmarshal([]byte(in), &p); err != nil {
		return "", err
	}
	call := *t.call
	call.Task = p.Task
	fn := reflect.TypeOf(call.Func)
	for i, data := range p.In {
		var v reflect.Value
		if n := fn.NumIn() - 1; i < n {
			v = reflect.New(fn.In(i + 1))
		} else if i-n < len(call.Needs) {
			v = reflect.New(call.Needs[i-n].Type)
		} else {
			return "", fmt.Errorf("asap: task %s with %d arguments; run the same definition everywhere", p.Task, len(p.In))
		}
		if err := decode(data, v.Interface()); err != nil {
			return "", fmt.Errorf("asap: task %s: its argument cannot be read: %w", p.Task, err)
		}
		call.In = append(call.In, v.Elem().Interface())
	}
	if fn.NumOut() == 2 {
		call.Out = reflect.New(fn.Out(0)).Interface()
	}
	var r record
	if t.source == nil {
		r = t.step(ctx, &call)
	} else {
		r = t.transact(ctx, &call)
	}
	if ctx.Err() != nil && r.Error != nil {
		return "", context.Cause(ctx)
	}
	return r.text(), nil
}

// keyed gives a body that is a workflow its [Key]: the id of that.
func keyed(ctx context.Context, of dbos.Context) context.Context {
	id, _ := dbos.GetWorkflowID(of) // of is a workflow's
	return context.WithValue(ctx, keyKey{}, id)
}

// step runs the body in a step of the workflow: what the serializer of the database refuses
// is an error of that. As the result of a workflow DBOS would write nothing, and who waits
// for it would do so for ever.
func (t *task) step(ctx dbos.Context, call *flow.Call) record {
	text, err := dbos.RunAsStep(ctx, func(own context.Context) (string, error) {
		r := t.attempts(keyed(own, ctx), call)
		return r.text(), nil
	}, dbos.WithStepName(call.Task))
	return recorded(text, err)
}

// recorded is the record of a body whose step has given text, or failed.
func recorded(text string, err error) record {
	if err != nil {
		return record{Error: encodeError(err)}
	}
	r, err := readRecord(text)
	if err != nil {
		return record{Error: encodeError(err)}
	}
	return r
}

func (t *task) attempts(ctx context.Context, call *flow.Call) record {
	for attempt := 1; ; attempt++ {
		err := call.Invoke(ctx)
		r := ended(call, err)
		if r.Error == nil || unkept(call, err) || !t.again(ctx, attempt, err) {
			return r
		}
	}
}

type txKey struct{}

// Tx returns the transaction of a body that runs with [Transaction]. It panics in any
// other.
func Tx(ctx context.Context) dbos.Tx {
	tx, ok := ctx.Value(txKey{}).(dbos.Tx)
	if !ok {
		panic("asap: Tx in a body without one; register its task with Transaction")
	}
	return tx
}

// transact runs the body in a transaction, with whose commit its record is written.
func (t *task) transact(ctx dbos.Context, call *flow.Call) record {
	text, err := dbos.RunAsTransaction(ctx, t.source, func(txCtx context.Context, tx dbos.Tx) (string, error) {
		r := t.attempts(keyed(context.WithValue(txCtx, txKey{}, tx), ctx), call)
		if r.Error != nil {
			return "", &rolledBack{string(r.Error)}
		}
		return r.text(), nil
	}, dbos.WithStepName(call.Task))
	if back, ok := errors.AsType[*rolledBack](err); ok {
		return record{Error: json.RawMessage(back.Report)}
	}
	return recorded(text, err)
}

// rolledBack is the error of a body in a transaction, as it travels.
type rolledBack struct{ Report string }

func (e *rolledBack) Error() string { return shown(decodeError(json.RawMessage(e.Report))) }

// wait returns what a workflow has returned, whoever runs it.
func (e *engine) wait(id string) (record, error) {
	pause := 2 * time.Millisecond
	for {
		h, err := dbos.RetrieveWorkflow[string](e.rt.dbos, id)
		if err != nil {
			return record{}, err
		}
		status, err := h.GetStatus()
		if err != nil {
			return record{}, err
		}
		switch {
		case status.Status == dbos.WorkflowStatusSuccess, status.Status == dbos.WorkflowStatusError, status.Status == dbos.WorkflowStatusCancelled:
			return ofWorkflow(h), nil
		}
		select {
		case <-e.ctx.Done():
			return record{}, context.Cause(e.ctx)
		case <-time.After(pause):
			pause = min(2*pause, lookEvery)
		}
	}
}

// ofWorkflow is what a workflow that has ended has returned.
func ofWorkflow(h dbos.WorkflowHandle[string]) record {
	text, err := h.GetResult()
	if r, fails := readRecord(text); fails == nil {
		return r
	}
	if errors.Is(err, dbos.ErrAwaitedWorkflowCancelled) {
		err = context.Canceled
	}
	return record{Error: encodeError(err)}
}
