package dbosasap_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// What ends while a step is written is one step, unless that becomes long.
func TestPages(t *testing.T) {
	const n = 8
	for _, row := range []struct {
		name string
		size int
	}{{"short", 1}, {"long", 700 << 10}} {
		t.Run(row.name, func(t *testing.T) {
			f := flow.Define("wide", func(g *asap.Group, in *asap.Task[string]) *asap.Task[[]string] {
				var all []*asap.Task[string]
				begun, each := make(chan struct{}, n), make(chan struct{})
				for range n {
					all = append(all, in.Then("part", func(_ context.Context, text string) (string, error) {
						if begun <- struct{}{}; len(begun) == n {
							close(each)
						}
						<-each
						return text, nil
					}))
				}
				return g.Gather("all", all...)
			})
			rt := newRuntime(t, serve(f))
			text := strings.Repeat("x", row.size)
			h, err := dbosasap.Start(t.Context(), rt, f, text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := h.Wait(within(t, 20*time.Second)); len(got) != n || got[0] != text || err != nil {
				t.Fatalf("Wait gives %d values, %v", len(got), err)
			}
			steps, err := dbos.GetWorkflowSteps(rt.DBOS(), h.ID())
			if err != nil {
				t.Fatal(err)
			}
			ended := 0
			for _, s := range steps {
				tasks := dbosasap.TasksIn(t, s.Output)
				ended += len(tasks)
				if row.size > 1 && len(tasks) > 1 {
					t.Errorf("one step has %d ends of %d bytes", len(tasks), row.size)
				}
			}
			if ended != n || len(steps) > n {
				t.Errorf("%d steps have %d ends, want %d", len(steps), ended, n)
			}
		})
	}
}

// A shutdown leaves the workflows alone that tasks of a flow are, as it does the flow.
func TestShutdownWithChild(t *testing.T) {
	database := filepath.Join(t.TempDir(), "flows.db")
	began, release := make(chan string, 8), make(chan struct{})
	body := func(name string) func(context.Context, int) (int, error) {
		return func(ctx context.Context, n int) (int, error) {
			began <- name
			select {
			case <-release:
				return n + 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
	}
	inner := flow.Define("inner", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] { return in.Then("held", body("inner")) })
	outer := flow.Define("outer", func(g *asap.Group, in *asap.Task[int]) *asap.Task[[]int] {
		return g.Gather("both", in.Then("child", inner.Run), in.Then("queued", body("queued")))
	})
	register := serve(outer, dbosasap.Task("child", dbosasap.Child(inner)), dbosasap.Task("queued", dbosasap.Queue("queue")))
	rt := withQueue(t, openRuntime(t, database, serve(inner), register))
	h, err := dbosasap.Start(t.Context(), rt, outer, 1)
	if err != nil {
		t.Fatal(err)
	}
	<-began
	<-began
	if err := rt.Shutdown(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	close(release)
	rt = withQueue(t, openRuntime(t, database, serve(inner), register))
	again, err := dbosasap.Attach(rt, outer, h.ID())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Wait(within(t, 30*time.Second)); len(got) != 2 || got[0] != 2 || got[1] != 2 || err != nil {
		t.Errorf("the flow gives %v, %v, want 2 and 2", got, err)
	}
}

// A cancel does not touch what undoes.
func TestCancelWhileUndoing(t *testing.T) {
	undoing, release := make(chan struct{}), make(chan struct{})
	var touched atomic.Bool
	f := flow.Define("undo", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(_ context.Context, n int) (int, error) { return n, nil }).
			Undo(func(ctx context.Context, _ int) error {
				close(undoing)
				select {
				case <-release:
				case <-ctx.Done():
					touched.Store(true)
				}
				return nil
			}).
			Then("ship", func(context.Context, int) (int, error) { return 0, errors.New("no ship") })
	})
	rt := newRuntime(t, serve(f))
	h, err := dbosasap.Start(t.Context(), rt, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	<-undoing
	if err := h.Cancel(t.Context(), errors.New("changed my mind")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	close(release)
	if _, err := h.Wait(within(t, 20*time.Second)); err == nil || !strings.Contains(err.Error(), "no ship") || touched.Load() {
		t.Errorf("the flow gives %v, the undo was canceled: %t", err, touched.Load())
	}
}

// The key of a body is the same whenever it runs.
func TestKey(t *testing.T) {
	var keys []string
	f := flow.Define("pay", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		return in.Then("charge", func(ctx context.Context, n int) (int, error) {
			if keys = append(keys, dbosasap.Key(ctx)); len(keys) < 3 {
				return 0, errors.New("busy")
			}
			return n, nil
		})
	})
	rt := newRuntime(t, serve(f, dbosasap.Retries(dbosasap.RetryPolicy{Attempts: 3, First: time.Millisecond})))
	if _, err := dbosasap.Run(within(t, 20*time.Second), rt, f, 1, dbos.WithWorkflowID("order 7")); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || keys[0] != "order 7/charge" || keys[1] != keys[0] || keys[2] != keys[0] {
		t.Errorf("the keys are %q, want three times order 7/charge", keys)
	}
	if key := dbosasap.Key(t.Context()); key != "" {
		t.Errorf("Key outside of a body gives %q", key)
	}
}
