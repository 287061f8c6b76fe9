package stress_test

import (
	"flag"
	"math/rand/v2"
	"time"
)

var timeFlag = flag.Float64("time", .3, "weight of limits of time; Within only in graphs without limits of bodies")

// limitTime gives limits of time to some of the tasks, by chances of its own. Not Within
// under a limit: which of those that wait for a slot is late moves the others.
func (b *builder) limitTime() {
	b.rng = rand.New(rand.NewPCG(b.g.seed, 0x71e))
	if !b.kind(*timeFlag) {
		return
	}
	share := pick(b, .1, .3, .8)
	for _, t := range b.g.tasks {
		if t.kind == kInput || t.kind == kGather || t.kind == kRace {
			continue
		}
		if len(t.scripts) > 1 && b.chance(.9) { // whose limits are of one instant
			continue
		}
		if b.chance(share) {
			t.timeout = max(b.time(), 1)
		}
		if b.chance(share) && !b.g.limited {
			t.within = max(b.time()+b.time(), 1)
		}
	}
}

// limitOf is d, as short as all else if there is no bubble.
func (r *run) limitOf(d time.Duration) time.Duration {
	if r.real {
		return 1 + d%(200*time.Microsecond)
	}
	return d
}
