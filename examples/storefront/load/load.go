// Package load drives a program with an open load: requests are sent when
// they are due, whether or not earlier ones were answered, as visitors do.
package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Plan says what load there is.
type Plan struct {
	Requests int     // how many
	Rate     float64 // how many a second, on average
	InFlight int     // the most that are under way at once; later ones wait for a place
	Seed     uint64  // of the gaps between them, which are exponential
}

// Sample is what became of one request. All instants count from the start of
// the load.
type Sample struct {
	N    int           // its number, from 0
	Due  time.Duration // when it was to be sent
	Sent time.Duration // when it was sent: later than Due if no place was free
	Done time.Duration // when the answer was there
	Body []byte
	Err  error
}

// Latency is the time from when the request was due: what its sender waited,
// in a queue of ours too. Counting from Sent would leave out exactly the
// requests that a slow program makes wait (coordinated omission).
func (s Sample) Latency() time.Duration { return s.Done - s.Due }

// Run sends the requests of a plan by calling do, and returns a sample for
// each, in their order, when all are done. If ctx ends, those that were not
// sent yet have its cause as their error.
func Run(ctx context.Context, p Plan, do func(ctx context.Context, n int) ([]byte, error)) ([]Sample, error) {
	if p.Requests < 0 || p.Rate <= 0 || p.InFlight < 1 {
		return nil, fmt.Errorf("load of %d requests at %v a second, %d in flight: want at least 0, more than 0, at least 1", p.Requests, p.Rate, p.InFlight)
	}
	due := p.schedule()
	samples := make([]Sample, p.Requests)
	places := make(chan struct{}, p.InFlight)
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var wg sync.WaitGroup
	for n := range samples {
		s := &samples[n]
		s.N, s.Due = n, due[n]
		timer.Reset(s.Due - time.Since(start))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		wg.Go(func() { // the end of Run waits for it
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
			case <-ctx.Done():
			}
			s.Sent = time.Since(start)
			if ctx.Err() != nil {
				s.Err = context.Cause(ctx)
			} else {
				s.Body, s.Err = do(ctx, n)
			}
			s.Done = time.Since(start)
		})
	}
	wg.Wait()
	return samples, nil
}

// schedule draws when the requests are due: a Poisson process, the same for
// the same seed.
func (p Plan) schedule() []time.Duration {
	r := rand.New(rand.NewPCG(p.Seed, 0))
	due := make([]time.Duration, p.Requests)
	at := 0.0
	for n := range due {
		due[n] = time.Duration(at * float64(time.Second))
		at += r.ExpFloat64() / p.Rate
	}
	return due
}
