package waterfall

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap"
)

// Sample is recorded runs of groups of one name, each of which stands for a number of
// runs. From them [Sample.WhatIf] predicts percentiles. Its methods may be called at the
// same time.
type Sample struct {
	name string
	seen int // how many runs it stands for
	runs []*sampled

	models    []func() *model // of the runs, made once
	once      sync.Once       // for what follows
	durations []*durations
	known     map[string]int // of those, by the name of the task
	fit       fitted
	base      outcomes
}

// sampled is one run of a sample.
type sampled struct {
	run    *Run
	weight float64
	// class tells apart those whose weights were made so that all of a class add up to
	// what is known of it; 0 if nothing is.
	class int
	seed  int

	m      *model
	base   *sim
	took   time.Duration // simulated, as it was
	record []int32       // of each task, the durations that are of its calls, or -1
	// first and second are, of each task that was hedged in the record, its two calls, of
	// which the first may be itself; else -1.
	first, second []int32
}

// NewSample makes a sample of runs that stand for themselves: all that there were, or
// some that were picked without looking at them. Runs that have not ended are left out.
// It fails if they are of groups of different names. They must not be changed afterwards.
func NewSample(runs ...*Run) (*Sample, error) {
	s := new(Sample)
	for _, r := range runs {
		if !r.Ended || len(r.Groups) == 0 {
			continue
		}
		if len(s.runs) > 0 && r.Name != s.name {
			return nil, fmt.Errorf("waterfall: sample: runs of %q and of %q; give those of one name", told(s.name), told(r.Name))
		}
		s.name = r.Name
		s.add(r, 1, 0)
	}
	s.seen = len(s.runs)
	return s, nil
}

func (s *Sample) add(r *Run, weight float64, class int) {
	s.runs = append(s.runs, &sampled{run: r, weight: weight, class: class, seed: len(s.runs)})
	s.models = append(s.models, sync.OnceValue(func() *model {
		m := r.model()
		m.taskKeys, m.groupKeys = m.keys()
		m.byKey = make(map[string]int, len(m.taskKeys))
		for i, key := range m.taskKeys {
			m.byKey[key] = i
		}
		return m
	}))
}

// model is that of a run, to complete others by.
func (s *Sample) model(run int) *model { return s.models[run]() }

// Name is that of the groups.
func (s *Sample) Name() string { return s.name }

// Runs is how many runs the sample has, and how many it stands for.
func (s *Sample) Runs() (recorded, seen int) { return len(s.runs), s.seen }

// Tasks is how many tasks its runs have, which is what a question costs.
func (s *Sample) Tasks() (n int) {
	for _, r := range s.runs {
		n += len(r.run.Tasks)
	}
	return n
}

// Sample returns the runs of a name that are kept of a window. What is kept are the
// slowest and few of each class of latency, so each stands for as many as there were of
// about its makespan, by the histogram of all. Failed runs that were kept because they
// failed are not in it: others stand for them.
func (s *Stats) Sample(name string, w Window) *Sample {
	out := &Sample{name: name}
	s.lock()
	defer s.unlock()
	f := s.names[name]
	if f == nil {
		return out
	}
	now := s.nowLocked()
	f.ageAll(s, now.unit)
	stretches := f.stretches(0, w.levels())
	lists := keptOver(stretches)
	since := s.instant(now, firstOf(w.levels(), now.unit))
	latest := slices.DeleteFunc(slices.Clone(f.latest), func(k *kept) bool { return k.ended.Before(since) })
	var picked []*kept
	for _, list := range [][]*kept{lists.slowest, lists.samples, latest} {
		for _, k := range list {
			if !slices.Contains(picked, k) {
				picked = append(picked, k)
			}
		}
	}
	slices.SortFunc(picked, bySlowest)
	var all histogram
	for _, one := range stretches {
		all.merge(&one.makespan)
	}
	out.seen = all.n
	weights := weigh(&all, picked)
	for i, k := range picked {
		if weights[i] == 0 {
			continue
		}
		if !k.numbered {
			number(k.run)
			k.numbered = true
		}
		out.add(k.run, weights[i], 1+k.power())
	}
	return out
}

// prepare takes the runs apart and adds up what their tasks take.
func (s *Sample) prepare() {
	s.once.Do(func() {
		s.known = make(map[string]int)
		for _, r := range s.runs {
			s.open(r)
		}
		for _, d := range s.durations {
			d.estimate()
		}
		s.fit = s.correlate()
		s.base = s.outcomes(&question{}, 0, 1)
	})
}

// open takes one run apart.
func (s *Sample) open(r *sampled) {
	m := r.run.model()
	m.found = new(sync.Map)
	r.m = m
	r.base = m.simulate(m.asItWas(), nil, r.run.limit())
	r.took = r.base.makespan()
	n := len(m.tasks)
	r.record, r.first, r.second = make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range n {
		r.record[i], r.first[i], r.second[i] = -1, -1, -1
	}
	for i, name := range r.names() {
		kind := m.tasks[i].kind
		if i == m.caller || kind != isBody && kind != isUnrun {
			continue
		}
		k, ok := s.known[name]
		if !ok {
			k = len(s.durations)
			s.known[name] = k
			s.durations = append(s.durations, new(durations))
		}
		r.record[i] = int32(k)
		if m.inHedge(i) { // as the task around it
			continue
		}
		first, second, hedged := m.pair(i)
		if !hedged {
			first = i
		} else {
			r.first[i], r.second[i] = int32(first), int32(second)
		}
		ending := m.tasks[first].ending
		lost := hedged && good(m.run.Tasks[second].Outcome) && m.run.Tasks[second].Outcome != asap.Tolerated
		if t := &m.run.Tasks[first]; t.started() && (lost || ending == endsWell || ending == endsCut) && !m.inRace(i) {
			s.durations[k].add(t.Took(), r.weight, lost || ending == endsCut)
		}
	}
}

// names are the names of the run's tasks in all runs; those of calls in a hedge are that
// of the task around it.
func (r *sampled) names() []string {
	names := make([]string, len(r.m.tasks))
	for i := range r.m.tasks[:r.m.caller] {
		names[i] = r.m.memberName(i, names)
		if p := r.m.parent(i); p >= 0 && r.m.inHedge(i) {
			names[i] = names[p]
		}
	}
	return names
}

// hedgeName is that of a nested group whose calls are those of the task around it, or of
// the one task in a nested group without a name, which is the second call of the task
// around it: package tail makes these.
const hedgeName = "hedge"

const (
	leastSeen     = 100 // runs, so that p99 is of more than the longest
	leastRecorded = 20
	leastCalls    = 20 // that have ended, of what is to be hedged
)

// enough tells in a sentence whether there are too few runs.
func (s *Sample) enough() error {
	switch {
	case s.seen < leastSeen:
		return fmt.Errorf("waterfall: what if: %s are too few to say anything of p99; it takes %d", countOf(s.seen, "run"), leastSeen)
	case len(s.runs) < leastRecorded:
		return fmt.Errorf("waterfall: what if: %s kept of %d are too few to say anything of p99; it takes %d, and more are kept from minute to minute",
			countOf(len(s.runs), "run"), s.seen, leastRecorded)
	}
	return nil
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
