package otelasap_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	apitrace "go.opentelemetry.io/otel/trace"
)

// Of the groups in a group that never ends, as that of a server, nothing is kept that
// has ended: neither of requests nor of what they are nested in.
func TestServersGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newTelemetry(t)
		g := asap.New(t.Context(), asap.Name("server"), asap.Observe(y))
		g.Do("serve", func(ctx context.Context) error {
			var small int
			for i := range 100 {
				request := asap.New(ctx, asap.Name("request"), asap.Observe(y)) // is told twice
				user := request.Go("user", wait(0))
				request.Do("page", func(ctx context.Context) error {
					part := asap.New(ctx, asap.Name("part"))
					part.Go("quote", func(ctx context.Context) (int, error) { return user.Await(ctx) })
					return part.Wait()
				})
				if err := request.Wait(); err != nil {
					t.Error(err)
				}
				if n := y.KeptTasks(); i == 0 {
					small = n
				} else if n != small {
					t.Errorf("%d tasks and groups are kept after %d requests, and %d after one", n, i+1, small)
					break
				}
			}
			if small != 2 {
				t.Errorf("%d tasks and groups are kept, want the server's: 2", small)
			}
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		y.wantLinks1("quote", 100)
		if n := y.counts("asap.group.duration")["request succeeded"]; n != 100 {
			t.Errorf("%d requests are counted, want 100", n)
		}
	})
}

// wantLinks1 wants so many spans of a name, each with one link.
func (y *telemetry) wantLinks1(name string, want int) {
	y.t.Helper()
	n := 0
	for _, s := range y.spans.Ended() {
		if s.Name() != name {
			continue
		}
		if n++; len(s.Links()) != 1 {
			y.t.Errorf("a span %s has %d links, want 1", name, len(s.Links()))
		}
	}
	if n != want {
		y.t.Errorf("there are %d spans %s, want %d", n, name, want)
	}
}

// Tasks that have ended do not hold the memory of their spans.
func TestEndedTasksAreSmall(t *testing.T) {
	tracers := trace.NewTracerProvider(trace.WithSampler(trace.AlwaysSample()))
	o := otelasap.New(otelasap.TracerProvider(tracers), otelasap.MeterProvider(metricnoop.NewMeterProvider()))
	size := func(options ...asap.Option) uint64 {
		const n = 2000
		g := asap.New(t.Context(), options...)
		var before, after runtime.MemStats
		for i := range 2 * n {
			if i == n {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
			if _, err := g.Go("task", value).Await(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		return (after.HeapAlloc - before.HeapAlloc) / n
	}
	if got := size(asap.Observe(o)); got > 800 {
		t.Errorf("%d bytes are kept of a task that has ended, want at most 800", got)
	}
}

// Providers that become the global ones after New get everything from then on. That
// happens once in a process.
func TestProvidersLater(t *testing.T) {
	if os.Getenv("ASAP_PROVIDERS_LATER") == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProvidersLater$", "-test.v")
		again.Env = append(os.Environ(), "ASAP_PROVIDERS_LATER=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	o := otelasap.New()
	y := &telemetry{t: t, spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader(), Observer: o}
	six(asap.Name("early"), asap.Observe(o))
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(y.spans)))
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(y.reader)))
	six(asap.Name("later"), asap.Observe(o))
	if n := len(y.spans.Ended()); n != 7 {
		t.Errorf("there are %d spans, want those of a group of six", n)
	}
	if got := y.counts("asap.group.duration"); len(got) != 1 || got["later succeeded"] != 1 {
		t.Errorf("groups are counted %v, want later once", got)
	}
}

// A provider that is shut down while a group runs, and a processor that does not come
// back: the group does not mind the first, and nothing of the second is in its way but
// the body whose span it was told of.
func TestProvidersThatEnd(t *testing.T) {
	t.Run("shut down", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			y := newTelemetry(t)
			g := asap.New(t.Context(), asap.Name("home"), asap.Observe(y))
			g.Go("user", wait(ms)).Then("last", func(ctx context.Context, _ int) (int, error) {
				return 1, y.tracers.Shutdown(ctx)
			}).Then("page", after(ms))
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			if n := y.Kept(); n != 0 {
				t.Errorf("%d runs are kept", n)
			}
			if got := y.counts("asap.task.duration"); got["home page succeeded"] != 1 {
				t.Errorf("durations are %v, want page's", got)
			}
			y.span("user")
			six(asap.Name("after"), asap.Observe(y))
			if got := y.counts("asap.group.duration"); got["after succeeded"] != 1 {
				t.Errorf("groups are %v, want one after the end of the tracers", got)
			}
		})
	})
	t.Run("blocked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slow := &slowProcessor{name: "user", until: make(chan struct{})}
			tracers := trace.NewTracerProvider(trace.WithSpanProcessor(slow))
			o := otelasap.New(otelasap.TracerProvider(tracers), otelasap.MeterProvider(metricnoop.NewMeterProvider()))
			g := asap.New(t.Context(), asap.Observe(o))
			g.Go("user", wait(0))
			page := g.Go("config", wait(ms)).Then("page", after(ms))
			if _, err := page.Await(t.Context()); err != nil { // though user's span blocks
				t.Fatal(err)
			}
			close(slow.until)
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// slowProcessor does not return from the end of a span of that name.
type slowProcessor struct {
	name  string
	until chan struct{}
}

func (p *slowProcessor) OnEnd(s trace.ReadOnlySpan) {
	if s.Name() == p.name {
		<-p.until
	}
}
func (p *slowProcessor) OnStart(context.Context, trace.ReadWriteSpan) {}
func (p *slowProcessor) Shutdown(context.Context) error               { return nil }
func (p *slowProcessor) ForceFlush(context.Context) error             { return nil }

// Groups at the same time wait for each other's tasks, in both directions.
func TestAwaitsAcross(t *testing.T) {
	for range 20 {
		y := newTelemetry(t)
		const n = 8
		groups := make([]*asap.Group, n)
		tasks := make([]*asap.Task[int], n)
		for i := range groups {
			groups[i] = asap.New(t.Context(), asap.Observe(y))
			tasks[i] = groups[i].Go("user", func(context.Context) (int, error) { time.Sleep(time.Microsecond); return i, nil })
		}
		var all sync.WaitGroup
		for i, g := range groups {
			g.Do("page", func(ctx context.Context) error {
				for k := range n {
					if _, err := tasks[(i+k)%n].Await(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for _, g := range groups {
			all.Go(func() {
				if err := g.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := y.Kept(); n != 0 {
			t.Fatalf("%d runs are kept", n)
		}
	}
}

// Samplers and processors are the user's: one that panics, or that runs a group with
// the same observer in the context that it is given, holds up nobody.
func TestUsersCode(t *testing.T) {
	page := func(t *testing.T, o asap.Observer) {
		g := asap.New(t.Context(), asap.Name("home"), asap.Observe(o))
		user := g.Go("user", wait(ms))
		likes := g.Map("likes", g.Input("ids", []int{1, 2}), after(ms))
		g.Race("mirror", wait(ms), wait(2*ms))
		g.Do("page", func(ctx context.Context) error {
			_, err := user.Await(ctx)
			_, more := likes.Await(ctx)
			inner := asap.New(ctx, asap.Name("inner"), asap.Observe(o))
			inner.Go("part", wait(ms))
			return errors.Join(err, more, inner.Wait())
		})
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"home", "user", "likes", "likes[]", "mirror", "page", "inner", "part"} {
		t.Run("panics at "+name, func(t *testing.T) {
			page(t, sampledBy(t, panicker(name)))
		})
	}
	t.Run("runs groups", func(t *testing.T) {
		nested := &nester{}
		tracers := trace.NewTracerProvider(trace.WithSpanProcessor(nested))
		nested.Observer = otelasap.New(otelasap.TracerProvider(tracers), otelasap.MeterProvider(metricnoop.NewMeterProvider()))
		page(t, nested)
		if n := nested.Kept(); n != 0 {
			t.Errorf("%d runs are kept", n)
		}
		if n := nested.n.Load(); n != 11 {
			t.Errorf("there were %d spans of the page, want 11", n)
		}
	})
}

type panicker string

func (p panicker) ShouldSample(s trace.SamplingParameters) trace.SamplingResult {
	if s.Name == string(p) {
		panic("boom")
	}
	return trace.SamplingResult{Decision: trace.RecordAndSample}
}

func (p panicker) Description() string { return "panics at " + string(p) }

// nester runs a group at the start and the end of each span but its own.
type nester struct {
	*otelasap.Observer
	n atomic.Int32
}

func (n *nester) run(ctx context.Context, name string) {
	if name == "nested" || name == "task" {
		return
	}
	g := asap.New(ctx, asap.Name("nested"), asap.Observe(n.Observer))
	g.Go("task", value)
	_ = g.Wait()
}

func (n *nester) OnStart(ctx context.Context, s trace.ReadWriteSpan) { n.run(ctx, s.Name()) }
func (n *nester) OnEnd(s trace.ReadOnlySpan) {
	if n.run(context.Background(), s.Name()); s.Name() != "nested" && s.Name() != "task" {
		n.n.Add(1)
	}
}
func (n *nester) Shutdown(context.Context) error   { return nil }
func (n *nester) ForceFlush(context.Context) error { return nil }

// Groups in one that never ends tell of themselves, once that has run for a minute: else
// of a server or a worker that is a task nothing would be known while it runs. At its end
// nothing is told twice, and what is told does not depend on whether it is sampled.
func TestGroupsOfServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := map[string]*telemetry{"sampled": newTelemetry(t), "unsampled": sampledBy(t, trace.NeverSample()),
			"sampled, wrapped": newTelemetry(t), "unsampled, wrapped": sampledBy(t, trace.NeverSample())}
		for _, name := range []string{"sampled", "unsampled", "sampled, wrapped", "unsampled, wrapped"} {
			y := all[name]
			var o asap.Observer = y.Observer
			isWrapped := strings.HasSuffix(name, "wrapped")
			if isWrapped {
				o = wrapped{o}
			}
			kept := 0
			g := asap.New(t.Context(), asap.Name("server"), asap.Observe(o))
			g.Do("serve", func(ctx context.Context) error {
				for i := range 4 {
					request := asap.New(ctx, asap.Name("request"), asap.Observe(o))
					user := request.Go("user", wait(ms))
					request.Do("page", func(ctx context.Context) error {
						part := asap.New(ctx, asap.Name("part"), asap.Observe(o))
						part.Go("quote", func(ctx context.Context) (int, error) { return user.Await(ctx) })
						part.Do("late", func(context.Context) error { time.Sleep(2 * ms); return nil })
						return part.Wait()
					})
					if err := request.Wait(); err != nil {
						t.Error(err)
					}
					time.Sleep(45 * time.Second)
					if i > 0 && kept != y.KeptTasks() && !isWrapped {
						t.Errorf("%s: %d tasks and groups are kept, and %d before", name, y.KeptTasks(), kept)
					}
					kept = y.KeptTasks()
				}
				if isWrapped {
					return nil
				}
				// The server still runs; of four requests two came after a minute.
				if n := y.counts("asap.task.critical")["request user"] + y.counts("asap.task.critical")["request late"]; n != 2 {
					t.Errorf("%s: %d tasks of requests were critical so far, want 2", name, n)
				}
				if n := y.counts("asap.group.duration")["request succeeded"]; name == "unsampled" && n != 2 || name == "sampled" && n != 4 {
					t.Errorf("%s: %d requests are counted so far", name, n)
				}
				return nil
			})
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			if n := y.Kept(); n != 0 {
				t.Errorf("%s: %d runs are kept after their end", name, n)
			}
			if started, ended := len(y.spans.Started()), len(y.spans.Ended()); started != ended {
				t.Errorf("%s: %d spans were started, and %d ended", name, started, ended)
			}
			for _, metric := range []string{"asap.group.duration", "asap.task.duration", "asap.task.blocked", "asap.task.queued", "asap.task.critical"} {
				if metric == "asap.task.critical" && isWrapped { // who cannot be asked tells at the end
					continue
				}
				if got, want := y.sums(metric), all["sampled"].sums(metric); !maps.Equal(got, want) {
					t.Errorf("%s: metric %s is\n%v, sampled\n%v", name, metric, got, want)
				}
			}
		}
		if got := all["unsampled"].counts("asap.task.duration"); got["request user succeeded"] != 4 || got["part quote succeeded"] != 4 || got["server serve succeeded"] != 1 {
			t.Errorf("tasks are counted %v, want 4 of each request", got)
		}
		critical := 0
		for _, s := range all["sampled"].spans.Ended() {
			if s.Name() == "request" && attr(s.Attributes(), "asap.critical.late") == "0.002" {
				critical++
			}
		}
		if critical != 2 {
			t.Errorf("%d spans of requests have their critical path, want 2", critical)
		}
	})
}

// A request that begins a trace of its own in a server whose span is not sampled is told
// at its end as well.
func TestTraceInServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := sampledBy(t, trace.ParentBased(trace.NeverSample()))
		requests := trace.NewTracerProvider().Tracer("")
		g := asap.New(t.Context(), asap.Name("server"), asap.Observe(y))
		g.Do("serve", func(ctx context.Context) error {
			for range 2 {
				ctx, span := requests.Start(ctx, "GET /", apitrace.WithNewRoot())
				request := asap.New(ctx, asap.Name("request"), asap.Observe(y))
				request.Go("user", wait(ms))
				if err := request.Wait(); err != nil {
					t.Error(err)
				}
				span.End()
				time.Sleep(2 * time.Minute)
			}
			if got := y.counts("asap.task.duration"); len(got) != 1 || got["request user succeeded"] != 1 {
				t.Errorf("so far tasks are counted %v, want the second request's", got)
			}
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := y.counts("asap.task.duration"); got["request user succeeded"] != 2 || got["server serve succeeded"] != 1 {
			t.Errorf("tasks are counted %v, want two requests'", got)
		}
		if n := y.Kept(); n != 0 {
			t.Errorf("%d runs are kept after their end", n)
		}
	})
}
