package asap

import (
	"context"

	"github.com/asap-go/asap/internal/record"
	"github.com/asap-go/asap/internal/watch"
)

// The optional methods of an Observer, which the engine finds by its type.
type (
	// drops is told when another observer of the group has panicked.
	drops interface{ Dropped(e Event, value any) }
	// unlabeled does without the pprof labels of bodies.
	unlabeled interface{ Unlabeled() }
	// stander says who sees a group instead of it.
	stander interface {
		Instead(ctx context.Context, e Event) []Observer
	}
	// sinker reads what the engine notes instead of being called.
	sinker interface{ Sink() record.Sink }
)

// teller is an Observer as package watch tells it.
type teller struct{ Observer }

var _ watch.Teller = teller{}

func (t teller) Start(ctx context.Context, s watch.Step) context.Context {
	return t.Observer.Start(ctx, event(s))
}

func (t teller) Observe(s watch.Step) { t.Observer.Observe(event(s)) }

func (t teller) Instead(ctx context.Context, s watch.Step) (instead []watch.Teller, ok bool) {
	i, ok := t.Observer.(stander)
	if !ok {
		return nil, false
	}
	for _, o := range i.Instead(ctx, event(s)) {
		if o != nil {
			instead = append(instead, teller{o})
		}
	}
	return instead, true
}

func (t teller) Dropped(s watch.Step, value any) {
	if d, ok := t.Observer.(drops); ok {
		d.Dropped(event(s), value)
	}
}

// Sink returns the observer as one that reads, nil if it has to be called: also
// when it only embeds one that reads.
func (t teller) Sink() record.Sink {
	if r, ok := t.Observer.(sinker); ok {
		if s := r.Sink(); s != nil && s.Owner() == any(t.Observer) {
			return s
		}
	}
	return nil
}

func (t teller) Unlabeled() bool {
	_, ok := t.Observer.(unlabeled)
	return ok
}

func event(s watch.Step) Event {
	e := Event{
		Kind: Kind(s.Kind), At: s.At, Group: ID(s.Group), Task: ID(s.Task), Parent: ID(s.Parent), On: ID(s.On),
		Name: s.Name, Limit: s.Limit, Settled: s.Settled, Race: s.Race, Outcome: Outcome(s.Outcome), Err: s.Err,
	}
	for _, d := range s.Deps {
		e.Deps = append(e.Deps, ID(d))
	}
	return e
}
