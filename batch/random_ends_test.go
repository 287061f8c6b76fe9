package batch_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

// rough runs a program in which anything may go wrong.
type rough struct {
	mu      sync.Mutex
	rand    *rand.Rand
	unit    time.Duration
	loaders [2]*batch.Loader[int, int]
	fatal   bool // panics and Goexits
	over    bool
	fetched int
	t       *testing.T
}

// one reports true once in n times.
func (r *rough) one(n int) bool { return r.n(n) == 0 }

func (r *rough) n(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rand.IntN(n)
}

func (r *rough) pause() { time.Sleep(time.Duration(1+r.n(9)) * r.unit) }

func (r *rough) fetch(ctx context.Context, keys []int) (map[int]int, error) {
	r.mu.Lock()
	if r.over {
		r.t.Error("fetch after the end")
	}
	r.fetched++
	r.mu.Unlock()
	switch {
	case r.fatal && r.one(100):
		panic("boom")
	case r.fatal && r.one(100):
		runtime.Goexit()
	case r.one(8):
		return nil, errBoom
	case r.one(3):
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(r.unit):
		}
	case r.one(6):
		r.loaders[r.n(2)].Get(ctx, 100+r.n(9))
	}
	values := make(map[int]int)
	for _, key := range keys {
		if key%5 != 0 {
			values[key] = 10 * key
		}
	}
	return values, nil
}

func (r *rough) options() (options []asap.Option) {
	if r.one(2) {
		options = append(options, asap.Limit(1+r.n(3)))
	}
	if r.one(3) {
		options = append(options, asap.Settled())
	}
	if r.one(8) {
		options = append(options, asap.Around(func(ctx context.Context, _ string, body func(context.Context) error) error {
			if err := body(ctx); err != nil && r.one(2) {
				return body(ctx)
			} else {
				return err
			}
		}))
	}
	return options
}

func (r *rough) declare(g *asap.Group, p *program) {
	for _, b := range p.bodies {
		var options []asap.TaskOption
		for _, d := range b.deps {
			options = append(options, asap.AfterEnd(d.task))
		}
		if r.one(8) {
			options = append(options, asap.MayFail())
		}
		if r.one(8) {
			options = append(options, asap.Within(time.Duration(1+r.n(20))*r.unit))
		}
		b.task = g.Do("body", func(ctx context.Context) error {
			for _, x := range b.ops {
				if err := r.do(ctx, x); err != nil && r.one(2) {
					return err
				}
			}
			switch {
			case r.fatal && r.one(200):
				panic("boom")
			case r.one(30):
				return errBoom
			}
			return nil
		}, options...)
	}
}

func (r *rough) do(ctx context.Context, x op) error {
	if r.one(6) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(1+r.n(9))*r.unit)
		defer cancel()
	}
	switch {
	case x.blocking:
		return asap.Blocking(ctx, func() error { r.pause(); return nil })
	case x.sleep > 0:
		r.pause()
		return nil
	case x.on != nil:
		_, err := x.on.task.Await(ctx)
		return err
	case x.inner != nil:
		g := asap.New(ctx, r.options()...)
		defer g.Stop()
		r.declare(g, x.inner)
		if r.one(10) {
			return nil // Stop
		}
		return g.Wait()
	}
	l := r.loaders[x.loader]
	if r.one(20) { // several goroutines, of which some are left behind
		for range 2 {
			go l.Get(ctx, x.key+r.n(3))
		}
	}
	if r.one(8) {
		_, err := l.GetAll(ctx, []int{x.key, x.key + 1, x.key + 2})
		return err
	}
	v, err := l.Get(ctx, x.key)
	own, _ := err.(*batch.KeyError)
	switch {
	case err == nil && (v != 10*x.key || x.key%5 == 0),
		own != nil && (own.Key != any(x.key) || own.Err == batch.ErrMissing && x.key%5 != 0):
		r.t.Errorf("key %d: %d, %v", x.key, v, err)
	}
	return err
}

// run runs the program and returns when everything has ended.
func (r *rough) run(p *program, maxWait time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.one(4) {
		defer time.AfterFunc(time.Duration(r.n(30))*r.unit, cancel).Stop()
	}
	done := make(chan struct{})
	go func() { // for a Goexit
		defer close(done)
		defer func() { recover() }()
		g := asap.New(ctx, r.options()...)
		defer g.Stop()
		for i := range r.loaders {
			options := []batch.Option{batch.MaxWait(maxWait)}
			if r.one(3) {
				options = append(options, batch.MaxSize(1+r.n(4)))
			}
			if r.one(5) {
				options = append(options, batch.MaxWait(time.Duration(1+r.n(5))*r.unit))
			}
			r.loaders[i] = batch.New(g, "loader", r.fetch, options...)
		}
		r.declare(g, p)
		g.Wait()
	}()
	<-done
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
}

// TestRandomEnds: whatever fails, panics, is canceled or left behind, all ends, without
// the net, and nothing is fetched afterwards. In a bubble nothing may be left either.
func TestRandomEnds(t *testing.T) {
	fetched := 0
	for seed := range uint64(runs(*seeds)) {
		r := &generator{rand.New(rand.NewPCG(seed, 2)), true, 30}
		p := r.program(nil, 0)
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			x := &rough{rand: r.Rand, unit: time.Millisecond, fatal: seed%4 == 0, t: t}
			x.run(p, 1e6*time.Hour)
			if took := time.Since(start); took > time.Hour {
				t.Errorf("seed %d: took %v", seed, took)
			}
			fetched += x.fetched
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d calls", fetched)
}

// TestRandomEndsInRealTime is the same where goroutines race.
func TestRandomEndsInRealTime(t *testing.T) {
	for seed := range uint64(runs(*seeds)) {
		r := &generator{rand.New(rand.NewPCG(seed, 3)), true, 30}
		p := r.program(nil, 0)
		x := &rough{rand: r.Rand, unit: time.Microsecond, fatal: seed%4 == 0, t: t}
		start := time.Now()
		x.run(p, time.Minute)
		if took := time.Since(start); took > 30*time.Second {
			t.Fatalf("seed %d: took %v", seed, took)
		}
	}
}
