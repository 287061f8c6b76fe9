package otelasap

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

func (o *Observer) startGroup(ctx context.Context, e asap.Event) context.Context {
	if r := o.run(e.Group); r != nil {
		if inner, ok := o.addGroup(ctx, r, e); ok {
			return inner
		}
	}
	return o.startOutermost(ctx, e)
}

// startOutermost starts the span of a group that is nested in none whose span is
// recorded. If its own is not, nothing more is kept of it.
func (o *Observer) startOutermost(ctx context.Context, e asap.Event) context.Context {
	around := quietOf(ctx, o)
	goesOn := around != nil && around.mayGoOn(e) && !o.reports(around)
	e.Name = name(e.Name)
	span := trace.SpanFromContext(ctx)
	if around == nil || span.IsRecording() {
		ctx, span = o.tracer.Start(ctx, spanName(e.Name), o.starts.options(e.Name)...)
	}
	switch {
	case span.IsRecording():
	case around != nil && !goesOn: // it is part of that run
		return ctx
	default:
		return &quiet{Context: ctx, of: o, group: e.Group, began: e.At, around: around}
	}
	r := o.openRun(time.Now(), e)
	defer r.mu.Unlock()
	g := &group{name: e.Name, ctx: ctx, span: span, began: e.At, recorded: true, measured: around == nil || goesOn}
	if goesOn {
		g.around = around
	}
	g.told = around == nil || r.quiet[around.group]
	g.outer = g
	r.groups[e.Group] = g
	return ctx
}

// addGroup starts the span of a group that was made in a body of another one whose
// span is recorded; ok is false of any other group.
func (o *Observer) addGroup(ctx context.Context, r *run, e asap.Event) (inner context.Context, ok bool) {
	r.mu.Lock()
	known := r.groups[e.Group] != nil
	t := r.tasks[e.Parent]
	var around *group
	if t != nil {
		around = t.group
	}
	r.mu.Unlock()
	switch {
	case known: // the observer was given to this group twice, or to one around it as well
		return ctx, true
	case around == nil:
		return ctx, false
	}
	e.Name = name(e.Name)
	ctx, span := o.tracer.Start(ctx, spanName(e.Name), trace.WithTimestamp(r.time(e.At)), trace.WithAttributes(GroupName.String(e.Name)))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.groups[e.Group] = &group{name: e.Name, outer: around.outer, nested: true, ctx: ctx, span: span, began: e.At,
		recorded: span.IsRecording(), measured: around.measured}
	return ctx, true
}

func spanName(group string) string {
	if group == "" {
		return "asap.group"
	}
	return group
}

// starts remembers with what the spans of outermost groups are started, most of which
// are not recorded. They start now, which only who records them need ask the clock for.
type starts struct {
	known syncMap[string, []trace.SpanStartOption]
}

func (s *starts) options(group string) []trace.SpanStartOption {
	if known, ok := s.known.load(group); ok {
		return known
	}
	options := []trace.SpanStartOption{trace.WithAttributes(GroupName.String(group))}
	s.known.add(group, options, maxSeries)
	return options
}

// endGroup ends the span of a nested group, and of one in a group whose span is not
// recorded, which is part of that run. That of an outermost one waits for its critical
// path, which is the next to be told.
func (o *Observer) endGroup(r *run, g *group, e asap.Event) {
	r.mu.Lock()
	if g.ended { // the observer has seen it
		r.mu.Unlock()
		return
	}
	g.ended, g.end = true, e
	if g.outer != g {
		r.forget(e.Group)
	}
	r.mu.Unlock()
	if g.measured {
		o.meters.groupEnded(g.ctx, e.At-g.began, g.name, e.Outcome, o.types.group(e.Outcome, e.Err))
	}
	switch {
	case g.outer != g:
		o.endSpan(r, g)
	case !g.measured:
		o.endSpan(r, g)
		o.leave(r, e)
	}
}

// endOutermost ends the span of an outermost group, with what the run waited for.
func (o *Observer) endOutermost(r *run, g *group, ended *waterfall.Ended) {
	run, path := ended.Run(), ended.Path()
	held := o.meters.newHolds()
	defer o.meters.free(held)
	partsOf(run).held(held, path)
	if g.measured {
		o.meters.held(g.ctx, g.name, held)
	}
	if g.span.IsRecording() {
		o.tellOutcome(g) // first: of more attributes than a span takes, those that came last are dropped
		if names := pathNames(path); len(names) > 0 {
			g.span.SetAttributes(CriticalPath.StringSlice(names))
		}
		g.span.SetAttributes(o.keys.attributes(held.list)...)
	}
	g.span.End(trace.WithTimestamp(r.time(g.end.At)))
	if g.around != nil {
		g.around.leaveOut(g.end.Group)
	}
	if g.nested {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.forget(g.end.Group)
		return
	}
	o.leave(r, g.end)
}

func (o *Observer) endSpan(r *run, g *group) {
	if g.recorded {
		o.tellOutcome(g)
	}
	g.span.End(trace.WithTimestamp(r.time(g.end.At)))
}

func (o *Observer) tellOutcome(g *group) {
	e := g.end
	g.span.SetAttributes(outcomeOf(e.Outcome))
	if word := o.types.group(e.Outcome, e.Err); word != "" {
		g.span.SetStatus(codes.Error, groupText(e))
		g.span.SetAttributes(typeAttribute(word))
	}
}

// maxPath is how many names of a critical path are told.
const maxPath = 64

func pathNames(path []waterfall.Step) (names []string) {
	for _, s := range path {
		if s.Task == 0 || s.Len() == 0 || len(names) > 0 && names[len(names)-1] == name(s.Name) {
			continue
		}
		if names = append(names, name(s.Name)); len(names) == maxPath {
			break
		}
	}
	return names
}

// hold is how long the tasks of a series held a run up.
type hold struct {
	series string
	time   time.Duration
	of     *taskSeries // of a run that is plain
}

const (
	maxCritical = 16  // attributes of one group
	maxKeys     = 512 // of all groups of an observer
)

// keys remembers the keys of attributes that have the name of a series in them, and
// lets there be so many of them.
type keys struct {
	known syncMap[string, attribute.Key]
}

// attributes are the seconds of a critical path by series, the longest first. What
// is too much is one sum.
func (k *keys) attributes(held []hold) []attribute.KeyValue {
	slices.SortFunc(held, func(a, b hold) int { return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(a.series, b.series)) })
	list := make([]attribute.KeyValue, 0, min(len(held), maxCritical)+1)
	rest := time.Duration(0)
	for _, h := range held {
		if len(list) < maxCritical {
			if key, ok := k.of(h.series); ok {
				list = append(list, key.Float64(h.time.Seconds()))
				continue
			}
		}
		rest += h.time
	}
	if rest > 0 {
		list = append(list, CriticalOther.Float64(rest.Seconds()))
	}
	return list
}

func (k *keys) of(series string) (attribute.Key, bool) {
	if key, ok := k.known.load(series); ok {
		return key, true
	}
	return k.known.add(series, Critical+attribute.Key("."+series), maxKeys)
}
