package asaptest

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// TestExecutor runs groups and flows on executors that executor returns, one
// for each group, and fails t where a rule that holds on every engine does not:
// values, order of starts, failures and their tasks, settled groups, Optional,
// Exit, Race, Map, Gather, skipping, canceling, limits and names. Between group
// and executor it checks what each asks of the other: who is at fault, group or
// executor, begins the message. Bodies run as Call.Run or Func says, in a
// context derived from the one that executor is given.
//
// A nil executor function, or one that returns nil, tests this process.
func TestExecutor(t *testing.T, executor func(t *testing.T, ctx context.Context) flow.Executor) {
	if executor == nil {
		executor = func(*testing.T, context.Context) flow.Executor { return nil }
	}
	here := executor(t, t.Context()) == nil
	for _, c := range flowCases {
		if here && c.away {
			continue
		}
		t.Run(c.label(), func(t *testing.T) {
			e := &engine{t: t, ctx: t.Context(), executor: executor, queues: c.queues}
			if _, ok := executor(t, t.Context()).(flow.Clock); c.clock && !here && !ok {
				c.refused(e)
				return
			}
			got, err := c.flow.With(e.options()...).Run(t.Context(), c.in)
			c.judge(t, got, err, e.events[0])
			e.finish()
			if graph, err := c.flow.Graph(); err != nil {
				t.Error(err)
			} else if !here {
				checkNames(t, graph, e.probes[0].bodies())
			}
		})
	}
	if !t.Failed() { // else it would wait for what does not come
		t.Run("running", func(t *testing.T) { testRunning(t, executor) })
	}
	for _, c := range groupCases {
		if here && c.away {
			continue
		}
		t.Run(c.label(), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			e := &engine{t: t, ctx: ctx, cancel: cancel, executor: executor, queues: c.queues}
			c.run(e)
			e.finish()
		})
	}
}

// testRunning runs flows by their handles, in this process or on an executor that takes
// what they are sent.
func testRunning(t *testing.T, executor func(t *testing.T, ctx context.Context) flow.Executor) {
	_, sends := executor(t, t.Context()).(flow.Sender)
	_, clock := executor(t, t.Context()).(flow.Clock)
	if executor(t, t.Context()) != nil && (!sends || !clock) {
		return
	}
	TestRunning(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (*flow.Running[string], error) {
		e := &engine{t: t, ctx: ctx, executor: executor}
		return f.Start(ctx, in, e.options()...), nil
	})
}

// refused checks that a Within is refused on an executor without a clock.
func (c *flowCase) refused(e *engine) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "without a Clock") {
			e.t.Errorf("group: a task with a Within on an executor without a Clock: panic %q, want one that says so", text)
		}
	}()
	_, _ = c.flow.With(e.options()...).Run(e.ctx, c.in)
}

// engine makes groups on the engine under test.
type engine struct {
	t        *testing.T
	ctx      context.Context
	cancel   context.CancelCauseFunc
	executor func(*testing.T, context.Context) flow.Executor
	queues   bool // a limit may hold ready tasks back
	probes   []*probe
	events   []*Events
}

// options are those of a group on the engine, with others.
func (e *engine) options(others ...asap.Option) []asap.Option {
	events := new(Events)
	e.events = append(e.events, events)
	options := append(others, asap.Observe(events))
	if x := e.executor(e.t, e.ctx); x != nil {
		p := &probe{t: e.t, inner: x, events: events, queues: e.queues}
		e.probes = append(e.probes, p)
		options = append(options, flow.On(p.executor()))
	}
	return options
}

func (e *engine) group(others ...asap.Option) *asap.Group {
	return asap.New(e.ctx, e.options(others...)...)
}

func (e *engine) finish() {
	e.t.Helper()
	for _, p := range e.probes {
		p.finish()
	}
	for _, events := range e.events {
		if err := events.Check(); err != nil {
			e.t.Error(err)
		}
	}
}

var index = regexp.MustCompile(`\[\d+\]`)

// checkNames checks that an engine that knows the graph alone can find the
// bodies by the names of the calls.
func checkNames(t *testing.T, g *flow.Graph, called []string) {
	t.Helper()
	kinds := make(map[string]string)
	for _, task := range g.Tasks {
		name := task.Name
		if task.Kind == "race" {
			name = index.ReplaceAllString(name, "") + "[]"
		}
		kinds[name] = task.Kind
	}
	for _, call := range called {
		if kind := kinds[index.ReplaceAllString(call, "[]")]; kind == "" || kind == "input" || kind == "gather" {
			t.Errorf("group: the executor is called for %q, which Flow.Graph does not have or calls an %s", call, cmp.Or(kind, "unknown task"))
		}
	}
}
