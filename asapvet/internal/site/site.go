// Package site has the model of a place where calls wait for each other without need:
// what package waterfall finds, and what the audit orders and draws.
package site

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// Kind is what waits.
type Kind string

const (
	Sequential Kind = "W1" // calls in a row of which some do not need each other
	Barrier    Kind = "W2" // a call after an errgroup's Wait that needs some of its bodies only
)

// Tier says how sure it is that the calls may run at the same time.
type Tier int

const (
	Declined Tier = iota // something speaks against it: see Site.Why
	Low                  // most such places are not worth it, or a rule of thumb speaks against it
	Likely               // the names say that the calls only read
	High                 // that they only read follows from what they do
)

// String returns the tier's name in flags and reports.
func (t Tier) String() string {
	return [...]string{"declined", "low", "likely", "high"}[t]
}

// ParseTier returns the tier of a name.
func ParseTier(s string) (Tier, error) {
	for t := Declined; t <= High; t++ {
		if strings.EqualFold(s, t.String()) {
			return t, nil
		}
	}
	return 0, fmt.Errorf("no tier %q; there are high, likely, low", s)
}

// Call is one of the calls of a site, in the order of the source.
type Call struct {
	Name  string    // the method or function: GetUser
	Pos   token.Pos // of the call expression
	End   token.Pos
	Line  int
	Needs []int  // indices of the calls whose results it uses, ascending
	Level int    // 1 for a call that needs none, else one more than the highest of those
	Tier  Tier   // how well it is known that it reads
	Why   string // what that is based on
	Uses  []Use  // one for each of Needs
}

// Use says where a call uses the result of another.
type Use struct {
	Call int    // index of that other
	Text string // what of it: user.ID
	Line int
}

// Site is a place: a run of calls in one list of statements.
type Site struct {
	Kind   Kind
	Pos    token.Pos // of the first call's statement
	File   string
	Line   int
	Func   string // the function's name, without its receiver
	Recv   string // the name of its receiver's type, if it has one
	Tier   Tier
	Why    []string // why it is not of a higher tier
	Calls  []Call
	Levels [2]int // how many calls come one after the other, before and after
	Fix    *Fix   // nil when there is none
	NoFix  string // why there is none
}

// Fix is the rewritten source of a site.
type Fix struct {
	Message string
	Edits   []Edit
}

// Edit replaces the bytes from Pos to End.
type Edit struct {
	Pos, End token.Pos
	Text     []byte
}

// Independent returns the names of two calls of which the second does not need the
// first, the earliest such pair; it is false when each needs the one before.
func (s *Site) Independent() (first, second string, ok bool) {
	for j := range s.Calls {
		for i := range j {
			if !s.reaches(j, i) {
				return s.Calls[i].Name, s.Calls[j].Name, true
			}
		}
	}
	return "", "", false
}

// reaches reports whether call j needs call i, directly or not.
func (s *Site) reaches(j, i int) bool {
	for _, n := range s.Calls[j].Needs {
		if n == i || s.reaches(n, i) {
			return true
		}
	}
	return false
}

// AtOnce returns how many calls can start at once: those of the first level.
func (s *Site) AtOnce() int {
	n := 0
	for _, c := range s.Calls {
		if c.Level == 1 {
			n++
		}
	}
	return n
}

// Message is what is reported at the site.
func (s *Site) Message() string {
	if s.Kind == Barrier {
		last := s.Calls[len(s.Calls)-1]
		var all, needs []string
		for i, c := range s.Calls[:len(s.Calls)-1] {
			all = append(all, c.Name)
			if slices.Contains(last.Needs, i) {
				needs = append(needs, c.Name)
			}
		}
		return fmt.Sprintf("%s needs %s only, and waits for %s", last.Name, strings.Join(needs, ", "), strings.Join(all, ", "))
	}
	first, second, _ := s.Independent()
	return fmt.Sprintf("%s does not need %s: %d of %d calls can start at once (levels %d → %d)",
		second, first, s.AtOnce(), len(s.Calls), s.Levels[0], s.Levels[1])
}

// Level fills in the levels of calls whose Needs are known.
func (s *Site) Level() {
	s.Levels = [2]int{len(s.Calls), 0}
	for j := range s.Calls {
		c := &s.Calls[j]
		c.Level = 1
		for _, n := range c.Needs {
			c.Level = max(c.Level, s.Calls[n].Level+1)
		}
		s.Levels[1] = max(s.Levels[1], c.Level)
	}
}

// Explain says what call c of s depends on.
func (c *Call) Explain(s *Site) string {
	if len(c.Needs) == 0 {
		return c.Name + " needs nothing of the others"
	}
	var b strings.Builder
	b.WriteString(c.Name + " needs ")
	for i, n := range c.Needs {
		if i > 0 {
			b.WriteString(" and ")
		}
		b.WriteString(s.Calls[n].Name)
		if i < len(c.Uses) && c.Uses[i].Text != "" {
			fmt.Fprintf(&b, " (%s, line %d)", c.Uses[i].Text, c.Uses[i].Line)
		}
	}
	return b.String()
}
