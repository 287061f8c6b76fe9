package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

// History makes a recording of a flow's run out of the history of its workflow,
// so that critical path, what-if and the pictures of package waterfall are there
// for runs on Temporal too. It runs the flow's definition on the history, and
// no body; of the options it needs only the [Converter] and each [ChildWorkflow], and the
// others of [Register] may be given as well.
//
// A task runs from the start of its last attempt to its end; before that it is
// queued from the moment that it could go on: on its way through the server,
// for a slot of a worker or a limit, or in attempts that failed, of which a
// history keeps no times and the run has a note. A workflow that has not ended
// gives a run that has not. Nested groups inside of bodies are not in a
// history, nor is a limit; of local activities it has only the end, and the
// elements of a Map among them are told apart by the order of their ends.
// Observers of the flow see the run again.
//
// History returns an error if the flow is not the one that made the history.
//
// A history comes from client.Client.GetWorkflowHistory, or, as JSON, from
// client.HistoryFromJSON.
func History[In, Out any](f *flow.Flow[In, Out], h *history.History, options ...Option) (*waterfall.Run, error) {
	if f == nil {
		return nil, errors.New("asap: History with a nil Flow; make one with Define")
	}
	c := configured(options)
	p := &player{values: c.values(), flow: f.Name(), byHand: c.byHand()}
	started, err := p.read(h)
	if err != nil {
		return nil, fmt.Errorf("asap: flow %s: history: %w", f.Name(), err)
	}
	if calls, err := f.Calls(); err == nil {
		p.wrapped = !slices.ContainsFunc(calls, func(call *flow.Call) bool { return isRun(call.Func) })
	}
	var in In
	if err := p.values.FromPayloads(started.GetInput(), &in); err != nil {
		return nil, fmt.Errorf("asap: flow %s: history: its input: %w", f.Name(), err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p.cancelFlow = cancel
	p.record.init()
	_, err = f.With(flow.On(p), asap.Observe(&p.record)).Run(ctx, in)
	if p.refused != nil {
		return nil, fmt.Errorf("asap: flow %s: history: %w", f.Name(), p.refused)
	}
	if n := len(p.acts) - p.asked; n > 0 {
		return nil, fmt.Errorf("asap: flow %s: history: %d of its activities are none that the flow asks for, such as %s; give the definition that the workflow ran", f.Name(), n, p.unasked())
	}
	return p.run(err), nil
}

// play is one activity, local activity or child workflow of a history.
type play struct {
	name           string // the task, or else the type
	started, ended time.Duration
	attempt        int32
	over           bool // ended is set
	succeeded      bool
	asked          bool
	flight         *playing // while the group waits for it
}

// playing is a call of the group.
type playing struct {
	call *flow.Call
	done func(error)
	play *play // nil if the history never got there
}

// player is an executor that answers from a history. It runs on one goroutine,
// as do the observers of the group.
type player struct {
	values     *values
	flow       string
	began      time.Time
	record     chronicle
	acts       []*play
	byTask     map[string]*play   // activities, by task
	byType     map[string][]*play // local activities, by type: the task's body
	children   []*play            // in order of command
	byHand     map[string]bool    // tasks with a ChildWorkflow
	wrapped    bool               // no body is the Run of a flow: those of the children are behind functions
	scenes     []scene
	at         int
	tasks      int                         // workflow tasks so far
	task       int                         // the present one
	clock      []time.Time                 // of the workflow, by workflow task
	startedAt  time.Time                   // of the last one that has begun
	timers     map[int64]int               // their numbers, by event
	afters     []func()                    // what they are for
	mail       map[string]*common.Payloads // signals that have come, the first of each name
	expected   []playedSignal
	open       []*playing
	lost       []*playing // canceled before the history got there
	asked      int
	last       time.Duration
	close      enums.EventType // how the workflow ended, 0 if it has not
	closeText  string
	cancelFlow context.CancelCauseFunc
	refused    error
}

// scene is something that the workflow heard of. What it heard in one workflow
// task the group handles at once, so that the order of declaration decides.
type scene struct {
	event int64
	task  int // number of the workflow task, 0 if none has seen it
	at    time.Duration
	play  *play   // nil if a timer fires, a signal comes, or the workflow is to be canceled
	mail  *posted // a signal
	reply reply
	fires bool
	timer int // number of the timer, in order of start
}

var errOver = errors.New("the history is over")

func (p *player) Start(call *flow.Call, done func(error)) {
	f := &playing{call: call, done: done, play: p.find(call)}
	if f.play == nil {
		p.open = append(p.open, f)
		return
	}
	f.play.asked, f.play.flight = true, f
	p.asked++
	p.record.started.play = f.play
	p.open = append(p.open, f)
}

// find returns what the history has for a call, nil if it has nothing.
func (p *player) find(call *flow.Call) *play {
	if a := p.byTask[call.Task]; a != nil && !a.asked {
		return a
	}
	body := p.flow + "." + call.Body
	if list := p.byType[body]; len(list) > 0 {
		p.byType[body] = list[1:]
		return list[0]
	}
	if len(p.children) > 0 && p.byTask[call.Task] == nil && (p.wrapped || isRun(call.Func) || p.byHand[call.Body] || p.byHand[wholeName(call.Body)]) {
		child := p.children[0]
		p.children = p.children[1:]
		return child
	}
	return nil
}

func (p *player) unasked() string {
	for _, a := range p.acts {
		if !a.asked {
			return a.name
		}
	}
	return ""
}

func (p *player) Step() error {
	if len(p.lost) > 0 {
		f := p.lost[0]
		p.lost = p.lost[1:]
		p.end(f, context.Canceled)
		return nil
	}
	if p.deliver() {
		return nil
	}
	told := false
	for p.at < len(p.scenes) {
		s := p.scenes[p.at]
		if told && s.task != p.scenes[p.at-1].task {
			return nil
		}
		p.at++
		p.record.now = max(p.record.now, s.at)
		p.task = s.task
		switch {
		case s.mail != nil:
			if p.mail[s.mail.name] == nil || s.mail.name == CancelSignal {
				p.mail[s.mail.name] = s.mail.value
			}
			told = p.deliver() || told
		case s.fires:
			if s.timer < len(p.afters) {
				p.afters[s.timer]()
				told = true
			}
		case s.play == nil:
			p.cancelFlow(p.canceledBy())
			told = true
		case s.play.flight != nil:
			err := s.reply(p, s.play.flight.call)
			s.play.ended, s.play.over, s.play.succeeded = s.at, true, err == nil
			p.end(s.play.flight, err)
			told = true
		case p.refused == nil:
			p.refused = fmt.Errorf("%s has ended before the flow asks for it; give the definition that the workflow ran", s.play.name)
		}
	}
	if told {
		return nil
	}
	p.record.over = true
	return errOver
}

// Now is the workflow's clock, which stands still in a workflow task.
func (p *player) Now() time.Time {
	switch i := max(p.task, 1) - 1; {
	case len(p.clock) == 0:
		return p.began
	default:
		return p.clock[min(i, len(p.clock)-1)]
	}
}

// After takes f for the next timer of the history.
func (p *player) After(_ time.Duration, f func()) { p.afters = append(p.afters, f) }

func (p *player) end(f *playing, err error) {
	if f.play != nil {
		f.play.flight = nil
	}
	p.open = slices.DeleteFunc(p.open, func(o *playing) bool { return o == f })
	f.done(err)
}

// Cancel ends the calls that the history never got to; the others end in it.
func (p *player) Cancel(error) {
	for _, f := range p.open {
		p.lose(f)
	}
}

// CancelCall is Cancel for one call.
func (p *player) CancelCall(call *flow.Call, _ error) {
	for _, f := range p.open {
		if f.call == call {
			p.lose(f)
		}
	}
}

func (p *player) lose(f *playing) {
	if f.play == nil && !slices.Contains(p.lost, f) {
		p.lost = append(p.lost, f)
	}
}

// run is what was recorded.
func (p *player) run(err error) *waterfall.Run {
	r := p.record.finish(p.flow, p.began, p.last)
	switch p.close {
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
	case enums.EVENT_TYPE_UNSPECIFIED:
		return r
	default:
		r.Notes = append(r.Notes, p.closeText)
		return r
	}
	if p.record.over { // it has closed before everything it had started ended
		return r
	}
	g := &r.Groups[0]
	r.Ended, g.Outcome = true, p.record.outcome
	if err != nil {
		g.Err = err.Error()
	}
	return r
}
