package temporalasap

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/journey"
)

// Child runs a task whose body is the Run of flow as a child workflow, with a
// history of its own. A worker must have flow registered too. [ChildOptions] sets options
// by what the task takes.
func Child[In, Out any](f *flow.Flow[In, Out], options workflow.ChildWorkflowOptions) TaskOption {
	return taskOption(func(t *task) {
		t.setChild(options)
		if t.childType, t.childWorkflow = nil, nil; f != nil {
			t.childWorkflow, t.childType = f.Name(), reflect.TypeOf(f.Run)
		}
	})
}

// ChildWorkflow runs a task as a child workflow that is written by hand, in any language:
// its type's name, or its function, whose types Register then compares with those of the
// body. The workflow takes what the body takes after its context, and its result is the
// task's value, both by the data converter; an error of it is the task's, and the task
// ends when the child has. The body runs only in the process, in the workflow's place.
// [History] has to be given this option too.
func ChildWorkflow(workflowType any, options workflow.ChildWorkflowOptions) TaskOption {
	return taskOption(func(t *task) {
		t.setChild(options)
		t.childWorkflow, t.childType = workflowType, nil
		t.byHand = true
	})
}

// byHand are the names of the tasks with a ChildWorkflow.
func (c *config) byHand() map[string]bool {
	names := make(map[string]bool)
	for _, of := range c.tasks {
		var t task
		for _, o := range of.options {
			if o != nil {
				o.applyTask(&t)
			}
		}
		names[of.name] = names[of.name] || t.byHand
	}
	return names
}

func (t *task) setChild(options workflow.ChildWorkflowOptions) {
	t.kind, t.byHand = childWorkflow, false
	t.child = mergeAny(t.child, options)
	t.child.WaitForCancellation = true
}

// ChildOptions sets options of a [Child] or a [ChildWorkflow] by what it takes: by gets
// the first argument of the task's body, an element of a Map, and every field of what it
// returns that is not zero goes over those of the Child: the id of the workflow, say, or
// its task queue. by runs in the workflow, again on every replay, so it may depend on its
// argument alone. Two children of a flow with one id are an error of the second one.
func ChildOptions[In any](by func(in In) workflow.ChildWorkflowOptions) TaskOption {
	return taskOption(func(t *task) {
		t.optionsIn, t.optionsBy = reflect.TypeFor[In](), nil
		if by != nil {
			t.optionsBy = func(in any) workflow.ChildWorkflowOptions {
				v, _ := in.(In) // nil is the zero value of an In that is any
				return by(v)
			}
		}
	})
}

// checkOptionsBy says what of ChildOptions cannot work.
func (t *task) checkOptionsBy(fn reflect.Type) error {
	switch {
	case t.optionsIn == nil || t.stub != nil:
		return nil
	case t.kind != childWorkflow:
		return errors.New("ChildOptions of a task that is no child workflow; give it Child or ChildWorkflow, too")
	case t.optionsBy == nil:
		return errors.New("ChildOptions with a nil function")
	case fn.NumIn() < 2:
		return fmt.Errorf("ChildOptions by a %s, but its body is a %s, which takes nothing", journey.Text(t.optionsIn), fn)
	case fn.In(1) != t.optionsIn:
		return fmt.Errorf("ChildOptions by a %s, but its body is a %s; take a %s", journey.Text(t.optionsIn), fn, journey.Text(fn.In(1)))
	}
	return nil
}

// checkChild says what of a Child or a ChildWorkflow cannot work.
func (t *task) checkChild(fn reflect.Type) error {
	option := "Child"
	if t.byHand {
		option = "ChildWorkflow"
		if err := t.checkByHand(fn); err != nil {
			return err
		}
	} else {
		if t.childType == nil {
			return errors.New("Child with a nil Flow; give the one whose Run its body is")
		}
		if t.childType.NumIn() != fn.NumIn() || t.childType.In(1) != fn.In(1) || t.childType.Out(0) != fn.Out(0) {
			return fmt.Errorf("Child of flow %s, a %s, but its body is a %s; give the flow whose Run it is", t.childWorkflow, t.childType, fn)
		}
	}
	if t.call.Around || t.call.Timeout > 0 {
		return fmt.Errorf("%s of a body with an Around or a Timeout, which work where a body runs; put them on the tasks of that flow, or set a WorkflowExecutionTimeout", option)
	}
	if t.inMap && t.child.WorkflowID != "" {
		return fmt.Errorf("%s with the WorkflowID %s, which every element would have; leave it out, or set it with ChildOptions", option, t.child.WorkflowID)
	}
	return nil
}

// checkByHand compares a workflow's function with the body. Of a name nothing is known.
func (t *task) checkByHand(fn reflect.Type) error {
	if name, ok := t.childWorkflow.(string); ok {
		if name == "" {
			return errors.New("ChildWorkflow without a name; give the type of the workflow, or its function")
		}
		return nil
	}
	w := reflect.TypeOf(t.childWorkflow)
	if w == nil || w.Kind() != reflect.Func || reflect.ValueOf(t.childWorkflow).IsNil() {
		return fmt.Errorf("ChildWorkflow of a %v; give the name of its type, or its function", w)
	}
	same := w.NumIn() == fn.NumIn() && w.NumOut() == fn.NumOut() && w.NumIn() > 0 && w.In(0) == reflect.TypeFor[workflow.Context]()
	for i := 1; same && i < fn.NumIn(); i++ {
		same = w.In(i) == fn.In(i)
	}
	for i := 0; same && i < fn.NumOut(); i++ {
		same = w.Out(i) == fn.Out(i)
	}
	if !same {
		return fmt.Errorf("ChildWorkflow of a %s, but its body is a %s; after their contexts they take and return the same", w, fn)
	}
	return nil
}

// childOptions are those of a child that takes in.
func (f *flight) childOptions(in []any) (options workflow.ChildWorkflowOptions, err error) {
	options = f.child
	if f.optionsBy == nil {
		return options, nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = &asap.PanicError{Task: f.name, Value: v, Stack: debug.Stack()}
		}
	}()
	first, second := f.optionsBy(in[0]), f.optionsBy(in[0])
	if first.WorkflowID != second.WorkflowID || first.TaskQueue != second.TaskQueue {
		return options, fmt.Errorf("ChildOptions gives %s and, called again with the same, %s; it may depend on its argument alone", place(first), place(second))
	}
	options = mergeAny(options, first)
	options.WaitForCancellation = true
	return options, nil
}

func place(o workflow.ChildWorkflowOptions) string {
	return fmt.Sprintf("the id %q on the queue %q", o.WorkflowID, o.TaskQueue)
}

// childContext returns ctx with the options of a child. An id is given once in a run, also
// when the one that has it has ended: else it would depend on who is faster.
func (e *engine) childContext(ctx workflow.Context, f *flight) (workflow.Context, error) {
	o, err := f.childOptions(f.call.In) //workflowcheck:ignore (it looks at the fields of a struct, in order)
	if err != nil {
		return ctx, err
	}
	if o.WorkflowID != "" {
		if other, taken := e.children[o.WorkflowID]; taken {
			return ctx, fmt.Errorf("its child workflow has the id %s, which that of %s has, too; give each its own", o.WorkflowID, other)
		}
		if e.children == nil {
			e.children = make(map[string]string)
		}
		e.children[o.WorkflowID] = f.name
		f.childID = o.WorkflowID
	}
	return workflow.WithChildOptions(ctx, o), nil
}

// twice is the error of a child whose id another workflow has.
func twice(id string) error {
	return &flow.RemoteError{Type: "*temporal.ChildWorkflowExecutionAlreadyStartedError", Message: childTwice + ": id " + id}
}

func isTwice(err error) bool {
	_, ok := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err)
	return ok
}
