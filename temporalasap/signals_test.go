package temporalasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// diary is what bodies have done.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, ", ")
}

// approved is a flow that charges, waits for a person for a day, and ships by the carrier
// that answers first.
func approved(d *diary) *flow.Flow[int, string] {
	return flow.Define("order", func(g *asap.Group, in *asap.Task[int]) *asap.Task[string] {
		charge := in.Then("charge", func(_ context.Context, n int) (int, error) { d.add("charge"); return n, nil }).
			Undo(func(ctx context.Context, n int) error {
				d.add(fmt.Sprint("refund ", n, " ", ctx.Err()))
				return nil
			})
		approval := flow.Signal[string](g, "approval", asap.After(charge), asap.Timeout(24*time.Hour))
		packed := flow.Sleep(g, "pack", time.Hour, asap.After(approval))
		return packed.And(approval).Then("ship", func(_ context.Context, _ struct{}, by asap.Result[string]) (string, error) {
			if by.Err != nil {
				return "", by.Err
			}
			if by.Value == "" {
				return "", errors.New("refused")
			}
			d.add("ship")
			return "by " + by.Value, nil
		})
	})
}

func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name      string
		prepare   func(*testsuite.TestWorkflowEnvironment)
		want, err string
		diary     string
		took      time.Duration
	}{
		{"sent", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("approval", "Ada") }, time.Hour)
		}, "by Ada", "", "charge, ship", 2 * time.Hour},
		{"sent before it is expected, and again", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow("approval", "Ada")
				env.SignalWorkflow("approval", "Bob")
			}, 0)
		}, "by Ada", "", "charge, ship", time.Hour},
		{"late", nil, "", "ship: approval: timeout 24h0m0s", "charge, refund 3 <nil>", 25 * time.Hour},
		{"refused", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("approval", "") }, time.Hour)
		}, "", "ship: refused", "charge, refund 3 <nil>", 2 * time.Hour},
		{"of another type", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("approval", 7) }, time.Hour)
		}, "", "ship: approval: signal approval was sent what is no string", "charge, refund 3 <nil>", 2 * time.Hour},
		{"canceled", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(env.CancelWorkflow, 12*time.Hour)
		}, "", "group order (running: approval): context canceled", "charge, refund 3 <nil>", 12 * time.Hour},
		{"canceled with a cause", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow(temporalasap.CancelSignal, asap.Result[struct{}]{Err: errors.New("no idea")})
				env.SignalWorkflow(temporalasap.CancelSignal, asap.Result[struct{}]{Err: errors.New("customer has left")})
				env.CancelWorkflow()
			}, 12*time.Hour)
		}, "", "group order (running: approval): customer has left", "charge, refund 3 <nil>", 12 * time.Hour},
		{"canceled with a cause that nobody can read", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow(temporalasap.CancelSignal, 7)
				env.CancelWorkflow()
			}, 12*time.Hour)
		}, "", "group order (running: approval): context canceled", "charge, refund 3 <nil>", 12 * time.Hour},
		{"a cause alone", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow(temporalasap.CancelSignal, asap.Result[struct{}]{Err: errors.New("no idea")})
				env.SignalWorkflow("approval", "Ada")
			}, time.Hour)
		}, "by Ada", "", "charge, ship", 2 * time.Hour},
		{"canceled in the sleep", func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow("approval", "Ada") }, time.Hour)
			env.RegisterDelayedCallback(env.CancelWorkflow, 90*time.Minute)
		}, "", "group order (running: pack): context canceled", "charge, refund 3 <nil>", 90 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d diary
			f := approved(&d)
			var began time.Time
			client := &envClient{register: func(env *testsuite.TestWorkflowEnvironment) error {
				began = env.Now()
				return temporalasap.Register(env, f, defaults)
			}, prepare: c.prepare}
			got, err := temporalasap.Run(t.Context(), client, f, 3)
			if text := fmt.Sprint(err); got != c.want || (err != nil || c.err != "") && text != c.err {
				t.Errorf("Run = %q, %v, want %q, %s", got, err, c.want, c.err)
			}
			if strings.Contains(c.name, "canceled") && !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v, which is not context.Canceled", err)
			}
			if d.String() != c.diary {
				t.Errorf("happened: %s, want %s", d.String(), c.diary)
			}
			if took := client.last.env.Now().Sub(began).Round(10 * time.Minute); took != c.took {
				t.Errorf("took %v, want %v", took, c.took)
			}
		})
	}
}
