package otelasap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
)

// texts calls see with everything that is told as text.
func (y *telemetry) texts(see func(what, text string)) {
	y.t.Helper()
	list := func(what string, attributes []attribute.KeyValue) {
		for _, a := range attributes {
			see(what+" key", string(a.Key))
			if a.Value.Type() == attribute.STRINGSLICE {
				for _, s := range a.Value.AsStringSlice() {
					see(what+" "+string(a.Key)[:min(len(a.Key), 40)], s)
				}
				continue
			}
			see(what+" "+string(a.Key)[:min(len(a.Key), 40)], a.Value.String())
		}
	}
	for _, s := range y.spans.Ended() {
		see("span name", s.Name())
		see("status", s.Status().Description)
		list("span", s.Attributes())
		for _, e := range s.Events() {
			list("event", e.Attributes)
		}
	}
	var all metricdata.ResourceMetrics
	if err := y.reader.Collect(context.Background(), &all); err != nil {
		y.t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					list(m.Name, p.Attributes.ToSlice())
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					list(m.Name, p.Attributes.ToSlice())
				}
			}
		}
	}
}

// untidy is a group all of whose names and texts end with what is given.
func untidy(ctx context.Context, o asap.Observer, s string) {
	defer func() { _ = recover() }()
	fails := func(context.Context) (int, error) { return 0, &codeError{"code" + s} }
	g := asap.New(ctx, asap.Name("group"+s), asap.Observe(o), asap.Settled())
	slow := g.Go("slow"+s, wait(ms))
	slow.Then("page"+s, after(ms))
	g.Go("waits"+s, func(ctx context.Context) (int, error) { return slow.Await(ctx) })
	g.Go("fails"+s, fails).Then("skipped"+s, after(ms))
	g.Optional("ads"+s, func(context.Context) (int, error) { return 0, errors.New(s) })
	g.Map("likes"+s, g.Input("ids", []int{1}), after(ms))
	g.Race("race"+s, wait(ms), fails)
	g.Do("outer"+s, func(ctx context.Context) error {
		inner := asap.New(ctx, asap.Name("inner"+s))
		inner.Go("part"+s, wait(5*ms))
		return inner.Wait()
	})
	_ = g.Wait()
	plain := asap.New(ctx, asap.Name("plain"+s), asap.Observe(o))
	plain.Go("a"+s, wait(ms)).Then("b"+s, after(ms))
	_ = plain.Wait()
	p := asap.New(ctx, asap.Observe(o))
	p.Do("panics"+s, func(context.Context) error { panic("boom" + s) })
	_ = p.Wait()
}

// Names and texts of any size and bytes are told as what any exporter takes: one that is
// no UTF-8 makes a message that cannot be encoded, with all spans that go with it, and
// one of 4 MB a message that is refused.
func TestNamesAndTexts(t *testing.T) {
	for what, s := range map[string]string{
		"no UTF-8":                               " caf\xe9 \xff\xfe",
		"too long":                               strings.Repeat("é", 200<<10),
		"too long, no UTF-8":                     strings.Repeat("\xff", 400<<10) + "\xc3",
		"half a rune at the end of what is told": strings.Repeat("é\xc3", 100<<10),
	} {
		for how, sampler := range map[string]trace.Sampler{"sampled": trace.AlwaysSample(), "unsampled": trace.NeverSample()} {
			t.Run(what+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					y := sampledBy(t, sampler)
					untidy(t.Context(), y, s)
					n := 0
					y.texts(func(what, text string) {
						most := 300
						switch what {
						case "status", "event exception.message", "event exception.stacktrace", "event asap.skipped.because":
							most = 8 << 10
						}
						if n++; !utf8.ValidString(text) || len(text) > most {
							t.Errorf("%s has %d bytes, valid %t: %.80q, want at most %d", what, len(text), utf8.ValidString(text), text, most)
						}
					})
					if n < 50 {
						t.Errorf("there are %d texts", n)
					}
				})
			})
		}
	}
}

// Whether a trace is sampled changes nothing in the series of untidy names, nor do names
// that are told alike make a series each.
func TestUntidySeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 1000)
		sampled, unsampled := newTelemetry(t), sampledBy(t, trace.NeverSample())
		for _, y := range []*telemetry{sampled, unsampled} {
			for i := range 3 {
				untidy(t.Context(), y, " \xff"+long)
				g := asap.New(t.Context(), asap.Name("alike"), asap.Observe(y))
				g.Go(long+fmt.Sprint(i), wait(ms)).Then(long+"of another end", after(ms))
				_ = g.Wait()
			}
		}
		for _, metric := range allMetrics {
			got, want := unsampled.sums(metric), sampled.sums(metric)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("metric %s is\n%.2000q, sampled\n%.2000q", metric, fmt.Sprint(got), fmt.Sprint(want))
			}
		}
		key := "alike " + long[:253] + "…"
		if got := unsampled.sums("asap.task.duration")[key+" succeeded"]; got != "0.006/6" {
			t.Errorf("the duration of what is told alike is %q, want 0.006/6", got)
		}
		if got := unsampled.sums("asap.task.critical")[key]; got != "0.006/3" {
			t.Errorf("it was critical for %q, want 0.006/3", got)
		}
	})
}

// Only who was in a queue for 0.1 ms or more is told as queued: each task is for a few
// microseconds, until its goroutine runs.
func TestQueued(t *testing.T) {
	for how, sampler := range map[string]trace.Sampler{"sampled": trace.AlwaysSample(), "unsampled": trace.NeverSample()} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := sampledBy(t, sampler)
				for _, took := range []time.Duration{99 * time.Microsecond, 100 * time.Microsecond} {
					g := asap.New(t.Context(), asap.Name(took.String()), asap.Observe(y), asap.Limit(1))
					g.Go("first", wait(took))
					g.Go("second", wait(took))
					if err := g.Wait(); err != nil {
						t.Fatal(err)
					}
				}
				y.wantSums("asap.task.queued", map[string]string{"100µs second": "0.000/1"})
				plain := asap.New(t.Context(), asap.Name("plain"), asap.Observe(y))
				plain.Go("a", wait(ms)).Then("b", after(ms))
				_ = plain.Wait()
				y.wantSums("asap.task.queued", map[string]string{"100µs second": "0.000/1"})
			})
		})
	}
}

// An ErrorType of the user's is asked for what went wrong, and its words are bounded. The
// type of an exception is no code.
func TestErrorTypeOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		y.Observer = otelasap.New(otelasap.TracerProvider(y.tracers), otelasap.ErrorType(func(err error) string {
			switch e := err.(type) {
			case *codeError:
				return e.code + "!"
			case *codeErrorThatPanics:
				panic("boom")
			}
			return ""
		}))
		for _, row := range []struct {
			name string
			err  error
			kind string // as without the option
		}{
			{"of ours!", &codeError{"of ours"}, "of ours"},
			{"wrapped!", fmt.Errorf("quote: %w", &codeError{"wrapped"}), "wrapped"},
			{"*errors.errorString", errDown, "*errors.errorString"},
			{"_OTHER", &codeErrorThatPanics{}, "_OTHER"},
		} {
			g := asap.New(t.Context(), asap.Observe(y), asap.Settled())
			g.Do(row.name, func(context.Context) error { return row.err })
			g.Optional("without "+row.name, func(context.Context) (int, error) { return 0, row.err })
			_ = g.Wait()
			for _, name := range []string{row.name, "without " + row.name} {
				if got := attr(y.span(name).Attributes(), "error.type"); got != row.name {
					t.Errorf("error.type of %s is %q, want %q", name, got, row.name)
				}
			}
			e := y.span("without " + row.name).Events()
			if len(e) != 1 || attr(e[0].Attributes, "exception.type") != row.kind {
				t.Errorf("the events are %v, want an exception of type %q", e, row.kind)
			}
		}
	})
}

// Errors with words of their own make 100 of them, of one group or of many.
func TestErrorTypesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		for i := range 300 {
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(y))
			g.Do("user", func(context.Context) error { return &codeError{fmt.Sprint("no user ", i)} })
			_ = g.Wait()
		}
		words := make(map[string]bool)
		for _, s := range y.spans.Ended() {
			words[attr(s.Attributes(), "error.type")] = true
		}
		if len(words) != 101 || !words["_OTHER"] || !words["no user 99"] {
			t.Errorf("there are %d words on spans, want 100 and _OTHER", len(words))
		}
		if got := y.sums("asap.task.duration"); len(got) != 101 || got["home user failed _OTHER"] != "0.000/200" {
			t.Errorf("there are %d series, want 100 and one of _OTHER: %v", len(got), got["home user failed _OTHER"])
		}
	})
}
