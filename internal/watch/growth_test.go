package watch_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/asap-go/asap/internal/record"
	"github.com/asap-go/asap/internal/watch"
)

// A body that waits for ever keeps no wait that was told, if nobody reads them.
func TestWaits_DoNotGrow(t *testing.T) {
	for name, wait := range map[string]func(w *watch.Group, report func(blocked bool, on uint32)){
		"one after the other": func(_ *watch.Group, report func(bool, uint32)) { report(false, 7); report(true, 7) },
		"of several goroutines": func(_ *watch.Group, report func(bool, uint32)) {
			report(true, 8) // it always waits for one of the two
			report(false, 7)
			report(true, 7)
			report(false, 8)
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := 0
			w, e := body(t, counter{n: &seen})
			report := func(blocked bool, on uint32) {
				if blocked {
					w.Blocked(e, w.ID(on), 1, time.Time{})
				} else {
					w.Resumed(e, w.ID(on), 1)
				}
			}
			report(true, 7)
			if n := testing.AllocsPerRun(1000, func() { wait(w, report) }); n != 0 {
				t.Errorf("%v allocations a wait, want 0", n)
			}
			if n := e.Steps(); n > 1 {
				t.Errorf("%d steps are kept, want those of the wait that goes on", n)
			}
			if seen < 1000 {
				t.Errorf("%d waits were told, want all", seen)
			}
		})
	}
	t.Run("after a slow call", func(t *testing.T) {
		const backlog = 10_000
		heap := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		seen := 0
		var w *watch.Group
		var e *record.Entry
		w, e = body(t, counter{&seen, func() {
			for range backlog {
				w.Resumed(e, w.ID(7), 1)
				w.Blocked(e, w.ID(7), 1, time.Time{})
			}
		}})
		before := heap()
		w.Blocked(e, w.ID(7), 0, time.Time{})
		if grown := heap() - before; grown > backlog {
			t.Errorf("a backlog of %d waits has left %d bytes", backlog, grown)
		}
		if n := e.Steps(); n != 1 || seen != backlog+1 {
			t.Errorf("%d steps are kept and %d waits were told, want 1 and %d", n, seen, backlog+1)
		}
	})
	t.Run("but all that a reader reads", func(t *testing.T) {
		w, e := body(t, &tape{}, &tape{sink: &table{}})
		for range 100 {
			w.Blocked(e, w.ID(7), 1, time.Time{})
			w.Resumed(e, w.ID(7), 1)
		}
		n := 0
		for range e.Waits(e.Steps()) {
			n++
		}
		if n != 100 {
			t.Errorf("%d waits are kept, want 100", n)
		}
	})
}

// counter counts the waits that it is told of, and does not allocate. The first
// call takes the time of first.
type counter struct {
	n     *int
	first func()
}

func (counter) Start(context.Context, watch.Step) context.Context          { return nil }
func (counter) Dropped(watch.Step, any)                                    {}
func (counter) Sink() record.Sink                                          { return nil }
func (counter) Instead(context.Context, watch.Step) ([]watch.Teller, bool) { return nil, false }
func (counter) Unlabeled() bool                                            { return true }
func (c counter) Observe(s watch.Step) {
	if s.Kind != watch.Blocked {
		return
	}
	if *c.n++; *c.n == 1 && c.first != nil {
		c.first()
	}
}
