package servertest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/randomflow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

var (
	randomFlows = flag.Int("random", 1000, "flows that TestRandomServer runs")
	activities  = flag.Bool("activities", false, "run every task of these flows as an activity, and none as a local one")
)

// Random flows give on a server what they give in the process: the value, the
// error, its failures, and how each task ends, and every history is replayed.
// One in five runs its tasks as activities, and the recording that is made of
// its history has to tell the same. The others run some as activities and most
// as local activities, which cost the server a tenth. With activities alone,
// for which -activities asks (make soak), the test takes minutes.
func TestRandomServer(t *testing.T) {
	runs := make([]*randomRun, *randomFlows)
	for seed := range runs {
		runs[seed] = newRandomRun(t, uint64(seed))
	}
	c := serve(t, func(w worker.Worker) error {
		for _, r := range runs {
			if err := temporalasap.Register(w, r.Flow.With(asap.Observe(&r.seen)), r.options...); err != nil {
				return err
			}
		}
		return nil
	}, worker.Options{MaxConcurrentActivityTaskPollers: 8, MaxConcurrentWorkflowTaskPollers: 8})
	began := time.Now()
	next := make(chan *randomRun)
	var wg sync.WaitGroup
	var events atomic.Int64
	for range 12 {
		wg.Go(func() {
			for r := range next {
				n, err := r.onServer(c)
				events.Add(int64(n))
				if err != nil {
					t.Errorf("%v (%s, mixed: %t)", err, r.Kind, r.mixed)
				}
			}
		})
	}
	for _, r := range runs {
		if t.Failed() {
			break
		}
		next <- r
	}
	close(next)
	wg.Wait()
	t.Logf("%d flows, %d events in %v", len(runs), events.Load(), time.Since(began).Round(time.Second))
}

// randomRun is a random flow as it is registered.
type randomRun struct {
	*randomflow.Case
	mixed   bool
	options []temporalasap.Option
	seen    randomflow.Observer
}

func newRandomRun(t *testing.T, seed uint64) *randomRun {
	r := &randomRun{Case: randomflow.New(seed), options: []temporalasap.Option{defaults}}
	r.mixed = seed%5 != 0 && !*activities
	if !r.mixed {
		return r
	}
	g, err := r.Flow.Graph()
	if err != nil {
		t.Fatal(err)
	}
	remote := rand.New(rand.NewPCG(seed, 0))
	for _, task := range g.Tasks {
		if task.Kind != "input" && task.Kind != "gather" && remote.IntN(10) > 0 {
			r.options = append(r.options, temporalasap.Task(task.Name, temporalasap.Local(workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})))
		}
	}
	return r
}

// onServer runs the flow and returns the events of its history.
func (r *randomRun) onServer(c *cluster) (events int, err error) {
	o := client.StartWorkflowOptions{TaskQueue: c.queue, WorkflowExecutionTimeout: 5 * time.Minute}
	h, err := temporalasap.Start(c.t.Context(), c.client, r.Flow, r.In, o)
	if err != nil {
		return 0, err
	}
	out, err := h.Wait(c.t.Context())
	if err := r.Check(out, err); err != nil {
		return 0, err
	}
	list := c.history(h.ID(), h.RunID())
	replayer := newReplayer(c.t)
	if err := temporalasap.Register(replayer, r.Flow, r.options...); err != nil {
		return 0, err
	}
	if err := replayer.ReplayWorkflowHistory(server.Quiet{}, list); err != nil {
		return 0, fmt.Errorf("replay of %s: %w", r.Flow.Name(), err)
	}
	seen := r.seen.Runs() // more than one if the worker had to replay
	if err := r.CheckTasks(seen[len(seen)-1], false); err != nil {
		return 0, fmt.Errorf("in the workflow: %w", err)
	}
	if r.mixed {
		return len(list.Events), nil
	}
	return len(list.Events), r.recording(list)
}

// recording checks the run that is made of the history.
func (r *randomRun) recording(h *history.History) error {
	run, err := temporalasap.History(r.Flow, h)
	if err == nil {
		err = run.Validate()
	}
	if err != nil {
		return fmt.Errorf("history of %s: %w", r.Flow.Name(), err)
	}
	ends := make(map[string]randomflow.Ended)
	for _, task := range run.Tasks {
		if task.Outcome == 0 {
			return fmt.Errorf("history of %s: task %s has not ended", r.Flow.Name(), task.Name)
		}
		ends[task.Name] = randomflow.Ended{Outcome: task.Outcome}
	}
	if err := r.CheckTasks(ends, false); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	var sum time.Duration
	for _, s := range run.CriticalPath() {
		sum += s.End - s.Start
	}
	if sum != run.Makespan {
		return fmt.Errorf("history of %s: the critical path is %v long, want %v", r.Flow.Name(), sum, run.Makespan)
	}
	if same, err := run.WhatIf(); err != nil || same.Makespan != run.Makespan {
		return fmt.Errorf("history of %s: WhatIf of nothing = %v, %v, want the makespan, %v", r.Flow.Name(), same, err, run.Makespan)
	}
	return nil
}
