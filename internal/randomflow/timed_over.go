package randomflow

import (
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// over tells those that wait for k.
func (s *sim) over(k *knot) {
	k.state, k.at, s.last = knotEnded, s.now, s.now
	if k.whole != nil {
		s.overPart(k)
		return
	}
	for _, to := range k.then {
		to.left--
	}
	for _, to := range k.then { // in order of declaration
		switch {
		case to.state != knotWaits:
		case !k.good() && slices.Contains(to.needs, k):
			s.skip(to, k.root)
		case to.left == 0 && !slices.ContainsFunc(to.needs, func(d *knot) bool { return !d.good() }): // else it is skipped for that
			s.ready(to, false)
		}
	}
}

// skip ends what never begins.
func (s *sim) skip(k *knot, root string) {
	if k.state == knotWaits || k.state == knotQueued {
		k.outcome, k.root = asap.Skipped, root
		if s.ended != nil {
			k.text = k.label + " skipped: " + s.ended.text
		}
		if s.ended != nil && s.ended.why == byOutside && k.whole == nil {
			s.unfinished = true
		}
		s.over(k)
	}
}

func (s *sim) overPart(k *knot) {
	if k.whole.kind == knotMap {
		s.overElement(k)
		return
	}
	race := k.whole
	if race.state == knotEnded {
		return
	}
	if k.outcome == asap.Succeeded {
		race.give = func() any { return k.out }
		s.succeed(race)
		for _, p := range race.parts {
			if p.state == knotQueued {
				s.leaveQueue(p)
				s.skip(p, "")
			}
		}
		for _, p := range race.parts {
			switch {
			case p.state == knotRuns && s.p.pace.Sleeps: // at the same instant
			case p.state == knotRuns && p.act.manner != stubborn:
				s.returned(p, ret{text: "context canceled", echo: true})
			}
		}
		return
	}
	var texts []string
	echo, skipped := true, true
	for _, p := range race.parts {
		if p.state != knotEnded {
			return
		}
		texts = append(texts, p.text)
		echo = echo && p.outcome != asap.Failed
		skipped = skipped && p.outcome == asap.Skipped
	}
	race.text = race.label + ": " + strings.Join(texts, "; ")
	outside := s.ended != nil && s.ended.why == byOutside
	switch {
	case skipped:
		s.skip(race, "")
		race.outcome, race.state = asap.Skipped, knotEnded
		s.unfinished = s.unfinished || outside
	case s.ended != nil && s.ended.why == byExit:
		race.outcome = asap.Exited
	case echo:
		race.outcome = asap.Canceled
		s.unfinished = s.unfinished || outside
	default:
		race.outcome, race.root = asap.Failed, race.text
		s.fail(race.text)
		s.unfinished = s.unfinished || outside
	}
	if race.outcome == asap.Failed && !s.p.settled && s.ended == nil {
		s.overAndEnd(race, byFailure)
		return
	}
	s.over(race)
}

func (s *sim) overElement(k *knot) {
	all := k.whole
	if all.state == knotEnded {
		return
	}
	if k.outcome != asap.Succeeded {
		all.outcome, all.root = asap.Skipped, k.root
		s.unfinished = s.unfinished || s.ended != nil && s.ended.why == byOutside
		s.over(all)
		return
	}
	var values []Value
	for _, p := range all.parts {
		if p.state != knotEnded {
			return
		}
		values = append(values, p.value())
	}
	all.give = func() any { return values }
	s.succeed(all)
}

// cut is what follows from the end of the group: what runs minds it in its manner, and
// nothing begins.
func (s *sim) cut() {
	var all []*knot
	for _, k := range s.knots {
		all = append(append(all, k.parts...), k)
	}
	s.queue, s.newly = nil, nil
	for _, k := range all { // first those that wait, as what runs would skip them otherwise
		if k.state == knotQueued || k.state == knotWaits && k.whole == nil {
			s.skip(k, "")
		}
	}
	for _, k := range all {
		switch {
		case k.state != knotRuns || k.kind == knotRace || k.kind == knotMap:
		case k.kind != knotBody:
			s.returned(k, ret{text: "context canceled", echo: true})
		case k.act.manner == stubborn || k.late != "" || s.p.pace.Sleeps:
		case k.act.manner == bitter:
			s.returned(k, ret{text: "context canceled\n" + s.p.rollback(k.beat, k.part)})
		default:
			s.returned(k, ret{text: "context canceled", echo: true})
		}
	}
}
