package waterfall

import (
	"slices"
	"time"

	"github.com/asap-go/asap"
)

// Step is a stretch of a critical path: for its length, the run waited for
// this task to do this.
type Step struct {
	Task       asap.ID // 0 with Outside
	Name       string
	State      State
	Start, End time.Duration
	// Slot says that the task of the step before gave back a slot of this limit,
	// for which this one had waited: that is why it comes next. Otherwise, as when
	// it needed that task, Slot is zero.
	Slot Slot
}

// Len is the length of the step.
func (s Step) Len() time.Duration { return s.End - s.Start }

// CriticalPath returns what the run waited for, from its start to its end.
// The steps follow each other without a gap, so their lengths add up to
// Makespan exactly.
//
// It begins with the last task to end and walks back in time: through the
// pieces in which the body ran; from a wait, to the task that ended it, which
// of several dependencies is the one that unblocked it last; from a queue for a
// slot of a limit, to the body that gave it back; from the start of
// a part, to the body or the Map that it is part of; from a task that the caller
// declared, to what it had awaited; and from a task that was
// canceled, to the failure that did it. This is the critical path of program
// activity graphs (Yang and Miller, "Critical Path Analysis for the Execution
// of Parallel and Distributed Programs", ICDCS 1988), whose waits are known
// here and need not be guessed.
//
// A step is Running or Queued: for a processor, or for a slot of a shared limit that
// somebody outside of the run held. It is Blocked where a wait ended by itself, by
// a deadline of its own, or was for something that is no task, as in an [asap.Blocking],
// and Outside where the caller had declared nothing yet, and waited for no task to its end.
// In a run that has not ended the path ends in what everything hangs on.
func (r *Run) CriticalPath() []Step {
	w := walker{index: r.index()}
	return w.path()
}

// walker walks back in time; steps come out last first.
type walker struct {
	*index
	steps  []Step
	first  []int   // of a task: its first piece among all; nil of a walker that does not walk
	seen   []bool  // of all pieces: never walked through twice
	tasks  []int   // all of them
	limits bool    // there are any
	slots  *slots  // nil until somebody was queued
	queues []queue // for slots, that the path has gone around; the last first
}

// queue is a stretch in which a task of the path waited for a slot and had all else.
type queue struct {
	Slot
	from, to time.Duration
}

// path is what [Run.CriticalPath] returns. The walker can be used again when
// the path is no longer needed.
func (w *walker) path() []Step {
	w.steps, w.first, w.tasks, w.slots, w.queues = w.steps[:0], w.first[:0], w.tasks[:0], nil, w.queues[:0]
	w.limits = w.limited()
	n := 0
	for i := range w.run.Tasks {
		w.first = append(w.first, n)
		w.tasks = append(w.tasks, i)
		n += len(w.run.Tasks[i].Pieces)
	}
	w.seen = slices.Grow(w.seen[:0], n)[:n]
	clear(w.seen)
	w.walk()
	slices.Reverse(w.steps)
	return merge(w.steps)
}

func (w *walker) walk() {
	x := w.run.Makespan
	t := w.last(w.tasks, x)
	if t < 0 {
		w.outside(0, x)
		return
	}
	tasks := w.run.Tasks
	if end := tasks[t].End(); end < x { // Validate refuses it
		w.outside(end, x)
		x = end
	}
	p := len(tasks[t].Pieces) - 1
	for x > 0 {
		if p < 0 {
			t, p, x = w.beforeDeclaration(t, x)
			if t < 0 {
				return
			}
			continue
		}
		piece := tasks[t].Pieces[p]
		if w.seen[w.first[t]+p] {
			w.outside(0, x)
			return
		}
		w.seen[w.first[t]+p] = true
		if c := w.canceler(t, x); c >= 0 && tasks[c].End() > piece.Start && !w.stays(piece, tasks[c].End()) {
			w.step(t, piece.State, tasks[c].End(), x)
			t, x = c, tasks[c].End()
			p = len(tasks[c].Pieces) - 1
			continue
		}
		if piece.State == Blocked && piece.Start < x {
			if c := w.unblocker(piece); c >= 0 && tasks[c].End() <= x {
				w.step(t, Queued, tasks[c].End(), x)
				t, x = c, tasks[c].End()
				p = len(tasks[c].Pieces) - 1
				continue
			}
		}
		if h, ok := w.giver(t, p, x); ok {
			t, p, x = h.task, h.piece, h.at
			continue
		}
		w.step(t, piece.State, piece.Start, x)
		x = piece.Start
		p--
	}
}

// giver goes on from piece p of task t, up to x, to who gave back the slot that t waited
// for, or holds it still, if it did wait for one.
func (w *walker) giver(t, p int, x time.Duration) (h held, ok bool) {
	pieces := w.run.Tasks[t].Pieces
	piece := pieces[p]
	if !w.limits || piece.State != Queued || piece.Start >= x || x < piece.End {
		return held{}, false
	}
	waits := p == len(pieces)-1 && !w.run.Ended && w.run.Tasks[t].Outcome == 0
	if !waits && (p == len(pieces)-1 || pieces[p+1].State != Running) {
		return held{}, false // it has no body
	}
	if w.slots == nil {
		w.slots = w.makeSlots()
	}
	var of Slot
	if waits {
		h, of, ok = w.slots.holder(t, x)
	} else {
		h, of, ok = w.slots.giver(t, piece)
	}
	if !ok {
		return held{}, false
	}
	w.step(t, Queued, h.at, x)
	if n := len(w.steps); n > 0 && w.steps[n-1].Task == w.run.Tasks[t].ID {
		w.steps[n-1].Slot = of
	}
	w.queues = append(w.queues, queue{of, piece.Start, x})
	return h, true
}

// unblocker is the task whose end ended the wait, or -1 if the wait ended
// before it. For a group it is the last of its tasks. A wait that goes on as the
// snapshot is taken leads to what is waited for, unless that is a circle.
func (w *walker) unblocker(p Piece) int {
	if i, ok := w.taskOf(p.On); ok {
		t := &w.run.Tasks[i]
		end := t.End()
		if t.Outcome == 0 && (w.run.Ended || len(t.Pieces) > 0 && w.first != nil && w.seen[w.first[i]+len(t.Pieces)-1]) {
			return -1
		}
		if end > p.Start && end <= p.End {
			return i
		}
		return -1
	}
	if g, ok := w.groupOf(p.On); ok {
		if i := w.last(w.members[g], p.End); i >= 0 && w.run.Tasks[i].End() > p.Start {
			return i
		}
	}
	return -1
}

// stays tells whether the wait went on after a cancel at that instant: for what
// had begun in a nested group.
func (w *walker) stays(p Piece, canceled time.Duration) bool {
	if _, group := w.groupOf(p.On); p.State != Blocked || !group {
		return false
	}
	u := w.unblocker(p)
	return u >= 0 && w.run.Tasks[u].End() > canceled
}

// last is the last of the tasks to end, not after x. Of several, it is rather
// one that ran than one that was skipped, rather one outside than one inside
// it, and rather the dependent, which is declared after its dependency.
func (w *walker) last(tasks []int, x time.Duration) int {
	best := -1
	for _, i := range tasks {
		end := w.run.Tasks[i].End()
		if end > x {
			continue
		}
		if best < 0 || end > w.run.Tasks[best].End() || end == w.run.Tasks[best].End() && !w.rather(best, i) {
			best = i
		}
	}
	return best
}

func (w *walker) rather(a, b int) bool {
	ta, tb := &w.run.Tasks[a], &w.run.Tasks[b]
	if sa, sb := ta.Outcome == asap.Skipped, tb.Outcome == asap.Skipped; sa != sb {
		return sb
	}
	return w.depth(a) < w.depth(b)
}

// depth is how many tasks are around task i.
func (x *index) depth(i int) int {
	if x.depths == nil {
		x.depths = make([]int, len(x.run.Tasks))
		for i := range x.depths {
			x.depths[i] = -1
		}
	}
	n, at := 0, i
	for ; at >= 0 && x.depths[at] < 0 && n < len(x.depths); at = x.parent(at) {
		n++
	}
	if at >= 0 {
		n += max(0, x.depths[at]) + 1
	}
	for at := i; at >= 0 && x.depths[at] < 0; at = x.parent(at) {
		n--
		x.depths[at] = n
	}
	return x.depths[i]
}

func (w *walker) step(t int, s State, from, to time.Duration) {
	if from < to {
		w.steps = append(w.steps, Step{Task: w.run.Tasks[t].ID, Name: w.run.Tasks[t].Name, State: s, Start: from, End: to})
	}
}

func (w *walker) outside(from, to time.Duration) {
	if from < to {
		w.steps = append(w.steps, Step{State: Outside, Start: from, End: to})
	}
}

// merge joins neighbours that say the same.
func merge(steps []Step) []Step {
	out := steps[:0]
	for _, s := range steps {
		if n := len(out); n > 0 && out[n-1].Task == s.Task && out[n-1].State == s.State && s.Slot == (Slot{}) {
			out[n-1].End = s.End
			continue
		}
		out = append(out, s)
	}
	return out
}
