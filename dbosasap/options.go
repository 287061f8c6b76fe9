package dbosasap

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Option sets how [Register] runs the tasks of a flow. None has to be given.
type Option interface{ apply(*config) }

type config struct {
	def     *definition
	trusted map[reflect.Type]bool
	err     error
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Task sets options of one task, by its name in [flow.Flow.Graph]: price#2 for the
// second of that name. For a Map and a Race it is that of the whole, or mirror[0] for
// one function of a Race. If given twice, the later ones win. Register returns an
// error for a name that the flow does not have.
func Task(name string, options ...TaskOption) Option {
	return option(func(c *config) {
		found := false
		for _, t := range c.def.tasks {
			if body := t.call.Body; body == name || wholeName(body) == name && c.def.byBody[name] == nil {
				found = true
				for _, o := range options {
					o.applyTask(t)
				}
			}
		}
		if !found && c.err == nil {
			var names []string
			for _, t := range c.def.tasks {
				names = append(names, t.call.Body)
			}
			c.err = fmt.Errorf("asap: flow %s has no task %s to set options of; it has %s", c.def.name, name, strings.Join(names, ", "))
		}
	})
}

// Retries sets how often the bodies of all tasks run again after an error, unless
// their [Retry] says otherwise. Without it an error is final.
func Retries(p RetryPolicy) Option {
	return option(func(c *config) {
		for _, t := range c.def.tasks {
			t.retry = p
		}
	})
}

// Workflow passes options to the registration of the flow's workflow.
func Workflow(options ...dbos.WorkflowRegistrationOption) Option {
	return option(func(c *config) { c.def.workflow = append(c.def.workflow, options...) })
}

// Trust takes the types of the values as ones that can be kept, whatever Register finds
// in them.
func Trust(values ...any) Option {
	return option(func(c *config) {
		for _, v := range values {
			c.trusted[reflect.TypeOf(v)] = true
		}
	})
}

// TaskOption sets how one task runs: see [Task].
type TaskOption interface{ applyTask(*task) }

type taskOption func(*task)

func (o taskOption) applyTask(t *task) { o(t) }

// Retry sets how often the body of a task runs again after an error.
func Retry(p RetryPolicy) TaskOption { return taskOption(func(t *task) { t.retry = p }) }

// Queue runs the body of a task as a workflow of its own, on a queue: that says how
// many run at once, everywhere, and any process that listens to it may run the body.
// The queue is registered with [dbos.RegisterQueue]. Its Within is looked at where the
// flow runs alone.
func Queue(name string) TaskOption {
	return taskOption(func(t *task) {
		t.kind, t.queue = asWorkflow, name
	})
}

// Transaction runs the body of a task in a transaction of source, which it gets with
// [Tx]: what it writes is there exactly once, as it is committed with the record that
// the body has run. It is rolled back if the body fails.
func Transaction(source *dbos.DataSource) TaskOption {
	return taskOption(func(t *task) {
		t.kind, t.source = asWorkflow, source
		if source == nil {
			t.err = errors.New("Transaction with a nil DataSource; make one with dbos.NewDataSource")
		}
	})
}

// Child runs a task whose body is the Run of flow as a workflow of that flow, with a
// history of its own. That flow is registered too.
func Child[In, Out any](f *flow.Flow[In, Out]) TaskOption {
	return taskOption(func(t *task) {
		if f == nil {
			t.err = errors.New("Child with a nil Flow; give the one whose Run its body is")
			return
		}
		t.kind, t.workflow, t.child = asChild, f.Name(), reflect.TypeOf(f.Run)
	})
}
