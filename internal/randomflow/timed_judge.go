package randomflow

import (
	"github.com/asap-go/asap"
)

// ret is what a body returns.
type ret struct {
	ok   bool
	echo bool // its error says no more than that its context has ended
	exit bool
	text string
}

// returned is the end of a body, and of a wait.
func (s *sim) returned(k *knot, r ret) bool {
	k.state = knotEnded
	if k.late != "" && !r.ok {
		r.text = k.late + ": " + r.text
	}
	s.judge(k, r)
	if k.kind == knotBody && s.p.limit > 0 {
		s.line()
		s.slots++
		s.admit()
	}
	return true
}

// judge says what it means.
func (s *sim) judge(k *knot, r ret) {
	s.last = s.now
	decided := k.whole != nil && k.whole.kind == knotRace && k.whole.state == knotEnded
	exited := func() { k.outcome, k.text = asap.Exited, "" }
	outside := s.ended != nil && s.ended.why == byOutside
	switch {
	case r.ok && s.ended != nil && s.ended.why == byExit:
		s.lose(k)
		exited()
	case r.ok && decided:
		s.lose(k)
		k.outcome, k.open = asap.Canceled, true
	case r.ok:
		s.succeed(k)
		return
	case r.exit && s.ended == nil:
		s.exit, _ = k.give().(Value)
		if o, ok := k.give().(asap.Result[Value]); ok {
			s.exit = o.Value
		}
		exited()
		s.overAndEnd(k, byExit)
		return
	case s.ended != nil && s.ended.why == byExit:
		exited()
	default:
		s.failed(k, r, decided, outside)
		return
	}
	s.over(k)
}

func (s *sim) failed(k *knot, r ret, decided, outside bool) {
	isEntrant := k.whole != nil && k.whole.kind == knotRace
	k.text = k.label + ": " + r.text
	if outside {
		s.running = append(s.running, happened{s.now, k.label})
	}
	switch {
	case isEntrant && decided || r.echo || r.exit:
		k.outcome = asap.Canceled
		s.unfinished = s.unfinished || outside && !isEntrant
	case isEntrant:
		k.outcome = asap.Failed
	case k.optional:
		k.out, k.outcome = asap.Result[Value]{Err: textError(k.text)}, asap.Tolerated
		s.order++
		k.order = s.order
	case k.mayFail:
		k.outcome, k.root = asap.Tolerated, k.text
	default:
		k.outcome, k.root = asap.Failed, k.text
		s.fail(k.text)
		s.unfinished = s.unfinished || outside
	}
	if k.outcome == asap.Failed && !isEntrant && !s.p.settled && s.ended == nil {
		s.overAndEnd(k, byFailure)
		return
	}
	s.over(k)
}

// overAndEnd is the end of a task that ends the group: nothing begins because of it.
func (s *sim) overAndEnd(k *knot, why endWhy) {
	s.ended = &groupEnd{why: why, text: k.text}
	s.over(k)
	s.cut()
}

func (s *sim) fail(text string) {
	s.failures = append(s.failures, happened{s.now, text})
	if s.ended != nil {
		s.later++
	}
}

// textError is an error of which only the text is known.
type textError string

func (e textError) Error() string { return string(e) }

func (s *sim) lose(k *knot) {
	whole := k
	switch {
	case k.whole == nil:
	case k.whole.kind == knotRace:
		whole = k.whole
	default:
		return
	}
	if len(whole.undos) > 0 {
		s.order++
		s.lost = append(s.lost, lostValue{whole, k.give(), s.order, s.now})
	}
}

func (s *sim) succeed(k *knot) {
	if k.give != nil {
		k.out = k.give()
	}
	s.order++
	k.state, k.outcome, k.order = knotEnded, asap.Succeeded, s.order
	s.over(k)
}
