package tail

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/waterfall"
)

// giving is what is known of a task that others can do without: how long after the start
// of its group it has its value, and when it is given up.
//
// A task is given up when others do not want to wait for it any longer, so that says only
// that it would have taken longer. How long stays unknown as long as it is given up; so
// the share that is given up is known exactly, and if that grows beyond its bound the task
// is not given up at all until it is known anew how long it takes.
//
// Of a MapOptional it is the elements that are counted, measured and given up. A run in
// which one of several of a name is late is not whole, be they elements or tasks declared
// in a loop: so of n in a run each may be late in an nth of the runs.
type giving struct {
	within          atomic.Int64 // when it is given up, 0 for never
	declared, begun atomic.Int64
	givenUp         atomic.Int64
	neverBegan      atomic.Int64 // of those that were declared, as far as it is known
	why             atomic.Pointer[string]
}

// manyMissed tasks that have not begun, and may never, have decided anew what nobody else
// might: whoever declares one more waits for that.
const manyMissed = 10

// target is the part of what may be given up that is: the rest is for chance.
const target = .7

// giver decides when tasks are given up, and measures how long they take.
type giver struct {
	critical *critical
	full     float64 // share of runs in which none is given up
	least    time.Duration
	dry      bool // nothing is given up: it is only found out what would be
	records  book
}

// adjust gives a task that is declared now its Within, and measures it.
func (v *giver) adjust(p *engine.Place, c *engine.TaskConfig) {
	r := v.records.of(place{p.Group, p.Task})
	if c.Tolerant {
		c.Parts = r.addParts
	} else {
		r.declared.Add(1)
	}
	if r.declared.Load()-r.begun.Load()-r.neverBegan.Load() >= manyMissed && v.critical.due(r.group) {
		v.refresh(r.group)
	}
	within := time.Duration(r.within.Load())
	if !v.dry {
		c.Within = within
	}
	m := measure{v, r, p.Made, p.Own, within}
	c.Around = append([]engine.Around{m.around}, c.Around...)
}

// measure is an Around of a task.
type measure struct {
	giver     *giver
	record    *record
	made, own time.Time
	within    time.Duration // when this one is given up
}

func (m measure) around(ctx context.Context, _ string, body func(context.Context) error) error {
	r := m.record
	r.calls.Add(1)
	r.begun.Add(1)
	c := call{ctx: ctx, body: body, began: time.Now()}
	var err error
	if m.giver.critical.due(r.group) {
		first := c.start()
		m.giver.refresh(r.group)
		err = <-first
	} else {
		err = body(ctx)
	}
	now := time.Now()
	r.addEnd(now.Sub(m.made), now.Sub(m.own), now.Sub(c.began), err == nil)
	if m.within > 0 && now.Sub(m.own) >= m.within && (err != nil || m.giver.dry) {
		r.givenUp.Add(1)
	}
	return err
}

// addEnd adds the end of a task: since the start of the run, of its group, and of itself.
func (r *record) addEnd(run, own, took time.Duration, succeeded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.turnLocked()
	g.took.add(took, succeeded)
	g.ends.add(run, succeeded)
	g.own.add(own, succeeded)
}

// addParts adds the elements of a Map.
func (r *record) addParts(n int) { r.declared.Add(int64(n)) }

// perRun is how many of a name a run has, as a mean over what was declared and ran from
// one look to the next.
type perRun struct {
	began          bool
	declared, runs int64   // since the start, at the last look
	tasks, of      float64 // so many in so many runs
}

// look adds what has come since the last look.
func (p *perRun) look(declared, runs int64) {
	if p.began && runs > p.runs { // else the statistics have begun anew
		p.tasks += float64(declared - p.declared)
		p.of += float64(runs - p.runs)
		if p.of > fullCalls {
			p.tasks, p.of = p.tasks/2, p.of/2
		}
	}
	p.began, p.declared, p.runs = true, declared, runs
}

// mean is at least 1: false says that it is not known yet.
func (p *perRun) mean() (float64, bool) {
	if p.of < enough/10 {
		return 1, false
	}
	return max(1, p.tasks/p.of), true
}

// refresh decides anew when the tasks of a group are given up.
func (v *giver) refresh(group string) {
	records := v.records.in(group)
	_, runs := v.critical.stats.Percentile(group, waterfall.SinceStart, .95)
	for _, r := range records {
		r.mu.Lock()
		r.perRun.look(r.declared.Load(), int64(runs))
		r.mu.Unlock()
	}
	f := v.critical.refresh(group, records)
	if f == nil {
		return
	}
	held := 0
	for _, r := range records {
		if f.holds[r.task] {
			held++
		}
	}
	for _, r := range records {
		within, why := time.Duration(0), ""
		if f.holds[r.task] {
			within, why = r.decide((1-v.full)/float64(held), max(f.usual, v.least), v.dry)
		}
		r.within.Store(int64(within))
		r.why.Store(&why)
	}
}

// decide says when a task is given up by which at most the share lost of runs may lose a
// value, and not before least.
func (r *record) decide(lost float64, least time.Duration, dry bool) (within time.Duration, why string) {
	old := time.Duration(r.within.Load())
	r.mu.Lock()
	defer r.mu.Unlock()
	// What was given up before it had begun has not come to its measure.
	if missed := r.declared.Load() - r.begun.Load() - r.neverBegan.Load(); missed > 0 {
		r.neverBegan.Add(missed)
		if old > 0 && !dry {
			r.givenUp.Add(missed)
			for range missed {
				r.now.own.add(old, false)
			}
		}
	}
	mean, known := r.perRun.mean()
	lost /= mean
	n := r.now.own.n + r.last.own.n
	if !known || float64(n) < enough*mean {
		return old, "fewer than 100 ends of it are known"
	}
	for class, left := range survivors(&r.now.own, &r.last.own) {
		if left <= target*lost {
			d := inMillis(max(upper(class), least))
			return d, fmt.Sprintf("%.1f %% of it takes longer, and slow runs wait for it", 100*left)
		}
	}
	left := 1.0
	for _, s := range survivors(&r.now.own, &r.last.own) {
		left = s
	}
	if old > 0 && left <= lost {
		return old, fmt.Sprintf("%.1f %% of it takes longer, and slow runs wait for it", 100*left)
	}
	return 0, fmt.Sprintf("%.1f %% of it took longer than was waited for, which is too much: it is measured how long it takes", 100*left)
}

// withinOf is when r's task is given up.
func (v *giver) withinOf(r *record) time.Duration { return time.Duration(r.within.Load()) }

// whyOf says why, or why not.
func (v *giver) whyOf(r *record) string {
	if holds, why := v.critical.why(r.place); !holds {
		return why
	}
	if why := r.why.Load(); why != nil && *why != "" {
		return *why
	}
	return "nothing is known yet"
}

// inMillis rounds up what is long, for who reads it in an error.
func inMillis(d time.Duration) time.Duration {
	if d > 10*time.Millisecond {
		return (d + time.Millisecond - 1).Truncate(time.Millisecond)
	}
	return d
}
