package watch_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/internal/watch"
)

const began = "0s Started"

func TestWaits_OneSequence(t *testing.T) {
	type call struct {
		blocked bool
		on      uint32
		at      time.Duration
	}
	const far = 99 // stands for something of another run
	for _, test := range []struct {
		name  string
		calls []call
		told  []string
		noted string
	}{
		{"one after the other", []call{{true, 7, 1}, {false, 7, 2}, {true, 8, 3}, {false, 8, 3}},
			[]string{"1ns Blocked on 7", "2ns Resumed", "3ns Blocked on 8", "3ns Resumed"}, "7 1ns 2ns, 8 3ns 3ns"},
		{"handed over at one instant", []call{{true, 7, 1}, {true, 8, 2}, {true, 9, 3}, {false, 7, 4}, {false, 8, 5}, {false, 9, 6}},
			[]string{"1ns Blocked on 7", "4ns Resumed", "4ns Blocked on 8", "5ns Resumed", "5ns Blocked on 9", "6ns Resumed"},
			"7 1ns 4ns, 8 4ns 5ns, 9 5ns 6ns"},
		{"within another", []call{{true, 7, 1}, {true, 8, 2}, {false, 8, 3}, {false, 7, 4}},
			[]string{"1ns Blocked on 7", "4ns Resumed"}, "7 1ns 4ns, 8 4ns 4ns"},
		{"within another, twice for the same", []call{{true, 7, 1}, {true, 8, 2}, {false, 8, 2}, {true, 9, 2}, {true, 8, 3}, {false, 8, 3}, {false, 7, 4}, {false, 9, 5}},
			[]string{"1ns Blocked on 7", "4ns Resumed", "4ns Blocked on 9", "5ns Resumed"}, "7 1ns 4ns, 8 4ns 4ns, 9 4ns 5ns"},
		{"within another, which the body's end ends", []call{{true, 7, 1}, {true, 8, 2}, {false, 8, 3}},
			[]string{"1ns Blocked on 7", "7ns Resumed"}, "7 1ns 7ns, 8 7ns 7ns"},
		{"within another, for what nobody observes", []call{{true, 7, 1}, {true, 0, 2}, {false, 0, 3}, {false, 7, 4}},
			[]string{"1ns Blocked on 7", "4ns Resumed"}, "7 1ns 4ns"},
		{"two for the same", []call{{true, 7, 1}, {true, 7, 2}, {false, 7, 3}, {false, 7, 4}},
			[]string{"1ns Blocked on 7", "4ns Resumed"}, "7 1ns 4ns"},
		{"two for the same, another between", []call{{true, 7, 1}, {true, 8, 2}, {true, 7, 3}, {false, 7, 4}, {false, 7, 5}, {false, 8, 6}},
			[]string{"1ns Blocked on 7", "5ns Resumed", "5ns Blocked on 8", "6ns Resumed"}, "7 1ns 5ns, 8 5ns 6ns"},
		{"the later of two clocks first", []call{{true, 7, 5}, {false, 7, 4}, {true, 8, 3}, {false, 8, 6}},
			[]string{"5ns Blocked on 7", "5ns Resumed", "5ns Blocked on 8", "6ns Resumed"}, "7 5ns 5ns, 8 5ns 6ns"},
		{"for what nobody observes", []call{{true, 0, 1}, {true, 7, 2}, {false, 0, 3}, {false, 7, 4}},
			[]string{"1ns Blocked", "2ns Resumed", "2ns Blocked on 7", "4ns Resumed"}, "0 1ns 2ns, 7 2ns 4ns"},
		{"for nothing that has a number, in itself and around", []call{{true, 0, 1}, {true, 0, 2}, {false, 0, 3}, {true, 7, 4}, {true, 8, 5}, {false, 7, 6}, {false, 8, 7}, {false, 0, 8}},
			[]string{"1ns Blocked", "4ns Resumed", "4ns Blocked on 7", "6ns Resumed", "6ns Blocked on 8", "7ns Resumed", "7ns Blocked", "8ns Resumed"}, "0 1ns 4ns, 7 4ns 6ns, 8 6ns 7ns, 0 7ns 8ns"},
		{"in another run, with the same number", []call{{true, 3, 1}, {true, far, 2}, {false, far, 3}, {true, far, 4}, {false, 3, 5}, {false, far, 6}},
			[]string{"1ns Blocked on 3", "5ns Resumed", "5ns Blocked on far", "6ns Resumed"}, "3 1ns 5ns, 0 5ns 5ns, 0 5ns 6ns"},
		{"an end without a beginning", []call{{false, 7, 1}, {true, 8, 2}, {false, 8, 3}},
			[]string{"2ns Blocked on 8", "3ns Resumed"}, "8 2ns 3ns"},
		{"one that goes on at the body's end", []call{{true, 7, 1}, {true, 8, 2}},
			[]string{"1ns Blocked on 7", "7ns Resumed"}, "7 1ns 7ns"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, who := range []string{"told", "noted", "both"} {
				now := time.Unix(0, 0)
				p, r := &tape{}, &table{}
				var tellers []watch.Teller
				if who != "noted" {
					tellers = append(tellers, p)
				}
				if who != "told" {
					tellers = append(tellers, &tape{sink: r})
				}
				w, _ := watch.New(&watch.Config{Name: "group", Tellers: tellers, Clock: func() time.Time { return now }}, t.Context())
				e := w.Declare("body", 0, 0, nil, nil)
				other := w.GroupID()>>32 ^ 1<<31 | 1 // a run that is not ours
				id := func(on uint32) uint64 {
					if on == far {
						return other<<32 | 3
					}
					return w.ID(on)
				}
				now = now.Add(7)
				for _, c := range test.calls {
					if c.blocked {
						w.Blocked(e, id(c.on), c.at, time.Time{})
					} else {
						w.Resumed(e, id(c.on), c.at)
					}
				}
				w.EndWaits(e)
				w.Blocked(e, w.ID(7), 8, time.Time{}) // of goroutines that the body has left behind
				w.Resumed(e, w.ID(7), 9)
				if who != "noted" {
					var got []string
					for _, s := range p.steps {
						line := fmt.Sprint(s.At, " ", kinds[s.Kind])
						switch {
						case s.On>>32 == other:
							line += " on far"
						case s.On != 0:
							line += fmt.Sprint(" on ", uint32(s.On))
						}
						if s.Kind == watch.Blocked || s.Kind == watch.Resumed {
							got = append(got, line)
						}
					}
					if fmt.Sprint(got) != fmt.Sprint(test.told) {
						t.Errorf("%s: %q\nwant %q", who, got, test.told)
					}
				}
				if got := waits(e); who != "told" && got != test.noted {
					t.Errorf("%s: waits %s; want %s", who, got, test.noted)
				}
			}
		})
	}
}

func TestWaits_SlowObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tape{}
		calls := 0 // one at a time, or the race detector says so
		p.hook = func(s watch.Step) {
			if s.Kind == watch.Blocked || s.Kind == watch.Resumed {
				calls++
				time.Sleep(3 * sec)
			}
		}
		w, e := body(t, p)
		on := w.ID(7)
		go w.Blocked(e, on, 0, time.Time{})
		time.Sleep(sec)
		w.Resumed(e, on, w.Now()) // another goroutine tells it
		w.Blocked(e, on, w.Now(), time.Time{})
		if at := w.Now(); at != sec {
			t.Errorf("reports while an observer is called return after %v, want 1s", at)
		}
		w.EndWaits(e)
		if at := w.Now(); at != 12*sec || calls != 4 {
			t.Errorf("EndWaits returns after %v and %d calls; want 12s, 4", at, calls)
		}
		p.check(t, "body", "0s Declared", "0s Ready", began, fmt.Sprintf("0s Blocked on %x", on), "1s Resumed",
			fmt.Sprintf("1s Blocked on %x", on), "1s Resumed")
	})
}

func TestWaits_ObserverEndsItsGoroutine(t *testing.T) {
	ended := func(f func()) {
		done := make(chan struct{})
		go func() { defer close(done); f() }()
		<-done
	}
	t.Run("the next to report goes on", func(t *testing.T) {
		p := &tape{}
		w, e := body(t, p)
		on := w.ID(7)
		p.hook = func(s watch.Step) {
			if s.Kind == watch.Blocked {
				runtime.Goexit()
			}
		}
		ended(func() { w.Blocked(e, on, 1, time.Time{}); t.Error("Blocked returned") })
		w.Resumed(e, on, 2)
		p.check(t, "body", p.of("body")[0], "0s Ready", began, fmt.Sprintf("1ns Blocked on %x", on), "2ns Resumed")
	})
	t.Run("the end of the body tells the rest", func(t *testing.T) {
		p := &tape{}
		w, e := body(t, p)
		p.hook = func(s watch.Step) {
			if s.Kind == watch.Blocked {
				runtime.Goexit()
			}
		}
		ended(func() { w.Blocked(e, w.ID(7), 0, time.Time{}) })
		w.EndWaits(e)
		if lines := p.of("body"); len(lines) != 5 {
			t.Errorf("told %q, want five steps", lines)
		}
	})
	t.Run("while the end of the body waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &tape{}
			p.hook = func(s watch.Step) {
				if s.Kind == watch.Blocked {
					time.Sleep(3 * sec)
					runtime.Goexit()
				}
			}
			w, e := body(t, p)
			go w.Blocked(e, w.ID(7), 0, time.Time{})
			time.Sleep(sec)
			w.EndWaits(e) // hangs if nobody says that the observer is done
			if at := w.Now(); at != 3*sec {
				t.Errorf("EndWaits returned at %v, want 3s", at)
			}
		})
	})
}

// Goroutines of bodies wait at once, and some are left behind: whatever the
// order, the steps of each body alternate, no time runs backwards, and nothing
// comes after EndWaits. A reader sees the same.
func TestWaits_InRealTime(t *testing.T) {
	for range 2000 {
		p, r := &tape{}, &table{}
		over := false // written after EndWaits: a call that is late is a data race too
		p.hook = func(s watch.Step) {
			if over {
				t.Errorf("%s after EndWaits", kinds[s.Kind])
			}
			runtime.Gosched()
		}
		w, e := body(t, p, &tape{sink: r})
		var all sync.WaitGroup
		for on := range uint32(3) {
			all.Go(func() {
				for range 10 {
					w.Blocked(e, w.ID(on+7), w.Now(), time.Time{})
					w.Resumed(e, w.ID(on+7), w.Now())
				}
			})
		}
		all.Go(func() {
			for range 10 {
				for wait := range e.Waits(e.Steps()) {
					if wait.On < 7 || wait.On > 9 {
						t.Errorf("a reader sees %+v", wait)
					}
				}
			}
		})
		runtime.Gosched()
		w.EndWaits(e)
		over = true
		told := p.steps
		all.Wait()
		last := told[3]
		for _, s := range told[4:] {
			if s.At < last.At || s.Kind == last.Kind || s.Kind == watch.Resumed && last.Kind != watch.Blocked {
				t.Errorf("%s at %v after %s at %v", kinds[s.Kind], s.At, kinds[last.Kind], last.At)
			}
			last = s
		}
		if last.Kind == watch.Blocked {
			t.Error("the last step is Blocked")
		}
		n := e.Steps()
		for wait := range e.Waits(n) {
			if wait.Due < 0 { // it has passed during another one
				n -= 2
			}
		}
		if n != len(told)-4 {
			t.Errorf("%d steps noted, %d told", n, len(told)-4)
		}
		if t.Failed() {
			return
		}
	}
}
