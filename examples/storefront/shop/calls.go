package shop

import (
	"context"
	"sync"
	"time"

	"github.com/asap-go/asap/examples/storefront/services"
)

// Call is one call that a page made, for the picture at its foot. The
// instants count from the start of the page.
type Call struct {
	Name     string
	From, To time.Duration
	Err      error
}

// trace collects the calls of one page, whatever makes it.
type trace struct {
	request string
	start   time.Time
	hold    func(ctx context.Context, call string)

	mu    sync.Mutex
	calls []Call
}

type traceKey struct{}

// call makes one call of a page and notes when it was. The services learn
// which request and which call it is. Without a trace in the context, as in a
// program that is not a page, it only makes the call.
func call[T any](ctx context.Context, name string, do func(context.Context) (T, error)) (T, error) {
	t, ok := ctx.Value(traceKey{}).(*trace)
	if !ok {
		return do(ctx)
	}
	if t.hold != nil {
		t.hold(ctx, name)
	}
	from := time.Since(t.start)
	v, err := do(services.Label(ctx, t.request, name))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, Call{name, from, time.Since(t.start), err})
	return v, err
}

// made returns the calls so far, in the order of their ends.
func (t *trace) made() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls[:len(t.calls):len(t.calls)]
}
