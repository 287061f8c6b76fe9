package tail

import "time"

// Decision is what is done with one task, and what came of it.
type Decision struct {
	// Group is the name of the outermost group, and Task that of the task, as in
	// [waterfall.TaskReport].
	Group, Task string
	// Hedge says that a second call begins Delay after the first.
	Hedge bool
	Delay time.Duration
	// Within is how long after the start of its group the task is given up, 0 for never.
	Within time.Duration
	// Why says why, or why not.
	Why string
	// Calls are the first calls, Hedged the second ones, and Won those of them that were the
	// first to succeed; Refused are those for which the budget had nothing. GivenUp are the
	// tasks that were given up. Of an [Advise], Hedged and GivenUp are what would have been.
	Calls, Hedged, Won, Refused, GivenUp int64
}

// decision is what has come of r's task.
func (r *record) decision() Decision {
	return Decision{
		Group: r.group, Task: r.task, Calls: r.calls.Load(), Hedged: r.hedged.Load(),
		Won: r.won.Load(), Refused: r.refused.Load(), GivenUp: r.givenUp.Load(),
	}
}
