package peers_test

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

var errBoom = errors.New("boom")

// virtual is a subtest in a bubble of its own, with a virtual clock.
func virtual(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// after is a body that takes d, whatever happens to its context, and returns v.
func after[T any](d time.Duration, v T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { time.Sleep(d); return v, nil }
}

// fails is a body that takes d and returns err.
func fails(d time.Duration, err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { time.Sleep(d); return 0, err }
}

// obeys is a body that ends with its context.
func obeys(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// never is a body that must not run.
func never(t *testing.T) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		t.Error("a body ran that must not")
		return 0, nil
	}
}

// never1 is never for a body with one dependency.
func never1[T any](t *testing.T) func(context.Context, T) (int, error) {
	return func(context.Context, T) (int, error) {
		t.Error("a body ran that must not")
		return 0, nil
	}
}

// gate lets bodies name tasks that are declared later.
type gate chan struct{}

// await is a body that awaits the task that *t is set to before the gate opens.
func (c gate) await(t **asap.Task[int]) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) { <-c; return (*t).Await(ctx) }
}

// clock is the time since it was made.
type clock time.Time

func startClock() clock { return clock(time.Now()) }

func (c clock) at(t *testing.T, what string, want time.Duration) {
	t.Helper()
	if got := time.Since(time.Time(c)); got != want {
		t.Errorf("%s: at %v, want %v", what, got, want)
	}
}

// ending is how a call ended that runs on a goroutine of its own.
type ending struct {
	err      error
	panicked any
	goexited bool
}

// ended runs f on a goroutine and returns how it ended.
func ended(f func() error) ending {
	e := ending{goexited: true}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				e.panicked, e.goexited = v, false
			}
		}()
		e.err = f()
		e.goexited = false
	}()
	<-done
	return e
}

func wantIs(t *testing.T, call string, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("%s: got %v, want an error that is %v", call, err, target)
		}
	}
}

func wantNil(t *testing.T, call string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: got %v, want nil", call, err)
	}
}

// wantFailed checks the names of the tasks in a GroupError, in order.
func wantFailed(t *testing.T, err error, want ...string) {
	t.Helper()
	ge, ok := errors.AsType[*asap.GroupError](err)
	if !ok {
		t.Errorf("Wait: got %v (%T), want a GroupError", err, err)
		return
	}
	var got []string
	for _, f := range ge.Failures {
		got = append(got, f.Task)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Wait: failures of %v, want %v (%v)", got, want, err)
	}
}

// wantCycle checks that err has one CycleError, whose path is one of the
// rotations of names, and starts and ends with the same task.
func wantCycle(t *testing.T, err error, names ...string) {
	t.Helper()
	ce, ok := errors.AsType[*asap.CycleError](err)
	if !ok {
		t.Errorf("got %v, want a CycleError over %v", err, names)
		return
	}
	for range names {
		if slices.Equal(ce.Path, append(slices.Clone(names), names[0])) {
			return
		}
		names = append(names[1:], names[0])
	}
	t.Errorf("CycleError: path %v, want %v in a circle", ce.Path, names)
}

// goroutines returns the stacks of the goroutines of the caller's bubble, when
// each is asleep or has ended.
func goroutines() []string {
	synctest.Wait()
	buf := make([]byte, 1<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	bubble := regexp.MustCompile(`synctest bubble \d+\]`).FindString(stacks[0]) // the first is the caller's
	return slices.DeleteFunc(stacks, func(s string) bool { return !strings.Contains(s, bubble) })
}
