package tails_test

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
	"github.com/asap-go/asap/waterfall"
)

// technique is a way to run a graph. make makes, once for all runs of a graph, what
// runs it.
type technique struct {
	name        string
	correlation float64 // of a call and its next one
	make        func(*graph) runner
}

// runner runs a graph once and returns how many optional tasks it did without.
type runner func(context.Context, *request) (without int, err error)

var techniques = []technique{
	{"rounds of an errgroup", 0, rounds(nil)},
	{"– a timeout for the optional", 0, rounds(patience)},
	{"asap", 0, scheduled()},
	{"– a timeout for the optional", 0, scheduled(timeout)},
	{"– a deadline for the optional", 0, scheduled(within)},
	{"– hedges of everything, 5 %", 0, scheduled(hedgeAll)},
	{"– hedges of the critical, 5 %", 0, scheduled(hedgeCritical(.05))},
	{"– the deadline, hedges of the needed, 2 %", 0, scheduled(within, hedgeNeeded)},
	{"– – correlation .5", .5, scheduled(within, hedgeNeeded)},
	{"– – correlation .9", .9, scheduled(within, hedgeNeeded)},
	{"– the deadline alone, correlation .9", .9, scheduled(within)},
	{"– the deadline, hedges of the critical, 2 %", 0, scheduled(within, hedgeCritical(.02))},
	{"– a retry of what is slower than 99 %", 0, scheduled(retry)},
	{"– two at once", 0, scheduled(two)},
	{"– two at once, the longest way first", 0, scheduled(two, longestFirst)},
}

// chosen is the technique of the storefront.
const chosen = 7

// rounds runs the graph level by level, with what is optional given up in time.
func rounds(patience map[string]time.Duration) func(*graph) runner {
	return func(g *graph) runner { return byLevel(g, patience[g.ID]) }
}

func byLevel(g *graph, patience time.Duration) runner {
	level := make(map[string]int)
	var levels [][]task
	for _, t := range g.Tasks {
		n := 0
		for _, d := range t.Deps {
			n = max(n, level[d]+1)
		}
		level[t.Name] = n
		for n >= len(levels) {
			levels = append(levels, nil)
		}
		levels[n] = append(levels[n], t)
	}
	return func(ctx context.Context, r *request) (without int, err error) {
		var missing atomic.Int64
		for _, l := range levels {
			g, ctx := errgroup.WithContext(ctx)
			for _, t := range l {
				g.Go(func() error {
					if !t.isOptional() || patience == 0 {
						return r.call(ctx, t)
					}
					ctx, cancel := context.WithTimeout(ctx, patience)
					defer cancel()
					if r.call(ctx, t) != nil {
						missing.Add(1)
					}
					return nil
				})
			}
			if err := g.Wait(); err != nil {
				return 0, err
			}
		}
		return int(missing.Load()), nil
	}
}

// options are what a technique says of groups and of tasks.
type options struct {
	group    []asap.Option
	optional asap.TaskOption // of optional tasks
	safe     asap.TaskOption // of those that may be called twice
	needed   bool            // and are not optional
	order    []task          // in which they are declared
}

// scheduled runs the graph with asap, each task when what it needs is there.
func scheduled(says ...func(*graph, *options)) func(*graph) runner {
	return func(g *graph) runner {
		o := options{group: []asap.Option{asap.Name(g.ID)}, order: g.Tasks}
		for _, say := range says {
			say(g, &o)
		}
		return o.run
	}
}

func (o *options) run(ctx context.Context, r *request) (without int, err error) {
	g := asap.New(ctx, o.group...)
	tasks := make(map[string]asap.Dep)
	var optional []*asap.Task[asap.Result[struct{}]]
	for _, t := range o.order {
		var all []asap.TaskOption
		for _, d := range t.Deps {
			all = append(all, asap.After(tasks[d]))
		}
		if t.isSafe() && !(o.needed && t.isOptional()) && o.safe != nil {
			all = append(all, o.safe)
		}
		if t.isOptional() && o.optional != nil {
			all = append(all, o.optional)
		}
		body := func(ctx context.Context) (struct{}, error) { return struct{}{}, r.call(ctx, t) }
		if t.isOptional() {
			part := g.Optional(t.Name, body, all...)
			tasks[t.Name], optional = part, append(optional, part)
		} else {
			tasks[t.Name] = g.Go(t.Name, body, all...)
		}
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	for _, o := range optional {
		if o.Value().Err != nil {
			without++
		}
	}
	return without, nil
}

const ms = time.Millisecond

// patience is how long each page waits for what is optional.
var patience = map[string]time.Duration{"boutique-home": 80 * ms, "boutique-product": 80 * ms, "boutique-cart": 80 * ms, "boutique-checkout": 400 * ms}

func timeout(g *graph, o *options) { o.optional = asap.Timeout(patience[g.ID]) }
func within(g *graph, o *options)  { o.optional = asap.Within(patience[g.ID]) }

func hedgeAll(_ *graph, o *options) { o.safe = tail.Hedge(tail.At(.95), tail.Share(.05)) }

func hedgeNeeded(_ *graph, o *options) {
	o.safe, o.needed = tail.Hedge(tail.At(.95), tail.Share(.02)), true
}

func hedgeCritical(share float64) func(*graph, *options) {
	return func(_ *graph, o *options) {
		stats := new(waterfall.Stats)
		o.group = append(o.group, asap.Observe(stats))
		o.safe = tail.Hedge(tail.At(.95), tail.Share(share), tail.Critical(stats))
	}
}

// retry gives a call up when it is slower than 99 % of them, and makes it again.
func retry(g *graph, o *options) {
	o.safe = asap.Around(func(ctx context.Context, name string, body func(context.Context) error) error {
		i := slices.IndexFunc(g.Tasks, func(t task) bool { return t.Name == name })
		first, cancel := context.WithTimeout(ctx, time.Duration(8*g.medians[g.Tasks[i].Class]*float64(ms)))
		defer cancel()
		if err := body(first); err == nil || ctx.Err() != nil {
			return err
		}
		return body(ctx)
	})
}

func two(_ *graph, o *options) { o.group = append(o.group, asap.Limit(2)) }

// longestFirst declares what has the longest way before it first: under a limit what
// waits longest begins first, so this is the order of priorities that a record would give.
func longestFirst(g *graph, o *options) {
	way := make(map[string]float64)
	for _, t := range slices.Backward(g.Tasks) {
		way[t.Name] += g.medians[t.Class]
		for _, d := range t.Deps {
			way[d] = max(way[d], way[t.Name])
		}
	}
	level := make(map[string]int) // which have to be declared in order
	for _, t := range g.Tasks {
		for _, d := range t.Deps {
			level[t.Name] = max(level[t.Name], level[d]+1)
		}
	}
	o.order = slices.SortedStableFunc(slices.Values(g.Tasks), func(a, b task) int {
		return cmp.Or(level[a.Name]-level[b.Name], cmp.Compare(way[b.Name], way[a.Name]))
	})
}
