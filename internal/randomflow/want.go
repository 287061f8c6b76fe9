package randomflow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// state is what becomes of a step.
type state int

const (
	succeeded state = iota
	failed
	skipped
)

// fate is what becomes of a step, and why.
type fate struct {
	state state
	value Value
	roots []string // tasks whose failure may have it skipped
	text  string   // of the failure, as the group lists it
	task  string   // that failed
}

// want computes what becomes of every step when nothing is canceled.
func (p *plan) want() []fate {
	fates := []fate{{value: In(p.seed)}}
	for i := range p.steps[1:] {
		fates = append(fates, p.fate(i+1, fates))
	}
	return fates
}

func (p *plan) fate(i int, before []fate) fate {
	s := &p.steps[i]
	var in []Value
	var roots []string
	for _, d := range s.deps {
		in = append(in, before[d].value)
		roots = append(roots, before[d].roots...)
	}
	if len(roots) > 0 {
		slices.Sort(roots)
		return fate{state: skipped, roots: slices.Compact(roots)}
	}
	if s.does == fails && !s.covers() {
		return p.failed(i)
	}
	return fate{value: p.value(i, in)}
}

// failed is the fate of a step that fails.
func (p *plan) failed(i int) fate {
	s := &p.steps[i]
	f := fate{state: failed, task: p.label(i), text: p.failure(i, 0)}
	switch s.kind {
	case mapped:
		f.task, f.text = p.part(i, s.at), p.failure(i, s.at)
	case race:
		var all []string
		for k := range s.n {
			all = append(all, p.part(i, k)+": "+p.failure(i, k))
		}
		f.text = strings.Join(all, "; ")
	case nested:
		f.text = "inner: " + f.text
	}
	f.text = f.task + ": " + f.text
	f.roots = []string{f.task}
	return f
}

// label is the name of step i in errors: the second t3 is t3#2.
func (p *plan) label(i int) string { return p.steps[i].name + p.number(i, nil) }

// part is that of a function or an element of step i.
func (p *plan) part(i, k int) string {
	return fmt.Sprintf("%s[%d]%s", p.steps[i].name, k, p.number(i, []kind{mapped, mapOptional, race}))
}

// number counts the steps before that have the name of step i, and one of the kinds.
func (p *plan) number(i int, kinds []kind) string {
	n := 1
	for _, s := range p.steps[:i] {
		if s.name == p.steps[i].name && (kinds == nil || slices.Contains(kinds, s.kind)) {
			n++
		}
	}
	if n == 1 {
		return ""
	}
	return fmt.Sprint("#", n)
}

// value is that of a step which succeeds.
func (p *plan) value(i int, in []Value) Value {
	s := &p.steps[i]
	switch s.kind {
	case mapped:
		var all []Value
		for _, v := range p.list(i, in[0]) {
			all = append(all, value(p.seed, i, v))
		}
		return value(p.seed, i, all...)
	case optional:
		r := asap.Result[Value]{Value: value(p.seed, i, in[0])}
		if s.does == fails {
			r = asap.Result[Value]{Err: fmt.Errorf("%s: %s", p.label(i), p.failure(i, 0))}
		}
		return p.instead(i, r)
	case mapOptional:
		var all []Value
		for k, v := range p.list(i, in[0]) {
			r := asap.Result[Value]{Value: value(p.seed, i, v)}
			if k == s.at && s.does == fails {
				r = asap.Result[Value]{Err: fmt.Errorf("%s: %s", p.part(i, k), p.failure(i, k))}
			}
			all = append(all, p.instead(i, r))
		}
		return value(p.seed, i, all...)
	case leftOut:
		return Value{}
	case do, tolerated:
		return value(p.seed, i, in[0])
	case nested:
		v := value(p.seed, i, in[0])
		if s.settled {
			v.Text = "broken: " + p.failure(i, 1)
			return value(p.seed, i, v)
		}
		return v
	}
	return value(p.seed, i, in...)
}

// exitValue is what the flow's exit carries.
func (p *plan) exitValue(want []fate) Value {
	i := p.culprit
	s := &p.steps[i]
	var in []Value
	for _, d := range s.deps {
		in = append(in, want[d].value)
	}
	switch s.kind {
	case mapped, mapOptional:
		return value(p.seed, i, p.list(i, in[0])[s.at])
	}
	return value(p.seed, i, in...)
}
