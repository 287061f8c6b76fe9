package flow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
)

// Running is the handle of one run of a flow, in this process, where [Flow.Start] makes
// it, or on an engine, whose Start does: the same there. All methods may be called from
// any goroutine at the same time.
type Running[Out any] struct {
	flow    string
	signals func() ([]SignalType, error)
	run     Run
}

// Run is a run of a flow on an engine, as a [Running] asks for it. All methods may be
// called at the same time. They return when the engine has what it was told, which may
// be long before that shows.
type Run interface {
	// Signal sends a value of the type of the signal, whose name the flow has. After
	// the end of the run it returns an error that is ErrEnded.
	Signal(ctx context.Context, name string, value any) error
	// Cancel asks the run to end. After its end it does nothing.
	Cancel(ctx context.Context, cause error) error
	// Tasks returns the states of all tasks, in order of declaration if it can.
	Tasks(ctx context.Context) ([]TaskState, error)
	// Wait blocks until the run or ctx has ended, and fills in out, of type *Out. A
	// settled flow may have a value beside an error.
	Wait(ctx context.Context, out any) error
}

// NewRunning makes the handle of a run of f on an engine: for who writes an adapter.
func NewRunning[In, Out any](f *Flow[In, Out], run Run) *Running[Out] {
	return &Running[Out]{f.name, f.Signals, run}
}

// ErrEnded is in the error of [Running.Signal] when the run has ended.
var ErrEnded = errors.New("asap: run has ended")

// Signal sends the value of the [Signal] of that name, which is unique in the flow, as in
// [Flow.Graph]: approval#2 for the second of that name. It returns when the engine has
// it, in the process at once, and does not wait until somebody uses it: what is sent
// early is kept. What is sent twice counts once, the first, and is no error the second
// time, so that a sender may try again; nor is what nobody waits for any more.
//
// It returns an error if the flow has no such signal, if value is of another type, and,
// one that is [ErrEnded], after the end of the run.
func (r *Running[Out]) Signal(ctx context.Context, name string, value any) error {
	r.check("Signal", ctx)
	all, err := r.signals()
	if err != nil {
		return err
	}
	var names []string
	for _, s := range all {
		if s.Name != name {
			names = append(names, s.Name)
			continue
		}
		if value, err = s.fit(value); err != nil {
			return fmt.Errorf("asap: flow %s: %w", r.flow, err)
		}
		if err := r.run.Signal(ctx, name, value); err != nil {
			return fmt.Errorf("asap: flow %s: signal %s: %w", r.flow, name, err)
		}
		return nil
	}
	has := "none"
	if names != nil {
		has = strings.Join(names, ", ")
	}
	return fmt.Errorf("asap: flow %s has no signal %s; it has %s", r.flow, name, has)
}

// fit returns v as a value of the signal's type.
func (s *SignalType) fit(v any) (any, error) {
	got := reflect.ValueOf(v)
	to := reflect.New(s.Type).Elem()
	switch {
	case !got.IsValid():
		switch s.Type.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
			return to.Interface(), nil
		}
		return nil, fmt.Errorf("signal %s takes a %s, and was sent nil", s.Name, s.Type)
	case !got.Type().AssignableTo(s.Type):
		return nil, fmt.Errorf("signal %s takes a %s, and was sent a %s", s.Name, s.Type, got.Type())
	}
	to.Set(got)
	return to.Interface(), nil
}

// Cancel ends the run as the end of its context would, with that cause, nil for
// [context.Canceled]; an engine keeps what a [RemoteError] has of it. What has succeeded
// is undone: see [asap.Task.Undo]. It does not wait for the end. After that it does
// nothing.
func (r *Running[Out]) Cancel(ctx context.Context, cause error) error {
	r.check("Cancel", ctx)
	if cause == nil {
		cause = context.Canceled
	}
	if err := r.run.Cancel(ctx, cause); err != nil {
		return fmt.Errorf("asap: flow %s: %w", r.flow, err)
	}
	return nil
}

// Tasks returns the state of every task of the flow at this moment, in order of
// declaration, the elements of a Map and the functions of a Race behind it once they are
// there. It may be asked after the end as well.
func (r *Running[Out]) Tasks(ctx context.Context) ([]TaskState, error) {
	r.check("Tasks", ctx)
	states, err := r.run.Tasks(ctx)
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: %w", r.flow, err)
	}
	return states, nil
}

// Wait blocks until the run has ended, and returns what [Flow.Run] returns; it panics
// where that does, once. When ctx ends first it returns the error and cause of that,
// and the run goes on: Wait may be called again, by anybody.
func (r *Running[Out]) Wait(ctx context.Context) (Out, error) {
	r.check("Wait", ctx)
	var out Out
	err := r.run.Wait(ctx, &out)
	return out, err
}

func (r *Running[Out]) check(call string, ctx context.Context) {
	if r == nil || r.run == nil {
		panic("asap: " + call + " of a zero Running; make one with Flow.Start")
	}
	if ctx == nil {
		panic("asap: " + call + " of flow " + r.flow + " with a nil context; pass context.Background()")
	}
}

// left is the error of a wait for a run that ctx has ended.
func left(ctx context.Context) error {
	return &leftError{ctx.Err(), context.Cause(ctx)}
}

// leftError says that the run goes on.
type leftError struct{ err, cause error }

func (e *leftError) Error() string {
	return "asap: wait for a run that goes on: " + e.cause.Error()
}

func (e *leftError) Unwrap() []error { return []error{e.err, e.cause} }

// Start runs the flow as [Flow.Run] does, with further options, and returns its handle at
// once: with that it can be sent signals, watched and canceled. The run ends with ctx, at
// the latest; who starts it waits for it with [Running.Wait].
func (f *Flow[In, Out]) Start(ctx context.Context, in In, options ...asap.Option) *Running[Out] {
	if ctx == nil {
		panic("asap: Start of flow " + f.name + " with a nil context; pass context.Background()")
	}
	r := newHere(f.Signals)
	ctx, r.cancel = context.WithCancelCause(ctx)
	f = f.With(append(options[:len(options):len(options)], asap.Observe(r.tracker))...)
	go r.work(func() (any, error) { // until the run has ended; Running.Wait waits for it
		out, err := f.runWith(ctx, in, r)
		return out, err
	})
	return &Running[Out]{f.name, r.signalTypes, r}
}
