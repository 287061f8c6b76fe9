package rules_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asap-go/asap"
)

// dyingReader reads as long as its context lives, as the body of a response does.
type dyingReader struct {
	ctx  context.Context
	left int
}

func (r *dyingReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.left, 4096)
	r.left -= n
	return n, nil
}

// TestR19_RaceWinner: the context of a Race's winner lives until the group ends, those of
// the others until the decision (F6).
func TestR19_RaceWinner(t *testing.T) {
	const size = 524288
	virtual(t, "what the winner has opened can be read", func(t *testing.T) {
		get := func(d time.Duration) func(context.Context) (io.Reader, error) {
			return func(ctx context.Context) (io.Reader, error) {
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(d):
					ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
					t.Cleanup(cancel)
					return &dyingReader{ctx, size}, nil
				}
			}
		}
		g := asap.New(t.Context())
		read := g.Race("mirror", get(sec), get(3*sec)).Then("read", func(_ context.Context, r io.Reader) (int, error) {
			time.Sleep(sec)
			all, err := io.ReadAll(r)
			return len(all), err
		})
		wantNil(t, "Wait", g.Wait())
		if read.Value() != size {
			t.Errorf("read %d bytes, want %d", read.Value(), size)
		}
	})
	kinds := map[string]func(t *testing.T, ctx context.Context) context.Context{
		"its own":        func(_ *testing.T, ctx context.Context) context.Context { return ctx },
		"asked for Done": func(_ *testing.T, ctx context.Context) context.Context { ctx.Done(); return ctx },
		"WithValue":      func(_ *testing.T, ctx context.Context) context.Context { return context.WithValue(ctx, key{}, 1) },
		"WithCancel": func(t *testing.T, ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			t.Cleanup(cancel)
			return ctx
		},
		"WithTimeout of a WithValue": func(t *testing.T, ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(context.WithValue(ctx, key{}, 1), time.Hour)
			t.Cleanup(cancel)
			return ctx
		},
	}
	for name, derive := range kinds {
		virtual(t, name, func(t *testing.T) {
			c := startClock()
			g := asap.New(t.Context(), asap.Settled())
			var won, lost, failed, late context.Context
			race := g.Race("mirror",
				func(ctx context.Context) (int, error) { failed = derive(t, ctx); return 0, errBoom },
				func(ctx context.Context) (int, error) { won = derive(t, ctx); time.Sleep(sec); return 1, nil },
				func(ctx context.Context) (int, error) {
					lost = derive(t, ctx)
					<-ctx.Done()
					c.at(t, "the loser's end", sec)
					return 0, ctx.Err()
				},
				func(ctx context.Context) (int, error) { // looks at its context only later
					time.Sleep(2 * sec)
					late = derive(t, ctx)
					return 1, nil
				})
			time.Sleep(ms)
			synctest.Wait()
			if err := errors.Join(failed.Err(), won.Err(), lost.Err()); err != nil {
				t.Errorf("before the decision: %v", err)
			}
			time.Sleep(3 * sec)
			synctest.Wait()
			for name, ctx := range map[string]context.Context{"failed": failed, "lost": lost, "late": late} {
				cause := context.Cause(ctx)
				if ctx.Err() != context.Canceled || cause == nil || cause.Error() != "mirror: race lost" || !errors.Is(cause, context.Canceled) {
					t.Errorf("%s: Err %v, Cause %v; want canceled, by the lost race", name, ctx.Err(), cause)
				}
				select {
				case <-ctx.Done():
				default:
					t.Errorf("%s: Done is open", name)
				}
			}
			if won.Err() != nil || context.Cause(won) != nil {
				t.Errorf("the winner: Err %v, Cause %v; want nil", won.Err(), context.Cause(won))
			}
			wantNil(t, "Wait", g.Wait())
			if race.Value() != 1 || won.Err() != context.Canceled {
				t.Errorf("after Wait: value %d, Err %v; want 1, canceled", race.Value(), won.Err())
			}
			<-won.Done()
		})
	}
	virtual(t, "the group's failure is its cause", func(t *testing.T) {
		g := asap.New(t.Context())
		var won context.Context
		g.Race("mirror", func(ctx context.Context) (int, error) {
			won = context.WithValue(ctx, key{}, 1)
			ctx.Done()
			return 1, nil
		})
		g.Go("bad", fails(sec, errBoom))
		g.Do("looks", func(ctx context.Context) error {
			<-ctx.Done()
			synctest.Wait()
			wantIs(t, "Cause", context.Cause(won), errBoom)
			return ctx.Err()
		})
		wantFailed(t, g.Wait(), "bad")
	})
	virtual(t, "an await of a loser is cut, and says why", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context())
		slow := g.Go("slow", after(5*sec, 1))
		g.Race("mirror", after(sec, 1), func(ctx context.Context) (int, error) {
			_, err := slow.Await(context.WithValue(ctx, key{}, 1))
			c.at(t, "Await", sec)
			if err == nil || !strings.Contains(err.Error(), "mirror: race lost") {
				t.Errorf("Await: %v", err)
			}
			return 0, err
		})
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "a group nested in the winner's body, and its context after that", func(t *testing.T) {
		g := asap.New(t.Context())
		race := g.Race("mirror", func(ctx context.Context) (context.Context, error) {
			return asap.Run(ctx, func(in *asap.Group) func() context.Context {
				return in.Go("x", func(inner context.Context) (context.Context, error) { inner.Done(); return ctx, nil }).Value
			})
		}, func(ctx context.Context) (context.Context, error) { <-ctx.Done(); return nil, ctx.Err() })
		race.Do("then", func(_ context.Context, ctx context.Context) error { time.Sleep(sec); return ctx.Err() })
		wantNil(t, "Wait", g.Wait())
	})
}

// TestR18_RaceLeavesNothing: a loop of Races in a long group keeps what the winners have
// registered, and nothing else (R18, R19, R20).
func TestR18_RaceLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var losers, idle, winners []weak.Pointer[big]
		kept := func(of *[]weak.Pointer[big]) *big {
			b := new(big)
			*of = append(*of, weak.Make(b))
			return b
		}
		const n = 20
		open := make(chan struct{})
		g := asap.New(t.Context())
		g.Do("long", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		g.Do("loop", func(ctx context.Context) error {
			defer close(open)
			for i := range n {
				asks := i%2 == 0
				race := g.Race("race",
					func(ctx context.Context) (int, error) {
						if asks {
							b := kept(&winners)
							context.AfterFunc(ctx, func() { runtime.KeepAlive(b) })
						} else {
							ctx = context.WithValue(ctx, key{}, kept(&idle))
							return 1, ctx.Err()
						}
						return 1, nil
					})
				lost := make(chan struct{})
				again := make(chan struct{})
				two := g.Race("two",
					func(context.Context) (int, error) { <-lost; return 1, nil },
					func(ctx context.Context) (int, error) {
						defer close(again)
						b := kept(&losers)
						context.AfterFunc(context.WithValue(ctx, key{}, b), func() { runtime.KeepAlive(b) })
						close(lost)
						<-ctx.Done()
						return 0, ctx.Err()
					})
				if _, err := race.Await(ctx); err != nil {
					return err
				}
				if _, err := two.Await(ctx); err != nil {
					return err
				}
				<-again
			}
			return nil
		})
		<-open
		for what, of := range map[string][]weak.Pointer[big]{"a loser's": losers, "an idle winner's": idle} {
			for i, p := range of {
				if !collected(p) {
					t.Errorf("%s context %d is kept", what, i)
				}
			}
		}
		for i, p := range winners {
			if p.Value() == nil {
				t.Errorf("the registration of winner %d is gone", i)
			}
		}
		g.Stop()
		for i, p := range winners {
			if !collected(p) {
				t.Errorf("the registration of winner %d is left after the end", i)
			}
		}
		if len(losers) != n || len(idle)+len(winners) != n {
			t.Error(fmt.Sprint(len(losers), len(idle), len(winners)))
		}
	})
}

// TestR19_RaceDecidedMeanwhile: a context is asked for while the Race is decided, and always ends.
func TestR19_RaceDecidedMeanwhile(t *testing.T) {
	for range 300 {
		g := asap.New(t.Context(), asap.Settled())
		start := make(chan struct{})
		asks := func(ctx context.Context) (int, error) {
			<-start
			if ctx.Err() == nil {
				<-ctx.Done() // if it never came, Wait would not return
			}
			if ctx.Err() == nil || context.Cause(ctx) == nil {
				t.Error("Done is closed without an error")
			}
			return 0, ctx.Err()
		}
		g.Race("race", func(context.Context) (int, error) { <-start; return 1, nil }, asks, asks, asks)
		close(start)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}
