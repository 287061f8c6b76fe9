package tail_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
)

// slow is a task all calls of which take an hour, but second ones 1 ms.
func slow(g *asap.Group, h *tail.Hedger) {
	var c calls
	g.Go("slow", c.took([]time.Duration{time.Hour, ms}), h)
}

func hedged(h *tail.Hedger) (calls, hedged, refused int64) {
	for _, d := range h.Decisions() {
		calls += d.Calls
		hedged += d.Hedged
		refused += d.Refused
	}
	return calls, hedged, refused
}

// TestShare: at no moment there are more second calls than the share of the first, one
// after the other or all at once; and no fewer, if there is reason for them.
func TestShare(t *testing.T) {
	n := 2000
	if raceEnabled {
		n = 400
	}
	for _, at := range []int{1, 7, 100} {
		for _, share := range []float64{.02, .05, .5, 1} {
			synctest.Test(t, func(t *testing.T) {
				h := tail.Hedge(tail.After(10*ms), tail.Share(share))
				var all sync.WaitGroup
				for range at {
					all.Go(func() {
						for range n / at {
							g := asap.New(t.Context())
							slow(g, h)
							g.Wait()
							calls, hedged, _ := hedged(h) // calls only grow, so what is read first is no more
							if float64(hedged) > share*float64(calls+int64(at)) {
								t.Errorf("%d of %d calls hedged, want the share %v", hedged, calls, share)
							}
						}
					})
				}
				all.Wait()
				calls, hedged, refused := hedged(h)
				if float64(hedged) > share*float64(calls) || calls != hedged+refused {
					t.Errorf("%d at once: %d of %d calls hedged, %d refused, share %v", at, hedged, calls, refused, share)
				}
				// All at once, what calls pay that come while there is burst is lost.
				if least := share*float64(calls) - 1; at == 1 && float64(hedged) < least {
					t.Errorf("%d of %d calls hedged, want at least %v", hedged, calls, least)
				}
			})
		}
	}
}

// TestBurst: after calm times there are at most 10 second calls beyond the share.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := tail.Hedge(tail.After(10*ms), tail.Share(.1))
		g := asap.New(t.Context())
		for range 5000 {
			g.Do("quick", func(context.Context) error { return nil }, h)
		}
		g.Wait()
		time.Sleep(time.Hour)
		g = asap.New(t.Context())
		for range 100 {
			slow(g, h)
		}
		g.Wait()
		if _, hedged, _ := hedged(h); hedged != 10 {
			t.Errorf("%d calls hedged, want the 10 that are saved at most: what 100 more pay is over", hedged)
		}
		for range 100 {
			g = asap.New(t.Context())
			slow(g, h)
			g.Wait()
		}
		if _, hedged, _ := hedged(h); hedged < 19 || hedged > 20 {
			t.Errorf("%d calls hedged, want 10 and a tenth of 100", hedged)
		}
	})
}
