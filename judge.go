package asap

import (
	"context"
	"math"
	"reflect"
	"strings"

	"github.com/asap-go/asap/internal/engine"
)

// judgement is what a tree of errors says to one group: the exit that is in it,
// and how its branches end. It is made in the body that returned the error, once,
// as it calls methods of users' errors, and never behind a node that decides.
//
// A task's error keeps what does not depend on the group that asks. So what was
// looked through once is not again at each level of nesting, nor in each of a row
// of tasks that pass an error on.
type judgement struct {
	g    *Group
	node *engine.Node
	end  *engine.Ending // of the group, nil if it has none

	exit      *exitError // of the group, the first
	ends      ends       // to this group
	content   ends       // to any that has the same cause
	apart     ends       // and to one that has not, for which that cause is an error like others
	outermost int        // the least depth of a group whose errors are in the tree
	exits     int        // the same of groups whose exits are
	late      bool       // a deadline from outside has passed
	asked     bool       // whether it has
}

// ends are the ways in which the branches of an error end.
type ends uint8

const (
	inFailure  ends = 1 << iota // a failure of the group that is in its list, or because of one, or of its end
	inCause                     // why the group has ended
	inCanceled                  // says that it is context.Canceled
	inDeadline                  // the same of context.DeadlineExceeded
	inOther
)

// judge looks through err, which n's body has returned, for the group that has the
// given end or, with nil, none.
func (g *Group) judge(n *engine.Node, err error, end *engine.Ending) *judgement {
	j := newJudgement(g, n, end)
	j.walk(err)
	return j
}

func newJudgement(g *Group, n *engine.Node, end *engine.Ending) *judgement {
	return &judgement{g: g, node: n, end: end, outermost: math.MaxInt32, exits: math.MaxInt32}
}

// isEcho reports whether the body only passes on that the group has ended.
func (j *judgement) isEcho() bool { return j.end != nil && j.ends&inOther == 0 }

// taskError is the error of the node, whose body has returned err.
func (j *judgement) taskError(err error) *TaskError {
	te := &TaskError{Task: engine.Label(j.node), Err: err, group: j.g, content: j.content, apart: j.apart,
		outermost: int32(j.outermost), exits: int32(j.exits)}
	if j.end != nil {
		te.cause = j.end.Cause
		te.echo = j.isEcho()
	} else {
		te.collateral = j.ends == inFailure
	}
	return te
}

func (j *judgement) walk(err error) {
	for {
		if how := j.look(err); how != 0 {
			j.ends |= how
			return
		}
		several, one := unwrap(err)
		if one == nil && len(several) == 0 {
			j.ends |= j.leaf(err)
			return
		}
		for _, e := range several {
			j.walk(e)
		}
		if err = one; one == nil {
			return
		}
	}
}

// look returns how the branches end that lead through err if that decides it, and
// otherwise 0: then what is behind it does.
func (j *judgement) look(err error) ends {
	switch e := err.(type) {
	case *exitError:
		if j.exit == nil && e.group == j.g {
			j.exit = e
		}
		j.exits = min(j.exits, e.group.core.Depth())
		return j.found(inOther)
	case *TaskError:
		return j.lookTask(e)
	case *lateError: // what has ended the body before the group's end is its own limit
		j.walk(e.err) // for an exit
		return j.found(inOther)
	}
	if j.isCause(err) {
		return j.foundCause()
	}
	is, ok := err.(interface{ Is(error) bool })
	if err == context.Canceled || ok && is.Is(context.Canceled) {
		return j.found(inCanceled)
	}
	if err == context.DeadlineExceeded || ok && is.Is(context.DeadlineExceeded) {
		switch err.(type) {
		default: // nothing is behind it: to who is late it says that elsewhere too
			return j.to(j.found(inDeadline))
		case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		}
		if j.isLate() {
			return j.found(inDeadline)
		}
	}
	return 0
}

// isCause reports whether err is why the group has ended.
func (j *judgement) isCause(err error) bool { return j.end != nil && same(err, j.end.Cause) }

// leaf returns how a branch ends that ends in err. Errors that came from another
// process have only their text: those of gRPC and Connect end in that of the
// context's.
func (j *judgement) leaf(err error) ends {
	text := ownText(err)
	switch {
	case strings.HasSuffix(text, context.Canceled.Error()):
		return j.found(inCanceled)
	case err == context.DeadlineExceeded || strings.HasSuffix(text, context.DeadlineExceeded.Error()):
		return j.to(j.found(inDeadline))
	}
	return j.found(inOther)
}

// ownText is the text of err, empty if its method panics: it is a failure then
// like any other.
func ownText(err error) (text string) {
	defer func() { _ = recover() }()
	return err.Error()
}

// found notes that a branch ends so.
func (j *judgement) found(how ends) ends {
	j.content |= how
	j.apart |= how
	return how
}

// foundCause notes that a branch leads through the cause. What is behind that is asked
// of nobody: a user's error counts as a failure elsewhere.
func (j *judgement) foundCause() ends {
	j.content |= inCause
	how := inOther
	switch cause := j.end.Cause.(type) {
	case *TaskError:
		how = cause.apart
	case *raceLostError:
		how = inCanceled
	default:
		switch cause {
		case context.Canceled:
			how = inCanceled
		case context.DeadlineExceeded:
			how = inDeadline
		}
	}
	j.apart |= how
	return inCause
}

// foundIn notes how the branches of e end.
func (j *judgement) foundIn(e *TaskError) {
	j.content |= j.contentOf(e)
	j.apart |= e.apart
}

// contentOf returns how the branches of e end to who has the end that j has.
func (j *judgement) contentOf(e *TaskError) ends {
	if j.hasCauseOf(e) {
		return e.content
	}
	return e.apart
}

// hasCauseOf reports whether e was asked about the same end already.
func (j *judgement) hasCauseOf(e *TaskError) bool {
	return j.end != nil && e.cause != nil && same(e.cause, j.end.Cause)
}

// lookTask is look for a task's error.
func (j *judgement) lookTask(e *TaskError) ends {
	if e.group == nil { // made by a user, or elsewhere
		return 0
	}
	depth := j.g.core.Depth()
	j.outermost = min(j.outermost, e.group.core.Depth(), int(e.outermost))
	j.exits = min(j.exits, int(e.exits))
	switch {
	case j.isCause(e):
		return j.foundCause()
	case e.group == j.g && (e.listed || e.collateral || e.echo):
		j.foundIn(e)
		return inFailure
	}
	inside := int(e.outermost) > depth // no failure of the group is in e
	how := j.to(j.contentOf(e))
	switch {
	case int(e.exits) <= depth:
		return 0
	case j.end == nil && inside:
		how = inOther
	case j.end == nil:
		return 0
	case how&inOther == 0: // whatever else it leads through
	case !inside, !j.hasCauseOf(e) && !isOurs(j.end.Cause):
		return 0 // the cause may be in it
	}
	j.foundIn(e)
	return how
}

// to returns what content says to the group.
func (j *judgement) to(content ends) ends {
	if content&inDeadline != 0 && !j.isLate() {
		content = content&^inDeadline | inOther
	}
	return content
}

// isLate reports whether the body has a deadline from outside that has passed, for
// its group has ended.
func (j *judgement) isLate() bool {
	if !j.asked && j.end != nil {
		j.asked, j.late = true, engine.OutsideDeadline(j.node)
	}
	return j.late
}

// isOurs reports whether err is a cause that is in no error but those of tasks, or is
// known by what it says.
func isOurs(err error) bool {
	_, ok := err.(*TaskError)
	return ok || err == context.Canceled
}

// same reports whether a and b are one error, also if they cannot be compared.
func same(a, b error) bool {
	if a == nil || b == nil || reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// part adds how a function of a Race ended, whose error was judged in its body: no
// method of a user's is called.
func (j *judgement) part(err error) {
	te, ok := err.(*TaskError)
	switch {
	case ok:
		how := j.lookTask(te)
		if how == 0 {
			j.foundIn(te)
			how = inOther // to the same end it is none, or else an echo
			if te.cause == nil {
				how = j.to(te.apart)
			}
		}
		j.ends |= how
	case j.isCause(err):
		j.ends |= j.foundCause()
	default:
		j.ends |= j.found(inOther)
	}
}
