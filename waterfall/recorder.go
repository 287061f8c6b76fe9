package waterfall

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// Recorder is an [asap.Observer] that records the outermost group which was
// the last to start among those that it was given to. The zero value is ready.
// It replaces no context and is not called for the events: the engine keeps a
// table of its tasks (105 bytes a task, and more for one that waits in its
// body), and all other work is done by [Recorder.Run]. It keeps what it recorded
// until the next group starts. For many groups at once use [Stats].
type Recorder struct {
	// TraceID, if not nil, finds the trace ID of a run in the context that its
	// group was made with, or that other observers made of it; see [Stats].
	TraceID func(context.Context) string

	c      collector
	latest atomic.Pointer[root]
}

// Start returns ctx unchanged.
func (r *Recorder) Start(ctx context.Context, e asap.Event) context.Context {
	r.c.traced(ctx, &e, r.TraceID)
	return ctx
}

// Observe records an event of a group that does not know the Recorder as one
// that reads its table: of another engine, or behind another observer. Events do not
// have the options of tasks, so these are missing from the run, and which task may
// fail is guessed from what happened.
func (r *Recorder) Observe(e asap.Event) {
	began, _ := r.c.observe(&e)
	if began != nil {
		r.latest.Store(began)
	}
}

// Unlabeled spares the bodies the pprof labels of observed groups: recording is
// to cost little. A group with a name has them all the same.
func (r *Recorder) Unlabeled() {}

// Sink is for package asap, which leads events past [Recorder.Observe].
func (r *Recorder) Sink() record.Sink { return (*recorderSink)(r) }

type recorderSink Recorder

func (r *recorderSink) Owner() any { return (*Recorder)(r) }
func (r *recorderSink) Began(ctx context.Context, t *record.Table) any {
	r.latest.Store(rootOf(t, traceOf(ctx, r.TraceID)))
	return nil
}
func (r *recorderSink) Ended(t *record.Table, _ any) { t.Close() }

// Run returns what has been recorded so far, with what is still going on cut
// off at this moment. It may be called at any time, also while the group runs
// and when it is stuck; it blocks nobody. Before the first group it returns an
// empty Run. The result is the caller's own.
func (r *Recorder) Run() *Run {
	root := r.latest.Load()
	if root == nil {
		return &Run{}
	}
	return root.run()
}

// root is an outermost group in a table.
type root struct {
	t     entries
	key   uint32 // the high half of its IDs
	group uint32
	began time.Time
	trace string // its ID
	own   *record.Entry
}

// entries is a table, the engine's or our own.
type entries interface {
	Each(func(e *record.Entry, state uint32))
}

func rootOf(t *record.Table, trace string) *root {
	r := rootIn(t)
	r.trace = trace
	return &r
}

func rootIn(t *record.Table) root {
	return root{t: t, key: t.Run, group: t.Own.Number, began: t.Began, own: t.Own}
}

// traceOf asks a user's function, if there is one, for a trace ID. If it panics
// there is none: the group is not to fail for that.
func traceOf(ctx context.Context, id func(context.Context) string) (trace string) {
	if id == nil {
		return ""
	}
	defer func() {
		if recover() != nil {
			trace = ""
		}
	}()
	return brief(id(ctx), longestTrace)
}

// longestTrace is how much of a trace ID is kept; those of W3C have 32.
const longestTrace = 128

// collector finds the table of an event. One observer may serve any number of
// outermost groups at once; the high half of an ID says which one it is of.
type collector struct {
	mu     sync.Mutex // guards changes of the lists
	tables [64]atomic.Pointer[table]
	traces sync.Map // ID of a group → its trace ID, from Start to Observe
}

// traced keeps the trace ID of a group that starts, until its event comes.
func (c *collector) traced(ctx context.Context, e *asap.Event, id func(context.Context) string) {
	if id == nil || e.Kind != asap.GroupStart {
		return
	}
	if t := c.find(uint32(e.Group >> 32)); t != nil && e.Parent != 0 && t.at(uint32(e.Parent)).State() != 0 {
		return // nested
	}
	if trace := traceOf(ctx, id); trace != "" {
		c.traces.Store(e.Group, trace)
	}
}

func (c *collector) trace(group asap.ID) string {
	trace, ok := c.traces.LoadAndDelete(group)
	if !ok {
		return ""
	}
	return trace.(string)
}

func (c *collector) find(key uint32) *table {
	t := c.tables[key%uint32(len(c.tables))].Load()
	for t != nil && t.key != key {
		t = t.next.Load()
	}
	return t
}

// observe records an event. It returns the outermost group that began with it,
// or the one that ended with it.
func (c *collector) observe(e *asap.Event) (began, ended *root) {
	t := c.find(uint32(e.Group >> 32))
	switch {
	case e.Kind == asap.GroupStart:
		return c.groupStart(t, e), nil
	case t == nil: // after the end of the outermost group: nobody would read it
	case e.Kind == asap.GroupEnd:
		g := t.at(uint32(e.Group))
		t.write(g, e, 0)
		if g.State()&record.Outermost != 0 {
			c.leave(t)
			ended = t.root(uint32(e.Group), "")
		}
	case e.Task == 0: // a wait of the group's own
		t.write(t.at(uint32(e.Group)), e, 0)
	default:
		t.write(t.at(uint32(e.Task)), e, 0)
	}
	return nil, ended
}

// groupStart tells an outermost group from a nested one: the observer does not
// know the task in which it was made.
func (c *collector) groupStart(t *table, e *asap.Event) *root {
	group := uint32(e.Group)
	if t != nil && e.Parent != 0 && t.at(uint32(e.Parent)).State() != 0 {
		t.write(t.at(group), e, 0)
		return nil
	}
	t = c.join(uint32(e.Group>>32), group, e.At)
	t.write(t.at(group), e, record.Outermost)
	return t.root(group, c.trace(e.Group))
}

// join returns the table for another outermost group, which starts at the given
// time on the clock of its events: there may be a group around it that this
// observer does not see. A table that knows the group already is that of an
// earlier run with the same IDs.
func (c *collector) join(key, group uint32, at time.Duration) *table {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.find(key)
	if t != nil && t.at(group).State() != 0 {
		c.remove(t)
		t = nil
	}
	if t == nil {
		t = &table{key: key, began: time.Now().Add(-at)}
		list := &c.tables[key%uint32(len(c.tables))]
		t.next.Store(list.Load())
		list.Store(t)
	}
	t.open++
	return t
}

// leave forgets a table when the last of its outermost groups has ended.
func (c *collector) leave(t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.open--; t.open == 0 {
		c.remove(t)
	}
}

func (c *collector) remove(t *table) {
	link := &c.tables[t.key%uint32(len(c.tables))]
	for at := link.Load(); at != nil; at = link.Load() {
		if at == t {
			link.Store(t.next.Load())
			return
		}
		link = &at.next
	}
}
