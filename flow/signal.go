package flow

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Signal declares a task whose value comes from outside of the flow: from a person who
// approves, from a webhook. It is sent by its name with [Running.Signal], of a run that
// [Flow.Start] has made, and is awaited as soon as what the options name is there:
//
//	approval := flow.Signal[bool](g, "approval", asap.After(reserved), asap.Timeout(24*time.Hour))
//
// With [asap.Timeout] or [asap.Within] it may be too late: then the Err of its Result is
// [context.DeadlineExceeded] and names it, "approval: timeout 24h0m0s", and what depends
// on it goes on. Without one it waits as long as the run does. The end of the run is
// not made a value.
//
// What is sent before the signal is awaited is kept for it. If it is sent again, the
// first value counts, and what comes when nobody waits any more changes nothing. It holds
// no slot of a [asap.Limit], and no goroutine. Its place is the function of a flow, in the
// process or on an engine that is a [Signaler]; elsewhere Signal panics.
func Signal[T any](g *asap.Group, name string, options ...asap.TaskOption) *asap.Task[asap.Result[T]] {
	s := &signal{name: name, of: reflect.TypeFor[T]()}
	s.arrival = &engine.Arrival{Check: s.check, Begin: s.begin, Tag: s}
	return g.Optional(name, func(context.Context) (T, error) {
		v, _ := s.read().(T) // of a nil interface there is no type
		return v, nil
	}, append(slices.Clip(options), arrival{s.arrival})...)
}

// Sleep declares a task that is done d after what the options name is there, or after it
// was declared:
//
//	reminded := flow.Sleep(g, "patience", time.Hour, asap.After(asked)).Then("remind", remind)
//
// It holds no slot of a [asap.Limit], and no goroutine. On an engine it is a timer of
// the engine's [Clock], which may outlive processes; one without a Clock panics. It also
// works in a group that is no flow. Sleep panics if d is not positive.
func Sleep(g *asap.Group, name string, d time.Duration, options ...asap.TaskOption) *asap.Task[struct{}] {
	if d < 1 {
		panic(fmt.Sprintf("asap: Sleep(%v) of task %s; pass a duration above 0, or leave Sleep out", d, name))
	}
	a := &engine.Arrival{After: d}
	return g.Do(name, func(context.Context) error { return nil }, append(slices.Clip(options), arrival{a})...)
}

// arrival is the option that makes a task one without a body.
type arrival struct{ *engine.Arrival }

var _ asap.TaskOption = arrival{}

func (a arrival) ApplyTask(c *engine.TaskConfig) { c.Arrival = a.Arrival }
func (a arrival) ApplyMap(c *engine.TaskConfig)  { c.Arrival = a.Arrival }

// signal is one signal of one run, or of a drawing. In this process its value is here.
type signal struct {
	name    string
	of      reflect.Type // of the value
	arrival *engine.Arrival

	mu      sync.Mutex
	unique  string // its name in the flow
	value   any
	there   bool
	awaited bool
}

// signalOf returns the signal that n is, nil if it is none.
func signalOf(n *engine.Node) *signal {
	if a := engine.ArrivalOf(n); a != nil {
		s, _ := a.Tag.(*signal)
		return s
	}
	return nil
}

// check is before the declaration: in a group that nobody can send anything to it panics.
func (s *signal) check(g *engine.Group) {
	b, _ := g.Backend().(*backend)
	switch {
	case b == nil || b.plan == nil && b.remote == nil:
		panic("asap: Signal " + s.name + " in a group that is no flow's, so that nobody could send it; declare it in a function that Define is given")
	case b.remote != nil:
		if _, ok := b.remote.exec.(Signaler); !ok {
			panic("asap: Signal " + s.name + " on an engine that takes no signals; use one that is a Signaler, or run the flow in this process")
		}
	case b.plan != nil && !b.plan.building.Load():
		panic("asap: Signal " + s.name + " declared when the function of flow " + b.plan.flow + " had returned, so that nobody could send it; declare it in that function")
	case b.drawing == nil && b.plan.running == nil:
		b.plan.refuseSignal(s.name)
	}
}

// begin is called when somebody waits for it, and reports whether it is there.
func (s *signal) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited = true
	return s.there
}

// put brings the value, unless there is one already.
func (s *signal) put(v any) {
	s.mu.Lock()
	if s.there {
		s.mu.Unlock()
		return
	}
	s.value, s.there = v, true
	awaited := s.awaited
	s.mu.Unlock()
	if awaited {
		s.arrival.Arrive()
	}
}

func (s *signal) read() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

// refuseSignal is said of a run without a handle.
func (p *plan) refuseSignal(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = fmt.Errorf("asap: flow %s: Run of a flow that waits for signal %s, which nobody could send; use Start", p.flow, name)
	}
}

// SignalType is a signal of a flow, as [Flow.Signals] lists it.
type SignalType struct {
	Name string       // unique in the flow, as in Graph
	Type reflect.Type // of its value
}

// Signals returns the signals of the flow in order of declaration, for an engine that has
// to know their types. It runs no body; its errors are those of Graph.
func (f *Flow[In, Out]) Signals() ([]SignalType, error) {
	b, err := f.draw()
	if err != nil {
		return nil, err
	}
	return b.drawing.signals(), nil
}

func (d *drawing) signals() (list []SignalType) {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := make(namer)
	for _, n := range d.nodes {
		name := names.of(n)
		if s := signalOf(n); s != nil {
			list = append(list, SignalType{name, s.of})
		}
	}
	return list
}
