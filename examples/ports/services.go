package ports

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// Services come from data: each starts as soon as those are up that it requires,
// and those have started or failed that it wants. They run until ctx ends or one
// that is not optional fails to start; then what is up is stopped, the last first.

type Service struct {
	Requires, Wants []string
	Optional        bool
	Takes           time.Duration
}

func up(ctx context.Context, w *World, services map[string]Service) error {
	order, err := startOrder(services)
	if err != nil {
		return err
	}
	g := asap.New(ctx, asap.Name("up"))
	defer g.Stop()
	started := map[string]asap.Dep{}
	named := func(names []string) (deps []asap.Dep) {
		for _, name := range names {
			deps = append(deps, started[name])
		}
		return deps
	}
	for _, name := range order {
		s := services[name]
		options := []asap.TaskOption{asap.After(named(s.Requires)...), asap.AfterEnd(named(s.Wants)...)}
		if s.Optional {
			options = append(options, asap.MayFail())
		}
		started[name] = g.Go(name, func(ctx context.Context) (string, error) {
			return w.start(ctx, name, s.Takes)
		}, options...).Undo(w.stop)
	}
	g.Do("serve", w.untilEnd, asap.AfterEnd(named(order)...))
	return g.Wait()
}

func upErrgroup(ctx context.Context, w *World, services map[string]Service) error {
	if _, err := startOrder(services); err != nil {
		return err // a cycle would hang
	}
	ended := map[string]chan struct{}{}
	for name := range services {
		ended[name] = make(chan struct{})
	}
	var mu sync.Mutex
	var running []string
	g, gctx := errgroup.WithContext(ctx)
	wait := func(names []string) error {
		for _, name := range names {
			select {
			case <-ended[name]:
			case <-gctx.Done():
			}
		}
		return gctx.Err()
	}
	for name, s := range services {
		g.Go(func() error {
			defer close(ended[name])
			if err := wait(slices.Concat(s.Requires, s.Wants)); err != nil {
				return err
			}
			mu.Lock()
			skip := slices.ContainsFunc(s.Requires, func(name string) bool { return !slices.Contains(running, name) })
			mu.Unlock()
			if skip {
				return nil // for an optional one that has failed
			}
			if _, err := w.start(gctx, name, s.Takes); err != nil {
				if s.Optional && gctx.Err() == nil {
					return nil
				}
				return err
			}
			mu.Lock()
			running = append(running, name)
			mu.Unlock()
			return nil
		})
	}
	g.Go(func() error {
		if err := wait(slices.Collect(maps.Keys(services))); err != nil {
			return err
		}
		return w.untilEnd(gctx)
	})
	err := g.Wait()
	for _, name := range slices.Backward(running) {
		err = errors.Join(err, w.stop(context.WithoutCancel(ctx), name))
	}
	return err
}

// startOrder sorts the names so that each comes after what it requires and wants.
// Both versions need it: tasks are declared after what they depend on, and
// goroutines that wait for each other would wait for ever.
func startOrder(services map[string]Service) ([]string, error) {
	var order, path []string
	var visit func(name string) error
	visit = func(name string) error {
		if slices.Contains(order, name) {
			return nil
		}
		s, ok := services[name]
		if !ok || slices.Contains(path, name) {
			return fmt.Errorf("services %v: %s is unknown or depends on itself", path, name)
		}
		path = append(path, name)
		for _, dep := range slices.Concat(s.Requires, s.Wants) {
			if err := visit(dep); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		order = append(order, name)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func (w *World) start(ctx context.Context, name string, takes time.Duration) (string, error) {
	return serve(ctx, w, name, takes, name)
}

func (w *World) stop(ctx context.Context, name string) error {
	return do(ctx, w, "stop "+name, 5*ms)
}

// untilEnd says that everything is up, and runs until the end.
func (w *World) untilEnd(ctx context.Context) error {
	if err := do(ctx, w, "ready", 1*ms); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}
