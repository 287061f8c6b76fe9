package rules_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// TestR21_RaisedGroupKeepsItsOrder: what a nested group with a limit of its own has in its
// queue ranks like what it gets later, when its rank has been raised meanwhile (R21).
func TestR21_RaisedGroupKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(10))
		var in *asap.Group
		release := make(chan struct{})
		o := g.Go("o", func(ctx context.Context) (int, error) {
			in = asap.New(ctx, asap.Limit(1))
			in.Do("busy", func(context.Context) error { <-release; return nil })
			in.Go("A", j.span("A", time.Second))
			return 1, in.Wait()
		})
		g.Do("q", func(ctx context.Context) error {
			inner := asap.New(ctx)
			inner.Go("p", o.Await) // raises o and what it waits for
			return inner.Wait()
		})
		synctest.Wait()
		in.Go("B", j.span("B", time.Second))
		close(release)
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s A starts", "1s A ends", "1s B starts", "2s B ends")
	})
}

// TestR21_RaisedGroupUnderASharedLimit: what of a nested group is queued at a shared limit
// gets the group's rank when that is raised, and its place with it (R21, R40).
func TestR21_RaisedGroupUnderASharedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.SharedLimit(2))
		wait, busy := make(chan struct{}), make(chan struct{})
		var in, deep *asap.Group
		n := g.Go("n", func(ctx context.Context) (int, error) { // keeps a slot
			in = asap.New(ctx)
			<-wait
			return 1, in.Wait()
		})
		g.Do("nests", func(ctx context.Context) error { // keeps a group of rank 2 open
			inner := asap.New(ctx)
			inner.Do("nests", func(ctx context.Context) error {
				deep = asap.New(ctx)
				deep.Go("waits", n.Await) // raises n to 3
				return deep.Wait()
			})
			return inner.Wait()
		})
		synctest.Wait()
		g.Do("busy", func(context.Context) error { <-busy; return nil })
		synctest.Wait()
		in.Go("A", j.span("A", time.Second))   // rank 1
		deep.Go("B", j.span("B", time.Second)) // rank 2
		close(wait)                            // n waits for A, which has rank 4 now
		time.Sleep(3 * time.Second)
		close(busy)
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s A starts", "1s A ends", "1s B starts", "2s B ends")
	})
}

// TestR21_RaisedThroughAWait: what a body awaits is needed as well when the body is
// raised (R21).
func TestR21_RaisedThroughAWait(t *testing.T) {
	virtual(t, "hard", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		other := asap.New(t.Context())
		hour := other.Go("hour", after(time.Hour, 1))
		release := make(chan struct{})
		declared := make(chan struct{})
		var in, deep *asap.Group
		g.Do("nests", func(ctx context.Context) error { // keeps groups of rank 1 and 2 open
			in = asap.New(ctx)
			in.Do("nests", func(ctx context.Context) error {
				deep = asap.New(ctx)
				deep.Go("hour", hour.Await)
				return deep.Wait()
			})
			return in.Wait()
		})
		synctest.Wait()
		var low *asap.Task[string]
		mid := g.Do("mid", func(ctx context.Context) error {
			<-declared
			_, err := low.Await(ctx) // rank 1
			return err
		})
		told := other.Do("told", func(context.Context) error { <-release; return nil })
		low = g.Go("gate", told.Await).Then("low", func(ctx context.Context, _ struct{}) (string, error) { return j.span("low", time.Second)(ctx) })
		in.Go("high", func(ctx context.Context) (int, error) { _, err := mid.Await(ctx); return 0, err }) // raises mid to 2, low to 3
		close(declared)
		synctest.Wait()
		g.Do("busy", func(context.Context) error { <-release; time.Sleep(time.Nanosecond); return nil })
		synctest.Wait()
		deep.Go("same", j.span("same", time.Second)) // rank 2
		close(release)
		wantNil(t, "Wait", g.Wait())
		other.Stop()
		j.check(t, "1ns low starts", "1.000000001s low ends", "1.000000001s same starts", "2.000000001s same ends")
	})
}

// TestR21_OrderAcrossLimits: a body that waits for a slot of its own group's limit is ready:
// it comes before one that became ready later in a group without one (R21).
func TestR21_OrderAcrossLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		g.Do("o", func(ctx context.Context) error {
			limited := asap.New(ctx, asap.Limit(1))
			limited.Go("A", j.span("A", time.Second))
			limited.Go("B", j.span("B", time.Second))
			free := asap.New(ctx)
			free.Go("C", j.span("C", time.Second))
			if err := limited.Wait(); err != nil {
				return err
			}
			return free.Wait()
		})
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s A starts", "1s A ends", "1s B starts", "2s B ends", "2s C starts", "3s C ends")
	})
}

// TestR21_GoingOnAcrossLimits: of bodies that go on the one comes first whose wait ended
// first, also if it had to wait for a slot of its own group's limit (R21).
func TestR21_GoingOnAcrossLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		other := asap.New(t.Context())
		one := other.Go("one", after(2*time.Second, 1))
		two := other.Go("two", after(3*time.Second, 1))
		g := asap.New(t.Context(), asap.Limit(1))
		goesOn := func(name string, x *asap.Task[int]) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) {
				if _, err := x.Await(ctx); err != nil {
					return "", err
				}
				return j.span(name, time.Second)(ctx)
			}
		}
		var in *asap.Group
		g.Do("o", func(ctx context.Context) error {
			in = asap.New(ctx, asap.Limit(1))
			in.Go("A", goesOn("A", one))
			return in.Wait()
		})
		synctest.Wait()
		g.Go("B", goesOn("B", two))
		synctest.Wait()
		in.Go("busy", j.span("busy", 10*time.Second)) // has both slots while both waits end
		wantNil(t, "Wait", g.Wait())
		wantNil(t, "Wait", other.Wait())
		j.check(t, "0s busy starts", "10s busy ends", "10s A starts", "11s A ends", "11s B starts", "12s B ends")
	})
}

// TestR21_OrderThroughAGather: of what becomes ready at one instant the first that was
// declared begins first, also if a task without a body lies between, and if a limit is
// not the group's but shared by tasks of it (R21, R40).
func TestR21_OrderThroughAGather(t *testing.T) {
	db := asap.SharedLimit(1)
	for name, test := range map[string]struct {
		group         []asap.Option
		source, tasks bool // have db
	}{
		"a limit of the group":        {group: []asap.Option{asap.Limit(1)}},
		"a shared limit of the group": {group: []asap.Option{db}},
		"a shared limit of tasks":     {tasks: true},
		"and of what they wait for":   {tasks: true, source: true},
	} {
		virtual(t, name, func(t *testing.T) {
			j := newJournal()
			g := asap.New(t.Context(), test.group...)
			var ofSource, ofTasks []asap.TaskOption
			var ofMap []asap.MapOption
			if test.source {
				ofSource = append(ofSource, db)
			}
			if test.tasks {
				ofTasks, ofMap = append(ofTasks, db), append(ofMap, db)
			}
			source := g.Go("source", after(time.Second, 1), ofSource...)
			first, second := g.Gather("first", source), g.Gather("second", source)
			g.Map("map", second, func(ctx context.Context, _ int) (string, error) { return j.span("map", time.Second)(ctx) }, ofMap...)
			first.Then("gathered", func(ctx context.Context, _ []int) (string, error) { return j.span("gathered", time.Second)(ctx) }, ofTasks...)
			source.Then("then", func(ctx context.Context, _ int) (string, error) { return j.span("then", time.Second)(ctx) }, ofTasks...)
			wantNil(t, "Wait", g.Wait())
			j.check(t, "1s map starts", "2s map ends", "2s gathered starts", "3s gathered ends", "3s then starts", "4s then ends")
		})
	}
}
