package waterfall

// limiter counts the slots of one limit in a simulation, by the engine's
// rules: a body takes a slot of each level, from its own to the outermost, and
// queues where there is none; those that were woken come before those that
// start.
type limiter struct {
	free         int
	up           *limiter
	woken, ready []int
}

// climb takes a slot at l and every level above; where there is none, the task
// queues. It reports whether the task has all of them.
func (l *limiter) climb(task int, woken bool) bool {
	for ; l != nil; l = l.up {
		if l.free > 0 && !l.waited() {
			l.free--
			continue
		}
		if woken {
			l.woken = append(l.woken, task)
		} else {
			l.ready = append(l.ready, task)
		}
		return false
	}
	return true
}

func (l *limiter) waited() bool { return len(l.woken)+len(l.ready) > 0 }

// contended tells whether anybody waits at l or above.
func (l *limiter) contended() bool {
	for ; l != nil; l = l.up {
		if l.waited() {
			return true
		}
	}
	return false
}

// release gives back the slots from l up; granted gets those that now have all
// of theirs.
func (l *limiter) release(granted func(task int)) {
	for ; l != nil; l = l.up {
		task, woken := -1, true
		switch {
		case len(l.woken) > 0:
			task, l.woken = l.woken[0], l.woken[1:]
		case len(l.ready) > 0:
			task, l.ready = l.ready[0], l.ready[1:]
			woken = false
		default:
			l.free++
			continue
		}
		if l.up.climb(task, woken) {
			granted(task)
		}
	}
}

// limiters finds the limiter of every task: that of its Map, of its group, and
// of what is around them.
func (m *model) limiters(outermost int) []*limiter {
	groups := make(map[int]*limiter)
	maps := make(map[int]*limiter)
	var ofTask func(t int) *limiter
	ofGroup := func(g int) *limiter {
		if l, ok := groups[g]; ok {
			return l
		}
		var up *limiter
		if owner, ok := m.task[m.run.Groups[g].Parent]; ok {
			up = ofTask(owner)
		}
		n := m.run.Groups[g].Limit
		if g == 0 {
			n = outermost
		}
		if n > 0 {
			up = &limiter{free: n, up: up}
		}
		groups[g] = up
		return up
	}
	ofTask = func(t int) *limiter {
		p := m.parent(t)
		if p < 0 || m.run.Tasks[p].Group != m.run.Tasks[t].Group {
			return ofGroup(m.group[m.run.Tasks[t].Group])
		}
		if l, ok := maps[p]; ok {
			return l
		}
		l := ofTask(p)
		if n := m.run.Tasks[p].Limit; n > 0 {
			l = &limiter{free: n, up: l}
		}
		maps[p] = l
		return l
	}
	out := make([]*limiter, len(m.tasks))
	for t := range out {
		if !m.unbegun(t) {
			out[t] = ofTask(t)
		}
	}
	return out
}
