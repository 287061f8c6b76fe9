package otelasap

import (
	"context"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// quiet is the context of a group whose span is not recorded: nothing in it has a
// span, and its metrics are those of the whole run, when it has ended.
type quiet struct {
	context.Context
	of    *Observer
	group asap.ID
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
	if q, ok := ctx.(*quiet); ok {
		ctx = q.Context // each measurement looks in it for a span
	}
	o.measure(ctx, e)
}

// measure records the metrics of a whole run.
func (o *Observer) measure(ctx context.Context, e *waterfall.Ended) {
	if tasks, ok := e.Plain(); ok {
		o.measurePlain(ctx, e, tasks)
		return
	}
	run := e.Run()
	p := partsOf(run)
	for i := range run.Groups {
		g := &run.Groups[i]
		o.meters.group.record(ctx, g.End-g.Start, o.meters.series.of(name(g.Name), "", g.Outcome, o.types.group(g.Outcome, e.GroupErr(i))))
	}
	for i := range run.Tasks {
		t := &run.Tasks[i]
		label, whole := p.label(t)
		m := measured{label: label, outcome: told(t.Outcome, whole != nil && whole.Race)}
		if isError(m.outcome) {
			m.errorType = o.types.outcome(m.outcome, e.TaskErr(i))
		}
		p.read(&m, t)
		o.meters.task(ctx, &m)
	}
	for _, h := range p.held(e.Path()) {
		o.meters.critical.record(ctx, h.time, o.meters.series.of(name(run.Name), h.series, 0, ""))
	}
}

// measurePlain is measure for a run of which nothing has to be looked up: the same
// metrics, in another order.
func (o *Observer) measurePlain(ctx context.Context, e *waterfall.Ended, tasks []waterfall.PlainTask) {
	m, group := o.meters, name(e.Name())
	s := m.series.task(group, "")
	m.group.record(ctx, e.Makespan(), s.with(&m.series, group, asap.Succeeded))
	held, _ := m.holds.Get().(*holds)
	if held == nil {
		held = new(holds)
	}
	for i := range tasks {
		t := &tasks[i]
		if t.Ran || t.Critical > 0 {
			s = m.series.after(s, group, t.Name)
		}
		if t.Ran {
			m.duration.record(ctx, t.Took, s.with(&m.series, group, t.Outcome))
			if t.Queued >= leastQueued {
				m.queued.record(ctx, t.Queued, s.names)
			}
		}
		if t.Critical > 0 {
			held.add(s.task, t.Critical, s)
		}
	}
	for _, h := range held.list {
		m.critical.record(ctx, h.time, h.of.names)
	}
	held.reset()
	m.holds.Put(held)
}
