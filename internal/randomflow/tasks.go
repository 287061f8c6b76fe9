package randomflow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// Ended is how a task ended.
type Ended struct {
	Outcome asap.Outcome
	Err     error // nil if the engine does not say
}

// expect is what must become of a task: one of the outcomes, any if there is
// none. Whatever its outcome, a skipped task names one of the roots.
type expect struct {
	name     string
	outcomes []asap.Outcome
	roots    []string
	exit     bool // it is skipped because of the exit
	either   bool // or because of a failure before
}

// CheckTasks says what is wrong with the ends of the tasks, by their unique
// names, nil if they are as they must be on any engine. Of tasks whose end
// depends on what is faster nothing is asked but that they have ended. With
// bodies only, it asks for none that has no body of its own.
func (c *Case) CheckTasks(got map[string]Ended, bodies bool) error {
	names := make(map[string]int)
	for _, e := range c.expected() {
		names[e.name]++
		name := e.name
		if n := names[name]; n > 1 {
			name = fmt.Sprint(name, "#", n)
		}
		end, ok := got[name]
		if !ok {
			if bodies || len(e.outcomes) == 0 && strings.Contains(name, "[") { // of a Map that was skipped
				continue
			}
			return fmt.Errorf("flow %s: task %s is missing", c.plan.name(), name)
		}
		if err := e.check(end); err != nil {
			return fmt.Errorf("flow %s: task %s %w", c.plan.name(), name, err)
		}
	}
	return nil
}

func (e *expect) check(end Ended) error {
	if len(e.outcomes) > 0 && !slices.Contains(e.outcomes, end.Outcome) {
		return fmt.Errorf("has ended as %s with %v, want %v", end.Outcome, end.Err, e.outcomes)
	}
	if end.Outcome != asap.Skipped || end.Err == nil || len(e.outcomes) == 0 {
		return nil
	}
	if e.either && errors.Is(end.Err, asap.ErrSkipped) {
		return nil
	}
	if !errors.Is(end.Err, asap.ErrSkipped) || errors.Is(end.Err, asap.ErrExited) != e.exit {
		return fmt.Errorf("is skipped with %w, want ErrSkipped, with ErrExited: %t", end.Err, e.exit)
	}
	if te, ok := errors.AsType[*asap.TaskError](end.Err); len(e.roots) > 0 && (!ok || !slices.Contains(e.roots, te.Task)) {
		return fmt.Errorf("is skipped with %w, want one of %q as the cause", end.Err, e.roots)
	}
	return nil
}

// expected lists the tasks in order of declaration.
func (c *Case) expected() []expect {
	p := c.plan
	fixed := p.fixed()
	var all []expect
	for i := range p.steps {
		for _, e := range p.tasks(i, c.want) {
			if p.culprit > 0 && !fixed[i] {
				e.outcomes = nil
			}
			if p.exits && slices.Contains(e.outcomes, asap.Skipped) {
				e.exit, e.roots = true, nil
			}
			all = append(all, e)
		}
	}
	last := c.plan.last(c.want)
	for _, name := range []string{"last", "result"} {
		e := expect{name: name, outcomes: []asap.Outcome{asap.Succeeded}}
		switch {
		case p.exits:
			e.outcomes, e.exit, e.either = []asap.Outcome{asap.Skipped}, true, p.settled
		case last.state == skipped:
			e.outcomes, e.roots = []asap.Outcome{asap.Skipped}, last.roots
		}
		all = append(all, e)
	}
	return all
}

// fixed tells which steps end the same way whatever is faster, when one step
// ends the group: what it needs, it, and what needs it.
func (p *plan) fixed() []bool {
	fixed := make([]bool, len(p.steps))
	if p.culprit == 0 {
		return fixed
	}
	fixed[p.culprit] = true
	for i := range slices.Backward(p.steps[:p.culprit+1]) {
		if fixed[i] {
			for _, d := range p.steps[i].deps {
				fixed[d] = true
			}
		}
	}
	for i, after := range p.after() {
		if i != p.culprit && after {
			// In a settled flow it may be skipped because of a failure before.
			fixed[i] = !p.exits || !p.settled
		}
	}
	return fixed
}

// after tells which steps are the culprit or need it.
func (p *plan) after() []bool {
	after := make([]bool, len(p.steps))
	if p.culprit > 0 {
		after[p.culprit] = true
	}
	for i := range p.steps {
		for _, d := range p.steps[i].deps {
			after[i] = after[i] || after[d]
		}
	}
	return after
}

// tasks are those of a step.
func (p *plan) tasks(i int, want []fate) []expect {
	s, f := &p.steps[i], want[i]
	own := func(name string, o asap.Outcome) expect {
		return expect{name: name, outcomes: []asap.Outcome{o}, roots: f.roots}
	}
	state := asap.Succeeded
	if f.state == skipped || p.exits && i != p.culprit && p.after()[i] {
		state = asap.Skipped
	}
	after, first := state, state // of what comes behind the body, and of the body
	switch {
	case state == asap.Skipped:
	case s.does == exits:
		first, after = asap.Exited, asap.Skipped
	case f.state == failed:
		first, after = asap.Failed, asap.Skipped
	}
	switch s.kind {
	case gather:
		return []expect{own(s.name, state), own(s.name+".sum", first)}
	case optional:
		if s.does == fails && first == asap.Succeeded {
			first = asap.Tolerated
		}
		return []expect{own(s.name, first), own(s.name+".or", after)}
	case do:
		return []expect{own(s.name, first), own(s.name+".and", after)}
	case leftOut:
		if first == asap.Succeeded {
			first = asap.LeftOut
		}
		return []expect{own(s.name, first)}
	case tolerated:
		if first == asap.Succeeded {
			first = asap.Tolerated
		}
		return []expect{own(s.name, first), own(s.name+".after", after)}
	case race:
		all := []expect{own(s.name, first)}
		if s.does == exits {
			all[0].outcomes = nil // its function exits
		}
		for k := range s.n {
			all = append(all, expect{name: fmt.Sprintf("%s[%d]", s.name, k)})
		}
		return all
	case mapped, mapOptional:
		if s.kind == mapOptional && s.does == fails && first == asap.Succeeded {
			first = asap.Tolerated
		}
		all := []expect{own(s.name+".list", state), own(s.name, after), own(s.name+".sum", after)}
		for k := range s.n {
			e := own(fmt.Sprintf("%s[%d]", s.name, k), first)
			switch {
			case state == asap.Skipped:
				continue // there are none
			case k != s.at && s.does == exits || k != s.at && s.does == fails && !p.settled && !s.covers():
				e.outcomes = nil
			case k != s.at:
				e.outcomes[0] = asap.Succeeded
			}
			all = append(all, e)
		}
		return all
	}
	return []expect{own(s.name, first)}
}
