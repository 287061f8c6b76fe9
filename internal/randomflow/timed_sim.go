package randomflow

import (
	"cmp"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// sim runs a plan without running anything: event by event, by the rules.
type sim struct {
	p      *timedPlan
	names  map[string]int
	knots  []*knot // in order of declaration, parts aside
	result *knot

	now    int
	events []event
	seq    int
	root   int // the instant of the last event that followed from no other
	last   int // that of the last end
	tie    bool
	sent   map[string]Value // signals that have come

	ended    *groupEnd
	slots    int
	newly    []*knot
	queue    []*knot
	order    int
	lost     []lostValue
	failures []happened
	later    int
	running  []happened

	unfinished bool
	exit       Value
}

type groupEnd struct {
	why   endWhy
	cause error  // from outside
	text  string // of the cause
}

type endWhy int

const (
	byFailure endWhy = iota
	byExit
	byOutside
)

type event struct {
	at, seq int
	k       *knot // nil for what comes from outside
	root    bool
	do      func() bool // false if it came too late to be one
}

type happened struct {
	at   int
	text string
}

// lostValue is one that its task does not have.
type lostValue struct {
	k     *knot
	value any
	order int
	at    int
}

func (p *timedPlan) simulate(acts []sent) *fates {
	s := &sim{p: p, names: make(map[string]int), root: -1, slots: p.limit, sent: make(map[string]Value)}
	s.declare()
	if p.limit > 0 {
		s.root = 0 // what is sent now races with what begins
	}
	for _, a := range acts {
		s.after(a.at, nil, true, func() bool { return s.act(a) })
	}
	for _, k := range s.knots {
		if k.within > 0 {
			s.after(k.within, k, true, func() bool { return s.overdue(k) })
		}
		if len(k.needs) == 0 && k.afterEnd == nil && k.kind != knotGiven {
			s.ready(k, true)
			s.line()
		}
	}
	s.begin(s.knots[0]) // the input, when all is declared
	s.line()
	for len(s.events) > 0 {
		first := 0
		for i, e := range s.events {
			if f := s.events[first]; e.at < f.at || e.at == f.at && e.seq < f.seq {
				first = i
			}
		}
		e := s.events[first]
		s.events = slices.Delete(s.events, first, first+1)
		s.now = e.at
		effective := e.do()
		if s.line(); !effective {
			s.tie = s.tie || e.root && e.at > 0 && e.k.at == e.at // another event of this instant was first
			continue
		}
		if e.root && (e.at > 0 || s.p.limit > 0) {
			s.tie = s.tie || s.root == e.at
			s.root = e.at
		}
	}
	return s.fates()
}

func (s *sim) after(ticks int, k *knot, root bool, do func() bool) {
	s.seq++
	s.events = append(s.events, event{s.now + ticks, s.seq, k, root, do})
}

// act is what comes from outside. It counts as an event also if it comes too late.
func (s *sim) act(a sent) bool {
	if a.signal == "" {
		if s.ended == nil && !s.isOver() {
			s.ended = &groupEnd{byOutside, a.cause, "context canceled"}
			if a.cause != nil {
				s.ended.text = a.cause.Error()
			}
			s.cut()
		}
		return true
	}
	if _, ok := s.sent[a.signal]; ok {
		return true
	}
	s.sent[a.signal] = a.value
	for _, k := range s.knots {
		if k.kind == knotSignal && k.label == a.signal && k.state == knotRuns {
			k.give = func() any { return asap.Result[Value]{Value: a.value} }
			s.returned(k, ret{ok: true})
		}
	}
	return true
}

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
