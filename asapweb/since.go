package asapweb

import (
	"math"

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

// isSpread tells whether what was counted since a problem began did not all come at once,
// if there are so few newest runs that they may: a moment of trouble with the machine or
// the network, or one client that asks again and again.
func (y *history) isSpread(p *problem, count func(*waterfall.Point) int, newest int) bool {
	if newest >= leastNow {
		return true
	}
	n := 0
	for i := range y.points {
		if at := &y.points[i]; !at.Since.Before(p.Since) && count(at) > 0 {
			n++
		}
	}
	return n >= 3
}
