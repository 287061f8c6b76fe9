package dbosasap_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
)

// loud has methods that panic: when it is written, or when it is read.
type loud struct{ Reads bool }

func (l loud) MarshalJSON() ([]byte, error) {
	if !l.Reads {
		panic("no writing")
	}
	return []byte("{}"), nil
}

func (l *loud) UnmarshalJSON([]byte) error { panic("no reading") }

// Methods of values that panic fail the task, and neither the process nor who looks at the
// run hears of it in another way.
func TestLoudValues(t *testing.T) {
	for _, row := range []struct {
		name  string
		build func(g *asap.Group, in *asap.Task[int]) *asap.Task[int]
		want  string
	}{
		{"a value that is written", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("loud", func(context.Context, int) (loud, error) { return loud{}, nil }).
				Then("take", func(context.Context, loud) (int, error) { return 1, nil })
		}, "loud: its value cannot be kept: panic: no writing"},
		{"a value that is read", func(_ *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("loud", func(context.Context, int) (loud, error) { return loud{true}, nil }).
				Then("take", func(context.Context, loud) (int, error) { return 1, nil })
		}, "loud: its value cannot be read from the database: panic: no reading"},
		{"an exit", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			exit := g.NewExit[loud]()
			return in.Then("loud", func(context.Context, int) (int, error) { return 0, exit.With(loud{}) })
		}, "loud: the value of its exit cannot be kept: panic: no writing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := flow.Define("loud", row.build)
			ran := 0
			counted := f.With(asap.Around(func(ctx context.Context, task string, body func(context.Context) error) error {
				if task == "loud" {
					ran++
				}
				return body(ctx)
			}))
			rt := newRuntime(t, serve(counted, dbosasap.Retries(dbosasap.RetryPolicy{Attempts: 3, First: time.Millisecond})))
			h, err := dbosasap.Start(t.Context(), rt, counted, 1)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Wait(within(t, 20*time.Second)); err == nil || err.Error() != row.want {
				t.Errorf("the flow gives %v, want %s", err, row.want)
			}
			if ran != 1 {
				t.Errorf("the body ran %d times, want once", ran)
			}
			if states, err := h.Tasks(t.Context()); err != nil || states[0].State != flow.StateFailed {
				t.Errorf("Tasks gives %v, %v", states, err)
			}
		})
	}
}

// bill has what only the methods of a pointer encode.
type bill struct {
	Total big.Int
	N     number
}

// Values whose methods have pointer receivers are the same after the journey, wherever they
// are handed in.
func TestPointerReceivers(t *testing.T) {
	f := flow.Define("bill", func(g *asap.Group, in *asap.Task[bill]) *asap.Task[bill] {
		more := flow.Signal[bill](g, "more")
		return in.And(more).Then("sum", func(_ context.Context, b bill, more asap.Result[bill]) (bill, error) {
			var sum bill
			sum.Total.Add(&b.Total, &more.Value.Total)
			sum.N.n = b.N.n + more.Value.N.n
			return sum, more.Err
		})
	})
	rt := newRuntime(t, serve(f))
	of := func(n int64) bill { return bill{*big.NewInt(n), number{int(n)}} }
	h, err := dbosasap.Start(t.Context(), rt, f, of(3), dbos.WithWorkflowID("bill"))
	if err == nil {
		err = h.Signal(t.Context(), "more", of(4))
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Wait(within(t, 20*time.Second))
	if text := fmt.Sprint(got.Total.String(), " ", got.N.n, " ", err); text != "7 7 <nil>" {
		t.Errorf("the flow gives %s", text)
	}
}

// An undo is not ended by a cancel that comes while it runs, and is tried again.
func TestCancelDuringUndo(t *testing.T) {
	began, again := make(chan struct{}), make(chan struct{})
	tries := 0
	f := flow.Define("undo", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
		charge := in.Then("charge", func(_ context.Context, n int) (int, error) { return n, nil }).
			Undo(func(ctx context.Context, n int) error {
				if tries++; tries == 1 {
					close(began)
					<-again
					return errors.New("busy")
				}
				return ctx.Err()
			})
		return charge.Then("ship", func(context.Context, int) (int, error) { return 0, errors.New("no ship") })
	})
	rt := newRuntime(t, serve(f, dbosasap.Task("charge.undo", dbosasap.Retry(dbosasap.RetryPolicy{Attempts: 3, First: time.Millisecond}))))
	h, err := dbosasap.Start(t.Context(), rt, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := h.Cancel(t.Context(), errors.New("no more")); err != nil {
		t.Fatal(err)
	}
	close(again)
	if _, err := h.Wait(within(t, 20*time.Second)); err == nil || !strings.HasPrefix(err.Error(), "ship: no ship") || strings.Contains(err.Error(), "undo") || tries != 2 {
		t.Errorf("the flow gives %v after %d tries of the undo, want 2", err, tries)
	}
}

// What a body that was canceled says beside that is a failure of its own: of a rollback.
func TestRollback(t *testing.T) {
	for _, row := range []struct {
		name string
		err  func(ctx context.Context) error
		want string
	}{
		{"an echo", context.Cause, "boom: no boom"},
		{"a wrapped echo", func(ctx context.Context) error { return fmt.Errorf("slow: %w", context.Cause(ctx)) }, "boom: no boom"},
		{"the cause and a rollback", func(ctx context.Context) error {
			return errors.Join(context.Cause(ctx), errors.New("no rollback"))
		}, "boom: no boom (and 1 more after it)"},
		{"the end and a rollback", func(ctx context.Context) error {
			return errors.Join(ctx.Err(), errors.New("no rollback"))
		}, "boom: no boom (and 1 more after it)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			began := make(chan struct{})
			f := flow.Define("rollback", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
				in.Do("slow", func(ctx context.Context, _ int) error {
					close(began)
					<-ctx.Done()
					return row.err(ctx)
				})
				return in.Then("boom", func(context.Context, int) (int, error) {
					<-began
					return 0, errors.New("no boom")
				})
			})
			rt := newRuntime(t, serve(f))
			if _, err := dbosasap.Run(within(t, 20*time.Second), rt, f, 1); err == nil || err.Error() != row.want {
				t.Errorf("the flow gives %v, want %s", err, row.want)
			}
		})
	}
}

// Methods of errors are the user's, and what they panic with is the body's panic.
func TestLoudErrors(t *testing.T) {
	louds := randomflow.Louds()
	rt := newRuntime(t, func(rt *dbosasap.Runtime) error {
		for _, l := range louds {
			if err := dbosasap.Register(rt, l.Flow); err != nil {
				return err
			}
		}
		return nil
	})
	for _, l := range louds {
		_, err := dbosasap.Run(within(t, 20*time.Second), rt, l.Flow, 1)
		if err := l.Check(err); err != nil {
			t.Error(err)
		}
	}
}
