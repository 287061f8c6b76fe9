package tail

import (
	"cmp"
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Hedger makes second calls of what is slow. It is an option of tasks and of Maps; make it
// once, with [Hedge], and give it to those of all requests that share a budget. All methods
// may be called at the same time.
type Hedger struct {
	hedging
	budget   budget
	calls    atomic.Int64 // first calls lately, see countCall
	eligible atomic.Int64 // of those, of tasks that are called twice

	dry     bool // nothing is called twice: it is only found out what would be
	records book
}

// Hedge returns a Hedger. Without options it makes a second call when the first one takes
// longer than 95 % of the task's calls, of at most 5 % of all, of every task that it is
// given to.
//
// A task that it is given to must be one that may be called twice at the same time: to give
// it says so, as [Safe] does to a [Policy]. So it is an option of single tasks and Maps, and
// of no group: what nobody has marked, either way, is never called twice. In tests with
// testing/synctest make it in the bubble.
func Hedge(options ...HedgeOption) *Hedger {
	h := new(Hedger)
	h.share, h.least = defaultShare, defaultLeast
	for _, o := range options {
		if o == nil {
			panic("asap: tail.Hedge with a nil option; leave it out")
		}
		o.hedge(&h.hedging)
	}
	return h.init()
}

func (h *Hedger) init() *Hedger {
	if h.at == 0 && h.after == 0 {
		h.at = defaultAt
	}
	h.budget.share = int64(h.share*parts + .5)
	return h
}

// ApplyTask is for package asap.
func (h *Hedger) ApplyTask(c *engine.TaskConfig) {
	c.Safe, c.Hedged = true, true
	c.Around = append(c.Around, h.around)
}

// ApplyMap is for package asap.
func (h *Hedger) ApplyMap(c *engine.TaskConfig) { h.ApplyTask(c) }

var _ asap.TaskOption = (*Hedger)(nil)

// around is the Around of a task: it makes the first call, and the second.
func (h *Hedger) around(ctx context.Context, task string, body func(context.Context) error) error {
	at, made := placeOf(ctx, task)
	r := h.records.of(at)
	h.countCall()
	h.budget.pay()
	r.calls.Add(1)
	c := call{hedger: h, record: r, ctx: ctx, body: body, began: time.Now()}
	c.idle, _ = engine.Idle(ctx)
	if !made.IsZero() {
		c.at = c.began.Sub(made)
	}
	refresh := h.critical.due(at.group)
	if !h.critical.has(at) {
		if !refresh {
			return c.alone()
		}
		return c.beside(func() { h.refresh(at.group) })
	}
	h.eligible.Add(1)
	delay := h.delay(r)
	if delay == 0 && !refresh {
		return c.alone()
	}
	return c.hedged(delay, refresh)
}

// refresh finds out what is critical in a group.
func (h *Hedger) refresh(group string) { h.critical.refresh(group, h.records.in(group)) }

// delay is that of r's task, 0 as long as there is none.
func (h *Hedger) delay(r *record) time.Duration {
	d := h.after
	if h.at > 0 {
		d = cmp.Or(time.Duration(r.delay.Load()), d)
	}
	if d == 0 {
		return 0
	}
	return max(d, h.least)
}

// lately is how many calls pays looks back on, at most, and half of that at least.
const lately = 20_000

// countCall counts a first call. Both counts are halved now and then, so that pays follows
// which tasks are called twice; who adds meanwhile is lost, or the halving waits for the
// next call.
func (h *Hedger) countCall() {
	if n := h.calls.Add(1); n >= lately && h.calls.CompareAndSwap(n, n/2) {
		h.eligible.Add(-h.eligible.Load() / 2)
	}
}

// pays is the share of the calls that may be called twice for which the budget pays.
func (h *Hedger) pays() float64 {
	calls, eligible := h.calls.Load(), h.eligible.Load()
	if eligible == 0 {
		return 1
	}
	return h.share * float64(calls) / float64(eligible)
}

// placeOf is where the body of ctx stands, and when its outermost group was made. On an
// engine elsewhere there is only the task's name.
func placeOf(ctx context.Context, task string) (place, time.Time) {
	if p, ok := engine.PlaceOf(ctx); ok {
		return place{p.Group, p.Task}, p.Made
	}
	if i := strings.IndexByte(task, '['); i > 0 && strings.HasSuffix(task, "]") {
		task = task[:i] + "[]"
	}
	return place{task: task}, time.Time{}
}

// Decisions returns what h does with each task that it has seen, in the order of groups
// and tasks.
func (h *Hedger) Decisions() []Decision {
	all := h.records.records()
	out := make([]Decision, len(all))
	for i, r := range all {
		out[i] = h.decision(r)
	}
	return out
}

func (h *Hedger) decision(r *record) Decision {
	d := r.decision()
	d.Delay = h.delay(r)
	d.Hedge, d.Why = h.critical.why(r.place)
	if d.Hedge && d.Delay == 0 {
		d.Hedge, d.Why = false, "fewer than 100 calls are known"
	}
	return d
}
