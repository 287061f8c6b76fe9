package tail_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// rough runs random groups in which everything is mixed: second calls, learners, other
// Arounds, limits of time and of slots, loaders, Maps, Races, nested groups, waits; and
// anything may fail, panic, leave, ignore its context or be canceled.
type rough struct {
	t      *testing.T
	seed   uint64
	mu     sync.Mutex // guards what follows
	rand   *rand.Rand
	calm   bool // nothing fails, is late or is canceled, but who has lost
	fatal  bool // panics and Goexits
	over   bool
	bodies int // that may still be declared

	most      int // slots of the outermost group, 0 for any number
	computing int

	hedgers []*tail.Hedger
	learner *tail.Learner
	stats   *waterfall.Stats
}

func (r *rough) n(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rand.IntN(n)
}

// one reports true once in n times.
func (r *rough) one(n int) bool { return r.n(n) == 0 }

func (r *rough) some() time.Duration { return time.Duration(1+r.n(20)) * ms }

// compute is a while that counts under the limit, unless its call has lost: that may go on
// without a slot.
func (r *rough) compute(ctx context.Context) error {
	counts := 1
	if ctx.Err() != nil {
		counts = 0
	}
	r.mu.Lock()
	if r.over {
		r.t.Error("a body runs after the end")
	}
	r.computing += counts
	if r.calm && r.most > 0 && r.computing > r.most {
		r.t.Errorf("seed %d: %d bodies at once, of %d", r.seed, r.computing, r.most)
	}
	r.mu.Unlock()
	var err error
	if d := r.some(); r.one(5) {
		time.Sleep(d)
	} else {
		err = sleep(ctx, d)
	}
	r.mu.Lock()
	r.computing -= counts
	r.mu.Unlock()
	return err
}

// around is a random Around: none of them changes what a body is.
func (r *rough) around(ctx context.Context, _ string, body func(context.Context) error) error {
	switch k := r.n(4); {
	case k == 0:
		if err := body(ctx); err == nil || r.calm {
			return err
		}
		return body(ctx)
	case k == 1 && !r.calm:
		ctx, cancel := context.WithTimeout(ctx, r.some())
		defer cancel()
		return body(ctx)
	case k == 2 && !r.calm: // a call is left behind
		go body(ctx)
		return body(ctx)
	}
	return body(context.WithValue(ctx, roughKey{}, r))
}

type roughKey struct{}

func (r *rough) groupOptions(outermost bool) (options []asap.Option) {
	if r.one(2) {
		options = append(options, asap.Around(r.around))
	}
	if r.one(3) {
		options = append(options, asap.Settled())
	}
	if r.one(2) {
		options = append(options, r.learner)
	}
	if !outermost && r.one(3) {
		options = append(options, asap.Limit(1+r.n(3)))
	}
	if r.one(6) {
		options = append(options, asap.SharedLimit(1+r.n(3)))
	}
	return options
}

func (r *rough) taskOptions(before []asap.Dep) (options []asap.TaskOption) {
	if r.one(2) {
		options = append(options, r.hedgers[r.n(len(r.hedgers))])
	} else if r.one(2) {
		options = append(options, tail.Safe())
	}
	if r.one(5) {
		options = append(options, asap.Around(r.around))
	}
	if r.one(8) {
		options = append(options, asap.SharedLimit(1+r.n(2)))
	}
	if r.one(8) {
		options = append(options, asap.When(r.one(2)))
	}
	if len(before) > 0 && r.one(3) {
		d := before[r.n(len(before))]
		options = append(options, []asap.TaskOption{asap.Needs(d), asap.After(d), asap.AfterEnd(d)}[r.n(3)])
	}
	if r.calm {
		return options
	}
	if r.one(6) {
		options = append(options, asap.Within(3*r.some()))
	}
	if r.one(6) {
		options = append(options, asap.Timeout(2*r.some()))
	}
	if r.one(6) {
		options = append(options, asap.MayFail())
	}
	return options
}

// group makes a group with some tasks, which may ask the loader, and waits for it.
func (r *rough) group(ctx context.Context, loader *batch.Loader[int, int], depth int, options ...asap.Option) error {
	g := asap.New(ctx, append(options, r.groupOptions(depth == 0)...)...)
	defer g.Stop()
	if loader == nil || r.one(4) {
		loader = batch.New(g, "prices", r.fetch)
	}
	exit := g.NewExit[int]()
	var deps []asap.Dep
	var tasks []*asap.Task[int]
	for range 1 + r.n(5) {
		before := tasks
		body := func(ctx context.Context) (int, error) { return 1, r.body(ctx, loader, before, exit, depth) }
		options := r.taskOptions(deps)
		switch name := fmt.Sprint("t", r.n(6)); r.n(6) {
		case 0:
			task := g.Optional(name, body, options...)
			deps = append(deps, task)
		case 1:
			var mapped []asap.MapOption
			for _, o := range options {
				if m, ok := o.(asap.MapOption); ok {
					mapped = append(mapped, m)
				}
			}
			if r.one(2) {
				mapped = append(mapped, asap.Limit(1+r.n(2)))
			}
			in := g.Input("in", make([]int, r.n(4)))
			element := func(ctx context.Context, _ int) (int, error) { return body(ctx) }
			if r.one(2) {
				deps = append(deps, g.Map(name, in, element, mapped...))
			} else {
				deps = append(deps, g.MapOptional(name, in, element, mapped...))
			}
		case 2:
			deps = append(deps, g.Race(name, body, body))
		default:
			task := g.Go(name, body, options...)
			task.Undo(func(ctx context.Context, _ int) error { return sleep(ctx, ms) })
			tasks, deps = append(tasks, task), append(deps, task)
		}
	}
	if !r.calm && r.one(10) {
		return nil // Stop
	}
	return g.Wait()
}

func (r *rough) fetch(ctx context.Context, keys []int) (map[int]int, error) {
	if !r.calm && r.one(10) {
		return nil, errBoom
	}
	if err := sleep(ctx, r.some()); err != nil {
		return nil, err
	}
	values := make(map[int]int)
	for _, k := range keys {
		values[k] = k
	}
	return values, nil
}

func (r *rough) body(ctx context.Context, loader *batch.Loader[int, int], before []*asap.Task[int], exit *asap.Exit[int], depth int) error {
	for range 1 + r.n(3) {
		var err error
		switch k := r.n(8); {
		case k == 0 && len(before) > 0:
			_, err = before[r.n(len(before))].Await(ctx)
			if r.calm && errors.Is(err, asap.ErrSkipped) {
				err = nil
			}
		case k == 1 && depth < 2 && r.may():
			err = r.group(ctx, loader, depth+1)
		case k == 2:
			_, err = loader.Get(ctx, r.n(6))
		case k == 3:
			err = asap.Blocking(ctx, func() error { return sleep(ctx, r.some()) })
		case k == 4 && !r.calm:
			go loader.Get(ctx, r.n(6))
		default:
			err = r.compute(ctx)
		}
		if err != nil && (r.calm || r.one(2)) {
			return err
		}
	}
	switch {
	case r.calm:
		return nil
	case r.fatal && r.one(40):
		panic("boom")
	case r.fatal && r.one(40):
		runtime.Goexit()
	case r.one(30):
		return exit.With(1)
	case r.one(6):
		return errBoom
	}
	return nil
}

// may reports whether there may be another nested group.
func (r *rough) may() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies--
	return r.bodies > 0
}

// run runs some groups, one after the other or at once, and checks what is left.
func (r *rough) run() {
	r.stats = new(waterfall.Stats)
	for range 3 {
		r.hedgers = append(r.hedgers, tail.Hedge(tail.After(r.some()), tail.Share([]float64{.1, .5, 1}[r.n(3)])))
	}
	r.learner = tail.Policy(r.stats, tail.Share(.5), tail.Full(.5))
	r.most = r.n(4)
	var recorder waterfall.Recorder
	options := []asap.Option{asap.Name("home"), asap.Observe(r.stats), asap.Observe(&recorder)}
	if r.most > 0 {
		options = append(options, asap.Limit(r.most))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !r.calm && r.one(4) {
		defer time.AfterFunc(4*r.some(), cancel).Stop()
	}
	done := make(chan struct{})
	go func() { // for a Goexit
		defer close(done)
		defer func() {
			if v := recover(); v != nil && !r.fatal {
				r.t.Errorf("panic %v", v)
			}
		}()
		if err := r.group(ctx, nil, 0, options...); err != nil && r.calm {
			r.t.Errorf("Wait = %v", err)
		}
	}()
	<-done
	r.mu.Lock()
	r.over = true
	if r.computing != 0 {
		r.t.Errorf("%d bodies run after the end", r.computing)
	}
	r.mu.Unlock()
	if err := recorder.Run().Validate(); err != nil {
		r.t.Errorf("run: %v", err)
	}
}

// TestRandomEnds: whatever is mixed, and however it ends, all ends, no more bodies
// compute than may, and what was recorded is sound. In a bubble nothing may be left.
func TestRandomEnds(t *testing.T) {
	n := uint64(*graphsFlag)
	if testing.Short() || raceEnabled {
		n = 600
	}
	first := uint64(1)
	if *seedFlag > 0 {
		first, n = *seedFlag, 1
	}
	for seed := first; seed < first+n; seed++ {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			r := &rough{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 11)), calm: seed%2 == 0, fatal: seed%8 == 1, bodies: 12}
			r.run()
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
