package randomflow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/texts"
)

// Drive does to a run what the script says, at its instants. It blocks until the last.
func (c *Timed) Drive(ctx context.Context, r *flow.Running[Value]) error {
	began := time.Now()
	for _, a := range sorted(c.Script) {
		time.Sleep(time.Until(began.Add(a.At)))
		if a.Signal == "" {
			if err := r.Cancel(ctx, a.Cause); err != nil {
				return fmt.Errorf("flow %s: Cancel after %v: %w", c.plan.name(), a.At, err)
			}
			continue
		}
		switch err := r.Signal(ctx, a.Signal, a.Value); {
		case err != nil && !errors.Is(err, flow.ErrEnded), err != nil && a.At < c.End(), err == nil && a.At > c.End():
			return fmt.Errorf("flow %s: Signal of %s after %v: %v; the run ends after %v", c.plan.name(), a.Signal, a.At, err, c.End())
		}
	}
	return nil
}

func sorted(acts []Act) []Act {
	return slices.SortedStableFunc(slices.Values(acts), func(a, b Act) int { return int(a.At - b.At) })
}

// Check says what is wrong with what came of a run, nil if nothing is. Elsewhere says
// that bodies ran on an engine, where a panic of an undo is its error. It leaves open
//
//   - the order of failures and of running bodies that a cancel ends at one instant
//   - the order of undos whose values were there at one instant, of tasks of which none
//     waits for the other.
func (c *Timed) Check(out Value, err error, elsewhere bool) error {
	if fails := c.check(out, err, elsewhere); fails != nil {
		return fmt.Errorf("flow %s (%s): %w", c.plan.name(), c.Kind, fails)
	}
	return nil
}

func (c *Timed) check(out Value, err error, elsewhere bool) error {
	f := c.want
	if err := c.CheckUndone(len(c.Undone())); err != nil {
		return err
	}
	if i := slices.IndexFunc(f.undos, func(u undone) bool { return u.plan.panics }); i >= 0 && !elsewhere {
		if pe, ok := errors.AsType[*asap.PanicError](err); !ok || !slices.ContainsFunc(f.undos, func(u undone) bool {
			return u.plan.panics && strings.HasSuffix(u.text, fmt.Sprint(pe.Value)) && pe.Task == u.k.label
		}) {
			return fmt.Errorf("gives the error %w, want the panic of %s", err, f.undos[i].text)
		}
		return nil
	}
	if !reflect.DeepEqual(out, f.value) {
		return fmt.Errorf("gives the value %+v, %w, want %+v", out, err, f.value)
	}
	undos := c.undoTexts()
	switch {
	case f.skipped != "":
		if err == nil || err.Error() != f.skipped {
			return fmt.Errorf("gives the error %w, want %q", err, f.skipped)
		}
		return nil
	case len(f.failures)+len(undos) == 0 && !f.outside:
		if err != nil {
			return fmt.Errorf("gives the error %w, want none", err)
		}
		return nil
	}
	return c.checkGroup(err, undos, elsewhere)
}

// CheckUndone checks the undos alone, the first n that were called.
func (c *Timed) CheckUndone(n int) error {
	var want []string
	for _, u := range c.want.undos {
		want = append(want, u.note)
	}
	got := c.Undone()
	if got = got[:min(n, len(got))]; !c.sameUndos(got, want) {
		return fmt.Errorf("undoes\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return nil
}

// Undos is how many undos must be called.
func (c *Timed) Undos() int { return len(c.want.undos) }

// sameUndos compares the order as far as there is one.
func (c *Timed) sameUndos(got, want []string) bool {
	all := c.want.undos
	if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		return false
	}
	for i := range all {
		for j := range all[i+1:] {
			a, b := all[i], all[i+1+j]
			if a.at == b.at && a.k != b.k && !a.k.depends(b.k) {
				continue
			}
			if slices.Index(got, a.note) > slices.Index(got, b.note) {
				return false
			}
		}
	}
	return true
}

// undoTexts are the failures of undos in the order in which these were called.
func (c *Timed) undoTexts() (failures []string) {
	done := c.Undone()
	for _, note := range done[:min(len(done), len(c.want.undos))] {
		for _, u := range c.want.undos {
			if u.note == note && u.text != "" {
				failures = append(failures, u.text)
			}
		}
	}
	return failures
}

// checkGroup checks a *GroupError: each of its parts, and its text.
func (c *Timed) checkGroup(err error, undos []string, elsewhere bool) error {
	f := c.want
	ge, ok := errors.AsType[*asap.GroupError](err)
	if _, isIt := err.(*asap.GroupError); !ok || !elsewhere && !isIt {
		return fmt.Errorf("gives the error %w, want a *GroupError", err)
	}
	var failures []string
	for _, e := range ge.Failures {
		text, _, _ := strings.Cut(e.Error(), "\n\n") // the stack of a panic
		failures = append(failures, text)
	}
	n := max(len(failures)-len(undos), 0)
	if !sameInTime(failures[:n], f.failures) || !slices.Equal(failures[n:], undos) {
		return fmt.Errorf("fails with %q, want %v and %q", failures, f.failures, undos)
	}
	if !sameInTime(ge.Running, f.running) && f.outside {
		return fmt.Errorf("was running %q, want %v", ge.Running, f.running)
	}
	g := texts.Group{Name: c.plan.name(), Before: failures[:n-f.later], Later: f.later, Undos: undos}
	if f.outside {
		g.Outside, g.Cause, g.Running = true, f.cause.Error(), ge.Running
	}
	if got := withoutStacks(err.Error()); got != g.String() {
		return fmt.Errorf("gives the error %q, want %q", got, g)
	}
	switch {
	case f.outside != (ge.Cause != nil):
		return fmt.Errorf("has the cause %v, want one: %t", ge.Cause, f.outside)
	case f.outside && (ge.Cause.Error() != f.cause.Error() || !errors.Is(err, context.Canceled)):
		return fmt.Errorf("has the cause %w, want %w, and context.Canceled: %t", ge.Cause, f.cause, errors.Is(err, context.Canceled))
	case f.outside && !elsewhere && f.cause == errCancel && !errors.Is(err, errCancel):
		return fmt.Errorf("errors.Is does not find the cause in %w", err)
	}
	return nil
}

// withoutStacks cuts the stacks of panics of undos.
func withoutStacks(text string) string {
	parts := strings.Split(text, "\n\n")
	for i, p := range parts[1:] {
		_, rest, _ := strings.Cut(p, "; ") // behind the stack
		if parts[i+1] = ""; rest != "" {
			parts[i+1] = "; " + rest
		}
	}
	return strings.Join(parts, "")
}

// sameInTime compares what happened, in any order at one instant.
func sameInTime(got []string, want []happened) bool {
	if len(got) != len(want) {
		return false
	}
	for len(want) > 0 {
		n := 1
		for n < len(want) && want[n].at == want[0].at {
			n++
		}
		var texts []string
		for _, h := range want[:n] {
			texts = append(texts, h.text)
		}
		if !slices.Equal(slices.Sorted(slices.Values(got[:n])), slices.Sorted(slices.Values(texts))) {
			return false
		}
		got, want = got[n:], want[n:]
	}
	return true
}

// CheckTasks says what is wrong with the ends of the tasks, by their unique names.
func (c *Timed) CheckTasks(got map[string]Ended) error {
	for _, k := range c.want.knots {
		for _, k := range append(k.parts[:len(k.parts):len(k.parts)], k) {
			end, ok := got[k.label]
			if k.whole != nil && (!ok || c.plan.pace.Sleeps || k.open) || k.open {
				continue
			}
			if !ok || end.Outcome != k.outcome {
				return fmt.Errorf("flow %s (%s): task %s has ended as %s with %v, want %s", c.plan.name(), c.Kind, k.label, end.Outcome, end.Err, k.outcome)
			}
		}
	}
	return nil
}

// KeepUndone forgets the undos behind those that must be called: for who runs bodies again.
func (c *Timed) KeepUndone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undone = c.undone[:min(len(c.undone), len(c.want.undos))]
}
