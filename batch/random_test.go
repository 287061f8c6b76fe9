package batch_test

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
)

var seeds = flag.Int("seeds", 2000, "how many random programs TestRandom runs")
var firstSeed = flag.Uint64("first", 0, "the first of them")

// program is a group: its bodies, in order of declaration.
type program struct{ bodies []*body }

// body does its ops one after the other, once those of deps have ended.
type body struct {
	deps []*body // of the same program
	ops  []op
	task *asap.Task[struct{}]
}

// op is one of: to sleep, to ask for a key, to wait for a body, to run a nested group.
type op struct {
	sleep    time.Duration
	blocking bool
	loader   int
	key      int // not 0
	on       *body
	inner    *program
}

// generator makes programs. Durations are such that no two events fall into one instant.
type generator struct {
	*rand.Rand
	sleeps bool
	left   int // bodies
}

func (r *generator) duration() time.Duration { return 1 + time.Duration(r.Int64N(1e12)) }

// program makes one whose bodies may wait for those in before.
func (r *generator) program(before []*body, depth int) *program {
	p := &program{}
	for n := 1 + r.IntN(6); n > 0 && r.left > 0; n-- {
		r.left--
		b := &body{}
		for _, other := range p.bodies {
			if r.IntN(6) == 0 {
				b.deps = append(b.deps, other)
			}
		}
		known := append(slices.Clone(before), p.bodies...)
		for range r.IntN(5) {
			switch k := r.IntN(10); {
			case k < 2 && r.sleeps:
				b.ops = append(b.ops, op{sleep: r.duration(), blocking: r.IntN(3) == 0})
			case k < 4 && len(known) > 0:
				b.ops = append(b.ops, op{on: known[r.IntN(len(known))]})
			case k < 5 && depth < 3:
				b.ops = append(b.ops, op{inner: r.program(known, depth+1)})
			default:
				b.ops = append(b.ops, op{loader: r.IntN(2), key: 1 + r.IntN(12)})
			}
		}
		p.bodies = append(p.bodies, b)
	}
	return p
}

// fetched is a call of a loader.
type fetched struct {
	loader int
	at     time.Duration
	keys   []int
}

// takes is how long such a call takes. The hash alone gives sums of such times that are
// equal, and of two calls that end in one instant any may be first.
func (f fetched) takes() time.Duration {
	h := fnv.New64()
	fmt.Fprint(h, f.loader, f.keys)
	return 1 + time.Duration(rand.New(rand.NewPCG(h.Sum64(), 3)).Int64N(1e12))
}

func inOrder(calls []fetched) []fetched {
	slices.SortFunc(calls, func(a, b fetched) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.loader - b.loader
	})
	return calls
}

// oracle runs a program one step after the other.
type oracle struct {
	now     time.Duration
	maxWait [2]time.Duration
	states  map[*body]*state
	asked   [2]map[int]*flight
	open    [2]*flight
	running []*flight
	calls   []fetched
}

type state struct {
	at    int // the next op
	done  bool
	until time.Duration // sleeps
	key   *flight       // waits
	begun bool          // the op is
}

// flight is a call that is held, runs, or is done.
type flight struct {
	loader int
	keys   []int
	opened time.Duration
	until  time.Duration
	done   bool
}

// run returns when the program has ended, and the calls.
func (o *oracle) run(p *program) {
	o.states = make(map[*body]*state)
	o.asked = [2]map[int]*flight{{}, {}}
	for {
		for o.step(p) {
		}
		if !o.awake(p) && (o.open[0] != nil || o.open[1] != nil) {
			o.begin(0)
			o.begin(1)
			continue
		}
		next := time.Duration(0)
		event := func(at time.Duration) {
			if at > o.now && (next == 0 || at < next) {
				next = at
			}
		}
		for _, s := range o.states {
			event(s.until)
		}
		for _, f := range o.running {
			event(f.until)
		}
		for i, f := range o.open {
			if f != nil {
				event(f.opened + o.maxWait[i])
			}
		}
		if next == 0 {
			return
		}
		o.now = next
		for _, f := range o.running {
			f.done = f.done || f.until <= o.now
		}
		for i, f := range o.open {
			if f != nil && f.opened+o.maxWait[i] <= o.now {
				o.begin(i)
			}
		}
	}
}

func (o *oracle) begin(loader int) {
	f := o.open[loader]
	if f == nil {
		return
	}
	o.open[loader] = nil
	slices.Sort(f.keys)
	call := fetched{loader, o.now, f.keys}
	f.until = o.now + call.takes()
	o.running = append(o.running, f)
	o.calls = append(o.calls, call)
}

// awake reports whether a body sleeps by itself.
func (o *oracle) awake(p *program) bool {
	for _, s := range o.states {
		if s.until > o.now {
			return true
		}
	}
	return false
}

func (o *oracle) ended(p *program) bool {
	for _, b := range p.bodies {
		if !o.isDone(b) {
			return false
		}
	}
	return true
}

func (o *oracle) isDone(b *body) bool { s := o.states[b]; return s != nil && s.done }

// step lets go on what can at this instant, and reports whether anything could.
func (o *oracle) step(p *program) (any bool) {
	for _, b := range p.bodies {
		any = o.stepBody(b) || any
	}
	return any
}

func (o *oracle) stepBody(b *body) bool {
	s := o.states[b]
	if s == nil {
		for _, d := range b.deps {
			if !o.isDone(d) {
				return false
			}
		}
		s = &state{}
		o.states[b] = s
	}
	if s.done {
		return false
	}
	if s.at == len(b.ops) {
		s.done = true
		return true
	}
	x := b.ops[s.at]
	first := !s.begun
	s.begun = true
	over := false
	switch {
	case x.sleep > 0:
		if first {
			s.until = o.now + x.sleep
		}
		over = s.until <= o.now
	case x.on != nil:
		over = o.isDone(x.on)
	case x.inner != nil:
		if o.step(x.inner) {
			return true
		}
		over = o.ended(x.inner)
	default:
		if first {
			s.key = o.ask(x.loader, x.key)
		}
		over = s.key.done
	}
	if over {
		s.at, s.begun, s.until, s.key = s.at+1, false, 0, nil
	}
	return over || first
}

func (o *oracle) ask(loader, key int) *flight {
	f := o.asked[loader][key]
	if f == nil {
		if o.open[loader] == nil {
			o.open[loader] = &flight{loader: loader, opened: o.now}
		}
		f = o.open[loader]
		f.keys = append(f.keys, key)
		o.asked[loader][key] = f
	}
	return f
}

// real runs a program with the package.
type real struct {
	loaders [2]*batch.Loader[int, int]
	limits  *rand.Rand
	mu      sync.Mutex
	calls   []fetched
	start   time.Time
}

func (r *real) fetch(loader int) func(context.Context, []int) (map[int]int, error) {
	return func(_ context.Context, keys []int) (map[int]int, error) {
		keys = slices.Clone(keys)
		slices.Sort(keys)
		call := fetched{loader, time.Since(r.start), keys}
		r.mu.Lock()
		r.calls = append(r.calls, call)
		r.mu.Unlock()
		time.Sleep(call.takes())
		values := make(map[int]int)
		for _, key := range keys {
			values[key] = 10*key + loader
		}
		return values, nil
	}
}

func (r *real) declare(g *asap.Group, p *program) {
	for _, b := range p.bodies {
		var options []asap.TaskOption
		for _, d := range b.deps {
			options = append(options, asap.After(d.task))
		}
		b.task = g.Do("body", func(ctx context.Context) error {
			for _, x := range b.ops {
				if err := r.do(ctx, x); err != nil {
					return err
				}
			}
			return nil
		}, options...)
	}
}

func (r *real) do(ctx context.Context, x op) error {
	switch {
	case x.blocking:
		return asap.Blocking(ctx, func() error { time.Sleep(x.sleep); return nil })
	case x.sleep > 0:
		time.Sleep(x.sleep)
		return nil
	case x.on != nil:
		_, err := x.on.task.Await(ctx)
		return err
	case x.inner != nil:
		g := asap.New(ctx, r.options()...)
		defer g.Stop()
		r.declare(g, x.inner)
		return g.Wait()
	}
	v, err := r.loaders[x.loader].Get(ctx, x.key)
	if err == nil && v != 10*x.key+x.loader {
		err = fmt.Errorf("key %d is %d", x.key, v)
	}
	return err
}

// options are a limit for some groups, if there are any.
func (r *real) options() []asap.Option {
	if r.limits == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.limits.IntN(4); n > 0 {
		return []asap.Option{asap.Limit(n)}
	}
	return nil
}

// TestRandom: programs whose bodies sleep, wait for each other, nest and ask make the
// calls that the oracle says, at those instants. Those that do not sleep do so under any
// limits.
func TestRandom(t *testing.T) {
	n := uint64(runs(*seeds))
	for seed := *firstSeed; seed < n; seed++ {
		r := &generator{rand.New(rand.NewPCG(seed, 1)), seed%2 == 0, 40}
		p := r.program(nil, 0)
		o := &oracle{maxWait: [2]time.Duration{1e15, 1e15}}
		if r.sleeps && seed%4 == 0 {
			o.maxWait = [2]time.Duration{r.duration() / 4, r.duration()}
		}
		o.run(p)
		synctest.Test(t, func(t *testing.T) {
			x := &real{start: time.Now()}
			if !r.sleeps {
				x.limits = r.Rand
			}
			g := asap.New(t.Context(), x.options()...)
			for i := range x.loaders {
				x.loaders[i] = batch.New(g, "loader", x.fetch(i), batch.MaxWait(o.maxWait[i]))
			}
			x.declare(g, p)
			if err := g.Wait(); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			got, want := fmt.Sprint(inOrder(x.calls)), fmt.Sprint(inOrder(o.calls))
			if got != want {
				t.Errorf("seed %d: calls are\n%s, want\n%s", seed, got, want)
			}
			if took := time.Since(x.start); took != o.now {
				t.Errorf("seed %d: took %v, want %v", seed, took, o.now)
			}
		})
		if t.Failed() {
			return
		}
	}
}
