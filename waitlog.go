package asap

import (
	"slices"
	"sync"
	"time"
)

// waitLog makes one sequence of the waits of a body's goroutines, as observers
// are promised: Blocked when the first begins; when that one ends, Resumed, and
// Blocked again on what another goroutine still waits for; and nothing after
// the body. Whoever finds it idle reports for all, without the lock.
type waitLog struct {
	mu    sync.Mutex
	on    []ID          // what is waited for, the reported one first
	at    time.Duration // of the last step
	over  bool
	busy  bool
	queue []Event
	idle  chan struct{} // closed when busy ends, if the body has ended before
}

func (w *watch) logOf(n *node) *waitLog {
	s := n.side.Load()
	l := s.log.Load()
	if l == nil {
		l = new(waitLog)
		if !s.log.CompareAndSwap(nil, l) {
			l = s.log.Load()
		}
	}
	return l
}

// wait reports that a goroutine of n's body begins to wait for e.On, or goes on.
func (w *watch) wait(n *node, e Event) {
	if l := w.logOf(n); l != &w.noWaits && l.enter(e) {
		w.report(l)
	}
}

// endWaits reports the end of a wait of a goroutine that n's body has left
// behind. After it nobody reports for n.
func (w *watch) endWaits(n *node) {
	if len(w.observers) == 0 {
		return
	}
	s := n.side.Load()
	if s.log.CompareAndSwap(nil, &w.noWaits) {
		return
	}
	l := s.log.Load()
	if l.leave(w.event(Resumed, s.entry, w.now())) {
		w.report(l)
	} else if l.idle != nil {
		<-l.idle
	}
}

// report tells what is queued, until the log is idle.
func (w *watch) report(l *waitLog) {
	unwound := true // by an observer that ends its goroutine
	defer func() {
		if unwound {
			l.mu.Lock()
			l.rest()
			l.mu.Unlock()
		}
	}()
	for e, ok := l.next(); ok; e, ok = l.next() {
		w.emit(e)
	}
	unwound = false
}

// enter queues what e makes to report, and reports whether the caller is to
// report it.
func (l *waitLog) enter(e Event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	l.add(e)
	idle := !l.busy
	l.busy = true
	return idle
}

// next takes the next event to report. If there is none the log is idle again.
func (l *waitLog) next() (e Event, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.rest()
		return e, false
	}
	e, l.queue = l.queue[0], l.queue[1:]
	return e, true
}

// rest makes the log idle; mu is locked.
func (l *waitLog) rest() {
	l.busy = false
	if l.idle != nil {
		close(l.idle)
	}
}

// leave lets nobody in any more, when the body has ended, and queues e if a
// wait goes on. It reports whether the caller is to report it.
func (l *waitLog) leave(e Event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if len(l.on) > 0 {
		e.At = max(l.at, e.At)
		l.queue = append(l.queue, e)
	}
	if l.busy { // an observer's call is under way, and may take its time
		l.idle = make(chan struct{})
		return false
	}
	l.busy = len(l.queue) > 0
	return l.busy
}

func (l *waitLog) add(e Event) {
	l.at = max(l.at, e.At) // of two goroutines, the later may come first
	e.At = l.at
	on := e.On
	if e.Kind == Blocked {
		if l.on = append(l.on, on); len(l.on) == 1 {
			l.queue = append(l.queue, e)
		}
		return
	}
	i := slices.Index(l.on, on)
	l.on = slices.Delete(l.on, i, i+1)
	if i > 0 || len(l.on) > 0 && l.on[0] == on {
		return
	}
	e.On = 0
	l.queue = append(l.queue, e)
	if len(l.on) > 0 {
		e.Kind, e.On = Blocked, l.on[0]
		l.queue = append(l.queue, e)
	}
}
