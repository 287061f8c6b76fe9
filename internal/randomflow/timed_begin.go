package randomflow

import (
	"cmp"
	"slices"

	"github.com/asap-go/asap"
)

func (s *sim) isOver() bool {
	for _, k := range s.knots {
		if k.state != knotEnded {
			return false
		}
		for _, p := range k.parts {
			if p.state == knotRuns {
				return false
			}
		}
	}
	return true
}

// ready takes a task whose dependencies are there.
func (s *sim) ready(k *knot, declared bool) {
	switch {
	case s.ended != nil || k.state != knotWaits:
		return
	case s.p.limit == 0 || k.leftOut || k.kind != knotBody:
		s.begin(k)
		return
	}
	k.state, k.declared = knotQueued, declared
	s.newly = append(s.newly, k)
}

// line lines up what has become ready by one end, in order of declaration.
func (s *sim) line() {
	slices.SortStableFunc(s.newly, func(a, b *knot) int { return cmp.Compare(a.seq, b.seq) })
	s.queue = append(s.queue, s.newly...)
	s.newly = nil
	s.admit()
}

// admit gives slots: first to what has become ready by the end of another, in order.
func (s *sim) admit() {
	for s.slots > 0 && len(s.queue) > 0 {
		i := max(slices.IndexFunc(s.queue, func(k *knot) bool { return !k.declared }), 0)
		k := s.queue[i]
		s.queue = slices.Delete(s.queue, i, i+1)
		s.slots--
		s.begin(k)
	}
}

func (s *sim) leaveQueue(k *knot) {
	is := func(q *knot) bool { return q == k }
	s.queue, s.newly = slices.DeleteFunc(s.queue, is), slices.DeleteFunc(s.newly, is)
}

func (s *sim) begin(k *knot) {
	k.state = knotRuns
	switch {
	case k.leftOut:
		s.order++
		k.order, k.outcome = s.order, asap.LeftOut
		s.over(k)
		return
	case k.kind == knotGiven || k.kind == knotGather:
		s.succeed(k)
		return
	case k.kind == knotRace || k.kind == knotMap:
		if len(k.parts) == 0 {
			k.give = func() any { return []Value(nil) }
			s.succeed(k)
		}
		for _, p := range k.parts {
			s.ready(p, false)
		}
		return
	case k.kind == knotSignal:
		if v, ok := s.sent[k.label]; ok {
			s.tie = s.tie || s.p.limit > 0 // in which order what is ready at this instant queues is open
			k.give = func() any { return asap.Result[Value]{Value: v} }
			s.returned(k, ret{ok: true})
			return
		}
	case k.kind == knotSleep:
		s.after(k.act.last, k, true, func() bool { return k.state == knotRuns && s.returned(k, ret{ok: true}) })
	default:
		s.beginBody(k)
	}
	if k.timeout > 0 {
		s.after(k.timeout, k, true, func() bool {
			return k.state == knotRuns && s.ended == nil && k.late == "" && s.interrupt(k, "timeout "+s.p.time(k.timeout).String())
		})
	}
}

func (s *sim) beginBody(k *knot) {
	last := k.act.last
	if s.p.pace.Sleeps {
		last = 0
	}
	s.after(last, k, last > 0, func() bool {
		if k.state != knotRuns {
			return false
		}
		switch r := (ret{text: s.p.failure(k.beat, k.part)}); k.act.does {
		case fails:
			return s.returned(k, r)
		case exits:
			return s.returned(k, ret{exit: true, text: r.text})
		}
		return s.returned(k, ret{ok: true})
	})
}

// interrupt ends the context of what runs, by a limit of time.
func (s *sim) interrupt(k *knot, limit string) bool {
	k.late = limit
	switch {
	case k.kind != knotBody: // it is the error itself
		k.late = ""
		return s.returned(k, ret{text: limit})
	case k.act.manner == stubborn:
		return true
	case k.act.manner == passes:
		return s.returned(k, ret{text: "stopped: " + limit})
	case k.act.manner == bitter:
		return s.returned(k, ret{text: "context deadline exceeded\n" + s.p.rollback(k.beat, k.part)})
	}
	return s.returned(k, ret{text: "context deadline exceeded"})
}

// overdue ends the Within of a task.
func (s *sim) overdue(k *knot) bool {
	limit := "within " + s.p.time(k.within).String()
	switch {
	case k.state == knotEnded || s.ended != nil || k.late != "":
		return false
	case k.state == knotRuns:
		return s.interrupt(k, limit)
	case k.leftOut:
		return false
	}
	s.leaveQueue(k)
	k.state = knotEnded // it never began: no slot
	s.judge(k, ret{text: limit})
	return true
}
