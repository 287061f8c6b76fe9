package asaptest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/waterfall"
)

// The engine keeps the contract of observers in groups of every kind: awaits,
// nested groups, limits, failures, panics, Goexit, exits and cancels at random.
func TestRandomEvents(t *testing.T) {
	graphs := 600
	if testing.Short() {
		graphs = 60
	}
	for seed := range uint64(graphs) {
		synctest.Test(t, func(t *testing.T) {
			var events asaptest.Events
			events.Exact()
			var recorder, called waterfall.Recorder
			done := make(chan struct{})
			go func() { // Wait may panic or end it
				defer close(done)
				defer func() { _ = recover() }()
				w := &wild{rand.New(rand.NewPCG(seed, 2))}
				ctx, cancel := w.context(t.Context())
				defer cancel()
				w.group(ctx, 0, asap.Observe(&events), asap.Observe(&recorder), asap.Observe(eventByEvent{&called}))
			}()
			<-done
			synctest.Wait()
			if err := events.Check(); err != nil {
				t.Errorf("graph %d: %v", seed, err)
			}
			run := recorder.Run()
			if err := run.Validate(); err != nil {
				t.Errorf("graph %d: %v", seed, err)
			}
			other := called.Run()
			merge(run)
			merge(other)
			if got, want := jsonOf(t, run), jsonOf(t, other); got != want {
				t.Errorf("graph %d: read from the engine's table:\n%s\nfrom the events:\n%s", seed, got, want)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// eventByEvent hides that a Recorder can read the engine's table, so that it is
// called for every event.
type eventByEvent struct{ asap.Observer }

// merge leaves out what takes no time: of two waits of a body that end at one
// instant, either may end first, and events do not tell of one that passes during another.
func merge(run *waterfall.Run) {
	for i := range run.Groups { // of which the events say nothing
		g := &run.Groups[i]
		g.EndedBy, g.Several = 0, false
		g.Waits = slices.DeleteFunc(g.Waits, func(w waterfall.Wait) bool { return w.Start == w.End })
		for j := range g.Waits {
			g.Waits[j].Deadline = 0
		}
	}
	for i := range run.Tasks {
		run.Tasks[i].Several = false
		run.Tasks[i].Race, run.Tasks[i].MayFail, run.Tasks[i].Optional = false, false, false
		pieces := run.Tasks[i].Pieces
		for j := range pieces {
			p := &pieces[j]
			if p.Deadline > 0 && p.Deadline == p.End && j+1 < len(pieces) && pieces[j+1].State == waterfall.Queued {
				// By the events it is blocked until what it waits for has ended.
				next := &pieces[j+1]
				p.End = max(p.End, min(next.End, endOf(run, p.On)))
				next.Start = p.End
			}
			p.Deadline = 0
		}
	}
	for i := range run.Tasks {
		var pieces []waterfall.Piece
		for _, p := range run.Tasks[i].Pieces {
			last := len(pieces) - 1
			switch {
			case p.Start == p.End:
			case last >= 0 && pieces[last].State == p.State && pieces[last].On == p.On:
				pieces[last].End = p.End
			default:
				pieces = append(pieces, p)
			}
		}
		run.Tasks[i].Pieces = pieces
	}
}

// endOf is when the task, or the group, has ended.
func endOf(run *waterfall.Run, id asap.ID) time.Duration {
	if i := slices.IndexFunc(run.Tasks, func(t waterfall.Task) bool { return t.ID == id }); i >= 0 {
		return run.Tasks[i].End()
	}
	i := slices.IndexFunc(run.Groups, func(g waterfall.Group) bool { return g.ID == id })
	return run.Groups[i].End
}

func jsonOf(t *testing.T, run *waterfall.Run) string {
	var b strings.Builder
	if err := run.Write(&b, waterfall.JSON); err != nil {
		t.Error(err)
	}
	return b.String()
}

// wild makes groups at random.
type wild struct{ *rand.Rand }

func (w *wild) often(n int) bool { return w.IntN(n) > 0 }

func (w *wild) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.often(4) {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(w.IntN(20))*ms)
}

func (w *wild) nap() time.Duration { return time.Duration(w.IntN(5)) * ms }

// group declares and waits. Everything random is drawn before a body starts.
func (w *wild) group(ctx context.Context, depth int, options ...asap.Option) {
	if !w.often(3) {
		options = append(options, asap.Settled())
	}
	if w.often(2) {
		options = append(options, asap.Limit(1+w.IntN(3)))
	}
	if !w.often(3) {
		options = append(options, asap.Name(fmt.Sprint("group", depth)))
	}
	g := asap.New(ctx, options...)
	defer g.Stop()
	exit := g.NewExit[int]()
	tasks := []*asap.Task[int]{g.Input("input", 1)}
	for i := range 1 + w.IntN(10) {
		tasks = append(tasks, w.task(g, exit, fmt.Sprint("t", i), tasks, depth))
	}
	_ = g.Wait()
}

func (w *wild) task(g *asap.Group, exit *asap.Exit[int], name string, before []*asap.Task[int], depth int) *asap.Task[int] {
	a, b := before[w.IntN(len(before))], before[w.IntN(len(before))]
	body := w.body(exit, a, b, depth)
	then := func(ctx context.Context, _ int) (int, error) { return body(ctx) }
	switch w.IntN(8) {
	case 0, 1:
		return g.Go(name, body)
	case 2:
		return a.Then(name, then)
	case 3:
		return a.And(b).Then(name, func(ctx context.Context, _, _ int) (int, error) { return body(ctx) })
	case 4:
		return a.Optional(name, then).Then(name+"or", func(_ context.Context, r asap.Result[int]) (int, error) { return r.Or(0), nil })
	case 5:
		other := w.body(exit, a, a, 9)
		return g.Race(name, body, other)
	case 6:
		n := w.IntN(4)
		list := a.Then(name+"list", func(context.Context, int) ([]int, error) { return make([]int, n), nil })
		return g.Map(name, list, then, asap.Limit(1+w.IntN(2))).Then(name+"sum", func(_ context.Context, l []int) (int, error) { return len(l), nil })
	default:
		return g.Gather(name+"all", a, b).Then(name, func(ctx context.Context, _ []int) (int, error) { return body(ctx) })
	}
}

func (w *wild) body(exit *asap.Exit[int], a, b *asap.Task[int], depth int) func(context.Context) (int, error) {
	kind, nap, end := w.IntN(7), w.nap(), w.IntN(40)
	inner, late := w.Uint64(), time.Duration(1+w.IntN(1_000_000))
	return func(ctx context.Context) (int, error) {
		time.Sleep(nap)
		switch kind {
		case 0:
			_, _ = a.Await(ctx)
			_, _ = b.Await(ctx)
		case 1: // a soft wait
			soft, cancel := context.WithTimeout(ctx, nap)
			defer cancel()
			_, _ = a.Await(soft)
		case 2: // two waits at once
			other := make(chan struct{})
			go func() { // ends before the body
				defer close(other)
				time.Sleep(late) // of two waits at one instant, either may be told first
				_, _ = a.Await(ctx)
			}()
			_, _ = b.Await(ctx)
			<-other
		case 3:
			if depth < 2 {
				(&wild{rand.New(rand.NewPCG(inner, 3))}).group(ctx, depth+1)
			}
		}
		switch end {
		case 0, 1:
			return 0, errDown
		case 2:
			panic("wild")
		case 3:
			runtime.Goexit()
		case 4:
			return 0, fmt.Errorf("found: %w", exit.With(1))
		case 5:
			select {
			case <-ctx.Done():
			case <-time.After(50 * ms):
			}
			return 0, errors.Join(ctx.Err(), errDown)
		}
		return 1, nil
	}
}
