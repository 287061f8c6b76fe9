package asap

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/internal/engine"
)

// TestMayFail: the failure is in no list and ends nothing; its dependents are
// skipped, which is no failure either; who passes it on has failed.
func TestMayFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		for _, options := range [][]Option{nil, {Settled()}} {
			ctx, cancel := context.WithCancel(t.Context())
			seen := &endings{by: make(map[string]Outcome)}
			g := New(ctx, append(options, Observe(seen))...)
			mail := doMayFail(g, "mail", func(context.Context) error { time.Sleep(time.Second); return boom })
			log := mail.Do("log", func(context.Context, struct{}) error { t.Error("log ran"); return nil })
			more := log.Do("more", func(context.Context, struct{}) error { t.Error("more ran"); return nil })
			page := g.Do("page", func(ctx context.Context) error { time.Sleep(3 * time.Second); return nil })
			time.Sleep(2 * time.Second)
			cancel() // page succeeds all the same
			if err := g.Wait(); err != nil || page.Result().Err != nil {
				t.Errorf("Wait: %v, want nil", err)
			}
			if err := mail.Result().Err; !errors.Is(err, boom) || err.Error() != "mail: boom" {
				t.Errorf("mail: %v", err)
			}
			for _, skipped := range []*Task[struct{}]{log, more} {
				if err := skipped.Result().Err; !errors.Is(err, ErrSkipped) || !errors.Is(err, boom) {
					t.Errorf("%s: %v, want ErrSkipped because of mail", skipped.Name(), err)
				}
			}
			if o := seen.by["mail"]; o != Tolerated {
				t.Errorf("mail ended as %v", o)
			}
		}
		g := New(t.Context())
		mail := doMayFail(g, "mail", func(context.Context) error { time.Sleep(time.Second); return boom })
		g.Go("report", mail.Await)
		if err := g.Wait(); err == nil || err.Error() != "report: mail: boom" {
			t.Errorf("Wait: %v, want the failure of who passes it on", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g = New(ctx, Name("g"))
		doMayFail(g, "mail", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if err := g.Wait(); err == nil || err.Error() != "group g (running: mail): context deadline exceeded" {
			t.Errorf("Wait: %v, want the deadline", err)
		}
	})
}

// doMayFail is Do for a task whose failure is one for its dependents alone.
func doMayFail(g *Group, name string, fn func(context.Context) error) *Task[struct{}] {
	t := &doTask{fn: fn}
	engine.Init(&t.node, &g.core, name, t, engine.MayFail)
	g.core.Start(&t.node)
	return &t.Task
}

// endings notes how tasks end.
type endings struct {
	mu sync.Mutex
	by map[string]Outcome
}

func (o *endings) Start(ctx context.Context, _ Event) context.Context { return ctx }
func (o *endings) Observe(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Kind == Ended {
		o.by[e.Name] = e.Outcome
	}
}
