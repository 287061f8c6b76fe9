package stress_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/asap-go/asap"
)

// oerr is an error of the simulation: its structure, without a text.
type oerr struct {
	kind   byte // T P C S X A E J G as in canon, W wrapped by a body, F a body's own, x Exit.With, or a leaf
	name   string
	in     []*oerr
	group  *ogroup // T: whose; x: the exit's
	value  uint64  // x
	listed bool    // T: among the group's failures
	may    map[string][]string
}

var (
	oCanceled = &oerr{kind: 'c'}
	oLost     = &oerr{kind: 'l'} // why a function has ended that has not won its Race
	oDeadline = &oerr{kind: 'd'}
	oExited   = &oerr{kind: 'e'}
	oGoexit   = &oerr{kind: 'g'}
	oKilled   = &oerr{kind: 'k'}
)

func (e *oerr) is(target *oerr) bool {
	if e == target || e.kind == 'X' && target == oExited || e == oLost && target == oCanceled {
		return true
	}
	for _, i := range e.in {
		if i.is(target) {
			return true
		}
	}
	return false
}

// exit finds an exit of g in e.
func (e *oerr) exit(g *ogroup) *oerr {
	if e.kind == 'x' && e.group == g {
		return e
	}
	for _, i := range e.in {
		if x := i.exit(g); x != nil {
			return x
		}
	}
	return nil
}

// wraps reports whether a listed failure of g is in e.
func (e *oerr) wraps(g *ogroup) bool {
	if e.kind == 'T' && e.group == g && e.listed {
		return true
	}
	for _, i := range e.in {
		if i.wraps(g) {
			return true
		}
	}
	return false
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
	if len(e.in) == 0 {
		return kind + e.name
	}
	in := make([]string, len(e.in))
	for i, x := range e.in {
		in[i] = x.canon(merge)
	}
	return kind + e.name + "{" + strings.Join(in, " ") + "}"
}

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
		name, found := strings.CutPrefix(text, "asap: "+before)
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
		return in("G", e.Group, errs...)
	case *asap.TaskError:
		return in("T", e.Task, e.Err)
	case *asap.PanicError:
		return fmt.Sprintf("P%s=%v", e.Task, e.Value)
	case *asap.CycleError:
		return "C"
	case *ownError:
		return "F" + e.name
	case interface{ Unwrap() []error }:
		if strings.HasPrefix(text, "asap: group canceled: ") {
			return in("E", "", e.Unwrap()...)
		}
		return in("J", "", e.Unwrap()...)
	case interface{ Unwrap() error }:
		switch inner := e.Unwrap(); {
		case strings.HasPrefix(text, "wrapped: "):
			return in("W", "", inner)
		case strings.HasPrefix(text, "asap: await "):
			return in(as("A"), name("await ", ": "), inner)
		case inner == asap.ErrExited && strings.HasSuffix(text, ": group exited early") && !errors.Is(err, asap.ErrSkipped):
			return "X" + name("task ", ": group exited early")
		case errors.Is(err, asap.ErrSkipped) && strings.HasPrefix(text, "asap: task "):
			return in(as("S"), name("task ", " skipped: "), inner)
		}
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
