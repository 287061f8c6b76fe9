package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

type line struct{ SKU string }

// pick is a flow of one line, and basket one of many.
var pick = flow.Define("pick", func(g *asap.Group, l *asap.Task[line]) *asap.Task[string] {
	return l.Then("shelf", func(_ context.Context, l line) (string, error) { return "picked " + l.SKU, nil })
})

var basket = flow.Define("basket", func(g *asap.Group, lines *asap.Task[[]line]) *asap.Task[[]string] {
	return g.Map("line", lines, pick.Run)
})

// lineOptions are those of the child for a line.
func lineOptions(l line) workflow.ChildWorkflowOptions {
	return workflow.ChildWorkflowOptions{WorkflowID: "line-" + l.SKU, TaskQueue: "queue-" + l.SKU}
}

// seen keeps where children ran.
type seen struct {
	mu  sync.Mutex
	all []string
}

func (s *seen) watch(env *testsuite.TestWorkflowEnvironment) {
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all = append(s.all, info.WorkflowExecution.ID+" on "+info.TaskQueueName)
	})
}

func (s *seen) sorted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(slices.Sorted(slices.Values(s.all)), ", ")
}

func TestChildOptions(t *testing.T) {
	child := temporalasap.Child(pick, workflow.ChildWorkflowOptions{TaskQueue: "lines"})
	calls := 0
	for _, test := range []struct {
		name  string
		by    func(line) workflow.ChildWorkflowOptions
		skus  string
		error string
		seen  string
	}{
		{"ids and queues of elements", lineOptions, "a b", "", "line-a on queue-a, line-b on queue-b"},
		{"the queue of Child, and an id", func(l line) workflow.ChildWorkflowOptions {
			return workflow.ChildWorkflowOptions{WorkflowID: "id-" + l.SKU}
		}, "a b", "", "id-a on lines, id-b on lines"},
		{"two of one id", lineOptions, "a b a", "line[2]: its child workflow has the id line-a, which that of line[0] has, too; give each its own", ""},
		{"a panic", func(line) workflow.ChildWorkflowOptions { panic("no id") }, "a", "line[0]: panic: no id", ""},
		{"another answer each time", func(line) workflow.ChildWorkflowOptions {
			calls++
			return workflow.ChildWorkflowOptions{WorkflowID: fmt.Sprint(calls)}
		}, "a", `line[0]: ChildOptions gives the id "1" on the queue "" and, called again with the same, the id "2" on the queue ""; it may depend on its argument alone`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s seen
			c := &envClient{prepare: s.watch, register: func(env *testsuite.TestWorkflowEnvironment) error {
				return errors.Join(temporalasap.Register(env, pick, defaults),
					temporalasap.Register(env, basket, defaults, temporalasap.Task("line", child, temporalasap.ChildOptions(test.by))))
			}}
			var lines []line
			var want []string
			for sku := range strings.FieldsSeq(test.skus) {
				lines = append(lines, line{sku})
				want = append(want, "picked "+sku)
			}
			got, err := temporalasap.Run(t.Context(), c, basket, lines)
			if test.error != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.error) {
					t.Errorf("Run = %v, want %s", err, test.error)
				}
				if te, ok := errors.AsType[*asap.TaskError](err); !ok || !strings.HasPrefix(test.error, te.Task+":") {
					t.Errorf("the error names %v", te)
				}
				return
			}
			if !slices.Equal(got, want) || err != nil {
				t.Errorf("Run = %v, %v, want %v", got, err, want)
			}
			if s.sorted() != test.seen {
				t.Errorf("children: %s, want %s", s.sorted(), test.seen)
			}
		})
	}
}

// Two tasks with one id are told as well, whatever gave it to them.
func TestChildIDOfTwoTasks(t *testing.T) {
	f := flow.Define("two", func(g *asap.Group, l *asap.Task[line]) *asap.Task[string] {
		first := l.Then("first", pick.Run)
		return l.Then("second", pick.Run, asap.After(first))
	})
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		return errors.Join(temporalasap.Register(env, pick, defaults), temporalasap.Register(env, f, defaults,
			temporalasap.Task("first", temporalasap.Child(pick, workflow.ChildWorkflowOptions{WorkflowID: "line-a"})),
			temporalasap.Task("second", temporalasap.Child(pick, workflow.ChildWorkflowOptions{}), temporalasap.ChildOptions(lineOptions))))
	}}
	_, err := temporalasap.Run(t.Context(), c, f, line{"a"})
	if want := "second: its child workflow has the id line-a, which that of first has, too; give each its own"; err == nil || err.Error() != want {
		t.Errorf("Run = %v, want %s", err, want)
	}
}

// An id that another workflow has is told with the task.
func TestChildIDOfAnotherWorkflow(t *testing.T) {
	f := flow.Define("one", func(g *asap.Group, l *asap.Task[line]) *asap.Task[string] { return l.Then("only", pick.Run) })
	c := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
		defer func() {
			env.OnWorkflow("pick", mock.Anything, mock.Anything).Return("", &temporal.ChildWorkflowExecutionAlreadyStartedError{})
		}()
		return errors.Join(temporalasap.Register(env, pick, defaults), temporalasap.Register(env, f, defaults,
			temporalasap.Task("only", temporalasap.Child(pick, workflow.ChildWorkflowOptions{}), temporalasap.ChildOptions(lineOptions))))
	}}
	_, err := temporalasap.Run(t.Context(), c, f, line{"a"})
	if want := "only: child workflow execution already started: id line-a"; err == nil || err.Error() != want {
		t.Errorf("Run = %v, want %s", err, want)
	}
}

// byHand is a workflow that no flow has made.
func byHand(_ workflow.Context, l line) (string, error) {
	if l.SKU == "" {
		return "", temporal.NewApplicationError("no such line", "NoLine", 7)
	}
	return "by hand " + l.SKU, nil
}

// inProcess is in its place in this process.
func inProcess(_ context.Context, l line) (string, error) { return "here " + l.SKU, nil }

var byHands = flow.Define("hands", func(g *asap.Group, lines *asap.Task[[]line]) *asap.Task[[]string] {
	return g.Map("line", lines, inProcess)
})

func TestChildWorkflow(t *testing.T) {
	for name, of := range map[string]any{"by name": "ByHand", "by function": byHand} {
		t.Run(name, func(t *testing.T) {
			var s seen
			c := &envClient{prepare: s.watch, register: func(env *testsuite.TestWorkflowEnvironment) error {
				if name == "by name" {
					env.RegisterWorkflowWithOptions(byHand, workflow.RegisterOptions{Name: "ByHand"})
				} else {
					env.RegisterWorkflow(byHand)
				}
				return temporalasap.Register(env, byHands, defaults, temporalasap.Task("line",
					temporalasap.ChildWorkflow(of, workflow.ChildWorkflowOptions{}), temporalasap.ChildOptions(lineOptions)))
			}}
			got, err := temporalasap.Run(t.Context(), c, byHands, []line{{"a"}, {"b"}})
			if want := []string{"by hand a", "by hand b"}; !slices.Equal(got, want) || err != nil {
				t.Errorf("Run = %v, %v, want %v", got, err, want)
			}
			if want := "line-a on queue-a, line-b on queue-b"; s.sorted() != want {
				t.Errorf("children: %s, want %s", s.sorted(), want)
			}
			_, err = temporalasap.Run(t.Context(), c, byHands, []line{{"a"}, {""}})
			if want := "line[1]: no such line"; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("Run = %v, want %s", err, want)
			}
			var detail int
			if app, ok := errors.AsType[*temporal.ApplicationError](err); !ok || app.Type() != "NoLine" || app.Details(&detail) != nil || detail != 7 {
				t.Errorf("the error %v has not kept what the workflow said", err)
			}
		})
	}
	got, err := byHands.Run(t.Context(), []line{{"a"}})
	if !slices.Equal(got, []string{"here a"}) || err != nil {
		t.Errorf("Run in the process = %v, %v", got, err)
	}
}

func TestRegisterRefusesChildren(t *testing.T) {
	f := flow.Define("hands", func(g *asap.Group, l *asap.Task[line]) *asap.Task[string] {
		return g.Go("none", func(context.Context) (string, error) { return "", nil }, asap.After(l.Then("line", inProcess)))
	})
	none := workflow.ChildWorkflowOptions{}
	wrong := func(_ workflow.Context, n int) (string, error) { return "", nil }
	for _, test := range []struct {
		name, task string
		options    []temporalasap.TaskOption
		want       string
	}{
		{"options of another type", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow("ByHand", none), temporalasap.ChildOptions(func(string) workflow.ChildWorkflowOptions { return none })}, "ChildOptions by a string, but its body is a func(context.Context, temporalasap_test.line) (string, error); take a temporalasap_test.line"},
		{"options of nothing", "none", []temporalasap.TaskOption{temporalasap.ChildWorkflow("ByHand", none), temporalasap.ChildOptions(lineOptions)}, "which takes nothing"},
		{"options by nil", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow("ByHand", none), temporalasap.ChildOptions[line](nil)}, "ChildOptions with a nil function"},
		{"options of no child", "line", []temporalasap.TaskOption{temporalasap.ChildOptions(lineOptions)}, "ChildOptions of a task that is no child workflow"},
		{"no name", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow("", none)}, "ChildWorkflow without a name"},
		{"no function", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow(7, none)}, "ChildWorkflow of a int"},
		{"nothing", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow(nil, none)}, "ChildWorkflow of a <nil>"},
		{"another function", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow(wrong, none)}, "ChildWorkflow of a func(workflowcontext.Context, int) (string, error), but its body is a func(context.Context, temporalasap_test.line) (string, error)"},
		{"no flow after all", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow("ByHand", none), temporalasap.Child[line, string](nil, none)}, "Child with a nil Flow"},
		{"a stub", "line", []temporalasap.TaskOption{temporalasap.ChildWorkflow("ByHand", none), temporalasap.ChildOptions(lineOptions), temporalasap.Stub(inProcess)}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := temporalasap.Register(newEnv(), f, defaults, temporalasap.Task(test.task, test.options...))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), "task "+test.task+": ") || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Register = %v, want %q", err, test.want)
			}
		})
	}
}
