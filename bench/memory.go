package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// memory is what a graph needs while it runs, in bytes.
type memory struct {
	// Peak is how far the resident memory of a fresh process rose above what
	// the graph itself takes; 0 where the system does not tell.
	Peak float64 `json:"peak"`
	// Held is the heap and the stacks in use when every task was declared and
	// the gate kept them from going on, after a collection. Gated graphs only.
	Held float64 `json:"held,omitempty"`
}

// measureMemory runs the graph once, or j.Copies times at the same time.
func measureMemory(g *graph.Graph, j job, want uint64) (*memory, error) {
	c, err := contender.ByName(j.Contenders[0])
	if err != nil {
		return nil, err
	}
	forms := c.New()
	if forms.Close != nil {
		defer forms.Close()
	}
	run := forms.For(g)
	copies := max(1, j.Copies)
	idle := idleCost(copies)
	if g.Gated { // once to grow what grows once
		small := graph.Growth(10)
		if _, err := forms.Loop(context.Background(), small, work.New(j.Body, true)); err != nil {
			return nil, err
		}
	}
	resetPeak()
	before, rss := inUse(), resident()

	var m memory
	var declared sync.WaitGroup
	open := make(chan struct{})
	declared.Add(copies)
	errs := make(chan error, copies)
	for range copies {
		go func() {
			w := work.New(j.Body, g.Gated)
			if g.Gated {
				w.OnDeclared(func() {
					declared.Done()
					<-open
				})
			}
			got, err := run(context.Background(), g, w)
			if err == nil && got != want {
				err = fmt.Errorf("%s: result %#x, want %#x", c.Name, got, want)
			}
			errs <- err
		}()
	}
	if g.Gated {
		declared.Wait()
		settleDown()
		m.Held = max(0, inUse()-before-idle) / float64(copies)
		close(open)
	}
	for range copies {
		if e := <-errs; e != nil && err == nil {
			err = e
		}
	}
	if top := peak(); top > 0 {
		m.Peak = max(0, top-rss) / float64(copies)
	}
	runtime.KeepAlive(g)
	return &m, err
}

// inUse is the heap and the stacks in use after a collection.
func inUse() float64 {
	runtime.GC()
	runtime.GC() // the first may have run beside what just ended
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) + float64(m.StackInuse)
}

// idleCost is what the goroutines that hold the copies take themselves.
func idleCost(n int) float64 {
	before := inUse()
	hold := make(chan struct{})
	var up atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			up.Add(1)
			<-hold
		})
	}
	for up.Load() < int64(n) {
		runtime.Gosched()
	}
	cost := inUse() - before
	close(hold)
	wg.Wait()
	return max(0, cost)
}
