package stress_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
)

// checker looks at a run for what holds in any case, whatever came first.
type checker struct {
	*run
	problems []string
}

func (r *run) invariants() []string {
	c := &checker{run: r}
	c.bodies()
	for id, h := range r.handles {
		if h != nil {
			c.task(r.g.tasks[id], h)
		}
	}
	for id := range r.groups {
		c.group(id)
		c.undone(id)
	}
	c.awaits()
	c.limit()
	if r.watcher != nil {
		c.problems = append(c.problems, r.watcher.check(r)...)
	}
	return c.problems
}

func (c *checker) bad(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) bodies() {
	for i := range c.recs {
		if n := c.recs[i].started; n > 1 {
			c.bad("script s%d ran %d times (R2)", i, n)
		}
	}
	if n := c.after.Load(); n != 0 {
		c.bad("%d bodies ran when Wait or Stop of the outermost group returned (R18)", n)
	}
}

// outcome is the digest of a task that succeeded, or its error.
func (c *checker) outcome(t *task) (v uint64, err error, ended bool) {
	defer func() {
		if p := recover(); p != nil {
			c.bad("task %s: %v", t.name(), p)
		}
	}()
	v, err = c.result(c.handles[t.id])
	return v, err, true
}

func (c *checker) ran(t *task) bool {
	return len(t.scripts) > 0 && c.recs[t.scripts[0].id].started > 0
}

func (c *checker) task(t *task, h any) {
	v, err, ended := c.outcome(t)
	if !ended {
		return
	}
	text := canon(err, false)
	if strings.Contains(text, "?") {
		c.bad("task %s: unknown error %q", t.name(), err)
	}
	own := t.kind <= kOptional
	if t.leftOut && c.ran(t) {
		c.bad("task %s: ran, though it is left out (R37)", t.name())
	}
	skipped := text[0] == 'S'
	if own && !t.leftOut && skipped == c.ran(t) && (t.within == 0 || c.ran(t)) {
		c.bad("task %s: ran %v, error %v (R13)", t.name(), c.ran(t), err)
	}
	if err != nil && !strings.Contains("TSXP", text[:1]) {
		c.bad("task %s: error %s", t.name(), text)
	}
	if text[0] == 'S' {
		c.root(t, err)
	}
	if own && c.ran(t) || !own && err == nil {
		for _, e := range t.edges() {
			if _, err, _ := c.outcome(e.on); err != nil && e.must {
				c.bad("task %s ran though %s did not succeed: %v (R13)", t.name(), e.on.name(), err)
			}
		}
	}
	if own && c.ran(t) {
		c.started(t)
	}
	if err == nil {
		c.value(t, v)
	}
}

// root checks that a skipped task names who is guilty.
func (c *checker) root(t *task, err error) {
	if !errors.Is(err, asap.ErrSkipped) {
		c.bad("task %s: %v is not ErrSkipped (R13)", t.name(), err)
	}
	te, ok := errors.AsType[*asap.TaskError](err)
	if !ok {
		return
	}
	for id, h := range c.handles {
		if h == nil {
			continue
		}
		other := c.g.tasks[id]
		switch _, oerr, _ := c.outcome(other); {
		case other.name() == te.Task && oerr != error(te):
			c.bad("task %s: skipped by %p %v, but that task has %p %v", t.name(), te, te, oerr, oerr)
		case other == t && te.Task == t.name():
			c.bad("task %s: guilty of its own skip: %v", t.name(), err)
		}
	}
}

// started checks what the body got, and when.
func (c *checker) started(t *task) {
	s := t.scripts[0]
	reads := t.reads()
	vals := make([]uint64, len(reads))
	for i, d := range reads {
		vals[i], _, _ = c.outcome(d)
	}
	latest, known := c.at[t.id], true
	for _, e := range t.edges() {
		at, ok := c.end(e.on)
		latest, known = max(latest, at), known && ok
	}
	if want := foldDeps(len(vals), func(i int) uint64 { return vals[i] }); c.ins[s.id] != want {
		c.bad("task %s: body got %x, want %x", t.name(), c.ins[s.id], want)
	}
	if got := c.recs[s.id].notes[0].at; known && !c.g.limited && got != latest {
		c.bad("task %s: started at %d, want %d (R5)", t.name(), got, latest)
	}
}

// end is when t ended, if that is known.
func (c *checker) end(t *task) (at time.Duration, known bool) {
	if t.kind == kRace {
		return 0, false
	}
	at = c.at[t.id]
	for _, s := range t.scripts {
		if t.leftOut {
			break
		}
		notes := c.recs[s.id].notes
		if len(notes) == 0 || notes[len(notes)-1].what != "end" {
			return 0, false
		}
		at = max(at, notes[len(notes)-1].at)
	}
	if t.inline() || t.leftOut {
		if _, err, _ := c.outcome(t); err != nil { // before all of them have ended
			return 0, false
		}
		for _, d := range t.edges() {
			e, ok := c.end(d.on)
			if !ok {
				return 0, false
			}
			at = max(at, e)
		}
	}
	return at, true
}

func (c *checker) value(t *task, v uint64) {
	want := v
	switch t.kind {
	case kGo, kOptional, kMap, kMapOptional:
		if t.leftOut {
			want = t.zero()
		}
	case kInput:
		want = inputValue(t)
	case kDo:
		want = 1
	case kGather:
		vals := make([]uint64, len(t.deps))
		for i, d := range t.deps {
			vals[i], _, _ = c.outcome(d)
		}
		want = fold(vals)
	}
	if v != want {
		c.bad("task %s: value %x, want %x", t.name(), v, want)
	}
}

// group checks what Wait returned and raised.
func (c *checker) group(id int) {
	if n := c.raises[id].Load(); n > 1 {
		c.bad("group g%d: panic raised %d times (R15)", id, n)
	}
	ge, ok := c.errs[id].(*asap.GroupError)
	if !ok {
		return
	}
	var last time.Duration
	for i, te := range ge.Failures {
		t, s := c.find(te.Task)
		if t == nil || t.scope != id {
			c.bad("group g%d: failure of unknown task %s", id, te.Task)
			continue
		}
		if t.mayFail {
			c.bad("group g%d: lists %v of a task that may fail (R37)", id, te)
		}
		if te.Task == t.name() && c.handles[t.id] != nil {
			if _, err, _ := c.outcome(t); err != error(te) {
				c.bad("group g%d: lists %v of a task that ended with %v", id, te, err)
			}
		}
		for k, other := range ge.Failures {
			if k != i && onlyWraps(te.Err, other) {
				c.bad("group g%d: lists %v beside its root (R12)", id, te)
			}
			if k < i && other.Task == te.Task {
				c.bad("group g%d: lists task %s twice", id, te.Task)
			}
		}
		if s == nil {
			continue
		}
		if notes := c.recs[s.id].notes; len(notes) > 0 {
			if at := notes[len(notes)-1].at; at < last {
				c.bad("group g%d: failure of %s at %d is listed after one at %d (R12)", id, te.Task, at, last)
			} else {
				last = at
			}
		}
	}
}

// onlyWraps reports whether other is all that err wraps: those of groups and Races may
// have other parts.
func onlyWraps(err error, other *asap.TaskError) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err == error(other) {
			return true
		}
	}
	return false
}

// find returns the task of a label, and the script if there is just one.
func (c *checker) find(label string) (*task, *script) {
	for _, t := range c.g.tasks {
		if t.name() == label {
			if len(t.scripts) == 1 && t.kind <= kOptional {
				return t, t.scripts[0]
			}
			return t, nil
		}
		if t.mapped() || t.kind == kRace {
			for i, s := range t.scripts {
				if t.element(i) == label {
					return t, s
				}
			}
		}
	}
	return nil, nil
}

// awaits checks that whoever awaited a task saw what became of it.
func (c *checker) awaits() {
	for i := range c.recs {
		for _, n := range c.recs[i].notes {
			if n.path != nil {
				c.cycle(i, n.path)
			}
			rest, ok := strings.CutPrefix(n.what, "await ")
			name, what, _ := strings.Cut(rest, " ")
			if !ok || what == "undeclared" || what[0] == 'A' || what[0] == 'C' {
				continue
			}
			t, _ := c.find(name)
			v, err, _ := c.outcome(t)
			want := "= " + fmt.Sprintf("%x", v)
			if err != nil {
				want = canon(err, c.g.limited)
			}
			if what != want {
				c.bad("script s%d: await %s gave %s, want %s (R6)", i, name, what, want)
			}
		}
	}
}

// cycle checks that a path could be one, by what the tasks may wait for at all.
func (c *checker) cycle(script int, path []string) {
	waiter := c.g.waiter(script)
	if !leads(path, waiter, c.g.mayWait()) {
		c.bad("script s%d: cycle %v, want one of %s", script, path, waiter)
	}
}

func (g *graph) mayWait() map[string][]string {
	may := make(map[string][]string)
	label := func(t *task, i int) string {
		if t.mapped() || t.kind == kRace {
			return t.element(i)
		}
		return t.name()
	}
	inside := make([][]string, len(g.scopes)) // labels in a scope, nested ones included
	for k := len(g.scopes) - 1; k >= 0; k-- {
		for _, t := range g.tasks {
			if t.scope != k {
				continue
			}
			inside[k] = append(inside[k], t.name())
			for i, s := range t.scripts {
				inside[k] = append(inside[k], label(t, i))
				for _, sc := range g.scopes {
					if slices.Contains(s.with(), sc.owner) {
						inside[k] = append(inside[k], inside[sc.id]...)
					}
				}
			}
		}
	}
	for _, t := range g.tasks {
		for _, e := range t.edges() {
			may[t.name()] = append(may[t.name()], e.on.name())
		}
		for i, s := range t.scripts {
			l := label(t, i)
			if l != t.name() {
				may[t.name()] = append(may[t.name()], l)
			}
			for _, s := range s.with() {
				for _, st := range s.steps {
					if st.op == opAwait {
						may[l] = append(may[l], st.task.name())
					}
				}
			}
			for _, sc := range g.scopes {
				if slices.Contains(s.with(), sc.owner) {
					may[l] = append(may[l], inside[sc.id]...)
				}
			}
		}
	}
	return may
}

// limit checks that no more bodies ran than may, in a graph where nothing was
// canceled and every goroutine of a body is its only one.
func (c *checker) limit() {
	limit := c.g.scopes[0].limit
	if limit == 0 || int(c.most.Load()) <= limit {
		return
	}
	for _, t := range c.g.tasks {
		if t.kind == kRace {
			return
		}
	}
	for _, s := range c.g.scripts {
		if slices.ContainsFunc(s.steps, func(st step) bool {
			// After a Stop bodies go on without slots, and the group may succeed all the same.
			return st.op == opFork || st.op == opLeave || st.op == opStop
		}) {
			return
		}
	}
	for _, sc := range c.g.scopes {
		o := c.groups[sc.id]
		if o == nil {
			continue
		}
		if _, exited := o.exit.Value(); exited || !c.waited[sc.id] || sc.ctx == ctxForeign || sc.ctx == ctxTimeout {
			return
		}
	}
	c.bad("%d bodies ran at the same time, want at most %d (R21)", c.most.Load(), limit)
}
