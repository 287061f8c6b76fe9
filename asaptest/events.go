package asaptest

import (
	"context"
	"sync"

	"github.com/asap-go/asap"
)

// Events is an [asap.Observer] that keeps everything it is told, of any number
// of groups, in the order of the calls. The zero Events is ready for use, by
// any number of goroutines.
type Events struct {
	mu    sync.Mutex
	list  []seen
	exact bool // in virtual time, so that no clock is read late
}

// seen is one call of the observer.
type seen struct {
	asap.Event
	start bool // of Start, not of Observe
}

// Start keeps the call and returns ctx.
func (r *Events) Start(ctx context.Context, e asap.Event) context.Context {
	r.add(seen{e, true})
	return ctx
}

// Observe keeps the event.
func (r *Events) Observe(e asap.Event) { r.add(seen{e, false}) }

func (r *Events) add(s seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, s)
}

// All returns the events observed so far.
func (r *Events) All() []asap.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []asap.Event
	for _, s := range r.list {
		if !s.start {
			all = append(all, s.Event)
		}
	}
	return all
}

// Check returns an error for every breach of the contract of [asap.Observer]
// in what was seen, joined, each with the task and the place, or nil. Call it
// when the groups have ended: what has not ended by then is a breach.
//
// It checks the order of the calls of each task and group, that a dependency
// has ended before its dependent is ready, however it has: events do not tell an
// [asap.AfterEnd] from other edges; that the times of a body never go back, that
// outcome and error of a task agree, and that the IDs tell all apart. An engine
// that runs tasks of its own can be checked by feeding an Events.
func (r *Events) Check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := newContract()
	c.exact = r.exact
	for i, s := range r.list {
		c.at = i
		c.next(s)
	}
	c.finish()
	return c.err()
}
