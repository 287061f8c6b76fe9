package waterfall

import (
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// memberName is the name of task i in all runs, as in a [TaskReport]: the elements of a
// Map are one, and so are tasks of one name. Those of the tasks before it are known.
func (x *index) memberName(i int, names []string) string {
	t := &x.run.Tasks[i]
	own := t.Name
	if at := strings.LastIndexByte(own, '#'); at > 0 && at+1 < len(own) && strings.Trim(own[at+1:], "0123456789") == "" {
		own = own[:at]
	}
	p := x.parent(i)
	switch {
	case p < 0:
		return own
	case x.run.Tasks[p].Group != t.Group:
		return names[p] + "/" + own
	case x.run.Tasks[p].Race:
		return names[p] + own[max(0, strings.LastIndexByte(own, '[')):]
	}
	return names[p] + "[]"
}

// inRace tells whether task i is a function of a Race, which is no hedge's.
func (m *model) inRace(i int) bool {
	p := m.whole(i)
	return p >= 0 && m.run.Tasks[p].Race && !m.inHedge(i)
}

// isHedge tells whether group g is a hedge.
func (m *model) isHedge(g int) bool {
	switch of := &m.run.Groups[g]; {
	case of.Parent == 0:
		return false
	case of.Name == "":
		return len(m.members[g]) == 1 && m.run.Tasks[m.members[g][0]].Name == hedgeName
	default:
		return of.Name == hedgeName
	}
}

// inHedge tells whether task i is a call in a hedge, or what holds the calls together.
func (m *model) inHedge(i int) bool { return m.isHedge(m.groupAt(i)) }

// pair finds the first and the second call of task i, if it was hedged.
func (m *model) pair(i int) (first, second int, ok bool) {
	for _, g := range m.nested[i] {
		if !m.isHedge(g) {
			continue
		}
		var calls []int
		for _, k := range m.members[g] {
			if kind := m.tasks[k].kind; kind == isBody || kind == isUnrun {
				calls = append(calls, k)
			}
		}
		switch {
		case len(calls) == 1:
			return i, calls[0], true
		case len(calls) == 2:
			return calls[0], calls[1], true
		}
	}
	return -1, -1, false
}

// outcomeOf tells of the outermost group of a simulation.
func (s *sim) failedAll() bool { return s.groups[0].failed }

// full tells whether all tasks that may fail are there, and the group has not failed.
func (s *sim) full() bool {
	if s.failedAll() {
		return false
	}
	for i := range s.tasks[:s.m.caller] {
		if !s.m.tasks[i].tolerated || s.m.inRace(i) || s.m.inHedge(i) {
			continue
		}
		if o := s.tasks[i].outcome; s.tasks[i].declared && o != asap.Succeeded && o != asap.LeftOut {
			return false
		}
	}
	return true
}

// calls counts the bodies that began and called something: those with groups inside
// count by what is in there, and a second call that was still waiting does not.
func (s *sim) calls() int {
	n := 0
	for i := range s.tasks[:s.m.caller] {
		t := &s.tasks[i]
		if kind := s.m.tasks[i].kind; !t.started || kind != isBody && kind != isUnrun {
			continue
		}
		if first, _, ok := s.m.pair(i); (!ok || first != i) && slices.ContainsFunc(s.m.nested[i], func(g int) bool { return s.groups[g].begun }) {
			continue
		}
		if s.m.inHedge(i) && ran(t.pieces) == 0 {
			continue
		}
		n++
	}
	return n
}

func ran(pieces []Piece) (sum time.Duration) {
	for _, p := range pieces {
		if p.State == Running {
			sum += p.Len()
		}
	}
	return sum
}
