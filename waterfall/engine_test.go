package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// A body two of whose goroutines wait is blocked for as long as one of them is,
// and not queued for a slot.
func TestTwoWaitsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Observe(&rec))
		short, long := g.Go("short", sleep(20*time.Millisecond, 1)), g.Go("long", sleep(50*time.Millisecond, 1))
		g.Do("both", func(ctx context.Context) error {
			var other sync.WaitGroup
			other.Go(func() { short.Await(ctx) })
			time.Sleep(10 * time.Millisecond)
			long.Await(ctx)
			other.Wait()
			time.Sleep(10 * time.Millisecond)
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatalf("Wait() = %v", err)
		}
		run := rec.Run()
		want := "running 0-0, blocked 0-20 on short, running 20-20, blocked 20-50 on long, running 50-60"
		if got := shape(run, "both"); got != want {
			t.Errorf("pieces of both = %s, want %s", got, want)
		}
		if got := run.Groups[0].Limit; got != 0 {
			t.Errorf("Limit = %d, want none: nothing queued", got)
		}
		if p, err := run.WhatIf(waterfall.Speed("long", 1)); err != nil || p.Makespan != 30*time.Millisecond {
			t.Errorf("WhatIf(Speed(long, 1)) = %+v, %v; want a makespan of 30ms", p, err)
		}
	})
}

// A goroutine that outlives its body makes the run no longer.
func TestWaitThatOutlivesTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		other := asap.New(t.Context())
		slow := other.Go("slow", sleep(time.Second, 1))
		g := asap.New(t.Context(), asap.Observe(&rec))
		g.Do("leaves", func(ctx context.Context) error {
			go slow.Await(context.WithoutCancel(ctx))
			time.Sleep(20 * time.Millisecond)
			return nil
		})
		if err := errors.Join(g.Wait(), other.Wait()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		run := rec.Run()
		if err := run.Validate(); err != nil || run.Makespan != 20*time.Millisecond {
			t.Errorf("Makespan = %v, Validate() = %v; want 20ms and nil", run.Makespan, err)
		}
		if want := "running 0-0, blocked 0-20, running 20-20"; shape(run, "leaves") != want {
			t.Errorf("pieces of leaves = %s, want %s", shape(run, "leaves"), want)
		}
	})
}

// Runs are read while the engine writes its table.
func TestRunWhileTheEngineRecords(t *testing.T) {
	var rec waterfall.Recorder
	g := asap.New(t.Context(), asap.Observe(&rec), asap.Settled())
	stop := make(chan struct{})
	read := make(chan struct{}) // while a reader of it waits
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			run := rec.Run()
			if err := run.Validate(); err != nil {
				t.Errorf("Validate() of a run in the middle = %v", err)
			}
			select {
			case <-stop:
				return
			case read <- struct{}{}:
			default:
			}
		}
	})
	last := []*asap.Task[int]{g.Go("t", nop), g.Go("t", nop), g.Go("t", nop), g.Go("t", nop)}
	for i := range 2000 {
		if i%500 == 250 {
			<-read
		}
		a, b := last[i%4], last[(i+1)%4]
		switch i % 5 {
		case 0:
			last[i%4] = a.And(b).And(last[(i+2)%4]).Then("four", func(context.Context, int, int, int) (int, error) { return 0, nil }, asap.Needs(last[(i+3)%4]))
		case 1:
			last[i%4] = g.Go("waits", func(ctx context.Context) (int, error) {
				a.Await(ctx)
				b.Await(ctx)
				return a.Await(ctx)
			})
			last[i%4].Await(t.Context())
		case 2:
			a.Do("fails", func(context.Context, int) error { return errors.New("no") })
		default:
			last[i%4] = a.Then("t", nop1)
		}
	}
	if err := g.Wait(); err == nil {
		t.Error("Wait() = nil, want the failures")
	}
	close(stop)
	reading.Wait()
	run := rec.Run()
	if err := run.Validate(); err != nil || !run.Ended || len(run.Tasks) != 2004 {
		t.Errorf("Run() of the whole has %d tasks, ended %t, %v; want 2004, true, nil", len(run.Tasks), run.Ended, err)
	}
}

// Many waits and many dependencies are kept.
func TestManyWaitsAndDependencies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Observe(&rec))
		var steps []*asap.Task[int]
		for i := range 30 {
			steps = append(steps, g.Go(fmt.Sprint("step", i), func(ctx context.Context) (int, error) {
				time.Sleep(time.Duration(i+1) * time.Millisecond)
				return 0, nil
			}))
		}
		g.Do("waits", func(ctx context.Context) error {
			for _, s := range steps {
				s.Await(ctx)
			}
			return nil
		})
		g.Gather("all", steps...)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		run := rec.Run()
		if got := len(run.Task("all").Deps); got != 30 {
			t.Errorf("the Gather has %d dependencies, want 30", got)
		}
		blocked := 0
		for i, p := range run.Task("waits").Pieces {
			if p.State != waterfall.Blocked {
				continue
			}
			if want := run.Task(fmt.Sprint("step", blocked)).ID; p.On != want || p.End != time.Duration(blocked+1)*time.Millisecond {
				t.Errorf("piece %d: until %v on %d, want until %dms on %d", i, p.End, p.On, blocked+1, want)
			}
			blocked++
		}
		if blocked != 30 {
			t.Errorf("%d waits recorded, want 30", blocked)
		}
	})
}

// loud is an observer of its own that happens to be made of a Recorder.
type loud struct {
	*waterfall.Recorder
	calls atomic.Int32
}

func (l *loud) Observe(e asap.Event) {
	l.calls.Add(1)
	l.Recorder.Observe(e)
}

func TestObserverMadeOfARecorder(t *testing.T) {
	l := &loud{Recorder: new(waterfall.Recorder)}
	g := asap.New(t.Context(), asap.Observe(l))
	g.Go("a", nop).Then("b", nop1)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := l.calls.Load(); n != 10 {
		t.Errorf("Observe of the outer observer was called %d times, want 10", n)
	}
	if run := l.Run(); len(run.Tasks) != 2 || !run.Ended {
		t.Errorf("Run() has %d tasks, ended %t, want 2, true", len(run.Tasks), run.Ended)
	}
}

// A Recorder that only a nested group was given sees that one alone, whoever
// else observes the group around it.
func TestRecorderOfANestedGroup(t *testing.T) {
	var outer, inner waterfall.Recorder
	for name, options := range map[string][]asap.Option{
		"nobody": nil, "a name": {asap.Name("outer")}, "a recorder": {asap.Observe(&outer)},
		"one that is called": {asap.Observe(eventByEvent{new(waterfall.Recorder)})},
	} {
		g := asap.New(t.Context(), options...)
		g.Go("before", nop)
		g.Do("task", func(ctx context.Context) error {
			n := asap.New(ctx, asap.Name("inner"), asap.Observe(&inner), asap.Observe(&inner))
			n.Go("a", nop).Then("b", nop1)
			return n.Wait()
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		run := inner.Run()
		if run.Name != "inner" || len(run.Tasks) != 2 || !run.Ended {
			t.Errorf("around it %s: run %q has %d tasks, ended %t, want inner, 2, true", name, run.Name, len(run.Tasks), run.Ended)
		}
		if err := run.Validate(); err != nil {
			t.Errorf("around it %s: %v", name, err)
		}
	}
	if run := outer.Run(); len(run.Tasks) != 4 || len(run.Groups) != 2 {
		t.Errorf("the outer recorder has %d tasks in %d groups, want 4 in 2", len(run.Tasks), len(run.Groups))
	}
}

// eventByEvent hides that a Recorder can read the engine's table.
type eventByEvent struct{ asap.Observer }

// What a body waits for in a run that nobody joined to this one has no ID here.
func TestWaitForAnotherRun(t *testing.T) {
	for _, wrap := range []func(asap.Observer) asap.Observer{
		func(o asap.Observer) asap.Observer { return o },
		func(o asap.Observer) asap.Observer { return eventByEvent{o} },
	} {
		synctest.Test(t, func(t *testing.T) {
			var rec, elsewhere waterfall.Recorder
			other := asap.New(t.Context(), asap.Observe(&elsewhere))
			slow := other.Go("slow", func(context.Context) (int, error) { time.Sleep(time.Second); return 0, nil })
			g := asap.New(t.Context(), asap.Observe(wrap(&rec)))
			for range 5 {
				g.Go("here", nop)
			}
			g.Go("waits", slow.Await)
			if err := errors.Join(g.Wait(), other.Wait()); err != nil {
				t.Fatal(err)
			}
			run := rec.Run()
			if err := run.Validate(); err != nil {
				t.Error(err)
			}
			for _, p := range run.Task("waits").Pieces {
				if p.On != 0 {
					t.Errorf("waits is blocked on task %d of its own run, want on none", p.On)
				}
			}
		})
	}
}
