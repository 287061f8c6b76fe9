package temporalasap

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/flow"
)

// engine is the executor of one group in a workflow. All of it runs on the
// workflow's one coroutine, and nothing depends on anything but the history.
//
// A coroutine for each call would cost 2 to 25 times as much on replay: the
// SDK resumes each one for each event. Here the one waits until any future is
// ready and reports all that are; the group takes them in order of declaration.
type engine struct {
	def      *definition
	host     *host               // of a flow inside a workflow by hand, else nil
	prefix   string              // of ids and signals there
	ctx      workflow.Context    // of the workflow: ends when it is canceled
	wait     workflow.Context    // never ends
	activity workflow.Context    // of calls: ends with Cancel
	end      workflow.CancelFunc // of activity
	group    context.Context     // of the group
	endGroup context.CancelCauseFunc

	next  func() (error, bool) // waits until there is something to do
	leave func()
	first int  // of flying that is ready
	acted bool // the SDK was called since the coroutine has waited
	roomy bool // there is nothing to do but to start what was held back: another flow has made room
	seen  int  // of flying: not ready before the coroutine has waited or something is canceled

	timers   []timer    // that have not fired, in order
	expected []expected // signals that have not come, in order
	waits    []*waiting // what has no body and has begun to wait, for the query

	flying  []*flight // in order of start
	queue   []*flight // held back by the limit of pending activities
	all     []*flight // for the query
	block   []flight  // the last of those that all points into
	phase   phase
	began   time.Time
	stopped time.Time // when it began to cancel, zero before
	asked   bool      // the group was told that it is to end, from outside or as tooLong says
	tooLong error     // the history cannot take what is to come

	children map[string]string // the tasks whose children have an id that was given

	outcome *packet // of a flow that has failed
	value   any     // beside the error of a settled flow
}

// phase is how far a group is, as its engine sees it.
type phase uint8

const (
	starting  phase = iota // what is ready
	canceling              // the group has canceled its calls: none starts any more
	closed                 // the workflow has ended, or leaves the worker
)

// timer is a function to be called when a timer of the workflow has fired.
type timer struct {
	future workflow.Future
	f      func()
}

// maxFlying is half of what a server takes by default: 2,000 pending activities. It is a
// variable for a test.
var maxFlying = 1000

func newEngine(ctx workflow.Context, def *definition) *engine {
	e := &engine{def: def, ctx: ctx, began: workflow.Now(ctx)}
	e.wait, _ = workflow.NewDisconnectedContext(ctx)
	e.activity, e.end = workflow.WithCancel(e.wait)
	// Under Background it starts no goroutine, and the group adds no second
	// child: nothing here depends on the order of a map.
	e.group, e.endGroup = context.WithCancelCause(context.Background()) //workflowcheck:ignore
	e.next, e.leave = iter.Pull(e.pulls)
	return e
}

// pulls blocks the coroutine and yields each time that there is something to do.
//
// It has a stack of its own because the SDK walks up to 20 frames of the stack
// whenever a coroutine blocks, to see whether it panics. That was a fifth of a
// replay from inside of a group's methods. And it yields from within the
// condition as long as the group takes results without a call of the SDK: when
// Await returns, the SDK resumes every coroutine once more, as they may wait for
// what this one did.
func (e *engine) pulls(yield func(error) bool) {
	more := true
	enough := func() bool {
		for e.acted = false; !e.acted && more && e.ready(); {
			more = yield(nil)
		}
		return e.acted || !more
	}
	for more {
		if err := workflow.Await(e.wait, enough); err != nil {
			more = yield(err)
		}
	}
}

// ready reports whether a call has ended or the workflow was canceled.
func (e *engine) ready() bool {
	for i := e.seen; i < len(e.flying); i++ {
		if e.flying[i].future.IsReady() {
			e.first = i
			return true
		}
	}
	e.first, e.seen = len(e.flying), 0
	for _, t := range e.timers {
		if t.future.IsReady() {
			return true
		}
	}
	if e.hasMail() || !e.asked && e.ctx.Err() != nil {
		return true
	}
	e.roomy = e.host != nil && len(e.queue) > 0 && e.tooLong == nil && !e.crowded()
	return e.roomy
}

// close is called when the workflow's function is left, also when the SDK takes
// it out of memory.
func (e *engine) close() {
	e.phase = closed
	e.leave()
}

// Now is the workflow's clock: the same on every replay.
func (e *engine) Now() time.Time { return workflow.Now(e.ctx) }

// After is a timer of the workflow. There is one for each Within that differs.
func (e *engine) After(d time.Duration, f func()) {
	e.acted = true
	e.timers = append(e.timers, timer{workflow.NewTimer(e.wait, d), f})
}

// fire calls what timers have fired for, in the order of After, and reports whether
// there was one.
func (e *engine) fire() (fired bool) {
	var left []timer
	for _, t := range e.timers {
		if t.future.IsReady() {
			t.f()
			fired = true
		} else {
			left = append(left, t)
		}
	}
	e.timers = left
	if fired {
		for _, w := range e.waits {
			w.TaskState = w.told(time.Time{}) // what comes from now on is late
		}
	}
	return fired
}

func (e *engine) Start(call *flow.Call, done func(error)) {
	t := e.def.byBody[call.Body]
	if t == nil {
		done(fmt.Errorf("asap: flow %s has no task %s where it is registered; its definition must not depend on what differs from call to call", e.def.name, call.Body))
		return
	}
	f := e.newFlight(flight{task: t, name: call.Task, call: call, done: done, state: flow.StateQueued, since: e.Now()})
	if len(e.queue) > 0 || e.crowded() || e.full() {
		e.queue = append(e.queue, f)
		return
	}
	e.launch(f)
}

func (e *engine) Step() error {
	for again := true; again; again = e.roomy { // which is nothing to tell the group
		e.roomy = false
		if e.start() || e.tell() {
			return nil
		}
		if err := e.await(); err != nil {
			return err
		}
	}
	e.tell()
	e.deliver()
	e.fire()
	kept := e.flying[:e.first]
	for _, f := range e.flying[e.first:] {
		if !f.future.IsReady() {
			kept = append(kept, f)
			continue
		}
		// A method of the user's that panics would fail the workflow task again and again.
		err := unpack(func(into ...any) error { return f.future.Get(e.wait, into[0]) }, f.call.Out)
		switch {
		case err == nil:
		case isTwice(err):
			err = twice(f.childID)
		default:
			err = f.values.receive(f.call, err) //workflowcheck:ignore (it decodes structs, and no map)
		}
		e.finish(f, err)
	}
	clear(e.flying[len(kept):])
	e.flying, e.seen = kept, len(kept)
	return nil
}

// await waits until there is something to do. The SDK takes a workflow out of memory by
// not coming back.
func (e *engine) await() error {
	came := false
	defer func() {
		if !came {
			e.phase = closed
		}
	}()
	err, _ := e.next()
	came = true
	return err
}

// start takes calls out of the queue. It reports whether one has ended by it.
func (e *engine) start() (ended bool) {
	for len(e.queue) > 0 {
		f := e.queue[0]
		switch {
		case (e.phase != starting || f.ended != nil) && !f.call.Undo:
			e.queue = e.queue[1:]
			e.finish(f, context.Canceled)
			ended = true
		case e.crowded() || e.full():
			return ended
		default:
			e.queue = e.queue[1:]
			e.launch(f)
			ended = ended || f.call == nil
		}
	}
	return ended
}

// tell ends the group's context when the workflow is canceled or its history
// is too long. It reports whether it did.
func (e *engine) tell() bool {
	cause := e.tooLong
	if cause == nil && e.ctx.Err() != nil && !e.asked {
		cause = e.canceledBy()
	}
	if cause == nil || e.asked {
		return false
	}
	e.asked = true
	e.endGroup(cause)
	return true
}

// Cancel ends the calls in flight: those that wait in the queue never start.
func (e *engine) Cancel(error) {
	if e.phase == closed {
		return
	}
	e.phase, e.seen, e.acted = canceling, 0, true
	e.stopped = e.Now()
	e.end()
	for _, f := range e.flying {
		if f.cancel != nil {
			f.cancel()
		}
	}
}

var (
	_ flow.Executor = (*engine)(nil)
	_ flow.Clock    = (*engine)(nil)
	_ flow.Canceler = (*engine)(nil)
	_ flow.Replayer = (*engine)(nil)
)

// Replaying reports whether observers have heard what happens now, or what happens is
// that the worker drops the workflow.
func (e *engine) Replaying() bool { return e.phase == closed || workflow.IsReplaying(e.ctx) }

// RunNumber is the same on every replay of the run, and hardly another's.
func (e *engine) RunNumber() uint32 {
	h := fnv.New32a()
	_, _ = io.WriteString(h, workflow.GetInfo(e.ctx).WorkflowExecution.RunID)
	_, _ = io.WriteString(h, e.prefix)
	return max(h.Sum32(), 1)
}

// Limits of a history, with a reserve for the end of what is in flight.
const (
	maxEvents  = 51_200
	maxBytes   = 50 << 20
	spareBytes = 4 << 20
)

// full reports whether the history cannot take what has been started and is
// queued. An activity is three events, the workflow task that sees its end
// three more, once for all ends that it sees.
func (e *engine) full() bool {
	if e.tooLong != nil {
		return true
	}
	info := workflow.GetInfo(e.ctx)
	flying, queued := len(e.flying), len(e.queue)
	if e.host != nil {
		flying, queued = e.host.load()
	}
	events := info.GetCurrentHistoryLength() + 4*flying + 3*queued + 8
	size := info.GetCurrentHistorySize()
	switch {
	case events > maxEvents:
		e.tooLong = fmt.Errorf("asap: flow %s does not fit into one workflow: its history has %d events of at most %d, and %d calls are still to be recorded; make parts of it flows of their own and run them with Child, or put more work into each task",
			e.def.name, info.GetCurrentHistoryLength(), maxEvents, flying+queued)
	case size > maxBytes-spareBytes:
		e.tooLong = fmt.Errorf("asap: flow %s does not fit into one workflow: its history has %d MB of at most %d; pass references instead of large values, or make parts of it flows of their own and run them with Child",
			e.def.name, size>>20, maxBytes>>20)
	}
	return e.tooLong != nil
}
