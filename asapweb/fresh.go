package asapweb

import (
	"math"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A program that began a minute ago has nothing to be compared with but its first seconds.

// freshSlower is the problem that runs take longer than the first ones did.
func (y *history) freshSlower() (problem, bool) {
	c, ok := y.h.stats.Changed(y.name)
	if !ok || c.Before.Runs < leastBefore || c.After.Runs < leastNow {
		return problem{}, false
	}
	s, ok := slowerNow(&c, ownBaselines[0].grown)
	if !ok {
		return problem{}, false
	}
	return y.slower(&c, &baseline{Report: c.Before}, s)
}

// surelyTwo is by how much more likely two rates have to make what was counted than one
// does, as a logarithm: of all the instants that are tried, luck does it for one program in
// a few thousand.
const surelyTwo = 9.0

// freshFail is the problem that more runs fail than of the first ones did, since the
// stretch of time that makes what was counted most likely.
func (y *history) freshFail(k failureKind) (problem, bool) {
	var all, after [2]int // failures, runs
	for i := range y.points {
		all[0], all[1] = all[0]+k.at(&y.points[i]), all[1]+y.points[i].Runs
	}
	likely := func(failures, runs int) float64 { // its logarithm
		f, n := float64(failures), float64(runs)
		if failures == 0 || failures == runs {
			return 0
		}
		return f*math.Log(f/n) + (n-f)*math.Log(1-f/n)
	}
	best, first, now := surelyTwo, -1, after
	for i := len(y.points) - 1; i > 0; i-- {
		after[0], after[1] = after[0]+k.at(&y.points[i]), after[1]+y.points[i].Runs
		before := [2]int{all[0] - after[0], all[1] - after[1]}
		if after[1] < leastNow || after[0] < leastFailed || before[1] < leastBefore || !moreThan(before[0], before[1], after[0], after[1]) {
			continue
		}
		if l := likely(before[0], before[1]) + likely(after[0], after[1]) - likely(all[0], all[1]); l > best {
			best, first, now = l, i, after
		}
	}
	if first < 0 {
		return problem{}, false
	}
	c := waterfall.Comparison{After: y.h.stats.Report(y.name, waterfall.SinceStart)}
	count := func(r *waterfall.Report, failures, runs int) {
		r.Runs, r.Late, r.Outcomes = runs, 0, map[asap.Outcome]int{}
		if k == late {
			r.Late = failures
		} else {
			r.Outcomes[asap.Failed] = failures
		}
	}
	count(&c.Before, all[0]-now[0], all[1]-now[1])
	count(&c.After, now[0], now[1])
	p := newProblem(red, y.name)
	p.Since = y.points[first].Since
	y.failing(&p, k, &c, &baseline{Report: c.Before})
	return p, true
}
