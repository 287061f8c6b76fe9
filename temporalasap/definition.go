package temporalasap

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
)

// definition is what a worker knows of a flow.
type definition struct {
	name     string
	workflow workflow.RegisterOptions
	tasks    []*task // in order of declaration
	values   *values
	byBody   map[string]*task
	bodiless []flow.TaskState // signals and sleeps, in order of declaration
}

type taskKind uint8

const (
	remoteActivity taskKind = iota
	localActivity
	childWorkflow
)

// task is one body of a flow.
type task struct {
	call         *flow.Call
	flow         string
	activityName string
	registered   any // activityName, as the SDK takes it
	kind         taskKind
	inMap        bool
	inRace       bool
	leftOut      bool // by asap.When: its body never runs
	mayFail      bool // by asap.MayFail, an Optional or a MapOptional
	values       *values
	tried        bool // its value is encoded to see whether it can be: Converter was given

	activity      workflow.ActivityOptions
	local         workflow.LocalActivityOptions
	child         workflow.ChildWorkflowOptions
	childWorkflow any // its type's name or, if byHand, perhaps its function
	childType     reflect.Type
	byHand        bool // no flow
	optionsIn     reflect.Type
	optionsBy     func(in any) workflow.ChildWorkflowOptions
	ownHeartbeat  bool
	stub          any  // in the place of its body
	pending       bool // its body answers ErrResultPending
	chosen        bool // kind was given, and is not that of all tasks
	noPolicy      bool // Defaults has a RetryPolicy, which is not the task's
	final         bool // an error that the body returns is not retried
}

const (
	defaultHeartbeat = 10 * time.Second
	maxName          = 1000 // bytes, of Temporal
	builds           = 64   // of a definition, to see whether it is always the same
)

// define records the flow and checks everything that can be known beforehand.
func define[In, Out any](f *flow.Flow[In, Out], options []Option) (*definition, error) {
	if f == nil {
		return nil, fmt.Errorf("asap: Register with a nil Flow; make one with Define")
	}
	c := configured(options)
	d := &definition{name: f.Name(), workflow: c.workflow, values: c.values(), byBody: make(map[string]*task)}
	if d.name == "" {
		return nil, errors.New("asap: Register of a flow without a name, by which a server knows it; give Define one")
	}
	if c.workflow.Name != "" && c.workflow.Name != d.name {
		return nil, fmt.Errorf("asap: flow %s: Workflow with the name %s; leave it out, it is the flow's", d.name, c.workflow.Name)
	}
	calls, graph, err := record(f)
	if err != nil {
		return nil, err
	}
	kinds, leftOut, mayFail := make(map[string]string), make(map[string]bool), make(map[string]bool)
	for _, t := range graph.Tasks {
		kinds[t.Name], leftOut[t.Name], mayFail[t.Name] = t.Kind, t.LeftOut, t.MayFail
		if t.Kind == "signal" || t.Kind == "sleep" {
			state := flow.TaskState{Task: t.Name}
			if t.LeftOut {
				state.State = flow.StateLeftOut
			}
			d.bodiless = append(d.bodiless, state)
		}
	}
	for _, call := range calls {
		t := &task{call: call, flow: d.name, activityName: d.name + "." + call.Body, activity: c.defaults, values: d.values, tried: c.converter != nil}
		t.registered = t.activityName
		t.inMap, t.inRace = kinds[call.Body] == "map", kinds[wholeName(call.Body)] == "race"
		t.leftOut, t.mayFail = leftOut[call.Body], mayFail[call.Body]
		d.tasks = append(d.tasks, t)
		d.byBody[call.Body] = t
	}
	if err := d.configure(c.tasks); err != nil {
		return nil, err
	}
	check := traveller{d.values, c.trusted}
	if err := check.travels(reflect.TypeFor[In]()); err != nil {
		return nil, fmt.Errorf("asap: flow %s: its input: %w", d.name, err)
	}
	if err := check.travels(reflect.TypeFor[Out]()); err != nil {
		return nil, fmt.Errorf("asap: flow %s: its result: %w", d.name, err)
	}
	signals, err := f.Signals()
	if err != nil {
		return nil, err
	}
	for _, s := range signals {
		if err := check.travels(s.Type); err != nil {
			return nil, fmt.Errorf("asap: flow %s: signal %s: %w", d.name, s.Name, err)
		}
	}
	for _, t := range d.tasks {
		if err := t.check(&check); err != nil {
			return nil, fmt.Errorf("asap: flow %s: task %s: %w", d.name, t.call.Body, err)
		}
	}
	return d, nil
}

// record runs the definition again and again: a worker will, too.
func record[In, Out any](f *flow.Flow[In, Out]) ([]*flow.Call, *flow.Graph, error) {
	graph, err := f.Graph()
	if err != nil {
		return nil, nil, err
	}
	calls, err := f.Calls()
	if err != nil {
		return nil, nil, err
	}
	for range builds {
		next, err := f.Graph()
		if err != nil {
			return nil, nil, err
		}
		again, err := f.Calls()
		if err != nil {
			return nil, nil, err
		}
		for i := range max(len(calls), len(again)) {
			if a, b := describe(calls, i), describe(again, i); a != b {
				return nil, nil, unsteady(f.Name(), a, b)
			}
		}
		for i := range max(len(graph.Tasks), len(next.Tasks)) {
			if a, b := edges(graph, i), edges(next, i); a != b {
				return nil, nil, unsteady(f.Name(), a, b)
			}
		}
	}
	return calls, graph, nil
}

func unsteady(f, a, b string) error {
	return fmt.Errorf("asap: flow %s declares %s and, when its function is called again, %s; it must not depend on the order of a map, the time or anything random", f, a, b)
}

// edges tells what a task of the graph waits for, and what its options say.
func edges(g *flow.Graph, i int) string {
	if i >= len(g.Tasks) {
		return fmt.Sprintf("no %d. task", i+1)
	}
	t := &g.Tasks[i]
	var names []string
	for _, d := range t.Deps {
		name := g.Tasks[d].Name
		switch {
		case slices.Contains(t.After, d):
			name = "the success of " + name
		case slices.Contains(t.AfterEnd, d):
			name = "the end of " + name
		}
		names = append(names, name)
	}
	text := fmt.Sprintf("%s %s after %s", t.Kind, t.Name, cmp.Or(strings.Join(names, ", "), "nothing"))
	if t.LeftOut {
		text += ", left out"
	}
	if t.MayFail {
		text += ", which may fail"
	}
	if t.Timeout > 0 {
		text += fmt.Sprint(", with a timeout of ", t.Timeout)
	}
	if t.Within > 0 {
		text += fmt.Sprint(", within ", t.Within)
	}
	if t.Sleep > 0 {
		text += fmt.Sprint(", asleep for ", t.Sleep)
	}
	return text
}

func describe(calls []*flow.Call, i int) string {
	if i >= len(calls) {
		return fmt.Sprintf("no task number %d", i+1)
	}
	c := calls[i]
	var needs []string
	for _, n := range c.Needs {
		needs = append(needs, fmt.Sprint(" with ", n.Task, ", a ", n.Type, ","))
	}
	return fmt.Sprintf("task %s, a %T,%s as number %d", c.Body, c.Func, strings.Join(needs, ""), i+1)
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

// configure gives the tasks their options.
func (d *definition) configure(configs []taskConfig) error {
	for _, c := range configs {
		found := false
		for _, t := range d.tasks {
			if t.call.Body == c.name || wholeName(t.call.Body) == c.name && d.byBody[c.name] == nil {
				found = true
				for _, o := range c.options {
					if o != nil {
						o.applyTask(t)
					}
				}
			}
		}
		if !found {
			var names []string
			for _, t := range d.tasks {
				names = append(names, t.call.Body)
			}
			return fmt.Errorf("asap: flow %s has no task %s to set options of; it has %s", d.name, c.name, strings.Join(names, ", "))
		}
	}
	return nil
}

// check completes the task's options and says what cannot work.
func (t *task) check(types *traveller) error {
	if t.call.Body == "" {
		return errors.New("it has no name, by which a history knows it")
	}
	if len(t.activityName) > maxName || !utf8.ValidString(t.activityName) {
		return fmt.Errorf("its name is not valid UTF-8 of at most %d bytes", maxName)
	}
	fn := reflect.TypeOf(t.call.Func)
	for i := 1; i < fn.NumIn(); i++ {
		if err := types.travels(fn.In(i)); err != nil {
			return fmt.Errorf("argument %d after the context: %w", i, err)
		}
	}
	for _, need := range t.call.Needs {
		if err := types.travels(need.Type); err != nil {
			return fmt.Errorf("the value of %s: %w", need.Task, err)
		}
	}
	if fn.NumOut() == 2 {
		if err := types.travels(fn.Out(0)); err != nil {
			return fmt.Errorf("its value: %w", err)
		}
	}
	if t.stub != nil {
		if got := reflect.TypeOf(t.stub); got != fn {
			return fmt.Errorf("Stub with a %v, but its body is a %v", got, fn)
		}
		t.call.Func = t.stub
		if t.kind == childWorkflow {
			t.kind = remoteActivity
		}
	}
	if isAwait(t.call.Func) {
		return fmt.Errorf("its body is the Await of a task, which is not there when a body runs elsewhere; declare it with Then, or with Needs and read it with Get")
	}
	if err := t.checkOptionsBy(fn); err != nil {
		return err
	}
	t.policy()
	switch t.kind {
	case localActivity:
		if t.pending {
			return errors.New("Pending of a local activity, which nobody can end from elsewhere; leave Local out")
		}
		t.local.ScheduleToCloseTimeout = cmp.Or(t.local.ScheduleToCloseTimeout, t.activity.ScheduleToCloseTimeout)
		t.local.StartToCloseTimeout = cmp.Or(t.local.StartToCloseTimeout, t.activity.StartToCloseTimeout)
		if t.local.ScheduleToCloseTimeout == 0 && t.local.StartToCloseTimeout == 0 {
			return fmt.Errorf("it has no time limit; set a StartToCloseTimeout with Defaults")
		}
		return t.checkTimeout(t.local.StartToCloseTimeout)
	case childWorkflow:
		return t.checkChild(fn)
	default:
		if t.activity.ScheduleToCloseTimeout == 0 && t.activity.StartToCloseTimeout == 0 {
			return fmt.Errorf("it has no time limit; set a StartToCloseTimeout with Defaults, once for all tasks")
		}
		if t.pending { // nobody is there to send heartbeats, or to answer a cancel
			t.activity.HeartbeatTimeout = 0
		} else {
			t.activity.HeartbeatTimeout = cmp.Or(t.activity.HeartbeatTimeout, defaultHeartbeat)
		}
		t.activity.WaitForCancellation = !t.pending
		if err := t.checkTimeout(t.activity.StartToCloseTimeout); err != nil {
			return err
		}
		if isRun(t.call.Func) && !t.chosen {
			return errors.New("its body is the Run of a flow, all of which would be one activity; make it a workflow of its own with Child, or say with Activity or Local how it runs as one")
		}
	}
	return nil
}

// checkTimeout wants the server to be more patient than the body's own limit, which
// the worker keeps: else the body would begin again and again.
func (t *task) checkTimeout(attempt time.Duration) error {
	if own := t.call.Timeout; own > 0 && attempt > 0 && own >= attempt {
		return fmt.Errorf("its Timeout is %v, and its StartToCloseTimeout %v; set a longer StartToCloseTimeout", own, attempt)
	}
	return nil
}

// policy sets the retry policies. Errors of bodies are final without one, so it is for
// workers that die, and for nothing that the SDK says of values.
func (t *task) policy() {
	if t.noPolicy {
		t.activity.RetryPolicy, t.local.RetryPolicy = nil, nil
	}
	own := &t.activity.RetryPolicy
	if t.kind == localActivity {
		own = &t.local.RetryPolicy
		*own = cmp.Or(*own, t.activity.RetryPolicy)
	}
	if t.final = *own == nil; t.final {
		*own = &crashes
		return
	}
	p := **own
	p.NonRetryableErrorTypes = append(slices.Clip(p.NonRetryableErrorTypes), uncoded, panicked)
	*own = &p
}

// crashes is the retry policy of tasks without one.
var crashes = temporal.RetryPolicy{
	InitialInterval:        100 * time.Millisecond,
	BackoffCoefficient:     2,
	MaximumInterval:        10 * time.Second,
	NonRetryableErrorTypes: append(slices.Clip(plainTypes), panicked),
}
