package asaptest_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
)

// Random flows give the same in the process, on executors and under Portable:
// the value, the error, the failures, and how each task ends.
func TestPortableRandom(t *testing.T) {
	flows := 1000
	if testing.Short() {
		flows = 100
	}
	kinds := make(map[string]int)
	tasks := 0
	for seed := range uint64(flows) {
		c := randomflow.New(seed)
		kinds[c.Kind]++
		tasks += c.Tasks
		for _, engine := range []struct {
			name string
			on   flow.Executor
		}{
			{"in the process", nil},
			{"on an executor", asaptest.NewExecutor(t.Context(), seed)},
			{"in parallel", newParallel(t.Context())},
		} {
			var o randomflow.Observer
			out, err := c.Flow.With(asap.Observe(&o), flow.On(engine.on)).Run(t.Context(), c.In)
			checkRandom(t, c, engine.name, out, err, o.Runs()[0])
		}
		var o randomflow.Observer
		n := &note{TB: t}
		out, err := asaptest.Portable(n, c.Flow.With(asap.Observe(&o)), c.In)
		if n.said != nil {
			t.Errorf("Portable says\n%s", strings.Join(n.said, "\n"))
		}
		runs := o.Runs()
		checkRandom(t, c, "in the journal", out, err, runs[0])
		checkRandom(t, c, "on replay", out, err, runs[1])
		if t.Failed() {
			t.Fatalf("flow %d: %s", seed, c.Kind)
		}
	}
	t.Logf("%d flows with %d tasks: %v", flows, tasks, kinds)
	for _, kind := range []string{"fail-fast", "fail-fast, fails", "fail-fast, exits", "settled", "settled, fails", "settled, exits"} {
		if kinds[kind] == 0 {
			t.Errorf("no flow is %s", kind)
		}
	}
}

func checkRandom(t *testing.T, c *randomflow.Case, where string, out randomflow.Value, err error, tasks map[string]randomflow.Ended) {
	t.Helper()
	if err := c.Check(out, err); err != nil {
		t.Errorf("%s: %v", where, err)
	}
	if err := c.CheckTasks(tasks, false); err != nil {
		t.Errorf("%s: %v", where, err)
	}
}

// A check that passes everything would say nothing.
func TestRandomFlowIsChecked(t *testing.T) {
	seen := 0
	for seed := range uint64(200) {
		c := randomflow.New(seed)
		var o randomflow.Observer
		out, err := c.Flow.With(asap.Observe(&o)).Run(context.Background(), c.In)
		tasks := o.Runs()[0]
		wrong := out
		wrong.N++
		if c.Check(wrong, err) == nil {
			t.Errorf("flow %d: another value passes", seed)
		}
		if c.Check(out, errDown) == nil {
			t.Errorf("flow %d: another error passes", seed)
		}
		if err != nil && c.Check(out, nil) == nil {
			t.Errorf("flow %d: no error passes", seed)
		}
		if end := tasks["result"]; end.Outcome == asap.Skipped {
			seen++
			tasks["result"] = randomflow.Ended{Outcome: asap.Succeeded}
			if c.CheckTasks(tasks, false) == nil {
				t.Errorf("flow %d: another outcome passes", seed)
			}
			tasks["result"] = randomflow.Ended{Outcome: asap.Skipped, Err: errDown}
			if c.CheckTasks(tasks, false) == nil {
				t.Errorf("flow %d: another error of a skipped task passes", seed)
			}
		}
		delete(tasks, "result")
		if c.CheckTasks(tasks, false) == nil {
			t.Errorf("flow %d: a missing task passes", seed)
		}
	}
	if seen == 0 {
		t.Error("no flow skips its result")
	}
}

// A case may be run at the same time.
func TestRandomFlowsInParallel(t *testing.T) {
	var wg sync.WaitGroup
	c := randomflow.New(11)
	for range 20 {
		wg.Go(func() {
			if err := c.Check(c.Flow.Run(t.Context(), c.In)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
