package contender

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// The contenders of this file are asap declared under one condition each, and
// are compared with asap declared without it.

// variantMax leaves the largest graph to those who are compared with others.
const variantMax = 200_000

// asapLimit has a limit that no graph of the table reaches.
var asapLimit = &Contender{
	Name:    "asap declared, Limit(1,000,000,000)",
	Variant: Declared,
	Max:     variantMax,
	New:     func() *Forms { return declaredForms(asap.Limit(1_000_000_000)) },
}

// asapLimitTwo has a limit of as many bodies as there are processors, which
// is reached when a body blocks or more is ready than can run.
var asapLimitTwo = &Contender{
	Name:    "asap declared, Limit(2)",
	Variant: Declared,
	Max:     variantMax,
	New:     func() *Forms { return declaredForms(asap.Limit(2)) },
}

// asapObserved is recorded for a waterfall.
var asapObserved = &Contender{
	Name:    "asap declared, waterfall.Recorder",
	Variant: Declared,
	Max:     variantMax,
	New:     func() *Forms { return declaredForms(asap.Observe(new(waterfall.Recorder))) },
}

// asapSeen has an observer that does nothing: what the engine itself spends
// on being observed, with pprof labels and clock readings.
var asapSeen = &Contender{
	Name:    "asap declared, empty observer",
	Variant: Declared,
	Max:     variantMax,
	New:     func() *Forms { return declaredForms(asap.Observe(blind{})) },
}

type blind struct{}

func (blind) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (blind) Observe(asap.Event)                                      {}

// asapCancellable has a parent that can be cancelled, as every request has,
// so the group must hear of its end.
var asapCancellable = &Contender{
	Name:    "asap declared, cancellable parent",
	Variant: Declared,
	Max:     variantMax,
	New: func() *Forms {
		forms := declaredForms()
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return forms.For(g)(ctx, g, w)
		}}
	},
}
