package temporalasap

import (
	"reflect"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// Option sets how [Register] runs the tasks of a flow. [Defaults] with a time
// limit has to be given; everything else may be left out.
type Option interface{ apply(*config) }

type config struct {
	defaults  workflow.ActivityOptions
	tasks     []taskConfig
	workflow  workflow.RegisterOptions
	trusted   map[reflect.Type]bool
	converter converter.DataConverter // nil if it was not given
	limit     int
}

func configured(options []Option) *config {
	c := &config{trusted: make(map[reflect.Type]bool), limit: maxPayload}
	for _, o := range options {
		if o != nil {
			o.apply(c)
		}
	}
	return c
}

// values is how values travel: with the SDK's conversions of types on top of the converter,
// as a client has them.
func (c *config) values() *values {
	return &values{converter.MakeTransferAware(c.converter), c.limit}
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

// Converter is the data converter of the client: it has to be given if the client has
// one of its own. Register tries with it whether values of the tasks' types survive, and
// it encodes what failures carry: the reports of errors, the values of early exits and
// those beside the error of a settled flow. By itself the SDK encodes these with the
// default converter, in clear.
func Converter(dc converter.DataConverter) Option {
	return option(func(c *config) {
		if dc != nil {
			c.converter = dc
		}
	})
}

// PayloadLimit is how many bytes a value, or the arguments of a task together, may take
// when they are encoded; 0 is no limit. Without it that is 2 MB, what a server takes by
// default. It is for servers that take another size, and for clients whose converter or
// external storage leaves only a reference on the way. Local tasks have no limit.
func PayloadLimit(bytes int) Option {
	return option(func(c *config) { c.limit = bytes })
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
		t.kind, t.chosen = remoteActivity, true
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
		t.kind, t.chosen = localActivity, true
		t.local = mergeAny(t.local, options)
	})
}

// OwnHeartbeat leaves the heartbeat to the body: for one that records details
// for its next attempt, which an automatic heartbeat would replace.
func OwnHeartbeat() TaskOption {
	return taskOption(func(t *task) { t.ownHeartbeat = true })
}

// Final takes the RetryPolicy of [Defaults] back: an error that the body of this task
// returns is final, as that of a task without a policy, and the body begins again only
// when its worker has died.
func Final() TaskOption {
	return taskOption(func(t *task) { t.noPolicy = true })
}

// Pending says that the body answers activity.ErrResultPending, and that the task is
// ended from elsewhere, such as an approval. Nothing of it is left in a worker, so it has no
// heartbeats, and a cancel, a failed sibling or a lost Race ends it at once. Without
// Pending an answer of ErrResultPending stays with the worker until the end: it takes a
// place of its MaxConcurrentActivityExecutionSize, its heartbeats hear of a cancel, and
// when the worker dies or stops the body runs again elsewhere.
func Pending() TaskOption {
	return taskOption(func(t *task) { t.pending = true })
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
