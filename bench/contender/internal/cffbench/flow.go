//go:build cff

// Package cffbench is the two small graphs for cff, whose results are told
// apart by their types, and the code that its generator makes of them:
//
//	go run go.uber.org/cff/cmd/cff ./...
package cffbench

import (
	"context"

	"go.uber.org/cff"

	"github.com/asap-go/asap/bench/work"
)

type (
	user    struct{ v uint64 }
	config  struct{ v uint64 }
	profile struct{ v uint64 }
)

// Three is user, config and profile(user).
func Three(ctx context.Context, w *work.Work) (uint64, uint64, error) {
	var c config
	var p profile
	err := cff.Flow(ctx,
		cff.Results(&c, &p),
		cff.Task(func(ctx context.Context) (user, error) {
			h, err := w.Do(ctx, 0)
			return user{h}, err
		}),
		cff.Task(func(ctx context.Context) (config, error) {
			h, err := w.Do(ctx, 1)
			return config{h}, err
		}),
		cff.Task(func(ctx context.Context, u user) (profile, error) {
			h, err := w.Do(ctx, 2)
			return profile{work.Join(h, u.v)}, err
		}),
	)
	return c.v, p.v, err
}

type (
	auth        struct{ v uint64 }
	settings    struct{ v uint64 }
	userData    struct{ v uint64 }
	permissions struct{ v uint64 }
	posts       struct{ v uint64 }
	analytics   struct{ v uint64 }
)

// Six is the graph of the analytics example.
func Six(ctx context.Context, w *work.Work) (uint64, uint64, uint64, error) {
	var s settings
	var p permissions
	var a analytics
	err := cff.Flow(ctx,
		cff.Results(&s, &p, &a),
		cff.Task(func(ctx context.Context) (auth, error) {
			h, err := w.Do(ctx, 0)
			return auth{h}, err
		}),
		cff.Task(func(ctx context.Context) (settings, error) {
			h, err := w.Do(ctx, 1)
			return settings{h}, err
		}),
		cff.Task(func(ctx context.Context, a auth) (userData, error) {
			h, err := w.Do(ctx, 2)
			return userData{work.Join(h, a.v)}, err
		}),
		cff.Task(func(ctx context.Context, a auth) (permissions, error) {
			h, err := w.Do(ctx, 3)
			return permissions{work.Join(h, a.v)}, err
		}),
		cff.Task(func(ctx context.Context, u userData) (posts, error) {
			h, err := w.Do(ctx, 4)
			return posts{work.Join(h, u.v)}, err
		}),
		cff.Task(func(ctx context.Context, u userData, p posts) (analytics, error) {
			h, err := w.Do(ctx, 5)
			return analytics{work.Join(work.Join(h, u.v), p.v)}, err
		}),
	)
	return s.v, p.v, a.v, err
}
