package watch

import (
	"context"
	"runtime/trace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// Config is what a group is observed by.
type Config struct {
	Name    string
	Labels  bool // the group has a name of its own, and so labels
	Tellers []Teller
	Outer   *Group           // of the group around; nil if none, or if nobody looks at it
	Owner   uint32           // number of the task that the group was made in; 0 if nobody observes it
	Clock   func() time.Time // of an engine elsewhere; nil for that of this process
	Made    time.Time        // when the group was made, by the clock of this process; 0 for now
	Run     uint32           // of an engine that runs a group again; 0 for a number that is drawn
	Limit   int              // of the group; 0 without
	Shared  *record.Shared   // that its bodies have for a limit, and those of the group around have not
	Settled bool
}

// Group is what a group has that somebody looks at. The engine holds it for as
// long as the group, and calls it without locks: steps of different tasks come
// at the same time, those of one task one after the other but for its waits.
// Nothing but the dropped marks changes after New, until Over.
type Group struct {
	name    string
	run     *run          // nil if steps are not noted: labels or the tracer alone
	entry   *record.Entry // of the group
	tellers []teller      // that are called for each step
	readers []reader      // that read the table: the outer group's and its own
	own     []reader      // of readers, those that the outer group does not have
	one     [1]reader     // room for the first of both
	table   *record.Table // for own, until the group ends
	number  uint32        // of the group
	outer   bool          // outermost of the observed groups
	labels  bool
	trace   *trace.Task
	names   names

	over    sync.WaitGroup // until the engine calls Over, which makes the rest
	at      time.Duration
	err     error
	outcome uint8
}

// teller is an observer that is called, in one group.
type teller struct {
	Teller
	dropped atomic.Bool
}

// reader is an observer that reads the table.
type reader struct {
	record.Sink
	teller Teller // tells it when another observer panicked
	began  any    // by the group whose own it is: see Began
}

// IsWanted reports whether anybody looks at a group with this Config, which may
// be nil.
func IsWanted(c *Config) bool {
	return trace.IsEnabled() || c != nil && (c.Outer != nil || c.Labels || len(c.Tellers) > 0)
}

// New begins to observe a group, before anybody else knows it, and tells its
// GroupStart. It returns the context that observers and the tracer made of
// parent, and no Group if the observers have all left it to nobody. It does not
// keep c, which may be nil.
func New(c *Config, parent context.Context) (*Group, context.Context) {
	if c == nil {
		c = &Config{}
	}
	w := &Group{name: c.Name, labels: c.Labels}
	w.over.Add(1)
	if o := c.Outer; o != nil {
		w.run, w.readers = o.run, o.readers
		w.labels = w.labels || o.labels
		w.tellers = make([]teller, 0, len(o.tellers)+len(c.Tellers))
		for i := range o.tellers { // one that was dropped out there begins anew
			w.tellers = append(w.tellers, teller{Teller: o.tellers[i].Teller})
		}
	}
	for _, t := range c.Tellers {
		w.add(t)
	}
	if trace.IsEnabled() {
		name := c.Name
		if name == "" {
			name = "asap.Group"
		}
		parent, w.trace = trace.NewTask(parent, name)
	}
	if len(w.tellers)+len(w.readers) == 0 {
		return w, parent
	}
	parent = w.start(c, parent)
	if len(w.tellers)+len(w.readers) > 0 {
		return w, parent
	}
	if !w.labels && w.trace == nil { // all have left it to nobody
		return nil, parent
	}
	w.run, w.entry = nil, nil // no step is noted
	return w, parent
}

// add adds an observer that the group was given.
func (w *Group) add(t Teller) {
	w.labels = w.labels || !t.Unlabeled()
	s := t.Sink()
	if s == nil {
		w.tellers = append(w.tellers, teller{Teller: t})
	} else if !slices.ContainsFunc(w.readers, func(r reader) bool { return r.Sink == s }) {
		r := reader{Sink: s, teller: t}
		if len(w.readers) == 0 { // most often there is one
			w.one[0] = r
			w.own, w.readers = w.one[:1:1], w.one[:1:1]
			return
		}
		w.own = append(w.own, r)
		w.readers = append(slices.Clip(w.readers), r)
	}
}

// start tells the start of the group, and notes it if somebody still wants to know.
func (w *Group) start(c *Config, ctx context.Context) context.Context {
	at := time.Duration(0)
	if w.run == nil {
		w.run, w.outer = newRun(c), true
	} else {
		at = w.run.now()
	}
	w.number = w.run.ids.Add(1)
	if len(w.tellers) > 0 {
		ctx = w.tellGroupStart(c, at, ctx)
	}
	if len(w.tellers)+len(w.readers) == 0 {
		return ctx
	}
	e, chunk := w.run.slot(w.number)
	w.entry = e
	e.Group, e.Name = w.number, c.Name
	if c.Owner != 0 {
		e.SetParent(c.Owner)
	}
	bits := uint32(0)
	if c.Settled {
		bits = record.Settled
	}
	if c.Limit > 0 || c.Shared != nil {
		e.Note(&record.Facts{Limit: c.Limit, Shared: c.Shared})
	}
	e.Begin(at, bits)
	if len(w.own) > 0 {
		w.table = record.NewTable(uint32(w.run.id>>32), w.run.began, e, chunk)
	}
	for i := range w.own {
		w.own[i].began = w.own[i].Began(ctx, w.table)
	}
	return ctx
}

// Now is the time for steps, 0 if they are not noted. Nobody may hold a lock:
// the clock may be an engine's.
func (w *Group) Now() time.Duration {
	if w == nil || w.run == nil {
		return 0
	}
	return w.run.now()
}

// Labels reports whether bodies carry pprof labels.
func (w *Group) Labels() bool { return w != nil && w.labels }

// Entries reports whether steps are noted: there is an observer.
func (w *Group) Entries() bool { return w != nil && w.run != nil }

// Calls reports whether Start may make a context or a region: for observers that
// are called, labels or the tracer, and not for readers alone.
func (w *Group) Calls() bool { return len(w.tellers) > 0 || w.labels || w.trace != nil }

// ID is the ID of the task or group with a number in this run, 0 for 0.
func (w *Group) ID(number uint32) uint64 {
	if number == 0 {
		return 0
	}
	return w.run.id | uint64(number)
}

// GroupID is the ID of the group itself, 0 if steps are not noted.
func (w *Group) GroupID() uint64 {
	if !w.Entries() {
		return 0
	}
	return w.ID(w.number)
}

// Over takes the instant at which the group has ended, with its outcome, what Wait
// returns, and the number of the task that has ended it before all others had, or 0. It
// comes once, after every other step but for GroupEnd.
func (w *Group) Over(outcome uint8, err error, by uint32) {
	w.outcome, w.err = outcome, err
	if w.run != nil {
		w.endWaits(w.entry)
		w.entry.On = by
		w.at = w.run.now()
	}
	w.over.Done()
}

// AwaitOver returns when Over was called.
func (w *Group) AwaitOver() { w.over.Wait() }

// GroupEnd notes and tells the end of the group, and lets go of the table. It comes
// once, after AwaitOver.
func (w *Group) GroupEnd() {
	if w.run != nil {
		w.noteEnd(GroupEnd, w.entry, w.outcome, w.err, w.at)
		for _, r := range w.own {
			w.endSink(r)
		}
		w.table = nil // a task that is kept keeps it no longer
	}
	if w.trace != nil {
		w.trace.End()
	}
}

// endSink tells r that the group has ended. When it panics the others go on and
// are told.
func (w *Group) endSink(r reader) {
	defer func() {
		if v := recover(); v != nil {
			w.tellDropped(w.step(GroupEnd, w.entry, w.entry.Ended), v)
		}
	}()
	r.Ended(w.table, r.began)
}
