package randomflow

import (
	"fmt"
	"math/rand/v2"
)

// beatKind is how a beat is declared.
type beatKind int

const (
	beatThen    beatKind = iota // Then, And or Needs
	beatStart                   // Go
	beatMaybe                   // Optional, and a Then that can do without
	beatMay                     // with MayFail, and a task after its end
	beatSleep                   // Sleep, and a task after it
	beatSignal                  // Signal, and a Then with what has come of it
	beatRace                    // Race with inputs
	beatMap                     // a Then for the slice, Map, and a Then
	beatLeftOut                 // a Then, a Signal or a Sleep that When leaves out
	beatGather                  // Gather, and a Then
	beatResult                  // the last
)

// manner is what a body does when its context ends.
type manner int

const (
	obeys    manner = iota // returns its error
	passes                 // wraps its cause
	bitter                 // fails besides, in a rollback
	stubborn               // goes on
	manners
)

// act is a body.
type act struct {
	last   int // in ticks
	manner manner
	does   does
}

// undoPlan is an undo.
type undoPlan struct {
	last   int
	fails  bool
	panics bool
}

// beat is a few tasks with one value.
type beat struct {
	act
	kind            beatKind
	name            string
	deps            []int
	after           int // how long the task behind it lasts
	timeout, within int // 0 for none
	parts           []act
	undos           []undoPlan
	direct          bool // of beatMay: its value is that of the task that may fail
}

// sent is what the script has.
type sent struct {
	at     int
	signal string
	value  Value
	cause  error
}

type timedPlan struct {
	seed    uint64
	pace    Pace
	settled bool
	limit   int
	beats   []beat // the first is the input, the last the result
	acts    []sent
}

// drawTimed makes a plan.
func drawTimed(seed, salt uint64, pace Pace) *timedPlan {
	r := rand.New(rand.NewPCG(seed, 1000+salt))
	p := &timedPlan{seed: seed, pace: pace, settled: r.IntN(4) == 0, beats: []beat{{name: "input"}}}
	if r.IntN(3) == 0 && !pace.Sleeps && !pace.Early {
		p.limit = 1 + r.IntN(4)
	}
	d := &timedDraw{r, p, []int{0, 12, 40}[r.IntN(3)]}
	for range 3 + r.IntN(18) {
		d.beat()
	}
	result := beat{kind: beatResult, name: "result", last: d.ticks()}
	for range 1 + r.IntN(4) {
		result.deps = append(result.deps, r.IntN(len(p.beats)))
	}
	p.beats = append(p.beats, result)
	d.script()
	return p
}

type timedDraw struct {
	*rand.Rand
	p     *timedPlan
	fails int // one in so many bodies does, 0 for none
}

func (d *timedDraw) ticks() int { return 1 + d.IntN(2000) }

func (d *timedDraw) oneIn(n int) bool { return n > 0 && d.IntN(n) == 0 }

func (d *timedDraw) act() act {
	a := act{last: d.ticks()}
	if d.oneIn(2) {
		a.manner = manner(d.IntN(int(manners)))
	}
	switch {
	case d.oneIn(d.fails):
		a.does = fails
	case d.oneIn(80):
		a.does = exits
	}
	return a
}

func (d *timedDraw) beat() {
	i := len(d.p.beats)
	b := beat{kind: beatKind(d.IntN(int(beatResult))), act: d.act(), after: d.ticks()}
	if d.oneIn(4) {
		b.kind = beatThen
	}
	b.name = fmt.Sprint([...]string{"t", "start", "maybe", "may", "sleep", "signal", "race", "map", "left", "all"}[b.kind], i)
	most := 1
	switch b.kind {
	case beatThen:
		most = 5
		b.name = fmt.Sprint("t", i%5)
	case beatStart:
		most = 0
	case beatSleep, beatSignal:
		most = 3
		b.name = fmt.Sprint([...]string{beatSleep: "pause", beatSignal: "word"}[b.kind], i%3)
	case beatRace:
		most = 3
		d.race(&b)
	case beatGather:
		most = 4
	case beatMap:
		for range d.IntN(5) {
			b.parts = append(b.parts, d.act())
		}
		for k := range max(len(b.parts)-1, 0) {
			if d.p.pace.Sleeps { // at one instant: so one at most is unlike the others
				b.parts[k].does = gives
			}
		}
	case beatMaybe, beatMay:
		if d.oneIn(4) {
			b.does = fails
		}
	}
	if b.kind == beatMaybe || b.kind == beatMap || b.kind == beatLeftOut {
		most = 1
	}
	for range min(most, 1+d.IntN(max(most, 1))) {
		b.deps = append(b.deps, i-1-d.IntN(min(i, 10)))
	}
	d.limits(&b)
	if b.kind != beatLeftOut && d.oneIn(2) {
		for range 1 + d.IntN(2) {
			b.undos = append(b.undos, undoPlan{last: d.IntN(50), fails: d.oneIn(3), panics: d.oneIn(40)})
		}
	}
	b.direct = b.kind == beatMay && d.oneIn(4)
	d.p.beats = append(d.p.beats, b)
}

// race draws the functions. When they all take no time, one at most may succeed.
func (d *timedDraw) race(b *beat) {
	one := -1
	if d.p.pace.Sleeps && !d.oneIn(8) {
		one = 0
	}
	n := 1 + d.IntN(4)
	if one >= 0 {
		one = d.IntN(n)
	}
	for k := range n {
		a := act{last: d.ticks(), manner: []manner{obeys, bitter, stubborn}[d.IntN(3)]}
		if d.p.pace.Sleeps && k != one || !d.p.pace.Sleeps && d.oneIn(3) {
			a.does = fails
		}
		b.parts = append(b.parts, a)
	}
}

func (d *timedDraw) limits(b *beat) {
	rare := 12
	switch b.kind {
	case beatMaybe, beatMay, beatSleep:
		rare = 3
	case beatSignal:
		rare = 2
	case beatRace, beatMap, beatGather, beatLeftOut:
		return
	}
	if d.oneIn(rare) {
		b.timeout = d.ticks()
	}
	if d.oneIn(2 * rare) {
		b.within = 3 * d.ticks()
	}
}

// script draws what comes from outside. It knows when the run would end without it.
func (d *timedDraw) script() {
	p := d.p
	waits := false // for what never comes
	for i, name := range p.signals() {
		b := &p.beats[i]
		at := d.ticks() + d.IntN(3)*d.ticks()
		switch n := d.IntN(4); {
		case n == 0 && (b.timeout > 0 || b.within > 0 || !p.pace.Early && d.oneIn(3)):
			waits = waits || b.timeout == 0 && b.within == 0
			continue
		case p.pace.Early || n == 1 && p.limit == 0:
			at = 0
		case n == 1:
			at = 1 + d.IntN(9)
		}
		v := value(p.seed, i, Value{N: 1})
		p.acts = append(p.acts, sent{at: at, signal: name, value: v})
		if d.oneIn(3) {
			later := at
			if at > 0 || !p.pace.Early {
				later += d.ticks()
			}
			p.acts = append(p.acts, sent{at: later, signal: name, value: value(p.seed, i, Value{N: 2})})
		}
	}
	if p.pace.Early || !waits && !d.oneIn(3) {
		return
	}
	end := p.simulate(p.acts).end
	a := sent{at: 1 + d.IntN(end+end/8+10)}
	if waits {
		a.at = 1 + d.IntN(end+10)
	}
	if d.oneIn(2) {
		a.cause = errCancel
	}
	p.acts = append(p.acts, a)
}

// signals yields the signals, with their unique names, in order.
func (p *timedPlan) signals() func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for i := range p.beats {
			if p.beats[i].kind == beatSignal && !yield(i, p.label(i)) {
				return
			}
		}
	}
}

// label is the name of the first task of beat i in errors.
func (p *timedPlan) label(i int) string {
	n := 1
	for _, b := range p.beats[:i] {
		if b.name == p.beats[i].name {
			n++
		}
	}
	if n == 1 {
		return p.beats[i].name
	}
	return fmt.Sprint(p.beats[i].name, "#", n)
}

// failure is the text of the error of a body of beat i.
func (p *timedPlan) failure(i, part int) string {
	return fmt.Sprintf("beat %d.%d is down: %s", i, part, text(hash(p.seed, i, part)))
}
