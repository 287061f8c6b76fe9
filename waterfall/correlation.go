package waterfall

import (
	"math"

	"github.com/asap-go/asap"
)

// fitted is what the recorded hedges tell of the correlation between two calls.
type fitted struct {
	of    float64
	pairs int
	known bool // there are enough of them
}

// leastPairs is how many hedges tell a correlation.
const leastPairs = 50

// pair is a hedge that was recorded: one call has ended after so long, the other one was
// canceled, or lost.
type pair struct {
	ended, cut float64 // normal scores
	weight     float64
}

// correlate estimates the correlation between the first and the second call of tasks that
// were hedged, by maximum likelihood: of each pair one has won, and of the other it is
// known that it would have taken longer. What the first call takes is known up to the
// delay from those that were not hedged, and beyond from those that have won.
func (s *Sample) correlate() fitted {
	var pairs []pair
	for _, r := range s.runs {
		for i := range r.second {
			if r.second[i] < 0 || s.durations[r.record[i]].empty() {
				continue
			}
			d := s.durations[r.record[i]]
			first, second := &r.m.run.Tasks[r.first[i]], &r.m.run.Tasks[r.second[i]]
			if second.Took() == 0 {
				continue // it was not called
			}
			p := pair{weight: r.weight}
			switch won := second.Outcome == asap.Succeeded; {
			case !won && first.Outcome == asap.Succeeded:
				p.ended, p.cut = score(d.rank(first.Took())), score(d.rank(second.Took()))
			case won:
				p.ended, p.cut = score(d.rank(second.Took())), score(d.rank(first.Took()))
			default:
				continue
			}
			pairs = append(pairs, p)
		}
	}
	f := fitted{pairs: len(pairs), known: len(pairs) >= leastPairs}
	best := math.Inf(-1)
	for c := 0.0; c < .99; c += .02 {
		sum := 0.0
		for _, p := range pairs {
			longer := below((c*p.ended - p.cut) / math.Sqrt(1-c*c))
			sum += p.weight * math.Log(max(longer, 1e-300))
		}
		if sum > best {
			best, f.of = sum, c
		}
	}
	return f
}
