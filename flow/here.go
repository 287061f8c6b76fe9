package flow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
)

// here is a run in this process, or on an executor in it.
type here struct {
	signalTypes func() ([]SignalType, error) // of the flow; asked once
	tracker     *tracker
	cancel      context.CancelCauseFunc
	done        chan struct{} // closed at the end; what follows is there then
	out         any
	err         error
	panicked    any
	goexit      bool

	mu      sync.Mutex
	raised  bool // the panic was
	ended   bool
	sent    map[string]any // before the signal was declared
	known   []*signal      // declared so far, in order
	sender  Sender         // of the executor, if that takes what is sent
	foreign bool           // the executor takes signals, but not from here
}

var _ Run = (*here)(nil)

func newHere(signals func() ([]SignalType, error)) *here {
	return &here{signalTypes: sync.OnceValues(signals), tracker: newTracker(), done: make(chan struct{}), sent: make(map[string]any)}
}

// work is the life of the run's goroutine. A panic and a Goexit of the run are for who
// waits.
func (r *here) work(run func() (any, error)) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			r.panicked = v
		} else {
			r.goexit = !returned
		}
		r.cancel(nil)
		r.tracker.end()
		r.mu.Lock()
		r.ended, r.sent, r.known, r.sender = true, nil, nil, nil
		r.mu.Unlock()
		close(r.done)
	}()
	r.out, r.err = run()
	returned = true
}

// declare takes the next signal of the run, which may have been sent.
func (r *here) declare(s *signal) {
	types, err := r.signalTypes()
	r.mu.Lock()
	defer r.mu.Unlock()
	i := len(r.known)
	r.known = append(r.known, s)
	if err != nil || i >= len(types) { // the definition is not the same each time
		return
	}
	s.unique = types[i].Name
	if v, ok := r.sent[s.unique]; ok {
		delete(r.sent, s.unique)
		s.put(v) // nobody awaits it yet
	}
}

// on tells of the executor that the run is on.
func (r *here) on(e Executor) {
	if clock, ok := e.(Clock); ok {
		r.tracker.on(clock)
	}
	sender, ok := e.(Sender)
	r.mu.Lock()
	r.sender, r.foreign = sender, !ok
	sent := r.sent
	r.sent = make(map[string]any)
	r.mu.Unlock()
	for name, v := range sent {
		if ok {
			_ = sender.Send(name, v) // of a run that has just begun
		}
	}
}

func (r *here) Signal(_ context.Context, name string, value any) error {
	s, sender, err := r.find(name, value)
	switch {
	case err != nil:
		return err
	case sender != nil:
		return sender.Send(name, value)
	case s != nil:
		s.put(value)
	}
	return nil
}

// find returns who takes a value: nobody yet if all are nil.
func (r *here) find(name string, value any) (*signal, Sender, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return nil, nil, ErrEnded
	case r.foreign:
		return nil, nil, errors.New("the engine of the run does not take it from here; use its own handle")
	case r.sender != nil:
		return nil, r.sender, nil
	}
	for _, s := range r.known {
		if s.unique == name {
			return s, nil, nil
		}
	}
	if _, ok := r.sent[name]; !ok {
		r.sent[name] = value
	}
	return nil, nil, nil
}

func (r *here) Cancel(_ context.Context, cause error) error {
	r.cancel(cause)
	r.mu.Lock()
	sender := r.sender
	r.mu.Unlock()
	if sender != nil {
		sender.Wake()
	}
	return nil
}

func (r *here) Tasks(context.Context) ([]TaskState, error) { return r.tracker.states(), nil }

func (r *here) Wait(ctx context.Context, out any) error {
	select {
	case <-r.done:
	default:
		select {
		case <-r.done:
		case <-ctx.Done():
			return left(ctx)
		}
	}
	switch {
	case r.panicked != nil && r.raises():
		panic(r.panicked)
	case r.panicked != nil:
		if err, ok := r.panicked.(error); ok {
			return err
		}
		return fmt.Errorf("asap: panic: %v", r.panicked)
	case r.goexit:
		runtime.Goexit()
	}
	if v := reflect.ValueOf(r.out); v.IsValid() {
		reflect.ValueOf(out).Elem().Set(v)
	}
	return r.err
}

// raises reports whether the caller is the first to hear of the panic.
func (r *here) raises() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.raised
	r.raised = true
	return first
}
