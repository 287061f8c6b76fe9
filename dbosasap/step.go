package dbosasap

import (
	"context"
)

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

// leave ends the group's context when DBOS has ended the workflow's: no step is
// recorded from then on.
func (e *engine) leave() {
	if !e.ended {
		e.ended = true
		e.endGroup(context.Cause(e.ctx))
	}
}
