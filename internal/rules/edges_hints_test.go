package rules_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// TestE2_WaitBesideAHint: a walk over many waits leaves hints that lead past the
// bodies between, each of which may begin another wait later.
func TestE2_WaitBesideAHint(t *testing.T) {
	const n = 16
	for k := 1; k < n-1; k++ {
		edgeBubble(t, fmt.Sprint(k), func(t *testing.T) {
			g := asap.New(t.Context())
			tasks := make([]*asap.Task[int], n)
			open := make(chan struct{})
			for i := range n {
				tasks[i] = g.Go(fmt.Sprint(i), func(ctx context.Context) (int, error) {
					<-open
					if i == n-1 {
						time.Sleep(time.Hour)
						return 1, nil
					}
					time.Sleep(time.Duration(n-i) * time.Second) // the last of the chain begins first
					var wg sync.WaitGroup
					if i == k {
						wg.Go(func() {
							time.Sleep(time.Minute) // all wait
							_, err := tasks[0].Await(ctx)
							if _, ok := errors.AsType[*asap.CycleError](err); !ok {
								t.Errorf("the second wait: %v, want a CycleError", err)
							}
						})
					}
					v, err := tasks[i+1].Await(ctx)
					wg.Wait()
					return v, err
				})
			}
			g.Go("z", func(ctx context.Context) (int, error) { return tasks[0].Await(ctx) }) // else 0 follows no waits
			close(open)
			edgeNil(t, "Wait", g.Wait())
		})
	}
}

// edgeHolds is an observer that lets the wait of one task begin in slow motion.
type edgeHolds func(e asap.Event)

func (edgeHolds) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (o edgeHolds) Observe(e asap.Event)                                  { o(e) }

// TestE8_NestedWaitBeginsSlowly: a wait out of a nested group is part of a cycle
// from the moment in which it is published.
func TestE8_NestedWaitBeginsSlowly(t *testing.T) {
	edgeBubble(t, "", func(t *testing.T) {
		inner, outer := make(chan struct{}), make(chan struct{})
		g := asap.New(t.Context(), asap.Observe(edgeHolds(func(e asap.Event) {
			switch {
			case e.Kind == asap.Blocked && e.Name == "c":
				close(inner)
				<-outer
			case e.Kind == asap.Blocked && e.Name == "y":
				close(outer)
			}
		})), asap.Settled())
		var y, o *asap.Task[int]
		open := make(chan struct{})
		var err1, err2 error
		y = g.Go("y", func(ctx context.Context) (int, error) {
			<-open
			<-inner
			var v int
			v, err1 = o.Await(ctx)
			if err1 != nil {
				select {
				case <-outer:
				default:
					close(outer)
				}
			}
			return v, nil
		})
		o = g.Go("o", func(ctx context.Context) (int, error) {
			<-open
			n := asap.New(ctx)
			n.Go("c", func(ctx context.Context) (int, error) {
				time.Sleep(time.Second) // o is in its Wait
				_, err2 = y.Await(ctx)
				return 0, nil
			})
			return 1, n.Wait()
		})
		close(open)
		edgeNil(t, "Wait", g.Wait())
		_, ok1 := errors.AsType[*asap.CycleError](err1)
		_, ok2 := errors.AsType[*asap.CycleError](err2)
		if ok1 == ok2 {
			t.Errorf("y: %v, c: %v, want one CycleError", err1, err2)
		}
	})
}
