package rules_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asap-go/asap"
)

// counted counts how often somebody looks behind it.
type counted struct {
	error
	looks *atomic.Int32
}

func (e counted) Unwrap() error { e.looks.Add(1); return e.error }

// TestF1_AskedOnce: an error is looked through in the body that returned it, and not
// again at each level of nesting, nor in each of a row of tasks that pass it on
// (R11, R41).
func TestF1_AskedOnce(t *testing.T) {
	const n = 300
	own := errors.New("own cause")
	var nest func(ctx context.Context, n int, last func(context.Context) error) error
	nest = func(ctx context.Context, n int, last func(context.Context) error) error {
		g := asap.New(ctx)
		g.Do("level", func(ctx context.Context) error {
			if n == 1 {
				return last(ctx)
			}
			return nest(ctx, n-1, last)
		})
		return g.Wait()
	}
	rows := map[string]func(ctx context.Context, cancel context.CancelCauseFunc, looks *atomic.Int32){
		"levels that a cause ends": func(ctx context.Context, cancel context.CancelCauseFunc, looks *atomic.Int32) {
			time.AfterFunc(sec, func() { cancel(own) })
			nest(ctx, n, func(ctx context.Context) error { <-ctx.Done(); return counted{context.Cause(ctx), looks} })
		},
		"levels that a failure ends": func(ctx context.Context, _ context.CancelCauseFunc, looks *atomic.Int32) {
			g := asap.New(ctx)
			g.Go("bad", fails(sec, errBoom))
			g.Do("deep", func(ctx context.Context) error {
				return nest(ctx, n, func(ctx context.Context) error { <-ctx.Done(); return counted{context.Cause(ctx), looks} })
			})
			g.Wait()
		},
		"levels of which the last fails": func(ctx context.Context, _ context.CancelCauseFunc, looks *atomic.Int32) {
			nest(ctx, n, func(context.Context) error { return counted{errBoom, looks} })
		},
		"levels with an own error after the end": func(ctx context.Context, cancel context.CancelCauseFunc, looks *atomic.Int32) {
			time.AfterFunc(sec, func() { cancel(own) })
			nest(ctx, n, func(ctx context.Context) error { <-ctx.Done(); return counted{errBoom, looks} })
		},
		"errors passed on": func(ctx context.Context, _ context.CancelCauseFunc, looks *atomic.Int32) {
			g := asap.New(ctx, asap.Settled())
			last := g.Go("first", fails(sec, counted{errBoom, looks}))
			for range n {
				last = g.Go("next", last.Await)
			}
			g.Wait()
		},
	}
	for name, run := range rows {
		virtual(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var looks atomic.Int32
			run(ctx, cancel, &looks)
			if k := looks.Load(); k != 1 {
				t.Errorf("asked %d times what the error wraps, want once", k)
			}
		})
	}
}
