package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

const (
	hedgedAt       = .95 // of what is suggested
	mostCandidates = 8   // of each sort
	mostTogether   = 6
	mostThinned    = 160 // runs that suggestions are tried with
	leastThinned   = 40
	mostTried      = 3000   // tasks of those, unless the least have more
	mostAnswered   = 40_000 // tasks that run again for a suggestion, or each once
	mostSingle     = 6      // suggestions of one change
	leastGain      = .02    // of p99
	worthIt        = 1.5    // times as much gain is worth more answers that are not full
)

// Ranking answers what to fix first at p99, for a service: hedges of what the slowest
// runs waited for, and deadlines for what may be missing, the largest gain first, and
// last what is best together, if that is more than one and gains more. It fails if there
// are too few runs. Whether a task is safe to call twice nobody but its author knows.
func (s *Sample) Ranking() ([]*Forecast, error) {
	if err := s.enough(); err != nil {
		return nil, err
	}
	s.prepare()
	t := s.thinned()
	weights := t.normalized(func(int) float64 { return 1 })
	base := t.base.slowest(weights, .95)
	with := func(changes ...Change) float64 {
		q, err := t.ask(changes)
		if err != nil {
			return base
		}
		o := t.outcomes(q, t.correlation(), 2)
		return o.slowest(weights, .95)
	}
	candidates := t.hedges()
	for _, levels := range t.deadlines() {
		c := levels[0]
		for _, stricter := range levels[1:] {
			if gain := base - with(stricter); gain > leastGain*base && gain > worthIt*(base-with(c)) {
				c = stricter
			}
		}
		candidates = append(candidates, c)
	}
	var out []*Forecast
	put := func(changes ...Change) {
		q, err := s.ask(changes)
		if err != nil {
			return
		}
		if f := s.forecast(q, mostAnswered); float64(f.Saved()) >= leastGain*float64(f.Before.P99) {
			out = append(out, f)
		}
	}
	gains := make(map[Change]float64)
	for _, c := range candidates {
		gains[c] = base - with(c)
	}
	promising := slices.DeleteFunc(slices.Clone(candidates), func(c Change) bool { return gains[c] <= 0 })
	slices.SortStableFunc(promising, func(a, b Change) int { return cmp.Compare(gains[b], gains[a]) })
	for _, c := range promising[:min(len(promising), mostSingle)] {
		put(c)
	}
	slices.SortStableFunc(out, func(a, b *Forecast) int { return cmp.Compare(b.Saved(), a.Saved()) })
	if together := best(candidates, base, with); len(together) > 1 {
		n := len(out)
		put(together...)
		if n < len(out) && n > 0 && out[n].Saved() <= out[0].Saved() {
			out = out[:n]
		}
	}
	return out, nil
}

// best picks changes one by one, each that with those before takes most off the slowest
// runs: of what runs side by side one alone takes nothing off.
func best(candidates []Change, base float64, with func(...Change) float64) []Change {
	var picked []Change
	now := base
	for len(picked) < mostTogether {
		at, least := -1, now*(1-leastGain/2)
		for i, c := range candidates {
			if slices.Contains(picked, c) || slices.ContainsFunc(picked, func(p Change) bool { return p.kind == c.kind && p.task == c.task }) {
				continue
			}
			if took := with(append(slices.Clip(picked), c)...); took < least {
				at, least = i, took
			}
		}
		if at < 0 {
			break
		}
		picked, now = append(picked, candidates[at]), least
	}
	return picked
}

func (s *Sample) correlation() float64 {
	if s.fit.known {
		return s.fit.of
	}
	return 0
}

// thinned is a sample of fewer runs, of which the slowest are all there: of the others
// each of the rest stands for several.
func (s *Sample) thinned() *Sample {
	n := min(len(s.runs), mostThinned, max(leastThinned, mostTried*len(s.runs)/max(1, s.Tasks())))
	if n == len(s.runs) {
		return s
	}
	list := slices.Clone(s.runs)
	slices.SortStableFunc(list, func(a, b *sampled) int { return cmp.Compare(b.run.Makespan, a.run.Makespan) })
	slow := n / 2
	out := &Sample{name: s.name, seen: s.seen, durations: s.durations, known: s.known, fit: s.fit}
	put := func(part []*sampled) {
		one := *part[len(part)/2]
		one.weight, one.class = 0, 0
		for _, r := range part {
			one.weight += r.weight
		}
		out.runs = append(out.runs, &one)
	}
	for i := range slow {
		put(list[i : i+1])
	}
	rest, n := list[slow:], n-slow
	for i := range n {
		put(rest[i*len(rest)/n : (i+1)*len(rest)/n])
	}
	out.once.Do(func() {})
	out.base = out.outcomes(&question{}, 0, 1)
	return out
}

// slowest are the runs of the slowest twentieth, at least five.
func (s *Sample) slowest() []*sampled {
	list := slices.Clone(s.runs)
	slices.SortStableFunc(list, func(a, b *sampled) int { return cmp.Compare(b.run.Makespan, a.run.Makespan) })
	total := 0.0
	for _, r := range list {
		total += r.weight
	}
	sum := 0.0
	for n, r := range list {
		if sum += r.weight; sum >= total/20 && n >= 5 {
			return list[:n]
		}
	}
	return list
}

// critical are the tasks that the slowest runs waited for, by what a change calls them:
// tasks whose names differ in a number are one. Those that were waited for longest come
// first.
func (s *Sample) critical(of func(r *sampled, i int) bool) []string {
	type waited struct {
		name string
		time float64
	}
	byName := make(map[string]int)
	alike := make(map[string]string) // the family of a name, or the name if it is alone
	var list []waited
	for _, r := range s.slowest() {
		names := r.names()
		for i := range names {
			family := starred(names[i])
			if was, ok := alike[family]; !ok {
				alike[family] = names[i]
			} else if was != names[i] {
				alike[family] = family
			}
		}
		for _, step := range r.run.CriticalPath() {
			i, ok := r.m.task[step.Task]
			if !ok || step.State == Outside || !of(r, i) {
				continue
			}
			k, ok := byName[names[i]]
			if !ok {
				k = len(list)
				byName[names[i]] = k
				list = append(list, waited{name: names[i]})
			}
			list[k].time += r.weight * float64(step.Len())
		}
	}
	sums := make(map[string]float64)
	for _, w := range list {
		sums[alike[starred(w.name)]] += w.time
	}
	var out []string
	for name := range sums {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	return out[:min(len(out), mostCandidates)]
}

// hedges are those that might help.
func (s *Sample) hedges() []Change {
	var out []Change
	for _, name := range s.critical(func(r *sampled, i int) bool { return r.second[i] < 0 && r.unhedgeable(i) == "" && !r.m.inHedge(i) }) {
		out = append(out, Hedge(name, hedgedAt))
	}
	return out
}

// deadlines are those that might help: of each task that may be missing, and has none,
// when nine in ten of them have ended, and when three in four have.
func (s *Sample) deadlines() [][]Change {
	var out [][]Change
	may := func(r *sampled, i int) bool {
		t := &r.run.Tasks[i]
		return (t.Optional || t.MayFail) && t.Within == 0 && r.m.whole(i) < 0
	}
	for _, name := range s.critical(may) {
		ends := new(durations)
		for _, r := range s.runs {
			for _, i := range r.m.find(name) {
				if may(r, i) {
					t := &r.run.Tasks[i]
					began := r.run.Groups[r.m.groupAt(i)].Start
					ends.add(t.End()-began, r.weight, !good(t.Outcome) || t.Outcome == asap.Tolerated)
				}
			}
		}
		ends.estimate()
		if ends.empty() {
			continue
		}
		out = append(out, []Change{Within(name, even(ends.quantile(.9))), Within(name, even(ends.quantile(.75)))})
	}
	return out
}

// even is a time as a person would say it: of two digits.
func even(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return max(1, d.Round(unit))
}
