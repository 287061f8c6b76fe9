package tail_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// TestFlow: in a flow a Hedger works where the body runs, in this process and on an
// executor.
func TestFlow(t *testing.T) {
	for _, on := range []string{"here", "executor", "far away"} {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			h := always(10 * ms)
			f := flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
				return in.Then("ads", func(ctx context.Context, v int) (int, error) {
					if n.Add(1) == 1 {
						return 0, sleep(ctx, time.Hour)
					}
					return v + 1, sleep(ctx, 5*ms)
				}, h)
			})
			var options []asap.Option
			if on == "executor" {
				options = append(options, flow.On(asaptest.NewExecutor(t.Context(), 1)))
			}
			start := time.Now()
			var v int
			var err error
			if on == "far away" {
				calls, problem := f.Calls()
				if problem != nil {
					t.Fatal(problem)
				}
				call := *calls[0]
				call.In, call.Out = []any{1}, &v
				err = call.Invoke(t.Context())
			} else {
				v, err = f.With(options...).Run(t.Context(), 1)
			}
			if v != 2 || err != nil || n.Load() != 2 || time.Since(start) > 20*ms {
				t.Errorf("%s: %d, %v after %d calls and %v", on, v, err, n.Load(), time.Since(start))
			}
		})
	}
}

// TestFlowRefused: what has learnt, or depends on a request, is no part of a definition on
// an engine elsewhere; in this process it is, and it can be drawn.
func TestFlowRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	body := func(context.Context, int) (int, error) { return 1, nil }
	define := func(options ...asap.TaskOption) *flow.Flow[int, int] {
		return flow.Define("f", func(g *asap.Group, in *asap.Task[int]) *asap.Task[int] {
			return in.Then("ads", body, options...)
		})
	}
	policy := tail.Policy(new(waterfall.Stats))
	for want, f := range map[string]func(options ...asap.Option){
		"asap: a tail.Policy on an engine elsewhere":                           func(options ...asap.Option) { define().With(append(options, policy)...).Run(ctx, 1) },
		"asap: task ads has a part of a request's time on an engine elsewhere": func(options ...asap.Option) { define(tail.Within(ctx, .5)).With(options...).Run(ctx, 1) },
	} {
		f()
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.HasPrefix(v, want) {
					t.Errorf("panic %q, want %q", v, want)
				}
			}()
			f(flow.On(asaptest.NewExecutor(t.Context(), 1)))
		}()
	}
	if _, err := define(tail.Safe()).With(policy).Graph(); err != nil {
		t.Error(err)
	}
}
