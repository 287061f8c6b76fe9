package engine

import (
	"context"
	"time"
)

// Host says what the ends of a group's tasks mean, in the errors of the package
// above. It is asked when something has not simply succeeded: never for a task
// that ended well in a group that goes on. All of it may be called from any
// goroutine at the same time, with no lock held.
type Host interface {
	// Returned judges what the body of n, or a Map or Race as a whole, has
	// returned, and records it: as a failure, an exit, or nothing. It is called
	// inside of the body, so that a panic of a user's error is the body's. err
	// is nil if the body has succeeded when that is not all there is to it.
	Returned(n *Node, err error) Verdict
	// IsRaised reports whether a body has panicked with what the Wait of a group
	// nested in it has raised, which has its stack already.
	IsRaised(value any) bool
	// Panicked and Goexited record the death of n's body.
	Panicked(n *Node, value any, stack []byte) Verdict
	Goexited(n *Node) Verdict
	// Lost judges a Race of which every function has failed.
	Lost(race *Node) Verdict
	// RaceLost is why the contexts of those functions have ended that have not
	// won the Race of that name, once it is decided.
	RaceLost(race string) error
	// Skipped is the end of a task whose body never runs, because of dep, or
	// because of the group's end if dep is nil.
	Skipped(n, dep *Node) *Failure
	// OutOfTime is the error of a limit of time that has ended a body, or kept it
	// from beginning: timeout or within.
	OutOfTime(limit string, after time.Duration) error
	// Late is the error of a body that has returned err after that limit.
	Late(limit, err error) error
	// CutShort is the error of a wait for n that has ended before n, for a cause.
	CutShort(n *Node, cause error) error
	// Cycle is the error of a wait that can never end.
	Cycle(path []string) error
	// Undoes reports whether what has succeeded in the group is to be undone. It is
	// asked when every task has ended.
	Undoes() bool
	// UndoFailed records what an undo of n has returned. It is called inside of the
	// undo, whose panic or Goexit is recorded as that of n's body.
	UndoFailed(n *Node, err error)
	// ExitOf returns the exit of the group that err is or wraps, and its value.
	ExitOf(err error) (e ExitHandle, value any, ok bool)
	// Place returns a pointer to where n keeps its value.
	Place(n *Node) any
	// Outside is the end of the group by its parent, whose error and cause
	// are given.
	Outside(err, cause error) *Ending
	// Ended says how the group as a whole has ended. It is called once, when
	// nothing of the group runs any more.
	Ended() (Outcome, error)
}

// Backend runs the bodies of a group elsewhere, draws the group, or forbids
// what a definition must not do. A group without one has nil. Its methods are
// called from the goroutine that is inside the group's, and with no lock held.
type Backend interface {
	// Refuse panics if a call on the group, or on n if that is not nil, is not
	// for now.
	Refuse(call string, n *Node)
	// Declaring panics if n must not be declared now. Nothing has happened yet.
	Declaring(n *Node)
	// Counted is told of every new node that is no part of another, with its place
	// in the order of declaration.
	Counted(n *Node)
	// Label returns the name of n in errors if it has a number, and else "".
	Label(n *Node) string
	// Declared is told of every new node, with its place in the Race or Map that
	// it is a part of, or nil. It reports false if the node is only to be drawn.
	Declared(n, of *Node, index int) bool
	// Numbered is told of every new node that observers hear of, with its number in
	// what they are told.
	Numbered(n *Node, number uint32)
	// Holds reports whether an Input waits until [Group.Release].
	Holds(n *Node) bool
	// Await is asked before a wait for n begins, also when n is done, by a body
	// or, with by nil, by nobody's. It refuses with an error; it reports true
	// if it has done the waiting itself, and then the error is how it ended.
	Await(ctx context.Context, n, by *Node) (waited bool, err error)
	// Dispatch starts bodies that have their slots, if bodies run elsewhere.
	Dispatch(ready Chain)
	// Drive runs what there is to run until only the caller is left, if bodies
	// run elsewhere.
	Drive()
	// Cancel ends what runs, once the group has ended.
	Cancel(cause error)
	// Decided ends the functions of a Race that has its winner.
	Decided(race *Node)
	// RefuseShared panics if bodies run on another engine, which knows nothing of
	// the slots of a Shared: for a task, or, without a name, for the group.
	RefuseShared(task string)
	// Undoes is told of an undo of n by the user's function fn, and reports whether it
	// is to be noted, with what the backend knows it by.
	Undoes(n *Node, fn any) (tag int, noted bool)
	// UndoElsewhere calls the undos of a group whose bodies run elsewhere, one after
	// the other, where bodies run. It is called from the goroutine that was in Drive,
	// which has returned.
	UndoElsewhere(todo []UndoStep)
	// KeepExit is told of every handle of an exit.
	KeepExit(e ExitHandle)
}

// ExitHandle is a handle of an exit, for a value that has crossed from another
// process.
type ExitHandle interface {
	// Receive returns the error of the exit with the value that decode fills in.
	Receive(decode func(into any) error) error
}

// Verdict is what an end means: how its node ended, nil for a success, and
// whether it ends the group. Told is what observers hear of a success that is not
// all there is to it: an error that an Optional has tolerated. Who has one publishes the node's end first and
// then cancels the group, which is what settleAs does: so who awaits that very
// task sees its error, and everybody else the cause.
type Verdict struct {
	Fail   *Failure
	Told   *Failure
	Cancel bool
}

// Failure is how a task ended that did not succeed.
type Failure struct {
	Err     error
	Outcome Outcome
	Late    bool // the body had succeeded, after an exit: its value is lost
}

// Outcome is how a task or a group ended: asap.Outcome, by number.
type Outcome uint8

// The outcomes.
const (
	Succeeded Outcome = iota + 1
	Tolerated         // of a node with Optional, which goes on, or with MayFail, whose dependents do not
	LeftOut
	Failed
	Skipped
	Canceled
	Exited
	Panicked
	Goexited
)

// Ending is why no further body of a group starts. The first one counts.
type Ending struct {
	Why    Reason
	Cause  error  // of the group's context, and the root of every skip
	Err    error  // ByOutside only: that of the context
	Report error  // of [Group.EndWith]: what Wait returns if a task did not succeed
	Exit   any    // ByExit only
	By     uint32 // number of the node whose end it is, 0 if it came from outside or nobody looks
}

// Reason is the kind of an ending.
type Reason uint8

// The reasons.
const (
	ByFailure Reason = iota + 1 // of a body, in a fail-fast group
	ByExit
	ByOutside // the parent's end, or Stop
	ByPanic
	ByGoexit
)
