package tmprules_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
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

// dying is the ways in which a body ends without returning.
var dying = map[string]func(){
	"panic":  func() { panic("ouch") },
	"Goexit": func() { runtime.Goexit() },
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

// journal keeps what happens, with the instant.
type journal struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func newJournal() *journal { return &journal{start: time.Now()} }

func (j *journal) add(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf("%v %s", time.Since(j.start), what))
}

func (j *journal) check(t *testing.T, want ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.lines, want) {
		t.Errorf("happened:\n\t%s\nwant:\n\t%s", strings.Join(j.lines, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// span is a body that writes its start and its end.
func (j *journal) span(name string, d time.Duration) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		j.add(name + " starts")
		time.Sleep(d)
		j.add(name + " ends")
		return name, nil
	}
}

func (j *journal) span1(name string, d time.Duration) func(context.Context, string) (string, error) {
	return func(ctx context.Context, _ string) (string, error) { return j.span(name, d)(ctx) }
}

// recovered returns what f panics with, nil if it does not.
func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
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

func wantText(t *testing.T, call string, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("%s: got %v, want %s", call, err, want)
	}
}

func wantNil(t *testing.T, call string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: got %v, want nil", call, err)
	}
}

// failed returns the names of the tasks in a GroupError, in order.
func failed(t *testing.T, err error) []string {
	t.Helper()
	ge, ok := errors.AsType[*asap.GroupError](err)
	if !ok {
		t.Errorf("Wait: got %v (%T), want a GroupError", err, err)
		return nil
	}
	var names []string
	for _, f := range ge.Failures {
		names = append(names, f.Task)
	}
	return names
}

func wantFailed(t *testing.T, err error, want ...string) {
	t.Helper()
	if got := failed(t, err); !slices.Equal(got, want) {
		t.Errorf("Wait: failures of %v, want %v (%v)", got, want, err)
	}
}

// goroutines returns the stacks of the goroutines of the caller's bubble, when
// each is asleep or has ended.
func goroutines() []string {
	synctest.Wait()
	return stacks()
}

// stacks returns the stacks of the goroutines of the caller's bubble.
func stacks() []string {
	buf := make([]byte, 1<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	bubble := regexp.MustCompile(`synctest bubble \d+\]`).FindString(stacks[0]) // the first is the caller's
	return slices.DeleteFunc(stacks, func(s string) bool { return !strings.Contains(s, bubble) })
}

// wantGoroutines checks that the bubble has as many goroutines as before.
func wantGoroutines(t *testing.T, call string, before []string) {
	t.Helper()
	checkGoroutines(t, call, goroutines(), before)
}

func checkGoroutines(t *testing.T, call string, now, before []string) {
	t.Helper()
	if len(now) != len(before) {
		t.Errorf("%s: %d goroutines, want %d:\n%s", call, len(now), len(before), strings.Join(now, "\n\n"))
	}
}
