package rules_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// edgeLeft is what a goroutine may do that a body has left behind: it has the
// body's context, its group and a task of a longer-lived group.
var edgeLeft = map[string]func(ctx context.Context, g *asap.Group, sibling, long *asap.Task[int]){
	"await softly": func(ctx context.Context, _ *asap.Group, _, long *asap.Task[int]) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		long.Await(ctx)
	},
	"await a sibling softly": func(ctx context.Context, _ *asap.Group, sibling, _ *asap.Task[int]) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		sibling.Await(ctx)
	},
	"await": func(ctx context.Context, _ *asap.Group, sibling, long *asap.Task[int]) {
		sibling.Await(ctx)
		long.Await(ctx)
	},
	"await by a value": func(ctx context.Context, _ *asap.Group, _, long *asap.Task[int]) {
		long.Await(context.WithValue(ctx, edgeKey{}, 1))
	},
	"await for nobody": func(ctx context.Context, _ *asap.Group, sibling, _ *asap.Task[int]) {
		sibling.Await(context.WithoutCancel(ctx))
	},
	"declare": func(_ context.Context, g *asap.Group, sibling, _ *asap.Task[int]) {
		edgeDeclare(func() {
			g.Go("late", edgeSleeps(0, 1)).Then("later", func(context.Context, int) (int, error) { return 2, nil })
			sibling.Then("after sibling", func(context.Context, int) (int, error) { return 3, nil })
		})
	},
	"declare and await": func(ctx context.Context, g *asap.Group, _, _ *asap.Task[int]) {
		edgeDeclare(func() { g.Go("late", edgeSleeps(0, 1)).Await(ctx) })
	},
	"nest": func(ctx context.Context, _ *asap.Group, sibling, long *asap.Task[int]) {
		in := asap.New(ctx)
		in.Go("in", sibling.Await)
		in.Go("long", long.Await)
		in.Wait()
	},
	"nest and stop": func(ctx context.Context, _ *asap.Group, _, long *asap.Task[int]) {
		in := asap.New(ctx, asap.Limit(1))
		in.Go("in", long.Await)
		in.Stop()
	},
	"derive": func(ctx context.Context, _ *asap.Group, _, _ *asap.Task[int]) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		off := context.AfterFunc(ctx, func() {})
		defer off()
		<-ctx.Done()
		if ctx.Err() == nil || context.Cause(ctx) == nil {
			panic("a context that is done has neither an error nor a cause")
		}
	},
	"stop the group": func(_ context.Context, g *asap.Group, _, _ *asap.Task[int]) { g.Stop() },
}

type edgeKey struct{}

var edgeSink atomic.Int64

// edgeDeclare lets f declare in a group that may have ended.
func edgeDeclare(f func()) {
	defer func() {
		if v := recover(); v != nil && !strings.Contains(fmt.Sprint(v), "declared in a group that has ended") {
			panic(v)
		}
	}()
	f()
}

// TestE1_LeftBehind: a goroutine that a body leaves behind may go on waiting
// and register what it likes; it can neither crash nor outrun the end of its
// group (R8, R18).
func TestE1_LeftBehind(t *testing.T) {
	limits := map[string][]asap.Option{"no limit": nil, "limit 1": {asap.Limit(1)}, "limit 8": {asap.Limit(8)}}
	for name, do := range edgeLeft {
		edgeChild(t, "at any moment, "+name, func(t *testing.T) {
			forever, end := context.WithCancel(t.Context())
			defer end()
			outer := asap.New(forever)
			long := outer.Go("long", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			rounds := 5000
			if testing.Short() {
				rounds = 200
			}
			for i := range rounds {
				for _, options := range limits {
					edgeLeaveBehind(t, i, do, options, long)
				}
			}
			end()
			outer.Wait()
		})
		for limited, options := range limits {
			edgeBubble(t, "in order, "+name+", "+limited, func(t *testing.T) {
				// It begins when the body has returned, and the group ends later.
				parent := &edgeParent{Context: t.Context()}
				outer := asap.New(t.Context())
				long := outer.Go("long", edgeSleeps(time.Hour, 1))
				g := asap.New(parent, options...)
				var left sync.WaitGroup
				var sibling *asap.Task[int]
				declared := make(chan struct{})
				g.Do("leaves", func(ctx context.Context) error {
					left.Go(func() { <-declared; do(ctx, g, sibling, long) })
					return nil
				})
				synctest.Wait()
				sibling = g.Go("sibling", edgeSleeps(3*time.Second, 1))
				time.AfterFunc(time.Second, func() { close(declared) })
				g.Wait()
				left.Wait()
				if n := parent.registered.Load(); n != 0 {
					t.Errorf("%d registrations are left with the parent (R18)", n)
				}
				outer.Wait()
			})
		}
	}
	edgeBubble(t, "in a group that has ended", func(t *testing.T) {
		parent := &edgeParent{Context: t.Context()}
		for name, do := range edgeLeft {
			g := asap.New(parent, asap.Limit(1))
			outer := asap.New(t.Context())
			long := outer.Go("long", edgeSleeps(time.Second, 1))
			var kept context.Context
			sibling := g.Go("sibling", edgeSleeps(0, 1))
			g.Do("leaves", func(ctx context.Context) error { kept = ctx; return nil })
			edgeNil(t, "Wait", g.Wait())
			do(kept, g, sibling, long)
			if n := parent.registered.Load(); n != 0 {
				t.Errorf("%s: %d registrations are left with the parent (R18)", name, n)
			}
			outer.Wait()
		}
	})
	edgeBubble(t, "it holds no slot and takes none", func(t *testing.T) {
		// Its wait began in the body's lifetime, and ends after it.
		c, m := newEdgeClock(), edgeMeter{}
		outer := asap.New(t.Context())
		long := outer.Go("long", edgeSleeps(5*time.Second, 1))
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("leaves", func(ctx context.Context) error {
			own, cancel := context.WithCancel(ctx)
			go func() { defer cancel(); long.Await(own) }()
			synctest.Wait()
			m.computes(time.Second) // not counted, for one of its goroutines waits
			return nil
		})
		for range 9 {
			g.Go("b", m.body(time.Second))
		}
		edgeNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 9*time.Second)
		m.most(t, "bodies", 2)
		outer.Wait()
	})
}

// edgeLeaveBehind makes a group whose bodies leave goroutines behind, and ends
// it now by itself, now by its parent.
func edgeLeaveBehind(t *testing.T, round int, do func(context.Context, *asap.Group, *asap.Task[int], *asap.Task[int]), options []asap.Option, long *asap.Task[int]) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	parent := ctx
	counted := &edgeParent{Context: ctx, slow: round % 5}
	if round%3 > 0 {
		parent = counted
	}
	g := asap.New(parent, options...)
	var left sync.WaitGroup
	edgeDeclare(func() { // unless a goroutine has stopped the group already
		sibling := g.Go("sibling", func(context.Context) (int, error) { edgeSpin(round % 3); return 1, nil })
		for k := range 1 + round%4/3 {
			g.Do("leaves", func(ctx context.Context) error {
				left.Go(func() { edgeSpin(k); do(ctx, g, sibling, long) })
				edgeSpin((round + k) % 23)
				return nil
			})
		}
	})
	if round%2 == 0 {
		go func() { edgeSpin(round % 11); cancel() }()
	}
	g.Wait()
	left.Wait()
	if n := counted.registered.Load(); n != 0 && round%2 != 0 {
		t.Errorf("round %d: %d registrations are left with the parent (R18)", round, n)
	}
}

// edgeSpin takes a little.
func edgeSpin(n int) {
	for range n * 50 {
		edgeSink.Add(1)
	}
}
