package asap

import (
	"runtime"
	"sync"
)

// waitLog makes one sequence of the waits of a body's goroutines, as observers
// are promised: Blocked when the first begins, Resumed when the last ends, and
// nothing after the body. Whoever finds it idle reports for all, without the
// lock.
type waitLog struct {
	mu    sync.Mutex
	waits int
	over  bool
	busy  bool
	queue []Event
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

// wait reports a Blocked or Resumed of n, if it is the first or last.
func (w *watch) wait(n *node, e Event) {
	l := w.logOf(n)
	if l == &w.noWaits {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Kind == Resumed {
		l.waits--
	}
	if l.waits == 0 && !l.over {
		l.queue = append(l.queue, e)
	}
	if e.Kind == Blocked {
		l.waits++
	}
	if l.busy {
		return
	}
	l.busy = true
	for len(l.queue) > 0 {
		e := l.queue[0]
		l.queue = l.queue[1:]
		l.mu.Unlock()
		w.emit(e)
		l.mu.Lock()
	}
	l.busy = false
}

// endWaits returns when no goroutine that the body has left behind reports
// for it, or will.
func (w *watch) endWaits(n *node) {
	s := n.side.Load()
	if s.log.CompareAndSwap(nil, &w.noWaits) {
		return
	}
	l := s.log.Load()
	l.mu.Lock()
	for l.over = true; l.busy; {
		l.mu.Unlock()
		runtime.Gosched() // an observer's call is under way
		l.mu.Lock()
	}
	l.mu.Unlock()
}
