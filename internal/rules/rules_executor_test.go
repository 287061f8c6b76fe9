package rules_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

func TestR29_RulesThatHoldThere(t *testing.T) {
	t.Run("R3 R12 R13 failure", func(t *testing.T) {
		e := &engine{takes: map[string]time.Duration{"bad": sec, "slow": 3 * sec}}
		g := asap.New(t.Context(), flow.On(e), asap.Limit(2))
		bad := g.Go("bad", fails(0, errBoom))
		slow := g.Go("slow", value(1))
		queued := g.Go("queued", never(t))
		next := bad.Then("next", never1[int](t))
		err := g.Wait()
		wantFailed(t, err, "bad")
		for _, task := range []*asap.Task[int]{queued, next} {
			wantIs(t, task.Name(), task.Result().Err, asap.ErrSkipped, errBoom)
		}
		if slow.Result().Err == nil {
			t.Error("slow: no error, want the cancellation")
		}
		if len(e.canceled) != 1 || !errors.Is(e.canceled[0], errBoom) {
			t.Errorf("Cancel was called with %v, want once with the failure", e.canceled)
		}
		late := recovered(func() { g.Go("late", value(1)) })
		if late == nil {
			t.Error("Go after Wait did not panic")
		}
	})
	t.Run("R3 R12a dead context", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBoom)
		e := &engine{}
		g := asap.New(ctx, flow.On(e))
		a := g.Go("a", never(t))
		wantIs(t, "Wait", g.Wait(), errBoom, context.Canceled)
		wantIs(t, "a", a.Result().Err, asap.ErrSkipped)
		if len(e.log) != 0 {
			t.Errorf("the engine was asked %v, want nothing", e.log)
		}
	})
	t.Run("R12 R14 settled and Optional", func(t *testing.T) {
		e := &engine{takes: map[string]time.Duration{"a": 3 * sec, "b": 2 * sec, "c": sec}}
		g := asap.New(t.Context(), flow.On(e), asap.Settled())
		g.Go("a", fails(0, errors.New("a")))
		g.Go("b", fails(0, errors.New("b")))
		c := g.Optional("c", fails(0, errBoom))
		wantFailed(t, g.Wait(), "b", "a")
		wantIs(t, "c", c.Value().Err, errBoom)
	})
	t.Run("R17 exit", func(t *testing.T) {
		e := &engine{takes: map[string]time.Duration{"hit": sec, "rest": 5 * sec}}
		g := asap.New(t.Context(), flow.On(e))
		hit := g.NewExit[string]()
		g.Do("hit", func(context.Context) error { return hit.With("v") })
		rest := g.Go("rest", value(1))
		wantNil(t, "Wait", g.Wait())
		if v, ok := hit.Value(); !ok || v != "v" {
			t.Errorf("Value: %s, %v, want v, true", v, ok)
		}
		wantIs(t, "rest", rest.Result().Err, asap.ErrExited)
		if len(e.canceled) != 1 || e.canceled[0] != asap.ErrExited {
			t.Errorf("Cancel was called with %v, want once with ErrExited", e.canceled)
		}
	})
	t.Run("R21 limit and order", func(t *testing.T) {
		e := &engine{takes: map[string]time.Duration{"a": sec, "b": sec, "c": sec, "map[0]": sec, "map[1]": sec, "map[2]": sec}}
		g := asap.New(t.Context(), flow.On(e), asap.Limit(2))
		a := g.Go("a", value(1))
		g.Go("b", value(1))
		a.Then("c", inc)
		g.Map("map", g.Input("in", []int{1, 2, 3}), inc, asap.Limit(1))
		wantNil(t, "Wait", g.Wait())
		e.check(t, "0s start a", "0s start b", "1s end a", "1s start c", "1s end b", "1s start map[0]",
			"2s end c", "2s end map[0]", "2s start map[1]", "3s end map[1]", "3s start map[2]", "4s end map[2]")
	})
	t.Run("R24 events", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), flow.On(&engine{}), asap.Observe(p), asap.Settled())
		a := g.Go("a", value(1))
		a.Then("b", inc)
		g.Go("bad", fails(0, errBoom)).Then("skipped", never1[int](t))
		g.Map("map", g.Input("in", []int{1}), inc)
		g.Race("race", value(1), value(2))
		g.Wait()
		p.complete()
	})
	t.Run("R32 numbered names", func(t *testing.T) {
		e := &engine{}
		g := asap.New(t.Context(), flow.On(e))
		for range 3 {
			g.Go("price", value(1))
		}
		g.Go("price#2", value(1))
		wantNil(t, "Wait", g.Wait())
		var started []string
		for _, l := range e.log {
			if name, ok := strings.CutPrefix(l, "0s start "); ok {
				started = append(started, name)
			}
		}
		if len(slices.Compact(slices.Sorted(slices.Values(started)))) != 4 || fmt.Sprint(started[:3]) != "[price price#2 price#3]" {
			t.Errorf("names: %v, want four that differ, price price#2 price#3 first", started)
		}
	})
	t.Run("R33 order of results", func(t *testing.T) {
		e := &engine{takes: map[string]time.Duration{"map[0]": 3 * sec, "map[1]": 2 * sec, "map[2]": sec, "race[0]": 2 * sec, "race[1]": sec}}
		g := asap.New(t.Context(), flow.On(e))
		fan := g.Map("map", g.Input("in", []int{1, 2, 3}), inc)
		race := g.Race("race", value("late"), value("early"))
		wantNil(t, "Wait", g.Wait())
		if fmt.Sprint(fan.Value()) != "[2 3 4]" || race.Value() != "early" {
			t.Errorf("fan %v, race %s, want [2 3 4] and early", fan.Value(), race.Value())
		}
	})
}
