package otelasap

import (
	"context"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// quiet is the context of a group whose span is not recorded: nothing in it has a
// span, and its metrics are those of the whole run, when it has ended.
type quiet struct {
	context.Context
	of     *Observer
	group  asap.ID
	began  time.Duration
	around *quiet // of one that tells of itself in another

	mu   sync.Mutex      // guards told
	told map[uint32]bool // the groups in it that have told of themselves, by the lower half of the ID
}

// mayGoOn is that of a group.
func (q *quiet) mayGoOn(e asap.Event) bool { return q.around == nil && e.At-q.began >= long }

// reports tells whether a group whose span is not recorded reports events, as another
// observer is wrapped around this one. Nobody then finds its context when it ends.
func (o *Observer) reports(q *quiet) bool {
	r := o.run(q.group)
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.quiet[q.group]
}

// leaveOut leaves a group out of what is told at the end.
func (q *quiet) leaveOut(id asap.ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.told == nil {
		q.told = make(map[uint32]bool)
	}
	q.told[uint32(id)] = true
}

// leftOut are the groups of a run that have told of themselves, with those in them, by
// their place in the run.
func (q *quiet) leftOut(e *waterfall.Ended, p *parts) []bool {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.told) == 0 {
		return nil
	}
	out := make([]bool, len(p.run.Groups))
	for i := range p.run.Groups {
		g := &p.run.Groups[i]
		out[i] = q.told[uint32(e.GroupID(i))]
		if t := p.task(g.Parent); t != nil && !out[i] {
			around := p.groupAt(t.Group)
			out[i] = around >= 0 && around < i && out[around]
		}
	}
	return out
}

type quietKey struct{}

func (q *quiet) Value(key any) any {
	if key == (quietKey{}) {
		return q
	}
	return q.Context.Value(key)
}

// quietOf returns the innermost such context around ctx that is the observer's.
func quietOf(ctx context.Context, o *Observer) *quiet {
	for {
		q, _ := ctx.Value(quietKey{}).(*quiet)
		if q == nil || q.of == o {
			return q
		}
		ctx = q.Context
	}
}

// runEnded is told of each outermost group that has ended.
func (o *Observer) runEnded(ctx context.Context, e *waterfall.Ended) {
	if r := o.run(e.Group); r != nil {
		r.mu.Lock()
		g := r.groups[e.Group]
		r.mu.Unlock()
		if g != nil {
			o.endOutermost(r, g, e)
			return
		}
	}
	q := quietOf(ctx, o)
	if q != nil && q.group != e.Group {
		q = nil
	}
	if q != nil && ctx == context.Context(q) {
		ctx = q.Context // each measurement looks in it for a span
	}
	o.measure(ctx, e, q)
	if q != nil && q.around != nil {
		q.around.leaveOut(e.Group)
	}
}

// measure records the metrics of a whole run, of which q may be the context.
func (o *Observer) measure(ctx context.Context, e *waterfall.Ended, q *quiet) {
	if tasks, ok := e.Plain(); ok {
		o.measurePlain(ctx, e, tasks)
		return
	}
	run := e.Run()
	p := partsOf(run)
	out := q.leftOut(e, p)
	for i := range run.Groups {
		if out != nil && out[i] {
			continue
		}
		g := &run.Groups[i]
		o.meters.groupEnded(ctx, e.GroupTook(i), name(g.Name), g.Outcome, o.types.group(g.Outcome, e.GroupErr(i)))
	}
	var s *taskSeries
	for i := range run.Tasks {
		t := &run.Tasks[i]
		if out != nil {
			if at := p.groupAt(t.Group); at >= 0 && out[at] {
				continue
			}
		}
		label, whole := p.label(t)
		m := measured{label: label, outcome: told(t.Outcome, whole != nil && whole.Race)}
		if isError(m.outcome) {
			m.errorType = o.types.outcome(m.outcome, e.TaskErr(i))
		}
		p.read(&m, t)
		s = o.meters.task(ctx, &m, s)
	}
	held := o.meters.newHolds()
	p.held(held, e.Path())
	o.meters.held(ctx, name(run.Name), held)
	o.meters.free(held)
}

// measurePlain is measure for a run of which nothing has to be looked up: the same
// metrics, in another order.
func (o *Observer) measurePlain(ctx context.Context, e *waterfall.Ended, tasks []waterfall.PlainTask) {
	m, group := o.meters, name(e.Name())
	s := m.groupEnded(ctx, e.GroupTook(0), group, asap.Succeeded, "")
	held := m.newHolds()
	for i := range tasks {
		t := &tasks[i]
		if t.Ran || t.Critical > 0 {
			s = m.series.after(s, group, t.Name)
		}
		if t.Ran {
			m.duration.record(ctx, t.Took, s.with(&m.series, t.Outcome, ""))
			if t.Queued >= leastQueued {
				m.queued.record(ctx, t.Queued, s.names)
			}
		}
		if t.Critical > 0 {
			held.add(s.task, t.Critical, s)
		}
	}
	m.held(ctx, group, held)
	m.free(held)
}
