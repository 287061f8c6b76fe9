package dbosasap

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Step tells the group of what has happened next.
func (e *engine) Step() error {
	for {
		switch {
		case e.launch():
			return nil
		case e.broken != nil:
			return e.broken
		case len(e.page) > 0:
			r := &e.page[0]
			e.page = e.page[1:]
			if e.tell(r) {
				return nil
			}
		case e.left:
			if e.await() {
				return nil
			}
		default:
			if e.broken = e.turn(); e.broken == nil && e.left {
				return nil
			}
		}
	}
}

// turn makes the next step of DBOS: it begins the bodies that are due, waits until
// something happens and has that recorded; or, if the database has that step, it reads
// what happened then.
func (e *engine) turn() error {
	var page []record
	text, err := dbos.RunAsStep(e.ctx, func(ctx context.Context) (string, error) {
		e.begin(ctx)
		if page = e.take(); len(page) == 0 {
			return "", context.Cause(e.ctx)
		}
		return pageText(page), nil
	}, dbos.WithStepName(e.waitsFor()))
	switch {
	case err != nil && e.ctx.Err() != nil: // canceled, late or shut down by DBOS
		e.leave(page)
		return nil
	case err != nil:
		return err
	case page == nil:
		if page, err = readPage(text); err != nil {
			return err
		}
	}
	e.page, e.told = page, true
	return nil
}

// waitsFor is the name of the next step, which DBOS wants to know before and to be
// the same whenever the workflow runs: what is under way then.
func (e *engine) waitsFor() string {
	for len(e.started) > 0 && e.started[0].over {
		e.started = e.started[1:]
	}
	switch n := len(e.flights); {
	case n > 1:
		return fmt.Sprintf("%s and %d more", e.started[0].call.Task, n-1)
	case n > 0:
		return e.started[0].call.Task
	case len(e.expected) > 0:
		return slices.Min(slices.Collect(maps.Keys(e.expected)))
	}
	return "asap.event"
}

// pageSize is how long a record of several things becomes. A longer one is of one.
const pageSize = 1 << 20

// take waits for what happens next, and returns all that has: nothing if the workflow
// ends first.
func (e *engine) take() (page []record) {
	for size := 0; ; {
		e.mu.Lock()
		for len(e.news) > 0 && (len(page) == 0 || size+e.news[0].size() <= pageSize) {
			r := e.news[0]
			e.news = e.news[1:]
			if e.expects(&r) {
				page = append(page, r)
				size += r.size()
			}
		}
		e.mu.Unlock()
		if len(page) > 0 {
			if !e.told {
				page[0].Began = e.began.UnixMicro()
			}
			return page
		}
		select {
		case <-e.wake:
		case <-e.ctx.Done():
			return nil
		}
	}
}

// expects says whether the group has not been told of r before. Timers and messages
// come again in a process that goes on with a flow.
func (e *engine) expects(r *record) bool {
	return e.flights[r.Task] != nil || e.timers[r.Event] != nil || e.expected[r.Event] != nil || r.Event == cancelName && !e.ended
}

// tell tells the group of one thing, unless the definition is another one.
func (e *engine) tell(r *record) bool {
	if at := r.at(e.began); at.After(e.now) {
		e.now = at
	}
	switch {
	case !e.expects(r):
		e.broken = r.unknown()
		return false
	case r.Event == cancelName:
		e.ended = true
		e.endGroup(canceledBy(r.Value))
	case e.timers[r.Event] != nil:
		f := e.timers[r.Event]
		delete(e.timers, r.Event)
		f()
	case e.expected[r.Event] != nil:
		f := e.expected[r.Event]
		delete(e.expected, r.Event)
		f.done(r.arrived(f.call))
	default:
		f := e.flights[r.Task]
		e.finish(f, r.outcome(f.call, f.cause))
	}
	return true
}

// leave ends the group's context when DBOS has ended the workflow's: no step is
// recorded from then on. What page has was not.
func (e *engine) leave(page []record) {
	e.left = true
	cause := context.Cause(e.ctx)
	if !e.ended {
		e.ended = true
		e.endGroup(cause)
	}
	for _, r := range page {
		e.drop(r.Task)
	}
	for _, f := range e.held {
		e.drop(f.call.Task)
	}
	e.held = nil
}

// await waits for bodies of a workflow that was left, and reports whether one has
// ended. What they give is nowhere.
func (e *engine) await() bool {
	e.acted = false
	<-e.wake
	e.mu.Lock()
	news := e.news
	e.news = nil
	e.mu.Unlock()
	for _, r := range news {
		e.drop(r.Task)
	}
	return e.acted
}

// drop ends a call of a workflow that was left.
func (e *engine) drop(task string) {
	if f := e.flights[task]; f != nil {
		e.finish(f, context.Cause(e.ctx))
	}
}
