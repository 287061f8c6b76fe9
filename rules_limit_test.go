package asap_test

import (
	"context"
	"errors"
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
		last := a.And(b).And(twice).And(race).Then("last", func(context.Context, int, int, []int, int) (int, error) { return 7, nil })
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

func TestR21_Order(t *testing.T) {
	// order lets one body run at a time and returns the order of their starts.
	order := func(t *testing.T, declare func(g *asap.Group, body func(string, time.Duration) func(context.Context) (string, error))) []string {
		var mu sync.Mutex
		var started []string
		g := asap.New(t.Context(), asap.Limit(1))
		declare(g, func(name string, d time.Duration) func(context.Context) (string, error) {
			return func(context.Context) (string, error) {
				mu.Lock()
				started = append(started, name)
				mu.Unlock()
				time.Sleep(d)
				return name, nil
			}
		})
		wantNil(t, "Wait", g.Wait())
		return started
	}
	type bodies = func(string, time.Duration) func(context.Context) (string, error)
	then := func(body bodies, name string) func(context.Context, string) (string, error) {
		return func(ctx context.Context, _ string) (string, error) { return body(name, sec)(ctx) }
	}
	rows := []struct {
		name    string
		declare func(g *asap.Group, body bodies)
		want    string
	}{
		{"in order of declaration", func(g *asap.Group, body bodies) {
			for i := range 6 {
				g.Go(fmt.Sprint(i), body(fmt.Sprint(i), sec))
			}
		}, "[0 1 2 3 4 5]"},
		{"the dependents of one task, in order of declaration", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			for i := range 5 {
				a.Then(fmt.Sprint(i), then(body, fmt.Sprint(i)))
			}
		}, "[a 0 1 2 3 4]"},
		{"first ready, first started: who waits for the slot comes before the finisher's own", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			a.Then("next", then(body, "next"))
			synctest.Wait()
			g.Go("b", body("b", sec))
			g.Go("c", body("c", sec))
		}, "[a b c next]"},
		{"a chain beside a queue", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			a.Then("a2", then(body, "a2")).Then("a3", then(body, "a3"))
			b := g.Go("b", body("b", sec))
			b.Then("b2", then(body, "b2"))
		}, "[a b a2 b2 a3]"},
		{"elements and functions", func(g *asap.Group, body bodies) {
			in := g.Input("in", []string{"e0", "e1"})
			g.Map("map", in, func(ctx context.Context, e string) (string, error) { return body(e, sec)(ctx) })
			g.Go("a", body("a", sec))
			fn := func(name string) func(context.Context) (string, error) {
				return func(ctx context.Context) (string, error) { body(name, sec)(ctx); return "", errBoom }
			}
			g.Race("race", fn("r0"), fn("r1"), body("r2", sec))
		}, "[e0 e1 a r0 r1 r2]"},
		{"through a Gather, in order of declaration", func(g *asap.Group, body bodies) {
			a := g.Go("a", body("a", sec))
			all := g.Gather("all", a, a)
			all.Then("first", func(ctx context.Context, _ []string) (string, error) { return body("first", sec)(ctx) })
			a.Then("second", then(body, "second"))
		}, "[a first second]"},
		{"of a Map and of the task that it maps", func(g *asap.Group, body bodies) {
			a := g.Go("a", func(ctx context.Context) ([]string, error) { body("a", sec)(ctx); return []string{"e0", "e1"}, nil })
			g.Map("map", a, func(ctx context.Context, e string) (string, error) { return body(e, sec)(ctx) })
			a.Then("second", func(ctx context.Context, _ []string) (string, error) { return body("second", sec)(ctx) })
		}, "[a e0 e1 second]"},
	}
	for _, row := range rows {
		virtual(t, row.name, func(t *testing.T) {
			if got := fmt.Sprint(order(t, row.declare)); got != row.want {
				t.Errorf("started %s, want %s", got, row.want)
			}
		})
	}
	virtual(t, "woken bodies before new starts", func(t *testing.T) {
		j := newJournal()
		g := asap.New(t.Context(), asap.Limit(1))
		open := make(gate)
		var a *asap.Task[string]
		g.Go("w", func(ctx context.Context) (string, error) {
			<-open
			a.Await(ctx)
			return j.span("w", sec)(ctx)
		})
		synctest.Wait()
		a = g.Go("a", j.span("a", sec))
		g.Go("b", j.span("b", sec))
		a.Then("c", j.span1("c", sec))
		close(open)
		wantNil(t, "Wait", g.Wait())
		j.check(t, "0s a starts", "1s a ends", "1s w starts", "2s w ends", "2s b starts", "3s b ends", "3s c starts", "4s c ends")
	})
	virtual(t, "woken at the same time as many, in the order of their waits", func(t *testing.T) {
		j := newJournal()
		other := asap.New(t.Context())
		x := other.Go("x", after(5*sec, 1))
		g := asap.New(t.Context(), asap.Limit(1))
		for i := range 4 {
			g.Go("w", func(ctx context.Context) (string, error) {
				time.Sleep(sec)
				x.Await(ctx)
				return j.span(fmt.Sprint("w", i), sec)(ctx)
			})
		}
		wantNil(t, "Wait", g.Wait())
		wantNil(t, "Wait", other.Wait())
		j.check(t, "5s w0 starts", "6s w0 ends", "6s w1 starts", "7s w1 ends", "7s w2 starts", "8s w2 ends", "8s w3 starts", "9s w3 ends")
	})
}

func TestR22_AfterACancel(t *testing.T) {
	virtual(t, "queued tasks are skipped at once", func(t *testing.T) {
		c := startClock()
		parent, cancel := context.WithCancel(t.Context())
		time.AfterFunc(sec, cancel)
		g := asap.New(parent, asap.Limit(1))
		g.Go("ignores", after(10*sec, 1))
		queued := g.Go("queued", never(t))
		race := g.Race("race", never(t), never(t))
		fan := g.Map("map", g.Input("in", []int{1, 2}), never1[int](t), asap.Limit(1))
		for _, await := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := queued.Await(ctx); return err },
			func(ctx context.Context) error { _, err := race.Await(ctx); return err },
			func(ctx context.Context) error { _, err := fan.Await(ctx); return err },
		} {
			err := await(t.Context())
			c.at(t, "skipped", sec)
			wantIs(t, "Await", err, asap.ErrSkipped, context.Canceled)
		}
		wantIs(t, "Wait", g.Wait(), context.Canceled)
		c.at(t, "Wait", 10*sec)
	})
	ends := map[string]func(g *asap.Group, cancel func()){
		"parent": func(_ *asap.Group, cancel func()) { cancel() },
		"Stop":   func(g *asap.Group, _ func()) { g.Stop() },
	}
	for name, end := range ends {
		virtual(t, "woken bodies go on without queueing, "+name, func(t *testing.T) {
			c := startClock()
			other := asap.New(t.Context())
			x := other.Go("x", after(sec, 1))
			never := other.Go("never", after(20*sec, 1))
			parent, cancel := context.WithCancel(t.Context())
			g := asap.New(parent, asap.Limit(1))
			g.Do("woken before", func(ctx context.Context) error {
				x.Await(ctx)                   // at 1s, but there is no slot
				c.at(t, "woken before", 2*sec) // by the cancel
				return nil
			})
			g.Do("woken by it", func(ctx context.Context) error {
				_, err := never.Await(ctx)
				c.at(t, "woken by it", 2*sec)
				wantIs(t, "Await", err, context.Canceled)
				return err
			})
			g.Do("woken after", func(ctx context.Context) error {
				soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*sec)
				defer cancel()
				_, err := never.Await(soft)
				c.at(t, "woken after", 3*sec)
				wantIs(t, "Await", err, context.DeadlineExceeded)
				return err
			})
			synctest.Wait()
			g.Go("ignores", after(10*sec, 1)) // has the slot
			go func() { time.Sleep(2 * sec); end(g, cancel) }()
			g.Wait()
			c.at(t, "Wait", 10*sec)
			cancel()
			other.Wait()
		})
	}
	virtual(t, "a nested group's cancel leaves the others in the queue", func(t *testing.T) {
		c := startClock()
		g := asap.New(t.Context(), asap.Limit(1))
		var inner *asap.Task[int]
		g.Do("outer", func(ctx context.Context) error {
			nested := asap.New(ctx)
			inner = nested.Go("inner", never(t))
			time.Sleep(sec)
			nested.Stop()
			return nil
		})
		synctest.Wait()
		b := g.Go("b", after(sec, 1))
		wantNil(t, "Wait", g.Wait())
		c.at(t, "Wait", 2*sec)
		wantIs(t, "inner", inner.Result().Err, asap.ErrSkipped)
		if b.Value() != 1 {
			t.Errorf("b: %d, want 1", b.Value())
		}
	})
	virtual(t, "slots of a failed nested group are free again", func(t *testing.T) {
		for _, n := range []int{1, 2, 3} {
			g := asap.New(t.Context(), asap.Limit(n))
			for range 10 {
				g.Do("outer", func(ctx context.Context) error {
					nested := asap.New(ctx, asap.Limit(2))
					for range 5 {
						nested.Go("ok", after(ms, 1))
						nested.Go("bad", fails(ms, errBoom))
					}
					if err := nested.Wait(); !errors.Is(err, errBoom) {
						t.Errorf("nested Wait: got %v, want %v", err, errBoom)
					}
					return nil
				})
			}
			wantNil(t, "Wait", g.Wait())
			var m meter
			g = asap.New(t.Context(), asap.Limit(n))
			for range 3 * n {
				g.Go("a", m.body(sec))
			}
			wantNil(t, "Wait", g.Wait())
			m.check(t, n)
		}
	})
}
