package dbosasap

import (
	"context"
	"errors"
	"time"

	"github.com/asap-go/asap/flow"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// past is an executor that runs nothing: it tells a group what the database has of a
// run, and then leaves it as it is. So the states and the picture of a run are those
// that its group had, whoever runs it.
type past struct {
	def      *definition
	began    time.Time
	now      time.Time
	history  []record
	told     chan struct{} // closed when all is told
	left     chan struct{} // closed by who has seen enough
	group    context.Context
	end      context.CancelCauseFunc
	pending  []*flight
	calls    map[string]*flight
	timers   map[string]func()
	made     int
	expected map[string]*flight
	tries    map[string]try
	acted    bool
}

var (
	_ flow.Executor = (*past)(nil)
	_ flow.Clock    = (*past)(nil)
	_ flow.Canceler = (*past)(nil)
	_ flow.Signaler = (*past)(nil)
)

// newPast reads the history of a workflow.
func newPast(d dbos.Context, def *definition, id string) (*past, error) {
	p := &past{def: def, told: make(chan struct{}), left: make(chan struct{}), calls: make(map[string]*flight), timers: make(map[string]func()),
		expected: make(map[string]*flight), tries: make(map[string]try)}
	history, began, err := readHistory(d, id)
	if err != nil {
		return nil, err
	}
	p.history = history
	p.begin(began)
	p.group, p.end = context.WithCancelCause(context.Background())
	return p, nil
}

// readHistory returns what the database has of a workflow, in the order in which it
// happened, and when it began, zero if there is nothing.
func readHistory(d dbos.Context, id string) (all []record, began time.Time, err error) {
	// Said explicitly: without it a workflow that is recovered while DBOS is launched gets none.
	steps, err := dbos.GetWorkflowSteps(d, id, dbos.WithStepsLoadOutput(true))
	if err != nil {
		return nil, began, err
	}
	for _, s := range steps {
		text, ok := listed(s.Output)
		if !ok { // of the start of a workflow
			continue
		}
		page, err := readPage(text)
		if err != nil {
			return nil, began, err
		}
		all = append(all, page...)
	}
	if len(all) > 0 {
		began = time.UnixMicro(all[0].Began)
	}
	return all, began, nil
}

// begin sets when the flow began.
func (p *past) begin(at time.Time) { p.began, p.now = at, at }

func (p *past) Now() time.Time { return p.now }

func (p *past) After(_ time.Duration, f func()) {
	p.made++
	p.timers[timeEvent(p.made)] = f
}

func (p *past) Start(call *flow.Call, done func(error)) {
	f := &flight{call: call, done: done}
	p.calls[call.Task] = f
	p.pending = append(p.pending, f)
}

func (p *past) Receive(call *flow.Call, done func(error)) {
	p.expected[signalEvent(call.Task)] = &flight{call: call, done: done}
}

// Cancel ends what no step was made of: of the others there are records.
func (p *past) Cancel(cause error) {
	for _, f := range p.calls {
		f.cause = cause
	}
}

func (p *past) CancelCall(call *flow.Call, cause error) {
	for _, f := range p.calls {
		if f.call == call {
			f.cause = cause
		}
	}
}

// Step tells of what happened next. When that is all, it waits until the run is let go.
func (p *past) Step() error {
	p.acted = false
	for _, f := range p.pending {
		if f.cause != nil {
			p.finish(f, f.cause)
		}
	}
	p.pending = nil
	if p.acted {
		return nil
	}
	if len(p.history) == 0 {
		return p.leave()
	}
	h := p.history[0]
	p.history = p.history[1:]
	if at := h.at(p.began); at.After(p.now) {
		p.now = at
	}
	switch {
	case h.Event == cancelName:
		p.end(canceledBy(h.Value))
	case p.timers[h.Event] != nil:
		f := p.timers[h.Event]
		delete(p.timers, h.Event)
		f()
	case p.expected[h.Event] != nil:
		f := p.expected[h.Event]
		delete(p.expected, h.Event)
		f.done(h.arrived(f.call))
	case p.calls[h.Task] != nil:
		f := p.calls[h.Task]
		if h.Tries > 1 {
			p.tries[h.Task] = try{attempt: h.Tries}
		}
		p.finish(f, h.outcome(f.call, f.cause))
	default:
		return h.unknown()
	}
	return nil
}

// leave waits until somebody has seen the run, and ends it.
func (p *past) leave() error {
	select {
	case <-p.left:
	default:
		close(p.told)
		<-p.left
	}
	p.end(errLeft)
	for _, f := range p.calls {
		p.finish(f, errLeft)
	}
	return nil
}

var errLeft = errors.New("asap: the run goes on elsewhere")

// seen calls look when all that the database has of the run was told, or it has ended
// by that.
func (p *past) seen(wait, look func()) {
	over := make(chan struct{})
	go func() { // ends when the run does, for which seen waits
		defer close(over)
		defer func() { _ = recover() }() // of the definition's function: the run itself has its panic
		wait()
	}()
	select {
	case <-p.told:
	case <-over:
	}
	look()
	close(p.left)
	<-over
}

func (p *past) finish(f *flight, err error) {
	p.acted = true
	delete(p.calls, f.call.Task)
	f.done(err)
}
