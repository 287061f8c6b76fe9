package tail

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	enough = 100 // calls make a record
	// A generation is full after so many calls and so long, or when it is old and has
	// enough: so a record is at least one generation and at most two.
	fullCalls = 1000
	fullAfter = 10 * time.Second
	oldAfter  = 5 * time.Minute
)

// record is what is known of the first calls of one task.
type record struct {
	place
	delay atomic.Int64 // of a second call by the record alone, 0 as long as it is none

	calls, hedged, won, refused atomic.Int64
	giving                      // of what may be given up

	mu        sync.Mutex // guards what follows
	now, last generation
	perRun    perRun // of what may be given up
	next      int    // calls at which delay is computed again
}

// place tells tasks apart, as waterfall.Stats does: see waterfall.TaskReport.
type place struct{ group, task string }

// generation is a stretch of calls.
type generation struct {
	since time.Time
	took  survival // how long calls take to succeed
	ends  survival // when they have, since the start of the run
	own   survival // and since that of the task's own group; only of what may be given up
}

// add adds a first call that has succeeded, or is known to have not within took. at is
// when it began, since the start of the run. q is the quantile of the delay.
func (r *record) add(at, took time.Duration, succeeded bool, q float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.turnLocked()
	g.took.add(took, succeeded)
	g.ends.add(at+took, succeeded)
	if n := g.took.n + r.last.took.n; n >= enough && (n >= r.next || n < r.next/2) {
		r.next = n + max(n/16, 16)
		d, _ := r.quantileLocked(q)
		r.delay.Store(int64(d))
	}
}

// turnLocked returns the generation of now.
func (r *record) turnLocked() *generation {
	now, g := time.Now(), &r.now
	mean, _ := r.perRun.mean()
	calls := int(float64(max(g.took.n, g.own.n)) / mean)
	switch age := now.Sub(g.since); {
	case g.since.IsZero():
		g.since = now
	case calls >= fullCalls && age >= fullAfter, calls >= enough && age >= oldAfter:
		last := r.last
		r.last, r.now = r.now, generation{since: now, took: last.took.cleared(), ends: last.ends.cleared(), own: last.own.cleared()}
	}
	return g
}

func (r *record) quantileLocked(q float64) (time.Duration, int) {
	return quantileOf(q, &r.now.took, &r.last.took), r.now.took.n + r.last.took.n
}

// lateAfter is the share of first calls that have not succeeded by d after the start of
// the run.
func (r *record) lateAfter(d time.Duration) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := 1.0
	for class, s := range survivors(&r.now.ends, &r.last.ends) {
		if class >= classOf(d) {
			break
		}
		left = s
	}
	return left
}

// survival counts durations in classes that grow by a factor of 2^(1/16): of what has
// happened, and of what had not happened yet when the watching ended.
type survival struct {
	n                  int
	happened, censored []uint32 // by class
}

const classesPerPower = 16

// classOf is the class of d; its durations are above upper of the one before.
func classOf(d time.Duration) int {
	if d <= 1 {
		return 0
	}
	return int(math.Ceil(classesPerPower*math.Log2(float64(d)) - 1e-9))
}

// upper is the longest duration of a class.
func upper(class int) time.Duration {
	d := math.Exp2(float64(class) / classesPerPower)
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}

func (s *survival) add(d time.Duration, happened bool) {
	class := classOf(d)
	if class >= len(s.happened) {
		more := class + 1 - len(s.happened)
		s.happened = append(s.happened, make([]uint32, more)...)
		s.censored = append(s.censored, make([]uint32, more)...)
	}
	s.n++
	if happened {
		s.happened[class]++
	} else {
		s.censored[class]++
	}
}

// cleared returns an empty one in the memory of s.
func (s *survival) cleared() survival {
	clear(s.happened)
	clear(s.censored)
	return survival{happened: s.happened[:0], censored: s.censored[:0]}
}

// survivors yields by class the share of durations that are longer, by the estimator of
// Kaplan and Meier. Within a class what has happened comes first.
func survivors(of ...*survival) func(yield func(class int, share float64) bool) {
	return func(yield func(int, float64) bool) {
		atRisk, classes := 0, 0
		for _, s := range of {
			atRisk += s.n
			classes = max(classes, len(s.happened))
		}
		left := 1.0
		for class := range classes {
			happened, censored := 0, 0
			for _, s := range of {
				if class < len(s.happened) {
					happened += int(s.happened[class])
					censored += int(s.censored[class])
				}
			}
			if happened > 0 {
				left *= 1 - float64(happened)/float64(atRisk)
			}
			atRisk -= happened + censored
			if !yield(class, left) {
				return
			}
		}
	}
}

// quantileOf is the shortest duration that the share q of all do not exceed. If the
// record does not say, because what is longer was all cut short, it is the longest that
// was seen.
func quantileOf(q float64, of ...*survival) time.Duration {
	longest := 0
	for class, left := range survivors(of...) {
		if longest = class; left <= 1-q+1e-9 {
			break
		}
	}
	return upper(longest)
}
