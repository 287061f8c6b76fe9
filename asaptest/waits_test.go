package asaptest_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/waterfall"
)

// What a caller awaits is a wait of the group also where another engine runs the bodies.
func TestWaitsOfTheCallerElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events asaptest.Events
		var rec waterfall.Recorder
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(&events), asap.Observe(&rec), flow.On(asaptest.NewExecutor(t.Context(), 0)))
		nap := func(d time.Duration) func(context.Context) (int, error) {
			return func(context.Context) (int, error) { time.Sleep(d); return 1, nil }
		}
		user := g.Go("user", nap(20*time.Millisecond))
		if _, err := user.Await(t.Context()); err != nil {
			t.Error(err)
		}
		g.Go("page", nap(30*time.Millisecond))
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := events.Check(); err != nil {
			t.Error(err)
		}
		var kinds []asap.Kind
		for _, e := range events.All() {
			if e.Task == 0 {
				kinds = append(kinds, e.Kind)
			}
		}
		if want := []asap.Kind{asap.GroupStart, asap.Blocked, asap.Resumed, asap.GroupEnd}; !slices.Equal(kinds, want) {
			t.Errorf("events of the group = %v, want %v", kinds, want)
		}
		run := rec.Run()
		want := []waterfall.Wait{{On: run.Task("user").ID, End: 20 * time.Millisecond}}
		if got := run.Groups[0].Waits; !slices.Equal(got, want) {
			t.Errorf("Waits = %v, want %v", got, want)
		}
		asaptest.AssertCriticalPath(t, run, "user", "page")
	})
}
