package asaptest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// probe stands between a group and an executor and checks what each asks of
// the other. All but calls of done come from one goroutine.
type probe struct {
	t       *testing.T
	inner   flow.Executor
	events  *Events // of the group
	queues  bool    // a limit may hold ready tasks back
	inside  atomic.Bool
	open    int
	names   []string // of the calls, in order
	undos   []string // those of them that undo
	cancels int
	timers  int // given to Clock and not called
	mail    int // calls of Receive that are not done
	ended   int // calls of done in the present Step
	fired   int // of what Clock was given, likewise
}

// probeClock and probeCanceler are what the probe of an executor has that is a
// [flow.Clock] or a [flow.Canceler].
type (
	probeClock    struct{ p *probe }
	probeCanceler struct{ p *probe }
	probeSender   struct{ p *probe }
)

// executor is the probe as an executor that can what the inner one can.
func (p *probe) executor() flow.Executor {
	_, clock := p.inner.(flow.Clock)
	_, canceler := p.inner.(flow.Canceler)
	_, sender := p.inner.(flow.Sender)
	switch {
	case clock && canceler && sender:
		return struct {
			*probe
			probeClock
			probeCanceler
			probeSender
		}{p, probeClock{p}, probeCanceler{p}, probeSender{p}}
	case clock && sender:
		return struct {
			*probe
			probeClock
			probeSender
		}{p, probeClock{p}, probeSender{p}}
	case clock && canceler:
		return struct {
			*probe
			probeClock
			probeCanceler
		}{p, probeClock{p}, probeCanceler{p}}
	case clock:
		return struct {
			*probe
			probeClock
		}{p, probeClock{p}}
	case canceler:
		return struct {
			*probe
			probeCanceler
		}{p, probeCanceler{p}}
	}
	return p
}

func (c probeClock) Now() time.Time { return c.p.inner.(flow.Clock).Now() }

func (c probeClock) After(d time.Duration, f func()) {
	p := c.p
	if d < 0 {
		p.t.Errorf("group: After(%v), want no time that has passed", d)
	}
	p.timers++
	p.inner.(flow.Clock).After(d, func() {
		p.timers--
		if !p.inside.Load() {
			p.t.Error("executor: a function that After was given is called outside Step")
		}
		p.fired++
		f()
	})
}

func (c probeCanceler) CancelCall(call *flow.Call, cause error) {
	c.p.enter("CancelCall")
	defer c.p.inside.Store(false)
	if cause == nil {
		c.p.t.Errorf("group: CancelCall of %q without a cause", call.Task)
	}
	c.p.inner.(flow.Canceler).CancelCall(call, cause)
}

func (p *probe) Start(call *flow.Call, done func(error)) {
	p.t.Helper()
	for _, name := range p.names {
		if name == call.Task {
			p.t.Errorf("group: a second call is named %q, want unique names", name)
		}
	}
	switch {
	case call.Func == nil || call.Run == nil:
		p.t.Errorf("group: call %q has no function", call.Task)
	case call.Undo && p.open > 0:
		p.t.Errorf("group: undo %q starts while %d calls are in flight", call.Task, p.open)
	case p.cancels > 0 && !call.Undo:
		p.t.Errorf("group: call %q starts after Cancel", call.Task)
	}
	p.names = append(p.names, call.Task)
	if call.Undo {
		p.undos = append(p.undos, call.Task)
	}
	p.open++
	ended := false
	p.enter("Start")
	defer p.inside.Store(false)
	p.inner.Start(call, func(err error) {
		if ended {
			p.t.Errorf("executor: done of %q is called again", call.Task)
			return
		}
		if !p.inside.Load() {
			p.t.Errorf("executor: done of %q is called outside Start and Step", call.Task)
		}
		ended = true
		p.open--
		p.ended++
		done(err)
	})
}

func (p *probe) enter(method string) {
	if !p.inside.CompareAndSwap(false, true) {
		p.t.Errorf("group: %s is called inside another call of the executor", method)
	}
}

func (p *probe) Step() error {
	p.t.Helper()
	if p.open+p.timers+p.mail == 0 {
		p.t.Error("group: Step with nothing in flight")
	}
	p.starved()
	p.ended, p.fired = 0, 0
	p.enter("Step")
	defer p.inside.Store(false)
	err := p.inner.Step()
	if err == nil && p.ended == 0 && p.fired == 0 && p.mail == 0 {
		err = fmt.Errorf("executor: Step returned without a call of done; %d calls are in flight", p.open)
		p.t.Error(err)
	}
	return err
}

func (p *probe) Cancel(cause error) {
	p.t.Helper()
	p.cancels++
	if p.cancels > 1 {
		p.t.Error("group: Cancel is called again")
	}
	if cause == nil {
		p.t.Error("group: Cancel without a cause")
	}
	p.inner.Cancel(cause)
}

// Receive counts like Start, but for what is never sent.
func (c probeSender) Receive(call *flow.Call, done func(error)) {
	p := c.p
	if call.Func != nil || len(call.In) > 0 || call.Out == nil {
		p.t.Errorf("group: Receive of %q with a function or arguments, or without a place", call.Task)
	}
	p.mail++
	p.enter("Receive")
	defer p.inside.Store(false)
	ended := false
	p.inner.(flow.Signaler).Receive(call, func(err error) {
		if ended {
			p.t.Errorf("executor: done of signal %q is called again", call.Task)
			return
		}
		if !p.inside.Load() {
			p.t.Errorf("executor: done of signal %q is called outside Receive and Step", call.Task)
		}
		ended = true
		p.mail--
		p.ended++
		done(err)
	})
}

func (c probeSender) Send(name string, value any) error {
	return c.p.inner.(flow.Sender).Send(name, value)
}

func (c probeSender) Wake() { c.p.inner.(flow.Sender).Wake() }

// starved finds tasks that could have been started before Step (R1, R5): ready,
// not started, and not held back by a limit or a cancel.
func (p *probe) starved() {
	if p.queues || p.cancels > 0 {
		return
	}
	waiting := make(map[asap.ID]asap.Event)
	parts := make(map[asap.ID]bool) // a Map and a Race have no body of their own
	for _, e := range p.events.All() {
		switch e.Kind {
		case asap.Declared:
			parts[e.Parent] = true
		case asap.Ready:
			waiting[e.Task] = e
		case asap.Started, asap.Ended:
			delete(waiting, e.Task)
		}
	}
	for id, e := range waiting {
		if !parts[id] {
			p.t.Errorf("group: task %q is ready but has not been started before Step", e.Name)
		}
	}
}

// bodies are the names of the calls that run bodies of tasks.
func (p *probe) bodies() []string {
	return slices.DeleteFunc(slices.Clone(p.names), func(name string) bool { return slices.Contains(p.undos, name) })
}

// finish checks what holds when the group has ended.
func (p *probe) finish() {
	p.t.Helper()
	if p.open != 0 {
		p.t.Errorf("group: it ended with %d calls in flight", p.open)
	}
}
