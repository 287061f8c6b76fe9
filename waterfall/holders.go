package waterfall

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/asap-go/asap/internal/record"
)

const (
	maxLooked  = 50 // running groups that are looked at for who holds a slot, the oldest first
	maxHolders = 5  // that are told of
)

// liveRun cuts off a running group at this moment, as that number. If a task is queued
// for a shared limit its Notes say who has the slots in other groups that run.
func (s *Stats) liveRun(o *root, number_ uint64) *Run {
	var snap snapshot
	run := *snap.take(o)
	run.Number = number_
	number(&run)
	for l, n := range snap.shared {
		if run.queuedFor(n) {
			run.Notes = append(run.Notes, s.holders(o, l)...)
		}
	}
	slices.Sort(run.Notes)
	return &run
}

// now is what task i does at the snapshot, 0 if it has ended.
func (t *Task) now() (p Piece) {
	if t.Outcome == 0 && len(t.Pieces) > 0 {
		p = t.Pieces[len(t.Pieces)-1]
	}
	return p
}

// queuedFor tells whether a task is in a queue that has that shared limit.
func (r *Run) queuedFor(shared int) bool {
	if !slices.ContainsFunc(r.Tasks, func(t Task) bool { return t.now().State == Queued }) {
		return false
	}
	s := r.index().makeSlots()
	for i := range r.Tasks {
		if r.Tasks[i].now().State == Queued && s.shares(i, shared) {
			return true
		}
	}
	return false
}

// shares tells whether task i has that shared limit.
func (s *slots) shares(i, shared int) bool {
	return slices.ContainsFunc(s.of[i], func(l int) bool { return s.limits[l].Shared == shared })
}

// holders says which bodies of other groups hold slots of a shared limit, of the oldest
// groups that run.
func (s *Stats) holders(but *root, l *record.Shared) (words []string) {
	roots := slices.DeleteFunc(s.liveRoots(), func(r *liveRoot) bool { return r.own == but.own })
	slices.SortFunc(roots, func(a, b *liveRoot) int { return cmp.Compare(a.number, b.number) })
	for _, o := range roots[:min(len(roots), maxLooked)] {
		var snap snapshot
		run := *snap.take(&o.root)
		n, ok := snap.shared[l]
		if !ok {
			continue
		}
		number(&run)
		x := run.index()
		slots := x.makeSlots()
		for i := range run.Tasks {
			p := run.Tasks[i].now()
			if p.State != Running || !slots.shares(i, n) {
				continue
			}
			if len(words) == maxHolders {
				return words
			}
			words = append(words, fmt.Sprintf("the shared limit of %d is held by %s in run %d of %s, which has been running for %s",
				l.Limit, short(x.told(i), 2*longestName), o.number, short(told(cmp.Or(run.Name, "(no name)")), longestName), duration(p.Len())))
		}
	}
	return words
}
