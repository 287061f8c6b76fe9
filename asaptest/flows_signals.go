package asaptest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// undoCases are undos and sleeps: what needs no handle.
var undoCases = []flowCase{
	{rule: "R42 undo after a failure", in: 3, fails: "ship: no 7; charge: undo: charge.2; charge: undo: charge.1; stock: undo: stock", task: "ship", undone: "charge.2 charge.1 stock", flow: flow.Define("asaptest.undo", func(g *group, in number) words {
		stock := in.Then("stock", plus(1)).Undo(undoing("stock"))
		charge := stock.Then("charge", plus(3)).Undo(undoing("charge.1")).Undo(undoing("charge.2"))
		return charge.Then("ship", broken).Undo(undoing("ship")).Then("text", text)
	})},
	{rule: "R42 nothing to undo", in: 3, want: "4", flow: flow.Define("asaptest.undo1", func(g *group, in number) words {
		return in.Then("stock", plus(1)).Undo(undoing("stock")).Then("text", text)
	})},
	{rule: "R42 undo in a settled flow", in: 3, fails: "ship: no 4", want: "4", flow: flow.Define("asaptest.undo2", func(g *group, in number) words {
		stock := in.Then("stock", plus(1)).Undo(undoing("stock"))
		stock.Then("ship", broken)
		return stock.Then("text", text)
	}, asap.Settled())},
	{rule: "R42 undo of a Map", in: 2, fails: "ship: no 2; likes: undo: list [0 1]", task: "ship", undone: "list [0 1]", flow: flow.Define("asaptest.undo3", func(g *group, in number) words {
		likes := g.Map("likes", in.Then("list", upTo), plus(0)).Undo(func(_ context.Context, l []int) error { return fmt.Errorf("list %v", l) })
		return in.Then("ship", broken, asap.After(likes)).Then("text", text)
	})},
	{rule: "R42 undo that succeeds and one that panics", away: true, in: 3, fails: "ship: no 4; b: undo: b: panic: no undo", task: "ship", flow: flow.Define("asaptest.undo4", func(g *group, in number) words {
		a := in.Then("a", plus(1)).Undo(func(context.Context, int) error { return nil })
		b := a.Then("b", plus(0)).Undo(func(context.Context, int) error { panic("no undo") })
		return b.Then("ship", broken).Then("text", text)
	})},
	{rule: "sleep", clock: true, in: 3, want: "4", flow: flow.Define("asaptest.sleep", func(g *group, in number) words {
		one := in.Then("one", plus(1))
		pause := flow.Sleep(g, "pause", brief, asap.After(one))
		other := flow.Sleep(g, "pause", 2*brief)
		return one.Then("text", text, asap.After(pause, other))
	})},
	{rule: "sleep that is cut short", clock: true, in: 3, fails: "user: no 3", task: "user", skips: "text", flow: flow.Define("asaptest.sleep1", func(g *group, in number) words {
		pause := flow.Sleep(g, "pause", 20*brief)
		return in.Then("user", broken).Then("text", text, asap.After(pause))
	})},
	{rule: "sleep that is late", clock: true, in: 3, want: "3", flow: flow.Define("asaptest.sleep2", func(g *group, in number) words {
		pause := flow.Sleep(g, "pause", 20*brief, asap.Timeout(brief), asap.MayFail())
		never := flow.Sleep(g, "never", 20*brief, asap.When(false))
		return in.Then("text", text, asap.AfterEnd(pause), asap.After(never))
	})},
}

// undoing is an undo that is seen: its error is among the failures of the run.
func undoing(name string) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		if ctx.Err() != nil {
			return fmt.Errorf("%s with a context that has ended", name)
		}
		return errors.New(name)
	}
}

// verdict is what a person sends.
type verdict struct {
	By string
	OK bool
}

// runningCase is a flow that is run by its handle, and what must come of it.
type runningCase struct {
	rule   string
	flow   *flow.Flow[int, string]
	do     func(t *testing.T, r *flow.Running[string]) // while it runs
	in     int
	want   string
	fails  string // text of the error, … before a part of it
	undone string // the errors of undos in it

	canceled bool // the error is context.Canceled
}

// approved waits for two verdicts, and ships what was charged.
var approved = flow.Define("asaptest.approved", func(g *group, in number) words {
	charge := in.Then("charge", plus(1)).Undo(undoing("refund"))
	first := flow.Signal[verdict](g, "approval", asap.After(charge))
	second := flow.Signal[*verdict](g, "approval", asap.After(first), asap.Within(long))
	return charge.And(first).And(second).Then("text", func(_ context.Context, n int, a asap.Result[verdict], b asap.Result[*verdict]) (string, error) {
		if !a.Value.OK {
			return "", errors.New("refused by " + a.Value.By)
		}
		return fmt.Sprint(n, " ", a.Value.By, " ", b.Value.By), nil
	})
})

var tardy = flow.Define("asaptest.late", func(g *group, in number) words {
	return flow.Signal[int](g, "approval", asap.Timeout(brief)).Then("text", func(_ context.Context, r asap.Result[int]) (string, error) {
		return fmt.Sprint(r.Value, " ", r.Err, " ", errors.Is(r.Err, context.DeadlineExceeded)), nil
	})
})

// overdue reads a value that came too late when that is long over.
var overdue = flow.Define("asaptest.overdue", func(g *group, in number) words {
	late := flow.Signal[int](g, "late", asap.Timeout(brief))
	now := flow.Signal[int](g, "now", asap.After(late))
	return late.And(now).Then("text", func(_ context.Context, l, n asap.Result[int]) (string, error) {
		return fmt.Sprint(l.Value, " ", l.Err, " ", n.Value), nil
	})
})

var mixed = flow.Define("asaptest.mixed", func(g *group, in number) words {
	flow.Signal[int](g, "never", asap.When(false))
	pause := flow.Sleep(g, "pause", brief)
	either := flow.Signal[int](g, "either")
	return in.And(either).Then("text", func(_ context.Context, n int, r asap.Result[int]) (string, error) {
		return strconv.Itoa(n + r.Value), nil
	}, asap.After(pause))
})

// odd has signals with names that mean something elsewhere.
var odd = flow.Define("asaptest.odd", func(g *group, in number) words {
	a := flow.Signal[string](g, "order.message.1")
	b := flow.Signal[string](g, "asap.cancel")
	c := flow.Signal[string](g, "a/b %2e 日本 #2")
	return a.And(b).And(c).Then("text", func(_ context.Context, a, b, c asap.Result[string]) (string, error) {
		return a.Value + b.Value + c.Value, nil
	})
})

var runningCases = []runningCase{
	{rule: "signals with names of all kinds", flow: odd, in: 3, want: "abc", do: func(t *testing.T, r *flow.Running[string]) {
		send(t, r, "asap.cancel", "b")
		until(t, r, "order.message.1", flow.StateExpected)
		send(t, r, "order.message.1", "a")
		send(t, r, "a/b %2e 日本 #2", "c")
	}},
	{rule: "signals sent before they are awaited", flow: approved, in: 3, want: "4 ada bob", do: func(t *testing.T, r *flow.Running[string]) {
		send(t, r, "approval#2", &verdict{"bob", false})
		send(t, r, "approval", verdict{"ada", true})
	}},
	{rule: "signals sent when they are awaited", flow: approved, in: 3, want: "4 ada bob", do: func(t *testing.T, r *flow.Running[string]) {
		until(t, r, "approval", flow.StateExpected)
		send(t, r, "approval", verdict{"ada", true})
		until(t, r, "approval#2", flow.StateExpected)
		send(t, r, "approval#2", &verdict{"bob", false})
	}},
	{rule: "a signal sent twice", flow: approved, in: 3, want: "4 ada bob", do: func(t *testing.T, r *flow.Running[string]) {
		send(t, r, "approval", verdict{"ada", true})
		send(t, r, "approval", verdict{"eve", false})
		until(t, r, "approval#2", flow.StateExpected)
		send(t, r, "approval", verdict{"eve", false})
		send(t, r, "approval#2", &verdict{"bob", true})
	}},
	{rule: "a signal that refuses", flow: approved, in: 3, fails: "text: refused by eve; charge: undo: refund", undone: "refund", do: func(t *testing.T, r *flow.Running[string]) {
		send(t, r, "approval", verdict{"eve", false})
		send(t, r, "approval#2", &verdict{"bob", true})
	}},
	{rule: "a signal that is late", flow: tardy, in: 3, want: "0 approval: timeout 20ms true"},
	{rule: "a signal that comes too late", flow: overdue, in: 3, want: "0 late: timeout 20ms 7", do: func(t *testing.T, r *flow.Running[string]) {
		until(t, r, "now", flow.StateExpected)
		send(t, r, "late", 9)
		send(t, r, "now", 7)
	}},
	{rule: "a sleep and a signal", flow: mixed, in: 3, want: "7", do: func(t *testing.T, r *flow.Running[string]) { send(t, r, "either", 4) }},
	{rule: "a cancel from outside", flow: approved, in: 3, fails: "…context canceled", undone: "refund", canceled: true, do: func(t *testing.T, r *flow.Running[string]) {
		until(t, r, "approval", flow.StateExpected)
		if err := r.Cancel(t.Context(), nil); err != nil {
			t.Errorf("Cancel: %v", err)
		}
	}},
	{rule: "a cancel with a cause", flow: approved, in: 3, fails: "…customer has left", undone: "refund", canceled: true, do: func(t *testing.T, r *flow.Running[string]) {
		until(t, r, "approval", flow.StateExpected)
		if err := r.Cancel(t.Context(), errors.New("customer has left")); err != nil {
			t.Errorf("Cancel: %v", err)
		}
	}},
	{rule: "mistakes", flow: approved, in: 3, want: "4 ada bob", do: func(t *testing.T, r *flow.Running[string]) {
		for _, c := range []struct {
			name  string
			value any
			want  string
		}{
			{"aproval", verdict{}, "asap: flow asaptest.approved has no signal aproval; it has approval, approval#2"},
			{"charge", 3, "asap: flow asaptest.approved has no signal charge; it has approval, approval#2"},
			{"approval", true, "asap: flow asaptest.approved: signal approval takes a asaptest.verdict, and was sent a bool"},
			{"approval", nil, "asap: flow asaptest.approved: signal approval takes a asaptest.verdict, and was sent nil"},
		} {
			if err := r.Signal(t.Context(), c.name, c.value); err == nil || err.Error() != c.want {
				t.Errorf("Signal(%s, %v) = %v, want %s", c.name, c.value, err, c.want)
			}
		}
		send(t, r, "approval", verdict{"ada", true})
		send(t, r, "approval#2", &verdict{"bob", true})
	}},
	{rule: "states", flow: approved, in: 3, want: "4 ada bob", do: func(t *testing.T, r *flow.Running[string]) {
		until(t, r, "approval", flow.StateExpected)
		states := statesOf(t, r)
		for task, want := range map[string]flow.State{"charge": flow.StateSucceeded, "approval#2": flow.StateWaiting, "text": flow.StateWaiting} {
			if got := states[task].State; got != want {
				t.Errorf("Tasks: %s is %q, want %q", task, got, want)
			}
		}
		if got := states["approval"].Attempt; got != 0 {
			t.Errorf("Tasks: attempt %d of approval, which has no body", got)
		}
		if got := states["charge"].Attempt; got != 1 {
			t.Errorf("Tasks: attempt %d of charge, want 1", got)
		}
		for task, s := range states {
			if age := time.Since(s.Since); age < -time.Minute || age > time.Minute {
				t.Errorf("Tasks: %s is %s since %v", task, s.State, s.Since)
			}
		}
		send(t, r, "approval", verdict{"ada", true})
		send(t, r, "approval#2", &verdict{"bob", true})
	}},
}
