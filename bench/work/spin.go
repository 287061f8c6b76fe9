package work

import (
	"sync"
	"time"
)

// spin keeps one processor busy for n steps and returns 0.
func spin(n int) uint64 {
	x := uint64(n) | 1
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 { // never: the steps map no other number to 0
		return 1
	}
	return 0
}

// perMicrosecond is the number of steps in a microsecond on this machine: the
// best of several short runs, since anything else can only make it slower.
var perMicrosecond = sync.OnceValue(func() float64 {
	const steps = 200_000
	best := time.Duration(1<<63 - 1)
	for range 20 {
		start := time.Now()
		zero := spin(steps)
		best = min(best, time.Since(start)) + time.Duration(zero)
	}
	return steps / (float64(best) / float64(time.Microsecond))
})

func spins(d time.Duration) int {
	return max(1, int(perMicrosecond()*float64(d)/float64(time.Microsecond)))
}
