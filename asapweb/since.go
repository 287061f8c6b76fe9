package asapweb

import (
	"math"
	"time"

	"github.com/asap-go/asap/waterfall"
)

// dated says in a problem since when so many come in each run, given how many did and do,
// and is false if that is over. Of all instants at which a stretch of time begins it is
// the one that makes what was counted most likely.
func (y *history) dated(p *problem, count func(*waterfall.Point) int, before, now float64) bool {
	before = max(before, now/100)
	if now <= before {
		return false
	}
	score, best, first := 0.0, 0.0, -1
	for i := len(y.points) - 1; i >= 0; i-- {
		at := &y.points[i]
		// By how much more likely the count is at the rate of now: its logarithm.
		score += float64(count(at))*math.Log(now/before) - float64(at.Runs)*(now-before)
		if score > best {
			best, first = score, i
		}
		if first < 0 && score < -3 || first >= 0 && score < best-10 {
			break
		}
	}
	if first < 0 {
		return false
	}
	p.Since, p.earlier = y.points[first].Since, first == 0 && y.older
	return true
}

// sinceWhen is when something began: the first stretch of those from which on it is
// so in all later ones, but for one in between, looked at so many runs at a time,
// as fewer may be luck. It is false if it is over.
func sinceWhen(points []waterfall.Point, least int, is func(waterfall.Point) bool) (at int, ok bool) {
	misses := 0
	for end := len(points); end > 0 && misses < 2; {
		from := end - 1
		sum := points[from]
		for from > 0 && sum.Runs < least {
			from--
			sum = together(points[from], sum)
		}
		if is(sum) {
			first := from
			for first < end-1 && !is(points[first]) {
				first++
			}
			at, ok, misses = first, true, 0
		} else {
			misses++
			if end == len(points) && sum.Runs >= least {
				return 0, false
			}
		}
		end = from
	}
	return at, ok
}

// together is two stretches as one, nearly: the p50 is between theirs.
func together(a, b waterfall.Point) waterfall.Point {
	mean := (float64(a.P50)*float64(a.Runs) + float64(b.P50)*float64(b.Runs)) / float64(max(1, a.Runs+b.Runs))
	return waterfall.Point{
		Since: a.Since, Until: b.Until, Runs: a.Runs + b.Runs, Failures: a.Failures + b.Failures,
		P50: time.Duration(mean), P99: max(a.P99, b.P99), Max: max(a.Max, b.Max),
	}
}
