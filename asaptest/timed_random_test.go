package asaptest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
)

var timedFrom = flag.Uint64("timed", 0, "the first seed of TestTimed")

// Random flows in which time decides give in virtual time what the simulation says: in the
// process, and on executors.
func TestTimed(t *testing.T) {
	flows := uint64(1000)
	if testing.Short() {
		flows = 150
	}
	kinds := make(map[string]int)
	for seed := *timedFrom; seed < *timedFrom+flows && !t.Failed(); seed++ {
		lasting := randomflow.Pace{Tick: time.Millisecond}
		sleeping := randomflow.Pace{Tick: time.Minute, Sleeps: true}
		kinds[runTimed(t, seed, lasting, "in the process", nil)]++
		runTimed(t, seed, sleeping, "in the process, with sleeps", nil)
		runTimed(t, seed, sleeping, "on an executor", func(ctx context.Context) flow.Executor { return asaptest.NewExecutor(ctx, seed) })
	}
	for kind, n := range kinds {
		t.Logf("%d %s", n, kind)
	}
}

func runTimed(t *testing.T, seed uint64, pace randomflow.Pace, where string, on func(context.Context) flow.Executor) string {
	c := randomflow.NewTimed(seed, pace)
	synctest.Test(t, func(t *testing.T) {
		var o randomflow.Observer
		options := []asap.Option{asap.Observe(&o)}
		if on != nil {
			options = append(options, flow.On(on(t.Context())))
		}
		began := time.Now()
		r := c.Flow.Start(t.Context(), c.In, options...)
		drove := make(chan error)
		go func() { drove <- c.Drive(t.Context(), r) }()
		out, err := waitOrPanic(t.Context(), r)
		took := time.Since(began)
		if err := <-drove; err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if err := c.Check(out, err, on != nil); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if took != c.End() {
			t.Errorf("%s: flow %s ends after %v, want %v", where, c.Flow.Name(), took, c.End())
		}
		if err := c.CheckTasks(o.Runs()[0]); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	})
	return c.Kind
}

// A check that passes everything would say nothing.
func TestTimedIsChecked(t *testing.T) {
	seen := make(map[string]int)
	for seed := range uint64(200) {
		pace := randomflow.Pace{Tick: time.Millisecond}
		c := randomflow.NewTimed(seed, pace)
		synctest.Test(t, func(t *testing.T) {
			var o randomflow.Observer
			r := c.Flow.Start(t.Context(), c.In, asap.Observe(&o))
			var drive sync.WaitGroup
			drive.Go(func() { _ = c.Drive(t.Context(), r) })
			out, err := waitOrPanic(t.Context(), r)
			drive.Wait()
			refuse := func(what string, complaint error) {
				if seen[what]++; complaint == nil {
					t.Errorf("flow %d, %s: %s passes", seed, c.Kind, what)
				}
			}
			refuse("another error", c.Check(out, errDown, false))
			if _, panicked := errors.AsType[*asap.PanicError](err); err != nil && !panicked {
				refuse("no error", c.Check(out, nil, false))
				refuse("an error that wraps it", c.Check(out, fmt.Errorf("flow: %w", err), false))
			}
			if err == nil {
				wrong := out
				wrong.N++
				refuse("another value", c.Check(wrong, err, false))
			}
			if c.Undos() > 0 {
				refuse("that nothing was undone", randomflow.NewTimed(seed, pace).Check(out, err, false))
			}
			tasks := o.Runs()[0]
			tasks["result"] = randomflow.Ended{Outcome: asap.LeftOut}
			refuse("another outcome", c.CheckTasks(tasks))
		})
	}
	for _, what := range []string{"another error", "no error", "an error that wraps it", "another value", "that nothing was undone", "another outcome"} {
		if seen[what] == 0 {
			t.Errorf("no flow has %s", what)
		}
	}
}

// waitOrPanic makes a panic of Wait an error.
func waitOrPanic(ctx context.Context, r *flow.Running[randomflow.Value]) (out randomflow.Value, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %w", v.(error))
		}
	}()
	return r.Wait(ctx)
}

// They give the same under Portable, where all signals come at the start, and nobody cancels.
func TestTimedPortable(t *testing.T) {
	flows := uint64(200)
	if testing.Short() {
		flows = 30
	}
	for seed := *timedFrom; seed < *timedFrom+flows; seed++ {
		c := randomflow.NewTimed(seed, randomflow.Pace{Tick: time.Millisecond, Early: true})
		var sends []asaptest.PortableOption
		for _, a := range c.Script {
			sends = append(sends, asaptest.Sends(a.Signal, a.Value))
		}
		synctest.Test(t, func(t *testing.T) {
			var o randomflow.Observer
			n := &note{TB: t}
			out, err := asaptest.Portable(n, c.Flow.With(asap.Observe(&o)), c.In, sends...)
			if n.said != nil {
				t.Errorf("Portable says of flow %s\n%s", c.Flow.Name(), strings.Join(n.said, "\n"))
			}
			c.KeepUndone()
			if err := c.Check(out, err, true); err != nil {
				t.Error(err)
			}
			for _, run := range o.Runs() {
				if err := c.CheckTasks(run); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
