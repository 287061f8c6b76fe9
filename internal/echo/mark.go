package echo

// Group is whose body has returned an error. It can be compared.
type Group interface {
	Depth() int // how many groups are around it
}

// Body has returned an error.
type Body interface {
	// IsLate reports whether a deadline from outside has passed. It is asked once, and
	// only when the group has ended.
	IsLate() bool
}

// Known is what an error is whose type says it. The zero Known is that of all others.
type Known struct {
	Task   *Mark // of a task's error, if a group has made it
	Exit   Group // that it ends early
	Behind error // what a body has returned that a limit of its own had ended before
	Lost   bool  // as a cause: it says that its context is canceled, as Race does
}

// Mark is what the error of a task keeps of what its group has made of it. It is
// written before the task is done.
type Mark struct {
	Group      Group // nil if the error was not made by one
	Cause      error // why the group had ended when the body returned, nil if it had not
	Listed     bool  // among the group's failures
	Running    bool  // among the errors of bodies that ran when the group was ended
	Collateral bool  // what it wraps is listed
	Echo       bool  // of the group's end
	Tolerated  bool  // a failure for its dependents alone

	content   ends  // how the branches of what it wraps end, to who has the same cause,
	apart     ends  // and to who has not
	outermost int32 // the least depth of a group whose errors it wraps
	exits     int32 // the same of groups whose exits it wraps
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
