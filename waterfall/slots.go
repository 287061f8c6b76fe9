package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Slot is a limit of a run whose slots its bodies wait for: that of a group, of a Map,
// or a shared one.
type Slot struct {
	// Limit is how many bodies run at once; 0 says that there is no limit.
	Limit int
	// Of is the group or the Map whose own limit it is, 0 for a shared one, whose
	// number in Run.Shared is Shared.
	Of     asap.ID
	Shared int
}

// slots says who held the slots of a run's limits. A body holds one of each of its
// limits while it runs. One that waits for a slot may hold those of limits further
// inside, but then it is not the inner one that anybody waits for: its next slot goes
// nowhere before the outer one is free.
type slots struct {
	*index
	limits []*occupied
	of     [][]int // of a task: its limits, the innermost first; nil if not asked yet
}

// occupied is a limit with the stretches in which its bodies ran.
type occupied struct {
	Slot
	starts []time.Duration // of those that took time, in order
	ends   []held          // likewise
}

// held is the end of a stretch in which a body held a slot: piece of task.
type held struct {
	at          time.Duration
	task, piece int
}

// limited tells whether any body has a limit.
func (x *index) limited() bool {
	for i := range x.run.Groups {
		if g := &x.run.Groups[i]; g.Limit > 0 || g.Shared > 0 {
			return true
		}
	}
	for i := range x.run.Tasks {
		if t := &x.run.Tasks[i]; t.Limit > 0 || t.Shared > 0 {
			return true
		}
	}
	return false
}

// makeSlots finds the limits of every task; that of the outermost group is the first,
// also if it has none.
func (x *index) makeSlots() *slots {
	s := &slots{index: x, of: make([][]int, len(x.run.Tasks))}
	groups := make([][]int, len(x.run.Groups))
	shared := make([]int, len(x.run.Shared)) // the place in limits, and 1
	add := func(l Slot) int {
		s.limits = append(s.limits, &occupied{Slot: l})
		return len(s.limits) - 1
	}
	share := func(number int) int {
		if shared[number-1] == 0 {
			shared[number-1] = 1 + add(Slot{Limit: x.run.Shared[number-1].Limit, Shared: number})
		}
		return shared[number-1] - 1
	}
	// with is what a body has that is inside of outer and has a limit of its own.
	with := func(outer []int, own int, of asap.ID, number int) []int {
		if own == 0 && number == 0 {
			return outer
		}
		out := slices.Clone(outer)
		if number > 0 { // it is the last, and takes the place of the one outside
			out = slices.DeleteFunc(out, func(l int) bool { return s.limits[l].Shared > 0 })
			out = append(out, share(number))
		}
		if own > 0 {
			out = slices.Insert(out, 0, add(Slot{Limit: own, Of: of}))
		}
		return out
	}
	add(Slot{})
	var ofTask func(i, depth int) []int
	ofGroup := func(g, depth int) []int {
		if groups[g] != nil || depth > len(x.run.Tasks) {
			return groups[g]
		}
		group := &x.run.Groups[g]
		out := []int{}
		if owner, ok := x.taskOf(group.Parent); ok {
			out = ofTask(owner, depth+1)
		}
		if g == 0 {
			s.limits[0].Slot = Slot{Limit: group.Limit, Of: group.ID}
			out = with([]int{0}, 0, 0, group.Shared)
		} else {
			out = with(out, group.Limit, group.ID, group.Shared)
		}
		groups[g] = out
		return out
	}
	ofTask = func(i, depth int) []int {
		if s.of[i] != nil {
			return s.of[i]
		}
		t := &x.run.Tasks[i]
		p := x.parent(i)
		if p >= 0 && x.run.Tasks[p].Group == t.Group && depth <= len(x.run.Tasks) {
			s.of[i] = ofTask(p, depth+1)
			return s.of[i]
		}
		g, _ := x.groupOf(t.Group)
		s.of[i] = with(ofGroup(g, depth), t.Limit, t.ID, t.Shared)
		return s.of[i]
	}
	for i := range x.run.Tasks {
		ofTask(i, 0)
	}
	counts := make([]int, len(s.limits))
	for i := range x.run.Tasks {
		s.running(i, func(_ int, l int) { counts[l]++ })
	}
	for n, l := range s.limits {
		l.starts, l.ends = make([]time.Duration, 0, counts[n]), make([]held, 0, counts[n])
	}
	for i := range x.run.Tasks {
		s.running(i, func(k, n int) {
			p, l := &x.run.Tasks[i].Pieces[k], s.limits[n]
			l.starts, l.ends = append(l.starts, p.Start), append(l.ends, held{p.End, i, k})
		})
	}
	for _, l := range s.limits {
		slices.Sort(l.starts)
		slices.SortStableFunc(l.ends, func(a, b held) int { return cmp.Compare(a.at, b.at) })
	}
	return s
}

// running calls f with each piece in which the body of task i held a slot, and the limit.
func (s *slots) running(i int, f func(piece, limit int)) {
	for k, p := range s.run.Tasks[i].Pieces {
		if p.State != Running || p.Len() == 0 {
			continue
		}
		for _, l := range s.of[i] {
			f(k, l)
		}
	}
}

// before is how many bodies held slots of l just before the instant at.
func (l *occupied) before(at time.Duration) int {
	starts, _ := slices.BinarySearch(l.starts, at)
	ends, _ := slices.BinarySearchFunc(l.ends, at, func(h held, at time.Duration) int { return cmp.Compare(h.at, at) })
	return starts - ends
}

// giver finds who gave back the slot for which task i waited in a piece, and of which
// limit: the last to do so, of a limit that had none left. It returns false if nobody is
// known: the task waited for a processor, or for a slot of a shared limit that somebody
// outside of the run held.
func (s *slots) giver(i int, p Piece) (h held, of Slot, ok bool) {
	for _, n := range s.of[i] {
		l := s.limits[n]
		if l.Limit == 0 {
			continue
		}
		if g, found := l.giver(i, p, s.run.Makespan); found && (!ok || g.at > h.at) {
			h, of, ok = g, l.Slot, true
		}
	}
	return h, of, ok
}

// fewGivers is how many ends giver looks at. By the wall clock, bodies that hand slots
// on at one moment may seem to run one fewer than they may.
const fewGivers = 64

func (l *occupied) giver(i int, p Piece, makespan time.Duration) (h held, ok bool) {
	k, _ := slices.BinarySearchFunc(l.ends, p.End, func(h held, at time.Duration) int {
		if h.at <= at {
			return -1
		}
		return 1
	})
	for tries := 0; k > 0 && tries < fewGivers; tries++ {
		k--
		h = l.ends[k]
		switch {
		case h.at <= p.Start:
			return held{}, false
		case h.task == i:
		case l.before(h.at) >= l.Limit:
			return h, true
		case l.Shared > 0 && p.End-h.at <= makespan/1000: // others may have the rest
			return h, true
		}
	}
	return held{}, false
}

// holder finds who holds, at the end of a run that goes on, a slot for which task i
// still waits: of a limit that has none left, the body that has run longest.
func (s *slots) holder(i int, at time.Duration) (h held, of Slot, ok bool) {
	for _, n := range s.of[i] {
		l := s.limits[n]
		if l.Limit == 0 || l.before(at) < l.Limit {
			continue
		}
		for _, e := range slices.Backward(l.ends) {
			if e.at < at {
				break
			}
			if t := &s.run.Tasks[e.task]; e.at == at && t.Outcome == 0 && (!ok || t.Pieces[e.piece].Start < s.run.Tasks[h.task].Pieces[h.piece].Start) {
				h, of, ok = e, l.Slot, true
			}
		}
	}
	return h, of, ok
}

// limitTime is how long the critical path was in the queue for slots of a limit.
type limitTime struct {
	Slot
	time time.Duration
}

// limitTimes are those of the limits that the critical path waited for, the longest
// first. Where stretches of the path's queues overlap, the later task's counts: no
// instant counts twice.
func (x *index) limitTimes() []limitTime {
	w := walker{index: x}
	w.path()
	var out []limitTime
	left := x.run.Makespan
	for _, q := range w.queues {
		d := min(q.to, left) - q.from
		if d <= 0 {
			continue
		}
		left = q.from
		k := slices.IndexFunc(out, func(l limitTime) bool { return l.Slot == q.Slot })
		if k < 0 {
			k = len(out)
			out = append(out, limitTime{Slot: q.Slot})
		}
		out[k].time += d
	}
	slices.SortStableFunc(out, func(a, b limitTime) int { return cmp.Compare(b.time, a.time) })
	return out
}
