package stress_test

import (
	"context"
	"fmt"

	"github.com/asap-go/asap"
)

// options are those of t; rest are dependencies that no And takes.
func (r *run) options(t *task, rest []any) (opts []asap.TaskOption) {
	for _, h := range rest {
		opts = append(opts, asap.Needs(h.(asap.Dep)))
	}
	if t.shared {
		opts = append(opts, r.shared)
	}
	return opts
}

// get reads what the body of ctx needs.
func (r *run) get(ctx context.Context, h any) uint64 {
	switch t := h.(type) {
	case *asap.Task[uint64]:
		return t.Get(ctx)
	case *asap.Task[struct{}]:
		return digest(r, t.Get(ctx))
	case *asap.Task[asap.Result[uint64]]:
		return digest(r, t.Get(ctx))
	case *asap.Task[[]uint64]:
		return digest(r, t.Get(ctx))
	}
	panic(fmt.Sprintf("no task: %T", h))
}
