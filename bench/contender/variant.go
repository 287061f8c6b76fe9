package contender

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/asap-go/asap"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// The contenders of this file are asap declared under one condition each, and
// are compared with asap declared without it.

// asapLimit has a limit that no graph of the table reaches.
var asapLimit = &Contender{
	Name:    "asap declared, Limit(1,000,000,000)",
	Variant: Declared,
	New:     func() *Forms { return declaredForms(asap.Limit(1_000_000_000)) },
}

// asapLimitTwo has a limit of as many bodies as there are processors, which
// is reached when a body blocks or more is ready than can run.
var asapLimitTwo = &Contender{
	Name:    "asap declared, Limit(2)",
	Variant: Declared,
	New:     func() *Forms { return declaredForms(asap.Limit(2)) },
}

// asapObserved has a recorder that replaces no context and keeps every event.
var asapObserved = &Contender{
	Name:    "asap declared, observed",
	Variant: Declared,
	New: func() *Forms {
		r := &recorder{ring: make([]asap.Event, 1<<14)}
		forms := declaredForms(asap.Observe(r))
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			r.ended.Store(0)
			v, err := forms.For(g)(ctx, g, w)
			if ended := r.ended.Load(); err == nil && ended < int64(g.Len()) {
				err = fmt.Errorf("the observer saw %d of %d tasks end", ended, g.Len())
			}
			return v, err
		}}
	},
}

// asapCancellable has a parent that can be cancelled, as every request has,
// so the group must hear of its end.
var asapCancellable = &Contender{
	Name:    "asap declared, cancellable parent",
	Variant: Declared,
	New: func() *Forms {
		forms := declaredForms()
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return forms.For(g)(ctx, g, w)
		}}
	},
}

// recorder keeps the latest events in one ring, by an atomic index: about the
// least that a recorder can do. It is nobody's to read.
type recorder struct {
	next, ended atomic.Int64
	ring        []asap.Event
}

// Start leaves the context alone.
func (r *recorder) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }

// Observe keeps e.
func (r *recorder) Observe(e asap.Event) {
	r.ring[(r.next.Add(1)-1)%int64(len(r.ring))] = e
	if e.Kind == asap.Ended {
		r.ended.Add(1)
	}
}
