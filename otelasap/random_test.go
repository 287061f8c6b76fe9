package otelasap_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/randomflow"
	"github.com/asap-go/asap/otelasap"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	apitrace "go.opentelemetry.io/otel/trace"
)

var randomFrom = flag.Uint64("from", 0, "the first seed of TestRandomFlows")

// runRandom runs a random flow in which time decides, in virtual time.
func runRandom(t *testing.T, seed uint64, o asap.Observer) {
	c := randomflow.NewTimed(seed, randomflow.Pace{Tick: time.Millisecond})
	r := c.Flow.Start(t.Context(), c.In, asap.Observe(o))
	drove := make(chan error)
	go func() { drove <- c.Drive(t.Context(), r) }()
	waitForEnd(t.Context(), r)
	if err := <-drove; err != nil {
		t.Error(err)
	}
}

func waitForEnd(ctx context.Context, r *flow.Running[randomflow.Value]) {
	defer func() { _ = recover() }() // of a body
	_, _ = r.Wait(ctx)
}

// The metrics of random flows are the same by each of the ways on which they are made,
// and their spans have an end, a parent and links that are there.
func TestRandomFlows(t *testing.T) {
	flows := uint64(200)
	if testing.Short() {
		flows = 60
	}
	for seed := *randomFrom; seed < *randomFrom+flows && !t.Failed(); seed++ {
		all := make(map[string]map[string]map[string]string) // by way, metric and series
		for _, way := range []string{"sampled", "sampled, wrapped", "unsampled", "unsampled, wrapped"} {
			synctest.Test(t, func(t *testing.T) {
				sampler := trace.AlwaysSample()
				if way == "unsampled" || way == "unsampled, wrapped" {
					sampler = trace.NeverSample()
				}
				y := sampledBy(t, sampler)
				var o asap.Observer = y.Observer
				if way == "sampled, wrapped" || way == "unsampled, wrapped" {
					o = wrapped{o}
				}
				runRandom(t, seed, o)
				all[way] = make(map[string]map[string]string)
				for _, metric := range allMetrics {
					all[way][metric] = y.sums(metric)
				}
				y.checkSpans()
				if n := y.Kept(); n != 0 {
					t.Errorf("%d runs are kept", n)
				}
			})
			for _, metric := range allMetrics {
				if metric == "asap.task.critical" && strings.HasSuffix(way, "wrapped") {
					continue // events do not tell whose failure has ended a group, and when
				}
				if got, want := all[way][metric], all["sampled"][metric]; !maps.Equal(got, want) {
					t.Errorf("seed %d, %s: metric %s is\n%v, sampled\n%v", seed, way, metric, got, want)
				}
			}
		}
	}
}

// checkSpans checks what holds of the spans of any group.
func (y *telemetry) checkSpans() {
	y.t.Helper()
	known := make(map[apitrace.SpanID]trace.ReadOnlySpan)
	for _, s := range y.spans.Ended() {
		known[s.SpanContext().SpanID()] = s
	}
	if started := len(y.spans.Started()); started != len(known) {
		y.t.Errorf("%d spans were started, and %d ended", started, len(known))
	}
	for _, s := range known {
		parent := known[s.Parent().SpanID()]
		if s.Parent().IsValid() && parent == nil {
			y.t.Errorf("the parent of %s is unknown", s.Name())
		}
		if parent != nil { // a function that a Race no longer waits for may run on
			ofGroup := attr(parent.Attributes(), otelasap.TaskName) == ""
			if s.StartTime().Before(parent.StartTime()) || ofGroup && s.EndTime().After(parent.EndTime()) {
				y.t.Errorf("span %s is not within %s", s.Name(), parent.Name())
			}
		}
		last := 0
		for _, l := range s.Links() {
			if known[l.SpanContext.SpanID()] == nil {
				y.t.Errorf("a link of %s leads nowhere", s.Name())
			}
			if attr(l.Attributes, otelasap.LinkLast) == "true" {
				last++
			}
		}
		blocked, told := 0.0, 0.0
		outcome := ""
		for _, a := range s.Attributes() {
			switch a.Key {
			case otelasap.TaskBlocked:
				blocked = a.Value.AsFloat64()
			case otelasap.Outcome:
				outcome = a.Value.AsString()
			}
		}
		for _, e := range s.Events() {
			for _, a := range e.Attributes {
				if a.Key == otelasap.TaskBlocked {
					told += a.Value.AsFloat64()
				}
			}
			if e.Time.Before(s.StartTime()) || e.Time.After(s.EndTime()) {
				y.t.Errorf("event %s of %s is not within it", e.Name, s.Name())
			}
		}
		if isTask := attr(s.Attributes(), otelasap.TaskName) != ""; isTask && s.DroppedEvents() == 0 && math.Abs(blocked-told) > 1e-6 {
			y.t.Errorf("%s was blocked for %v, its events say %v", s.Name(), blocked, told)
		}
		bad := outcome == "failed" || outcome == "panicked" || outcome == "goexited"
		typed := attr(s.Attributes(), "error.type") != ""
		switch isError := s.Status().Code == codes.Error; {
		case outcome == "":
			y.t.Errorf("%s has no outcome", s.Name())
		case outcome == "canceled" && isError == typed: // a group whose deadline had passed
		case isError != bad || typed != (bad || outcome == "tolerated"):
			y.t.Errorf("%s %s: error %t, with a type %t", s.Name(), outcome, isError, typed)
		}
	}
}

// randomGroups builds and runs random groups with all that flows have not: nested groups,
// waits in bodies and outside of them, limits, and groups beside each other.
type randomGroups struct {
	*rand.Rand
	observers []asap.Observer
	unit      time.Duration
}

func (r *randomGroups) observe() (all []asap.Option) {
	for _, o := range r.observers {
		all = append(all, asap.Observe(o))
	}
	return all
}

// duration is odd, so that no two things happen at one instant by chance.
func (r *randomGroups) duration() time.Duration {
	return time.Duration(1+r.IntN(100))*r.unit + time.Duration(r.IntN(100_000))*time.Microsecond + time.Duration(2*r.IntN(400)+1)
}

func (r *randomGroups) options(name string, depth int) []asap.Option {
	all := []asap.Option{asap.Name(name)}
	if depth == 0 || r.IntN(2) == 0 {
		all = append(all, r.observe()...)
	}
	if r.IntN(3) == 0 {
		all = append(all, asap.Limit(1+r.IntN(3)))
	}
	if r.IntN(3) == 0 {
		all = append(all, asap.Settled())
	}
	return all
}

// run declares a group's tasks and waits for them. What its bodies do is drawn before
// any of them runs.
func (r *randomGroups) run(depth int, far []*asap.Task[int]) func(context.Context) error {
	type plan struct {
		deps, awaits      []int
		sleeps            []time.Duration
		fails, left, soft bool
		kind              int
		timeout           time.Duration
		nested            func(context.Context) error
		short             time.Duration
	}
	plans := make([]plan, 1+r.IntN(8))
	for i := range plans {
		p := plan{fails: r.IntN(8) == 0, left: r.IntN(10) == 0, soft: r.IntN(5) == 0, kind: r.IntN(7), sleeps: []time.Duration{r.duration()}}
		for d := range i {
			if r.IntN(4) == 0 {
				p.deps = append(p.deps, d)
			} else if r.IntN(5) == 0 {
				p.awaits, p.sleeps = append(p.awaits, d), append(p.sleeps, r.duration())
			}
		}
		if depth < 2 && r.IntN(4) == 0 {
			p.nested = r.run(depth+1, nil)
		}
		if r.IntN(8) == 0 {
			p.timeout = r.duration()
		}
		if r.IntN(4) == 0 {
			p.short = r.duration()
		}
		plans[i] = p
	}
	caller, at, options := r.IntN(3) == 0, r.duration(), r.options(fmt.Sprint("g", depth), depth)
	return func(ctx context.Context) error {
		g := asap.New(ctx, options...)
		defer g.Stop()
		tasks := make([]*asap.Task[int], len(plans))
		for i, p := range plans {
			body := func(ctx context.Context) (int, error) {
				if err := sleep(ctx, p.sleeps[0]); err != nil {
					return 0, err
				}
				for k, d := range p.awaits {
					within := ctx
					if p.short > 0 {
						short, cancel := context.WithTimeout(ctx, p.short)
						defer cancel()
						within = short
					}
					_, _ = tasks[d].Await(within)
					if err := sleep(ctx, p.sleeps[k+1]); err != nil {
						return 0, err
					}
				}
				if len(far) > 0 && p.soft {
					_, _ = far[i%len(far)].Await(ctx)
				}
				if p.nested != nil {
					if err := p.nested(ctx); err != nil {
						return 0, err
					}
				}
				if p.fails {
					return 0, errDown
				}
				return 1, nil
			}
			var deps []asap.Dep
			for _, d := range p.deps {
				deps = append(deps, tasks[d])
			}
			own := []asap.TaskOption{asap.AfterEnd(deps...), asap.When(!p.left)}
			if p.timeout > 0 {
				own = append(own, asap.Timeout(p.timeout))
			}
			if p.soft {
				own = append(own, asap.MayFail())
			}
			name := fmt.Sprint("t", i)
			switch {
			case p.kind == 0 && len(p.deps) == 0:
				tasks[i] = g.Race(name, body, wait(p.sleeps[0]*2+1), func(context.Context) (int, error) { return 0, errDown })
			case p.kind == 1 && len(p.deps) > 0:
				list := g.Go(name+".list", func(context.Context) ([]int, error) { return []int{1, 2, 3}, nil }, own...)
				m := g.Map(name+".map", list, func(ctx context.Context, n int) (int, error) {
					return n, sleep(ctx, p.sleeps[0]*time.Duration(n)+time.Duration(n))
				})
				tasks[i] = m.Then(name, func(ctx context.Context, all []int) (int, error) { return len(all), nil })
			default:
				tasks[i] = g.Go(name, body, own...)
			}
		}
		if caller {
			_ = sleep(ctx, at)
			_, _ = tasks[0].Await(ctx)
		}
		return g.Wait()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// The same of random groups, in milliseconds and in minutes. Who gets a slot first is
// open, so the metrics are those of one run that all observe.
func TestRandomGroups(t *testing.T) {
	groups := uint64(150)
	if testing.Short() {
		groups = 50
	}
	promoted := 0
	for seed := *randomFrom; seed < *randomFrom+groups && !t.Failed(); seed++ {
		run := func(t *testing.T, observers ...asap.Observer) {
			r := &randomGroups{rand.New(rand.NewPCG(seed, 1)), observers, time.Millisecond}
			if seed%2 == 1 {
				r.unit = 3 * time.Second
			}
			far := asap.New(t.Context(), append(r.observe(), asap.Name("far"), asap.Settled())...)
			var others []*asap.Task[int]
			for i := range 3 {
				others = append(others, far.Go(fmt.Sprint("far", i), wait(r.duration())))
			}
			_ = r.run(0, others)(t.Context())
			_ = far.Wait()
		}
		synctest.Test(t, func(t *testing.T) {
			y := newTelemetry(t)
			run(t, y)
			y.checkSpans()
			for _, s := range y.spans.Ended() {
				if s.Name() == "g1" && strings.Contains(fmt.Sprint(s.Attributes()), "asap.critical") {
					promoted++
				}
			}
			if n := y.Kept(); n != 0 {
				t.Errorf("%d runs are kept", n)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			y := sampledBy(t, trace.NeverSample())
			run(t, y)
			if n := y.Kept() + len(y.spans.Started()); n != 0 {
				t.Errorf("%d runs and spans are kept of a trace that is not sampled", n)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			sampled, unsampled := newTelemetry(t), sampledBy(t, trace.NeverSample())
			sampledToo, unsampledToo := newTelemetry(t), sampledBy(t, trace.NeverSample())
			run(t, unsampled, wrapped{unsampledToo}, sampled, wrapped{sampledToo})
			for way, y := range map[string]*telemetry{"unsampled": unsampled, "sampled, wrapped": sampledToo, "unsampled, wrapped": unsampledToo} {
				for _, metric := range allMetrics {
					if metric == "asap.task.critical" && (y != unsampled || seed%2 == 1) {
						continue // events do not tell whose failure has ended a group; groups that go on are those of one observer
					}
					if got, want := y.sums(metric), sampled.sums(metric); !maps.Equal(got, want) {
						t.Errorf("seed %d, %s: metric %s is\n%v, sampled\n%v", seed, way, metric, got, want)
					}
				}
			}
		})
	}
	if promoted == 0 && !testing.Short() {
		t.Error("no nested group has told of itself")
	}
}
