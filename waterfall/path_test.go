package waterfall_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// way writes a critical path: who and how long, with > before who got the slot of the
// one before.
func way(steps []waterfall.Step) string {
	var parts []string
	for _, s := range steps {
		name := s.Name
		if s.State != waterfall.Running {
			name += " " + s.State.String()
		}
		if s.Slot.Limit > 0 {
			name = ">" + name
		}
		parts = append(parts, fmt.Sprint(name, " ", s.Len()))
	}
	return strings.Join(parts, ", ")
}

// pathRun runs a group in virtual time, and returns its run.
func pathRun(t *testing.T, declare func(t *testing.T, g *asap.Group), options ...asap.Option) (run *waterfall.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var rec waterfall.Recorder
		g := asap.New(t.Context(), append(options, asap.Observe(&rec))...)
		declare(t, g)
		_ = g.Wait()
		run = rec.Run()
		if err := run.Validate(); err != nil {
			t.Fatal(err)
		}
	})
	return run
}

// S4: under a limit the path goes on to who held the slot, and the time of the limit is
// said: it is not the fault of whoever comes last.
func TestCriticalPathThroughSlots(t *testing.T) {
	calls := func(n int) func(t *testing.T, g *asap.Group) {
		return func(t *testing.T, g *asap.Group) {
			for i := range n {
				g.Go(fmt.Sprint("call", i), sleep(time.Duration(10+i)*ms, 1))
			}
		}
	}

	tests := []struct {
		name, path, says string
		declare          func(t *testing.T, g *asap.Group)
		options          []asap.Option
	}{
		{"nine calls", "call0 10ms, >call2 12ms, >call4 14ms, >call6 16ms, >call8 18ms", "74.3 % of the time is the limit of 2:", calls(9), []asap.Option{asap.Limit(2)}},
		{"without a limit", "call8 18ms", "", calls(9), nil},
		{"a limit that is not reached", "call8 18ms", "", calls(9), []asap.Option{asap.Limit(9)}},
		{"a Map", "list 5ms, calls[1] 11ms, >calls[3] 13ms, >calls[5] 15ms", "54.5 % of the time is the limit of 2 of calls:", func(t *testing.T, g *asap.Group) {
			list := g.Go("list", sleep(5*ms, []int{0, 1, 2, 3, 4, 5}))
			g.Map("calls", list, func(_ context.Context, n int) (int, error) { time.Sleep(time.Duration(10+n) * ms); return n, nil }, asap.Limit(2))
		}, []asap.Option{asap.Limit(20)}},
		{"a slot that a wait gave back", "first 5ms, >second 20ms", "20 % of the time is the limit of 1:", func(t *testing.T, g *asap.Group) {
			second := make(chan *asap.Task[int], 1)
			g.Do("first", func(ctx context.Context) error {
				time.Sleep(5 * ms)
				_, err := (<-second).Await(ctx)
				return err
			})
			second <- g.Go("second", sleep(20*ms, 1))
		}, []asap.Option{asap.Limit(1)}},
		{"a body that goes on after its wait", "a 1ms, >tick 5ms, a 10ms, >b 20ms", "30.6 % of the time is the limit of 2:", func(t *testing.T, g *asap.Group) {
			tick := make(chan *asap.Task[int], 2)
			body := func(before, d time.Duration) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					time.Sleep(before)
					_, err := (<-tick).Await(ctx)
					time.Sleep(d)
					return 1, err
				}
			}
			g.Go("a", body(ms, 10*ms))
			g.Go("b", body(2*ms, 20*ms))
			t5 := g.Go("tick", sleep(5*ms, 1))
			tick <- t5
			tick <- t5
			g.Go("busy", sleep(19*ms, 1))
		}, []asap.Option{asap.Limit(2)}},
		{"a nested group", "outer 2ms, in0 10ms, >in1 20ms", "31.2 % of the time is the limit of 1 of the group inner:", func(t *testing.T, g *asap.Group) {
			g.Do("outer", func(ctx context.Context) error {
				time.Sleep(2 * ms)
				in := asap.New(ctx, asap.Name("inner"), asap.Limit(1))
				in.Go("in0", sleep(10*ms, 1))
				in.Go("in1", sleep(20*ms, 1))
				return in.Wait()
			})
		}, nil},
		{"a shared limit in the run", "a 10ms, >b 20ms", "33.3 % of the time is the shared limit of 1:", func(t *testing.T, g *asap.Group) {
			g.Go("a", sleep(10*ms, 1))
			g.Go("b", sleep(20*ms, 1))
		}, nil},
		{"a slot that somebody outside held", "a queued 40ms, a 10ms", "", func(t *testing.T, g *asap.Group) {
			g.Go("a", sleep(10*ms, 1))
		}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options, declare := test.options, test.declare
			switch test.name { // limits of a test's bubble
			case "a shared limit in the run":
				declare = func(t *testing.T, g *asap.Group) {
					db := asap.SharedLimit(1)
					g.Go("a", sleep(10*ms, 1), db)
					g.Go("b", sleep(20*ms, 1), db)
				}
			case "a slot that somebody outside held":
				declare = func(t *testing.T, g *asap.Group) {
					db := asap.SharedLimit(1)
					other := asap.New(t.Context(), db)
					other.Go("other", sleep(40*ms, 1))
					g.Go("a", sleep(10*ms, 1), db)
					if err := other.Wait(); err != nil {
						t.Error(err)
					}
				}
			}
			run := pathRun(t, declare, options...)
			if got := way(run.CriticalPath()); got != test.path {
				t.Errorf("the critical path is %s, want %s\n%s", got, test.path, run.Text(80, false))
			}
			said := strings.Join(run.Explain(), "\n")
			if !strings.Contains(said, test.says) || test.says == "" && said != "" {
				t.Errorf("Explain() = %q, want %q", said, test.says)
			}
		})
	}
}

// Which limit the slot was of is told.
func TestStepSlot(t *testing.T) {
	run := pathRun(t, func(t *testing.T, g *asap.Group) {
		db := asap.SharedLimit(3)
		items := g.Input("items", []int{1, 2})
		g.Map("likes", items, func(context.Context, int) (int, error) { time.Sleep(10 * ms); return 1, nil }, asap.Limit(1), db)
	}, asap.Limit(4))
	steps := run.CriticalPath()
	want := waterfall.Slot{Limit: 1, Of: run.Task("likes").ID}
	if len(steps) != 2 || steps[0].Slot != (waterfall.Slot{}) || steps[1].Slot != want {
		t.Errorf("CriticalPath() = %+v, want the second of two steps by a slot of %+v", steps, want)
	}
}

// S6: what the caller has awaited before it declared more is on the path, and not the
// caller.
func TestCriticalPathThroughTheCaller(t *testing.T) {
	tests := []struct {
		name, path string
		declare    func(t *testing.T, g *asap.Group)
	}{
		{"awaits, and declares more", "user 85ms, page 40ms", func(t *testing.T, g *asap.Group) {
			user := g.Go("user", sleep(85*ms, 1))
			g.Go("config", sleep(20*ms, 1))
			user.Await(t.Context())
			g.Go("page", sleep(40*ms, 1))
		}},
		{"works in between", "user 85ms,  outside 10ms, page 40ms", func(t *testing.T, g *asap.Group) {
			user := g.Go("user", sleep(85*ms, 1))
			g.Go("config", sleep(90*ms, 1))
			user.Await(t.Context())
			time.Sleep(10 * ms)
			g.Go("page", sleep(40*ms, 1))
		}},
		{"is late: the task had ended", " outside 50ms, page 40ms", func(t *testing.T, g *asap.Group) {
			user := g.Go("user", sleep(20*ms, 1))
			time.Sleep(50 * ms)
			user.Await(t.Context())
			g.Go("page", sleep(40*ms, 1))
		}},
		{"gives up", " outside 30ms, page 80ms", func(t *testing.T, g *asap.Group) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*ms)
			defer cancel()
			g.Go("user", sleep(85*ms, 1)).Await(ctx)
			g.Go("page", sleep(80*ms, 1))
		}},
		{"awaits several", "a 10ms, b 20ms, c 30ms", func(t *testing.T, g *asap.Group) {
			for i, name := range []string{"a", "b", "c"} {
				g.Go("other "+name, sleep(time.Duration(1+i)*ms, 1))
				g.Go(name, sleep(time.Duration(10*(i+1))*ms, 1)).Await(t.Context())
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := pathRun(t, test.declare)
			if got := way(run.CriticalPath()); got != test.path {
				t.Errorf("the critical path is %s, want %s\n%s", got, test.path, run.Text(80, false))
			}
		})
	}
}

// S14: a run that has come to nothing is told why before anything else; what was
// tolerated is told as well.
func TestExplainBegins(t *testing.T) {
	down := errors.New("down")
	fail := func(d time.Duration) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { time.Sleep(d); return 0, down }
	}
	tests := []struct {
		name    string
		want    []string
		declare func(t *testing.T, g *asap.Group)
		options []asap.Option
	}{
		{"the first failure first", []string{"second failed at 10 ms: down", "first failed at 20 ms: down", "ads failed at 5 ms, which was tolerated: down"}, func(t *testing.T, g *asap.Group) {
			g.Go("first", fail(20*ms))
			g.Go("second", fail(10*ms))
			g.Optional("ads", fail(5*ms))
		}, []asap.Option{asap.Settled()}},
		{"what may fail", []string{"audit failed at 5 ms, which was tolerated: down", "skipped: mail"}, func(t *testing.T, g *asap.Group) {
			audit := g.Go("audit", fail(5*ms), asap.MayFail())
			audit.Then("mail", func(context.Context, int) (int, error) { return 1, nil })
		}, nil},
		{"inside out", []string{"checkout/charge failed at 10 ms: down", "checkout failed at 10 ms: charge: down"}, func(t *testing.T, g *asap.Group) {
			g.Do("checkout", func(ctx context.Context) error {
				in := asap.New(ctx)
				in.Go("charge", fail(10*ms))
				return in.Wait()
			})
		}, nil},
		{"the end from outside", []string{"the run was canceled after 10 ms: group (running: slow): context canceled", "canceled: slow"}, func(t *testing.T, g *asap.Group) {
			g.Go("slow", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			time.Sleep(10 * ms)
			g.Stop()
		}, nil},
		{"before a limit", []string{"c failed at 30 ms: down", "66.7 % of the time is the limit of 1: what the run waited for was ready and waited for a slot"}, func(t *testing.T, g *asap.Group) {
			g.Go("a", sleep(10*ms, 1))
			g.Go("b", sleep(10*ms, 1))
			g.Go("c", fail(10*ms))
		}, []asap.Option{asap.Limit(1)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := pathRun(t, test.declare, test.options...).Explain(); !slices.Equal(got, test.want) {
				t.Errorf("Explain() = %q, want %q", got, test.want)
			}
		})
	}
}
