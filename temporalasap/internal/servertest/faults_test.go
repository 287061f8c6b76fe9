package servertest_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// sealer encrypts payloads.
type sealer struct{ gcm cipher.AEAD }

func newSealer() sealer {
	block, _ := aes.NewCipher(make([]byte, 16))
	gcm, _ := cipher.NewGCM(block)
	return sealer{gcm}
}

func (s sealer) Encode(payloads []*commonpb.Payload) (out []*commonpb.Payload, err error) {
	for _, p := range payloads {
		data, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, s.gcm.NonceSize())
		_, _ = rand.Read(nonce)
		out = append(out, &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/sealed")}, Data: s.gcm.Seal(nonce, nonce, data, nil)})
	}
	return out, nil
}

func (s sealer) Decode(payloads []*commonpb.Payload) (out []*commonpb.Payload, err error) {
	for _, p := range payloads {
		if string(p.Metadata[converter.MetadataEncoding]) != "binary/sealed" {
			return nil, errors.New("not sealed")
		}
		n := s.gcm.NonceSize()
		data, err := s.gcm.Open(nil, p.Data[:n], p.Data[n:], nil)
		back := new(commonpb.Payload)
		if err == nil {
			err = proto.Unmarshal(data, back)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, back)
	}
	return out, nil
}

// shows reports whether a text is in the history, in clear or in base64.
func shows(t *testing.T, h *history.History, text string) bool {
	t.Helper()
	data, err := protojson.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), text) {
		return true
	}
	for _, field := range payload.FindAllString(string(data), -1) {
		raw, _ := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimPrefix(field, `"data":`), `" `))
		if strings.Contains(string(raw), text) {
			return true
		}
	}
	return false
}

// With a client that encrypts, an exit, a value beside an error, and the error itself come
// back as they were, and nothing of values is in clear in the history.
func TestServerSealed(t *testing.T) {
	const secret = "the word is sesame"
	dc := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), newSealer())
	early := flow.Define("sealed-exit", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		exit := g.NewExit[string]()
		cache := in.Do("cache", func(context.Context, int) error { return exit.With(secret) })
		return cache.Then("page", func(context.Context, struct{}) (string, error) { return "", nil })
	})
	beside := flow.Define("sealed-value", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		in.Do("mail", func(context.Context, int) error {
			return fmt.Errorf("mail: %w", temporal.NewApplicationError("declined", "CardDeclined", secret))
		})
		return in.Then("page", func(context.Context, int) (string, error) { return secret, nil })
	}, asap.Settled())
	register := func(w worker.Worker) error {
		return errors.Join(temporalasap.Register(w, early, defaults, temporalasap.Converter(dc)), temporalasap.Register(w, beside, defaults, temporalasap.Converter(dc)))
	}
	s := server.Shared(t)
	c := &cluster{t, s.Client(client.Options{Identity: "test", DataConverter: dc}), t.Name()}
	w := worker.New(c.client, c.queue, worker.Options{})
	if err := register(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	for _, f := range []*flow.Flow[int, string]{early, beside} {
		h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
		if err != nil {
			t.Fatal(err)
		}
		v, err := h.Wait(t.Context())
		if v != secret {
			t.Errorf("Get of %s = %q, %v, want the value", f.Name(), v, err)
		}
		if f == early && err != nil {
			t.Errorf("Get of %s: %v", f.Name(), err)
		}
		if f == beside {
			te, isTask := errors.AsType[*asap.TaskError](err)
			app, isApp := errors.AsType[*temporal.ApplicationError](err)
			if !isTask || te.Task != "mail" || !isApp || app.Type() != "CardDeclined" {
				t.Errorf("Get of %s: %v, want the error of mail in it", f.Name(), err)
			}
		}
		if shows(t, c.history(h.ID(), h.RunID()), secret) {
			t.Errorf("the history of %s has the secret", f.Name())
		}
	}
}

// An ApplicationError keeps what it knows, and is why the workflow has failed; a limit of
// time of Temporal's is a deadline.
func TestServerErrorsKeepWhatTheyKnow(t *testing.T) {
	type detail struct{ Card string }
	declined := flow.Define("declined", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(context.Context, int) (int, error) {
			return 0, fmt.Errorf("bank: %w", temporal.NewApplicationError("declined", "CardDeclined", detail{"4242"}))
		})
	})
	slow := flow.Define("slow", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(ctx context.Context, _ int) (int, error) { return 0, sleepUntilDone(ctx) })
	})
	c := serve(t, func(w worker.Worker) error {
		return errors.Join(temporalasap.Register(w, declined, defaults), temporalasap.Register(w, slow,
			temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 500 * time.Millisecond})))
	})
	_, err := temporalasap.Run(t.Context(), c.client, declined, 1, c.options())
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	var d detail
	if !ok || app.Type() != "CardDeclined" || app.Details(&d) != nil || d.Card != "4242" {
		t.Errorf("Run = %v, want the ApplicationError with its type and details, got %v", err, d)
	}
	wf, ok := errors.AsType[*temporal.WorkflowExecutionError](err)
	if ok {
		app, ok = errors.AsType[*temporal.ApplicationError](wf)
	}
	if !ok || app.Type() != "asap.GroupError" {
		t.Fatalf("Run = %v, want the failure of the workflow in it", err)
	}
	if why, ok := errors.AsType[*temporal.ApplicationError](app.Unwrap()); !ok || why.Type() != "CardDeclined" {
		t.Errorf("the failure's cause is %v, want the ApplicationError", app.Unwrap())
	}
	if _, err := temporalasap.Run(t.Context(), c.client, slow, 1, c.options()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run of what is slow = %v, want a deadline", err)
	}
}

// A body that waits for somebody else holds up no cancel, failure or decided Race, with
// Pending or without.
func TestServerPending(t *testing.T) {
	for _, pending := range []bool{true, false} {
		var asked atomic.Int64
		wait := func(context.Context, int) (int, error) { asked.Add(1); return 0, activity.ErrResultPending }
		name := fmt.Sprint("approved-", pending)
		f := flow.Define(name, func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("approval", wait) })
		failing := flow.Define("failing-"+name, func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			in.Do("charge", func(context.Context, int) error { time.Sleep(100 * time.Millisecond); return errors.New("declined") })
			return in.Then("approval", wait)
		})
		options := []temporalasap.TaskOption{temporalasap.Activity(workflow.ActivityOptions{StartToCloseTimeout: 72 * time.Hour})}
		if pending {
			options = append(options, temporalasap.Pending())
		}
		c := serve(t, func(w worker.Worker) error {
			return errors.Join(temporalasap.Register(w, f, defaults, temporalasap.Task("approval", options...)),
				temporalasap.Register(w, failing, defaults, temporalasap.Task("approval", options...)))
		})
		start := func(f *flow.Flow[int, int]) *temporalasap.Handle[int] {
			n := asked.Load()
			h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
			if err != nil {
				t.Fatal(err)
			}
			for asked.Load() == n {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond) // the answer is on its way
			return h
		}
		h := start(f)
		if err := c.client.CompleteActivityByID(t.Context(), "default", h.ID(), h.RunID(), "approval", 7, nil); err != nil {
			t.Error(err)
		}
		if v, err := h.Wait(t.Context()); v != 7 || err != nil {
			t.Errorf("approved, pending %t: Get = %d, %v, want 7", pending, v, err)
		}
		h = start(f)
		began := time.Now()
		if err := h.Cancel(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Wait(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled, pending %t: Get = %v", pending, err)
		}
		t.Logf("pending %t: canceled after %v", pending, time.Since(began))
		if _, err := start(failing).Wait(t.Context()); err == nil || err.Error() != "charge: declined" {
			t.Errorf("failed, pending %t: Get = %v, want the error of charge", pending, err)
		}
	}
}

// late is an interceptor that has the first attempt in hand for longer than the server
// waits.
type late struct {
	interceptor.WorkerInterceptorBase
	first sync.Once
}

func (l *late) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &lateIn{late: l}
	i.Next = next
	return i
}

type lateIn struct {
	interceptor.ActivityInboundInterceptorBase
	late *late
}

func (i *lateIn) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	i.late.first.Do(func() { time.Sleep(4 * time.Second) })
	return i.Next.ExecuteActivity(ctx, in)
}

// A body whose attempt the server has given up does not begin.
func TestServerStaleAttempt(t *testing.T) {
	var ran, early atomic.Int64
	f := flow.Define("stale", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(ctx context.Context, n int) (int, error) {
			if activity.GetInfo(ctx).Attempt == 1 {
				early.Add(1)
			}
			ran.Add(1)
			return n, nil
		})
	})
	c := serve(t, func(w worker.Worker) error {
		return temporalasap.Register(w, f, temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: time.Second}))
	}, worker.Options{Interceptors: []interceptor.WorkerInterceptor{&late{}}})
	if _, err := temporalasap.Run(t.Context(), c.client, f, 1, c.options()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // the first attempt comes back
	if ran.Load() != 1 || early.Load() != 0 {
		t.Errorf("%d bodies began, %d of them in an attempt that was given up; want 1 and 0", ran.Load(), early.Load())
	}
}

// ends counts the ends of tasks.
type ends struct {
	mu sync.Mutex
	of map[string]int
}

func (*ends) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (e *ends) Observe(v asap.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v.Kind == asap.Ended {
		e.of[v.Name]++
	}
}

// Observers hear of each end once, however often the flow is replayed.
func TestServerObserversHearNoReplay(t *testing.T) {
	e := &ends{of: make(map[string]int)}
	f := flow.Define("observed", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		for i := range 5 {
			in = in.Then(fmt.Sprint("step", i), func(ctx context.Context, n int) (int, error) {
				worker.PurgeStickyWorkflowCache()
				return add(ctx, n)
			})
		}
		return in
	}, asap.Observe(e))
	c := serve(t, func(w worker.Worker) error { return temporalasap.Register(w, f, defaults) })
	h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := h.Wait(t.Context()); v != 6 || err != nil {
		t.Errorf("Get = %d, %v, want 6", v, err)
	}
	if _, err := h.Tasks(t.Context()); err != nil { // replays what has ended
		t.Error(err)
	}
	replay(t, f, c.history(h.ID(), h.RunID()))
	e.mu.Lock()
	defer e.mu.Unlock()
	for name, n := range e.of {
		if n != 1 {
			t.Errorf("%s ended %d times, want once", name, n)
		}
	}
	if len(e.of) != 6 { // the input, too
		t.Errorf("ends of %v, want all six", e.of)
	}
}

// A task that fails again and again says so.
func TestServerTasksOfAttempts(t *testing.T) {
	var tries atomic.Int64
	f := flow.Define("insists", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(_ context.Context, n int) (int, error) {
			if tries.Add(1) < 30 {
				return 0, errors.New("card service down")
			}
			return n, nil
		})
	})
	c := serve(t, func(w worker.Worker) error {
		return temporalasap.Register(w, f, defaults, temporalasap.Task("charge", temporalasap.Activity(workflow.ActivityOptions{
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 1}})))
	})
	h, err := temporalasap.Start(t.Context(), c.client, f, 1, c.options())
	if err != nil {
		t.Fatal(err)
	}
	for tries.Load() < 4 {
		time.Sleep(10 * time.Millisecond)
	}
	states, err := h.Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := states[0]; s.State != flow.StateRunning || s.Attempt < 3 || s.Error != "card service down" || time.Since(s.Since) > time.Minute {
		t.Errorf("Tasks = %+v, want the attempt and its error", s)
	}
	if err := h.Cancel(t.Context(), nil); err != nil {
		t.Error(err)
	}
	_, _ = h.Wait(t.Context())
}

// What cannot be encoded is a final error of its task, also where every error is tried
// again.
func TestServerUncodable(t *testing.T) {
	var ran atomic.Int64
	f := flow.Define("uncodable", func(g *asap.Group, in *asap.Task[int]) *asap.Task[float64] {
		return in.Then("ratio", func(context.Context, int) (float64, error) { ran.Add(1); return math.NaN(), nil })
	})
	for kind, option := range map[string]temporalasap.TaskOption{
		"activity": nil,
		"retried":  temporalasap.Activity(workflow.ActivityOptions{RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond}}),
		"local":    temporalasap.Local(workflow.LocalActivityOptions{}),
	} {
		t.Run(kind, func(t *testing.T) {
			ran.Store(0)
			c := serve(t, func(w worker.Worker) error {
				return temporalasap.Register(w, f, defaults, temporalasap.Task("ratio", option))
			})
			_, err := temporalasap.Run(t.Context(), c.client, f, 1, c.options())
			if err == nil || !strings.HasPrefix(err.Error(), "ratio: its value cannot be encoded: ") || ran.Load() != 1 {
				t.Errorf("Run = %v after %d bodies, want an error of ratio after one", err, ran.Load())
			}
		})
	}
}
