package browser_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// plan draws a group of tasks of every kind. Names are unique, and durations
// odd numbers of nanoseconds, so that nothing happens at one instant by chance.
type plan struct {
	rnd  *rand.Rand
	made []*asap.Task[int]
}

func (p *plan) duration() time.Duration { return time.Duration(1 + p.rnd.IntN(50_000_000)) }

// hears sleeps until its context ends.
func hears(d time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return 1, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func sleep(d time.Duration) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { time.Sleep(d); return 1, nil }
}

// randomRun runs a random group in virtual time.
func randomRun(t *testing.T, seed uint64) *waterfall.Run {
	t.Helper()
	return randomRunOf(t, seed, true)
}

// randomRunOf is one in which a task may fail, or none does.
func randomRunOf(t *testing.T, seed uint64, fail bool) *waterfall.Run {
	t.Helper()
	var run *waterfall.Run
	synctest.Test(t, func(t *testing.T) {
		p := &plan{rnd: rand.New(rand.NewPCG(seed, 21))}
		var rec waterfall.Recorder
		options := []asap.Option{asap.Observe(&rec), asap.Name(fmt.Sprint("random ", seed))}
		if p.rnd.IntN(2) == 0 {
			options = append(options, asap.Limit(1+p.rnd.IntN(4)))
		}
		fails := -1
		if p.rnd.IntN(4) == 0 {
			fails = p.rnd.IntN(10)
			if p.rnd.IntN(2) == 0 {
				options = append(options, asap.Settled())
			}
		}
		if !fail {
			fails = -1
		}
		g := asap.New(t.Context(), options...)
		for i := range 4 + p.rnd.IntN(14) {
			p.declare(g, fmt.Sprint("t", i), i == fails)
		}
		_ = g.Wait() // a quarter fails
		run = rec.Run()
	})
	if seed%2 == 0 && fail {
		unbegin(run)
	}
	if err := run.Validate(); err != nil {
		t.Fatalf("seed %d: Validate() = %v", seed, err)
	}
	return run
}

// unbegin takes the beginning from bodies that were canceled, as in a run of an
// engine elsewhere that never got to them.
func unbegin(run *waterfall.Run) {
	for i := range run.Tasks {
		t := &run.Tasks[i]
		if t.Outcome != asap.Canceled || slices.ContainsFunc(t.Pieces, func(p waterfall.Piece) bool { return p.State == waterfall.Blocked && p.Start > t.Start() }) {
			continue
		}
		for j := range t.Pieces {
			if t.Pieces[j].State == waterfall.Running {
				t.Pieces[j].State = waterfall.Queued
			}
		}
	}
}

// declare adds a task of some kind to the group.
func (p *plan) declare(g *asap.Group, name string, fails bool) {
	kind := p.rnd.IntN(10)
	if len(p.made) == 0 {
		kind = 9
	}
	var task *asap.Task[int]
	body := p.body(name, fails)
	switch kind {
	case 0, 1, 2:
		task = p.any().Then(name, func(ctx context.Context, _ int) (int, error) { return body(ctx) })
	case 3, 4:
		task = p.any().And(p.any()).Then(name, func(ctx context.Context, _, _ int) (int, error) { return body(ctx) })
	case 5:
		elements := make([]time.Duration, 1+p.rnd.IntN(5))
		for i := range elements {
			elements[i] = p.duration()
		}
		element := sleep
		if p.rnd.IntN(2) == 0 {
			element = hears
		}
		slice := p.any().Then(name+".in", func(context.Context, int) ([]time.Duration, error) { return elements, nil })
		var limit []asap.MapOption
		if p.rnd.IntN(2) == 0 {
			limit = append(limit, asap.Limit(1+p.rnd.IntN(2)))
		}
		all := g.Map(name, slice, func(ctx context.Context, d time.Duration) (int, error) { return element(d)(ctx) }, limit...)
		task = all.Then(name+".out", func(context.Context, []int) (int, error) { return 1, nil })
	case 6:
		task = g.Race(name, sleep(p.duration()), hears(p.duration()))
	case 7:
		optional := p.any().Optional(name, func(ctx context.Context, _ int) (int, error) { return body(ctx) })
		task = optional.Then(name+".or", func(_ context.Context, r asap.Result[int]) (int, error) { return r.Or(0), nil })
	default:
		task = g.Go(name, body)
	}
	p.made = append(p.made, task)
}

func (p *plan) any() *asap.Task[int] { return p.made[p.rnd.IntN(len(p.made))] }

// body sleeps, waits for a while, awaits, runs a nested group, and sleeps again.
func (p *plan) body(name string, fails bool) func(context.Context) (int, error) {
	before, after := p.duration(), p.duration()
	var await *asap.Task[int]
	if len(p.made) > 0 && p.rnd.IntN(3) == 0 {
		await = p.any()
	}
	var impatient *asap.Task[int]
	patience := p.duration()
	if len(p.made) > 0 && p.rnd.IntN(3) == 0 {
		impatient = p.any()
	}
	var nested []time.Duration
	if p.rnd.IntN(5) == 0 {
		nested = []time.Duration{p.duration(), p.duration(), p.duration()}
	}
	return func(ctx context.Context) (int, error) {
		time.Sleep(before)
		if impatient != nil {
			short, cancel := context.WithTimeout(ctx, patience)
			_, _ = impatient.Await(short) // as it may be
			cancel()
		}
		if await != nil {
			if _, err := await.Await(ctx); err != nil {
				return 0, err
			}
		}
		if nested != nil {
			g := asap.New(ctx, asap.Name(name+" inside"))
			a := g.Go(name+".a", sleep(nested[0]))
			g.Go(name+".b", sleep(nested[1]))
			a.Then(name+".c", func(ctx context.Context, _ int) (int, error) { return sleep(nested[2])(ctx) })
			if err := g.Wait(); err != nil {
				return 0, err
			}
		}
		time.Sleep(after)
		if fails {
			return 0, errors.New("out of luck")
		}
		return 1, nil
	}
}
