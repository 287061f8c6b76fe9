package waterfall_test

import (
	"context"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

type traceKey struct{}

// spans is an observer that makes a trace for each group, as one for spans does.
type spans struct{}

func (spans) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Kind != asap.GroupStart || e.Parent != 0 {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, "trace of "+e.Name)
}

func (spans) Observe(asap.Event) {}

// wrapped hides that the observer inside reads the engine's table.
type wrapped struct{ asap.Observer }

func traceID(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
}

// A run has the trace ID of the context that its outermost group was made with,
// or that another observer has made, wherever that stands among the options.
func TestTraceID(t *testing.T) {
	ctx := context.WithValue(t.Context(), traceKey{}, "request")
	for name, tt := range map[string]struct {
		id      func(context.Context) string
		options func(o asap.Observer) []asap.Option
		want    string
	}{
		"of the request":     {traceID, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(o)} }, "request"},
		"of a span before":   {traceID, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(spans{}), asap.Observe(o)} }, "trace of home"},
		"of a span after":    {traceID, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(o), asap.Observe(spans{})} }, "trace of home"},
		"by events":          {traceID, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(wrapped{o})} }, "request"},
		"nobody tells":       {nil, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(o)} }, ""},
		"one that panics":    {func(context.Context) string { panic("boom") }, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(o)} }, ""},
		"what is not a line": {func(context.Context) string { return "a\nb\xff" }, func(o asap.Observer) []asap.Option { return []asap.Option{asap.Observe(o)} }, "a⏎b�"},
	} {
		stats, rec := &waterfall.Stats{TraceID: tt.id}, &waterfall.Recorder{TraceID: tt.id}
		for what, o := range map[string]asap.Observer{"Stats": stats, "a Recorder": rec} {
			g := asap.New(ctx, append(tt.options(o), asap.Name("home"))...)
			g.Do("task", func(ctx context.Context) error {
				if live, _ := stats.Live(9); o != rec && (len(live) != 1 || stats.Run(live[0].Number).TraceID != tt.want) {
					t.Errorf("%s: %s: the running groups are %v, want one with the trace ID %q", name, what, live, tt.want)
				}
				inner := asap.New(context.WithValue(ctx, traceKey{}, "inner"), asap.Name("inner"))
				inner.Do("part", func(context.Context) error { return nil })
				return inner.Wait()
			})
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		for what, run := range map[string]*waterfall.Run{"Stats": stats.Run(1), "a Recorder": rec.Run()} {
			if run == nil {
				t.Fatalf("%s: %s has no run", name, what)
			}
			if back, err := waterfall.ReadJSON(strings.NewReader(render(t, run, waterfall.JSON))); err != nil || back.TraceID != tt.want {
				t.Errorf("%s: %s: the JSON is read as %+v, %v", name, what, back, err)
			}
			if run.TraceID != tt.want {
				t.Errorf("%s: %s: got the run %p, want one with the trace ID %q", name, what, run, tt.want)
			}
		}
		if runs := stats.Names(); len(runs) != 1 {
			t.Errorf("%s: groups %q, want the outermost alone", name, runs)
		}
	}
}
