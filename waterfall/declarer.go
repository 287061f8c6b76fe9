package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Who declared a task, as far as it is known.

// beforeDeclaration says what the run did before task t was declared at x: the
// body around it ran, or the Map it is an element of became ready. Without
// either, the caller had awaited a task, or been waiting for one that ended at that very
// moment in a way that is not known, or was busy with something else.
func (w *walker) beforeDeclaration(t int, x time.Duration) (int, int, time.Duration) {
	if p := w.parent(t); p >= 0 {
		return w.inParent(t, p, x)
	}
	if a := w.declarer(t, x); a >= 0 {
		end := w.run.Tasks[a].End()
		w.outside(end, x)
		return a, len(w.run.Tasks[a].Pieces) - 1, end
	}
	w.outside(0, x)
	return -1, 0, 0
}

// declarer is the task whose end made somebody outside of any body go on, who then
// declared task t at that instant: the last that they awaited before to its end, be it of
// a nested group. It is -1 if there is none. Of a group of which no wait is known it is
// rather an anchor, if any: who declared the task may have waited in another way.
func (x *index) declarer(t int, at time.Duration) int {
	g, _ := x.groupOf(x.run.Tasks[t].Group)
	best, until := x.awaited(g, t, at)
	if len(x.run.Groups[g].Waits) == 0 {
		if best = x.anchor(t, at); best >= 0 {
			until = x.run.Tasks[best].End()
		}
	}
	for _, other := range x.waited {
		if a, end := x.awaited(other, t, at); a >= 0 && (best < 0 || end > until) {
			best, until = a, end
		}
	}
	return best
}

// awaited is the last task that somebody outside of any body awaited to its end before
// the instant at, of the waits for tasks of group g, and when that wait was over; or -1.
func (x *index) awaited(g, t int, at time.Duration) (int, time.Duration) {
	waits := x.waits(g)
	n, _ := slices.BinarySearchFunc(waits, at, func(w Wait, at time.Duration) int {
		if w.End <= at {
			return -1
		}
		return 1
	})
	for _, wait := range slices.Backward(waits[:n]) {
		if i, ok := x.taskOf(wait.On); ok && i != t && x.run.Tasks[i].End() > wait.Start && x.run.Tasks[i].End() <= wait.End {
			return i, wait.End
		}
	}
	return -1, 0
}

// waits are those of a group, outside of any body, that took any time.
func (x *index) waits(g int) []Wait {
	if len(x.outside) == 0 {
		x.outside = emptied(x.outside, len(x.members))
		for i := range x.run.Groups {
			if len(x.run.Groups[i].Waits) > 0 {
				x.waited = append(x.waited, i)
			}
		}
	}
	if len(x.outside[g]) == 0 {
		x.outside[g] = slices.DeleteFunc(append(x.outside[g], x.run.Groups[g].Waits...), func(w Wait) bool { return w.Start == w.End })
	}
	return x.outside[g]
}

// inParent goes on at what task p did when task t inside it was declared, or
// the last that it did before it began to wait for its parts.
func (w *walker) inParent(t, p int, x time.Duration) (int, int, time.Duration) {
	pieces := w.run.Tasks[p].Pieces
	k := w.pieceBefore(p, x)
	if k < 0 || pieces[k].End >= x {
		return p, k, x
	}
	end := pieces[k].End
	if w.container(p) {
		w.step(t, Queued, end, x) // a Map takes a moment to declare its elements
		return p, k, end
	}
	// Another task of the nested group has declared it, or somebody outside.
	if a := w.declarer(t, x); a >= 0 {
		end := w.run.Tasks[a].End()
		w.outside(end, x)
		return a, len(w.run.Tasks[a].Pieces) - 1, end
	}
	w.outside(end, x)
	return p, k, end
}

// pieceBefore is the last piece of task p that began before the instant at and
// is no wait that was going on then.
func (x *index) pieceBefore(p int, at time.Duration) int {
	pieces := x.run.Tasks[p].Pieces
	n, _ := slices.BinarySearchFunc(pieces, at, func(p Piece, at time.Duration) int { return cmp.Compare(p.Start, at) })
	for n--; n >= 0 && pieces[n].State == Blocked && pieces[n].End > at; n-- {
	}
	return n
}

// anchor is the task of the group whose end made the caller declare task t at
// instant at, as it seems: it ended at most a thousandth of the run before, and not because
// others did.
func (x *index) anchor(t int, at time.Duration) int {
	if at == 0 {
		return -1
	}
	g, _ := x.groupOf(x.run.Tasks[t].Group)
	ends := x.byEnd(g)
	k, _ := slices.BinarySearchFunc(ends, at, func(i int, at time.Duration) int {
		if x.run.Tasks[i].End() <= at {
			return -1
		}
		return 1
	})
	for tries := 0; k > 0 && tries < 64; tries++ {
		k--
		i := ends[k]
		if at-x.run.Tasks[i].End() > x.run.Makespan/1000 {
			return -1
		}
		if o := &x.run.Tasks[i]; i != t && o.Start() < at && o.Outcome != asap.Canceled && o.Outcome != asap.Skipped {
			return i
		}
	}
	return -1
}

// byEnd is the tasks of a group in the order in which they ended.
func (x *index) byEnd(g int) []int {
	if len(x.ends) == 0 {
		x.ends = emptied(x.ends, len(x.members))
	}
	if len(x.ends[g]) == 0 {
		x.ends[g] = append(x.ends[g], x.members[g]...)
		slices.SortStableFunc(x.ends[g], func(a, b int) int {
			return cmp.Compare(x.run.Tasks[a].End(), x.run.Tasks[b].End())
		})
	}
	return x.ends[g]
}

// emptied is a slice of n empty slices, in the memory that s has.
func emptied[T any](s [][]T, n int) [][]T {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = s[i][:0]
	}
	return s
}
