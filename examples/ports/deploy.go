package ports

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// A release that runs beside the old one until it has proved itself. Whatever goes
// wrong before, what has been done is undone, the last first; the old one is
// retired when nothing can go wrong any more, and that is after the group.

func deploy(ctx context.Context, w *World) (string, error) {
	green, err := asap.Run(ctx, func(g *asap.Group) func() string {
		blue := g.Go("blue", w.blue)
		schema := g.Go("schema", w.migrate).Undo(w.revert)
		green := g.Go("image", w.pull).Then("green", w.launch).Undo(w.terminate)
		healthy := green.Do("healthy", w.probe, asap.After(schema))
		traffic := blue.And(green).Then("traffic", w.route, asap.After(healthy)).Undo(w.routeBack)
		traffic.Do("smoke", w.smoke)
		return green.Value
	})
	if err != nil {
		return "", err
	}
	return green, w.retire(ctx)
}

func deployErrgroup(ctx context.Context, w *World) (_ string, err error) {
	var mu sync.Mutex
	var undos []func(context.Context) error
	undo := func(f func(context.Context) error) {
		mu.Lock()
		defer mu.Unlock()
		undos = append(undos, f)
	}
	kept := false
	defer func() { // also after a panic
		if kept {
			return
		}
		for _, f := range slices.Backward(undos) {
			err = errors.Join(err, f(context.WithoutCancel(ctx)))
		}
	}()
	var blue, green string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		blue, err = w.blue(gctx)
		return err
	})
	migrated := make(chan struct{})
	g.Go(func() error {
		schema, err := w.migrate(gctx)
		if err != nil {
			return err
		}
		undo(func(ctx context.Context) error { return w.revert(ctx, schema) })
		close(migrated)
		return nil
	})
	g.Go(func() error {
		image, err := w.pull(gctx)
		if err != nil {
			return err
		}
		green, err = w.launch(gctx, image)
		if err != nil {
			return err
		}
		undo(func(ctx context.Context) error { return w.terminate(ctx, green) })
		select {
		case <-migrated:
		case <-gctx.Done():
			return gctx.Err()
		}
		return w.probe(gctx, green)
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	traffic, err := w.route(ctx, blue, green)
	if err != nil {
		return "", err
	}
	undo(func(ctx context.Context) error { return w.routeBack(ctx, traffic) })
	if err := w.smoke(ctx, traffic); err != nil {
		return "", err
	}
	kept = true
	return green, w.retire(ctx)
}

func (w *World) blue(ctx context.Context) (string, error) {
	return serve(ctx, w, "blue", 20*ms, "v1")
}

func (w *World) migrate(ctx context.Context) (string, error) {
	return serve(ctx, w, "migrate", 95*ms, "schema 8")
}

func (w *World) revert(ctx context.Context, schema string) error {
	return do(ctx, w, "revert "+schema, 10*ms)
}

func (w *World) pull(ctx context.Context) (string, error) {
	return serve(ctx, w, "pull", 30*ms, "image of v2")
}

func (w *World) launch(ctx context.Context, image string) (string, error) {
	return serve(ctx, w, "launch", 50*ms, "v2")
}

func (w *World) terminate(ctx context.Context, green string) error {
	return do(ctx, w, "terminate "+green, 10*ms)
}

func (w *World) probe(ctx context.Context, green string) error {
	return do(ctx, w, "probe", 15*ms)
}

func (w *World) route(ctx context.Context, blue, green string) (string, error) {
	return serve(ctx, w, "route", 5*ms, blue+" to "+green)
}

func (w *World) routeBack(ctx context.Context, traffic string) error {
	return do(ctx, w, "route back from "+traffic, 5*ms)
}

func (w *World) smoke(ctx context.Context, traffic string) error {
	return do(ctx, w, "smoke", 40*ms)
}

func (w *World) retire(ctx context.Context) error {
	return do(ctx, w, "retire", 10*ms)
}
