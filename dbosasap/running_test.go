package dbosasap_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// newOrder is an order that somebody has to approve, which is undone when it is not.
func newOrder(refunds *atomic.Int32) *flow.Flow[int, string] {
	return flow.Define("order", func(g *asap.Group, amount *asap.Task[int]) *asap.Task[string] {
		charge := amount.Then("charge", func(_ context.Context, n int) (string, error) { return fmt.Sprint("charge of ", n), nil }).
			Undo(func(context.Context, string) error { refunds.Add(1); return nil })
		approval := flow.Signal[bool](g, "approval", asap.After(charge), asap.Timeout(24*time.Hour))
		patience := flow.Sleep(g, "patience", 30*time.Millisecond, asap.After(charge))
		return charge.And(approval).Then("ship", func(_ context.Context, c string, a asap.Result[bool]) (string, error) {
			if ok, err := a.Get(); err != nil || !ok {
				return "", errors.Join(errors.New("not approved"), err)
			}
			return c + ", shipped", nil
		}, asap.After(patience))
	})
}

func TestSignal(t *testing.T) {
	for _, row := range []struct {
		name string
		send bool
		want string
		undo int32
	}{
		{"approved", true, "charge of 7, shipped <nil>", 0},
		{"refused", false, " ship: not approved", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var refunds atomic.Int32
			f := newOrder(&refunds)
			rt := newRuntime(t, serve(f))
			h, err := dbosasap.Start(t.Context(), rt, f, 7)
			if err != nil {
				t.Fatal(err)
			}
			until(t, h, "approval", flow.StateExpected)
			until(t, h, "patience", flow.StateSucceeded)
			if err := h.Signal(t.Context(), "approval", row.send); err != nil {
				t.Fatal(err)
			}
			if err := h.Signal(t.Context(), "approval", !row.send); err != nil && !errors.Is(err, flow.ErrEnded) {
				t.Errorf("a second Signal gives %v, want none, or one that says that the run has ended", err)
			}
			got, err := h.Wait(within(t, 20*time.Second))
			if text := fmt.Sprint(got, " ", err); text != row.want || refunds.Load() != row.undo {
				t.Errorf("the order gives %q with %d refunds, want %q with %d", text, refunds.Load(), row.want, row.undo)
			}
			if err := h.Signal(t.Context(), "approval", true); !errors.Is(err, flow.ErrEnded) {
				t.Errorf("Signal after the end gives %v, want ErrEnded", err)
			}
			if err := h.Signal(t.Context(), "aproval", true); err == nil {
				t.Error("Signal with a name that the flow does not have gives no error")
			}
		})
	}
}

// An order that waits for a person is stopped with its process in every place: what is
// sent meanwhile is kept, and a cancel refunds what was charged, once.
func TestOrderSurvives(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		var refunds atomic.Int32
		f := newOrder(&refunds)
		database := filepath.Join(t.TempDir(), "flows.db")
		rt := openRuntime(t, database, serve(f))
		h, err := dbosasap.Start(t.Context(), rt, f, 7)
		if err != nil {
			t.Fatal(err)
		}
		until(t, h, "approval", flow.StateExpected)
		if err := rt.Shutdown(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		// Another process, which does not serve flows yet, sends it something.
		rt = openRuntime(t, database, serve(f))
		again, err := dbosasap.Attach(rt, f, h.ID())
		if err != nil {
			t.Fatal(err)
		}
		if cancel {
			err = again.Cancel(t.Context(), errors.New("changed my mind"))
		} else {
			err = again.Signal(t.Context(), "approval", true)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Wait(within(t, 20*time.Second))
		switch {
		case cancel && (!errors.Is(err, context.Canceled) || refunds.Load() != 1):
			t.Errorf("the canceled order gives %q, %v with %d refunds, want 1", got, err, refunds.Load())
		case !cancel && (got != "charge of 7, shipped" || err != nil || refunds.Load() != 0):
			t.Errorf("the order gives %q, %v with %d refunds", got, err, refunds.Load())
		}
		// Whoever asks later is told what was.
		states, err := again.Tasks(t.Context())
		if err != nil || len(states) != 4 || states[0].Task != "charge" || states[0].State != flow.StateSucceeded || states[3].Task != "ship" {
			t.Errorf("Tasks after the end gives %v, %v", states, err)
		}
		if want := flow.StateCanceled; cancel && states[1].State != want && states[1].State != flow.StateSkipped {
			t.Errorf("approval is %s, want %s", states[1].State, want)
		}
	}
}

func until[Out any](t *testing.T, h *dbosasap.Handle[Out], task string, want flow.State) {
	t.Helper()
	var states []flow.TaskState
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var err error
		if states, err = h.Tasks(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if s.Task == task && s.State == want {
				return
			}
		}
	}
	t.Fatalf("%s is not %s: %+v", task, want, states)
}

// What comes when nobody waits any more changes nothing.
func TestLateSignal(t *testing.T) {
	release := make(chan struct{})
	f := flow.Define("late signal", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		approval := flow.Signal[bool](g, "approval", asap.Timeout(20*time.Millisecond))
		hold := in.Then("hold", func(context.Context, int) (int, error) {
			<-release
			return 1, nil
		})
		return hold.And(approval).Then("sum", func(_ context.Context, n int, a asap.Result[bool]) (int, error) {
			if a.Err == nil {
				return 0, errors.New("approved")
			}
			return n, nil
		})
	})
	rt := newRuntime(t, serve(f))
	h, err := dbosasap.Start(t.Context(), rt, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	until(t, h, "approval", flow.StateTolerated)
	if err := h.Signal(t.Context(), "approval", true); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	if got, err := h.Wait(within(t, 20*time.Second)); got != 1 || err != nil {
		t.Errorf("the flow gives %d, %v, want 1", got, err)
	}
}

// What another process sends is seen while the flow runs here, also what comes before
// anybody expects it, and its cancel is.
func TestFromAnotherProcess(t *testing.T) {
	gate := make(chan struct{})
	f := flow.Define("two", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		opened := in.Do("gate", func(context.Context, int) error { <-gate; return nil })
		first := flow.Signal[int](g, "first")
		second := flow.Signal[int](g, "second", asap.After(opened))
		return first.And(second).Then("sum", func(_ context.Context, a, b asap.Result[int]) (int, error) { return a.Value + b.Value, nil })
	})
	database := filepath.Join(t.TempDir(), "flows.db")
	here := openRuntime(t, database, serve(f))
	d, err := dbos.NewContext(t.Context(), dbos.Config{AppName: "test", ExecutorID: "other", DatabaseURL: "sqlite:" + database, Logger: slog.Default()})
	if err != nil {
		t.Fatal(err)
	}
	there := dbosasap.New(d)
	if err := errors.Join(dbosasap.Register(there, f), there.Launch()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Shutdown(10 * time.Second) })
	for _, id := range []string{"signaled", "canceled"} {
		h, err := dbosasap.Start(t.Context(), here, f, 1, dbos.WithWorkflowID(id))
		if err != nil {
			t.Fatal(err)
		}
		other, err := dbosasap.Attach(there, f, id)
		if err != nil {
			t.Fatal(err)
		}
		if id == "canceled" {
			err = other.Cancel(t.Context(), errors.New("no more"))
		} else {
			err = errors.Join(other.Signal(t.Context(), "second", 2), other.Signal(t.Context(), "first", 1))
			close(gate)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Wait(within(t, 20*time.Second))
		if id == "signaled" && (got != 3 || err != nil) || id == "canceled" && (err == nil || !strings.Contains(err.Error(), "no more")) {
			t.Errorf("flow %s gives %d, %v", id, got, err)
		}
	}
}
