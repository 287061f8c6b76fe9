// Package barriers has reads after an errgroup that need some of its bodies only.
package barriers

import (
	"context"

	"golang.org/x/sync/errgroup"
)

type Store interface {
	//asapvet:read
	Images(ctx context.Context) ([]string, error)
	//asapvet:read
	Containers(ctx context.Context) ([]string, error)
	//asapvet:read
	Records(ctx context.Context, images []string) ([]string, error)
	//asapvet:read
	Both(ctx context.Context, images, containers []string) ([]string, error)
	//asapvet:write
	Prepare(ctx context.Context, images []string) (string, error)
	//asapvet:write
	Move(ctx context.Context, parent string) (string, error)
}

func Some(ctx context.Context, s Store) ([]string, error) {
	var images, containers []string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		images, err = s.Images(gctx)
		return err
	})
	g.Go(func() (err error) {
		containers, err = s.Containers(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	ids := images[1:]
	records, err := s.Records(ctx, ids)
	if err != nil {
		return nil, err
	}
	return append(records, containers...), nil
}

func All(ctx context.Context, s Store) ([]string, error) {
	var images, containers []string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		images, err = s.Images(gctx)
		return err
	})
	g.Go(func() (err error) {
		containers, err = s.Containers(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return s.Both(ctx, images, containers)
}

// MutationAfterBarrier would have to be undone if the other body fails.
func MutationAfterBarrier(ctx context.Context, s Store) (string, error) {
	var images, containers []string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		images, err = s.Images(gctx)
		return err
	})
	g.Go(func() (err error) {
		containers, err = s.Containers(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	id, err := s.Prepare(ctx, images)
	if err != nil {
		return "", err
	}
	return id + containers[0], nil
}

// OrderedMutations change one thing one after the other.
func OrderedMutations(ctx context.Context, s Store) (string, error) {
	var parent, renamed string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		renamed, err = s.Prepare(gctx, nil)
		return err
	})
	g.Go(func() error {
		images, err := s.Images(gctx)
		if err == nil {
			parent = images[0]
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return "", err
	}
	moved, err := s.Move(ctx, parent)
	if err != nil {
		return "", err
	}
	return moved + renamed, nil
}
