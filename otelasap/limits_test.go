package otelasap_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// limited is a telemetry whose provider has these limits, and what a page left that has
// of all more than few: links, events, attributes.
func limited(t *testing.T, limits trace.SpanLimits) *telemetry {
	y := &telemetry{t: t, spans: tracetest.NewSpanRecorder()}
	y.tracers = trace.NewTracerProvider(trace.WithSpanProcessor(y.spans), trace.WithRawSpanLimits(limits))
	y.Observer = otelasap.New(otelasap.TracerProvider(y.tracers))
	g := asap.New(t.Context(), asap.Name("page"), asap.Observe(y.Observer), asap.Settled())
	stock := g.Go("warehouse", wait(9*ms))
	prices := g.Go("price list", wait(3*ms))
	user, rates := g.Go("user", wait(2*ms)), g.Go("rates", wait(ms))
	cart := g.Go("cart", func(ctx context.Context) (int, error) {
		if _, err := stock.Await(ctx); err != nil {
			return 0, err
		}
		return 0, errDown
	}, asap.Needs(prices, user, rates))
	cart.Then("mail", after(ms))
	g.Optional("advertisement", func(ctx context.Context) (int, error) {
		_, _ = rates.Await(ctx)
		_, _ = prices.Await(ctx)
		return 0, errDown
	})
	if g.Wait() == nil {
		t.Error("Wait() = nil, want an error")
	}
	return y
}

func keysOf(list []attribute.KeyValue) (keys []attribute.Key) {
	for _, a := range list {
		keys = append(keys, a.Key)
	}
	return keys
}

// Of more attributes than a span takes those are kept that tell most.
func TestFewAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := []attribute.Key{otelasap.GroupName, otelasap.Outcome, "error.type", otelasap.CriticalPath, otelasap.Critical + ".warehouse"}
		task := []attribute.Key{otelasap.GroupName, otelasap.TaskName, otelasap.Outcome, "error.type", otelasap.TaskBlocked}
		for n := range 6 {
			limits := trace.NewSpanLimits()
			limits.AttributeCountLimit = n
			y := limited(t, limits)
			if got := keysOf(y.span("page").Attributes()); !slices.Equal(got, group[:n]) {
				t.Errorf("with %d attributes a group has %v, want %v", n, got, group[:n])
			}
			for _, name := range []string{"cart", "advertisement"} {
				if got := keysOf(y.span(name).Attributes()); !slices.Equal(got, task[:n]) {
					t.Errorf("with %d attributes task %s has %v, want %v", n, name, got, task[:n])
				}
			}
			if got := y.span("cart").Status(); got.Code != codes.Error {
				t.Errorf("with %d attributes the task's status is %v, want an error", n, got)
			}
		}
	})
}

// Of more links than a span takes that to the dependency that ended last is kept, and what
// was awaited after it.
func TestFewLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := []string{"declared user", "declared rates", "last price list", "awaited warehouse"}
		for n := range 5 {
			limits := trace.NewSpanLimits()
			limits.LinkCountLimit = n
			y := limited(t, limits)
			var got []string
			for _, l := range y.span("cart").Links() {
				kind := attr(l.Attributes, otelasap.LinkKind)
				if attr(l.Attributes, otelasap.LinkLast) != "" {
					kind = "last"
				}
				for _, s := range y.spans.Ended() {
					if s.SpanContext().SpanID() == l.SpanContext.SpanID() {
						kind += " " + s.Name()
					}
				}
				got = append(got, kind)
			}
			if !slices.Equal(got, want[4-n:]) {
				t.Errorf("with %d links a task has %q, want %q", n, got, want[4-n:])
			}
		}
	})
}

// Of more events than a span takes the error of a task that was tolerated is kept, and so
// is each attribute of an event that comes first.
func TestFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := []string{"blocked", "blocked", "exception"}
		for n := range 4 {
			limits := trace.NewSpanLimits()
			limits.EventCountLimit, limits.AttributePerEventCountLimit, limits.AttributePerLinkCountLimit = n, 1, 1
			y := limited(t, limits)
			var got []string
			for _, e := range y.span("advertisement").Events() {
				got = append(got, e.Name)
				if text := attr(e.Attributes, "exception.message"); e.Name == "exception" && text != errDown.Error() {
					t.Errorf("with %d events the error is %q, want %q", n, text, errDown)
				}
			}
			if !slices.Equal(got, want[3-n:]) {
				t.Errorf("with %d events a task has %q, want %q", n, got, want[3-n:])
			}
			if n > 0 {
				if e := y.span("page").Events(); len(e) != 1 || attr(e[0].Attributes, otelasap.TaskName) != "mail" {
					t.Errorf("with %d events the group has %v, want one of mail", n, e)
				}
			}
		}
	})
}

// Values that the SDK cuts are cut, and nothing else is.
func TestShortValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := trace.NewSpanLimits()
		limits.AttributeValueLengthLimit = 8
		y := limited(t, limits)
		cart := y.span("cart")
		if got := attr(cart.Attributes(), "error.type"); got != "*errors." {
			t.Errorf("error.type is %q, want 8 bytes of it", got)
		}
		if got := cart.Status().Description; got != errDown.Error() {
			t.Errorf("the status is %q, want %q", got, errDown)
		}
		page := y.span("page")
		if got := attr(page.Attributes(), otelasap.CriticalPath); !strings.Contains(got, `"warehous"`) {
			t.Errorf("the critical path is %s, want its names cut", got)
		}
		if got := attr(page.Attributes(), otelasap.Critical+".warehouse"); got == "" || got == "0" {
			t.Errorf("the critical time is %q, want that of the whole name", got)
		}
		if y.span("advertisement").EndTime().Sub(y.span("advertisement").StartTime()) != 3*time.Millisecond {
			t.Error("the span of advertisement has another length than the task")
		}
	})
}
