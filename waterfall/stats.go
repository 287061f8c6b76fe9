package waterfall

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/record"
)

// Stats is an [asap.Observer] for always: it adds up the runs of any number of
// groups by name, in bounded memory and in windows of time, and keeps some of
// them whole: the slowest of each window, failed ones, one of each quarter of a power of
// two of latency, and the latest. Give one to every group of a service. The zero
// value is ready, and all methods may be called at the same time; a group that
// ends waits for none of them. Each run is analyzed on its own when its outermost
// group ends; means of durations are never taken, because the critical path of
// means is that of no run.
type Stats struct {
	// MaxBytes bounds what is kept, in about so many bytes; 0 stands for 64 MB.
	// Groups that run are not in it. The names that were not used for longest go
	// first: see [Stats.Forgotten]. It must not be changed after the first use.
	MaxBytes int

	// TraceID, if not nil, finds the trace ID of a run in the context that its
	// group was made with, or that other observers made of it: with OpenTelemetry,
	// the function TraceID of package otelasap. It is called at the start of each
	// outermost group, at the same time for several, and must not block; one that
	// panics finds nothing. It is set before the first group begins.
	TraceID func(context.Context) string
	// Log, if not nil, has a line written for each group that failed, was slow or
	// is stuck. It is set before the first group begins.
	Log *Log

	c       collector
	digests digests

	mu      sync.Mutex                  // guards what follows; nothing is computed with it held
	start   time.Time                   // of the first use
	last    uint64                      // number of the latest run
	live    *liveRoot                   // the groups that run, the latest first
	told    map[*record.Entry]*liveRoot // of those, the ones that report events, by their entries
	arrived []*digest                   // runs that have ended and are not in the totals yet

	sums      sync.Mutex // guards what follows; no group waits for it
	names     map[string]*family
	used      uint64 // runs that were added
	bytes     int    // of all names
	kept      int    // of those, what the runs take that are kept whole
	forgotten int
	before    *Summary
}

// liveRoot is a group that runs.
type liveRoot struct {
	root
	number     uint64
	watch      *watched // by the Log, if there is one
	prev, next *liveRoot
}

const (
	defaultMaxBytes = 64 << 20
	// maxArrived is how many runs may wait for the totals: a reader that takes so
	// long is waited for after all, because memory is bounded. It is not in MaxBytes:
	// 8 MB with runs of six tasks, while a report of the largest name is made.
	maxArrived = 2000
)

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
		live := s.began(began)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.told == nil {
			s.told = make(map[*record.Entry]*liveRoot)
		}
		s.told[began.own] = live
	case ended != nil:
		s.mu.Lock()
		live := s.told[ended.own]
		delete(s.told, ended.own)
		s.mu.Unlock()
		if live != nil {
			s.ended(live)
		}
	}
}

func (s *Stats) began(r *root) *liveRoot {
	live := &liveRoot{root: *r}
	if s.Log != nil {
		live.watch = s.Log.watch(s, &live.root)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.startLocked()
	s.last++
	live.number = s.last
	if live.next = s.live; live.next != nil {
		live.next.prev = live
	}
	s.live = live
	if live.watch != nil {
		live.watch.begin(s.last)
	}
	return live
}

// leave takes a group that has ended out of the list of those that run.
func (s *Stats) leave(live *liveRoot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if live.prev == nil {
		s.live = live.next
	} else {
		live.prev.next = live.next
	}
	if live.next != nil {
		live.next.prev = live.prev
	}
	live.prev, live.next = nil, nil
}

func (s *Stats) startLocked() {
	if s.start.IsZero() {
		s.start = time.Now()
	}
}

func (s *Stats) ended(live *liveRoot) {
	s.leave(live)
	if live.watch != nil {
		defer live.watch.end() // the totals come first, which a logger that panics leaves
	}
	d := s.digests.get()
	d.at = time.Now()
	d.ended(&live.root, live.number)
	s.arrive(d)
}

// Sink is for package asap, which leads events past [Stats.Observe].
func (s *Stats) Sink() record.Sink { return (*statsSink)(s) }

type statsSink Stats

func (s *statsSink) Owner() any { return (*Stats)(s) }
func (s *statsSink) Began(ctx context.Context, t *record.Table) any {
	return (*Stats)(s).began(rootOf(t, traceOf(ctx, s.TraceID)))
}
func (s *statsSink) Ended(_ *record.Table, began any) { (*Stats)(s).ended(began.(*liveRoot)) }

// Unlabeled spares the bodies pprof labels, as with [Recorder.Unlabeled].
func (s *Stats) Unlabeled() {}

// Add adds a run from elsewhere, such as a file, under its Name, as one that ends
// at this moment; what is kept of it has another Number. A run that has not ended
// is not added. The caller must not change the run afterwards.
func (s *Stats) Add(run *Run) {
	if !run.Ended {
		return
	}
	s.mu.Lock()
	s.startLocked()
	s.last++
	number := s.last
	s.mu.Unlock()
	own := *run
	d := new(digest)
	d.added(&own, number)
	s.arrive(d)
}

// arrive adds a run to the totals, with those of others that had to wait, or
// leaves it to whoever is at them or comes next.
func (s *Stats) arrive(d *digest) {
	if !s.sums.TryLock() {
		if d.isPlain {
			d.settle()
		}
		s.mu.Lock()
		s.arrived = append(s.arrived, d)
		full := len(s.arrived) > maxArrived
		s.mu.Unlock()
		if !full {
			return
		}
		s.sums.Lock()
		d = nil
	}
	s.takeLocked()
	if d != nil {
		s.addLocked(d)
	}
	s.sums.Unlock()
}

// lock locks the totals, and brings them up to date.
func (s *Stats) lock() {
	s.sums.Lock()
	s.takeLocked()
}

func (s *Stats) unlock() { s.sums.Unlock() }

func (s *Stats) takeLocked() {
	s.mu.Lock()
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	for _, d := range arrived {
		s.addLocked(d)
	}
}

// addLocked adds a run to the totals of its name.
func (s *Stats) addLocked(d *digest) {
	f := s.names[d.group]
	if f == nil {
		if s.names == nil {
			s.names = make(map[string]*family)
		}
		if len(s.names) >= maxNames {
			s.forgetLocked(nil)
		}
		f = newFamily(d.group)
		s.names[f.name] = f
		s.bytes += f.bytes
	}
	s.used++
	f.used = s.used
	bytes, kept := f.bytes, f.kept
	d.fits = d.Tasks*taskBytes <= s.maxBytes()/16
	f.add(d, s.unitOf(d.at))
	s.digests.put(d)
	s.bytes += f.bytes - bytes
	s.kept += f.kept - kept
	s.boundLocked(f)
}

// boundLocked keeps within the bound: of that, the runs that are kept whole have a
// half. Those go first of whom has most of them, and names that were not used for
// longest; f was used last.
func (s *Stats) boundLocked(f *family) {
	most := s.maxBytes()
	for s.kept > most/2 {
		f := s.heaviestLocked()
		bytes, kept := f.bytes, f.kept
		f.thin()
		s.bytes += f.bytes - bytes
		s.kept += f.kept - kept
	}
	for s.bytes > most && (s.forgetLocked(f) || s.forgetLocked(nil)) {
	}
}

// heaviestLocked is the name whose kept runs take most.
func (s *Stats) heaviestLocked() *family {
	var most *family
	for _, f := range s.names {
		if most == nil || f.kept > most.kept {
			most = f
		}
	}
	return most
}

func (s *Stats) maxBytes() int {
	if s.MaxBytes > 0 {
		return s.MaxBytes
	}
	return defaultMaxBytes
}

// unitOf is the newest stretch of time at an instant.
func (s *Stats) unitOf(at time.Time) int64 { return int64(max(0, at.Sub(s.start)) / unit) }

// forgetLocked lets go of the name that was not used for longest, but for one.
func (s *Stats) forgetLocked(but *family) bool {
	var oldest *family
	for _, f := range s.names {
		if f != but && (oldest == nil || f.used < oldest.used) {
			oldest = f
		}
	}
	if oldest == nil {
		return false
	}
	delete(s.names, oldest.name)
	s.bytes -= oldest.bytes
	s.kept -= oldest.kept
	s.forgotten++
	return true
}

// Names returns the names of the groups that are known, sorted. A group without a
// name has the empty one.
func (s *Stats) Names() []string {
	s.lock()
	defer s.unlock()
	return slices.Sorted(maps.Keys(s.names))
}

// Forgotten counts the names that had to go, with all that was known about them,
// because 256 are told apart and within MaxBytes. One that comes back begins
// anew. Many of them say that names are made of what differs from run to run.
func (s *Stats) Forgotten() int {
	s.lock()
	defer s.unlock()
	return s.forgotten
}

// Bytes is about what is kept, without the groups that run.
func (s *Stats) Bytes() int {
	s.lock()
	defer s.unlock()
	return s.bytes
}

// Run returns the run of that Number, and nil if it is neither running nor kept.
// One that runs is cut off at this moment; a kept one must not be changed.
func (s *Stats) Run(n uint64) *Run {
	if live := s.liveRoot(n); live != nil {
		if run := s.liveRun(live, n); len(run.Groups) > 0 {
			return run
		}
	}
	s.lock()
	defer s.unlock()
	for _, f := range s.names {
		if k := f.runs[n]; k != nil {
			if !k.numbered {
				number(k.run)
				k.numbered = true
			}
			return k.run
		}
	}
	return nil
}
