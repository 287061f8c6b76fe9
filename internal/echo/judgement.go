package echo

import (
	"context"
	"math"
	"strings"
)

// Judgement is what a tree of errors says to one group: the exit that is in it, and
// how its branches end.
type Judgement struct {
	Exit error // of the group, the first

	known func(error) Known
	group Group
	cause error // why the group has ended, nil if it has not
	body  Body

	ends      ends // to this group
	content   ends // to any that has the same cause
	apart     ends // and to one that has not, for which that cause is an error like others
	outermost int  // the least depth of a group whose errors are in the tree
	exits     int  // the same of groups whose exits are
	late      bool // a deadline from outside has passed
	asked     bool // whether it has
}

// New begins to judge what a body of g has returned. The cause is why g has ended, nil
// if it has not. Errors are added with [Judgement.Add] and [Judgement.AddPart].
func New(known func(error) Known, g Group, cause error, body Body) Judgement {
	return Judgement{known: known, group: g, cause: cause, body: body, outermost: math.MaxInt32, exits: math.MaxInt32}
}

// IsEcho reports whether the body only passes on that the group has ended.
func (j *Judgement) IsEcho() bool { return j.cause != nil && j.ends&inOther == 0 }

// PassOn makes the error one that only passes on cause: its exit came too late.
func (j *Judgement) PassOn(cause error) { j.cause, j.ends = cause, inCause }

// Mark is what an error with all that was added keeps.
func (j *Judgement) Mark() Mark {
	return Mark{Group: j.group, Cause: j.cause, Echo: j.IsEcho(), Collateral: j.cause == nil && j.ends == inFailure,
		content: j.content, apart: j.apart, outermost: int32(j.outermost), exits: int32(j.exits)}
}

// Failure is what it keeps if it is a failure whatever is in it.
func (j *Judgement) Failure() Mark {
	return Mark{Group: j.group, content: inOther, apart: inOther, outermost: int32(j.outermost), exits: int32(j.exits)}
}

// Add looks through err, which the body has returned. It is called in the body, as it
// calls methods of users' errors.
func (j *Judgement) Add(err error) {
	for {
		if how := j.look(err); how != 0 {
			j.ends |= how
			return
		}
		several, one := Unwrap(err)
		if one == nil && len(several) == 0 {
			j.ends |= j.leaf(err)
			return
		}
		for _, e := range several {
			j.Add(e)
		}
		if err = one; one == nil {
			return
		}
	}
}

// AddPart adds how a function of a Race ended, whose error was judged in its body: no
// method of a user's is called.
func (j *Judgement) AddPart(err error) {
	m := j.known(err).Task
	switch {
	case m != nil:
		how := j.lookTask(err, m)
		if how == 0 {
			j.foundIn(m)
			how = inOther // to the same end it is none, or else an echo
			if m.Cause == nil {
				how = j.to(m.apart)
			}
		}
		j.ends |= how
	case j.isCause(err):
		j.ends |= j.foundCause()
	default:
		j.ends |= j.found(inOther)
	}
}

// look returns how the branches end that lead through err if that decides it, and
// otherwise 0: then what is behind it does.
func (j *Judgement) look(err error) ends {
	switch k := j.known(err); {
	case k.Exit != nil:
		if j.Exit == nil && k.Exit == j.group {
			j.Exit = err
		}
		j.exits = min(j.exits, k.Exit.Depth())
		return j.found(inOther)
	case k.Task != nil:
		return j.lookTask(err, k.Task)
	case k.Behind != nil: // what has ended the body before the group's end is its own limit
		j.Add(k.Behind) // for an exit
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
func (j *Judgement) isCause(err error) bool { return Same(err, j.cause) }

// leaf returns how a branch ends that ends in err. Errors that came from another
// process have only their text: those of gRPC and Connect end in that of the
// context's.
func (j *Judgement) leaf(err error) ends {
	text := ownText(err)
	switch {
	case strings.HasSuffix(text, context.Canceled.Error()):
		return j.found(inCanceled)
	case err == context.DeadlineExceeded || strings.HasSuffix(text, context.DeadlineExceeded.Error()):
		return j.to(j.found(inDeadline))
	}
	return j.found(inOther)
}

// found notes that a branch ends so.
func (j *Judgement) found(how ends) ends {
	j.content |= how
	j.apart |= how
	return how
}

// foundCause notes that a branch leads through the cause. What is behind that is asked
// of nobody: a user's error counts as a failure elsewhere.
func (j *Judgement) foundCause() ends {
	how := inOther
	switch k := j.known(j.cause); {
	case k.Task != nil:
		how = k.Task.apart
	case k.Lost, j.cause == context.Canceled:
		how = inCanceled
	case j.cause == context.DeadlineExceeded:
		how = inDeadline
	}
	j.content |= inCause
	j.apart |= how
	return inCause
}

// lookTask is look for a task's error, which has the mark m.
func (j *Judgement) lookTask(err error, m *Mark) ends {
	depth := j.group.Depth()
	j.outermost = min(j.outermost, m.Group.Depth(), int(m.outermost))
	j.exits = min(j.exits, int(m.exits))
	switch {
	case j.isCause(err):
		return j.foundCause()
	case m.Group == j.group && (m.Listed || m.Collateral || m.Echo):
		j.foundIn(m)
		return inFailure
	}
	inside := int(m.outermost) > depth // no failure of the group is in it
	how := j.to(j.contentOf(m))
	switch {
	case int(m.exits) <= depth:
		return 0
	case j.cause == nil && inside:
		how = inOther
	case j.cause == nil:
		return 0
	case how&inOther == 0: // whatever else it leads through
	case !inside, !j.hasCauseOf(m) && !j.isOurs():
		return 0 // the cause may be in it
	}
	j.foundIn(m)
	return how
}

// foundIn notes how the branches end of an error with the mark m.
func (j *Judgement) foundIn(m *Mark) {
	j.content |= j.contentOf(m)
	j.apart |= m.apart
}

// contentOf returns how the branches end of an error with the mark m, to who has the
// cause that j has.
func (j *Judgement) contentOf(m *Mark) ends {
	if j.hasCauseOf(m) {
		return m.content
	}
	return m.apart
}

// hasCauseOf reports whether an error with the mark m was asked about the same end.
func (j *Judgement) hasCauseOf(m *Mark) bool { return Same(m.Cause, j.cause) }

// isOurs reports whether the cause is in no error but those of tasks, or is known by
// what it says.
func (j *Judgement) isOurs() bool {
	return j.cause == context.Canceled || j.known(j.cause).Task != nil
}

// to returns what content says to the group.
func (j *Judgement) to(content ends) ends {
	if content&inDeadline != 0 && !j.isLate() {
		content = content&^inDeadline | inOther
	}
	return content
}

// isLate reports whether the body has a deadline from outside that has passed, for
// its group has ended.
func (j *Judgement) isLate() bool {
	if !j.asked && j.cause != nil {
		j.asked, j.late = true, j.body.IsLate()
	}
	return j.late
}
