// Package record is what package asap leaves of a run for package waterfall.
//
// An observer that only wants to know what happened need not be called for
// every event: the engine writes each task's steps into an [Entry], and the
// observer reads the [Table] of entries when somebody asks. A call for an
// event, with the event copied into it, costs more than many a task.
package record

import (
	"sync/atomic"
	"time"
)

// Entry is what the steps of a task, or of a group, leave. The steps come one
// after the other, so an entry has one writer at a time and needs no lock; only
// its waits, which several goroutines of a body may begin at once, have one.
// Each step ends with a store to the state, which publishes its fields to
// whoever reads the state first. A published field is never written again.
type Entry struct {
	state       atomic.Uint32 // of bits
	unpublished uint8         // bits that the next step publishes
	ndeps       uint8         // of few
	isPart      bool          // the last of few is the task that this one is a part of
	Outcome     uint8

	Number, Group uint32 // lower halves of IDs
	On            uint32 // the dependency that ended last; of a group, the task that has ended it
	few           [3]uint32

	Name string

	// Declared and Ended are also the start and the end of a group. A task was
	// ready when the dependency On ended, or was declared when it was ready.
	Declared, Started, Ended time.Duration

	more atomic.Pointer[more]
}

// The bits of a state.
const (
	SeenDeclared = 1 << iota // and Number, Group, Parent, Name and the dependencies
	SeenReady                // and On
	SeenStarted
	SeenEnded // and Outcome and the error; of a group also On
	IsGroup   // SeenDeclared is its start, SeenEnded its end
	Outermost // a group whose parent the reader has not heard of
	closed    // the body or the group has ended: no wait is noted any more
	Told      // by events, which do not have every fact

	// Facts of what was declared.
	Settled  // a group that a failure does not end
	Race     // a Race itself
	Around   // something is around its body
	MayFail  // its failure is one only for those that need it
	Optional // its failure is a value
)

// more is what few tasks leave.
type more struct {
	err   error
	ready time.Duration // 0 if the task was ready when On ended
	deps  []uint32      // all dependencies, if there are many
	facts *Facts
	waits waits
}

// State returns which fields may be read.
func (e *Entry) State() uint32 { return e.state.Load() }

func (e *Entry) publish(bits uint32) {
	e.state.Store(e.state.Load() | uint32(e.unpublished) | bits)
}

// Fresh reports whether no step was noted yet.
func (e *Entry) Fresh() bool { return e.state.Load() == 0 && e.unpublished == 0 }

// Begin notes the start of a group; bits may have Outermost, Told and its facts.
func (e *Entry) Begin(at time.Duration, bits uint32) {
	e.Declared = at
	e.publish(SeenDeclared | IsGroup | bits)
}

// Declare notes the declaration of a task; bits may have Told and its facts.
func (e *Entry) Declare(at time.Duration, bits uint32) {
	e.Declared = at
	e.publish(SeenDeclared | bits)
}

// SetParent notes the task that this one is a part of, or that a group was
// made in, before anything else.
func (e *Entry) SetParent(n uint32) {
	e.isPart, e.few[len(e.few)-1] = true, n
}

// Depend adds a dependency, before Declare.
func (e *Entry) Depend(on uint32) {
	room := len(e.few)
	if e.isPart {
		room--
	}
	if int(e.ndeps) < room {
		e.few[e.ndeps] = on
		e.ndeps++
		return
	}
	m := e.moreOf()
	if m.deps == nil {
		m.deps = append(m.deps, e.few[:e.ndeps]...)
	}
	m.deps = append(m.deps, on)
}

// SetReady notes that nothing holds the task back, since the dependency on has
// ended or else since it was declared. The next step publishes it: most often
// the start follows at once, and until then the ends of the dependencies tell a
// reader the same.
func (e *Entry) SetReady(at time.Duration, on uint32) {
	if e.unpublished&SeenReady != 0 { // a Map, whose elements are done
		return
	}
	e.Started, e.On = at, on
	e.unpublished = SeenReady
}

// SetReadyLater is SetReady for a task that was ready later than On ended.
func (e *Entry) SetReadyLater(at time.Duration, on uint32) {
	e.moreOf().ready = at
	e.SetReady(at, on)
}

// Start notes that the body starts, not before it was ready.
func (e *Entry) Start(at time.Duration) time.Duration {
	e.Started = max(at, e.Started)
	e.publish(SeenStarted)
	return e.Started
}

// End notes the end of a task or a group.
func (e *Entry) End(at time.Duration, outcome uint8, err error) {
	e.Ended, e.Outcome = at, outcome
	if err != nil {
		e.moreOf().err = err
	}
	e.publish(SeenEnded)
}

func (e *Entry) moreOf() *more {
	m := e.more.Load()
	if m == nil {
		m = new(more)
		if !e.more.CompareAndSwap(nil, m) {
			m = e.more.Load()
		}
	}
	return m
}
