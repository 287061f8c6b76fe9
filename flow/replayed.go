package flow

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/internal/record"
	"github.com/asap-go/asap/internal/watch"
)

// Replayer is an [Executor] that runs again what has run before, up to where that was,
// to know what is next. Observers hear nothing of it then: of what comes after they do,
// as of the run that it goes on with.
type Replayer interface {
	// Replaying reports whether what happens now has happened before, or happens to
	// a group that is about to be dropped. It is asked for each event.
	Replaying() bool
	// RunNumber is part of the IDs of events: that of the run, each time it runs again. 0
	// is none.
	RunNumber() uint32
}

// quieten keeps from the observers of a group what is a replay.
func quieten(r Replayer, c *engine.Config) {
	c.Run = r.RunNumber()
	tellers := make([]watch.Teller, len(c.Tellers))
	for i, t := range c.Tellers {
		tellers[i] = quiet{t, r}
	}
	c.Tellers = tellers
}

// quiet is an observer that hears no replay.
type quiet struct {
	watch.Teller
	replayer Replayer
}

func (q quiet) Start(ctx context.Context, s watch.Step) context.Context {
	if q.replayer.Replaying() {
		return ctx
	}
	return q.Teller.Start(ctx, s)
}

func (q quiet) Observe(s watch.Step) {
	if !q.replayer.Replaying() {
		q.Teller.Observe(s)
	}
}

// Instead asks nobody who sees a group in a replay.
func (q quiet) Instead(ctx context.Context, s watch.Step) (instead []watch.Teller, ok bool) {
	if q.replayer.Replaying() {
		return nil, false
	}
	all, ok := q.Teller.Instead(ctx, s)
	for _, t := range all {
		instead = append(instead, quiet{t, q.replayer})
	}
	return instead, ok
}

// Sink reads the whole of a run, and so only one that began outside of a replay.
func (q quiet) Sink() record.Sink {
	if s := q.Teller.Sink(); s != nil {
		return &quietSink{Sink: s, replayer: q.replayer}
	}
	return nil
}

type quietSink struct {
	record.Sink
	replayer Replayer
	began    bool
}

func (s *quietSink) Began(ctx context.Context, t *record.Table) any {
	if s.began = !s.replayer.Replaying(); s.began {
		return s.Sink.Began(ctx, t)
	}
	return nil
}

// Ended also tells of a run that is dropped in the middle: it has ended here.
func (s *quietSink) Ended(t *record.Table, began any) {
	if s.began {
		s.Sink.Ended(t, began)
	}
}
