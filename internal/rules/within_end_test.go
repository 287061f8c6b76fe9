package rules_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// endsUnseen is a context that has ended a while before it closes its Done.
type endsUnseen struct {
	context.Context
	at   time.Time
	done chan struct{}
}

func (c endsUnseen) Done() <-chan struct{} { return c.done }
func (c endsUnseen) Err() error {
	if time.Now().Before(c.at) {
		return nil
	}
	return context.Canceled
}

// TestR39_ParentEndsAtThatInstant: who judges what is late may be the first to see that
// the parent has ended, and ends what it judges with the group: in a queue, or behind
// what is in it.
func TestR39_ParentEndsAtThatInstant(t *testing.T) {
	for name, declare := range map[string]func(g *asap.Group, within asap.TaskOption){
		"queued": func(g *asap.Group, within asap.TaskOption) { g.Do("late", succeeds, within) },
		"behind": func(g *asap.Group, within asap.TaskOption) {
			g.Do("queued", succeeds).Do("late", func(context.Context, struct{}) error { return nil }, within)
		},
		"both": func(g *asap.Group, within asap.TaskOption) {
			queued := g.Do("late", succeeds, within)
			queued.Do("later", func(context.Context, struct{}) error { return nil }, within)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const at = 10 * time.Millisecond
				ctx := endsUnseen{context.Background(), time.Now().Add(at), make(chan struct{})}
				time.AfterFunc(2*at, func() { close(ctx.done) })
				g := asap.New(ctx, asap.Limit(1))
				g.Do("busy", func(context.Context) error { time.Sleep(3 * at); return nil })
				declare(g, asap.Within(at))
				if err := g.Wait(); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want %v", err, context.Canceled)
				}
			})
		})
	}
}

func succeeds(context.Context) error { return nil }
