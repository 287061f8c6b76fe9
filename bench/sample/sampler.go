// Package sample times things against each other on a machine that is not
// quiet. Samples are short and taken in turn, a round has one of each, and
// only ratios inside a round are compared; the median over the rounds is
// what is left when a few of them were disturbed.
package sample

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Subject is one thing that is timed.
type Subject struct {
	Name string
	Run  func() error // once; an error ends the sampling
}

// Config says how to sample.
type Config struct {
	Rounds int           // at most
	Least  int           // rounds, also when Budget is over
	Sample time.Duration // shortest sample; a subject is repeated until it is reached
	Budget time.Duration // after which no round is begun; 0 is none
	Seed   uint64        // of the order inside the rounds
}

// Machine is what a sampler needs of the machine; [Real] is this one.
type Machine interface {
	Now() time.Duration
	CPU() time.Duration             // that this process has used; 0 where it cannot be known
	Collect()                       // garbage, so that nobody pays for another's
	Memory() (bytes, allocs uint64) // allocated so far
}

// Result is what was measured of one subject, a value a round.
type Result struct {
	Name   string    `json:"name"`
	Repeat int       `json:"repeat"` // runs a sample
	Nanos  []float64 `json:"nanos"`  // time of one run
	CPU    []float64 `json:"cpu"`    // nanoseconds of processors that one run used
	Bytes  []float64 `json:"bytes"`  // allocated by one run
	Allocs []float64 `json:"allocs"`
}

// Fast is the time of a run when little disturbed it: the first decile.
func (r *Result) Fast() float64 { return Quantile(r.Nanos, 0.1) }

// Over is the median over the rounds of the time of r divided by that of base.
func (r *Result) Over(base *Result) float64 { return Median(Ratios(r.Nanos, base.Nanos)) }

// CPUOver is the same for the time that processors were used: what is left
// to compare where other programs take them away.
func (r *Result) CPUOver(base *Result) float64 { return Median(Ratios(r.CPU, base.CPU)) }

// Spread is the first and the last decile of the same ratios.
func (r *Result) Spread(base *Result) (lo, hi float64) {
	rs := Ratios(r.Nanos, base.Nanos)
	return Quantile(rs, 0.1), Quantile(rs, 0.9)
}

// Run samples the subjects in turn. Results are in the order of subjects.
func Run(m Machine, c Config, subjects []Subject) ([]*Result, error) {
	results := make([]*Result, len(subjects))
	for i, s := range subjects {
		n, err := repeats(m, c.Sample, s)
		if err != nil {
			return nil, err
		}
		results[i] = &Result{Name: s.Name, Repeat: n}
	}
	begin := m.Now()
	order := rand.New(rand.NewPCG(c.Seed, 1))
	for round := range c.Rounds {
		if c.Budget > 0 && round >= c.Least && m.Now()-begin >= c.Budget {
			break
		}
		// Nobody always follows the same neighbour, whose goroutines and
		// heap it inherits.
		for _, i := range order.Perm(len(subjects)) {
			if err := one(m, subjects[i], results[i]); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// one takes one sample.
func one(m Machine, s Subject, r *Result) error {
	m.Collect()
	bytes, allocs := m.Memory()
	start, cpu := m.Now(), m.CPU()
	for range r.Repeat {
		if err := s.Run(); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	took, used := m.Now()-start, m.CPU()-cpu
	bytes2, allocs2 := m.Memory()
	n := float64(r.Repeat)
	r.Nanos = append(r.Nanos, float64(took)/n)
	r.CPU = append(r.CPU, float64(used)/n)
	r.Bytes = append(r.Bytes, float64(bytes2-bytes)/n)
	r.Allocs = append(r.Allocs, float64(allocs2-allocs)/n)
	return nil
}

// repeats finds how many runs fill a sample. The first run, which pays for
// what is lazy, does not count.
func repeats(m Machine, least time.Duration, s Subject) (int, error) {
	for n := 1; ; {
		var r Result
		r.Repeat = n
		if err := one(m, s, &r); err != nil {
			return 0, err
		}
		took := time.Duration(r.Nanos[0] * float64(n))
		switch {
		case n == 1 && took >= 4*least:
			return 1, nil
		case n > 1 && took >= least:
			return n, nil
		case took <= 0:
			n *= 100
		default: // a fifth more than needed, at most a hundred times as many
			n = max(n+1, min(100*n, int(1.2*float64(n)*float64(least)/float64(took))))
		}
	}
}
