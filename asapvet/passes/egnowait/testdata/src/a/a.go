package a

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"os"

	"golang.org/x/sync/errgroup"
)

func fetch(ctx context.Context, id string) error { return ctx.Err() }
func check(id string) error                      { return nil }

func inTheLoop(ctx context.Context, ids []string) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, id := range ids {
		if err := check(id); err != nil {
			return err // want `returns while goroutines of g still run; Wait, or cancel their context first`
		}
		g.Go(func() error { return fetch(ctx, id) })
	}
	return g.Wait()
}

func plain(ctx context.Context) error {
	var g errgroup.Group
	if err := check("early"); err != nil {
		return err
	}
	g.Go(func() error { return fetch(ctx, "a") })
	if err := check("b"); err != nil {
		return err // want `returns while goroutines of g still run`
	}
	if err := check("c"); err != nil {
		return err
	}
	return g.Wait()
}

func waits(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return fetch(ctx, "a") })
	if err := check("b"); err != nil {
		return errors.Join(err, g.Wait())
	}
	if err := check("c"); err != nil {
		_ = g.Wait()
		return err
	}
	if err := check("d"); err != nil {
		log.Fatal(err)
	}
	if err := check("e"); err != nil {
		os.Exit(1)
	}
	return g.Wait()
}

func deferred(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	defer func() {
		if err := g.Wait(); err != nil {
			log.Print(err)
		}
	}()
	g.Go(func() error { return fetch(ctx, "a") })
	return check("b")
}

func canceled(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return fetch(gctx, "a") })
	if err := check("b"); err != nil {
		return err
	}
	return g.Wait()
}

func copies(ctx context.Context, conn net.Conn, out io.Writer) error {
	defer conn.Close()
	g := new(errgroup.Group)
	g.Go(func() error { _, err := io.Copy(out, conn); return err })
	return ctx.Err()
}

func handedOn(ctx context.Context, wait func(*errgroup.Group) error) error {
	g := &errgroup.Group{}
	g.Go(func() error { return fetch(ctx, "a") })
	return wait(g)
}

func twice(ctx context.Context) error {
	g := new(errgroup.Group)
	g.Go(func() error { return fetch(ctx, "a") })
	if err := g.Wait(); err != nil {
		return err
	}
	g = new(errgroup.Group)
	g.Go(func() error { return fetch(ctx, "b") })
	return g.Wait()
}
