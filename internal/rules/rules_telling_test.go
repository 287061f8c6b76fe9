package rules_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// slowTape is a tape that takes its time over one kind of event.
type slowTape struct {
	*tape
	when asap.Kind
	d    time.Duration
}

func (s slowTape) Observe(e asap.Event) {
	s.tape.Observe(e)
	if e.Kind == s.when {
		time.Sleep(s.d)
	}
}

// endingObserver ends the goroutine that tells it of a kind of event of one name.
type endingObserver struct {
	when asap.Kind
	name string
}

func (endingObserver) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (o endingObserver) Observe(e asap.Event) {
	if e.Kind == o.when && e.Name == o.name {
		runtime.Goexit()
	}
}

// lateDone is a context whose Done takes its time.
type lateDone struct{ context.Context }

func (c lateDone) Done() <-chan struct{} { time.Sleep(sec); return c.Context.Done() }

func TestR24_Waits(t *testing.T) {
	virtual(t, "the end of a body waits durably for an observer that is slow", func(t *testing.T) {
		p := slowTape{newTape(t), asap.Blocked, 3 * sec}
		g := asap.New(t.Context(), asap.Observe(p))
		slow := g.Go("slow", after(10*sec, 1))
		g.Do("leaves", func(ctx context.Context) error {
			go slow.Await(ctx)
			time.Sleep(sec)
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		p.check("leaves", "0s Declared", "0s Ready", "0s Started", "0s Blocked on slow", "1s Resumed", "3s Ended Succeeded")
	})
	virtual(t, "a task that ends while its wait begins was waited for", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p))
		a := g.Go("a", after(sec/2, 1))
		g.Do("waits", func(ctx context.Context) error {
			soft, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := a.Await(lateDone{soft})
			return err
		})
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("waits", "0s Declared", "0s Ready", "0s Started", "1s Blocked on a", "1s Resumed", "1s Ended Succeeded")
	})
	for _, when := range []asap.Kind{asap.Started, asap.Blocked, asap.Resumed} {
		virtual(t, "an observer that calls Goexit ends the body with it/"+when.String(), func(t *testing.T) {
			g := asap.New(t.Context(), asap.Observe(endingObserver{when, "waits"}))
			slow := g.Go("slow", after(sec, 1))
			waits := g.Go("waits", slow.Await)
			ended(g.Wait)
			wantIs(t, "the body's task", waits.Result().Err, asap.ErrGoexit)
		})
	}
}

// TestR24_WaitsInRealTime: bodies whose goroutines wait at once and that leave
// some of them behind. The tape checks the order and the times.
func TestR24_WaitsInRealTime(t *testing.T) {
	var behind sync.WaitGroup
	for range 3000 {
		p := newTape(t)
		g := asap.New(context.Background(), asap.Observe(p), asap.Settled())
		a := g.Input("a", 1)
		b := g.Go("b", func(context.Context) (int, error) { runtime.Gosched(); return 1, nil })
		g.Do("leaves", func(ctx context.Context) error {
			for _, task := range []*asap.Task[int]{a, b} {
				behind.Go(func() {
					for range 10 {
						task.Await(ctx)
					}
				})
			}
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		behind.Wait()
		if t.Failed() {
			return
		}
	}
}

func TestR24_InRealTime(t *testing.T) {
	// Everything at the same time: the tape checks the order of each task.
	for range 30 {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p), asap.Limit(3), asap.Settled())
		var last *asap.Task[int]
		for i := range 30 {
			a := g.Go("a", func(context.Context) (int, error) {
				if i%7 == 3 {
					return 0, errBoom
				}
				return 1, nil
			})
			b := a.Then("b", inc)
			if last != nil {
				b = last.And(b).Then("c", func(_ context.Context, x, y int) (int, error) { return x + y, nil })
			}
			if i%7 != 3 {
				last = b
			}
			g.Go("w", a.Await)
		}
		g.Wait()
		p.complete()
	}
}

// heldTape tells when a group's end is told, and holds that up.
type heldTape struct {
	told, goOn chan struct{}
}

func (heldTape) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (h heldTape) Observe(e asap.Event) {
	if e.Kind == asap.GroupEnd {
		close(h.told)
		<-h.goOn
	}
}

// Whoever waits for a group comes back after its end was told, whoever of them tells it:
// one that was first, and a Stop that came later; also if a body that ran on the first
// one's goroutine has ended that.
func TestR24_TheEndIsToldBeforeAnybodyGoesOn(t *testing.T) {
	for _, exits := range []bool{false, true} {
		virtual(t, "a Goexit in Wait: "+map[bool]string{false: "no", true: "yes"}[exits], func(t *testing.T) {
			h := heldTape{make(chan struct{}), make(chan struct{})}
			g := asap.New(t.Context(), asap.Observe(h))
			g.Do("task", func(context.Context) error {
				time.Sleep(sec)
				if exits {
					runtime.Goexit()
				}
				return nil
			})
			var returned [3]atomic.Bool
			for i := range returned {
				go func() {
					defer returned[i].Store(true)
					time.Sleep(time.Duration(i) * time.Millisecond)
					if i == 0 {
						g.Wait()
					} else {
						g.Stop()
					}
				}()
			}
			<-h.told
			synctest.Wait()
			for i := range returned {
				if returned[i].Load() {
					t.Errorf("waiter %d has returned while the end is being told", i)
				}
			}
			close(h.goOn)
			synctest.Wait()
			for i := range returned {
				if !returned[i].Load() {
					t.Errorf("waiter %d has not returned after the end was told", i)
				}
			}
		})
	}
}
