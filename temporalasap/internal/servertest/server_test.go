package servertest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

var limits = flag.Bool("limits", false, "fail where something takes longer than the documentation says: for a machine with nothing else to do")

func TestMain(m *testing.M) {
	if os.Getenv(orderServer) != "" { // a worker of TestServerOrderKilled
		fmt.Fprintln(os.Stderr, serveOrders())
		os.Exit(1)
	}
	code := m.Run()
	server.CloseShared()
	os.Exit(code)
}

// defaults is what most tests register flows with.
var defaults = temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute})

// cluster is a server with one worker that serves flows of a test.
type cluster struct {
	t      testing.TB
	client client.Client
	queue  string
}

// serve starts a worker on the shared server with what register registers.
func serve(t testing.TB, register func(worker.Worker) error, options ...worker.Options) *cluster {
	t.Helper()
	return serveOn(t, server.Shared(t), register, options...)
}

func serveOn(t testing.TB, s *server.Test, register func(worker.Worker) error, options ...worker.Options) *cluster {
	t.Helper()
	c := &cluster{t, s.Client(client.Options{Identity: "test"}), t.Name()}
	var o worker.Options
	if len(options) > 0 {
		o = options[0]
	}
	w := worker.New(c.client, c.queue, o)
	if err := register(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return c
}

func (c *cluster) options() client.StartWorkflowOptions {
	return client.StartWorkflowOptions{TaskQueue: c.queue, WorkflowExecutionTimeout: 10 * time.Minute}
}

func (c *cluster) history(id, run string) *history.History {
	c.t.Helper()
	h := new(history.History)
	events := c.client.GetWorkflowHistory(c.t.Context(), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			c.t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	return h
}

// count counts the events of a type.
func count(h *history.History, kind enums.EventType) (n int) {
	for _, e := range h.Events {
		if e.EventType == kind {
			n++
		}
	}
	return n
}

// newReplayer returns one that no slow machine stops.
func newReplayer(t testing.TB) worker.WorkflowReplayer {
	t.Helper()
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replay runs the flow's workflow again on a history and wants the same commands.
func replay[In, Out any](t *testing.T, f *flow.Flow[In, Out], h *history.History, options ...temporalasap.Option) {
	t.Helper()
	r := newReplayer(t)
	if err := temporalasap.Register(r, f, append([]temporalasap.Option{defaults}, options...)...); err != nil {
		t.Fatal(err)
	}
	if err := r.ReplayWorkflowHistory(server.Quiet{}, h); err != nil {
		t.Errorf("replay of %s: %v", f.Name(), err)
	}
}

// The same suite as in the test environment, on a real server; every history
// is replayed.
func TestServerEngine(t *testing.T) {
	c := serve(t, func(w worker.Worker) error {
		for _, f := range asaptest.Flows() {
			if err := temporalasap.Register(w, f, defaults); err != nil {
				return err
			}
		}
		return nil
	})
	asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
		h, err := temporalasap.Start(ctx, c.client, f, in, c.options())
		if err != nil {
			return "", err
		}
		out, err := h.Wait(ctx)
		events := c.history(h.ID(), h.RunID())
		replay(t, f, events)
		golden(t, f.Name(), events)
		return out, err
	})
}

func sleepUntilDone(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(2 * time.Minute):
		return errors.New("nobody has canceled the body")
	}
}

// How long it takes until a sibling hears of a failure, and the caller's cancel.
func TestServerCancelReachesBodies(t *testing.T) {
	const beat = 3 * time.Second
	for _, test := range []struct {
		name  string
		most  time.Duration
		start []server.Option
	}{
		{"pushed", 50 * time.Millisecond, nil},
		{"by heartbeat", beat / 2, []server.Option{server.NoPush()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := server.Start(t, test.start...)
			var failed, heard, running atomic.Int64
			fail := make(chan struct{}, 1)
			f := flow.Define("siblings", func(g *asap.Group, in *asap.Task[bool]) *asap.Task[string] {
				in.Do("user", func(ctx context.Context, fails bool) error {
					running.Add(1)
					if !fails {
						defer func() { heard.Store(time.Now().UnixNano()) }()
						return sleepUntilDone(ctx)
					}
					<-fail
					failed.Store(time.Now().UnixNano())
					return errors.New("not found")
				})
				return in.Then("sibling", func(ctx context.Context, _ bool) (string, error) {
					running.Add(1)
					defer func() { heard.Store(time.Now().UnixNano()) }()
					return "", sleepUntilDone(ctx)
				})
			})
			c := serveOn(t, s, func(w worker.Worker) error {
				return temporalasap.Register(w, f, temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: beat}))
			})
			h, err := temporalasap.Start(t.Context(), c.client, f, true, c.options())
			if err != nil {
				t.Fatal(err)
			}
			poll(t, "both bodies run", func() bool { return running.Load() == 2 })
			fail <- struct{}{}
			_, err = h.Wait(t.Context())
			if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != "user" || err.Error() != "user: not found" {
				t.Errorf("Get: %v, want the failure of user", err)
			}
			after := time.Duration(heard.Load() - failed.Load())
			t.Logf("a sibling heard of the failure after %v", after)
			if *limits && after > test.most {
				t.Errorf("a sibling heard of the failure after %v, want at most %v", after, test.most)
			}
			events := c.history(h.ID(), h.RunID())
			if n := count(events, enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED) + count(events, enums.EVENT_TYPE_ACTIVITY_TASK_FAILED); n != 2 {
				t.Errorf("%d activities failed or were canceled, want both", n)
			}
			replay(t, f, events)

			running.Store(0)
			h, err = temporalasap.Start(t.Context(), c.client, f, false, c.options())
			if err != nil {
				t.Fatal(err)
			}
			poll(t, "both bodies run", func() bool { return running.Load() == 2 })
			asked := time.Now()
			if err := h.Cancel(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			_, err = h.Wait(t.Context())
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Get after Cancel: %v, want the cancellation", err)
			}
			if wf, ok := errors.AsType[*temporal.WorkflowExecutionError](err); !ok || !temporal.IsCanceledError(wf) {
				t.Errorf("Get after Cancel: %v, want Temporal's canceled workflow in it", err)
			}
			t.Logf("a cancel reached the bodies after %v", time.Unix(0, heard.Load()).Sub(asked))
			replay(t, f, c.history(h.ID(), h.RunID()))
		})
	}
}

// poll waits until something is so that another process brings about.
func poll(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after two minutes: %s", what)
		}
	}
}

func TestServerRunIsCanceled(t *testing.T) {
	running := make(chan struct{}, 1)
	f := flow.Define("slow", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("user", func(ctx context.Context, n int) (int, error) {
			running <- struct{}{}
			return n, sleepUntilDone(ctx)
		})
	})
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) })
	ctx, cancel := context.WithCancelCause(t.Context())
	shut := errors.New("shop closes")
	go func() { <-running; cancel(shut) }()
	_, err := temporalasap.Run(ctx, c.client, f, 1, c.options())
	if !errors.Is(err, context.Canceled) || !errors.Is(err, shut) {
		t.Errorf("Run: %v, want the context's error and cause", err)
	}
}

func TestServerTasksAndAttach(t *testing.T) {
	goOn := make(chan struct{})
	running := make(chan struct{}, 1)
	f := flow.Define("order", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		stock := in.Then("stock", func(_ context.Context, n int) (int, error) { return n, nil })
		charge := stock.Then("charge", func(_ context.Context, n int) (int, error) {
			running <- struct{}{}
			<-goOn
			return n + 1, nil
		})
		bad := charge.Optional("mail", func(context.Context, int) (int, error) { return 0, errors.New("no address") })
		return bad.And(charge).Then("receipt", func(_ context.Context, r asap.Result[int], n int) (int, error) { return r.Or(10 * n), nil })
	})
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) })
	options := c.options()
	options.ID = "order-" + fmt.Sprint(time.Now().UnixNano())
	started, err := temporalasap.Start(t.Context(), c.client, f, 1, options)
	if err != nil {
		t.Fatal(err)
	}
	h := temporalasap.Attach(t.Context(), c.client, f, options.ID, "")
	<-running
	states, err := h.Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range states {
		if since := states[i].Since; time.Since(since) > time.Hour {
			t.Errorf("%s is %s since %v", states[i].Task, states[i].State, since)
		}
		states[i].Since = time.Time{}
	}
	want := []flow.TaskState{{Task: "stock", State: flow.StateSucceeded, Attempt: 1}, {Task: "charge", State: flow.StateRunning, Attempt: 1},
		{Task: "mail", State: flow.StateWaiting}, {Task: "receipt", State: flow.StateWaiting}}
	equal(t, "Tasks in the middle", states, want)
	close(goOn)
	v, err := h.Wait(t.Context())
	if v != 20 || err != nil {
		t.Errorf("Get = %d, %v, want 20, nil", v, err)
	}
	states, err = started.Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range states {
		states[i].Since = time.Time{}
	}
	want = []flow.TaskState{{Task: "stock", State: flow.StateSucceeded, Attempt: 1}, {Task: "charge", State: flow.StateSucceeded, Attempt: 1},
		{Task: "mail", State: flow.StateTolerated, Attempt: 1, Error: "no address"}, {Task: "receipt", State: flow.StateSucceeded, Attempt: 1}}
	equal(t, "Tasks at the end", states, want)
	replay(t, f, c.history(started.ID(), started.RunID()))
}

// A worker that is stopped hands its bodies on: their contexts end, and another
// worker runs them again.
func TestServerWorkerStops(t *testing.T) {
	var tries atomic.Int64
	running := make(chan struct{}, 1)
	f := flow.Define("moves", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("user", func(ctx context.Context, n int) (int, error) {
			if tries.Add(1) > 1 {
				return n + 1, nil
			}
			running <- struct{}{}
			return 0, sleepUntilDone(ctx)
		})
	})
	register := func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) }
	c := &cluster{t, server.Shared(t).Client(), t.Name()}
	first := worker.New(c.client, c.queue, worker.Options{})
	if err := register(first); err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
	if err != nil {
		t.Fatal(err)
	}
	<-running
	first.Stop()
	serve(t, register)
	v, err := h.Wait(t.Context())
	if v != 2 || err != nil || tries.Load() != 2 {
		t.Errorf("Get = %d, %v after %d tries; want 2, nil after 2", v, err, tries.Load())
	}
	replay(t, f, c.history(h.ID(), h.RunID()))
}

// equal compares what a call gave with what it should.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}
