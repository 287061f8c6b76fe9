package rules_test

import (
	"context"
	"sync"
	"testing"

	"github.com/asap-go/asap"
)

// TestR24_Limits: events say the limit of a group, and of a Map's elements, and whether
// a group is settled.
func TestR24_Limits(t *testing.T) {
	virtual(t, "limits", func(t *testing.T) {
		o := &limitsObserver{}
		g := asap.New(t.Context(), asap.Settled(), asap.Limit(3), asap.Observe(o))
		in := g.Input("in", []int{1, 2})
		g.Map("two", in, func(_ context.Context, v int) (int, error) { return v, nil }, asap.Limit(2))
		g.MapOptional("free", in, func(_ context.Context, v int) (int, error) { return v, nil })
		g.Do("nest", func(ctx context.Context) error { return asap.New(ctx).Wait() })
		wantNil(t, "Wait", g.Wait())
		for _, e := range o.events {
			limit, settled := 0, false
			switch {
			case e.Kind == asap.GroupStart && e.Parent == 0:
				limit, settled = 3, true
			case e.Kind == asap.Declared && e.Name == "two":
				limit = 2
			}
			if e.Limit != limit || e.Settled != settled {
				t.Errorf("%v of %s: limit %d, settled %v, want %d, %v", e.Kind, e.Name, e.Limit, e.Settled, limit, settled)
			}
		}
	})
}

type limitsObserver struct {
	mu     sync.Mutex
	events []asap.Event
}

func (o *limitsObserver) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }

func (o *limitsObserver) Observe(e asap.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
}
