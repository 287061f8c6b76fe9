package rules_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// edgeStage is a group with one slot and groups nested in it, whose depth is
// their index, all kept open until the end by bodies that wait without a slot.
// Tests declare into them while a body of the outermost keeps the slot busy.
type edgeStage struct {
	t      *testing.T
	log    edgeLog
	g      []*asap.Group
	other  *asap.Group   // without a limit: its tasks end when they are told
	ready  chan struct{} // closed when the test has declared everything
	finish func()
}

func newEdgeStage(t *testing.T, depth int) *edgeStage {
	st := &edgeStage{t: t, other: asap.New(t.Context()), ready: make(chan struct{})}
	keep := st.other.Go("keep", edgeSleeps(time.Hour, 1))
	st.g = []*asap.Group{asap.New(t.Context(), asap.Limit(1))}
	nested := make(chan struct{})
	var nest func(ctx context.Context) (int, error)
	nest = func(ctx context.Context) (int, error) {
		if len(st.g) > depth {
			close(nested)
			return keep.Await(ctx)
		}
		in := asap.New(ctx)
		st.g = append(st.g, in)
		in.Go("nest", nest)
		return 1, in.Wait()
	}
	st.g[0].Go("nest", nest)
	<-nested
	synctest.Wait() // all wait
	st.finish = func() {
		t.Helper()
		close(st.ready)
		edgeNil(t, "Wait", st.g[0].Wait())
		edgeNil(t, "Wait of the other group", st.other.Wait())
	}
	return st
}

// after is a task outside of the limit that ends at d.
func (st *edgeStage) after(d time.Duration) *asap.Task[int] {
	return st.other.Go("after", edgeSleeps(d, 1))
}

// busy keeps the slot for d; what is declared then has to queue.
func (st *edgeStage) busy(d time.Duration) *asap.Task[int] {
	busy := st.g[0].Go("busy", st.log.body("busy", d))
	synctest.Wait()
	return busy
}

// goesOn is a task of the group at that depth that begins now, waits for x, and
// then does what is said, with the slot.
func (st *edgeStage) goesOn(depth int, name string, x *asap.Task[int], then func(ctx context.Context)) {
	st.g[depth].Do(name, func(ctx context.Context) error {
		if _, err := x.Await(ctx); err != nil {
			return err
		}
		<-st.ready
		st.log.add(name)
		then(ctx)
		return nil
	})
	synctest.Wait()
}

func (st *edgeStage) sleeps(context.Context) { time.Sleep(time.Second) }

// TestE7_Order: a free slot goes first to a body that goes on, in the order in
// which their waits ended; then to the ready body of the highest rank; among
// equals to one that became ready by the end of another before one that was
// ready when it was declared; then in order of becoming ready, ties in order of
// declaration (R21).
func TestE7_Order(t *testing.T) {
	const s = time.Second
	edgeBubble(t, "all of it", func(t *testing.T) {
		st := newEdgeStage(t, 2)
		x3, x2, x1 := st.after(3*s), st.after(2*s), st.after(s)
		st.goesOn(0, "w3", x3, st.sleeps)
		st.goesOn(2, "w2", x2, st.sleeps)
		st.goesOn(0, "w1", x1, st.sleeps)
		busy := st.busy(5 * s)
		late1 := st.log.then("late1", s)
		busy.Then("late0", st.log.then("late0", s))
		busy.Then("late1", late1)
		for depth, g := range st.g {
			name := fmt.Sprint("r", depth)
			g.Go(name, st.log.body(name, s))
			g.Go(name+"'", st.log.body(name+"'", s))
		}
		st.finish()
		st.log.check(t, "busy w1 w2 w3 r2 r2' r1 r1' late0 late1 r0 r0'")
	})
	edgeBubble(t, "waits that ended at one instant, in the order of the waits", func(t *testing.T) {
		st := newEdgeStage(t, 1)
		x := st.after(2 * s)
		for i := range 4 {
			st.goesOn(i%2, fmt.Sprint("w", i), x, st.sleeps)
		}
		st.busy(3 * s)
		st.g[1].Go("r", st.log.body("r", s))
		st.finish()
		st.log.check(t, "busy w0 w1 w2 w3 r")
	})
	edgeBubble(t, "by the end of another, in order of becoming ready", func(t *testing.T) {
		var log edgeLog
		g := asap.New(t.Context(), asap.Limit(2))
		p := g.Go("p", log.body("p", 10*s))
		q := g.Go("q", edgeSleeps(15*s, 1))
		g.Go("r0", log.body("r0", s))
		q.Then("q1", log.then("q1", s)) // ready at 15 s, declared before p2
		p.Then("p1", log.then("p1", 20*s))
		p.Then("p2", log.then("p2", 20*s))
		p.Then("p3", log.then("p3", 20*s))
		g.Go("r1", log.body("r1", s))
		edgeNil(t, "Wait", g.Wait())
		log.check(t, "p p1 p2 p3 q1 r0 r1")
	})
	edgeBubble(t, "elements, and a chain before what was ready before", func(t *testing.T) {
		var log edgeLog
		g := asap.New(t.Context(), asap.Limit(1))
		ids := g.Go("ids", func(context.Context) ([]string, error) {
			log.add("ids")
			time.Sleep(s)
			return []string{"e0", "e1"}, nil
		})
		g.Go("r0", log.body("r0", s))
		g.Map("map", ids, func(ctx context.Context, e string) (int, error) { return log.body(e, s)(ctx) })
		a := g.Go("a", log.body("a", s))
		g.Map("ready", g.Input("in", []string{"f0", "f1"}), func(ctx context.Context, e string) (int, error) { return log.body(e, s)(ctx) })
		a.Then("a2", log.then("a2", s)).Then("a3", log.then("a3", s))
		ids.Then("i2", func(ctx context.Context, _ []string) (int, error) { return log.body("i2", s)(ctx) })
		g.Race("race", log.body("f2", s))
		edgeNil(t, "Wait", g.Wait())
		log.check(t, "ids e0 e1 i2 r0 a a2 a3 f0 f1 f2")
	})
	edgeBubble(t, "an await raises what it waits for, with all that it still needs", func(t *testing.T) {
		st := newEdgeStage(t, 0)
		g := st.g[0]
		var c *asap.Task[int]
		st.goesOn(0, "w", st.after(s), func(ctx context.Context) { c.Await(ctx); st.log.add("w+") })
		st.busy(2 * s)
		g.Go("r0", st.log.body("r0", s))
		a, b := g.Go("a", st.log.body("a", s)), g.Go("b", st.log.body("b", s))
		g.Go("r1", st.log.body("r1", s))
		c = a.And(b).Then("c0", func(ctx context.Context, _, _ int) (int, error) { return st.log.body("c0", s)(ctx) }).Then("c", st.log.then("c", s))
		a.Then("unneeded", st.log.then("unneeded", s))
		st.finish()
		st.log.check(t, "busy w a b c0 c w+ unneeded r0 r1")
	})
	edgeBubble(t, "elements of a Map and functions of a Race that are awaited", func(t *testing.T) {
		st := newEdgeStage(t, 0)
		g := st.g[0]
		var all *asap.Task[[]int]
		st.goesOn(0, "w", st.after(s), func(ctx context.Context) { all.Await(ctx); st.log.add("w+") })
		st.busy(2 * s)
		g.Go("r0", st.log.body("r0", s))
		ids := g.Go("ids", func(context.Context) ([]string, error) {
			st.log.add("ids")
			time.Sleep(s)
			return []string{"e0", "e1"}, nil
		})
		likes := g.Map("likes", ids, func(ctx context.Context, e string) (int, error) { return st.log.body(e, s)(ctx) })
		one := likes.Then("one", func(ctx context.Context, _ []int) (int, error) { return st.log.body("one", s)(ctx) })
		race := g.Race("race", func(ctx context.Context) (int, error) { st.log.body("f0", s)(ctx); return 0, errEdge }, st.log.body("f1", s))
		all = g.Gather("all", one, race)
		st.finish()
		st.log.check(t, "busy w ids e0 e1 one f0 f1 w+ r0")
	})
	edgeBubble(t, "to one more than who awaits", func(t *testing.T) {
		st := newEdgeStage(t, 1)
		var u *asap.Task[int]
		st.goesOn(1, "m", st.after(s), func(ctx context.Context) { u.Await(ctx); st.log.add("m+") })
		st.busy(2 * s)
		st.g[1].Go("r1", st.log.body("r1", s))
		u = st.g[0].Go("u", st.log.body("u", s))
		st.finish()
		st.log.check(t, "busy m u m+ r1")
	})
	edgeBubble(t, "not by who does not wait for it as a body", func(t *testing.T) {
		st := newEdgeStage(t, 0)
		st.busy(2 * s)
		st.g[0].Go("r0", st.log.body("r0", s))
		u := st.g[0].Go("u", st.log.body("u", s))
		go u.Await(t.Context())
		synctest.Wait()
		st.finish()
		st.log.check(t, "busy r0 u")
	})
	edgeBubble(t, "softly too", func(t *testing.T) {
		st := newEdgeStage(t, 0)
		var u *asap.Task[int]
		st.goesOn(0, "w", st.after(s), func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			u.Await(ctx)
			st.log.add("w+")
		})
		st.busy(2 * s)
		st.g[0].Go("r0", st.log.body("r0", s))
		u = st.g[0].Go("u", st.log.body("u", s))
		st.finish()
		st.log.check(t, "busy w u w+ r0")
	})
	edgeBubble(t, "through who waits already", func(t *testing.T) {
		// v is awaited by u of rank 0; when m of rank 1 awaits u, u has at least
		// rank 2 and v as much.
		st := newEdgeStage(t, 1)
		g := st.g[0]
		var u, v *asap.Task[int]
		u = g.Go("u", func(ctx context.Context) (int, error) {
			st.after(s).Await(ctx)
			<-st.ready
			st.log.add("u")
			return v.Await(ctx)
		})
		synctest.Wait()
		st.goesOn(1, "m", st.after(2*s), func(ctx context.Context) { u.Await(ctx); st.log.add("m+") })
		st.busy(3 * s)
		st.g[1].Go("r1", st.log.body("r1", s))
		v = g.Go("v", st.log.body("v", s))
		st.finish()
		st.log.check(t, "busy u m v m+ r1")
	})
	edgeBubble(t, "31 and more are one rank", func(t *testing.T) {
		st := newEdgeStage(t, 40)
		st.busy(s)
		for _, depth := range []int{29, 30, 33, 31, 40} {
			name := fmt.Sprint(depth)
			st.g[depth].Go(name, st.log.body(name, s))
		}
		st.finish()
		st.log.check(t, "busy 33 31 40 30 29")
	})
	edgeBubble(t, "under a limit of the nested group too", func(t *testing.T) {
		var log edgeLog
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("o", func(ctx context.Context) error {
			in := asap.New(ctx, asap.Limit(1))
			a := in.Go("a", log.body("a", s))
			in.Go("b", log.body("b", s))
			a.Then("a2", log.then("a2", s))
			return in.Wait()
		})
		g.Go("r0", log.body("r0", s))
		edgeNil(t, "Wait", g.Wait())
		log.check(t, "a a2 b r0")
	})
}

// TestE8_ManyInOrder: ties go in order of declaration, however many tasks there are.
func TestE8_ManyInOrder(t *testing.T) {
	many := 1<<21 + 1<<16
	if testing.Short() {
		many = 1 << 16
	}
	t.Run("ready when declared", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(chan struct{})
		g.Do("first", func(context.Context) error { <-open; return nil })
		next, wrong := 0, 0
		for i := range many {
			g.Do("t", func(context.Context) error {
				if i != next {
					wrong++
				}
				next++
				return nil
			})
		}
		close(open)
		edgeNil(t, "Wait", g.Wait())
		if wrong > 0 || next != many {
			t.Errorf("%d of %d bodies began out of order", wrong, next)
		}
	})
	for _, between := range []int{600_000, 1 << 20, 1<<20 + 600_000, 1 << 21} {
		if testing.Short() {
			between >>= 6
		}
		t.Run(fmt.Sprintf("by one event, %d between", between), func(t *testing.T) {
			g := asap.New(t.Context(), asap.Limit(1))
			open := make(chan struct{})
			first := g.Do("first", func(context.Context) error { <-open; return nil })
			var log edgeLog
			all := g.Gather("all", first, first) // is done at the same instant
			all.Do("one", func(context.Context, []struct{}) error { log.add("one"); return nil })
			first.Do("two", func(context.Context, struct{}) error { log.add("two"); return nil })
			for range between {
				g.Do("t", func(context.Context) error { return nil })
			}
			all.Do("three", func(context.Context, []struct{}) error { log.add("three"); return nil })
			first.Do("four", func(context.Context, struct{}) error { log.add("four"); return nil })
			close(open)
			edgeNil(t, "Wait", g.Wait())
			log.check(t, "one two three four")
		})
	}
	t.Run("by one event", func(t *testing.T) {
		// Between the dependents of first, which become ready together, are all
		// the others, in steps that no count of bits divides.
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(chan struct{})
		first := g.Do("first", func(context.Context) error { <-open; return nil })
		var began atomic.Int64
		wrong, dependents := 0, int64(0)
		for i := range many {
			if i%99_991 != 0 && i != many-1 {
				g.Input("in", i)
				continue
			}
			n := dependents
			dependents++
			first.Do("t", func(context.Context, struct{}) error {
				if began.Add(1)-1 != n {
					wrong++
				}
				return nil
			})
		}
		close(open)
		edgeNil(t, "Wait", g.Wait())
		if wrong > 0 || began.Load() != dependents {
			t.Errorf("%d of %d bodies began out of order", wrong, began.Load())
		}
	})
}

// TestR22_GroupsOfWokenBodies: after a cancel woken bodies go on without
// queueing, and so do the groups that they make from then on.
func TestR22_GroupsOfWokenBodies(t *testing.T) {
	const s = time.Second
	ends := map[string]func(g *asap.Group, cancel func()){
		"parent": func(_ *asap.Group, cancel func()) { cancel() },
		"Stop":   func(g *asap.Group, _ func()) { go g.Stop() },
	}
	for name, end := range ends {
		edgeBubble(t, name, func(t *testing.T) {
			c := newEdgeClock()
			parent, cancel := context.WithCancel(t.Context())
			defer cancel()
			other := asap.New(t.Context())
			far := other.Go("far", edgeSleeps(time.Minute, 1))
			g := asap.New(parent, asap.Limit(1))
			g.Do("w", func(ctx context.Context) error {
				_, err := far.Await(ctx)
				c.at(t, "w", s)
				live := context.WithoutCancel(ctx)
				undo := asap.New(live)
				a := undo.Go("a", func(ctx context.Context) (int, error) {
					c.at(t, "a", s)
					time.Sleep(s)
					in := asap.New(ctx)
					in.Go("in", func(context.Context) (int, error) { c.at(t, "in", 2*s); return 1, nil })
					return 1, in.Wait()
				})
				undo.Go("b", func(ctx context.Context) (int, error) { c.at(t, "b", s); return a.Await(ctx) })
				edgeNil(t, "the rollback", undo.Wait())
				c.at(t, "the rollback", 2*s)
				return err
			})
			synctest.Wait()
			g.Go("ignores", edgeSleeps(10*s, 1)) // has the slot
			skipped := g.Go("queued", edgeNever(t, "queued"))
			time.Sleep(s)
			end(g, cancel)
			g.Wait()
			c.at(t, "Wait", 10*s)
			if skipped.Result().Err == nil {
				t.Error("queued was not skipped")
			}
			other.Wait()
		})
	}
	edgeBubble(t, "their own limit counts", func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		defer cancel()
		other := asap.New(t.Context())
		far := other.Go("far", edgeSleeps(time.Minute, 1))
		g := asap.New(parent, asap.Limit(1))
		var m edgeMeter
		c := newEdgeClock()
		g.Do("w", func(ctx context.Context) error {
			_, err := far.Await(ctx)
			undo := asap.New(context.WithoutCancel(ctx), asap.Limit(2))
			for range 6 {
				undo.Go("a", m.body(s))
			}
			edgeNil(t, "the rollback", undo.Wait())
			c.at(t, "the rollback", 4*s)
			return err
		})
		synctest.Wait()
		g.Go("ignores", edgeSleeps(20*s, 1)) // has the slot
		time.Sleep(s)
		cancel()
		g.Wait()
		m.most(t, "bodies of the rollback", 2)
		other.Wait()
	})
}
