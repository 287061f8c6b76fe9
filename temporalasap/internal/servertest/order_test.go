package servertest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/examples/order"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// Environment of a worker's process: the server, the task queue, the folder of what was
// done, and where it dies once.
const (
	orderServer    = "ASAP_ORDER_SERVER"
	orderNamespace = "ASAP_ORDER_NAMESPACE"
	orderQueue     = "ASAP_ORDER_QUEUE"
	orderFolder    = "ASAP_ORDER_FOLDER"
	orderDeath     = "ASAP_ORDER_DEATH"
)

// desk is the services of orders, who know what they have done: a file for each effect.
type desk struct{ folder, death string }

// once makes a file, and reports whether it was not there.
func (d *desk) once(name string) bool {
	f, err := os.OpenFile(filepath.Join(d.folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

func (d *desk) has(name string) bool {
	_, err := os.Stat(filepath.Join(d.folder, name))
	return err == nil
}

// at dies if it is the place to die at, as by kill -9.
func (d *desk) at(place string) {
	if place == d.death && d.once("died") {
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	}
}

// do has an effect once, whoever asks and however often, and may die before or after it.
func (d *desk) do(what, who string) string {
	d.at("before " + what)
	d.once(what + " " + who)
	d.at("after " + what)
	return who
}

func (d *desk) Reserve(_ context.Context, o order.Order) (string, error) {
	return d.do("reserve", o.ID), nil
}
func (d *desk) Charge(_ context.Context, o order.Order) (string, error) {
	return d.do("charge", fmt.Sprint(o.Amount)), nil
}
func (d *desk) Book(_ context.Context, carrier string, _ order.Order) (string, error) {
	if carrier == "post" {
		d.at("strike")
		return "", errors.New("post is on strike")
	}
	return d.do("book", carrier), nil
}
func (d *desk) Release(_ context.Context, shelf string) error { d.do("release", shelf); return nil }
func (d *desk) Refund(_ context.Context, paid string) error   { d.do("refund", paid); return nil }
func (d *desk) Unbook(_ context.Context, p string) error      { d.do("unbook", p); return nil }

// flow is the order's, which may die in the body that has no service, too.
func (d *desk) flow() *flow.Flow[order.Order, string] {
	return order.New(d).With(asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
		d.at("before " + task)
		err := body(ctx)
		d.at("after " + task)
		return err
	}))
}

// serveOrders is the worker's process.
func serveOrders() error {
	c, err := client.Dial(client.Options{HostPort: os.Getenv(orderServer), Namespace: os.Getenv(orderNamespace), Logger: server.Quiet{}})
	if err != nil {
		return err
	}
	w := worker.New(c, os.Getenv(orderQueue), worker.Options{StickyScheduleToStartTimeout: 500 * time.Millisecond})
	d := &desk{os.Getenv(orderFolder), os.Getenv(orderDeath)}
	err = temporalasap.Register(w, d.flow(), temporalasap.Defaults(workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Second, HeartbeatTimeout: time.Second}))
	if err != nil {
		return err
	}
	go func() { // ends with the process
		for d.death == "waiting" && !d.has("charge 30") {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		d.at("waiting")
	}()
	return w.Run(worker.InterruptCh())
}

// workers starts the process of a worker again whenever it has died, until the test ends.
func workers(t *testing.T, env ...string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	wg.Go(func() {
		for ctx.Err() == nil {
			w := exec.CommandContext(ctx, self)
			w.Env = append(os.Environ(), env...)
			out, err := w.CombinedOutput()
			if len(out) > 0 && ctx.Err() == nil {
				t.Logf("worker: %v: %s", err, out)
			}
		}
	})
}

// TestServerOrderKilled: the order of examples/order, whose worker is killed once in each of
// its steps, before and after the effect of it: what is charged is refunded if and only if
// it does not go out, and once.
func TestServerOrderKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("two seconds for each place to die at")
	}
	s := server.Shared(t)
	c := s.Client()
	begun := []string{"", "before reserve", "after reserve", "before charge", "after charge", "waiting"}
	undone := []string{"before refund", "after refund", "before release", "after release"}
	for _, end := range []struct {
		name   string
		places []string
		decide func(ctx context.Context, h *temporalasap.Handle[string]) error
		want   string
		did    string // in order of the alphabet
		is     func(error) bool
	}{
		{"approve", []string{"before approved", "after approved", "strike", "before book", "after book"},
			func(ctx context.Context, h *temporalasap.Handle[string]) error {
				return h.Signal(ctx, "approval", order.Approval{By: "ada", OK: true})
			}, "bike", "book bike, charge 30, reserve 7", func(err error) bool { return err == nil }},
		{"refuse", append([]string{"before approved", "after approved"}, undone...),
			func(ctx context.Context, h *temporalasap.Handle[string]) error {
				return h.Signal(ctx, "approval", order.Approval{By: "eve"})
			}, "", "charge 30, refund 30, release 7, reserve 7", func(err error) bool {
				return err != nil && err.Error() == "approved: refused by eve"
			}},
		{"cancel", undone,
			func(ctx context.Context, h *temporalasap.Handle[string]) error { return h.Cancel(ctx, nil) },
			"", "charge 30, refund 30, release 7, reserve 7", func(err error) bool {
				_, canceled := errors.AsType[*temporal.CanceledError](err)
				return canceled && errors.Is(err, context.Canceled)
			}},
	} {
		for _, place := range append(begun[:len(begun):len(begun)], end.places...) {
			t.Run(end.name+"/"+place, func(t *testing.T) {
				t.Parallel()
				d := &desk{folder: t.TempDir()}
				queue := strings.ReplaceAll(t.Name(), " ", "_")
				workers(t, orderServer+"="+s.Addr(), orderNamespace+"="+s.Namespace(), orderQueue+"="+queue, orderFolder+"="+d.folder, orderDeath+"="+place)
				h, err := temporalasap.Start(t.Context(), c, d.flow(), order.Order{ID: "7", Amount: 30},
					client.StartWorkflowOptions{TaskQueue: queue, WorkflowTaskTimeout: time.Second, WorkflowExecutionTimeout: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				for !expects(t.Context(), h) || place == "waiting" && !d.has("died") {
					time.Sleep(50 * time.Millisecond)
				}
				if err := end.decide(t.Context(), h); err != nil {
					t.Fatal(err)
				}
				got, err := h.Wait(t.Context())
				if got != end.want || !end.is(err) {
					t.Errorf("Wait = %q, %v, want %q", got, err, end.want)
				}
				files, err := filepath.Glob(filepath.Join(d.folder, "*"))
				if err != nil {
					t.Fatal(err)
				}
				var did []string
				died := false
				for _, f := range files { // in order of their names
					if name := filepath.Base(f); name == "died" {
						died = true
					} else {
						did = append(did, name)
					}
				}
				if log := strings.Join(did, ", "); log != end.did {
					t.Errorf("happened: %s, want %s", log, end.did)
				}
				if place != "" && !died {
					t.Errorf("no worker has died %s", place)
				}
				done := completed((&cluster{t, c, queue}).history(h.ID(), h.RunID()))
				if done["charge.undo"] != (end.want == "") || done["stock.undo"] != (end.want == "") {
					t.Errorf("activities %v", done)
				}
			})
		}
	}
}

// expects reports whether an order waits for its approval.
func expects(ctx context.Context, h *temporalasap.Handle[string]) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // a worker may have died over it
	defer cancel()
	states, err := h.Tasks(ctx)
	if err != nil {
		return false
	}
	for _, s := range states {
		if s.Task == "approval" && s.State == flow.StateExpected {
			return true
		}
	}
	return false
}
