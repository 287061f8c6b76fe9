package whatif

import (
	"strings"
	"testing"
)

// What a ranking says to rest on what the record does not tell is what the prediction of
// that change assumes something for.
func TestRankingAssumes(t *testing.T) {
	assumed, sure := 0, 0
	for _, k := range kinds {
		for seed := range uint64(30) {
			run := newProgram(k, seed).run(t)
			for _, g := range run.Ranking() {
				p, err := run.WhatIf(g.Change)
				if err != nil {
					t.Fatalf("%s %d: WhatIf(%v) = %v", k.name, seed, g.Change, err)
				}
				if n := len(p.Assumes); n > 0 && strings.HasPrefix(p.Assumes[n-1], "the run as it was,") {
					continue
				}
				if want := len(p.Assumes) > 0; g.Assumed != want {
					t.Errorf("%s %d: %v: Assumed = %t, and the prediction assumes %q", k.name, seed, g.Change, g.Assumed, p.Assumes)
				}
				if g.Assumed {
					assumed++
				} else {
					sure++
				}
			}
		}
	}
	if assumed < 100 || sure < 500 {
		t.Errorf("%d gains rest on assumptions and %d on none, want more of both", assumed, sure)
	}
}
