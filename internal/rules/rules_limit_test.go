package rules_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// meter counts bodies that run and do not wait.
type meter struct{ now, peak atomic.Int32 }

func (m *meter) enter() {
	n := m.now.Add(1)
	for {
		p := m.peak.Load()
		if n <= p || m.peak.CompareAndSwap(p, n) {
			return
		}
	}
}
func (m *meter) leave() { m.now.Add(-1) }

// body works for d.
func (m *meter) body(d time.Duration) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		m.enter()
		defer m.leave()
		time.Sleep(d)
		return 1, nil
	}
}

// outside runs f, in which a body waits.
func (m *meter) outside(f func()) {
	m.leave()
	defer m.enter()
	f()
}

func (m *meter) check(t *testing.T, limit int) {
	t.Helper()
	if got := int(m.peak.Load()); got != limit {
		t.Errorf("bodies at the same time: at most %d, want %d", got, limit)
	}
}

func TestR21_AtMostN(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		virtual(t, fmt.Sprint("every kind of body, limit ", n), func(t *testing.T) {
			c := startClock()
			var m meter
			g := asap.New(t.Context(), asap.Limit(n))
			do := m.body(sec)
			for range 5 {
				a := g.Go("go", do)
				g.Optional("optional", do)
				a.Then("then", func(ctx context.Context, _ int) (int, error) { return do(ctx) })
			}
			g.Map("map", g.Input("in", make([]int, 5)), func(ctx context.Context, _ int) (int, error) { return do(ctx) })
			bad := func(ctx context.Context) (int, error) { do(ctx); return 0, errBoom }
			g.Race("race", bad, bad, bad, bad, do)
			wantNil(t, "Wait", g.Wait())
			m.check(t, n)
			c.at(t, "Wait", time.Duration((25+n-1)/n)*sec)
		})
	}
	virtual(t, "Gather, Map, Race and And hold no slot", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		a, b := g.Go("a", after(sec, 1)), g.Go("b", after(sec, 2))
		all := g.Gather("all", a, b)
		twice := g.Map("twice", all, func(_ context.Context, v int) (int, error) { time.Sleep(sec); return 2 * v, nil })
		race := g.Race("race", after(sec, 1), never(t))
		last := a.And(b).And(twice).Then("last", func(context.Context, int, int, []int) (int, error) { return 7, nil }, asap.Needs(race))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 5*sec)
		if got := fmt.Sprint(all.Value(), twice.Value(), race.Value(), last.Value()); got != "[1 2] [2 4] 1 7" {
			t.Errorf("values: %s", got)
		}
	})
	virtual(t, "Map's own limit", func(t *testing.T) {
		for _, row := range []struct{ group, fan, want int }{{0, 1, 1}, {0, 3, 3}, {2, 3, 2}, {3, 2, 2}} {
			var m meter
			var options []asap.Option
			if row.group > 0 {
				options = append(options, asap.Limit(row.group))
			}
			g := asap.New(t.Context(), options...)
			g.Map("map", g.Input("in", make([]int, 12)), func(ctx context.Context, _ int) (int, error) { return m.body(sec)(ctx) }, asap.Limit(row.fan))
			c := startClock()
			wantNil(t, "Wait", g.Wait())
			m.check(t, row.want)
			c.at(t, "Wait", 12*sec/time.Duration(row.want))
		}
	})
	virtual(t, "beside a Map with its own limit", func(t *testing.T) {
		var m meter
		g := asap.New(t.Context(), asap.Limit(4))
		g.Map("map", g.Input("in", make([]int, 4)), func(ctx context.Context, _ int) (int, error) { return m.body(2 * sec)(ctx) }, asap.Limit(1))
		for range 9 {
			g.Go("a", m.body(sec))
		}
		c := startClock()
		wantNil(t, "Wait", g.Wait())
		m.check(t, 4)
		c.at(t, "Wait", 8*sec)
	})
	virtual(t, "a nested group shares the limit", func(t *testing.T) {
		for _, row := range []struct{ outer, inner, want int }{{2, 0, 2}, {2, 5, 2}, {5, 2, 2}, {1, 1, 1}} {
			var m meter
			g := asap.New(t.Context(), asap.Limit(row.outer))
			g.Do("outer", func(ctx context.Context) error {
				var options []asap.Option
				if row.inner > 0 {
					options = append(options, asap.Limit(row.inner))
				}
				nested := asap.New(ctx, options...)
				for range 10 {
					nested.Go("inner", m.body(sec))
				}
				time.Sleep(sec) // has a slot itself
				return nested.Wait()
			})
			wantNil(t, "Wait", g.Wait())
			m.check(t, row.want)
		}
	})
	virtual(t, "its own counts in addition", func(t *testing.T) {
		var m, inner meter
		g := asap.New(t.Context(), asap.Limit(4))
		for range 20 {
			g.Go("a", m.body(sec))
		}
		for range 3 {
			g.Do("outer", func(ctx context.Context) error {
				nested := asap.New(ctx, asap.Limit(2))
				for range 10 {
					nested.Go("inner", func(ctx context.Context) (int, error) {
						inner.enter()
						defer inner.leave()
						return m.body(sec)(ctx)
					})
				}
				return nested.Wait()
			})
		}
		c := startClock()
		wantNil(t, "Wait", g.Wait())
		m.check(t, 4)
		if p := inner.peak.Load(); p > 4 {
			t.Errorf("bodies of nested groups at the same time: %d, want at most 4", p)
		}
		if d := time.Since(time.Time(c)); d < 50*sec/4 || d > 16*sec {
			t.Errorf("Wait: after %v, want 50 bodies of 1s over 4 slots", d)
		}
	})
}

func TestR21_WaitsGiveTheSlotBack(t *testing.T) {
	virtual(t, "and take it again", func(t *testing.T) {
		for _, n := range []int{1, 2, 3} {
			random := rand.New(rand.NewPCG(uint64(n), 7))
			for range 30 {
				var m meter
				g := asap.New(t.Context(), asap.Limit(n))
				var tasks []*asap.Task[int]
				for i := range 25 {
					var deps []*asap.Task[int]
					for range random.IntN(4) {
						if i > 0 {
							deps = append(deps, tasks[random.IntN(i)])
						}
					}
					soft, nested, d := random.IntN(3) == 0, random.IntN(3) == 0, time.Duration(random.IntN(5))*ms
					tasks = append(tasks, g.Go(fmt.Sprint("t", i), func(ctx context.Context) (int, error) {
						m.enter()
						defer m.leave()
						time.Sleep(d)
						for _, dep := range deps {
							wait := ctx
							if soft {
								var cancel context.CancelFunc
								wait, cancel = context.WithTimeout(ctx, time.Hour)
								defer cancel()
							}
							var err error
							m.outside(func() {
								if nested {
									in := asap.New(wait)
									in.Go("in", dep.Await)
									in.Go("work", m.body(ms))
									err = in.Wait()
								} else {
									_, err = dep.Await(wait)
								}
							})
							if err != nil {
								return 0, err
							}
							time.Sleep(d)
						}
						return 1, nil
					}))
				}
				wantNil(t, "Wait", g.Wait())
				if p := int(m.peak.Load()); p > n {
					t.Errorf("bodies awake at the same time: %d, want at most %d", p, n)
				}
			}
		}
	})
	virtual(t, "no deadlock at Limit(1)", func(t *testing.T) {
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(gate)
		const n = 50
		tasks := make([]*asap.Task[int], n)
		for i := range tasks { // the first to start needs all the others
			tasks[i] = g.Go(fmt.Sprint("t", i), func(ctx context.Context) (int, error) {
				<-open
				sum := 1
				for _, dep := range tasks[i+1:] {
					v, err := dep.Await(ctx)
					if err != nil {
						return 0, err
					}
					sum += v
				}
				return sum % 1000, nil
			})
		}
		close(open)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "a goroutine of the body waits too", func(t *testing.T) {
		// The count of waits goes to 2 and back: the slot is back with the last.
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(gate)
		var a, b *asap.Task[int]
		g.Do("waiter", func(ctx context.Context) error {
			<-open
			var wg sync.WaitGroup
			wg.Go(func() { a.Await(ctx); c.at(t, "the goroutine", sec) })
			synctest.Wait()
			b.Await(ctx)
			c.at(t, "the body", 2*sec)
			wg.Wait()
			time.Sleep(sec)
			return nil
		})
		synctest.Wait()
		a, b = g.Go("a", after(sec, 1)), g.Go("b", after(sec, 1))
		g.Go("last", func(context.Context) (int, error) { c.at(t, "last", 3*sec); return 1, nil })
		close(open)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "a body that ends while its goroutine waits", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		slow := asap.New(t.Context())
		x := slow.Go("x", after(5*sec, 1))
		g.Do("a", func(ctx context.Context) error {
			own, cancel := context.WithCancel(ctx)
			context.AfterFunc(t.Context(), cancel)
			go x.Await(own)
			synctest.Wait()
			return nil
		})
		for range 3 {
			g.Go("b", after(sec, 1))
		}
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 3*sec)
		wantNil(t, "Wait", slow.Wait())
	})
}
