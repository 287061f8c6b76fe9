package sample

import (
	"runtime"
	"time"
)

// Real is this machine.
type Real struct{ start time.Time }

// NewReal begins to count time now.
func NewReal() *Real { return &Real{start: time.Now()} }

// Now is the monotonic time since the start.
func (r *Real) Now() time.Duration { return time.Since(r.start) }

// Collect runs the garbage collector to its end.
func (r *Real) Collect() { runtime.GC() }

// Memory reads the runtime's counters, which stops the world: outside of the
// time that is taken.
func (r *Real) Memory() (bytes, allocs uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc, m.Mallocs
}
