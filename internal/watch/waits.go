package watch

import (
	"time"

	"github.com/asap-go/asap/internal/record"
)

// The waits of a body: all its goroutines may report them at once, also those
// that it has left behind. The entry makes one sequence of them, for readers and
// for tellers. So does that of the group with its own waits: of whoever waits outside
// of any body for a task of it.

// Blocked notes and tells that a goroutine of the body begins to wait for the
// task or group with the ID on, 0 if nobody observes that. Due is the deadline of the
// wait itself, zero if it has none.
func (w *Group) Blocked(e *record.Entry, on uint64, at time.Duration, due time.Time) {
	if w != nil {
		w.noteBlocked(e, on, at, due)
	}
}

func (w *Group) noteBlocked(e *record.Entry, on uint64, at time.Duration, due time.Time) {
	if e == nil {
		return
	}
	run, n := w.split(on)
	until := time.Duration(0)
	if !due.IsZero() && w.run.clock == nil { // else it is of another clock
		until = max(1, due.Sub(w.run.began))
	}
	e.BlockOn(at, run, n, until)
	w.tellWaits(e)
}

// Resumed notes and tells that the goroutine goes on, which Blocked was called
// for with the same on.
func (w *Group) Resumed(e *record.Entry, on uint64, at time.Duration) {
	if w != nil {
		w.noteResumed(e, on, at)
	}
}

func (w *Group) noteResumed(e *record.Entry, on uint64, at time.Duration) {
	if e == nil {
		return
	}
	run, n := w.split(on)
	e.ResumeFrom(at, run, n)
	w.tellWaits(e)
}

// GroupBlocked notes and tells that somebody outside of any body begins to wait for the
// task with that number, until due if that is not zero, and reports whether it was noted:
// not once the group has ended.
func (w *Group) GroupBlocked(on uint32, due time.Time) bool {
	if w.run == nil || w.entry.IsClosed() {
		return false
	}
	w.noteBlocked(w.entry, w.ID(on), w.run.now(), due)
	return true
}

// GroupResumed notes and tells that they go on, whom GroupBlocked was called for.
func (w *Group) GroupResumed(on uint32) { w.noteResumed(w.entry, w.ID(on), w.run.now()) }

// EndWaits notes and tells the end of the wait of a goroutine that the body has
// left behind. No wait is noted or told after it: it waits for an observer's
// call that is under way. The engine calls it before it takes the time of the
// task's end.
func (w *Group) EndWaits(e *record.Entry) {
	if w != nil {
		w.endWaits(e)
	}
}

func (w *Group) endWaits(e *record.Entry) {
	if e == nil || !e.CloseWaits() {
		return
	}
	claimed, idle := e.EndWaits(w.run.now())
	switch {
	case idle != nil:
		<-idle
	case claimed && len(w.tellers) > 0:
		w.tellClaimed(e)
	}
}

// tellWaits tells the waits of e that are not told yet, unless there is nobody
// to be told or another goroutine does it.
func (w *Group) tellWaits(e *record.Entry) {
	if len(w.tellers) > 0 && e.Claim() {
		w.tellClaimed(e)
	}
}

// tellClaimed tells the waits of e, which the caller has claimed. An observer
// may end its goroutine in the middle: the next to report goes on then.
func (w *Group) tellClaimed(e *record.Entry) {
	unwound := true
	defer func() {
		if unwound {
			e.Rest()
		}
	}()
	for {
		wait, ended, ok := e.Take(len(w.readers) == 0)
		if !ok {
			break
		}
		w.tellWait(e, wait, ended)
	}
	unwound = false
}

// split takes an ID apart, as an entry has it: run is 0 if it is of this one.
func (w *Group) split(id uint64) (run, number uint32) {
	if run = uint32(id >> 32); run == uint32(w.run.id>>32) {
		run = 0
	}
	return run, uint32(id)
}

// join makes an ID of what split has taken apart.
func (w *Group) join(run, number uint32) uint64 {
	if run != 0 {
		return uint64(run)<<32 | uint64(number)
	}
	return w.ID(number)
}
