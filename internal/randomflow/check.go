package randomflow

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// Case is a random flow and what must come of it.
type Case struct {
	Flow *flow.Flow[Value, Value]
	In   Value
	// Tasks is how many tasks it declares at most, Kind says in words what it is.
	Tasks int
	Kind  string

	plan *plan
	want []fate
}

// New returns the flow of a seed. It may be used any number of times, also at
// the same time.
func New(seed uint64) *Case {
	p := draw(seed)
	c := &Case{Flow: p.flow(), In: In(seed), plan: p, want: p.want(), Tasks: 2}
	for i := range p.steps {
		c.Tasks += p.steps[i].tasks()
	}
	c.Kind = "fail-fast"
	if p.settled {
		c.Kind = "settled"
	}
	switch n := len(c.failures()); {
	case p.exits:
		c.Kind += ", exits"
	case n > 0:
		c.Kind += ", fails"
	}
	return c
}

// In is the input of the flow of a seed.
func In(seed uint64) Value { return Value{N: seed, Text: text(seed)} }

// failures are the texts of those that the group lists, in order of declaration.
func (c *Case) failures() []string {
	var texts []string
	for _, f := range c.want {
		if f.state == failed {
			texts = append(texts, f.text)
		}
	}
	return texts
}

// Check says what is wrong with the value and the error of a run, nil if they
// are as they must be, on any engine.
func (c *Case) Check(out Value, err error) error {
	p := c.plan
	last := p.last(c.want)
	texts := c.failures()
	switch {
	case p.exits && p.other:
		if !errors.Is(err, asap.ErrExited) || err.Error() != asap.ErrExited.Error() || !reflect.DeepEqual(out, Value{}) {
			return fmt.Errorf("flow %s gives %v, %v, want ErrExited", p.name(), out, err)
		}
	case p.exits:
		if want := p.exitValue(c.want); err != nil || !reflect.DeepEqual(out, want) {
			return fmt.Errorf("flow %s gives %+v, %v, want its exit's %+v", p.name(), out, err, want)
		}
	case !reflect.DeepEqual(out, last.value):
		return fmt.Errorf("flow %s gives the value %+v, %v, want %+v", p.name(), out, err, last.value)
	case len(texts) == 0:
		if err != nil {
			return fmt.Errorf("flow %s gives the error %w, want none", p.name(), err)
		}
	default:
		return c.checkError(err, texts)
	}
	return nil
}

// last is the fate of the task of the result.
func (p *plan) last(want []fate) fate {
	var f fate
	var in []Value
	for _, i := range p.result {
		in = append(in, want[i].value)
		f.roots = append(f.roots, want[i].roots...)
	}
	if len(f.roots) > 0 {
		f.state = skipped
		return f
	}
	f.value = value(p.seed, len(p.steps), in...)
	return f
}

// checkError wants the failures, in any order.
func (c *Case) checkError(err error, texts []string) error {
	ge, ok := errors.AsType[*asap.GroupError](err)
	if !ok {
		return fmt.Errorf("flow %s gives the error %v, want a *GroupError", c.plan.name(), err)
	}
	var got []string
	for i, f := range ge.Failures {
		if i > 0 && !c.plan.settled && strings.HasPrefix(f.Task, "race") {
			continue // a Race of which some functions had failed when the group ended
		}
		got = append(got, f.Error())
	}
	want := got[0]
	if n := len(ge.Failures) - len(got); n > 0 {
		want += fmt.Sprintf(" (and %d more after it)", n)
	}
	if len(got) > 1 {
		want = fmt.Sprintf("group %s: %d tasks failed: %s", c.plan.name(), len(got), strings.Join(got, "; "))
	}
	if err.Error() != want {
		return fmt.Errorf("flow %s gives the error %q, want %q", c.plan.name(), err, want)
	}
	slices.Sort(got)
	texts = slices.Sorted(slices.Values(texts))
	if !slices.Equal(got, texts) {
		return fmt.Errorf("flow %s fails with\n%q, want\n%q", c.plan.name(), got, texts)
	}
	if te, ok := errors.AsType[*asap.TaskError](err); !ok || te.Task != ge.Failures[0].Task {
		return fmt.Errorf("flow %s: errors.As finds %v in the error, want that of task %s", c.plan.name(), te, ge.Failures[0].Task)
	}
	if len(ge.Failures) == len(got) && errors.Is(err, asap.ErrSkipped) || errors.Is(err, asap.ErrExited) { // of later failures, a Race's has what became of its other functions
		return fmt.Errorf("flow %s: errors.Is finds ErrSkipped or ErrExited in %w", c.plan.name(), err)
	}
	return nil
}
