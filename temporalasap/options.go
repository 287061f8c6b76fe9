package temporalasap

import (
	"reflect"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
)

// Option sets how [Register] runs the tasks of a flow. [Defaults] with a time
// limit has to be given; everything else may be left out.
type Option interface{ apply(*config) }

type config struct {
	defaults  workflow.ActivityOptions
	tasks     []taskConfig
	workflow  workflow.RegisterOptions
	trusted   map[reflect.Type]bool
	converter converter.DataConverter
}

type taskConfig struct {
	name    string
	options []TaskOption
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Defaults sets the activity options of every task. A StartToCloseTimeout or a
// ScheduleToCloseTimeout is required, since a worker that dies is noticed by
// time alone. The rest may be left out: a HeartbeatTimeout of 10 s, which the
// adapter keeps by itself; retries after a crash or a StartToCloseTimeout, 0.1 s
// later at first and until a ScheduleToCloseTimeout, but none of an error that a
// body returned, which needs a RetryPolicy; and the task queue of the flow.
// WaitForCancellation is always set, so that no body outlives its flow, and
// ActivityID is the task's name.
func Defaults(options workflow.ActivityOptions) Option {
	return option(func(c *config) { c.defaults = merge(c.defaults, options) })
}

// Task sets options of one task, by its name in [flow.Flow.Graph]: price#2 for
// the second of that name. For a Map and a Race it is that of the whole, or
// mirror[0] for one function of a Race. If given twice, the later ones win.
// Register returns an error for a name that the flow does not have.
func Task(name string, options ...TaskOption) Option {
	return option(func(c *config) { c.tasks = append(c.tasks, taskConfig{name, options}) })
}

// Workflow passes options to the registration of the workflow, such as its
// versioning behavior. Its Name must be empty: it is the flow's.
func Workflow(options workflow.RegisterOptions) Option {
	return option(func(c *config) { c.workflow = options })
}

// Converter is the data converter with which Register tries whether values of
// the tasks' types survive: give it the one of your client. Without it that is
// Temporal's default.
func Converter(dc converter.DataConverter) Option {
	return option(func(c *config) {
		if dc != nil {
			c.converter = dc
		}
	})
}

// Trust takes the types of the values as ones that travel, whatever Register
// finds in them: a field that may be lost, or that the data converter knows of.
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

// Activity sets activity options of a task over those of [Defaults]: every
// field that is not zero.
func Activity(options workflow.ActivityOptions) TaskOption {
	return taskOption(func(t *task) {
		t.kind = remoteActivity
		t.activity = merge(t.activity, options)
	})
}

// Local runs a task as a local activity: in the worker that has the workflow,
// without a way over the server. Fit for what takes milliseconds: what becomes
// ready meanwhile is handed to the server, and a cancel heard, only when it has
// ended or the workflow task is as good as over. Its arguments are handed over as
// they are. Time limits and retries that are not set are those of [Defaults].
func Local(options workflow.LocalActivityOptions) TaskOption {
	return taskOption(func(t *task) {
		t.kind = localActivity
		t.local = mergeAny(t.local, options)
	})
}

// OwnHeartbeat leaves the heartbeat to the body: for one that records details
// for its next attempt, which an automatic heartbeat would replace.
func OwnHeartbeat() TaskOption {
	return taskOption(func(t *task) { t.ownHeartbeat = true })
}

// Child runs a task whose body is the Run of flow as a child workflow, with a
// history of its own. A worker must have flow registered too.
func Child[In, Out any](f *flow.Flow[In, Out], options workflow.ChildWorkflowOptions) TaskOption {
	return taskOption(func(t *task) {
		t.kind = childWorkflow
		t.child = mergeAny(t.child, options)
		t.child.WaitForCancellation = true
		if t.childType = nil; f != nil {
			t.childFlow, t.childType = f.Name(), reflect.TypeOf(f.Run)
		}
	})
}

// merge returns base with every field of over that is not zero.
func merge(base, over workflow.ActivityOptions) workflow.ActivityOptions {
	return mergeAny(base, over)
}

func mergeAny[T any](base, over T) T {
	to, from := reflect.ValueOf(&base).Elem(), reflect.ValueOf(over)
	for i := range from.NumField() {
		if f := from.Field(i); !f.IsZero() && to.Field(i).CanSet() {
			to.Field(i).Set(f)
		}
	}
	return base
}
