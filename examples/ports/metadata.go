package ports

import (
	"context"
	"fmt"

	"github.com/asap-go/asap"
	"golang.org/x/sync/errgroup"
)

// What is shown of a repository, as far as the flags say: the card is made of what
// was asked for, and does not wait for the license.

type Flags struct{ License, Languages, Coverage bool }

type Metadata struct{ License, Card string }

func metadata(ctx context.Context, w *World, flags Flags) (Metadata, error) {
	return asap.Run(ctx, func(g *asap.Group) func() Metadata {
		repo := g.Go("repo", w.repo)
		license := repo.Then("license", w.license, asap.When(flags.License))
		languages := repo.Then("languages", w.languages, asap.When(flags.Languages))
		run := repo.Then("run", w.lastRun, asap.When(flags.Coverage))
		coverage := run.Then("coverage", w.coverage, asap.When(flags.Coverage))
		card := repo.And(languages).And(coverage).Then("card", w.card)
		return func() Metadata { return Metadata{license.Value(), card.Value()} }
	})
}

func metadataErrgroup(ctx context.Context, w *World, flags Flags) (Metadata, error) {
	var meta Metadata
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		repo, err := w.repo(ctx)
		if err != nil {
			return err
		}
		if flags.License {
			g.Go(func() (err error) {
				meta.License, err = w.license(ctx, repo)
				return err
			})
		}
		var languages []string
		var coverage int
		parts, partsCtx := errgroup.WithContext(ctx)
		if flags.Languages {
			parts.Go(func() (err error) {
				languages, err = w.languages(partsCtx, repo)
				return err
			})
		}
		if flags.Coverage {
			parts.Go(func() error {
				run, err := w.lastRun(partsCtx, repo)
				if err != nil {
					return err
				}
				coverage, err = w.coverage(partsCtx, run)
				return err
			})
		}
		if err := parts.Wait(); err != nil {
			return err
		}
		meta.Card, err = w.card(ctx, repo, languages, coverage)
		return err
	})
	if err := g.Wait(); err != nil {
		return Metadata{}, err
	}
	return meta, nil
}

func (w *World) repo(ctx context.Context) (string, error) {
	return serve(ctx, w, "repo", 30*ms, "asap")
}

func (w *World) license(ctx context.Context, repo string) (string, error) {
	return serve(ctx, w, "license", 150*ms, "MIT")
}

func (w *World) languages(ctx context.Context, repo string) ([]string, error) {
	return serve(ctx, w, "languages", 57*ms, []string{"Go"})
}

func (w *World) lastRun(ctx context.Context, repo string) (int, error) {
	return serve(ctx, w, "run", 40*ms, 7)
}

func (w *World) coverage(ctx context.Context, run int) (int, error) {
	return serve(ctx, w, "coverage", 33*ms, 90+run)
}

func (w *World) card(ctx context.Context, repo string, languages []string, coverage int) (string, error) {
	return serve(ctx, w, "card", 20*ms, fmt.Sprint(repo, " ", languages, " ", coverage))
}
