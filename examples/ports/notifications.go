package ports

import (
	"context"
	"fmt"
	"slices"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// The pages of an inbox, and for each of their notifications its subject, with at
// most four calls at a time. A subject that fails, or takes more than 100 ms, is
// shown as unknown.

func inbox(ctx context.Context, w *World) ([]string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() []string {
		pages := g.Go("pages", w.pages)
		all := g.Map("page", pages, w.inboxPage)
		return func() []string { return slices.Concat(all.Value()...) }
	}, asap.Limit(4))
}

func (w *World) inboxPage(ctx context.Context, page int) ([]string, error) {
	return asap.Run(ctx, func(g *asap.Group) func() []string {
		ids := g.Input("page", page).Then("ids", w.ids)
		subjects := g.MapOptional("subject", ids, w.subject, asap.Timeout(100*ms))
		return func() (list []string) {
			for _, s := range subjects.Value() {
				list = append(list, s.Or("unknown"))
			}
			return list
		}
	})
}

func inboxErrgroup(ctx context.Context, w *World) ([]string, error) {
	calls := make(chan struct{}, 4)
	enter := func(ctx context.Context) error {
		select {
		case calls <- struct{}{}:
			return ctx.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	leave := func() { <-calls }
	pages, err := w.pages(ctx)
	if err != nil {
		return nil, err
	}
	all := make([][]string, len(pages))
	g, ctx := errgroup.WithContext(ctx)
	for i, page := range pages {
		g.Go(func() error {
			if err := enter(ctx); err != nil {
				return err
			}
			ids, err := w.ids(ctx, page)
			leave()
			if err != nil {
				return err
			}
			all[i] = make([]string, len(ids))
			for j, id := range ids {
				g.Go(func() error {
					if err := enter(ctx); err != nil {
						return err
					}
					defer leave()
					soon, cancel := context.WithTimeout(ctx, 100*ms)
					defer cancel()
					subject, err := w.subject(soon, id)
					if err != nil {
						subject = "unknown"
					}
					all[i][j] = subject
					return ctx.Err()
				})
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(all...), nil
}

func (w *World) pages(ctx context.Context) ([]int, error) {
	return serve(ctx, w, "pages", 20*ms, []int{0, 1, 2})
}

func (w *World) ids(ctx context.Context, page int) ([]int, error) {
	return serve(ctx, w, fmt.Sprintf("ids of page %d", page), 30*ms, []int{10 * page, 10*page + 1, 10*page + 2})
}

func (w *World) subject(ctx context.Context, id int) (string, error) {
	return serve(ctx, w, fmt.Sprintf("subject %d", id), 40*ms, fmt.Sprintf("subject of %d", id))
}
