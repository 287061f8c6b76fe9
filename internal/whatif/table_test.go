package whatif

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/waterfall"
)

var (
	graphs  = flag.Int("graphs", 40, "how many programs of each kind")
	only    = flag.String("kind", "", "one kind alone")
	first   = flag.Uint64("first", 0, "the first seed")
	single  = flag.Int64("seed", -1, "one program alone")
	inexact = flag.Bool("inexact", false, "misses are also those within 5 %")
	among   = flag.Int("others", 0, "of -seed and -misses: how many other runs tell")
	every   = flag.Bool("all", false, "of -seed and -misses: other runs tell everything")
	misses  = flag.Int("misses", 0, "how many misses to print")
)

// changesEach is how many changes of each program are predicted.
const changesEach = 3

// known is how many other runs tell what one does not, in the columns of the table.
var known = [...]int{0, 1, 3, 10}

// tally adds up predictions of one kind.
type tally struct {
	changes         int
	by              [len(known)]hits
	told            hits // by runs in which nothing is cut short
	again           hits // of what happens when it is run once more
	exact           int  // of one run alone
	sure, sureExact int  // of those that assume nothing, and those that are right to the nanosecond
	assumed         int
	guessed         hits // of those that assume something
	same, unchanged int  // predictions with nothing changed, and those that are the run itself
	other           int  // changes of a run that is another when it is simulated
	missed          []miss
}

// hits are the predictions that are within 5 %, and those of the right direction.
type hits struct{ within, direction int }

func (h *hits) add(off float64, right bool) {
	if off <= 0.05 {
		h.within++
	}
	if right {
		h.direction++
	}
}

type miss struct {
	off  float64
	text string
}

func TestPredictions(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-18s %7s %9s %9s %9s %9s", "kind", "changes", "unchanged", "exact", "sure", "and right")
	table.WriteString("  assumed:5%    dir'n")
	for _, n := range known {
		fmt.Fprintf(&table, " %7d:5%% dir'n", n)
	}
	if *every {
		table.WriteString("    all:5% dir'n  again:5% dir'n")
	}
	table.WriteString("\n")
	for _, k := range kinds {
		if *only != "" && k.name != *only {
			continue
		}
		var sum tally
		if *single >= 0 {
			sum.graph(t, k, uint64(*single))
		} else {
			for seed := range uint64(*graphs) {
				sum.graph(t, k, *first+seed)
			}
		}
		share := func(n, of int) string { return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(of, 1))) }
		fmt.Fprintf(&table, "%-18s %7d %9s %9s %9s %9s", k.name, sum.changes, share(sum.same, sum.unchanged),
			share(sum.exact, sum.changes), share(sum.sure, sum.changes), share(sum.sureExact, sum.sure))
		fmt.Fprintf(&table, "  %8s %8s", share(sum.guessed.within, sum.assumed), share(sum.guessed.direction, sum.assumed))
		for _, h := range sum.by {
			fmt.Fprintf(&table, "  %8s %8s", share(h.within, sum.changes), share(h.direction, sum.changes))
		}
		if *every {
			fmt.Fprintf(&table, "  %8s %8s", share(sum.told.within, sum.changes), share(sum.told.direction, sum.changes))
			fmt.Fprintf(&table, "  %8s %8s", share(sum.again.within, sum.changes), share(sum.again.direction, sum.changes))
		}
		table.WriteString("\n")
		if *single < 0 {
			sum.check(t, k)
		}
		slices.SortStableFunc(sum.missed, func(a, b miss) int { return cmp.Compare(b.off, a.off) })
		for _, m := range sum.missed[:min(len(sum.missed), *misses)] {
			t.Log(m.text)
		}
	}
	t.Log(table.String())
}

// check holds the predictions of one kind to what is aimed at, or reached.
func (s *tally) check(t *testing.T, k kind) {
	if s.same != s.unchanged {
		t.Errorf("%s: %d of %d predictions with nothing changed are the run itself, want all", k.name, s.same, s.unchanged)
	}
	for n, h := range s.by {
		if got := 100 * float64(h.within) / float64(max(s.changes, 1)); got < k.want {
			t.Errorf("%s: of %d predictions from one run and %d others %.1f %% are within 5 %%, want %g %%", k.name, s.changes, known[n], got, k.want)
		}
	}
	if !k.ties && s.other > changesEach+s.changes/300 {
		t.Errorf("%s: %d of %d changes are of runs that are others when they are simulated", k.name, s.other, s.changes)
	}
	if least := s.sure*(100-k.loose)/100 - s.sure/150; s.sureExact < least { // of thousands, some hang on who is first in one instant
		t.Errorf("%s: of %d predictions that assume nothing %d are right to the nanosecond, want %d", k.name, s.sure, s.sureExact, least)
	}
}

// graph runs the program of a seed, predicts some changes, and makes them.
func (s *tally) graph(t *testing.T, k kind, seed uint64) {
	p := newProgram(k, seed)
	was := p.run(t)
	if err := was.Validate(); err != nil {
		t.Errorf("%s %d: Validate() = %v, waits %+v", k.name, seed, err, was.Groups[0].Waits)
	}
	s.unchanged++
	switch same, err := was.WhatIf(); {
	case err != nil:
		t.Errorf("%s %d: WhatIf() = %v", k.name, seed, err)
	case same.Makespan == was.Makespan:
		s.same++
	case *single >= 0:
		t.Log("no change:", differences(same.Run, was))
	case *misses > 0:
		s.missed = append(s.missed, miss{1000, fmt.Sprintf("%s %d: no change: predicted %v, was %v", k.name, seed, same.Makespan, was.Makespan)})
	}
	runs := otherRuns(t, k, seed, known[len(known)-1])
	for n := range uint64(changesEach) {
		p := newProgram(k, seed)
		changes := p.change(&generator{kind: k, Rand: rand.New(rand.NewPCG(seed, 100+n))}, was)
		if len(changes) == 0 {
			continue
		}
		s.changes++
		real := p.run(t)
		for i, n := range known {
			got, err := sample(t, runs[:n]).Predict(was, changes...)
			if err != nil {
				t.Errorf("%s %d: Predict(%v) = %v", k.name, seed, changes, err)
				continue
			}
			off, right := compare(was, got, real)
			s.by[i].add(off, right)
			if n > 0 {
				continue
			}
			if off == 0 {
				s.exact++
			}
			if n := len(got.Assumes); n > 0 && strings.HasPrefix(got.Assumes[n-1], "the run as it was, simulated,") && p.isDetermined(t, real) {
				s.other++
			}
			if len(got.Assumes) > 0 {
				s.assumed++
				s.guessed.add(off, right)
			} else if off == 0 || p.isDetermined(t, real) {
				s.sure++
				if off == 0 {
					s.sureExact++
				}
			}
		}
		if *every {
			again := p.run(t)
			s.again.add(float64((again.Makespan-real.Makespan).Abs())/float64(max(real.Makespan, 1)),
				sameDirection(was.Makespan-again.Makespan, was.Makespan-real.Makespan, was.Makespan/1000))
			if got, err := all(t, k, seed).Predict(was, changes...); err == nil {
				off, right := compare(was, got, real)
				s.told.add(off, right)
			}
		}
		if *single >= 0 || *misses > 0 {
			s.look(t, k, seed, p, changes, was, real)
		}
	}
}

// compare tells by what share a prediction is off, and whether its direction is right.
func compare(was *waterfall.Run, got *waterfall.Prediction, real *waterfall.Run) (off float64, right bool) {
	off = float64((got.Makespan - real.Makespan).Abs()) / float64(max(real.Makespan, 1))
	return off, sameDirection(was.Makespan-got.Makespan, was.Makespan-real.Makespan, was.Makespan/1000)
}

// look prints a prediction, or takes it down if it missed.
func (s *tally) look(t *testing.T, k kind, seed uint64, p *program, changes []waterfall.Change, was, real *waterfall.Run) {
	others := sample(t, otherRuns(t, k, seed, *among))
	if *every {
		others = all(t, k, seed)
	}
	got, err := others.Predict(was, changes...)
	if err != nil {
		return
	}
	off, right := compare(was, got, real)
	missed := off > 0.05 || !right || *inexact && off > 0 && len(got.Assumes) == 0 && p.isDetermined(t, real)
	if *single >= 0 && (missed || *misses == 0) {
		t.Logf("%s %d %v\n%s\nwas\n%s\npredicted\n%s\nreal\n%s", k.name, seed, changes, p, was.Text(140, false), got.Run.Text(140, false), real.Text(140, false))
		if off > 0 {
			t.Log(differences(got.Run, real))
		}
		t.Log("assumes: " + strings.Join(got.Assumes, "\n"))
	}
	if missed {
		s.missed = append(s.missed, miss{off, fmt.Sprintf("%s %d: %v: was %v, predicted %v, real %v; %s", k.name, seed, changes, was.Makespan, got.Makespan, real.Makespan, strings.Join(got.Assumes, "; "))})
	}
}

// isDetermined runs the program again, and reports whether it always takes as long: else
// it hangs on who is first in one instant, and nobody can predict it.
func (p *program) isDetermined(t *testing.T, real *waterfall.Run) bool {
	for range 8 {
		if p.run(t).Makespan != real.Makespan {
			return false
		}
	}
	return true
}

// sameDirection tells whether two savings are of one sign, or as good as equal.
func sameDirection(got, want, tolerance time.Duration) bool {
	return cmp.Compare(got, 0) == cmp.Compare(want, 0) || (got-want).Abs() <= tolerance
}

// withoutMoments is the task without pieces in which it runs for no time.
func withoutMoments(t *waterfall.Task) *waterfall.Task {
	if t == nil {
		return nil
	}
	c := *t
	c.Pieces = slices.DeleteFunc(slices.Clone(t.Pieces), func(p waterfall.Piece) bool { return p.State == waterfall.Running && p.Len() == 0 })
	return &c
}

// differences lists the tasks that are not predicted as they were, the first to
// differ first.
func differences(got, want *waterfall.Run) string {
	type row struct {
		at   time.Duration
		text string
	}
	var rows []row
	for i := range want.Tasks {
		w := withoutMoments(&want.Tasks[i])
		g := withoutMoments(got.Task(w.Name))
		if g == nil {
			rows = append(rows, row{w.Start(), w.Name + " is not there"})
			continue
		}
		at := time.Duration(-1)
		for k := range max(len(g.Pieces), len(w.Pieces)) {
			if k >= len(g.Pieces) || k >= len(w.Pieces) || g.Pieces[k].State != w.Pieces[k].State || g.Pieces[k].Start != w.Pieces[k].Start || g.Pieces[k].End != w.Pieces[k].End {
				at = g.End()
				if k < len(g.Pieces) {
					at = g.Pieces[k].End
				}
				if k < len(w.Pieces) {
					at = min(at, w.Pieces[k].End)
				}
				break
			}
		}
		if at >= 0 {
			text := func(t *waterfall.Task) (s string) {
				for _, p := range t.Pieces {
					s += fmt.Sprintf(" %v %v-%v", p.State, p.Start, p.End)
				}
				return s + " " + t.Outcome.String() + " " + t.Err
			}
			rows = append(rows, row{at, w.Name + "\n      predicted" + text(g) + "\n      real     " + text(w)})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	s := "differences"
	for _, r := range rows {
		s += fmt.Sprintf("\n  %v %s", r.at, r.text)
	}
	return s
}
