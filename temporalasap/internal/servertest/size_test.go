package servertest_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// More than a server takes at once wait in the workflow.
func TestServerWide(t *testing.T) {
	const n = 1200
	f := flow.Define("fan", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		list := in.Then("list", func(_ context.Context, n int) ([]int, error) { return make([]int, n), nil })
		return g.Map("item", list, add).Then("sum", sumOf)
	})
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) },
		worker.Options{MaxConcurrentActivityTaskPollers: 8})
	h, err := temporalasap.Start(t.Context(), c.client, f, n, c.options())
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.Wait(t.Context())
	if v != n || err != nil {
		t.Errorf("Get = %d, %v, want %d, nil", v, err, n)
	}
	events := c.history(h.ID(), h.RunID())
	open, most := 0, 0
	for _, e := range events.Events {
		switch e.EventType {
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			open++
		case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			open--
		}
		most = max(most, open)
	}
	if most != 1000 {
		t.Errorf("at most %d activities were pending, want 1000", most)
	}
	t.Logf("%d events", len(events.Events))
	replay(t, f, events)
}

// A worker may take a workflow out of memory at any step, and builds it again
// from its history.
func TestServerWithoutCache(t *testing.T) {
	f := flow.Define("cold", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for range 5 {
			in = in.Then("add", func(ctx context.Context, n int) (int, error) {
				worker.PurgeStickyWorkflowCache()
				return add(ctx, n)
			})
		}
		ads := in.Optional("ads", func(context.Context, int) (int, error) { return 0, errors.New("down") })
		won := g.Race("mirror", func(ctx context.Context) (int, error) { return 5, nil },
			func(ctx context.Context) (int, error) { return 0, sleepUntilDone(ctx) })
		return in.And(ads).And(won).Then("sum", func(_ context.Context, n int, ads asap.Result[int], m int) (int, error) {
			return n + ads.Or(100) + m, nil
		})
	})
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) })
	h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.Wait(t.Context())
	if v != 111 || err != nil {
		t.Errorf("Get = %d, %v, want 111, nil", v, err)
	}
	events := c.history(h.ID(), h.RunID())
	if n := count(events, enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED); n != 1 {
		t.Errorf("%d activities were canceled, want the loser of the race", n)
	}
	replay(t, f, events)
	// A coroutine that could not be taken apart would stay. The SDK takes them
	// apart in the background.
	worker.PurgeStickyWorkflowCache()
	var stacks string
	for range 6000 {
		text := make([]byte, 4<<20)
		stacks = string(text[:runtime.Stack(text, true)])
		if !strings.Contains(stacks, "temporalasap.execute[") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("after a minute a workflow is still in memory:\n%s", stacks)
}
