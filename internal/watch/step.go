// Package watch notes and tells what happens in a group that somebody looks at:
// an observer that is called, one that reads the table of package record, pprof
// labels, or the Go tracer.
//
// It knows tasks by number only. The engine calls a [Group] at each step and
// says when the step happened and which task it was; the package above makes
// [Teller]s of the users' observers. A group that nobody looks at has no Group,
// and each step asks for one with one branch.
package watch

import (
	"context"
	"time"

	"github.com/asap-go/asap/internal/record"
)

// Kind is the kind of a [Step].
type Kind uint8

// The kinds of steps, numbered as those of package asap.
const (
	GroupStart Kind = iota + 1
	Declared
	Ready
	Started
	Blocked
	Resumed
	Ended
	GroupEnd
)

// Step is one step of a group or of a task, as observers are told of it: the
// fields of asap.Event, with IDs that are never 0.
type Step struct {
	Kind Kind
	At   time.Duration // since the start of the outermost observed group
	// Task is 0 for steps of the group itself. Parent is the task inside which
	// the step belongs, if any; On is what is waited for, or ended last.
	Group, Task, Parent, On uint64
	Name                    string
	Deps                    []uint64 // with Declared; 0 is one that nobody observes
	Limit                   int      // with GroupStart, and Declared of a Map; 0 without
	Settled                 bool     // with GroupStart
	Race                    bool     // with Declared of a Race
	Outcome                 uint8    // with Ended and GroupEnd
	Err                     error
}

// Teller is an observer as the package above wraps it. Its methods are called
// from whichever goroutine takes the step, with no lock held, and may panic.
type Teller interface {
	// Start returns the context of a group or body that starts, which derives
	// from ctx. A nil stands for ctx.
	Start(ctx context.Context, s Step) context.Context
	// Observe tells of a step, those that Start has seen among them.
	Observe(s Step)
	// Instead returns who is to see a group in its place, and the groups nested in
	// it; ok is false if it sees that itself. It is asked after Start of a group that
	// it was given to, with the context that all made of it.
	Instead(ctx context.Context, s Step) (instead []Teller, ok bool)
	// Dropped tells the user's observer, if it wants to know, that another one
	// panicked with value at the step.
	Dropped(s Step, value any)
	// Sink is not nil if the observer reads the table: then Start and Observe
	// are not called. Whether it owns the sink is the wrapper's to check.
	Sink() record.Sink
	// Unlabeled reports whether the observer does without pprof labels.
	Unlabeled() bool
}
