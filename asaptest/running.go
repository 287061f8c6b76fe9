package asaptest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// RunningFlows returns the flows that [TestRunning] runs, with names that [Flows] does not
// have.
func RunningFlows() []*flow.Flow[int, string] {
	return []*flow.Flow[int, string]{approved, tardy, overdue, mixed, odd}
}

// TestRunning runs [RunningFlows] by their handles, which start returns, and fails t
// where signals, cancels, undos, states or what comes of the runs are not those of the
// rules: in this process, or on an engine. It waits for states with real time, so a test
// in a bubble of testing/synctest needs a clock that passes there.
func TestRunning(t *testing.T, start func(ctx context.Context, f *flow.Flow[int, string], in int) (*flow.Running[string], error)) {
	for _, c := range runningCases {
		t.Run(strings.ReplaceAll(c.rule, " ", "_"), func(t *testing.T) {
			r, err := start(t.Context(), c.flow, c.in)
			if err != nil {
				t.Fatal(err)
			}
			if c.do != nil {
				c.do(t, r)
			}
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			got, err := r.Wait(ctx)
			if ctx.Err() != nil {
				states, _ := r.Tasks(t.Context())
				t.Fatalf("the run has not ended after %v: %+v", long, states)
			}
			judged := flowCase{fails: c.fails, undone: c.undone}
			if got != c.want {
				t.Errorf("the flow's value is %q, want %q", got, c.want)
			}
			judged.judgeError(t, err)
			judged.judgeUndone(t, err)
			if c.canceled && !errors.Is(err, context.Canceled) {
				t.Errorf("the error is %v, want one that is context.Canceled", err)
			}
			c.after(t, r)
		})
	}
}

// after checks what holds when the run has ended.
func (c *runningCase) after(t *testing.T, r *flow.Running[string]) {
	t.Helper()
	signals, err := c.flow.Signals()
	if err != nil || len(signals) == 0 {
		t.Fatalf("Signals: %v, %v", signals, err)
	}
	if err := r.Signal(t.Context(), "either", 4); c.flow == mixed && !errors.Is(err, flow.ErrEnded) {
		t.Errorf("Signal after the end: %v, want ErrEnded", err)
	}
	if err := r.Signal(t.Context(), "approval", verdict{"ada", true}); c.flow == approved && !errors.Is(err, flow.ErrEnded) {
		t.Errorf("Signal after the end: %v, want ErrEnded", err)
	}
	if err := r.Cancel(t.Context(), nil); err != nil {
		t.Errorf("Cancel after the end: %v, want nil", err)
	}
	for task, s := range statesOf(t, r) {
		if s.Since.IsZero() {
			t.Errorf("Tasks: %s is %s since nobody knows when", task, s.State)
		}
		body := task != "pause" && !slices.ContainsFunc(signals, func(s flow.SignalType) bool { return s.Name == task })
		if ran := s.State == flow.StateSucceeded || s.State == flow.StateFailed; body && ran != (s.Attempt == 1) || !body && s.Attempt != 0 {
			t.Errorf("Tasks: %s is %s with attempt %d", task, s.State, s.Attempt)
		}
		switch s.State {
		case flow.StateWaiting, flow.StateQueued, flow.StateRunning, flow.StateExpected, flow.StateSleeping:
			t.Errorf("Tasks: %s is %s after the end", task, s.State)
		}
	}
}

func send(t *testing.T, r *flow.Running[string], name string, value any) {
	t.Helper()
	if err := r.Signal(t.Context(), name, value); err != nil {
		t.Errorf("Signal(%s, %v) = %v", name, value, err)
	}
}

func statesOf(t *testing.T, r *flow.Running[string]) map[string]flow.TaskState {
	t.Helper()
	all, err := r.Tasks(t.Context())
	if err != nil {
		t.Fatalf("Tasks: %v", err)
	}
	states := make(map[string]flow.TaskState)
	for _, s := range all {
		if _, twice := states[s.Task]; twice {
			t.Errorf("Tasks: %s is there twice", s.Task)
		}
		states[s.Task] = s
	}
	return states
}

// until waits until the task is in that state.
func until(t *testing.T, r *flow.Running[string], task string, want flow.State) {
	t.Helper()
	for end := time.Now().Add(long); statesOf(t, r)[task].State != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("Tasks: %s is %q for %v, want %q", task, statesOf(t, r)[task].State, long, want)
		}
	}
}

// judgeUndone checks the errors of undos in err, in order.
func (c *flowCase) judgeUndone(t *testing.T, err error) {
	t.Helper()
	var undone []string
	if ge, ok := errors.AsType[*asap.GroupError](err); ok {
		for _, f := range ge.Failures {
			if text, ok := strings.CutPrefix(f.Error(), f.Task+": undo: "); ok && f.Err != nil {
				undone = append(undone, text)
			}
		}
	}
	if got := strings.Join(undone, " "); c.undone != "" && got != c.undone {
		t.Errorf("undone is %q, want %q", got, c.undone)
	}
}
