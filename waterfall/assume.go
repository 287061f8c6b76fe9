package waterfall

import (
	"cmp"
	"fmt"
	"slices"
)

// assumption is something that a prediction rests on and the record does not tell.
type assumption struct {
	what assumed
	task int
}

type assumed uint8

const (
	runsOn    assumed = iota // until its context ends, as it did
	wentWell                 // it goes on where the error of a wait had ended it
	neverRan                 // it takes what others take
	hears                    // it returns when its context ends
	deafToo                  // it does not, as others did not
	passesOn                 // it returns the error of a wait
	endsAlike                // with its context, as after the end of that
	ties                     // of what is ready at one instant, the first to be declared comes first
)

var assumptions = [...]string{
	runsOn:    "%s, whose context had ended, takes as long again as it had run, or as others take",
	wentWell:  "%s, which a failed wait had ended, takes as long again as it had run, or as others take",
	neverRan:  "%s, whose body never ran, takes as long as others",
	hears:     "%s returns when its context ends",
	deafToo:   "%s does not look at its context, as others do not",
	passesOn:  "%s returns the error of what it waits for",
	endsAlike: "%s ends within its context as it did after the end of that",
	ties:      "%s was ready for a slot in the same instant as another, and the order is as it was then or as they were declared",
}

func (s *sim) note(what assumed, i int) {
	if i != s.m.caller {
		s.notes[assumption{what, i}] = true
	}
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
		var names []string
		for n < len(all) && all[n].what == all[0].what {
			names = append(names, plain(s.m.path(all[n].task)))
			n++
		}
		line := fmt.Sprintf(assumptions[all[0].what], names[0])
		if n > 1 {
			more := names[1:min(n, maxAssumed)]
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
