package waterfall

import (
	"context"
	"sync"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// Each returns an observer that calls f with every run whose outermost group, of
// those that the observer was given to, has ended, and with the context that the
// group's observers have made. The group's Wait waits for f, which may be called at
// the same time for several runs. It is what another observer needs that tells of
// runs elsewhere: the engine notes the steps of the tasks, and nobody is called for
// them.
func Each(f func(ctx context.Context, e *Ended)) asap.Observer { return &each{f: f} }

// Ended is a run that has ended, with its critical path, as [Each] tells of it. All
// of it is made in memory that is used again: nothing of it may be kept after f has
// returned.
type Ended struct {
	// Group is the ID that the outermost group has in events.
	Group asap.ID
	// Run is the run. Its tasks have the names that they were declared with, also
	// where several have the same, and its groups begin with the outermost.
	Run *Run
	// Path is the [Run.CriticalPath].
	Path []Step

	of *digest
}

// TaskErr is the error of the ith of the run's tasks, and of one that was tolerated.
func (e *Ended) TaskErr(i int) error { return e.of.snapshot.tasks[i].r.Err() }

// GroupErr is what Wait of the ith of the run's groups returned.
func (e *Ended) GroupErr(i int) error { return e.of.snapshot.groups[i].r.Err() }

type each struct {
	f       func(ctx context.Context, e *Ended)
	c       collector
	digests digests
	began   sync.Map // ID of an outermost group → its context
}

// Start keeps the context of a group that reports events.
func (o *each) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Kind == asap.GroupStart {
		if t := o.c.find(uint32(e.Group >> 32)); t == nil || e.Parent == 0 || t.at(uint32(e.Parent)).State() == 0 {
			o.began.Store(e.Group, ctx)
		}
	}
	return ctx
}

// Observe records an event of a group that does not know the observer as one that
// reads its table, as [Recorder.Observe].
func (o *each) Observe(e asap.Event) {
	if _, ended := o.c.observe(&e); ended != nil {
		o.ended(ended)
	}
}

// Unlabeled spares the bodies pprof labels.
func (o *each) Unlabeled() {}

// Sink is for package asap.
func (o *each) Sink() record.Sink { return (*eachSink)(o) }

type eachSink each

func (s *eachSink) Owner() any { return (*each)(s) }
func (s *eachSink) Began(ctx context.Context, t *record.Table) {
	s.began.Store(idOf(t.Run, t.Own.Number), ctx)
}
func (s *eachSink) Ended(t *record.Table) { (*each)(s).ended(rootOf(t, "")) }

func idOf(run, n uint32) asap.ID { return asap.ID(run)<<32 | asap.ID(n) }

func (o *each) ended(root *root) {
	id := idOf(root.key, root.group)
	ctx, ok := o.began.LoadAndDelete(id)
	if !ok {
		ctx = context.Background()
	}
	d := o.digests.get()
	d.ended(root, 0)
	o.f(ctx.(context.Context), &Ended{id, d.run, d.steps, d})
	o.digests.put(d)
}
