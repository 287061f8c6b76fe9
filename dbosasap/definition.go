package dbosasap

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// definition is what a process knows of a flow.
type definition struct {
	name     string
	tasks    []*task // in order of declaration
	byBody   map[string]*task
	workflow []dbos.WorkflowRegistrationOption
	// replay tells a group what the database has of a run, and look what is known then.
	replay func(p *past, in string, look func([]flow.TaskState), options ...asap.Option) error
}

// kind is what a task is in the database.
type kind uint8

const (
	asStep     kind = iota
	asWorkflow      // of its body alone: see serve
	asChild         // of another flow
)

// task is one body of a flow.
type task struct {
	call     *flow.Call
	kind     kind
	leftOut  bool // by asap.When: its body never runs
	retry    RetryPolicy
	workflow string           // the name of the workflow that it is
	queue    string           // where that runs, "" for this process
	source   *dbos.DataSource // of the transaction around the body, or nil
	child    reflect.Type     // of the Run of the flow
	err      error            // of an option
}

// define records the flow and checks everything that can be known beforehand.
func define[In, Out any](f *flow.Flow[In, Out], options []Option) (*definition, error) {
	if f == nil {
		return nil, errors.New("asap: Register with a nil Flow; make one with Define")
	}
	d := &definition{name: f.Name(), byBody: make(map[string]*task)}
	if !isName(d.name) {
		return nil, fmt.Errorf("asap: flow %q: its name is not valid UTF-8 without zero bytes, as which a database knows it", d.name)
	}
	if d.name == "" {
		return nil, errors.New("asap: Register of a flow without a name, by which a database knows it; give Define one")
	}
	graph, err := f.Graph()
	if err != nil {
		return nil, err
	}
	calls, err := f.Calls()
	if err != nil {
		return nil, err
	}
	if err := steady(f, graph); err != nil {
		return nil, err
	}
	leftOut := make(map[string]bool)
	for _, t := range graph.Tasks {
		leftOut[t.Name] = t.LeftOut
		if !isName(t.Name) {
			return nil, fmt.Errorf("asap: flow %s: task %q: its name is not valid UTF-8 without zero bytes, as which a database knows it", d.name, t.Name)
		}
	}
	for _, call := range calls {
		if call.Body == "" {
			return nil, fmt.Errorf("asap: flow %s has a task without a name, by which a database knows it", d.name)
		}
		t := &task{call: call, leftOut: leftOut[call.Body], workflow: d.name + "." + call.Body}
		d.tasks = append(d.tasks, t)
		d.byBody[call.Body] = t
	}
	c := &config{def: d, trusted: make(map[reflect.Type]bool)}
	for _, o := range options {
		if o != nil {
			o.apply(c)
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	for _, v := range []struct {
		what string
		of   reflect.Type
	}{{"input", reflect.TypeFor[In]()}, {"result", reflect.TypeFor[Out]()}} {
		if err := check(v.of, c.trusted); err != nil {
			return nil, fmt.Errorf("asap: flow %s: its %s: %w", d.name, v.what, err)
		}
	}
	signals, err := f.Signals()
	if err != nil {
		return nil, err
	}
	for _, s := range signals {
		if err := check(s.Type, c.trusted); err != nil {
			return nil, fmt.Errorf("asap: flow %s: signal %s: %w", d.name, s.Name, err)
		}
	}
	for _, t := range d.tasks {
		if err := cmp.Or(t.check(), t.values(c.trusted)); err != nil {
			return nil, fmt.Errorf("asap: flow %s: task %s: %w", d.name, t.call.Body, err)
		}
	}
	return d, nil
}

// isName reports whether PostgreSQL has it as a text.
func isName(name string) bool { return utf8.ValidString(name) && !strings.Contains(name, "\x00") }

// builds is how often a definition is tried, to see whether it is always the same.
const builds = 64

// steady returns an error if the definition declares other tasks when it is called again.
func steady[In, Out any](f *flow.Flow[In, Out], first *flow.Graph) error {
	for range builds {
		again, err := f.Graph()
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(first, again) {
			return fmt.Errorf("asap: flow %s declares %s and, when its function is called again, %s; it must not depend on the order of a map, the time or anything random",
				f.Name(), taskNames(first), taskNames(again))
		}
	}
	return nil
}

func taskNames(g *flow.Graph) string {
	var names []string
	for _, t := range g.Tasks {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// check says what cannot work.
func (t *task) check() error {
	if t.err != nil || t.kind != asChild {
		return t.err
	}
	fn := reflect.TypeOf(t.call.Func)
	switch {
	case t.child.NumIn() != fn.NumIn() || t.child.In(1) != fn.In(1) || t.child.Out(0) != fn.Out(0):
		return fmt.Errorf("Child of flow %s, a %s, but its body is a %s; give the flow whose Run it is", t.workflow, t.child, fn)
	case t.call.Around || t.call.Timeout > 0:
		return errors.New("Child of a body with an Around or a Timeout, which work where a body runs; put them on the tasks of that flow")
	}
	return nil
}

// wholeName is the name of the Map or the Race that a body is part of.
func wholeName(body string) string {
	if i := strings.LastIndexByte(body, '['); i > 0 {
		if j := strings.IndexByte(body[i:], ']'); j > 0 {
			return body[:i] + body[i+j+1:]
		}
	}
	return body
}
