package stress_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// oerr is an error of the simulation: its structure, without a text.
type oerr struct {
	kind   byte // T P C S X A E J G L D as in canon, W wrapped by a body, F a body's own, x Exit.With, or a leaf
	name   string
	in     []*oerr
	group  *ogroup // T: whose; x: the exit's
	value  uint64  // x
	listed bool    // T: among the group's failures, or because of one of them, or of the group's end

	cause   *oerr    // G: why the group was ended from outside
	ctx     *oerr    // G: the error of its context then
	ended   []*oerr  // G: of the bodies that ran then
	running []string // G: their names
	may     map[string][]string
}

var (
	oCanceled = &oerr{kind: 'c'}
	oLost     = &oerr{kind: 'l'} // why a function has ended that has not won its Race
	oDeadline = &oerr{kind: 'd'}
	oExited   = &oerr{kind: 'e'}
	oGoexit   = &oerr{kind: 'g'}
	oKilled   = &oerr{kind: 'k'}
)

// inside is what e wraps.
func (e *oerr) inside() []*oerr {
	if e.cause == nil {
		return e.in
	}
	return slices.Concat([]*oerr{e.ctx, e.cause}, e.ended, e.in)
}

// wraps reports whether target is e or in it.
func (e *oerr) wraps(target *oerr) bool {
	return e == target || slices.ContainsFunc(e.inside(), func(i *oerr) bool { return i.wraps(target) })
}

// exit finds an exit of g in e, not behind what decides how e ends.
func (e *oerr) exit(g *ogroup) *oerr {
	switch {
	case e.kind == 'x' && e.group == g:
		return e
	case e.kind == 'T' && e.group == g && e.listed:
		return nil
	}
	for _, i := range e.inside() {
		if x := i.exit(g); x != nil {
			return x
		}
	}
	return nil
}

// How the branches of an error end.
const (
	inListed = 1 << iota
	inEnd
	inOther
)

// ends says how the branches of e end to g.
func (e *oerr) ends(g *ogroup) int {
	switch {
	case e.kind == 'T' && e.group == g && e.listed:
		return inListed
	case g.end != nil && e == g.end.cause, e == oCanceled, e == oLost, e.kind == 'X' && g.end != nil && g.end.cause == oExited, (e == oDeadline || e.kind == 'L') && g.isLate():
		return inEnd
	case len(e.inside()) == 0, e.kind == 'D':
		return inOther
	}
	all := 0
	for _, i := range e.inside() {
		all |= i.ends(g)
	}
	return all
}

// canon is the error as text. With merge, a wait that was cut short reads as a
// task that was skipped: of a queued task, a cancel makes both at one instant.
func (e *oerr) canon(merge bool) string {
	if e == nil {
		return "nil"
	}
	kind := string(e.kind)
	if merge && (e.kind == 'A' || e.kind == 'S') {
		kind = "AS"
	}
	if e.cause != nil {
		kind += "~" + e.cause.canon(merge) + runners(e.running)
	}
	if len(e.in) == 0 {
		return kind + e.name
	}
	in := make([]string, len(e.in))
	for i, x := range e.in {
		in[i] = x.canon(merge)
	}
	return kind + e.name + "{" + strings.Join(in, " ") + "}"
}

// runners are names in an order of their own: of bodies that one end lets go on at
// one instant any may be first.
func runners(names []string) string { return fmt.Sprint(slices.Sorted(slices.Values(names))) }

// ownError is a body's.
type ownError struct{ name string }

func (e *ownError) Error() string { return "own error of " + e.name }

var errKilled = errors.New("killed by the test")

// canon is the structure of a real error, in the same words.
func canon(err error, merge bool) string {
	in := func(kind, name string, errs ...error) string {
		all := make([]string, len(errs))
		for i, e := range errs {
			all[i] = canon(e, merge)
		}
		return kind + name + "{" + strings.Join(all, " ") + "}"
	}
	as := func(kind string) string {
		if merge {
			return "AS"
		}
		return kind
	}
	switch err {
	case nil:
		return "nil"
	case context.Canceled:
		return "c"
	case context.DeadlineExceeded:
		return "d"
	case asap.ErrExited:
		return "e"
	case asap.ErrGoexit:
		return "g"
	case errKilled:
		return "k"
	}
	text := err.Error()
	name := func(before, after string) string {
		name, found := strings.CutPrefix(text, before)
		name, _, found2 := strings.Cut(name, after)
		if !found || !found2 {
			return "?" + text
		}
		return name
	}
	switch e := err.(type) {
	case *asap.GroupError:
		errs := make([]error, len(e.Failures))
		for i, f := range e.Failures {
			errs[i] = f
		}
		kind := "G"
		if e.Cause != nil {
			kind += "~" + canon(e.Cause, merge) + runners(e.Running)
		}
		if len(errs) == 0 {
			return kind + e.Group
		}
		return in(kind, e.Group, errs...)
	case *asap.TaskError:
		return in("T", e.Task, e.Err)
	case *asap.PanicError:
		return fmt.Sprintf("P%s=%v", e.Task, e.Value)
	case *asap.CycleError:
		return "C"
	case *ownError:
		return "F" + e.name
	case interface{ Unwrap() []error }:
		if fmt.Sprintf("%T", err) == "*asap.lateError" {
			return in("D", "", e.Unwrap()...)
		}
		return in("J", "", e.Unwrap()...)
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		switch fmt.Sprintf("%T", err) {
		case "*asap.awaitError":
			return in(as("A"), name("await ", ": "), inner)
		case "*asap.exitedError":
			return "X" + name("", ": group exited early")
		case "*asap.skipError":
			return in(as("S"), name("", " skipped: "), inner)
		}
		if strings.HasPrefix(text, "wrapped: ") {
			return in("W", "", inner)
		}
	}
	if fmt.Sprintf("%T", err) == "*asap.limitError" {
		return "L" + text
	}
	if strings.HasPrefix(text, "asap: early exit") {
		return "x"
	}
	if strings.HasSuffix(text, ": race lost") && errors.Is(err, context.Canceled) {
		return "l"
	}
	return "?" + text
}

// mix, fold and digest make one number of values, the same way in the
// simulation and in the run.
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

func fold(vals []uint64) uint64 {
	h := uint64(17)
	for _, v := range vals {
		h = mix(h, v)
	}
	return h
}

func foldDeps(n int, dep func(int) uint64) uint64 {
	h := uint64(31)
	for i := range n {
		h = mix(h, dep(i))
	}
	return h
}

func hashText(s string) uint64 {
	h := uint64(len(s))
	for _, c := range []byte(s) {
		h = mix(h, uint64(c))
	}
	return h
}

func inputValue(t *task) uint64 { return mix(uint64(t.id), 99) }

func resultDigest(v uint64, failed bool, text string) uint64 {
	if failed {
		return mix(hashText(text), 3)
	}
	return mix(v, 2)
}
