package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// assumption is something that a prediction rests on and the record does not tell.
type assumption struct {
	what assumed
	task int
}

type assumed uint8

const (
	runsOn        assumed = iota // until its context ends, as it did
	wentWell                     // it goes on where the error of a wait had ended it
	neverRan                     // it takes what others take
	hears                        // it returns when its context ends
	deafToo                      // it does not, as others did not
	passesOn                     // it returns the error of a wait
	goesOnLate                   // when its wait ends by a deadline that it had not come to
	endsAlike                    // with its context, as after the end of that
	heardAlike                   // it looks at its context or not, as in other runs
	fromOthers                   // it takes what it took in other runs
	declaresFirst                // what it declares in the instant of a wait that took no time
	ties                         // of what is ready at one instant, the first to be declared comes first
	oneByOne                     // several goroutines of it that wait at once go on when all of them do
)

var assumptions = [...]string{
	runsOn:        "%s, whose context had ended, takes as long again as it had run, or as others take",
	wentWell:      "%s, which a failed wait had ended, takes as long as others, or as it had run",
	neverRan:      "%s, whose body never ran, takes as long as others",
	hears:         "%s returns when its context ends",
	deafToo:       "%s does not look at its context, as others do not",
	passesOn:      "%s returns the error of what it waits for",
	goesOnLate:    "%s goes on when a wait of it has come to its deadline",
	endsAlike:     "%s ends within its context as it did after the end of that",
	heardAlike:    "%s returns when its context ends or runs on, as in other runs",
	fromOthers:    "%s takes %s, from %s",
	declaresFirst: "%s waits where it did not, and what it declared in that instant comes before",
	ties:          "%s was ready for a slot in the same instant as another, and the order is as it was then or as they were declared",
	oneByOne:      "%s, of which several goroutines wait at once, goes on when the last of them does",
}

func (s *sim) note(what assumed, i int) {
	if i != s.m.caller {
		s.notes[assumption{what, i}] = true
	}
}

// noteSeveral notes the bodies of which several goroutines waited at once, if what they
// waited for does not come when it came, or what they ran takes another time: which of them
// ran what, and who of them waited for whom, is not known.
func (s *sim) noteSeveral() {
	for i := range s.tasks {
		if s.m.tasks[i].several && s.tasks[i].started && s.isOtherwise(i) {
			s.notes[assumption{oneByOne, i}] = true
		}
	}
}

// isOtherwise tells whether body i ran or waited for another time than in the record, or
// what it waited for ended at another time after its start.
func (s *sim) isOtherwise(i int) bool {
	if s.scale[i] != 1 {
		return true
	}
	later := began(s.tasks[i].pieces) - began(s.m.run.Tasks[i].Pieces)
	for _, o := range s.m.tasks[i].ops {
		switch {
		case !o.waits() || o.on < 0:
		case o.kind != opWaitGroup:
			if s.tasks[o.on].at != s.m.run.Tasks[o.on].End()+later {
				return true
			}
		default:
			for _, k := range s.m.members[o.on] {
				if s.tasks[k].at != s.m.run.Tasks[k].End()+later {
					return true
				}
			}
		}
	}
	return false
}

// began is when a body began, or 0.
func began(pieces []Piece) time.Duration {
	for _, p := range pieces {
		if p.State == Running {
			return p.Start
		}
	}
	return 0
}

// maxAssumed is how many tasks are named for one assumption.
const maxAssumed = 3

// assumes says what the simulation has rested on, one sentence for each sort.
func (s *sim) assumes() (lines []string) {
	var all []assumption
	for a := range s.notes {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b assumption) int { return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.task, b.task)) })
	for len(all) > 0 {
		n := 0
		for n < len(all) && all[n].what == all[0].what {
			n++
		}
		line := s.sentence(all[0])
		if n > 1 {
			var more []string
			for _, a := range all[1:min(n, maxAssumed)] {
				more = append(more, s.also(a))
			}
			line += "; so " + list(more, maxAssumed)
			if rest := n - 1 - len(more); rest > 0 {
				line += fmt.Sprintf(", and %d more", rest)
			}
		}
		lines = append(lines, line)
		all = all[n:]
	}
	return lines
}

// sentence is an assumption in words.
func (s *sim) sentence(a assumption) string {
	name := s.nameOf(a.task)
	if l, ok := s.m.learned[a.task]; ok && a.what == fromOthers {
		return fmt.Sprintf(assumptions[a.what], name, duration(l.took), countOf(l.runs, "other run"))
	}
	return fmt.Sprintf(assumptions[a.what], name)
}

// nameOf is a task, or the caller, in a sentence.
func (s *sim) nameOf(i int) string {
	if i == s.m.caller {
		return "the caller"
	}
	return s.m.told(i)
}

// also is one of the same sort as a sentence before.
func (s *sim) also(a assumption) string {
	name := s.nameOf(a.task)
	if l, ok := s.m.learned[a.task]; ok && a.what == fromOthers {
		return fmt.Sprintf("%s %s, from %d", name, duration(l.took), l.runs)
	}
	return name
}
