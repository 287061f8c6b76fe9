package a

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/asap-go/asap"
)

func fetch(ctx context.Context) (int, error)         { return 0, ctx.Err() }
func double(ctx context.Context, n int) (int, error) { return 2 * n, ctx.Err() }
func do(ctx context.Context) error                   { return ctx.Err() }

type page struct{ user, cart int }

func assigned(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	err := do(ctx)
	if err != nil {
		return err
	}
	g.Do("a", func(ctx context.Context) error {
		err = do(ctx) // want `err is assigned in task "a" and task "b" at the same time; declare it in the bodies, or return it as the task's value`
		return err
	})
	g.Do("b", func(ctx context.Context) error {
		err = do(ctx)
		return err
	})
	return g.Wait()
}

func read(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	n, m := 0, 0
	g.Do("a", func(ctx context.Context) (err error) {
		n, err = fetch(ctx) // want `n is assigned in task "a" and read in task "b" at the same time`
		return err
	})
	g.Do("b", func(ctx context.Context) error {
		m = n + 1 // want `m is assigned in task "b" and at line 47 at the same time`
		return nil
	})
	m += 1
	println(m)
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return n + m, nil
}

func many(ctx context.Context, ids []int) error {
	g := asap.New(ctx)
	defer g.Stop()
	sum, per := 0, map[int]int{}
	for _, id := range ids {
		own := 0
		g.Do("a", func(ctx context.Context) error {
			own++
			sum += id    // want `sum is assigned in task "a", which runs several times at once`
			per[id] = id // want `per is assigned in task "a", which runs several times at once`
			return nil
		})
	}
	total := 0
	g.Map("each", g.Input("ids", ids), func(ctx context.Context, id int) (int, error) {
		total += id // want `total is assigned in task "each", which runs several times at once`
		return id, nil
	})
	return g.Wait()
}

func fields(ctx context.Context) (page, error) {
	g := asap.New(ctx)
	defer g.Stop()
	var p page
	q := &page{}
	g.Do("a", func(ctx context.Context) error { p.user, q.user = 1, 1; return nil }) // want `q.user is assigned in task "a" and task "b" at the same time`
	g.Do("b", func(ctx context.Context) error { p.cart, q.user = 1, 2; return nil })
	if err := g.Wait(); err != nil {
		return page{}, err
	}
	return p, nil
}

func ordered(ctx context.Context) (int, error) {
	g := asap.New(ctx)
	defer g.Stop()
	n := 1
	a := g.Go("a", func(ctx context.Context) (int, error) { n++; return n, nil })
	b := a.Then("b", func(ctx context.Context, _ int) (int, error) { n++; return n, nil })
	c := g.Go("c", func(ctx context.Context) (int, error) { n++; return n, nil }, asap.AfterEnd(b))
	d := g.Go("d", func(ctx context.Context) (int, error) {
		if _, err := c.Await(ctx); err != nil {
			return 0, err
		}
		n++
		return n, nil
	})
	if _, err := d.Await(ctx); err != nil {
		return 0, g.Wait()
	}
	n++
	g.Do("e", func(ctx context.Context) error { n++; return nil })
	if err := g.Wait(); err != nil {
		return 0, err
	}
	h := asap.New(ctx)
	defer h.Stop()
	h.Do("f", func(ctx context.Context) error { n++; return nil })
	if err := h.Wait(); err != nil {
		return 0, err
	}
	return n, nil
}

func guarded(ctx context.Context, ids []int) error {
	g := asap.New(ctx)
	defer g.Stop()
	var mu sync.Mutex
	var done atomic.Bool
	n, list := 0, make([]int, 2)
	ready := make(chan struct{})
	m := 0
	for _, id := range ids {
		g.Do("a", func(ctx context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			n += id
			return nil
		})
	}
	g.Do("b", func(ctx context.Context) error { list[0] = 1; m = 1; close(ready); return nil })
	g.Do("c", func(ctx context.Context) error { list[1] = 1; <-ready; println(m); return nil })
	x := 0
	g.Do("d", func(ctx context.Context) error { x = 1; done.Store(true); return nil })
	g.Do("e", func(ctx context.Context) error {
		if done.Load() {
			println(x)
		}
		return nil
	})
	return g.Wait()
}

func oneAtATime(ctx context.Context, ids []int) error {
	g := asap.New(ctx, asap.Limit(1))
	defer g.Stop()
	n := 0
	for _, id := range ids {
		g.Do("a", func(ctx context.Context) error { n += id; return nil })
	}
	return g.Wait()
}

func nested(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	n := 0
	g.Do("a", func(ctx context.Context) error {
		in := asap.New(ctx)
		defer in.Stop()
		own := 0
		in.Do("deep", func(ctx context.Context) error {
			n = 1 // want `n is assigned in task "deep" and task "b" at the same time`
			own = 1
			return nil
		})
		if err := in.Wait(); err != nil {
			return err
		}
		println(own)
		return nil
	})
	g.Do("b", func(ctx context.Context) error { n = 2; return nil })
	if err := g.Wait(); err != nil {
		return err
	}
	println(n)
	return nil
}

func racers(ctx context.Context) error {
	g := asap.New(ctx)
	defer g.Stop()
	host := ""
	g.Race("mirror",
		func(ctx context.Context) (int, error) { host = "a"; return 1, nil }, // want `host is assigned in task "mirror" and task "mirror" at the same time`
		func(ctx context.Context) (int, error) { host = "b"; return 2, nil },
	)
	if err := g.Wait(); err != nil {
		return err
	}
	println(host)
	return nil
}
