package flow

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/asap-go/asap/internal/engine"
)

// What a group on an executor waits for that has no body: signals are the executor's, a
// sleep and limits of time its clock's. All of it happens on the goroutine that is inside
// the group's methods, within Step or before it.

// refuseWithoutClock panics if n needs the engine's clock and there is none.
func (r *remote) refuseWithoutClock(n *engine.Node) {
	timeout, within := engine.LimitsOf(n)
	a := engine.ArrivalOf(n)
	if within == 0 && a == nil || a != nil && a.After == 0 && timeout == 0 && within == 0 {
		return
	}
	if _, ok := r.exec.(Clock); ok {
		return
	}
	switch {
	case within > 0:
		panic(fmt.Sprintf("asap: Within(%v) of task %s on an engine without a Clock; use Timeout, or an engine that has one", within, engine.Name(n)))
	case a.After > 0:
		panic(fmt.Sprintf("asap: Sleep(%v) of task %s on an engine without a Clock; use an engine that has one", a.After, engine.Name(n)))
	}
	panic(fmt.Sprintf("asap: Timeout(%v) of signal %s on an engine without a Clock; use an engine that has one", timeout, engine.Name(n)))
}

// expect begins the wait of n, which is ready.
func (r *remote) expect(n *engine.Node, c *remoteCall, a *engine.Arrival) {
	call := r.backend.call(n, c.name, c.body)
	call.Func = nil
	r.limits.apply(call, c.limit)
	c.ctx = r.g.Report(n)
	engine.ReportArrival(n)
	c.started, c.arrives = true, true
	r.inFlight++
	r.keepArriving(n)
	end := func(err error) {
		if !c.reported {
			r.report(n, c, err)
		}
	}
	r.busy.Store(true)
	defer r.busy.Store(false)
	if call.Timeout > 0 {
		limit := r.g.Host().OutOfTime("timeout", call.Timeout)
		if a.After == 0 || call.Timeout < a.After {
			r.after(call.Timeout, func() { end(limit) })
		}
	}
	sleeper, sleeps := r.exec.(Sleeper)
	switch {
	case a.After == 0:
		place := reflect.ValueOf(call.Out).Elem()
		out := reflect.New(place.Type()) // a value that comes too late is not to be the task's
		call.Out = out.Interface()
		r.exec.(Signaler).Receive(call, func(err error) {
			r.fired = true // also of one that comes too late
			if err == nil && !c.reported {
				place.Set(out.Elem())
			}
			end(err)
		})
	case sleeps:
		sleeper.Sleep(call, a.After, func() {
			r.fired = true
			end(nil)
		})
	default:
		r.after(a.After, func() { end(nil) })
	}
}

// after has f called d later by the engine's clock.
func (r *remote) after(d time.Duration, f func()) {
	r.exec.(Clock).After(d, func() {
		r.fired = true
		f()
	})
}

// keepArriving notes n for who ends the group, and forgets those that have ended when
// they are many.
func (r *remote) keepArriving(n *engine.Node) {
	if len(r.arriving) == cap(r.arriving) {
		r.arriving = slices.DeleteFunc(r.arriving, engine.IsDone)
	}
	r.arriving = append(r.arriving, n)
}

// stopExpecting ends what waits in a group that has ended.
func (r *remote) stopExpecting(cause error) {
	for _, n := range r.arriving {
		if c := callOf(n); !c.reported && !engine.IsDone(n) {
			r.report(n, c, cause)
		}
	}
	r.arriving = nil
}
