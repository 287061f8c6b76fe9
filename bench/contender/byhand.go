package contender

import (
	"cmp"
	"context"

	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/work"
)

// sequential calls one body after the other. It is the oracle too.
var sequential = &Contender{
	Name:  Sequential,
	Lacks: "any concurrency",
	New: func() *Forms {
		return &Forms{Loop: func(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
			w.Declared()
			vals := make([]uint64, g.Len())
			for i, deps := range g.Deps {
				h, err := w.Do(ctx, int32(i))
				if err != nil {
					return 0, err
				}
				for _, d := range deps {
					h = work.Join(h, vals[d])
				}
				vals[i] = h
			}
			return fold(g, vals), nil
		}}
	},
}

// closures makes a closure a task, each with a variable of its own for its
// result, as Go code that prepares work before it does it, and calls them in
// order. Nothing that takes a function a task can be cheaper.
var closures = &Contender{
	Name:  Closures,
	Lacks: "any concurrency",
	New:   func() *Forms { return &Forms{Loop: closuresLoop, Three: closuresThree, Six: closuresSix} },
}

func closuresThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var user, config, profile uint64
	var todo []func() error
	todo = append(todo, func() (err error) {
		user, err = w.Do(ctx, 0)
		return err
	})
	todo = append(todo, func() (err error) {
		config, err = w.Do(ctx, 1)
		return err
	})
	todo = append(todo, func() error {
		h, err := w.Do(ctx, 2)
		profile = work.Join(h, user)
		return err
	})
	w.Declared()
	for _, f := range todo {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return result(config, profile), nil
}

func closuresSix(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var auth, settings, userData, permissions, posts, analytics uint64
	var todo []func() error
	todo = append(todo, func() (err error) {
		auth, err = w.Do(ctx, 0)
		return err
	})
	todo = append(todo, func() (err error) {
		settings, err = w.Do(ctx, 1)
		return err
	})
	todo = append(todo, func() error {
		h, err := w.Do(ctx, 2)
		userData = work.Join(h, auth)
		return err
	})
	todo = append(todo, func() error {
		h, err := w.Do(ctx, 3)
		permissions = work.Join(h, auth)
		return err
	})
	todo = append(todo, func() error {
		h, err := w.Do(ctx, 4)
		posts = work.Join(h, userData)
		return err
	})
	todo = append(todo, func() error {
		h, err := w.Do(ctx, 5)
		analytics = work.Join(work.Join(h, userData), posts)
		return err
	})
	w.Declared()
	for _, f := range todo {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return result(settings, permissions, analytics), nil
}

func closuresLoop(ctx context.Context, g *graph.Graph, w *work.Work) (uint64, error) {
	vals := make([]*uint64, g.Len())
	todo := make([]func() error, 0, g.Len())
	for i, deps := range g.Deps {
		i, v := int32(i), new(uint64)
		vals[i] = v
		switch len(deps) {
		case 0:
			todo = append(todo, func() (err error) {
				*v, err = w.Do(ctx, i)
				return err
			})
		case 1:
			a := vals[deps[0]]
			todo = append(todo, func() error {
				h, err := w.Do(ctx, i)
				*v = work.Join(h, *a)
				return err
			})
		case 2:
			a, b := vals[deps[0]], vals[deps[1]]
			todo = append(todo, func() error {
				h, err := w.Do(ctx, i)
				*v = work.Join(work.Join(h, *a), *b)
				return err
			})
		case 3:
			a, b, c := vals[deps[0]], vals[deps[1]], vals[deps[2]]
			todo = append(todo, func() error {
				h, err := w.Do(ctx, i)
				*v = work.Join(work.Join(work.Join(h, *a), *b), *c)
				return err
			})
		default:
			todo = append(todo, func() error {
				h, err := w.Do(ctx, i)
				for _, d := range deps {
					h = work.Join(h, *vals[d])
				}
				*v = h
				return err
			})
		}
	}
	w.Declared()
	for _, f := range todo {
		if err := f(); err != nil {
			return 0, err
		}
	}
	h := uint64(work.Seed)
	for _, i := range g.Sinks {
		h = work.Join(h, *vals[i])
	}
	return h, nil
}

// channels is what everything is compared with: a goroutine a task, a channel
// a task that is closed at its end, and dependents that receive from it.
var channels = &Contender{
	Name:  Channels,
	Lacks: "cancellation, panics, names; a failed task's siblings run on",
	New:   func() *Forms { return &Forms{Loop: channelsLoop, Three: channelsThree, Six: channelsSix} },
}

func channelsThree(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var user, config, profile uint64
	var userErr, configErr, profileErr error
	userDone, configDone, profileDone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(userDone)
		user, userErr = w.Do(ctx, 0)
	}()
	go func() {
		defer close(configDone)
		config, configErr = w.Do(ctx, 1)
	}()
	go func() {
		defer close(profileDone)
		if <-userDone; userErr != nil {
			profileErr = userErr
			return
		}
		h, err := w.Do(ctx, 2)
		profile, profileErr = work.Join(h, user), err
	}()
	w.Declared()
	<-userDone
	<-configDone
	<-profileDone
	return result(config, profile), cmp.Or(userErr, configErr, profileErr)
}

func channelsSix(ctx context.Context, _ *graph.Graph, w *work.Work) (uint64, error) {
	var auth, settings, userData, permissions, posts, analytics uint64
	var authErr, settingsErr, userDataErr, permissionsErr, postsErr, analyticsErr error
	authDone, settingsDone := make(chan struct{}), make(chan struct{})
	userDataDone, permissionsDone := make(chan struct{}), make(chan struct{})
	postsDone, analyticsDone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(authDone)
		auth, authErr = w.Do(ctx, 0)
	}()
	go func() {
		defer close(settingsDone)
		settings, settingsErr = w.Do(ctx, 1)
	}()
	go func() {
		defer close(userDataDone)
		if <-authDone; authErr != nil {
			userDataErr = authErr
			return
		}
		h, err := w.Do(ctx, 2)
		userData, userDataErr = work.Join(h, auth), err
	}()
	go func() {
		defer close(permissionsDone)
		if <-authDone; authErr != nil {
			permissionsErr = authErr
			return
		}
		h, err := w.Do(ctx, 3)
		permissions, permissionsErr = work.Join(h, auth), err
	}()
	go func() {
		defer close(postsDone)
		if <-userDataDone; userDataErr != nil {
			postsErr = userDataErr
			return
		}
		h, err := w.Do(ctx, 4)
		posts, postsErr = work.Join(h, userData), err
	}()
	go func() {
		defer close(analyticsDone)
		<-userDataDone
		<-postsDone
		if err := cmp.Or(userDataErr, postsErr); err != nil {
			analyticsErr = err
			return
		}
		h, err := w.Do(ctx, 5)
		analytics, analyticsErr = work.Join(work.Join(h, userData), posts), err
	}()
	w.Declared()
	<-authDone
	<-settingsDone
	<-userDataDone
	<-permissionsDone
	<-postsDone
	<-analyticsDone
	return result(settings, permissions, analytics),
		cmp.Or(authErr, settingsErr, userDataErr, permissionsErr, postsErr, analyticsErr)
}
