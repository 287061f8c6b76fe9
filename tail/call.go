package tail

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// call is one execution of a body, by one call or two.
type call struct {
	hedger *Hedger
	record *record
	ctx    context.Context
	body   func(context.Context) error
	began  time.Time
	at     time.Duration                   // began, since the start of the run
	idle   time.Duration                   // what the body had waited for tasks before
	state  atomic.Int32                    // of the second call
	ctx2   atomic.Pointer[context.Context] // its own, once it has begun
}

// The states of a second call for which there is a task.
const (
	undecided = iota // it waits for a slot
	begun
	dropped // it never begins
	over    // it has returned
	lost    // it runs on though it has lost
)

// errDied stands for what a call left by: the engine knows that it was Goexit.
var errDied = errors.New("tail: the call has not returned")

// alone makes the first call, and never a second.
func (c *call) alone() error {
	err := c.body(c.ctx)
	c.ended(err == nil)
	return err
}

// ran is how long the first call has run, and how long it has waited for tasks meanwhile:
// a second call would have waited for the same ones. If it does so now, over is closed when
// it goes on.
func (c *call) ran() (ran, waited time.Duration, over <-chan struct{}) {
	idle, over := engine.Idle(c.ctx)
	waited = idle - c.idle
	return time.Since(c.began) - waited, waited, over
}

// ended notes the end of the first call, or that it is given up.
func (c *call) ended(succeeded bool) {
	q := c.hedger.quantile(c.hedger.pays())
	ran, waited, _ := c.ran()
	c.record.add(c.at+waited, ran, succeeded, max(q, .5))
}

// start makes a call on a goroutine of its own, whose end is sent before it ends: the
// engine waits for the call, and nobody blocks on what it sends.
func (c *call) start() <-chan error {
	first := make(chan error, 1)
	go func() {
		err := errDied
		defer func() { first <- err }()
		err = c.body(c.ctx)
	}()
	return first
}

// beside makes the first call, and calls f while it is under way.
func (c *call) beside(f func()) error {
	first := c.start()
	f()
	err := <-first
	c.ended(err == nil)
	return err
}

// hedged makes the first call, and the second if the first has not ended when it has run
// for delay, if that is not 0. If refresh is set, it finds out meanwhile what is critical.
func (c *call) hedged(delay time.Duration, refresh bool) error {
	first := c.start()
	if refresh {
		c.hedger.refresh(c.record.group)
		delay = c.hedger.delay(c.record)
	}
	if delay > 0 {
		if err, ended := c.outrun(first, delay); ended {
			c.ended(err == nil)
			return err
		}
	}
	if !c.mayHedge(first) {
		err := <-first
		c.ended(err == nil)
		return err
	}
	return c.second(first)
}

// outrun returns when the first call has ended, or has run for delay and goes on.
func (c *call) outrun(first <-chan error, delay time.Duration) (err error, ended bool) {
	for {
		switch ran, _, over := c.ran(); {
		case over != nil:
			select {
			case err := <-first:
				return err, true
			case <-over:
			}
		case ran >= delay:
			return nil, false
		default:
			timer := time.NewTimer(delay - ran)
			select {
			case err := <-first:
				timer.Stop()
				return err, true
			case <-timer.C:
			}
		}
	}
}

// mayHedge reports whether there is to be a second call now, and takes it from the budget.
func (c *call) mayHedge(first <-chan error) bool {
	h := c.hedger
	if len(first) > 0 || c.ctx.Err() != nil || h.delay(c.record) == 0 || !h.critical.has(c.record.place) {
		return false
	}
	if !h.budget.spend() {
		c.record.refused.Add(1)
		return false
	}
	if h.dry {
		c.record.hedged.Add(1)
		return false
	}
	return true
}

// second makes the second call, as a task of a group inside the body, and returns how the
// body ends. The body keeps its slot as long as the first call runs, so nothing here waits
// for the second as a task but when the first has failed.
func (c *call) second(first <-chan error) error {
	g, core := newGroup(c.ctx)
	done := make(chan error, 1)
	second := g.Do("hedge", func(ctx context.Context) error {
		if !c.state.CompareAndSwap(undecided, begun) {
			return context.Canceled
		}
		c.record.hedged.Add(1)
		c.ctx2.Store(&ctx)
		err := errDied
		defer func() {
			c.state.CompareAndSwap(begun, over)
			done <- err
		}()
		err = c.body(ctx)
		return err
	}, asap.MayFail())
	left := engine.LeaveBehind(c.ctx, core.JoinStopped)

	select {
	case err := <-first:
		c.ended(err == nil)
		if c.state.CompareAndSwap(undecided, dropped) {
			c.hedger.budget.repay()
		} else if err != nil {
			if _, err2 := second.Await(c.ctx); err2 == nil {
				c.won(core)
				return nil
			}
		}
		core.EndOutside(context.Canceled, context.Canceled)
		c.lose()
		if !left {
			core.JoinStopped()
		}
		return err
	case err := <-done:
		if err == nil {
			c.ended(false)
			c.won(core)
			return nil
		}
		core.JoinStopped() // it has nothing left but its last steps
		core.EndLasting()
		err = <-first
		c.ended(err == nil)
		return err
	}
}

// lose is the end of a second call that has lost, and may run on: who asks what is not to
// wait for it.
func (c *call) lose() {
	if ctx := c.ctx2.Load(); ctx != nil && c.state.CompareAndSwap(begun, lost) {
		engine.Doze(*ctx)
	}
}

// won is the end of a second call that has succeeded.
func (c *call) won(core *engine.Group) {
	c.record.won.Add(1)
	core.JoinStopped()
}

// newGroup makes the group of a second call, whose context lives as long as that of the
// body: the value may be an open connection.
func newGroup(ctx context.Context) (*asap.Group, *engine.Group) {
	g := asap.New(ctx, lasting{})
	var core *engine.Group
	g.Do("hedge", func(context.Context) error { return nil }, handed(func(c *engine.Group) { core = c }))
	return g, core
}

type lasting struct{}

func (lasting) Apply(c *engine.Config) { c.Lasts = true }

// handed is an option with which nothing is declared: the engine's group is handed over.
type handed func(*engine.Group)

func (h handed) ApplyTask(c *engine.TaskConfig) { c.Hand = h }
func (h handed) ApplyMap(c *engine.TaskConfig)  { c.Hand = h }
