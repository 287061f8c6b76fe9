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

// TestE2_WaitBesideAHintOfAnotherRoot: a hint of one group may lead past the
// bodies of another, which has nothing to do with it.
func TestE2_WaitBesideAHintOfAnotherRoot(t *testing.T) {
	const n, m = 12, 16 // the chain crosses from one group to the other at n
	for k := n; k < m-1; k++ {
		edgeBubble(t, fmt.Sprint(k), func(t *testing.T) {
			g, h := asap.New(t.Context()), asap.New(t.Context())
			tasks := make([]*asap.Task[int], m)
			open := make(chan struct{})
			for i := range m {
				of := g
				if i >= n {
					of = h
				}
				tasks[i] = of.Go(fmt.Sprint(i), func(ctx context.Context) (int, error) {
					<-open
					if i == m-1 {
						time.Sleep(time.Hour)
						return 1, nil
					}
					time.Sleep(time.Duration(m-i) * time.Second) // the last of the chain begins first
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
			edgeNil(t, "Wait", h.Wait())
		})
	}
}
