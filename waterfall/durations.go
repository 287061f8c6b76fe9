package waterfall

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// durations is the distribution of what a body takes, estimated from many runs of
// different weights, in some of which it was canceled before it ended. Of those it is
// known that they would have taken longer: the estimate is that of Kaplan and Meier.
type durations struct {
	seen  []observed
	at    []time.Duration // ascending
	share []float64       // up to the middle of those that took at
	calls int             // that were seen
	cut   int             // of them, those that were canceled
}

type observed struct {
	took   time.Duration
	weight float64
	cut    bool // it would have taken longer
}

func (d *durations) add(took time.Duration, weight float64, cut bool) {
	d.seen = append(d.seen, observed{took, weight, cut})
	d.calls++
	if cut {
		d.cut++
	}
}

// estimate makes the distribution of what was added.
func (d *durations) estimate() {
	slices.SortFunc(d.seen, func(a, b observed) int {
		if a.took != b.took {
			return cmp.Compare(a.took, b.took)
		}
		switch { // who was canceled at that instant had not ended
		case a.cut == b.cut:
			return cmp.Compare(a.weight, b.weight)
		case a.cut:
			return 1
		}
		return -1
	})
	left, longer := 0.0, 1.0
	for _, o := range d.seen {
		left += o.weight
	}
	for i := 0; i < len(d.seen); {
		at, ended, all := d.seen[i].took, 0.0, 0.0
		for ; i < len(d.seen) && d.seen[i].took == at; i++ {
			all += d.seen[i].weight
			if !d.seen[i].cut {
				ended += d.seen[i].weight
			}
		}
		if ended > 0 && left > 0 {
			next := longer * max(0, 1-ended/left)
			d.at = append(d.at, at)
			d.share = append(d.share, 1-(longer+next)/2)
			longer = next
		}
		left -= all
	}
}

// empty tells whether no call of it has ended.
func (d *durations) empty() bool { return len(d.at) == 0 }

// quantile is what a share of all calls takes at most, between two that were seen in
// proportion; never more than the longest of them.
func (d *durations) quantile(share float64) time.Duration {
	i, _ := slices.BinarySearch(d.share, share)
	switch {
	case i == 0:
		return d.at[0]
	case i == len(d.at):
		return d.at[i-1]
	}
	lo, hi := d.share[i-1], d.share[i]
	part := 1.0
	if hi > lo {
		part = (share - lo) / (hi - lo)
	}
	return d.at[i-1] + time.Duration(part*float64(d.at[i]-d.at[i-1]))
}

// rank is the share of all calls that take less, and half of those that take as long.
func (d *durations) rank(took time.Duration) float64 {
	i, found := slices.BinarySearch(d.at, took)
	switch {
	case found:
		return d.share[i]
	case i == 0:
		return d.share[0] / 2
	case i == len(d.at):
		return (1 + d.share[i-1]) / 2
	}
	part := float64(took-d.at[i-1]) / float64(d.at[i]-d.at[i-1])
	return d.share[i-1] + part*(d.share[i]-d.share[i-1])
}

// longer is what a call takes in all that was canceled after so long, at a share of those
// that took longer.
func (d *durations) longer(than time.Duration, share float64) time.Duration {
	from := d.rank(than)
	return max(than, d.quantile(from+share*(1-from)))
}

// second is what a second call takes beside one that takes first: of that rank among all
// calls that a normal score of the given correlation to the first one's gives, the rest
// being luck, at a share of it.
func (d *durations) second(first time.Duration, correlation, luck float64) time.Duration {
	z := correlation*score(d.rank(first)) + math.Sqrt(1-correlation*correlation)*score(luck)
	return d.quantile(below(z))
}

// score is the normal score of a share: that so many of a normal distribution are below.
func score(share float64) float64 {
	const least = 1e-9
	return math.Sqrt2 * math.Erfinv(2*min(1-least, max(least, share))-1)
}

// below is the share of a normal distribution below a score.
func below(score float64) float64 { return math.Erfc(-score/math.Sqrt2) / 2 }
