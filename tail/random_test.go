package tail_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/batch"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

var (
	seedFlag   = flag.Uint64("seed", 0, "run only the random graph of this seed")
	graphsFlag = flag.Int("graphs", 3000, "random graphs to run, and fewer under race")
)

// A plan is a random graph of tasks whose calls take known times, most of them hedged,
// some with limits of time.
type plan struct {
	settled  bool
	limit    int // 0 for none
	shared   bool
	watched  bool
	nested   bool // in the body of a task
	loader   bool // some calls ask it for a value before they end
	end      time.Duration
	tasks    []*planned
	overtake bool // the caller ends before the group would
}

type planned struct {
	deps     []int
	hedged   bool
	optional bool
	mayFail  bool
	within   time.Duration // 0 for none, as timeout
	timeout  time.Duration
	delay    time.Duration
	calls    [2]plannedCall
	key      int // of the loader, -1 for none
}

type plannedCall struct {
	took    time.Duration
	err     bool
	ignores bool // its context
}

func newPlan(seed uint64) *plan {
	r := rand.New(rand.NewPCG(seed, 7))
	p := &plan{settled: r.IntN(2) == 0, watched: r.IntN(2) == 0, nested: r.IntN(3) == 0}
	if r.IntN(2) == 0 {
		p.limit, p.shared = 1+r.IntN(4), r.IntN(2) == 0
		p.loader = r.IntN(2) == 0
	}
	// Odd nanoseconds, so that no two sums are the same by chance.
	unit := time.Duration(1)
	took := func(most int) time.Duration {
		unit = unit*31%1_000_003 + 1
		return time.Duration(1+r.IntN(most))*ms + unit
	}
	for i := range 1 + r.IntN(9) {
		t := &planned{hedged: r.IntN(4) > 0, optional: r.IntN(4) == 0, delay: took(15), key: -1}
		for d := range i {
			if r.IntN(3) == 0 {
				t.deps = append(t.deps, d)
			}
		}
		t.mayFail = !t.optional && r.IntN(5) == 0
		if r.IntN(4) == 0 {
			t.within = took(80)
		}
		if r.IntN(4) == 0 {
			t.timeout = took(50)
		}
		for k := range t.calls {
			t.calls[k] = plannedCall{took: took(50), err: r.IntN(4) == 0, ignores: r.IntN(4) == 0}
		}
		if p.loader && r.IntN(3) == 0 {
			t.key = r.IntN(3)
		}
		p.tasks = append(p.tasks, t)
	}
	if r.IntN(4) == 0 {
		p.overtake, p.end = true, took(60)
	}
	return p
}

// known is what the oracle says of a task.
type known struct {
	ran          bool
	late         bool // it never began, and fails by its Within
	value        int  // 0 if it has none
	start, end   time.Duration
	calls        int
	second       time.Duration // began
	loserIgnores time.Duration // until when it runs on
	lost         int           // the call whose value is undone
}

// goesOn reports whether dependents run.
func (k *known) goesOn(t *planned) bool {
	return k.value > 0 || t.optional && (k.ran || k.late)
}

// never is an instant after all others.
const never = time.Duration(1) << 60

// oracle computes what becomes of a plan without a limit, in which nothing ends the group.
func oracle(p *plan) (all []known, until time.Duration) {
	all = make([]known, len(p.tasks))
	for i, t := range p.tasks {
		k := &all[i]
		skipped := never
		for _, d := range t.deps {
			k.start = max(k.start, all[d].end)
			if !all[d].goesOn(p.tasks[d]) { // by the first
				skipped = min(skipped, all[d].end)
			}
		}
		limit := never
		if t.within > 0 {
			limit = t.within
		}
		switch {
		case skipped < never: // while it waits for the others, it may come to be late
			k.late, k.end = limit <= skipped, min(skipped, limit)
		case limit <= k.start:
			k.late, k.end = true, limit
		}
		if k.end > 0 {
			until = max(until, k.end)
			continue
		}
		k.run(t, limit)
		until = max(until, k.end, k.loserIgnores)
	}
	return all, until
}

// run is the body of a task, that begins at k.start and has the Within limit.
func (k *known) run(t *planned, limit time.Duration) {
	k.ran, k.calls = true, 1
	if t.timeout > 0 {
		limit = min(limit, k.start+t.timeout)
	}
	ends := func(began time.Duration, c *plannedCall) (at time.Duration, ok bool) {
		if at = began + c.took; at >= limit && !c.ignores {
			return limit, false
		}
		return at, !c.err
	}
	a, b := &t.calls[0], &t.calls[1]
	first, ok := ends(k.start, a)
	k.end = first
	if ok {
		k.value = 1
	}
	began := k.start + t.delay
	if !t.hedged || first <= began || began >= limit {
		return
	}
	k.calls, k.second = 2, began
	second, ok2 := ends(began, b)
	switch {
	case ok && (!ok2 || first < second):
	case ok2 && (ok || second < first || second < limit):
		k.value, k.end = 2, second
	default: // after the first has failed, the second is waited for until the limit
		k.end = max(first, min(second, limit))
	}
	loser, natural, isOK := 2, second, ok2
	if k.value == 2 {
		loser, natural, isOK = 1, first, ok
	}
	if natural > k.end && t.calls[loser-1].ignores {
		k.loserIgnores = natural
		if isOK {
			k.lost = loser
		}
	}
}

// TestRandom runs random graphs of hedged tasks. Without a limit and an end from outside
// every instant is as the oracle says; with them it is checked that no more calls run than
// may, that a call is made only where it may be, and that all ends well.
func TestRandom(t *testing.T) {
	n := uint64(*graphsFlag)
	if testing.Short() || raceEnabled {
		n = 800
	}
	first := uint64(1)
	if *seedFlag > 0 {
		first, n = *seedFlag, 1
	}
	for seed := first; seed < first+n; seed++ {
		p := newPlan(seed)
		synctest.Test(t, func(t *testing.T) {
			if problems := p.run(); len(problems) > 0 {
				t.Errorf("seed %d: %v", seed, problems)
			}
		})
		if t.Failed() {
			break
		}
	}
}

func (p *plan) run() (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var running, peak atomic.Int64
	var mu sync.Mutex // guards what the calls note
	type noted struct{ began, ended [2]time.Duration }
	notes := make([]noted, len(p.tasks))
	counts := make([]int, len(p.tasks))
	undone := make([][]int, len(p.tasks))

	start := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if p.overtake {
		stop := time.AfterFunc(p.end, cancel)
		defer stop.Stop()
	}
	var options []asap.Option
	if p.settled {
		options = append(options, asap.Settled())
	}
	if p.limit > 0 && p.shared {
		options = append(options, asap.SharedLimit(p.limit))
	} else if p.limit > 0 {
		options = append(options, asap.Limit(p.limit))
	}
	stats := new(waterfall.Stats)
	var recorder waterfall.Recorder
	if p.watched {
		options = append(options, asap.Observe(&recorder), asap.Observe(stats))
	}
	h := make([]*tail.Hedger, len(p.tasks))
	tasks := make([]asap.Dep, len(p.tasks))
	results := make([]func() (int, error), len(p.tasks))
	ends := make([]time.Duration, len(p.tasks))
	work := func(ctx context.Context) error {
		g := asap.New(ctx, options...)
		var prices *batch.Loader[int, int]
		if p.loader {
			prices = batch.New(g, "prices", func(ctx context.Context, keys []int) (map[int]int, error) {
				if err := sleep(ctx, 3*ms); err != nil {
					return nil, err
				}
				m := make(map[int]int)
				for _, k := range keys {
					m[k] = k
				}
				return m, nil
			})
		}
		for i, t := range p.tasks {
			body := func(ctx context.Context) (int, error) {
				peak.Store(max(peak.Load(), running.Add(1)))
				mu.Lock()
				n := counts[i]
				counts[i]++
				if n > 1 {
					bad("task %d: call %d", i, n+1)
					n = 1
				}
				notes[i].began[n] = time.Since(start)
				mu.Unlock()
				c := t.calls[n]
				err := error(nil)
				if c.ignores {
					time.Sleep(c.took)
				} else {
					err = sleep(ctx, c.took)
				}
				mu.Lock()
				notes[i].ended[n] = time.Since(start)
				mu.Unlock()
				running.Add(-1)
				if err == nil && t.key >= 0 {
					v, e := prices.Get(ctx, t.key)
					if err = e; err == nil && v != t.key {
						bad("task %d: price %d, want %d", i, v, t.key)
					}
				}
				if err == nil && c.err {
					err = fmt.Errorf("call %d: %w", n+1, errBoom)
				}
				return n + 1, err
			}
			var deps []asap.Dep
			for _, d := range t.deps {
				deps = append(deps, tasks[d])
			}
			opts := []asap.TaskOption{asap.Needs(deps...)}
			if t.hedged {
				h[i] = always(t.delay)
				opts = append(opts, h[i])
			}
			if t.mayFail {
				opts = append(opts, asap.MayFail())
			}
			if t.within > 0 {
				opts = append(opts, asap.Within(t.within))
			}
			if t.timeout > 0 {
				opts = append(opts, asap.Timeout(t.timeout))
			}
			undo := func(_ context.Context, v int) error { undone[i] = append(undone[i], v); return nil }
			if t.optional {
				x := g.Optional(fmt.Sprint("t", i), body, opts...)
				x.Undo(func(ctx context.Context, r asap.Result[int]) error { return undo(ctx, r.Value) })
				tasks[i], results[i] = x, func() (int, error) { r := x.Result(); return r.Value.Value, errors.Join(r.Err, r.Value.Err) }
			} else {
				x := g.Go(fmt.Sprint("t", i), body, opts...)
				x.Undo(undo)
				tasks[i], results[i] = x, func() (int, error) { r := x.Result(); return r.Value, r.Err }
			}
			g.Do(fmt.Sprint("end", i), func(context.Context) error { ends[i] = time.Since(start); return nil }, asap.AfterEnd(tasks[i]))
		}
		return g.Wait()
	}
	var err error
	if p.nested {
		g := asap.New(ctx)
		g.Do("outer", work)
		err = g.Wait()
	} else {
		err = work(ctx)
	}
	took := time.Since(start)
	if n := running.Load(); n != 0 {
		bad("%d calls run after Wait", n)
	}
	if p.limit > 0 && peak.Load() > int64(p.limit) {
		bad("%d calls at once under Limit(%d)", peak.Load(), p.limit)
	}
	for i, t := range p.tasks {
		n := notes[i]
		if counts[i] == 2 {
			if d := n.began[1] - n.began[0]; !t.hedged || d < t.delay {
				bad("task %d: second call %v after the first, want %v", i, d, t.delay)
			}
			if n.ended[0] < n.began[1] && t.key < 0 {
				bad("task %d: second call when the first had ended", i)
			}
		}
		if t.hedged {
			if d := h[i].Decisions(); len(d) > 1 || len(d) == 1 && (d[0].Calls != 1 || int(d[0].Calls+d[0].Hedged) != counts[i]) || len(d) == 0 && counts[i] > 0 {
				bad("task %d: %d calls, %+v", i, counts[i], d)
			}
		}
	}
	if p.watched {
		for _, run := range append([]*waterfall.Run{recorder.Run()}, runsOf(stats)...) {
			if err := run.Validate(); err != nil {
				bad("run: %v", err)
			}
			sum := time.Duration(0)
			for _, s := range run.CriticalPath() {
				sum += s.Len()
			}
			if sum != run.Makespan {
				bad("critical path of %v in a run of %v", sum, run.Makespan)
			}
		}
	}
	if p.limit > 0 || p.overtake {
		return problems
	}

	want, until := oracle(p)
	failed := false
	for i, k := range want {
		failed = failed || (k.ran || k.late) && k.value == 0 && !p.tasks[i].optional && !p.tasks[i].mayFail
	}
	if (err != nil) != failed {
		bad("Wait = %v, want failed %v", err, failed)
	}
	if failed && !p.settled {
		return problems
	}
	for i, k := range want {
		v, e := results[i]()
		if k.value > 0 && (v != k.value || e != nil) || k.value == 0 && e == nil {
			bad("task %d: %d, %v, want %d", i, v, e, k.value)
		}
		if k.ran && k.value == 0 {
			own := errors.Is(e, errBoom) && strings.HasSuffix(e.Error(), "call 1: boom")
			if late := errors.Is(e, context.DeadlineExceeded); !own && !late || own == late && p.tasks[i].within+p.tasks[i].timeout == 0 {
				bad("task %d: %v, want the error of call 1, or of its time", i, e)
			}
		}
		if k.late && (!errors.Is(e, context.DeadlineExceeded) || errors.Is(e, asap.ErrSkipped)) {
			bad("task %d: %v, want that of its Within", i, e)
		}
		if counts[i] != k.calls || k.ran && notes[i].began[0] != k.start || k.calls == 2 && notes[i].began[1] != k.second || ends[i] != k.end {
			bad("task %d: %d calls from %v and %v, end at %v, want %+v", i, counts[i], notes[i].began[0], notes[i].began[1], ends[i], k)
		}
		if k.lost > 0 && !p.tasks[i].optional && !slices.Equal(undone[i], []int{k.lost}) || k.lost == 0 && len(undone[i]) > 0 {
			bad("task %d: undone %v, want %d", i, undone[i], k.lost)
		}
	}
	if took != until {
		bad("took %v, want %v", took, until)
	}
	return problems
}

func runsOf(stats *waterfall.Stats) (runs []*waterfall.Run) {
	for _, r := range stats.Reports(waterfall.SinceStart) {
		for _, k := range r.Latest {
			runs = append(runs, stats.Run(k.Number))
		}
	}
	return runs
}
