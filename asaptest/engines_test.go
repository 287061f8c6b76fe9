package asaptest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
)

func TestHere(t *testing.T) { asaptest.TestExecutor(t, nil) }

func TestSeeds(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			asaptest.TestExecutor(t, func(_ *testing.T, ctx context.Context) flow.Executor {
				return asaptest.NewExecutor(ctx, seed)
			})
		})
	}
}

func TestParallel(t *testing.T) {
	asaptest.TestExecutor(t, func(_ *testing.T, ctx context.Context) flow.Executor { return newParallel(ctx) })
}

func TestEngine(t *testing.T) {
	for name, executor := range map[string]func(context.Context) flow.Executor{
		"parallel": func(ctx context.Context) flow.Executor { return newParallel(ctx) },
		"eager":    func(ctx context.Context) flow.Executor { return &eager{ctx: ctx} },
	} {
		t.Run(name, func(t *testing.T) {
			asaptest.TestEngine(t, func(ctx context.Context, f *flow.Flow[int, string], in int) (string, error) {
				return f.With(flow.On(executor(ctx))).Run(ctx, in)
			})
		})
	}
}

// parallel is an executor that runs every call on a goroutine of its own.
type parallel struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	ends   chan func()
	calls  map[*flow.Call]context.CancelCauseFunc
	timers []parallelTimer // in any order
}

type parallelTimer struct {
	at time.Time
	f  func()
}

func newParallel(ctx context.Context) *parallel {
	p := &parallel{ends: make(chan func(), 1), calls: make(map[*flow.Call]context.CancelCauseFunc)}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	return p
}

func (p *parallel) Start(call *flow.Call, done func(error)) {
	ctx, cancel := context.WithCancelCause(p.ctx)
	p.calls[call] = cancel
	go func() { // ends when Step has received
		err := call.Run(ctx)
		p.ends <- func() { delete(p.calls, call); cancel(nil); done(err) }
	}()
}

func (p *parallel) Now() time.Time { return time.Now() }

func (p *parallel) After(d time.Duration, f func()) {
	p.timers = append(p.timers, parallelTimer{time.Now().Add(d), f})
}

func (p *parallel) CancelCall(call *flow.Call, cause error) { p.calls[call](cause) }

func (p *parallel) Step() error {
	first := -1
	for i, t := range p.timers {
		if first < 0 || t.at.Before(p.timers[first].at) {
			first = i
		}
	}
	var due <-chan time.Time
	if first >= 0 {
		due = time.After(time.Until(p.timers[first].at))
	}
	select {
	case end := <-p.ends:
		end()
	case <-due:
		f := p.timers[first].f
		p.timers = slices.Delete(p.timers, first, first+1)
		f()
	}
	for {
		select {
		case end := <-p.ends:
			end()
		default:
			return nil
		}
	}
}

func (p *parallel) Cancel(cause error) { p.cancel(cause) }

// blind is an executor without a clock, which cannot end a call either.
type blind struct{ e *asaptest.Executor }

func (b blind) Start(call *flow.Call, done func(error)) { b.e.Start(call, done) }
func (b blind) Step() error                             { return b.e.Step() }
func (b blind) Cancel(cause error)                      { b.e.Cancel(cause) }

func TestBlind(t *testing.T) {
	asaptest.TestExecutor(t, func(_ *testing.T, ctx context.Context) flow.Executor { return blind{asaptest.NewExecutor(ctx, 3)} })
}

// eager is an executor that has a call's end by the time Start returns, and so
// never has anything to wait for but instants.
type eager struct {
	ctx    context.Context
	timers []parallelTimer
}

func (e *eager) Start(call *flow.Call, done func(error)) { done(call.Run(e.ctx)) }
func (e *eager) Cancel(error)                            {}
func (e *eager) Now() time.Time                          { return time.Now() }
func (e *eager) After(d time.Duration, f func()) {
	e.timers = append(e.timers, parallelTimer{time.Now().Add(d), f})
}

func (e *eager) Step() error {
	if len(e.timers) == 0 {
		return errors.New("nothing is in flight")
	}
	first := slices.MinFunc(e.timers, func(a, b parallelTimer) int { return a.at.Compare(b.at) })
	i := slices.IndexFunc(e.timers, func(t parallelTimer) bool { return t.at.Equal(first.at) })
	e.timers = slices.Delete(e.timers, i, i+1)
	time.Sleep(time.Until(first.at))
	first.f()
	return nil
}

// faulty is an executor with one fault.
type faulty struct {
	*asaptest.Executor
	fault string
	calls int
}

func (f *faulty) Start(call *flow.Call, done func(error)) {
	f.calls++
	c := *call
	switch f.fault {
	case "reports twice":
		f.Executor.Start(call, func(err error) { done(err); done(err) })
	case "runs twice":
		c.Run = func(ctx context.Context) error { return errors.Join(call.Run(ctx), call.Run(ctx)) }
		f.Executor.Start(&c, done)
	case "drops errors":
		f.Executor.Start(call, func(error) { done(nil) })
	case "flattens errors":
		f.Executor.Start(call, func(err error) {
			if err != nil {
				err = errors.New("activity failed")
			}
			done(err)
		})
	case "leaves values out":
		c.Run = func(context.Context) error { return nil }
		f.Executor.Start(&c, done)
	case "swallows panics":
		c.Run = func(ctx context.Context) error {
			err := call.Run(ctx)
			if _, ok := errors.AsType[*asap.PanicError](err); ok {
				return nil
			}
			return err
		}
		f.Executor.Start(&c, done)
	case "stops":
		if f.calls == 3 {
			return // forgets the call
		}
		f.Executor.Start(call, done)
	default:
		f.Executor.Start(call, done)
	}
}

func (f *faulty) Step() error {
	if f.fault == "does not wait" && f.calls%2 == 1 {
		f.calls++
		return nil
	}
	return f.Executor.Step()
}

func (f *faulty) Cancel(cause error) {
	f.Executor.Cancel(cause)
	if f.fault == "reports in Cancel" {
		_ = f.Executor.Step()
	}
}

const faultVariable = "ASAPTEST_FAULT"

// TestFaulty is run by [TestFaults] in processes of their own.
func TestFaulty(t *testing.T) {
	fault, ok := os.LookupEnv(faultVariable)
	if !ok {
		t.Skip("no fault is asked for")
	}
	asaptest.TestExecutor(t, func(_ *testing.T, ctx context.Context) flow.Executor {
		return &faulty{Executor: asaptest.NewExecutor(ctx, 0), fault: fault}
	})
}

// A suite that no executor fails would say nothing.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ fault, say string }{
		{"", ""},
		{"reports twice", "executor: done of"},
		{"reports in Cancel", "is called outside Start and Step"},
		{"runs twice", "the body ran 2 times"},
		{"drops errors", "the flow's error is"},
		{"flattens errors", `the flow's error is "user: activity failed"`},
		{"leaves values out", "the flow's value is"},
		{"swallows panics", "panic: no user"},
		{"stops", "executor: "},
		{"does not wait", "executor: Step returned without a call of done"},
	} {
		t.Run(test.fault, func(t *testing.T) { fails(t, "TestFaulty", test.fault, test.say) })
	}
}

// TestBadObserver is run by [TestObserverFaults] in processes of their own.
func TestBadObserver(t *testing.T) {
	fault, ok := os.LookupEnv(faultVariable)
	if !ok {
		t.Skip("no fault is asked for")
	}
	asaptest.TestObserver(t, func(*testing.T) asap.Observer { return &badObserver{fault: fault} })
}

func TestObserverFaults(t *testing.T) {
	for _, test := range []struct{ fault, say string }{
		{"", ""},
		{"panics", "Start(GroupStart of \"\") panicked: no span"},
		{"panics at the end", "Observe(GroupEnd of \"\") panicked: no span"},
		{"forgets the context", "a value is missing"},
		{"returns nil", "= nil, want ctx or one derived from it"},
		{"cuts the context off", "has not ended with ctx"},
		{"sleeps", "waited for 1ms"},
	} {
		t.Run(test.fault, func(t *testing.T) { fails(t, "TestBadObserver", test.fault, test.say) })
	}
}

// fails runs a test with a fault and wants it to fail with a message, or to
// pass without one.
func fails(t *testing.T, test, fault, say string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.timeout=20s")
	c.Env = append(os.Environ(), faultVariable+"="+fault)
	out, err := c.CombinedOutput()
	switch {
	case fault == "" && err != nil:
		t.Errorf("without a fault: %v\n%s", err, out)
	case fault != "" && (err == nil || !strings.Contains(string(out), say)):
		t.Errorf("one that %s: error %v, want a failure with %q:\n%s", fault, err, say, out)
	}
}
