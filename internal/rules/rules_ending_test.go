package rules_test

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asap-go/asap"
)

// manual is a context of a foreign type whose registrations can be counted:
// package context calls AfterFunc where it is there, and starts no goroutine.
type manual struct {
	context.Context
	done chan struct{}
	mu   sync.Mutex
	err  error
	next int
	regs map[int]func()
}

func newManual(parent context.Context) *manual {
	return &manual{Context: parent, done: make(chan struct{}), regs: make(map[int]func())}
}

func (m *manual) Done() <-chan struct{} { return m.done }
func (m *manual) Err() error            { m.mu.Lock(); defer m.mu.Unlock(); return m.err }
func (m *manual) AfterFunc(f func()) func() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := m.next
	m.next++
	m.regs[id] = f
	return func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		_, in := m.regs[id]
		delete(m.regs, id)
		return in
	}
}

func (m *manual) registered() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.regs) }

func (m *manual) end() {
	m.mu.Lock()
	m.err = context.Canceled
	regs := m.regs
	m.regs = make(map[int]func())
	close(m.done)
	m.mu.Unlock()
	for _, f := range regs {
		go f()
	}
}

// ways is how a group can end, over a set of tasks that wait in every way.
var ways = map[string]func(g *asap.Group, end func()){
	"success": func(*asap.Group, func()) {},
	"failure": func(g *asap.Group, _ func()) { g.Go("bad", fails(sec, errBoom)) },
	"panic": func(g *asap.Group, _ func()) {
		g.Do("bad", func(context.Context) error { time.Sleep(sec); panic("ouch") })
	},
	"Goexit": func(g *asap.Group, _ func()) {
		g.Do("bad", func(context.Context) error { time.Sleep(sec); runtime.Goexit(); return nil })
	},
	"exit": func(g *asap.Group, _ func()) {
		hit := g.NewExit[int]()
		g.Do("hit", func(context.Context) error { time.Sleep(sec); return hit.With(1) })
	},
	"parent": func(_ *asap.Group, end func()) { time.AfterFunc(sec, end) },
	"Stop":   func(g *asap.Group, _ func()) { time.Sleep(sec); g.Stop() },
}

// waitInEveryWay declares tasks that wait for each other in every way.
func waitInEveryWay(g *asap.Group) {
	slow := g.Go("slow", after(2*sec, 1))
	g.Go("hard", slow.Await)
	g.Go("soft", func(ctx context.Context) (int, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return slow.Await(ctx)
	})
	g.Go("done", func(ctx context.Context) (int, error) {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(3 * sec):
			return 1, nil
		}
	})
	g.Do("nested", func(ctx context.Context) error {
		nested := asap.New(ctx)
		nested.Go("in", slow.Await)
		nested.Race("race", slow.Await, after(sec, 1), func(ctx context.Context) (int, error) { context.AfterFunc(ctx, func() {}); return obeys(ctx) })
		return nested.Wait()
	})
	g.Gather("all", slow, slow).Then("next", func(context.Context, []int) (int, error) { return 1, nil })
	g.Map("map", g.Input("in", []int{1, 2, 3}), func(_ context.Context, v int) (int, error) { time.Sleep(sec); return v, nil }, asap.Limit(2))
}

func TestR18_NothingIsLeft(t *testing.T) {
	for name, end := range ways {
		for i, options := range [][]asap.Option{nil, {asap.Settled()}, {asap.Limit(1)}, {asap.Limit(3)}, {asap.Name("g")}} {
			virtual(t, fmt.Sprint(name, i), func(t *testing.T) {
				before := goroutines()
				parent := newManual(t.Context())
				g := asap.New(parent, options...)
				waitInEveryWay(g)
				end(g, parent.end)
				ended(g.Wait)
				if n := parent.registered(); n != 0 {
					t.Errorf("%d registrations with the parent are left", n)
				}
				wantGoroutines(t, "Wait", before)
			})
		}
	}
	virtual(t, "a context that is used after the end", func(t *testing.T) {
		parent := newManual(t.Context())
		g := asap.New(parent)
		var ctx context.Context
		g.Do("a", func(c context.Context) error { ctx = c; return nil })
		wantNil(t, "Wait", g.Wait())
		before := goroutines()
		<-ctx.Done() // made only now
		_, cancel := context.WithCancel(ctx)
		defer cancel()
		ran := make(chan bool, 1)
		context.AfterFunc(ctx, func() { ran <- true })
		<-ran
		if n := parent.registered(); n != 0 {
			t.Errorf("%d registrations with the parent are left", n)
		}
		wantGoroutines(t, "the end", before)
	})
	t.Run("only when every goroutine has made its last step", func(t *testing.T) {
		// In real time: what the bodies' deferred calls write is there, without
		// a lock, when Wait returns. The race detector sees the rest.
		for range 300 {
			g := asap.New(t.Context())
			var n atomic.Int32
			written := make([]int, 16)
			for i := range written {
				g.Do("x", func(context.Context) error {
					defer func() { written[i] = 1 }()
					n.Add(1)
					if i == 7 {
						return errBoom
					}
					return nil
				})
			}
			g.Wait()
			sum := int32(0)
			for _, w := range written {
				sum += int32(w)
			}
			if sum != n.Load() {
				t.Fatalf("Wait returned when %d of %d bodies had ended", sum, n.Load())
			}
		}
	})
	t.Run("no goroutine of the package in a profile", func(t *testing.T) {
		for range 20 {
			g := asap.New(t.Context(), asap.Limit(4))
			slow := g.Go("slow", func(context.Context) (int, error) { runtime.Gosched(); return 1, nil })
			for range 50 {
				g.Go("w", slow.Await)
			}
			wantNil(t, "Wait", g.Wait())
		}
		// A goroutine that has made its last step may still be unwinding, but
		// is not asleep. Those of a bubble are of a test that has failed.
		asleep := regexp.MustCompile(`^goroutine \d+ \[(chan|select|sync|semacquire|sleep)[^\]]*\]:\n`)
		buf := make([]byte, 1<<20)
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			state := asleep.FindString(stack)
			if state != "" && !strings.Contains(state, "synctest") && strings.Contains(stack, "internal/engine.") {
				t.Errorf("a goroutine is left:\n%s", stack)
			}
		}
	})
	virtual(t, "the parent does not keep the group", func(t *testing.T) {
		parent, cancel := context.WithCancel(context.Background())
		defer cancel()
		var values []weak.Pointer[[64]byte]
		for range 10 {
			v := new([64]byte)
			values = append(values, weak.Make(v))
			g := asap.New(parent)
			waitInEveryWay(g)
			g.Input("v", v)
			wantNil(t, "Wait", g.Wait())
		}
		for i, v := range values {
			if !collected(v) {
				t.Errorf("group %d is still reachable", i)
			}
		}
		runtime.KeepAlive(parent)
	})
}

func TestR19_TheContextEndsWithTheGroup(t *testing.T) {
	for _, used := range []bool{false, true} {
		virtual(t, fmt.Sprint("used before: ", used), func(t *testing.T) {
			g := asap.New(context.WithValue(t.Context(), key{}, 7))
			var ctx, derived context.Context
			var fired atomic.Bool
			a := g.Do("a", func(c context.Context) error {
				ctx = c
				if used {
					var cancel context.CancelFunc
					derived, cancel = context.WithCancel(c)
					t.Cleanup(cancel)
					context.AfterFunc(c, func() { fired.Store(true) })
				}
				return nil
			})
			hold := make(chan struct{})
			g.Do("hold", func(context.Context) error { <-hold; return nil })
			a.Await(t.Context())
			synctest.Wait()
			if ctx.Err() != nil {
				t.Errorf("a task's context after its end: %v, want alive until the group ends", ctx.Err())
			}
			close(hold)
			wantNil(t, "Wait", g.Wait())
			synctest.Wait()
			if ctx.Err() != context.Canceled || context.Cause(ctx) != context.Canceled {
				t.Errorf("after Wait: Err %v, Cause %v, want context.Canceled", ctx.Err(), context.Cause(ctx))
			}
			select {
			case <-ctx.Done():
			default:
				t.Error("after Wait: Done is open")
			}
			if used && (derived.Err() != context.Canceled || !fired.Load()) {
				t.Errorf("after Wait: a derived context %v, AfterFunc ran %v", derived.Err(), fired.Load())
			}
			if ctx.Value(key{}) != 7 {
				t.Errorf("after Wait: Value %v, want 7", ctx.Value(key{}))
			}
		})
	}
	virtual(t, "a failure stays the cause", func(t *testing.T) {
		g := asap.New(t.Context())
		var ctx context.Context
		g.Go("bad", func(c context.Context) (int, error) { ctx = c; return 0, errBoom })
		wantFailed(t, g.Wait(), "bad")
		wantIs(t, "Cause after Wait", context.Cause(ctx), errBoom)
	})
}

// collected reports whether p's object is gone when garbage is collected, and each
// goroutine of the bubble is asleep: one that is about to end may have it on its stack.
func collected[T any](p weak.Pointer[T]) bool {
	synctest.Wait()
	for range 3 {
		runtime.GC()
		if p.Value() == nil {
			return true
		}
	}
	return false
}
