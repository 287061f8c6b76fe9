package waterfall

import (
	"context"
	"sync"
	"time"

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
// returned, and f may ask from one goroutine at a time.
type Ended struct {
	// Group is the ID that the outermost group has in events.
	Group asap.ID

	of *digest
}

// Run is the run. Its tasks have the names that they were declared with, also
// where several have the same, and its groups begin with the outermost. Of a run that
// is plain it is made when it is asked for.
func (e *Ended) Run() *Run { return e.of.wholeRun() }

// Path is the [Run.CriticalPath], made likewise.
func (e *Ended) Path() []Step {
	e.of.wholeRun()
	return e.of.steps
}

// Name is that of the Run.
func (e *Ended) Name() string { return e.of.group }

// Makespan is that of the Run.
func (e *Ended) Makespan() time.Duration { return e.of.Makespan }

// Plain returns the tasks of a run that is plain, in order of declaration: of one group
// that has succeeded with all of its tasks, none of which has parts, waited in its body
// or had a limit. That is most of what metrics are made of, and takes a tenth of the time
// that a Run takes. Of any other run ok is false.
func (e *Ended) Plain() (tasks []PlainTask, ok bool) {
	if !e.of.isPlain {
		return nil, false
	}
	return e.of.plain.tasks, true
}

// TaskErr is the error of the ith of the run's tasks, and of one that was tolerated.
func (e *Ended) TaskErr(i int) error {
	e.of.wholeRun()
	return e.of.snapshot.tasks[i].r.Err()
}

// GroupID is the ID that the ith of the run's groups has in events.
func (e *Ended) GroupID(i int) asap.ID {
	e.of.wholeRun()
	return idOf(uint32(e.Group>>32), e.of.snapshot.groups[i].r.Number)
}

// GroupTook is how long the ith of the run's groups took until its Wait could return. In
// the Run it ends with the last task: undos come later, and perhaps the call of Wait.
func (e *Ended) GroupTook(i int) time.Duration {
	r := e.of.root.own
	if i > 0 || r == nil {
		e.of.wholeRun()
		r = e.of.snapshot.groups[i].r
	}
	return r.Ended - r.Declared
}

// GroupErr is what Wait of the ith of the run's groups returned.
func (e *Ended) GroupErr(i int) error {
	e.of.wholeRun()
	return e.of.snapshot.groups[i].r.Err()
}

type each struct {
	f       func(ctx context.Context, e *Ended)
	c       collector
	digests digests
	began   sync.Map // ID of an outermost group that reports events → its context
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

func (s *eachSink) Owner() any                                     { return (*each)(s) }
func (s *eachSink) Began(ctx context.Context, _ *record.Table) any { return ctx }
func (s *eachSink) Ended(t *record.Table, began any) {
	d := s.digests.get()
	d.place = rootIn(t)
	(*each)(s).tell(began.(context.Context), d, &d.place)
}

func idOf(run, n uint32) asap.ID { return asap.ID(run)<<32 | asap.ID(n) }

func (o *each) ended(root *root) {
	ctx, ok := o.began.LoadAndDelete(idOf(root.key, root.group))
	if !ok {
		ctx = context.Background()
	}
	o.tell(ctx.(context.Context), o.digests.get(), root)
}

func (o *each) tell(ctx context.Context, d *digest, root *root) {
	d.ended(root, 0)
	d.told = Ended{idOf(root.key, root.group), d}
	o.f(ctx, &d.told)
	o.digests.put(d)
}
