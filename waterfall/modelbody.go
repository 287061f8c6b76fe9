package waterfall

import (
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// What a body did, and how it came to end: by itself, with what it waited for, or
// because its context had ended.

// findEnds finds when the context of each body ended: with its group, which ends
// with the body around it, when its Race was decided, or at its limit of time.
func (m *model) findEnds() {
	groups := make([]time.Duration, len(m.run.Groups))
	known := make([]bool, len(m.tasks))
	var ofGroup func(g, depth int) time.Duration
	ofTask := func(i, depth int) time.Duration {
		if known[i] {
			return m.over[i]
		}
		known[i] = true
		m.over[i] = min(ofGroup(m.group[m.run.Tasks[i].Group], depth), m.lost(i), m.timeLimit(i))
		return m.over[i]
	}
	ofGroup = func(g, depth int) time.Duration {
		if groups[g] != 0 {
			return groups[g]
		}
		end := never
		if c := m.cancels[g]; c >= 0 {
			end = m.run.Tasks[c].End()
		}
		if p, ok := m.task[m.run.Groups[g].Parent]; ok && depth < len(m.run.Groups) {
			end = min(end, ofTask(p, depth+1))
		}
		groups[g] = max(end, 1) // 0 is not known
		return end
	}
	for i := range m.tasks {
		ofTask(i, 0)
	}
}

// lost is when the Race was decided that function i has lost.
func (m *model) lost(i int) time.Duration {
	p := m.parent(i)
	if p < 0 || m.run.Tasks[p].Group != m.run.Tasks[i].Group || !m.race(p) || m.run.Tasks[p].Outcome != asap.Succeeded || m.winner(p) == i {
		return never
	}
	return m.run.Tasks[p].End()
}

// winner is the function that has won Race p, or -1.
func (m *model) winner(p int) int {
	for _, c := range m.children[p] {
		if t := &m.run.Tasks[c]; t.Group == m.run.Tasks[p].Group && good(t.Outcome) && t.End() == m.run.Tasks[p].End() {
			return c
		}
	}
	return -1
}

// timeLimit is the instant of the limit of time of body i.
func (m *model) timeLimit(i int) time.Duration {
	t, end := &m.run.Tasks[i], never
	if t.Within > 0 {
		end = add(m.run.Groups[m.group[t.Group]].Start, t.Within)
	}
	if k := slices.IndexFunc(t.Pieces, func(p Piece) bool { return p.State == Running }); k >= 0 && t.Timeout > 0 {
		end = min(end, add(t.Pieces[k].Start, t.Timeout))
	}
	return end
}

// body turns the pieces of a body into steps.
func (m *model) body(i int) {
	t, mt := &m.run.Tasks[i], &m.tasks[i]
	over := m.over[i]
	last := len(t.Pieces) - 1 // that is more than the way out, or is a wait
	for last > 0 && t.Pieces[last].Len() <= min(m.jitter, wayOut) && t.Pieces[last].State != Blocked {
		last--
	}
	started := false
	for k, p := range t.Pieces {
		switch {
		case p.State == Running:
			started = true
			mt.ops = append(mt.ops, op{kind: opRun, d: p.Len(), at: p.Start})
		case !started:
		case p.State == Queued && m.limited[i]:
		case p.State == Queued:
			mt.ops = append(mt.ops, op{kind: opLag, d: p.Len(), at: p.Start})
		default:
			o, failed := m.wait(t, p, over)
			o.failed, o.at, o.d = failed, p.Start, p.Len()
			switch due := p.Deadline - p.Start; {
			case p.Deadline == 0 || o.on < 0 || o.kind == opWaitGroup, o.kind == opPause && p.End < p.Deadline:
			case due <= 0: // it had passed before
				o.kind, o.d = opPause, 0
			default:
				o.kind, o.due = opWait, due
			}
			o.goesOn = failed && (k < last || good(t.Outcome) && t.Outcome != asap.Tolerated)
			mt.ops = append(mt.ops, o)
			if failed && !o.goesOn {
				mt.ending = endsWithWait
			}
		}
	}
	if !started { // an engine never got to it
		mt.ending = endsBadly
		return
	}
	end := t.End()
	waits := mt.ending == endsWithWait
	switch {
	case good(t.Outcome) && t.Outcome != asap.Tolerated, t.Outcome == 0:
		mt.ending = endsWell
		mt.deaf = end > over
	case waits:
		mt.late = end - t.Pieces[last].End
		mt.deaf = over < t.Pieces[last].Start
	case end >= over && t.Pieces[last].Start <= over && m.isCut(i, end-over):
		mt.ending, mt.late = endsCut, end-over
	case end > over && (t.Outcome == asap.Canceled && m.over[i] != m.lost(i) || echoes(t.Err)): // a wait that was refused, as its context had ended
		mt.ending, mt.deaf, mt.refused = endsWithWait, true, true
	default:
		mt.ending = endsBadly
		mt.deaf = end > over
	}
}

// wayOut is how long a body runs at most, on a real clock, that returns the error of a wait.
const wayOut = 100 * time.Microsecond

// echoes tells whether an error's text ends in that of the end of a context.
func echoes(text string) bool {
	text = text[strings.LastIndex(text, ": ")+1:]
	text = strings.TrimSpace(text)
	return strings.HasSuffix(text, "context canceled") || strings.HasSuffix(text, "race lost") || strings.HasSuffix(text, "deadline exceeded") ||
		strings.HasPrefix(text, "timeout ") || strings.HasPrefix(text, "within ")
}

// ownEnd is how body i ends by itself: as it did, but for what the end of its
// context made of that then.
func (m *model) ownEnd(i int) asap.Outcome {
	switch o := m.run.Tasks[i].Outcome; {
	case m.unbegun(i):
		return o
	case o == asap.Canceled && m.over[i] == m.lost(i):
		return asap.Failed
	case o == asap.Canceled, o == asap.Exited && m.cancels[m.groupAt(i)] != i:
		return asap.Succeeded
	default:
		return o
	}
}

// isCut tells whether body i, which ran on for so long after its context, ended
// because of that: it says so, unless there is another reason to say that.
func (m *model) isCut(i int, late time.Duration) bool {
	switch m.run.Tasks[i].Outcome {
	case asap.Canceled:
		return late <= m.reaction(i)
	case asap.Exited: // and so are all that end after an exit
		return late <= m.reaction(i) && m.cancels[m.groupAt(i)] != i
	}
	return late <= m.jitter && (late > 0 || m.over[i] == m.timeLimit(i)) // else it may be why the context has ended
}

// reaction is how long body i may run on after the end of its context and have looked at
// it: more, and it came to the end of what it was about, and then to a wait that failed.
func (m *model) reaction(i int) time.Duration { return max(m.jitter, m.run.Tasks[i].Took()/50) }

// wait is the step of a blocked piece, and whether it failed. A wait that ended
// before what it waited for ended by itself, and does so again after the same time,
// unless the context of the body had ended; so does one that was refused, because it
// would have closed a cycle.
func (m *model) wait(t *Task, p Piece, over time.Duration) (o op, failed bool) {
	if g, ok := m.group[p.On]; ok {
		return op{kind: opWaitGroup, on: g}, m.groupFailed(g)
	}
	k, ok := m.task[p.On]
	switch {
	case !ok, p.Len() == 0 && m.run.Tasks[k].End() >= p.End && cyclePath(t.Err) != nil:
		return op{kind: opPause, d: p.Len(), on: -1}, false
	case m.run.Tasks[k].Outcome != 0 && m.run.Tasks[k].End() <= p.End:
		return op{kind: opWait, on: k}, m.failed(k, m.run.Tasks[k].Outcome)
	case p.End >= over:
		return op{kind: opWait, on: k}, true
	}
	return op{kind: opPause, d: p.Len(), on: k}, true
}

// failed tells whether who waits for task k gets an error.
func (x *index) failed(k int, o asap.Outcome) bool {
	t := &x.run.Tasks[k]
	return !good(o) || o == asap.Tolerated && t.MayFail && !t.Optional
}

// groupFailed tells whether the Wait of group g gave an error.
func (m *model) groupFailed(g int) bool {
	o := m.run.Groups[g].Outcome
	return o != 0 && o != asap.Succeeded && o != asap.Exited
}

// guessDeaf lets bodies of which nothing tells whether they look at their context be
// as the others of the run are: they do, unless some did not and none did.
func (m *model) guessDeaf() {
	if m.hearing().deaf() {
		for i := range m.tasks {
			if mt := &m.tasks[i]; mt.kind == isBody && mt.ending != endsCut {
				mt.deaf = true
			}
		}
	}
}

// tellsHearing tells whether the record has whether body i looks at its context: that ended
// while it ran, or before its last wait, which failed, had begun.
func (m *model) tellsHearing(i int) bool {
	mt := &m.tasks[i]
	if mt.ending == endsWithWait && !mt.refused {
		k := len(mt.ops) - 1
		for k > 0 && !mt.ops[k].waits() {
			k--
		}
		return m.over[i] < mt.ops[k].at
	}
	return mt.ending == endsCut || m.over[i] < m.run.Tasks[i].End()
}

// hearing counts bodies that have looked at their context when it ended, and that have not.
type hearing struct{ did, didNot int }

func (h hearing) deaf() bool { return h.didNot > 0 && h.did == 0 }

func (h *hearing) join(o hearing) {
	h.did += o.did
	h.didNot += o.didNot
}

func (m *model) hearing() (h hearing) {
	for i := range m.tasks {
		h.add(m, i)
	}
	return h
}

func (h *hearing) add(m *model, i int) {
	switch mt := &m.tasks[i]; {
	case i == m.caller || mt.kind != isBody || m.over[i] == never:
	case mt.deaf && m.run.Tasks[i].End() > m.over[i]:
		h.didNot++
	case mt.ending == endsCut:
		h.did++
	}
}

// findTypical finds the median of what the bodies took that ended by themselves.
func (m *model) findTypical() {
	var took []time.Duration
	for i := range m.tasks {
		if mt := &m.tasks[i]; mt.kind == isBody && mt.ending != endsCut && mt.ending != endsWithWait && i != m.caller {
			took = append(took, m.run.Tasks[i].Took())
		}
	}
	slices.Sort(took)
	if len(took) > 0 {
		m.typical = took[len(took)/2]
	}
	for i := range m.tasks {
		if mt := &m.tasks[i]; mt.ending == endsCut || mt.ending == endsWithWait {
			ran := m.run.Tasks[i].Took()
			more := max(0, m.typical-ran)
			if mt.ending == endsCut {
				more = max(more, ran)
			}
			mt.ops = append(mt.ops, op{kind: opMore, d: more})
		} else if mt.kind == isUnrun {
			mt.ops = []op{{kind: opRun, d: m.typical}}
		}
	}
}

// fork is the step of body i from which on the record does not tell what it does while its
// context lasts, or -1: where it ended with that or with a wait, where it went on after a
// wait that the end of that had ended, or a call of it for an Around, and where it waits or
// declares tasks after the end of that.
func (m *model) fork(i int) int {
	over, mt, t := m.over[i], &m.tasks[i], &m.run.Tasks[i]
	if over == t.End() && mt.ending != endsCut && mt.ending != endsWithWait { // it may be why
		over = never
	}
	for k, o := range mt.ops {
		switch {
		case o.failed && !o.goesOn && mt.outlives(): // it came there, as it would have in any case
		case o.kind == opMore, o.at >= over && (o.waits() || o.kind == opSpawn):
			return k
		case o.failed && o.goesOn && (t.Around || o.at+o.d >= over):
			return k + 1
		}
	}
	return -1
}
