package asapweb

import (
	"cmp"
	"html/template"
	"slices"
	"time"

	"github.com/asap-go/asap/internal/look"
)

// verdict is what somebody who was called at night reads first.
type verdict struct {
	Level    level
	Word     string
	Since    string
	Fine     string // what is said if there is no problem
	Problems []problem
	More     int
	Notes    []string // what is no problem, and worth a sentence
}

type level int

const (
	green level = iota
	degraded
	red
)

func (l level) String() string { return [...]string{"green", "degraded", "red"}[l] }

// problem is one thing that is not as it should be.
type problem struct {
	Level level
	Group string // as it is shown, and what leads to it
	Query template.URL
	Text  string // what is wrong, up to the task that it is about
	Task  string // or empty
	Rest  string // after it
	Since time.Time
	When  string

	name    string
	hangs   bool
	slower  bool // it is about how long runs take
	earlier bool // it began before Since, which is as far as one can see
}

const maxProblems = 8

// state is what the page found out about all names that it shows.
type state struct {
	problems []problem
	notes    []string
	compared bool // there is a name with something to be compared with
	seen     bool // there is a name
}

func (s *state) verdict() verdict {
	slices.SortStableFunc(s.problems, func(a, b problem) int { return cmp.Compare(b.Level, a.Level) })
	v := verdict{Word: "Green", Notes: unbroken(s.notes[:min(len(s.notes), maxProblems)])}
	switch {
	case !s.seen:
		v.Fine = "no group is stuck, and none has ended yet"
	case !s.compared:
		v.Fine = "no group is stuck; too few have ended to say whether more fail or take longer"
	default:
		v.Fine = "no group is stuck, and none fails more or takes longer than before"
	}
	var first *problem
	slow := true
	for i := range s.problems {
		p := &s.problems[i]
		v.Level = max(v.Level, p.Level)
		p.Text, p.Rest = look.Unbroken(p.Text), unbrokenAfter(p.Rest)
		slow = slow && p.slower
		if p.When = clockOfDay(p.Since); p.earlier {
			p.When = "before " + p.When
		}
		if p.Level == v.Level && (first == nil || p.Since.Before(first.Since)) {
			first = p
		}
	}
	switch {
	case v.Level == red:
		v.Word = "Red"
	case v.Level == degraded && slow:
		v.Word = "Slower"
	case v.Level == degraded:
		v.Word = "Degraded"
	}
	if first != nil {
		v.Since = first.When
	}
	v.Problems = s.problems[:min(len(s.problems), maxProblems)]
	v.More = len(s.problems) - len(v.Problems)
	return v
}

func newProblem(l level, name string) problem {
	return problem{Level: l, name: name, Group: shown(name), Query: groupCrumb(name).Query}
}
