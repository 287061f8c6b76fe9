package ports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const ms = time.Millisecond

var errFault = errors.New("503 service unavailable")

// World is the services that the functions call. Each call takes its time, unless
// the world makes it fail at the end of it, or hang until its context ends.
type World struct {
	Fails []string // the names of the calls that fail
	Hangs string   // the name of those that hang

	began time.Time
	mu    sync.Mutex
	calls []call
}

// call is what the world remembers of a call.
type call struct {
	name         string
	began, ended time.Duration
	outcome      string
}

func newWorld() *World { return &World{began: time.Now()} }

func (c call) String() string {
	return fmt.Sprintf("%s %v-%v %s", c.name, c.began, c.ended, c.outcome)
}

// serve is one call, by name, which takes d and returns v.
func serve[T any](ctx context.Context, w *World, name string, d time.Duration, v T) (T, error) {
	began := time.Since(w.began)
	end := func(outcome string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, call{name, began, time.Since(w.began), outcome})
	}
	var zero T
	done := time.After(d)
	if name == w.Hangs {
		done = nil
	}
	select {
	case <-done:
	case <-ctx.Done():
		end("canceled")
		return zero, ctx.Err()
	}
	if slices.Contains(w.Fails, name) {
		end("failed")
		return zero, fmt.Errorf("%s: %w", name, errFault)
	}
	end("done")
	return v, nil
}

// do is serve without a value.
func do(ctx context.Context, w *World, name string, d time.Duration) error {
	_, err := serve(ctx, w, name, d, struct{}{})
	return err
}
