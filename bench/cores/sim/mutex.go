package sim

// mutex is sync.Mutex: who finds it locked spins a few rounds and then parks;
// who unlocks it wakes one that is parked unless somebody spins; newcomers may
// be faster than the one that was woken; and if that one has waited for a
// millisecond, the lock goes from hand to hand, and the processor with it, until
// nobody waits that long.
type mutex struct {
	line     *line // the lock is a word in it
	locked   bool
	spinning int
	woken    bool // one is on its way
	starving bool
	parked   []*waiter
	handed   *waiter // owns it from the unlock on
}

type waiter struct {
	w     *worker
	since float64
}

const starvation = 1e6 // ns, as in package sync

func (m *mutex) lock(w *worker) {
	w.rmw(m.line)
	if !m.locked && !m.starving {
		m.locked = true
		return
	}
	me := &waiter{w: w, since: w.t}
	front, starved := false, false
	for {
		for i := 0; i < w.s.Spins && !m.starving; i++ {
			m.spinning++
			w.t += w.s.Spin
			w.read(m.line)
			m.spinning--
			if !m.locked && !m.starving {
				w.rmw(m.line)
				if !m.locked && !m.starving {
					m.locked = true
					return
				}
			}
		}
		w.rmw(m.line)
		if !m.locked && !m.starving {
			m.locked = true
			return
		}
		m.starving = m.starving || starved
		if front {
			m.parked = append([]*waiter{me}, m.parked...)
		} else {
			m.parked = append(m.parked, me)
		}
		w.park()
		w.sync()
		if m.handed == me {
			m.handed = nil
			if w.t-me.since < starvation || len(m.parked) == 0 {
				m.starving = false
			}
			return
		}
		m.woken, front = false, true
		starved = starved || w.t-me.since > starvation
		w.rmw(m.line)
		if !m.locked {
			m.locked = true
			return
		}
	}
}

func (m *mutex) unlock(w *worker) {
	w.rmw(m.line)
	if m.starving && len(m.parked) > 0 {
		me := m.parked[0]
		m.parked = m.parked[1:]
		m.handed = me
		w.t += w.s.Ready
		w.handOver(me.w)
		return
	}
	m.locked, m.starving = false, false
	if len(m.parked) == 0 || m.woken || m.spinning > 0 {
		return
	}
	me := m.parked[0]
	m.parked = m.parked[1:]
	m.woken = true
	w.t += w.s.Ready
	w.s.ready(me.w, w.t)
}
