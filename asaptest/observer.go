package asaptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestObserver runs groups of many shapes in virtual time, each with an
// observer that observer returns, and fails t where it breaks what
// [asap.Observer] asks for: the contexts that Start returns must derive from
// those given and end with them; no call may panic, or wait for time to pass;
// no goroutine may be left; and the group must end as it does without it.
//
// The group's own side of the contract is checked as well, by an [Events]
// beside the observer. observer is called inside the bubble of its test.
func TestObserver(t *testing.T, observer func(t *testing.T) asap.Observer) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := outcomeOf(func() error { return s.run(t.Context()) })
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				w := &watched{inner: observer(t)}
				events := Events{exact: true}
				got := outcomeOf(func() error { return s.run(ctx, asap.Observe(w), asap.Observe(&events)) })
				if got != want {
					t.Errorf("with the observer the group ended with %s, want %s as without it", got, want)
				}
				cancel()
				w.over()
				for _, e := range w.errs {
					t.Error(e)
				}
				if err := events.Check(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// outcomeOf says how f ended: with an error, a panic or Goexit.
func outcomeOf(f func() error) string {
	how := "Goexit"
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				how = fmt.Sprintf("a panic of type %T", v)
			}
		}()
		how = textOf(f())
	}()
	<-done
	return how
}

// textOf is the text of what a group ended with. Failures of one instant are
// recorded in any order, so it has them sorted.
func textOf(err error) string {
	group, ok := errors.AsType[*asap.GroupError](err)
	if !ok {
		return fmt.Sprintf("%q", fmt.Sprint(err))
	}
	var texts []string
	for _, f := range group.Failures {
		texts = append(texts, f.Error())
	}
	slices.Sort(texts)
	return fmt.Sprintf("%q", texts)
}

// watched is an observer under test.
type watched struct {
	inner asap.Observer
	mu    sync.Mutex
	errs  []string
	made  []made
}

// made is a context that Start has returned.
type made struct {
	e   asap.Event
	ctx context.Context
}

type markKey struct{}

func (w *watched) Start(ctx context.Context, e asap.Event) context.Context {
	mark := new(int)
	ctx = context.WithValue(ctx, markKey{}, mark)
	out := ctx
	w.call("Start", e, func() { out = w.inner.Start(ctx, e) })
	switch {
	case out == nil:
		w.errorf("Start(%s of %q) = nil, want ctx or one derived from it", e.Kind, e.Name)
		return ctx
	case out.Value(markKey{}) != mark:
		w.errorf("Start(%s of %q) returned a context that does not derive from ctx: a value is missing", e.Kind, e.Name)
		return ctx
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made = append(w.made, made{e, out})
	return out
}

func (w *watched) Observe(e asap.Event) {
	w.call("Observe", e, func() { w.inner.Observe(e) })
}

func (w *watched) call(method string, e asap.Event, f func()) {
	began := time.Now()
	defer func() {
		if v := recover(); v != nil {
			w.errorf("%s(%s of %q) panicked: %v", method, e.Kind, e.Name, v)
		} else if took := time.Since(began); took > 0 {
			w.errorf("%s(%s of %q) waited for %v, want no wait: it holds the task up", method, e.Kind, e.Name, took)
		}
	}()
	f()
}

// over checks the contexts when everything that they derive from has ended.
func (w *watched) over() {
	for _, m := range w.made {
		if m.ctx.Err() == nil {
			w.errorf("Start(%s of %q) returned a context that has not ended with ctx", m.e.Kind, m.e.Name)
		}
	}
}

func (w *watched) errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.errs) < maxBreaches {
		w.errs = append(w.errs, fmt.Sprintf(format, args...))
	}
}
