package stress_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/asap-go/asap"
)

// watcher checks that each task's events come in order, and each once (R24).
type watcher struct {
	mu       sync.Mutex
	seen     map[asap.ID][]asap.Kind
	problems []string
	loose    bool // goroutines are left behind, whose waits go on after the end of their tasks
}

func newWatcher() *watcher { return &watcher{seen: make(map[asap.ID][]asap.Kind)} }

type watchedKey struct{}

func (w *watcher) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Task%2 == 1 {
		return context.WithValue(ctx, watchedKey{}, e.Task)
	}
	return ctx
}

func (w *watcher) Observe(e asap.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := e.Task
	if e.Task == 0 {
		id = e.Group
	}
	var last asap.Kind = ^asap.Kind(0)
	if k := len(w.seen[id]); k > 0 {
		last = w.seen[id][k-1]
	}
	ok := false
	switch e.Kind {
	case asap.GroupStart, asap.Declared:
		ok = last == ^asap.Kind(0)
	case asap.Ready:
		ok = last == asap.Declared
	case asap.Started:
		ok = last == asap.Ready
	case asap.Blocked:
		ok = last == asap.Started || last == asap.Resumed || last == asap.Blocked || e.Task == 0 && last == asap.GroupStart
	case asap.Resumed:
		ok = last == asap.Blocked || last == asap.Resumed
	case asap.Ended:
		ok = last != ^asap.Kind(0) && last != asap.Blocked && last != asap.Ended
	case asap.GroupEnd:
		ok = last == asap.GroupStart || last == asap.Resumed
	}
	if !ok && !(w.loose && (e.Kind == asap.Blocked || e.Kind == asap.Resumed || e.Kind == asap.Ended && last == asap.Blocked)) {
		w.problems = append(w.problems, fmt.Sprintf("observer: %v of %q (%d) after %v (R24)", e.Kind, e.Name, id, w.seen[id]))
	}
	w.seen[id] = append(w.seen[id], e.Kind)
}

// check reports what came out of order, and tasks that never ended.
func (w *watcher) check(r *run) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, kinds := range w.seen {
		if last := kinds[len(kinds)-1]; last != asap.Ended && last != asap.GroupEnd && !w.loose {
			w.problems = append(w.problems, fmt.Sprintf("observer: the last event of %d is %v, of %v (R24)", id, last, kinds))
		}
	}
	return w.problems
}
