package peers_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// Each test is a fault of a library with a like purpose, as measured on it,
// and the right behavior here.

// better-all: a cycle, a self-dependency and a task named then hang for ever,
// and so does an inherited name.
func TestPeer_BetterAllCycleHangs(t *testing.T) {
	for _, names := range [][]string{{"a", "b", "c"}, {"self"}, {"then", "catch"}, {"constructor", "__proto__", "toString", "hasOwnProperty"}} {
		virtual(t, strings.Join(names, " "), func(t *testing.T) {
			g := asap.New(t.Context())
			open := make(gate)
			tasks := make([]*asap.Task[int], len(names))
			for i, name := range names {
				tasks[i] = g.Go(name, open.await(&tasks[(i+1)%len(names)]))
			}
			close(open)
			wantCycle(t, g.Wait(), names...)
		})
	}
	virtual(t, "the names without a cycle", func(t *testing.T) {
		g := asap.New(t.Context())
		then := g.Go("then", after(sec, 1))
		g.Go("constructor", then.Await)
		wantNil(t, "Wait", g.Wait())
	})
}

// better-all: 237 of 643 random flows with $end hang.
func TestPeer_BetterAllRandomFlowsWithEndHang(t *testing.T) {
	virtual(t, "random", func(t *testing.T) {
		random := rand.New(rand.NewPCG(6, 43))
		for round := range 643 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			g := asap.New(ctx)
			hit := g.NewExit[int]()
			open := make(gate)
			n := 2 + random.IntN(6)
			tasks := make([]*asap.Task[int], n)
			for i := range tasks {
				var on []int
				for range random.IntN(3) {
					on = append(on, random.IntN(n)) // also itself: cycles
				}
				ends, failing, d := random.IntN(4) == 0, random.IntN(8) == 0, time.Duration(random.IntN(5))*ms
				tasks[i] = g.Go(fmt.Sprint("t", i), func(ctx context.Context) (int, error) {
					<-open
					time.Sleep(d)
					for _, j := range on {
						if _, err := tasks[j].Await(ctx); err != nil {
							return 0, err
						}
					}
					switch {
					case ends:
						return 0, hit.With(i)
					case failing:
						return 0, errBoom
					}
					return i, nil
				})
			}
			close(open)
			err := g.Wait()
			cancel()
			_, exited := hit.Value()
			_, cycle := errors.AsType[*asap.CycleError](err)
			if ok := err == nil || cycle || errors.Is(err, errBoom); !ok || exited && err != nil || errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("round %d: Wait %v, exited %v", round, err, exited)
			}
		}
	})
}

// better-all: $.x touched before it is awaited kills the process when x fails,
// even under allSettled.
func TestPeer_BetterAllUnawaitedFailureKills(t *testing.T) {
	virtual(t, "settled and not", func(t *testing.T) {
		for _, options := range [][]asap.Option{nil, {asap.Settled()}} {
			g := asap.New(t.Context(), options...)
			x := g.Go("x", fails(sec, errBoom))
			y := g.Go("y", func(ctx context.Context) (int, error) {
				await := func() (int, error) { return x.Await(ctx) } // touched
				time.Sleep(2 * sec)
				return await()
			})
			wantFailed(t, g.Wait(), "x")
			if y.Result().Err == nil {
				t.Error("y: no error")
			}
		}
	})
}

// better-all: all returned at 12 ms, a sibling still wrote at 103 ms.
func TestPeer_BetterAllReturnsWhileASiblingWrites(t *testing.T) {
	virtual(t, "failure", func(t *testing.T) {
		c := startClock()
		wrote := false
		g := asap.New(t.Context())
		g.Go("bad", fails(12*ms, errBoom))
		g.Do("sibling", func(context.Context) error { time.Sleep(103 * ms); wrote = true; return nil })
		wantFailed(t, g.Wait(), "bad")
		c.at(t, "Wait", 103*ms)
		if !wrote {
			t.Error("Wait returned before the sibling had ended")
		}
	})
}

// better-all: an aborted signal still starts every task.
func TestPeer_BetterAllStartsWhenAborted(t *testing.T) {
	virtual(t, "canceled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := asap.Run(ctx, func(g *asap.Group) func() int {
			a := g.Go("a", never(t))
			g.Go("b", never(t))
			return a.Then("c", never1[int](t)).Value
		})
		wantIs(t, "Run", err, context.Canceled)
	})
}

// better-all: flow waited 512 ms for the losers of a 100 ms race and never
// aborted them.
func TestPeer_BetterAllNeverAbortsLosers(t *testing.T) {
	virtual(t, "flow", func(t *testing.T) {
		c := startClock()
		v, err := asap.Run(t.Context(), func(g *asap.Group) func() string {
			hit := g.NewExit[string]()
			g.Do("quick", func(context.Context) error { time.Sleep(100 * ms); return hit.With("quick") })
			return g.Go("slow", func(ctx context.Context) (string, error) {
				select {
				case <-ctx.Done():
					return "", ctx.Err()
				case <-time.After(512 * ms):
					return "slow", nil
				}
			}).Value
		})
		c.at(t, "Run", 100*ms)
		if v != "quick" || err != nil {
			t.Errorf("Run: got %q, %v, want quick, nil", v, err)
		}
	})
}

// better-all: only the first error, without the task's name.
func TestPeer_BetterAllHidesWhoFailed(t *testing.T) {
	virtual(t, "two", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Settled())
		g.Go("prices", fails(sec, errors.New("timeout")))
		g.Go("stock", fails(2*sec, errors.New("timeout")))
		err, want := g.Wait(), "2 tasks failed: prices: timeout; stock: timeout"
		if err == nil || err.Error() != want {
			t.Errorf("Wait: got %v, want %s", err, want)
		}
	})
}

// better-all: a late loser's error replaces the winner's value.
func TestPeer_BetterAllLateLoserReplacesTheWinner(t *testing.T) {
	virtual(t, "exit", func(t *testing.T) {
		g := asap.New(t.Context())
		hit := g.NewExit[int]()
		g.Do("winner", func(context.Context) error { time.Sleep(sec); return hit.With(7) })
		g.Go("loser", fails(2*sec, errBoom))
		wantNil(t, "Wait", g.Wait())
		if v, ok := hit.Value(); v != 7 || !ok {
			t.Errorf("Value: %d, %v, want 7, true", v, ok)
		}
	})
}

// better-all's debug chart: siblings vanish on failure, busy time is drawn as
// waiting, nothing on a hang. The picture is package waterfall's; here is what
// it is drawn from.
func TestPeer_BetterAllDebugLosesSiblings(t *testing.T) {
	virtual(t, "events", func(t *testing.T) {
		var p tape
		g := asap.New(t.Context(), asap.Observe(&p))
		g.Go("bad", fails(sec, errBoom))
		user := g.Go("user", after(ms/5, 1)) // under 0.5 ms
		g.Go("sibling", obeys)
		g.Go("busy", func(ctx context.Context) (int, error) {
			v, err := user.Await(ctx)
			time.Sleep(100 * ms)
			return v, err
		})
		wantFailed(t, g.Wait(), "bad")
		for name, want := range map[string]string{
			"bad":     "0s Declared, 0s Ready, 0s Started, 1s Ended Failed",
			"sibling": "0s Declared, 0s Ready, 0s Started, 1s Ended Canceled",
			"user":    "0s Declared, 0s Ready, 0s Started, 200µs Ended Succeeded",
			"busy":    "0s Declared, 0s Ready, 0s Started, 0s Blocked on user, 200µs Resumed, 100.2ms Ended Succeeded",
		} {
			if got := p.of(name); got != want {
				t.Errorf("events of %s: %s, want %s", name, got, want)
			}
		}
	})
}

// tape is an observer that keeps the events.
type tape struct {
	mu     sync.Mutex
	events []asap.Event
}

func (p *tape) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }

func (p *tape) Observe(e asap.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

// of returns the events of one task as text.
func (p *tape) of(name string) string {
	names := make(map[asap.ID]string)
	var all []string
	for _, e := range p.events {
		names[e.Task] = e.Name
		if e.Name != name {
			continue
		}
		s := fmt.Sprint(e.At, " ", e.Kind)
		if e.On != 0 {
			s += " on " + names[e.On]
		}
		if e.Kind == asap.Ended {
			s += " " + e.Outcome.String()
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}
