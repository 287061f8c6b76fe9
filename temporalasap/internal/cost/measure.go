package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/server"
)

const queue = "cost"

// pair is one figure of the flow and of the same by hand.
type pair struct{ flow, hand float64 }

func (p pair) ratio() float64 { return p.flow / p.hand }

// sides are samples of both, taken in turn.
type sides struct{ flow, hand []float64 }

func (s *sides) median() pair { return pair{median(s.flow), median(s.hand)} }

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// result is what was measured of a shape.
type result struct {
	shape
	wall   pair // ms from start to result
	events pair
	replay pair // ms for one replay; zero if not measured
	rate   pair // flows a second, several at once; zero if not measured
}

// bench measures on one server, with one worker.
type bench struct {
	ctx    context.Context
	client client.Client
	value  map[string]int // what each shape gives
}

// start starts the flow or the workflow by hand; both ways cost a start.
func (b *bench) start(s *shape, hand bool) (client.WorkflowRun, error) {
	name := s.flow.Name()
	if hand {
		name = s.handName()
	}
	return b.client.ExecuteWorkflow(b.ctx, client.StartWorkflowOptions{TaskQueue: queue, WorkflowTaskTimeout: time.Minute}, name, 1)
}

// once runs one workflow and returns it, and the milliseconds that it took.
func (b *bench) once(s *shape, hand bool) (client.WorkflowRun, float64, error) {
	began := time.Now()
	var run client.WorkflowRun
	var got int
	var err error
	if hand {
		run, err = b.start(s, true)
		if err == nil {
			err = run.Get(b.ctx, &got)
		}
	} else {
		var h *temporalasap.Handle[int]
		h, err = temporalasap.Start(b.ctx, b.client, s.flow, 1, client.StartWorkflowOptions{TaskQueue: queue, WorkflowTaskTimeout: time.Minute})
		if err == nil {
			got, err = h.Get(b.ctx)
			run = b.client.GetWorkflow(b.ctx, h.ID(), h.RunID())
		}
	}
	took := float64(time.Since(began)) / 1e6
	if err != nil {
		return nil, 0, fmt.Errorf("%s, by hand: %t: %w", s.name, hand, err)
	}
	if want, ok := b.value[s.name]; ok && got != want {
		return nil, 0, fmt.Errorf("%s, by hand: %t: gives %d, want %d as before", s.name, hand, got, want)
	}
	b.value[s.name] = got
	return run, took, nil
}

// measure runs both in turn, who begins changing every time.
func (b *bench) measure(s shape, rounds, replays, flows int) (result, error) {
	r := result{shape: s}
	var wall, events sides
	var last [2]*history.History
	for i := range rounds + 1 { // the first is to warm up
		for j := range 2 {
			hand := (i+j)%2 == 0
			run, took, err := b.once(&s, hand)
			if err != nil {
				return r, err
			}
			h, err := b.history(run)
			if err != nil {
				return r, err
			}
			switch {
			case i == 0:
			case hand:
				wall.hand, events.hand = append(wall.hand, took), append(events.hand, float64(len(h.Events)))
			default:
				wall.flow, events.flow = append(wall.flow, took), append(events.flow, float64(len(h.Events)))
			}
			if hand {
				last[1] = h
			} else {
				last[0] = h
			}
		}
	}
	r.wall, r.events = wall.median(), events.median()
	var err error
	if replays > 0 {
		r.replay, err = b.replays(&s, last, replays)
	}
	if flows > 0 && err == nil {
		r.rate, err = b.rates(&s, flows)
	}
	return r, err
}

func (b *bench) history(run client.WorkflowRun) (*history.History, error) {
	h := new(history.History)
	events := b.client.GetWorkflowHistory(b.ctx, run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return nil, err
		}
		h.Events = append(h.Events, e)
	}
	return h, nil
}

// replays replays both histories in turn, each of its own workflow.
func (b *bench) replays(s *shape, h [2]*history.History, n int) (pair, error) {
	r := worker.NewWorkflowReplayer()
	if err := s.register(r); err != nil {
		return pair{}, err
	}
	var took sides
	for i := range n + 1 {
		for j := range 2 {
			k := (i + j) % 2
			began := time.Now()
			if err := r.ReplayWorkflowHistory(server.Quiet{}, h[k]); err != nil {
				return pair{}, fmt.Errorf("%s: replay: %w", s.name, err)
			}
			ms := float64(time.Since(began)) / 1e6
			switch {
			case i == 0:
			case k == 0:
				took.flow = append(took.flow, ms)
			default:
				took.hand = append(took.hand, ms)
			}
		}
	}
	return took.median(), nil
}

// rates runs many at once, in blocks of each kind in turn.
func (b *bench) rates(s *shape, flows int) (pair, error) {
	var rate sides
	for i := range 4 {
		hand := i%2 == 0
		began := time.Now()
		if err := b.many(s, hand, flows); err != nil {
			return pair{}, err
		}
		perSecond := float64(flows) / time.Since(began).Seconds()
		if hand {
			rate.hand = append(rate.hand, perSecond)
		} else {
			rate.flow = append(rate.flow, perSecond)
		}
	}
	return rate.median(), nil
}

func (b *bench) many(s *shape, hand bool, flows int) error {
	errs := make(chan error, flows)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for range flows {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			run, err := b.start(s, hand)
			if err == nil {
				err = run.Get(b.ctx, nil)
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
