package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// stuck follows every wait to the task that everything hangs on.
func (e *explainer) stuck() {
	waiting := make(map[int][]int) // by the task at the end of the chain
	var roots []int
	open := 0
	ends := e.ends()
	for i, end := range ends {
		if e.run.Tasks[i].Outcome != 0 {
			continue
		}
		open++
		if waiting[end] == nil {
			roots = append(roots, end)
		}
		waiting[end] = append(waiting[end], i)
	}
	if open == 0 {
		if len(e.run.Tasks) > 0 {
			e.say("every task has ended; the group has not: its Wait has not returned yet")
		}
		return
	}
	if len(roots) > mostRoots { // of many, first those that most wait for, and that run
		slices.SortStableFunc(roots, func(a, b int) int {
			return cmp.Or(cmp.Compare(len(waiting[b]), len(waiting[a])), cmp.Compare(e.queued(a), e.queued(b)))
		})
	}
	said := roots
	if len(roots) > mostRoots {
		queued := 0
		for n, root := range roots {
			if len(waiting[root]) == 1 {
				queued += e.queued(root)
			}
			if n == mostRoots || queued > mostQueued {
				said = roots[:n]
				break
			}
		}
	}
	for _, root := range said {
		if next := e.blockedOn(root); next >= 0 {
			legs := []string{e.name(root) + " waits for " + e.name(next)}
			for ; next != root && len(legs) < mostLegs; next = e.blockedOn(next) {
				legs = append(legs, e.name(next)+" waits for "+e.name(e.blockedOn(next)))
			}
			if next != root {
				legs = append(legs, "and so on, back to "+e.name(root))
			}
			e.say("cycle: %s: none of them can ever go on", strings.Join(legs, ", "))
			continue
		}
		e.hanging(root, waiting[root])
	}
	if n := len(roots) - len(said); n > 0 {
		queued := 0
		for _, root := range roots[len(said):] {
			queued += e.queued(root)
		}
		switch queued {
		case 0:
			e.say("%d more tasks have not ended", n)
		case n:
			e.say("%d more tasks are queued", n)
		default:
			e.say("%d more tasks have not ended, of which %d are queued", n, queued)
		}
	}
}

const (
	mostRoots  = 10 // tasks that a sentence says what hangs on them
	mostQueued = 3  // of those, if there are more, that nothing hangs on and that are queued
	mostLegs   = 20 // of a circle
)

// queued is 1 if task i is queued now.
func (e *explainer) queued(i int) int {
	if e.run.Tasks[i].now().State == Queued {
		return 1
	}
	return 0
}

// ends returns, for every task, the end of its chain of waits: a task that is
// not blocked, or the first task found of a circle.
func (e *explainer) ends() []int {
	const unknown, onTheWay = -1, -2
	end := make([]int, len(e.run.Tasks))
	for i := range end {
		end[i] = unknown
	}
	for i := range end {
		var way []int
		at := i
		for end[at] == unknown {
			end[at] = onTheWay
			way = append(way, at)
			next := e.blockedOn(at)
			if next < 0 {
				break
			}
			at = next
		}
		last := at
		if end[at] >= 0 {
			last = end[at]
		}
		for _, w := range way {
			end[w] = last
		}
	}
	return end
}

// blockedOn is the task that task i is blocked on now, and has not ended.
func (e *explainer) blockedOn(i int) int {
	pieces := e.run.Tasks[i].Pieces
	if len(pieces) == 0 || pieces[len(pieces)-1].State != Blocked {
		return -1
	}
	on := pieces[len(pieces)-1].On
	if t, ok := e.task[on]; ok && e.run.Tasks[t].Outcome == 0 {
		return t
	}
	if g, ok := e.group[on]; ok {
		for _, m := range e.members[g] {
			if e.run.Tasks[m].Outcome == 0 {
				return m
			}
		}
	}
	return -1
}

func (e *explainer) hanging(root int, waiters []int) {
	last := e.run.Tasks[root].Pieces[len(e.run.Tasks[root].Pieces)-1]
	since := duration(last.Len())
	var b strings.Builder
	b.WriteString(e.name(root))
	switch last.State {
	case Running:
		fmt.Fprintf(&b, " has been running for %s", since)
	case Queued:
		fmt.Fprintf(&b, " has been queued for %s%s", since, e.forSlot(root))
		if n := e.running(); n > 0 {
			if n == 1 {
				b.WriteString(" while 1 other body runs")
			} else {
				fmt.Fprintf(&b, " while %d other bodies run", n)
			}
		}
	default:
		fmt.Fprintf(&b, " has waited for %s", since)
		if t, ok := e.task[last.On]; ok {
			fmt.Fprintf(&b, " for %s, which has ended", e.name(t))
		}
	}
	var names []string
	for _, i := range waiters {
		if i == root {
			continue
		}
		p := e.run.Tasks[i].Pieces
		w := p[len(p)-1]
		s := fmt.Sprintf("%s (for %s", e.name(i), duration(w.Len()))
		if t := e.blockedOn(i); t >= 0 && t != root {
			s += ", through " + e.name(t)
		}
		names = append(names, s+")")
	}
	if len(names) > 0 {
		b.WriteString("; waiting for it: " + list(names, 8))
	}
	e.out = append(e.out, b.String())
}

// forSlot names the limit that task i is queued for, if it has one alone.
func (e *explainer) forSlot(i int) string {
	s, of := e.makeSlots(), -1
	for _, l := range s.of[i] {
		switch {
		case s.limits[l].Limit == 0:
		case of >= 0:
			return ""
		default:
			of = l
		}
	}
	if of < 0 {
		return ""
	}
	return " for a slot of " + e.limitName(s.limits[of].Slot)
}

func (e *explainer) running() int {
	n := 0
	for i := range e.run.Tasks {
		t := &e.run.Tasks[i]
		if t.Outcome == 0 && len(t.Pieces) > 0 && t.Pieces[len(t.Pieces)-1].State == Running {
			n++
		}
	}
	return n
}
