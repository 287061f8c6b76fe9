package waterfall

import (
	"context"
	"slices"
	"sync"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// Stats is an [asap.Observer] for always: it adds up the runs of any number of
// groups by name, in bounded memory, and keeps the slowest and the latest runs
// whole. Give one to every group of a service. The zero value is ready, and all
// methods may be called at the same time; a group that ends waits for none of
// them. Each run is analyzed on its own when its outermost group ends; means of
// durations are never taken, because the critical path of means is that of no
// run.
type Stats struct {
	// TraceID, if not nil, finds the trace ID of a run in the context that its
	// group was made with, or that other observers made of it: with OpenTelemetry,
	//
	//	func(ctx context.Context) string {
	//		if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
	//			return span.TraceID().String()
	//		}
	//		return ""
	//	}
	//
	// It is called at the start of each outermost group, at the same time for
	// several, and must not block; one that panics finds nothing. It is set before
	// the first group begins.
	TraceID func(context.Context) string

	c collector

	mu      sync.Mutex // guards what follows; nothing is computed with it held
	last    uint64     // number of the latest run
	live    map[rootKey]liveRoot
	arrived []*digest // runs that have ended and are not in the totals yet

	sums    sync.Mutex // guards what follows; no group waits for it
	names   map[string]*family
	unnamed int
	kept    int // tasks of all kept runs
}

type rootKey struct{ key, group uint32 }

type liveRoot struct {
	*root
	number uint64
}

// maxArrived is how many runs may wait for the totals: a reader that takes so
// long is waited for after all, because memory is bounded.
const maxArrived = 10_000

// Start returns ctx unchanged.
func (s *Stats) Start(ctx context.Context, e asap.Event) context.Context {
	s.c.traced(ctx, &e, s.TraceID)
	return ctx
}

// Observe records the event; the end of an outermost group adds its run.
func (s *Stats) Observe(e asap.Event) {
	began, ended := s.c.observe(&e)
	switch {
	case began != nil:
		s.began(began)
	case ended != nil:
		s.ended(ended)
	}
}

func (s *Stats) began(r *root) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live = make(map[rootKey]liveRoot)
	}
	s.last++
	s.live[rootKey{r.key, r.group}] = liveRoot{r, s.last}
}

func (s *Stats) ended(r *root) {
	d := newDigest(r.run())
	key := rootKey{r.key, r.group}
	s.mu.Lock()
	d.run.Number, d.run.TraceID = s.live[key].number, s.live[key].trace
	delete(s.live, key)
	s.arrived = append(s.arrived, d)
	s.mu.Unlock()
	s.settle()
}

// Sink is for package asap, which leads events past [Stats.Observe].
func (s *Stats) Sink() record.Sink { return (*statsSink)(s) }

type statsSink Stats

func (s *statsSink) Owner() any { return (*Stats)(s) }
func (s *statsSink) Began(ctx context.Context, t *record.Table, group uint32) {
	(*Stats)(s).began(rootOf(t, group, traceOf(ctx, s.TraceID)))
}
func (s *statsSink) Ended(t *record.Table, group uint32) { (*Stats)(s).ended(rootOf(t, group, "")) }

// Unlabeled spares the bodies pprof labels, as with [Recorder.Unlabeled].
func (s *Stats) Unlabeled() {}

// Add adds a run from elsewhere, such as a file, under its Name; what is kept of
// it has another Number. A run that has not ended is not added. The caller must
// not change the run afterwards.
func (s *Stats) Add(run *Run) {
	if !run.Ended {
		return
	}
	kept := *run
	d := newDigest(&kept)
	s.mu.Lock()
	s.last++
	kept.Number = s.last
	s.arrived = append(s.arrived, d)
	s.mu.Unlock()
	s.settle()
}

// settle adds what has arrived to the totals, unless somebody else is at them:
// who has let go of them calls settle in turn, so that nothing is left over.
func (s *Stats) settle() {
	for {
		s.mu.Lock()
		n := len(s.arrived)
		s.mu.Unlock()
		switch {
		case n == 0:
			return
		case n > maxArrived:
			s.sums.Lock()
		case !s.sums.TryLock():
			return
		}
		s.takeLocked()
		s.sums.Unlock()
	}
}

// lock locks the totals, and brings them up to date.
func (s *Stats) lock() {
	s.sums.Lock()
	s.takeLocked()
}

func (s *Stats) unlock() {
	s.sums.Unlock()
	s.settle()
}

func (s *Stats) takeLocked() {
	s.mu.Lock()
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	for _, d := range arrived {
		s.addLocked(d)
	}
}

// Live returns the groups that run at this moment, the longest first, each cut
// off at this moment: what a stuck one waits for is in its [Run.Explain].
func (s *Stats) Live() []*Run {
	s.mu.Lock()
	roots := make([]liveRoot, 0, len(s.live))
	for _, r := range s.live {
		roots = append(roots, r)
	}
	s.mu.Unlock()
	slices.SortFunc(roots, func(a, b liveRoot) int { return int(int64(a.number) - int64(b.number)) })
	runs := make([]*Run, 0, len(roots))
	for _, r := range roots {
		if run := r.run(); !run.Ended {
			run.Number = r.number
			runs = append(runs, run)
		}
	}
	return runs
}

// Run returns the run of that Number, and nil if it is neither running nor kept.
// One that runs is cut off at this moment; a kept one must not be changed.
func (s *Stats) Run(number uint64) *Run {
	var live *root
	s.mu.Lock()
	for _, r := range s.live {
		if r.number == number {
			live = r.root
		}
	}
	s.mu.Unlock()
	if live != nil {
		if run := live.run(); len(run.Groups) > 0 {
			run.Number = number
			return run
		}
	}
	s.lock()
	defer s.unlock()
	for _, f := range s.names {
		for _, kept := range [][]*Run{f.slowest, f.latest} {
			for _, run := range kept {
				if run.Number == number {
					return run
				}
			}
		}
	}
	return nil
}
