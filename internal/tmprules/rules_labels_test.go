package tmprules_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

func TestR26_ProfileLabels(t *testing.T) {
	labels := func(ctx context.Context) map[string]string {
		got := make(map[string]string)
		pprof.ForLabels(ctx, func(k, v string) bool { got[k] = v; return true })
		return got
	}
	rows := map[string][]asap.Option{
		"Name":     {asap.Name("page")},
		"observer": {asap.Name("page"), asap.Observe(newTape(t))},
	}
	for name, options := range rows {
		virtual(t, name, func(t *testing.T) {
			if name == "observer" {
				options = []asap.Option{asap.Name("page"), asap.Observe(newTape(t))}
			}
			caller := pprof.WithLabels(t.Context(), pprof.Labels("caller", "yes"))
			pprof.SetGoroutineLabels(caller)
			defer pprof.SetGoroutineLabels(context.Background())
			me := goroutineID()
			g := asap.New(caller, options...)
			check := func(ctx context.Context, task string) {
				if got := fmt.Sprint(labels(ctx)); got != "map[caller:yes group:page task:"+task+"]" {
					t.Errorf("labels of %s: %v", task, got)
				}
				if goroutineID() == me {
					t.Errorf("%s runs on the goroutine of Wait", task)
				}
			}
			a := g.Go("a", func(ctx context.Context) (int, error) { check(ctx, "a"); return 1, nil })
			a.Then("b", func(ctx context.Context, _ int) (int, error) { check(ctx, "b"); return 1, nil })
			g.Race("race", func(ctx context.Context) (int, error) { check(ctx, "race[0]"); return 1, nil })
			wantNil(t, "Wait", g.Wait())
			if got := goroutineLabels(); got != `{"caller":"yes"}` {
				t.Errorf("labels of the caller after Wait: %s, want its own", got)
			}
		})
	}
	virtual(t, "none without a name", func(t *testing.T) {
		g := asap.New(t.Context())
		g.Do("a", func(ctx context.Context) error {
			if got := labels(ctx); len(got) != 0 {
				t.Errorf("labels of a group without a name: %v, want none", got)
			}
			return nil
		})
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "of the goroutine that runs the body", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Name("page"))
		for i, name := range []string{"a", "b"} {
			g.Do(name, func(context.Context) error {
				time.Sleep(time.Duration(i+1) * sec)
				if got, want := goroutineLabels(), `{"group":"page", "task":"`+name+`"}`; got != want {
					t.Errorf("labels of %s in the profile: %s, want %s", name, got, want)
				}
				return nil
			})
		}
		wantNil(t, "Wait", g.Wait())
	})
}
