package asap

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
)

// Blocking calls fn, which blocks on something that is no task: a pool, a lock, a
// backoff, a batch, a channel. Under a [Limit] the body that ctx belongs to holds no
// slot meanwhile, and has one again when Blocking returns, before anything starts in
// it. After the group's end it returns without waiting for one.
//
// Whatever fn waits for, it cannot be held up by the bodies that wait for this one's
// slot: take a lock or a connection here that is held over an Await or a nested
// Wait. What fn computes runs beside what the limit counts, so it should not.
//
// Blocking may be nested and called by several goroutines of a body, and fn may
// panic, Goexit, and await. With a context of no body it just calls fn.
func Blocking(ctx context.Context, fn func() error) error {
	if ctx == nil {
		panic("asap: Blocking with a nil context; pass the body's")
	}
	if fn == nil {
		panic("asap: Blocking with a nil function; pass one that blocks")
	}
	return engine.Blocking(ctx, fn)
}
