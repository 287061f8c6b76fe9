package asapweb

import (
	"fmt"
	"math"

	"github.com/asap-go/asap/internal/look"
	"github.com/asap-go/asap/waterfall"
)

// alone takes out of the groups that are stuck those of which no other of the name hangs, and
// none has succeeded: nothing says how long they should take, and a program may have a group
// that runs for ever, around its servers. They are no problem, and worth a sentence.
func alone(stuck []waterfall.Stuck) (hang, forever []waterfall.Stuck) {
	for _, s := range stuck {
		if s.Groups == 1 && s.Most.P99 == 0 {
			forever = append(forever, s)
		} else {
			hang = append(hang, s)
		}
	}
	return hang, forever
}

// runOn says of groups that they run, and that none of their names has succeeded.
func (s *state) runOn(forever []waterfall.Stuck) {
	for i := range forever {
		l := &forever[i].Most
		s.notes = append(s.notes, fmt.Sprintf("%s: its one run has been running for %s, and none has succeeded yet", shown(l.Name), look.Duration(l.Age)))
	}
}

// hangs are the problems of groups that are stuck, one for each name.
func hangs(stuck []waterfall.Stuck, running *running) []problem {
	var out []problem
	for _, s := range stuck {
		l := &s.Most
		p := newProblem(red, l.Name)
		p.hangs, p.Since = true, l.Began
		p.Text, p.Rest = "1 run hangs", fmt.Sprintf(" for %s, %s", look.Duration(l.Age), overdue(l))
		if s.Groups > 1 {
			p.Text, p.Rest = fmt.Sprintf("%d runs hang", s.Groups), ", the longest"+p.Rest
		}
		if row := running.stuckOf(l.Name); row != nil && row.Task != "" {
			p.Text, p.Task = p.Text+" on", row.Task
			if row.Queued {
				p.Rest = ", which is in a queue" + p.Rest
			}
		}
		out = append(out, p)
	}
	return out
}

// overdue is how long a group runs, measured against its name's p99.
func overdue(l *waterfall.Live) string {
	if l.P99 == 0 {
		return "no run of the name has succeeded yet"
	}
	if l.Overdue < 1.05 {
		return "p99 " + look.Duration(l.P99)
	}
	return times(l.Overdue) + " × its p99 of " + look.Duration(l.P99)
}

func times(f float64) string {
	if f >= 10 {
		return look.Digits(math.Round(f))
	}
	return look.Digits(math.Round(10*f) / 10)
}

// silence is the problem of a name of which no run ends any more.
func (h *handler) silence(name string) (problem, bool) {
	since, usual, ok := h.stats.Silence(name)
	if !ok {
		return problem{}, false
	}
	p := newProblem(degraded, name)
	p.Since = since
	p.Text = "no run has ended any more, and before the longest pause was " + look.Duration(usual)
	return p, true
}
