package record

import "time"

// Telling the steps of waits to observers that are called: one goroutine at a
// time does it for all, without the lock. Whoever notes a step calls Claim; the
// claim lasts until Take finds nothing, or until Rest.

// Claim reports whether the caller is to tell steps: there are some, and nobody
// does.
func (e *Entry) Claim() bool {
	m := e.more.Load()
	if m == nil {
		return false
	}
	m.waits.mu.Lock()
	defer m.waits.mu.Unlock()
	return m.waits.claimLocked()
}

func (w *waits) claimLocked() bool {
	if w.told&telling != 0 || w.told == w.steps.Load() {
		return false
	}
	w.told |= telling
	return true
}

// Take takes the next step: the beginning of a wait, or its end. If there is
// none the claim is over. The caller has it; forget says that nobody else reads
// the waits, and a body that waits for ever is not to grow.
func (e *Entry) Take(forget bool) (wait Wait, ended, ok bool) {
	w := &e.more.Load().waits
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.told &^ telling
	if n == w.steps.Load() {
		w.restLocked()
		return wait, false, false
	}
	wait = *w.nthLocked(n / 2)
	for w.told++; w.hasPassedLocked(); {
		w.told += 2
	}
	if forget {
		w.forgetLocked()
	}
	return wait, n%2 == 1, true
}

// hasPassedLocked reports whether what is to be told next has passed during another wait.
func (w *waits) hasPassedLocked() bool {
	n := w.told &^ telling
	return n%2 == 0 && n < w.steps.Load() && w.nthLocked(n/2).Due < 0
}

// forgetLocked gives the places of told waits away, all at once when nothing is
// left to tell. A wait that goes on is the first now; only its end is still to be
// told.
func (w *waits) forgetLocked() {
	n := w.steps.Load()
	if w.told&^telling != n || n < 2 {
		return
	}
	if n%2 == 1 {
		w.first = *w.nthLocked(n / 2)
	}
	w.told = w.told&telling | n%2
	w.steps.Store(n % 2)
	if w.rest != nil {
		w.rest.next, w.rest.last = nil, w.rest // of a slow observer's time
	}
}

// Rest ends a claim early: the observer has ended the caller's goroutine. Who
// claims next tells what is left.
func (e *Entry) Rest() {
	w := &e.more.Load().waits
	w.mu.Lock()
	defer w.mu.Unlock()
	w.restLocked()
}

func (w *waits) restLocked() {
	w.told &^= telling
	if c := w.crowd.Load(); c != nil && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// CloseWaits lets no wait begin any more, when the body, or the group, has ended. It
// reports whether there may be some: then EndWaits follows. Only the writer of
// the entry's steps may call it.
//
// A goroutine that the body has left behind makes the waits first and looks at
// the state then, and here it is the other way round: so one sees the other.
func (e *Entry) CloseWaits() bool {
	e.state.Store(e.state.Load() | closed)
	return e.more.Load() != nil
}

// EndWaits ends the wait that still goes on, after CloseWaits. Either the caller
// has the claim to tell what is left, or somebody else has: idle is closed when
// he is done. If there is neither, all is told.
func (e *Entry) EndWaits(at time.Duration) (claimed bool, idle <-chan struct{}) {
	w := &e.more.Load().waits
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.steps.Load()%2 == 1 {
		w.endLocked(at)
	}
	if w.told&telling != 0 { // an observer's call is under way, and may take its time
		c := w.crowdLocked()
		c.idle = make(chan struct{})
		return false, c.idle
	}
	return w.claimLocked(), nil
}

// IsClosed reports whether CloseWaits was called. Who is told that it was not may still
// be too late: BlockOn asks again.
func (e *Entry) IsClosed() bool { return e.state.Load()&closed != 0 }
