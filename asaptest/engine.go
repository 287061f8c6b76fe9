package asaptest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Flows returns the flows that [TestEngine] runs, in order and with unique
// names: an engine that must know every flow beforehand registers them.
func Flows() []*flow.Flow[int, string] {
	var flows []*flow.Flow[int, string]
	for _, c := range flowCases {
		flows = append(flows, c.flow)
	}
	return flows
}

// TestEngine runs every one of [Flows] by run and fails t where values, errors
// or what an observer sees are not those of the rules. run is to run the flow
// on the engine as a user would and may leave out the flow's observers. The
// error that it returns may have crossed a wire: it is judged by its text and
// by the [*asap.TaskError] in it.
func TestEngine(t *testing.T, run func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error)) {
	for _, c := range flowCases {
		t.Run(c.label(), func(t *testing.T) {
			var events Events
			got, err := run(t.Context(), c.flow.With(asap.Observe(&events)), c.in)
			c.judge(t, got, err, &events)
		})
	}
}

func (c *flowCase) label() string { return strings.ReplaceAll(c.rule, " ", "_") }

func (c *flowCase) judge(t *testing.T, got string, err error, events *Events) {
	if got != c.want {
		t.Errorf("the flow's value is %q, want %q", got, c.want)
	}
	c.judgeError(t, err)
	c.judgeUndone(t, err)
	if len(events.All()) > 0 {
		c.judgeEvents(t, events)
	}
}

func (c *flowCase) judgeError(t *testing.T, err error) {
	text := ""
	if err != nil {
		text, _, _ = strings.Cut(err.Error(), "\n\n") // the stack of a panic
	}
	part, isPart := strings.CutPrefix(c.fails, "…")
	if !isPart && text != c.fails || isPart && !strings.Contains(text, part) {
		t.Errorf("the flow's error is %q, want %q", text, c.fails)
	}
	te, ok := errors.AsType[*asap.TaskError](err)
	switch {
	case c.task == "":
	case !ok:
		t.Errorf("errors.As finds no *asap.TaskError in %v, want that of task %s", err, c.task)
	case te.Task != c.task:
		t.Errorf("the *asap.TaskError is of task %s, want %s", te.Task, c.task)
	}
}

// judgeEvents checks what holds whatever the engine: the contract of observers,
// who was skipped and why, and the limit.
func (c *flowCase) judgeEvents(t *testing.T, events *Events) {
	if err := events.Check(); err != nil {
		t.Error(err)
	}
	var names, skipped []string
	running := make(map[asap.ID]bool)
	for _, e := range events.All() {
		switch e.Kind {
		case asap.Declared:
			names = append(names, e.Name)
		case asap.Started:
			running[e.Task] = true
			if c.rule == "R21 limit" && len(running) > 2 {
				t.Errorf("task %s started as number %d at the same time under Limit(2)", e.Name, len(running))
			}
		case asap.Ended:
			delete(running, e.Task)
			if e.Outcome != asap.Skipped {
				continue
			}
			skipped = append(skipped, e.Name)
			te, ok := errors.AsType[*asap.TaskError](e.Err)
			if c.task != "" && (!ok || te.Task != c.task) {
				t.Errorf("task %s was skipped with %q, want the error of task %s in it", e.Name, e.Err, c.task)
			}
			if text := e.Name + " skipped: "; !strings.HasPrefix(e.Err.Error(), text) {
				t.Errorf("task %s was skipped with %q, want a text that begins with %q", e.Name, e.Err, text)
			}
		}
	}
	slices.SortStableFunc(skipped, func(a, b string) int { return slices.Index(names, a) - slices.Index(names, b) })
	if got := strings.Join(skipped, " "); c.skips != "" && got != c.skips {
		t.Errorf("skipped were %q, want %q", got, c.skips)
	}
}
