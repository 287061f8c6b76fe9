package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errLimit = fmt.Errorf("limit: %w", context.DeadlineExceeded)

func (quiet) Returned(_ *Node, err error) Verdict {
	if err != nil {
		return Verdict{Fail: &Failure{Err: err, Outcome: Failed}}
	}
	return Verdict{}
}
func (quiet) Outside(err, cause error) *Ending {
	return &Ending{Why: ByOutside, Cause: cause, Err: err}
}
func (quiet) Skipped(*Node, *Node) *Failure {
	return &Failure{Err: context.Canceled, Outcome: Skipped}
}
func (quiet) OutOfTime(string, time.Duration) error { return errLimit }
func (quiet) Late(limit, err error) error           { return errors.Join(limit, err) }
func (quiet) CutShort(_ *Node, cause error) error   { return cause }

// inTime is a body with a limit of time.
type inTime struct {
	Node
	limit time.Duration
	body  func(ctx context.Context) error
}

func (b *inTime) Dep(int) *Node { return nil }
func (b *inTime) Drop(bool)     {}
func (b *inTime) Call(context.Context) error {
	n := &b.Node
	timed := new(timedBody)
	c := &timed.bodyContext
	c.Context = &timed.timedContext
	timed.at, timed.after = time.Now().Add(b.limit), b.limit
	timed.start(n.group)
	c.node.Store(n)
	c.given = c
	n.makeSide().makeRare().bodyContext = c
	return n.endTime(b.body(c), false)
}

// timedGroup runs body with a limit of a second in a group of its own, whose parent may
// be ended by end.
func timedGroup(ctx context.Context, body func(g *Group, ctx context.Context) error) *Group {
	g := new(Group)
	g.Init(ctx, quiet{}, nil)
	b := &inTime{limit: time.Second, body: func(ctx context.Context) error { return body(g, ctx) }}
	Init(&b.Node, g, "x", b, 0)
	g.Start(&b.Node)
	return g
}

type valueKey struct{}

// derived are the ways in which a context is looked at.
var derived = map[string]func(t *testing.T, ctx context.Context) context.Context{
	"itself":    func(_ *testing.T, ctx context.Context) context.Context { return ctx },
	"Done":      func(_ *testing.T, ctx context.Context) context.Context { ctx.Done(); return ctx },
	"WithValue": func(_ *testing.T, ctx context.Context) context.Context { return context.WithValue(ctx, valueKey{}, 1) },
	"WithCancel": func(t *testing.T, ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		t.Cleanup(cancel)
		return ctx
	},
	"WithTimeout of a WithValue": func(t *testing.T, ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(context.WithValue(ctx, valueKey{}, 1), time.Hour)
		t.Cleanup(cancel)
		return ctx
	},
}

func wantEnd(t *testing.T, what string, ctx context.Context, err, cause error) {
	t.Helper()
	if ctx.Err() != err || context.Cause(ctx) != cause {
		t.Errorf("%s: Err %v, Cause %v; want %v, %v", what, ctx.Err(), context.Cause(ctx), err, cause)
	}
	closed := false
	select {
	case <-ctx.Done():
		closed = true
	default:
	}
	if closed != (err != nil) {
		t.Errorf("%s: Done closed: %t, with Err %v", what, closed, err)
	}
}

// TestR39_TimedContext: what ends the context of a body with a limit of time, at which
// instant, and with what Err and Cause, also of what is derived from it.
func TestR39_TimedContext(t *testing.T) {
	boom := errors.New("boom")
	for name, derive := range derived {
		run := func(what string, f func(t *testing.T)) {
			t.Run(name+": "+what, func(t *testing.T) { synctest.Test(t, f) })
		}
		run("its limit", func(t *testing.T) {
			start := time.Now()
			g := timedGroup(t.Context(), func(_ *Group, body context.Context) error {
				ctx := derive(t, body)
				if d, ok := ctx.Deadline(); !ok || !d.Equal(start.Add(time.Second)) {
					t.Errorf("Deadline %v, %t", d, ok)
				}
				wantEnd(t, "before", ctx, nil, nil)
				time.Sleep(time.Second)
				synctest.Wait()
				wantEnd(t, "after", ctx, context.DeadlineExceeded, errLimit)
				wantEnd(t, "derived later", derive(t, body), context.DeadlineExceeded, errLimit)
				return nil
			})
			g.Join()
		})
		run("the group's end by its parent", func(t *testing.T) {
			parent, cancel := context.WithCancelCause(t.Context())
			g := timedGroup(parent, func(_ *Group, ctx context.Context) error {
				ctx = derive(t, ctx)
				time.Sleep(time.Second / 2)
				cancel(boom)
				synctest.Wait()
				wantEnd(t, "after", ctx, context.Canceled, boom)
				time.Sleep(time.Second) // the limit comes too late
				synctest.Wait()
				wantEnd(t, "after the limit", ctx, context.Canceled, boom)
				return ctx.Err()
			})
			g.Join()
		})
		run("the group's end by itself", func(t *testing.T) {
			g := timedGroup(t.Context(), func(g *Group, ctx context.Context) error {
				ctx = derive(t, ctx)
				g.EndWith(boom, nil)
				wantEnd(t, "after", ctx, context.Canceled, boom)
				return ctx.Err()
			})
			g.Join()
		})
		run("the parent's deadline, which is earlier", func(t *testing.T) {
			parent, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			g := timedGroup(parent, func(_ *Group, ctx context.Context) error {
				ctx = derive(t, ctx)
				if d, ok := ctx.Deadline(); !ok || !d.Equal(time.Now().Add(time.Second/2)) {
					t.Errorf("Deadline %v, %t", d, ok)
				}
				<-ctx.Done()
				wantEnd(t, "after", ctx, context.DeadlineExceeded, context.DeadlineExceeded)
				return ctx.Err()
			})
			g.Join()
		})
		run("a success: it lives until the group ends", func(t *testing.T) {
			var kept context.Context
			g := timedGroup(t.Context(), func(_ *Group, ctx context.Context) error { kept = derive(t, ctx); return nil })
			time.Sleep(time.Minute)
			synctest.Wait()
			wantEnd(t, "after the limit", kept, nil, nil)
			g.Join()
			wantEnd(t, "after the group", kept, context.Canceled, context.Canceled)
		})
		run("a failure", func(t *testing.T) {
			var kept context.Context
			g := timedGroup(t.Context(), func(_ *Group, ctx context.Context) error { kept = derive(t, ctx); return boom })
			synctest.Wait()
			wantEnd(t, "after the body", kept, context.Canceled, context.Canceled)
			if b := g.ledger.Load(); b != nil && b.timed != nil {
				t.Error("it is still noted")
			}
			g.Join()
		})
	}
}

// TestR35_TimedContext: deriving from it and AfterFunc start no goroutine, values pass
// through, and its own end reaches AfterFunc.
func TestR35_TimedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int32
		g := timedGroup(context.WithValue(t.Context(), valueKey{}, 7), func(_ *Group, ctx context.Context) error {
			ctx.Done()
			synctest.Wait()
			before := runtime.NumGoroutine()
			for range 10 {
				child, cancel := context.WithCancel(context.WithValue(ctx, t, 1))
				defer cancel()
				context.AfterFunc(child, func() { ran.Add(1) })
				if child.Value(valueKey{}) != 7 {
					t.Error("the value is lost")
				}
			}
			if n := runtime.NumGoroutine(); n > before { // those of the tests before may end meanwhile
				t.Errorf("%d goroutines more", n-before)
			}
			<-ctx.Done()
			synctest.Wait()
			return nil
		})
		g.Join()
		if ran.Load() != 10 {
			t.Errorf("%d of 10 AfterFuncs ran", ran.Load())
		}
	})
}

// TestR18_TimedContext: no goroutine, timer or registration is left, whatever asks for it
// when, also after the end.
func TestR18_TimedContext(t *testing.T) {
	for i := range 400 {
		parent, cancel := context.WithCancelCause(t.Context())
		var asks sync.WaitGroup
		g := new(Group)
		g.Init(parent, quiet{}, nil)
		for j := range 4 {
			b := &inTime{limit: time.Duration(j*i) * time.Microsecond / 4}
			b.body = func(ctx context.Context) error {
				for range 2 {
					asks.Go(func() {
						for ctx.Err() == nil {
							runtime.Gosched()
						}
						if context.Cause(ctx) == nil || ctx.Err() == nil {
							t.Error("Err goes back, or there is no cause")
						}
						<-ctx.Done()
					})
					asks.Go(func() { <-ctx.Done() })
				}
				if j%2 == 0 {
					<-ctx.Done()
				}
				return nil
			}
			Init(&b.Node, g, "x", b, 0)
			g.Start(&b.Node)
		}
		if i%2 == 0 {
			go cancel(errLimit)
		}
		g.Join()
		asks.Wait()
		if n := g.alive.Load(); n != 0 {
			t.Fatalf("%d are alive after the end", n)
		}
		if b := g.ledger.Load(); b != nil && b.timed != nil {
			t.Fatal("contexts are noted after the end")
		}
		cancel(nil)
	}
}
