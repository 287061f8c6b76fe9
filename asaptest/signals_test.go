package asaptest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
)

func TestExecutorSignals(t *testing.T) {
	var undone []string
	undo := func(what string) func(context.Context, int) error {
		return func(ctx context.Context, n int) error {
			if ctx.Err() != nil {
				t.Error("the context of an undo has ended")
			}
			undone = append(undone, fmt.Sprint(what, n))
			return nil
		}
	}
	f := flow.Define("order", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		charge := in.Then("charge", func(_ context.Context, n int) (int, error) { return n, nil }).Undo(undo("refund")).Undo(undo("mail"))
		approval := flow.Signal[string](g, "approval", asap.After(charge), asap.Timeout(time.Hour))
		pause := flow.Sleep(g, "pause", time.Minute, asap.After(approval))
		return pause.And(approval).Then("ship", func(_ context.Context, _ struct{}, r asap.Result[string]) (string, error) {
			if r.Value == "no" {
				return "", errors.New("refused")
			}
			return fmt.Sprint(r.Value, r.Err), nil
		}).Undo(func(context.Context, string) error { return errors.New("never") })
	})
	for _, c := range []struct {
		name, send string
		early      bool
		cancel     bool
		want, err  string
		took       time.Duration
		undone     string
	}{
		{name: "sent", send: "yes", want: "yes<nil>", took: 2 * time.Minute},
		{name: "early", send: "yes", early: true, want: "yes<nil>", took: time.Minute},
		{name: "late", want: "approval: timeout 1h0m0s", took: time.Hour + time.Minute},
		{name: "refused", send: "no", err: "ship: refused", took: 2 * time.Minute, undone: "mail3 refund3"},
		{name: "canceled", cancel: true, err: "group order (running: approval): changed my mind", took: time.Minute, undone: "mail3 refund3"},
	} {
		for _, where := range []string{"here", "executor"} {
			t.Run(c.name+" "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					undone = nil
					began := time.Now()
					var on []asap.Option
					if where == "executor" {
						on = append(on, flow.On(asaptest.NewExecutor(t.Context(), 0)))
					}
					r := f.Start(t.Context(), 3, on...)
					if !c.early {
						time.Sleep(time.Minute)
					}
					switch {
					case c.cancel:
						if err := r.Cancel(t.Context(), errors.New("changed my mind")); err != nil {
							t.Error(err)
						}
					case c.send != "":
						if err := r.Signal(t.Context(), "approval", c.send); err != nil {
							t.Error(err)
						}
					}
					got, err := r.Wait(t.Context())
					if text := fmt.Sprint(err); got != c.want || (err != nil || c.err != "") && text != c.err {
						t.Errorf("Wait = %q, %v, want %q, %s", got, err, c.want, c.err)
					}
					if took := time.Since(began); took != c.took {
						t.Errorf("took %v, want %v", took, c.took)
					}
					if got := strings.Join(undone, " "); got != c.undone {
						t.Errorf("undone: %q, want %q", got, c.undone)
					}
				})
			})
		}
	}
}

// Methods of errors are the user's, and what they panic with is the body's panic, in no
// case that of the goroutine that steps the group.
func TestLoudErrors(t *testing.T) {
	for _, l := range randomflow.Louds() {
		for seed := range uint64(4) {
			_, err := l.Flow.With(flow.On(asaptest.NewExecutor(t.Context(), seed))).Run(t.Context(), 1)
			if err := l.Check(err); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestRunningOnExecutor(t *testing.T) {
	asaptest.TestRunning(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (*flow.Running[string], error) {
		return f.Start(ctx, in, flow.On(asaptest.NewExecutor(ctx, 0))), nil
	})
}
