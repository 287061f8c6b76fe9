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
	o.measure(ctx, e)
}

// measure records the metrics of a whole run.
func (o *Observer) measure(ctx context.Context, e *waterfall.Ended) {
	p := partsOf(e.Run)
	for i := range e.Run.Groups {
		g := &e.Run.Groups[i]
		name := ""
		if isError(g.Outcome) {
			name = errorType(g.Outcome, e.GroupErr(i))
		}
		o.meters.group.record(ctx, g.End-g.Start, o.meters.series.of(g.Name, "", g.Outcome, name))
	}
	for i := range e.Run.Tasks {
		t := &e.Run.Tasks[i]
		label, whole := p.label(t)
		m := measured{label: label, outcome: told(t.Outcome, whole != nil && whole.Race)}
		if isError(m.outcome) {
			m.errorType = errorType(m.outcome, e.TaskErr(i))
		}
		p.read(&m, t)
		o.meters.task(ctx, &m)
	}
	for _, h := range p.held(e.Path) {
		o.meters.critical.record(ctx, h.time, o.meters.series.of(e.Run.Name, h.series, 0, ""))
	}
}
