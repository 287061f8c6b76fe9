package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"
)

// sample is what became of one request.
type sample struct {
	Late time.Duration // how long after it was due it was sent
	Took time.Duration // from when it was due to the answer: what its sender waited
	Body []byte
	Err  error
}

// drive sends n requests by calling send, rate a second on average, when they
// are due and whether or not earlier ones were answered, as visitors do. It
// returns what became of them when all are done. The instants are a Poisson
// process, the same for the same seed. After the end of ctx nothing waits.
func drive(ctx context.Context, n int, rate float64, seed uint64, send func(ctx context.Context, n int) ([]byte, error)) []sample {
	r := rand.New(rand.NewPCG(seed, 0))
	samples := make([]sample, n)
	next := time.Now()
	var wg sync.WaitGroup
	for n := range samples {
		due := next
		next = due.Add(time.Duration(r.ExpFloat64() / rate * float64(time.Second)))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
		}
		wg.Go(func() { // the end of drive waits for it
			s := sample{Late: time.Since(due)}
			s.Body, s.Err = send(ctx, n)
			s.Took = time.Since(due)
			samples[n] = s
		})
	}
	wg.Wait()
	return samples
}

// compare holds the data of every request against that of the other modes.
func compare(out io.Writer, page string, samples map[Mode][]sample) error {
	whole, part := 0, 0
	for n, s := range samples[ASAP] {
		for _, m := range columns {
			if m == ASAP || len(samples[m]) == 0 {
				continue
			}
			other := samples[m][n]
			if s.Err != nil || other.Err != nil {
				continue // counted as failed
			}
			without, err := same(other.Body, s.Body)
			if err != nil {
				return fmt.Errorf("%s, request %d: %s and %s differ: %w", page, n, m, ASAP, err)
			}
			if without > 0 {
				part++
			} else {
				whole++
			}
		}
	}
	if whole+part == 0 {
		return fmt.Errorf("%s: nothing could be compared", page)
	}
	fmt.Fprintf(out, "    same data in %d comparisons, and in %d more except for\n    optional parts that were missing\n", whole, part)
	return nil
}

// same compares two pages' JSON and says where they differ. A [Part] that is
// missing from either is counted and not compared.
func same(a, b []byte) (without int, err error) {
	var pa, pb map[string]any
	if err := errors.Join(json.Unmarshal(a, &pa), json.Unmarshal(b, &pb)); err != nil {
		return 0, err
	}
	missing := func(field any) bool {
		part, _ := field.(map[string]any)
		return part["why"] != nil
	}
	all := maps.Clone(pa)
	maps.Copy(all, pb)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if missing(pa[name]) || missing(pb[name]) {
			without++
		} else if !reflect.DeepEqual(pa[name], pb[name]) {
			return without, fmt.Errorf("%s: %v and %v", name, pa[name], pb[name])
		}
	}
	return without, nil
}

// row is what the requests for one page in one mode have shown. Those that
// failed have no part in the percentiles; an incomplete page did without an
// optional part.
type row struct {
	Page                         string
	Mode                         Mode
	Requests, Incomplete, Failed int
	P50, P95, P99                time.Duration
	Second                       int64   // calls
	Extra                        float64 // second calls, as a share of first ones
}

func summarize(page string, m Mode, samples []sample) row {
	r := row{Page: page, Mode: m, Requests: len(samples)}
	var took []time.Duration
	for _, s := range samples {
		if s.Err != nil {
			r.Failed++
			continue
		}
		took = append(took, s.Took)
		if without, _ := same(s.Body, s.Body); without > 0 {
			r.Incomplete++
		}
	}
	slices.Sort(took)
	r.P50, r.P95, r.P99 = percentile(took, 50), percentile(took, 95), percentile(took, 99)
	return r
}

// in gives times in the model's time, for services that are so much slower.
func (r row) in(speed float64) row {
	for _, d := range []*time.Duration{&r.P50, &r.P95, &r.P99} {
		if speed > 0 {
			*d = time.Duration(float64(*d) / speed)
		}
	}
	return r
}

// percentile is the nearest rank: the smallest value such that p percent of
// all are not above it. Of nothing it is 0.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(int(math.Ceil(p/100*float64(len(sorted)))), 1)-1]
}

// table prints rows, those of a page together, each with its gain at p99 over its
// page's row of mode errgroup.
func table(w io.Writer, rows []row) {
	base := make(map[string]row)
	for _, r := range rows {
		if r.Mode == Errgroup {
			base[r.Page] = r
		}
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1e3) }
	fmt.Fprintf(w, "%-9s %-10s %8s %8s %8s %6s %7s %7s %7s\n", "page", "mode", "p50 ms", "p95 ms", "p99 ms", "gain", "full", "extra", "failed")
	for i, r := range rows {
		if i > 0 && rows[i-1].Page != r.Page {
			fmt.Fprintln(w)
		}
		gain, full := "–", "–"
		if b := base[r.Page]; r.P99 > 0 {
			gain = fmt.Sprintf("%.2f", float64(b.P99)/float64(r.P99))
			full = fmt.Sprintf("%.1f%%", 100-100*float64(r.Incomplete)/float64(r.Requests-r.Failed))
		}
		fmt.Fprintf(w, "%-9s %-10s %8s %8s %8s %6s %7s %6.2f%% %7d\n", r.Page, r.Mode, ms(r.P50), ms(r.P95), ms(r.P99), gain, full, 100*r.Extra, r.Failed)
	}
}
