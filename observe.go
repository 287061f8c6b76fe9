package asap

import (
	"context"
	"time"

	"github.com/asap-go/asap/internal/texts"
)

// Observer sees everything that happens in a group: [Observe] installs it.
//
//   - Calls for one task come one after the other, in the order Declared,
//     Ready, Started, Blocked and Resumed in turn, Ended. A task whose body
//     never runs has no Started.
//   - Of a body's goroutines that wait at the same time the first is told; when
//     it goes on, Resumed and Blocked at one instant tell the next.
//   - An Await outside of any body is a wait of the group whose task it is for:
//     Blocked and Resumed in turn, with Task 0.
//   - Calls for different tasks come at the same time, from whichever
//     goroutine takes the step. No lock is held.
//   - Ended of a dependency comes before Ready of its dependents. GroupStart
//     comes before and GroupEnd after every other event of a group.
//   - A call delays the step that it reports, so it should not block.
//   - A call that panics takes the observer out of the rest of the group; the
//     group and its other observers go on without it. An observer with a method
//     Dropped(e Event, value any) is told when that happens to another one.
//   - A call must not end its goroutine, as t.FailNow does: nobody would finish
//     the step, and Wait would not return. Call t.Error instead.
//   - Bodies of an observed group carry the pprof labels group and task, which
//     costs several allocations a task. An observer with a method Unlabeled()
//     goes without them.
//   - An observer with a method Instead(ctx context.Context, e Event) []Observer
//     is asked, after Start of a group that it was given to, who sees that group and
//     what is nested in it: itself, others, or nobody. Those are not asked in turn.
//   - A nested group reports to the observers of the group around it as well.
type Observer interface {
	// Start runs before a group or a body starts; the context that it returns
	// must derive from ctx. It becomes the context of the group or of the body.
	Start(ctx context.Context, e Event) context.Context

	// Observe reports every event, those that Start has seen among them.
	Observe(e Event)
}

// ID names a group or a task in events, and is never 0. The lower 32 bits count
// the groups and tasks of one run from 1, in order of declaration; the upper 32
// are the same for a group and all that are nested in it and drawn at random
// for each run, so that one observer can tell runs at the same time apart.
type ID uint64

// Event is one step of a group or of a task.
type Event struct {
	Kind Kind
	// At is the monotonic time since the start of the outermost observed
	// group, taken by the engine when the step happened.
	At time.Duration
	// Group is the group of the step. Task is 0 for steps of the group itself: its
	// start and end, and waits for its tasks outside of any body.
	Group, Task ID
	// Parent is the task inside which the step belongs: the task that a nested
	// group was made in, the Race or Map of a function or element. Otherwise 0.
	Parent ID
	// On is what a Blocked task or group waits for, a task or a group, or the
	// dependency that ended last and so made a task Ready. Otherwise 0, also
	// when every dependency was done before the task was declared, and for a
	// body that is Blocked by [Blocking]. An Await of a task that is done gives
	// Blocked and Resumed at one instant.
	On ID
	// Name is that of the task, or of the group.
	Name string
	// Deps are the declared dependencies, with Declared only.
	Deps []ID
	// Limit is that of the group, with GroupStart, or of the elements of a Map, with
	// its Declared: how many bodies run at once, 0 without a limit.
	Limit int
	// Settled says that a failure ends nothing, with GroupStart only.
	Settled bool
	// Race says that the task is a Race, with Declared only.
	Race bool
	// Outcome says how a task or a group ended, with Ended and GroupEnd only.
	Outcome Outcome
	// Err is the task's error, with Ended, also of one that is Tolerated, or what Wait returns, with GroupEnd.
	Err error
}

// Kind is the kind of an [Event].
type Kind uint8

// The kinds of events.
const (
	GroupStart Kind = iota + 1 // a group was made
	Declared                   // a task was declared
	Ready                      // its dependencies are done; under a limit it may queue now
	Started                    // its body starts
	Blocked                    // its body waits for a task or a nested group, or in Blocking
	Resumed                    // its body goes on; of a group both are of who waits outside of any body
	Ended                      // the task has its outcome
	GroupEnd                   // every task of the group has ended
)

var kindNames = [...]string{"", "GroupStart", "Declared", "Ready", "Started", "Blocked", "Resumed", "Ended", "GroupEnd"}

// String returns the name of the constant.
func (k Kind) String() string { return texts.Const("Kind", kindNames[:], int(k)) }

// Outcome is how a task or a group ended.
type Outcome uint8

// The outcomes.
const (
	Succeeded Outcome = iota + 1
	Tolerated         // the body returned an error of its own, which the group goes on without
	LeftOut           // done without its body, as its declaration said
	Failed            // the body returned an error of its own
	Skipped           // the body never ran
	Canceled          // the body returned an error because its context ended
	Exited            // ended by an early exit, as its origin or one of the rest
	Panicked
	Goexited // the body called runtime.Goexit
)

var outcomeNames = [...]string{"", "Succeeded", "Tolerated", "LeftOut", "Failed", "Skipped", "Canceled", "Exited", "Panicked", "Goexited"}

// String returns the name of the constant.
func (o Outcome) String() string { return texts.Const("Outcome", outcomeNames[:], int(o)) }
