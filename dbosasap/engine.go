package dbosasap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// engine is the executor of one run of a flow, in the workflow that it is.
//
// The invariant: what the group is told, and in which order, is what the database
// has, in the order of Seq. A call takes its place when its body has returned and is
// then recorded; Step tells the group of one place after the other, each when its
// record is there. A place that was taken and not recorded before the process died was
// therefore told to nobody, nor was any after it. When the workflow runs again it is
// told the same in the same order, so it makes the same calls in the same order, which
// is all that DBOS asks for; what was recorded is not run again. Then the first new
// place is behind all of those.
type engine struct {
	rt       *Runtime
	def      *definition
	ctx      dbos.Context // of the workflow
	stop     context.CancelCauseFunc
	id       string
	group    context.Context // of the group
	endGroup context.CancelCauseFunc
	began    time.Time
	now      time.Time // of the last record that the group was told of
	live     chan struct{} // closed when all that was recorded has been told
	done     chan struct{} // closed by close

	// Of the goroutine inside the group's methods alone.
	history  []happened // what was recorded before, in order, and not told yet
	timers   map[string]func() // that have not fired
	made     int               // timers
	children map[string]*flight // calls that are workflows, by the event of their end
	expected map[string]*flight // signals, by the event of their coming
	flights  []*flight
	pending  []*flight // of flights, those that no step has been made of yet
	acted    bool      // the group was told of an end
	ended    bool      // the group's context
	broken   error     // of the database

	mu      sync.Mutex
	last    int // place that was taken
	told    int // the last place that the group was told of
	arrived map[int]*arrival
	wake    chan struct{} // has one when arrived has more
	events  map[string]bool // that have taken a place: each does once
	inbox   map[string]json.RawMessage // messages, the first of each name
	hoped   map[string]bool            // signals that are expected
	tries   map[string]try             // by task, of bodies that ran again
	states  func(context.Context) ([]flow.TaskState, error)
	alone   *flight   // whose body runs in Step
	closed  bool
}

var (
	_ flow.Executor = (*engine)(nil)
	_ flow.Clock    = (*engine)(nil)
	_ flow.Canceler = (*engine)(nil)
	_ flow.Signaler = (*engine)(nil)
)

// arrival is what has happened in one place: the end of a call, with its record, or
// an event, which is recorded when its turn comes.
type arrival struct {
	flight *flight
	record record
	err    error // of the database
}

// flight is one call on its way.
type flight struct {
	*task
	call   *flow.Call
	done   func(error)
	cause  error           // of past: it was canceled
	ctx    context.Context // ends with the call
	cancel context.CancelCauseFunc
	seq    int // under mu: its place, once it has one
}

// eventStep is the name of the step of an event that is no end of a call.
const eventStep = "asap.event"

// errEnded is the cause of the context of a call that has ended.
var errEnded = errors.New("asap: the call has ended")

// newEngine makes the engine of the workflow of ctx, with what the database has of it.
func newEngine(ctx dbos.Context, rt *Runtime, def *definition) (*engine, error) {
	id, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return nil, err
	}
	e := &engine{rt: rt, def: def, id: id, live: make(chan struct{}), timers: make(map[string]func()), children: make(map[string]*flight), expected: make(map[string]*flight),
		arrived: make(map[int]*arrival), wake: make(chan struct{}, 1), events: make(map[string]bool), inbox: make(map[string]json.RawMessage), hoped: make(map[string]bool), tries: make(map[string]try), done: make(chan struct{})}
	e.ctx, e.stop = dbos.WithCancelCause(ctx)
	e.group, e.endGroup = context.WithCancelCause(context.Background())
	again := !rt.isFresh(id)
	if again {
		if err := e.remember(); err != nil {
			return nil, err
		}
	}
	if e.began.IsZero() {
		e.began = time.UnixMicro(time.Now().UnixMicro()) // as a record has it
	}
	e.now = e.began
	rt.begin(e)
	if again {
		if err := rt.look(dbos.WithFilterWorkflowIDPrefix(id + messageMark)); err != nil {
			rt.end(e)
			return nil, err
		}
	}
	return e, nil
}

// remember reads what the database has of an earlier run.
func (e *engine) remember() (err error) {
	var began time.Time
	if e.history, began, err = readHistory(e.rt.dbos, e.id); err != nil {
		return err
	}
	for _, h := range e.history {
		e.last = h.Seq
		e.events[h.Event] = true
	}
	if !began.IsZero() {
		e.began = began
	}
	return nil
}

// close is called when the workflow's function is left.
func (e *engine) close() {
	e.rt.end(e)
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	close(e.done)
	e.endGroup(nil)
	e.stop(nil)
	for _, f := range e.flights {
		f.cancel(nil)
	}
}

// Now is the time of the last thing that the group was told of: the same whenever the
// workflow runs.
func (e *engine) Now() time.Time { return e.now }

// After is an event at an instant. The timer is one of this process: another one
// that goes on with the workflow makes it again.
func (e *engine) After(d time.Duration, f func()) {
	at := e.now.Add(d)
	e.made++
	key := fmt.Sprint("time ", e.made)
	e.timers[key] = f
	t := time.AfterFunc(time.Until(at), func() { e.happen(record{Event: key}) })
	context.AfterFunc(e.group, func() { t.Stop() }) // the group's own limits are over with it
}

// happen takes a place for an event, unless it is in the history.
func (e *engine) happen(r record) {
	select {
	case <-e.live:
	case <-e.done:
		return
	}
	e.mu.Lock()
	if !e.closed && !e.events[r.Event] {
		e.events[r.Event] = true
		e.last++
		r.Seq = e.last
		e.arrived[r.Seq] = &arrival{record: r}
		if e.alone != nil { // it takes a later place, and the group is told of this first
			e.alone.cancel(canceledBy(r.Value))
		}
	}
	e.mu.Unlock()
	e.rouse()
}

func (e *engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// receive takes a message, the first of its name.
func (e *engine) receive(name string, value json.RawMessage) {
	e.mu.Lock()
	_, known := e.inbox[name]
	if !known {
		e.inbox[name] = value
	}
	hoped := e.hoped[name]
	e.mu.Unlock()
	switch { // happen waits until what was recorded has been told
	case known:
	case name == cancelName:
		go e.happen(record{Event: cancelName, Value: value})
	case hoped:
		go e.happen(record{Event: signalEvent(name), Value: value})
	}
}

// signalEvent is the event that a signal has come to who expects it.
func signalEvent(name string) string { return "signal " + name }

// Receive begins to expect a signal.
func (e *engine) Receive(call *flow.Call, done func(error)) {
	event := signalEvent(call.Task)
	e.expected[event] = &flight{call: call, done: done}
	e.mu.Lock()
	e.hoped[call.Task] = true
	value, there := e.inbox[call.Task]
	e.mu.Unlock()
	if there {
		go e.happen(record{Event: event, Value: value})
	}
}

// Start notes the call. Step makes a step of it, so that one on its own needs no
// goroutine.
func (e *engine) Start(call *flow.Call, done func(error)) {
	t := e.def.byBody[call.Body]
	if t == nil {
		done(fmt.Errorf("asap: flow %s has no task %s where it is registered; its definition must not depend on what differs from call to call", e.def.name, call.Body))
		return
	}
	f := &flight{task: t, call: call, done: done}
	f.ctx, f.cancel = context.WithCancelCause(context.Background())
	e.flights = append(e.flights, f)
	e.pending = append(e.pending, f)
}

// launch makes steps of what is pending, in order: so their numbers are the same
// whenever the workflow runs. It reports whether the group was told of an end.
func (e *engine) launch() bool {
	e.acted = false
	for len(e.pending) > 0 {
		f := e.pending[0]
		e.pending = e.pending[1:]
		switch {
		case f.ctx.Err() != nil: // the group has canceled it meanwhile, whenever the workflow runs
			e.finish(f, context.Cause(f.ctx))
		case f.kind != asStep:
			e.startWorkflow(f)
		case e.takeAlone(f):
			text, err := dbos.RunAsStep(e.ctx, func(ctx context.Context) (string, error) { return e.run(ctx, f) }, dbos.WithStepName(f.call.Task))
			e.mu.Lock()
			e.alone = nil
			e.mu.Unlock()
			e.deliver(f, text, err)
		default:
			outcome, err := dbos.Go(e.ctx, func(ctx context.Context) (string, error) { return e.run(ctx, f) }, dbos.WithStepName(f.call.Task))
			if err != nil {
				e.deliver(f, "", err)
				continue
			}
			go func() { // ends with the step
				o := <-outcome
				e.deliver(f, o.Result, o.Err)
			}()
		}
	}
	return e.acted
}

// takeAlone reports whether nothing can happen to the flow before the end of f but a
// cancel, which ends f by itself: see happen. Then the step runs right here.
func (e *engine) takeAlone(f *flight) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.flights) > 1 || len(e.timers) > 0 || len(e.expected) > 0 || len(e.arrived) > 0 || len(e.history) > 0 && e.history[0].Event != "" {
		return false
	}
	e.alone = f
	return true
}

// run is the step: it runs the body, unless the database has its record, and takes the
// call's place.
func (e *engine) run(ctx context.Context, f *flight) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(f.ctx, func() { cancel(context.Cause(f.ctx)) })
	defer stop()
	select {
	case <-e.live: // nothing that was recorded can end it any more
	case <-ctx.Done():
	}
	var r record
	if ctx.Err() != nil {
		r = ended(f.call, context.Cause(ctx))
		r.Cause = true
	} else {
		r = e.try(ctx, f)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	f.seq = e.last
	e.stamp(&r, f.seq)
	return r.text()
}

// stamp gives a record its place and time. Under mu.
func (e *engine) stamp(r *record, seq int) {
	r.Seq, r.Time = seq, time.Since(e.began).Microseconds()
	if e.told == 0 {
		r.Began = e.began.UnixMicro()
	}
}

// deliver puts a call that has ended in its place.
func (e *engine) deliver(f *flight, text string, err error) {
	a := &arrival{flight: f, err: err}
	if err == nil {
		a.record, a.err = readRecord(text)
	}
	e.mu.Lock()
	switch {
	case a.err == nil:
		f.seq = a.record.Seq
	case f.seq == 0: // the body has not run
		e.last++
		f.seq = e.last
	}
	e.arrived[f.seq] = a
	e.mu.Unlock()
	e.rouse()
}

// Step tells the group of what has happened next.
func (e *engine) Step() error {
	for {
		e.catchUp()
		if e.launch() {
			return nil
		}
		if a := e.next(); a != nil {
			return e.tell(a)
		}
		select {
		case <-e.wake:
		case <-e.over(): // canceled, late or shut down by DBOS
			e.leave()
			return nil
		}
	}
}

// over is closed when DBOS has ended the workflow, until that is known.
func (e *engine) over() <-chan struct{} {
	if e.ended {
		return nil
	}
	return e.ctx.Done()
}

// catchUp lets what is new begin when all that was recorded has been told.
func (e *engine) catchUp() {
	if len(e.history) > 0 {
		return
	}
	select {
	case <-e.live:
	default:
		close(e.live)
	}
}

// next returns what is in the next place, or nil if it is not there yet.
func (e *engine) next() *arrival {
	e.mu.Lock()
	defer e.mu.Unlock()
	place := e.told + 1
	if len(e.history) > 0 {
		place = e.history[0].Seq
		if e.history[0].Event != "" && e.arrived[place] == nil {
			e.arrived[place] = &arrival{record: e.history[0].record}
		}
	}
	a := e.arrived[place]
	if a == nil {
		return nil
	}
	delete(e.arrived, place)
	e.told = place
	if len(e.history) > 0 {
		e.history = e.history[1:]
	}
	return a
}

// tell tells the group of one thing. An event is recorded first.
func (e *engine) tell(a *arrival) error {
	if a.err == nil && a.record.Event != "" {
		name := eventStep
		if f := e.children[a.record.Event]; f != nil {
			name = f.call.Task
		}
		a.record, a.err = e.keep(a.record, name)
	}
	switch {
	case a.err != nil && e.ctx.Err() != nil:
		e.leave()
		if a.flight != nil {
			e.finish(a.flight, context.Cause(e.ctx))
		}
		return nil
	case a.err != nil:
		e.broken = a.err
		return a.err
	}
	if at := a.record.at(e.began); at.After(e.now) {
		e.now = at
	}
	event := a.record.Event
	switch {
	case event == cancelName:
		e.ended = true
		e.endGroup(canceledBy(a.record.Value))
	case e.timers[event] != nil:
		f := e.timers[event]
		delete(e.timers, event)
		f()
	case e.children[event] != nil:
		f := e.children[event]
		delete(e.children, event)
		e.finish(f, a.record.outcome(f.call, context.Cause(f.ctx)))
	case e.expected[event] != nil:
		f := e.expected[event]
		delete(e.expected, event)
		f.done(a.record.arrived(f.call))
	case a.flight != nil:
		e.finish(a.flight, a.record.outcome(a.flight.call, context.Cause(a.flight.ctx)))
	}
	return nil
}

// keep writes the record of an event, or returns the one that was written before.
func (e *engine) keep(r record, name string) (record, error) {
	text, err := dbos.RunAsStep(e.ctx, func(context.Context) (string, error) {
		e.mu.Lock()
		e.stamp(&r, r.Seq)
		e.mu.Unlock()
		return r.text()
	}, dbos.WithStepName(name))
	if err != nil {
		return r, err
	}
	return readRecord(text)
}

// leave ends the group's context when DBOS has ended the workflow's: no step is
// recorded from then on.
func (e *engine) leave() {
	if !e.ended {
		e.ended = true
		e.endGroup(context.Cause(e.ctx))
	}
}

// finish tells the group how a call has ended.
func (e *engine) finish(f *flight, err error) {
	e.acted = true
	f.cancel(errEnded)
	e.flights = slices.DeleteFunc(e.flights, func(o *flight) bool { return o == f })
	f.done(err)
}

// Cancel ends the calls in flight.
func (e *engine) Cancel(cause error) {
	for _, f := range e.flights {
		f.cancel(cause)
	}
}

// CancelCall ends one call.
func (e *engine) CancelCall(call *flow.Call, cause error) {
	for _, f := range e.flights {
		if f.call == call {
			f.cancel(cause)
		}
	}
}

// canceledBy is the cause of who has canceled the flow.
func canceledBy(value json.RawMessage) error {
	if err := decodeError(value); err != nil {
		return err
	}
	return context.Canceled
}
