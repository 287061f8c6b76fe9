package contender

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// waitGroup starts and counts the goroutines with [sync.WaitGroup.Go]; only a
// task that is waited for has a channel.
var waitGroup = &Contender{
	Name:  "WaitGroup.Go and channels",
	Lacks: "cancellation, names; a failed task's siblings run on",
	New:   func() *Forms { return &Forms{Loop: waitGroupLoop, Three: waitGroupThree, Six: waitGroupSix} },
}

func waitGroupThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var wg sync.WaitGroup
	var user, config, profile cell
	user.done = make(chan struct{})
	wg.Go(func() {
		defer close(user.done)
		user.v, user.err = w.Do(ctx, 0)
	})
	wg.Go(func() { config.v, config.err = w.Do(ctx, 1) })
	wg.Go(func() { after1(ctx, w, 2, &profile, &user) })
	w.Declared()
	wg.Wait()
	return result(config.v, profile.v), firstError(&user, &config, &profile)
}

func waitGroupSix(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var wg sync.WaitGroup
	var auth, settings, userData, permissions, posts, analytics cell
	auth.done, userData.done, posts.done = make(chan struct{}), make(chan struct{}), make(chan struct{})
	wg.Go(func() {
		defer close(auth.done)
		auth.v, auth.err = w.Do(ctx, 0)
	})
	wg.Go(func() { settings.v, settings.err = w.Do(ctx, 1) })
	wg.Go(func() {
		defer close(userData.done)
		after1(ctx, w, 2, &userData, &auth)
	})
	wg.Go(func() { after1(ctx, w, 3, &permissions, &auth) })
	wg.Go(func() {
		defer close(posts.done)
		after1(ctx, w, 4, &posts, &userData)
	})
	wg.Go(func() {
		if <-userData.done; userData.err != nil {
			analytics.err = userData.err
			return
		}
		if <-posts.done; posts.err != nil {
			analytics.err = posts.err
			return
		}
		h, err := w.Do(ctx, 5)
		analytics.v, analytics.err = work.Join(work.Join(h, userData.v), posts.v), err
	})
	w.Declared()
	wg.Wait()
	return result(settings.v, permissions.v, analytics.v),
		firstError(&auth, &settings, &userData, &permissions, &posts, &analytics)
}

// after1 is the body of a task with one dependency.
func after1(ctx context.Context, w *work.Work, i int32, t, a *cell) {
	if <-a.done; a.err != nil {
		t.err = a.err
		return
	}
	h, err := w.Do(ctx, i)
	t.v, t.err = work.Join(h, a.v), err
}

func firstError(cells ...*cell) error {
	for _, c := range cells {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

func waitGroupLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	var wg sync.WaitGroup
	cells := make([]cell, g.Len())
	for i, deps := range g.Deps {
		i, t := int32(i), &cells[i]
		if g.Waited[i] {
			t.done = make(chan struct{})
		}
		wg.Go(func() {
			if t.done != nil {
				defer close(t.done)
			}
			for _, d := range deps {
				if <-cells[d].done; cells[d].err != nil {
					t.err = cells[d].err
					return
				}
			}
			h, err := w.Do(ctx, i)
			for _, d := range deps {
				h = work.Join(h, cells[d].v)
			}
			t.v, t.err = h, err
		})
	}
	w.Declared()
	wg.Wait()
	for i := range cells {
		if cells[i].err != nil {
			return 0, cells[i].err
		}
	}
	return foldCells(g, cells), nil
}

// errGroup is fail-fast: a dependency that failed never closes its channel,
// and whoever waits for it sees the group's context end.
var errGroup = &Contender{
	Name:   "errgroup and channels",
	Module: "golang.org/x/sync/errgroup",
	Lacks:  "results, names, all the errors, Goexit",
	New:    func() *Forms { return &Forms{Loop: errGroupLoop, Three: errGroupThree, Six: errGroupSix} },
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errGroupThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var user, config, profile uint64
	userDone := make(chan struct{})
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		if user, err = w.Do(ctx, 0); err == nil {
			close(userDone)
		}
		return err
	})
	eg.Go(func() (err error) {
		config, err = w.Do(ctx, 1)
		return err
	})
	eg.Go(func() error {
		if err := wait(ctx, userDone); err != nil {
			return err
		}
		h, err := w.Do(ctx, 2)
		profile = work.Join(h, user)
		return err
	})
	w.Declared()
	err := eg.Wait()
	return result(config, profile), err
}

func errGroupSix(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var auth, settings, userData, permissions, posts, analytics uint64
	authDone, userDataDone, postsDone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		if auth, err = w.Do(ctx, 0); err == nil {
			close(authDone)
		}
		return err
	})
	eg.Go(func() (err error) {
		settings, err = w.Do(ctx, 1)
		return err
	})
	eg.Go(func() error {
		if err := wait(ctx, authDone); err != nil {
			return err
		}
		h, err := w.Do(ctx, 2)
		if userData = work.Join(h, auth); err == nil {
			close(userDataDone)
		}
		return err
	})
	eg.Go(func() error {
		if err := wait(ctx, authDone); err != nil {
			return err
		}
		h, err := w.Do(ctx, 3)
		permissions = work.Join(h, auth)
		return err
	})
	eg.Go(func() error {
		if err := wait(ctx, userDataDone); err != nil {
			return err
		}
		h, err := w.Do(ctx, 4)
		if posts = work.Join(h, userData); err == nil {
			close(postsDone)
		}
		return err
	})
	eg.Go(func() error {
		if err := wait(ctx, userDataDone); err != nil {
			return err
		}
		if err := wait(ctx, postsDone); err != nil {
			return err
		}
		h, err := w.Do(ctx, 5)
		analytics = work.Join(work.Join(h, userData), posts)
		return err
	})
	w.Declared()
	err := eg.Wait()
	return result(settings, permissions, analytics), err
}

func errGroupLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	vals, dones := make([]uint64, g.Len()), make([]chan struct{}, g.Len())
	eg, ctx := errgroup.WithContext(ctx)
	for i, deps := range g.Deps {
		i := int32(i)
		if g.Waited[i] {
			dones[i] = make(chan struct{})
		}
		eg.Go(func() error {
			for _, d := range deps {
				if err := wait(ctx, dones[d]); err != nil {
					return err
				}
			}
			h, err := w.Do(ctx, i)
			if err != nil {
				return err
			}
			for _, d := range deps {
				h = work.Join(h, vals[d])
			}
			vals[i] = h
			if dones[i] != nil {
				close(dones[i])
			}
			return nil
		})
	}
	w.Declared()
	err := eg.Wait()
	return fold(g, vals), err
}

// errGroupLevels is how errgroup is mostly used: everything that can start
// together, then a barrier. Somebody has to work out the levels, and a task
// waits for all of the level before, not for what it needs.
var errGroupLevels = &Contender{
	Name:   "errgroup by level",
	Module: "golang.org/x/sync/errgroup",
	Lacks:  "earliest start: a barrier after each level, which is given the levels",
	New:    func() *Forms { return &Forms{Loop: errGroupByLevel} },
}

func errGroupByLevel(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	w.Declared()
	vals := make([]uint64, g.Len())
	for _, level := range g.Levels {
		eg, ctx := errgroup.WithContext(ctx)
		for _, i := range level {
			eg.Go(func() error { return body(ctx, g, w, vals, i) })
		}
		if err := eg.Wait(); err != nil {
			return 0, err
		}
	}
	return fold(g, vals), nil
}

// body runs task i when the values of its dependencies are in vals.
func body(ctx context.Context, g *graph.Graph, w *work.Work, vals []uint64, i int32) error {
	h, err := w.Do(ctx, i)
	if err != nil {
		return err
	}
	for _, d := range g.Deps[i] {
		h = work.Join(h, vals[d])
	}
	vals[i] = h
	return nil
}
