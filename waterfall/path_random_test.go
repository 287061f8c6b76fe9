package waterfall_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/waterfall"
)

// In virtual time, with limits that nobody outside of the run shares and without
// failures, something on the critical path works at every instant, or the caller does.
// Each step must be right by what an observer was told, which is another book than the
// recorder's: the body ran all that time, and the next one began for one of the reasons
// that there are.
func TestCriticalPathOfRandomRuns(t *testing.T) {
	n := uint64(400)
	if testing.Short() {
		n = 100
	}
	slots, waits := 0, 0
	for seed := range n {
		var run *waterfall.Run
		book := newBook()
		synctest.Test(t, func(t *testing.T) {
			var rec waterfall.Recorder
			m := &maze{Rand: rand.New(rand.NewPCG(seed, 14)), book: book}
			if m.IntN(2) == 0 {
				m.shared = asap.SharedLimit(1 + m.IntN(3))
			}
			m.outermost(t, asap.Observe(&rec), asap.Observe(book))
			run = rec.Run()
		})
		if err := run.Validate(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		steps := run.CriticalPath()
		for _, s := range steps {
			if s.Slot.Limit > 0 {
				slots++
			}
		}
		waits += len(run.Groups[0].Waits)
		if err := book.check(run, steps); err != "" {
			t.Fatalf("seed %d: %s\n%s\n%s", seed, err, way(steps), run.Text(120, false))
		}
	}
	if slots < int(n)/2 || waits < int(n)/4 {
		t.Errorf("%d runs have only %d steps by a slot and %d waits of callers", n, slots, waits)
	}
}

// maze makes a random group. No body takes no time, so that no two causes fall on one
// instant.
type maze struct {
	*rand.Rand
	book   *book
	shared interface {
		asap.Option
		asap.TaskOption
	}
	next int
}

func (m *maze) nap() time.Duration { return time.Duration(1 + m.IntN(50_000_000)) }

func (m *maze) name(kind string) string {
	m.next++
	return fmt.Sprint(kind, m.next)
}

// outermost declares tasks, and awaits some of them or works before it goes on.
func (m *maze) outermost(t *testing.T, options ...asap.Option) {
	if m.IntN(3) > 0 {
		options = append(options, asap.Limit(1+m.IntN(4)))
	}
	g := asap.New(t.Context(), options...)
	m.fill(g, 3+m.IntN(10), 0, func(last *asap.Task[int]) {
		switch m.IntN(6) {
		case 0:
			last.Await(t.Context())
		case 1:
			time.Sleep(m.nap())
		}
	})
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// fill declares n tasks in g.
func (m *maze) fill(g *asap.Group, n, depth int, between func(*asap.Task[int])) {
	var made []*asap.Task[int]
	for range n {
		task := m.task(g, made, depth)
		made = append(made, task)
		between(task)
	}
}

func (m *maze) task(g *asap.Group, made []*asap.Task[int], depth int) *asap.Task[int] {
	var options []asap.TaskOption
	for range 3 {
		if len(made) > 0 && m.IntN(3) == 0 {
			options = append(options, []func(...asap.Dep) asap.TaskOption{asap.Needs, asap.After, asap.AfterEnd}[m.IntN(3)](made[m.IntN(len(made))]))
		}
	}
	if m.shared != nil && m.IntN(3) == 0 {
		options = append(options, m.shared)
	}
	if m.IntN(4) == 0 {
		return m.mapped(g, options)
	}
	return g.Go(m.name("task"), m.body(made, depth), options...)
}

// mapped is a Map, and a task that has its values.
func (m *maze) mapped(g *asap.Group, options []asap.TaskOption) *asap.Task[int] {
	naps := make([]time.Duration, 1+m.IntN(6))
	for i := range naps {
		naps[i] = m.nap()
	}
	name, first, last := m.name("map"), m.nap(), m.nap()
	list := g.Go(name+"in", func(context.Context) ([]time.Duration, error) { time.Sleep(first); return naps, nil }, options...)
	var of []asap.MapOption
	if m.IntN(2) == 0 {
		of = append(of, asap.Limit(1+m.IntN(3)))
	}
	if m.shared != nil && m.IntN(3) == 0 {
		of = append(of, m.shared)
	}
	all := g.Map(name, list, func(_ context.Context, d time.Duration) (int, error) { time.Sleep(d); return 1, nil }, of...)
	return all.Then(name+"out", func(context.Context, []int) (int, error) { time.Sleep(last); return 1, nil })
}

// body works, and in between waits for tasks and nested groups.
func (m *maze) body(made []*asap.Task[int], depth int) func(context.Context) (int, error) {
	var steps []func(ctx context.Context) error
	for range 1 + m.IntN(3) {
		d := m.nap()
		steps = append(steps, func(context.Context) error { time.Sleep(d); return nil })
		switch k := m.IntN(6); {
		case k < 2 && len(made) > 0:
			on := made[m.IntN(len(made))]
			steps = append(steps, func(ctx context.Context) error { _, err := on.Await(ctx); return err })
		case k == 2 && depth < 2:
			inner := &maze{Rand: rand.New(rand.NewPCG(m.Uint64(), 1)), book: m.book, shared: m.shared, next: m.next * 100}
			m.next += 10
			steps = append(steps, func(ctx context.Context) error {
				var options []asap.Option
				if inner.IntN(2) == 0 {
					options = append(options, asap.Limit(1+inner.IntN(3)))
				}
				if inner.shared != nil && inner.IntN(4) == 0 {
					options = append(options, inner.shared)
				}
				g := asap.New(ctx, options...)
				inner.fill(g, 1+inner.IntN(4), depth+1, func(*asap.Task[int]) {})
				return g.Wait()
			})
		}
	}
	d := m.nap()
	return func(ctx context.Context) (int, error) {
		for _, step := range steps {
			if err := step(ctx); err != nil {
				return 0, err
			}
		}
		time.Sleep(d)
		return 1, nil
	}
}

// book is what an observer was told.
type book struct {
	mu    sync.Mutex
	tasks map[asap.ID]*told
	group map[asap.ID]*told
	main  asap.ID
}

// told is what was told of a task or a group.
type told struct {
	asap.Event // the first
	events     []asap.Event
}

func newBook() *book { return &book{tasks: map[asap.ID]*told{}, group: map[asap.ID]*told{}} }

func (b *book) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }

func (b *book) Observe(e asap.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of, id := b.tasks, e.Task
	if id == 0 {
		of, id = b.group, e.Group
		if b.main == 0 {
			b.main = id
		}
	}
	if of[id] == nil {
		of[id] = &told{Event: e}
	}
	of[id].events = append(of[id].events, e)
}

// at returns the event of a kind at an instant.
func (t *told) at(x time.Duration, kinds ...asap.Kind) *asap.Event {
	for i := range t.events {
		if e := &t.events[i]; e.At == x && slices.Contains(kinds, e.Kind) {
			return e
		}
	}
	return nil
}

// runs tells whether the body ran from a to b. A wait for what is done is none.
func (t *told) runs(a, b time.Duration) bool {
	from, to := time.Duration(-1), time.Duration(-1)
	for _, e := range t.events {
		switch e.Kind {
		case asap.Started, asap.Resumed:
			if e.At != to {
				from = e.At
			}
		case asap.Blocked, asap.Ended:
			if to = e.At; from >= 0 && from <= a && b <= to {
				return true
			}
		}
	}
	return false
}

// could returns when the body that began or went on at x could have without a limit.
func (b *book) could(t *told, x time.Duration) time.Duration {
	ready := time.Duration(0)
	for _, e := range t.events {
		switch e.Kind {
		case asap.Ready:
			ready = e.At
		case asap.Blocked:
			ready = e.At
			if on := b.tasks[e.On]; on != nil {
				ready = max(ready, on.end())
			} else if g := b.group[e.On]; g != nil {
				ready = max(ready, b.lastOf(e.On))
			}
		case asap.Started, asap.Resumed:
			if e.At == x {
				return ready
			}
		}
	}
	return x
}

func (t *told) end() time.Duration { return t.events[len(t.events)-1].At }

// lastOf is the end of the last task of a group.
func (b *book) lastOf(group asap.ID) (last time.Duration) {
	for _, t := range b.tasks {
		if t.Group == group {
			last = max(last, t.end())
		}
	}
	return last
}

// check says what is wrong with the path, empty if nothing is.
func (b *book) check(run *waterfall.Run, steps []waterfall.Step) string {
	id := b.ids(run)
	at := time.Duration(0)
	for i, s := range steps {
		if s.Start != at || s.End <= s.Start {
			return fmt.Sprintf("step %d begins at %v, the one before ends at %v", i, s.Start, at)
		}
		at = s.End
		if s.State == waterfall.Outside {
			if w := b.callerWaits(s.Start, s.End); w != "" {
				return fmt.Sprintf("step %d is the caller's, who waits for %s then", i, w)
			}
		} else if t := b.tasks[id[s.Task]]; s.State != waterfall.Running || !t.runs(s.Start, s.End) {
			return fmt.Sprintf("step %d, %s: the body does not run from %v to %v", i, s.Name, s.Start, s.End)
		}
		if i == 0 {
			continue
		}
		if why := b.follows(run, id, steps[i-1], s); why != "" {
			return fmt.Sprintf("step %d, %s at %v after %s: %s", i, s.Name, s.Start, steps[i-1].Name, why)
		}
	}
	if at != run.Makespan {
		return fmt.Sprintf("the path ends at %v", at)
	}
	return ""
}

// ids are the IDs that the observer was told, by those of the run.
func (b *book) ids(run *waterfall.Run) map[asap.ID]asap.ID {
	names := map[string]asap.ID{}
	for id, t := range b.tasks {
		names[t.Name+" "+fmt.Sprint(t.Event.At)+fmt.Sprint(len(t.Deps))+fmt.Sprint(t.end())] = id
	}
	out := map[asap.ID]asap.ID{}
	for i := range run.Tasks {
		t := &run.Tasks[i]
		name, _, _ := strings.Cut(t.Name, "#")
		out[t.ID] = names[name+" "+fmt.Sprint(t.Start())+fmt.Sprint(len(t.Deps))+fmt.Sprint(t.End())]
	}
	return out
}

// callerWaits is what the caller waits for between two instants, empty if for nothing.
func (b *book) callerWaits(from, to time.Duration) string {
	var on asap.ID
	since := time.Duration(0)
	for _, e := range b.group[b.main].events {
		switch e.Kind {
		case asap.Blocked:
			on, since = e.On, e.At
		case asap.Resumed:
			if min(e.At, to) > max(since, from) {
				return b.tasks[on].Name
			}
		}
	}
	return ""
}

// waited tells whether the caller has awaited anything.
func (b *book) waited() bool { return len(b.group[b.main].events) > 2 }

// follows says why s must not come after the step before it, empty if it may.
func (b *book) follows(run *waterfall.Run, id map[asap.ID]asap.ID, before, s waterfall.Step) string {
	x, t := s.Start, b.tasks[id[s.Task]]
	if s.State == waterfall.Outside { // the caller goes on after its wait
		for _, e := range b.group[b.main].events {
			if e.Kind == asap.Blocked && e.On == id[before.Task] && b.tasks[e.On].end() == x {
				return ""
			}
		}
		if b.waited() || x != b.tasks[id[before.Task]].end() || s.Len() > run.Makespan/1000 { // else it is guessed
			return "the caller has not waited for it"
		}
		return ""
	}
	if before.State == waterfall.Outside {
		if t.Event.At != x || t.Group != b.main {
			return "it was not declared by the caller then"
		}
		return ""
	}
	a := b.tasks[id[before.Task]]
	if s.Slot.Limit > 0 {
		return b.slot(run, a, t, s, x)
	}
	began := t.at(x, asap.Started, asap.Resumed)
	if began == nil {
		return "it did not begin or go on then"
	}
	if could := b.could(t, x); could != x {
		return fmt.Sprintf("it was queued since %v", could)
	}
	for at, n := t, 0; n < 100; n++ { // up through Maps and owners that began at x
		if b.needed(at, a, x) {
			return ""
		}
		up := b.tasks[at.Parent]
		if up == nil || at.Event.At != x {
			break
		}
		if up == a { // declared by its body
			return ""
		}
		at = up
	}
	return "it had not waited for it"
}

// needed tells whether t could go on at x since a ended then, itself, as a part of a Map,
// or as the last of a group.
func (b *book) needed(t, a *told, x time.Duration) bool {
	if a.end() != x {
		return false
	}
	is := func(on asap.ID) bool {
		if on == a.Task || on == a.Group || on == a.Parent && b.tasks[on] != nil && b.tasks[on].end() == x {
			return true
		}
		return false
	}
	if slices.ContainsFunc(t.Deps, is) {
		return true
	}
	for _, e := range t.events {
		if e.Kind == asap.Blocked && is(e.On) {
			return true
		}
	}
	if t.Event.At == x && t.Group == b.main { // the caller had awaited it
		for _, e := range b.group[b.main].events {
			if e.Kind == asap.Blocked && e.On == a.Task {
				return true
			}
		}
	}
	return false
}

// slot says why t has not got a slot from a.
func (b *book) slot(run *waterfall.Run, a, t *told, s waterfall.Step, x time.Duration) string {
	if t.at(x, asap.Started, asap.Resumed) == nil || a.at(x, asap.Blocked, asap.Ended) == nil {
		return "no slot went from one to the other"
	}
	if could := b.could(t, x); could >= x {
		return "it was not queued"
	}
	if !b.inside(run, a, s.Slot) || !b.inside(run, t, s.Slot) {
		return "the limit is not that of both"
	}
	n := 0
	for _, o := range b.tasks {
		if o.runs(x-1, x) && b.inside(run, o, s.Slot) {
			n++
		}
	}
	if n != s.Slot.Limit {
		return fmt.Sprintf("%d bodies of that limit of %d ran before", n, s.Slot.Limit)
	}
	return ""
}

// inside tells whether a body of t needs a slot of the limit.
func (b *book) inside(run *waterfall.Run, t *told, l waterfall.Slot) bool {
	var of *waterfall.Task
	for i := range run.Tasks {
		name, _, _ := strings.Cut(run.Tasks[i].Name, "#")
		if name == t.Name && run.Tasks[i].Start() == t.Event.At && run.Tasks[i].End() == t.end() {
			of = &run.Tasks[i]
		}
	}
	number := of.Shared
	for n := 0; of != nil && n < 100; n++ {
		var group *waterfall.Group
		for i := range run.Groups {
			if run.Groups[i].ID == of.Group {
				group = &run.Groups[i]
			}
		}
		if number == 0 {
			number = of.Shared
		}
		if number == 0 {
			number = group.Shared
		}
		if l.Of != 0 && (group.ID == l.Of || of.Parent == l.Of && of.ID != l.Of) {
			return true
		}
		up := of.Parent
		of = nil
		for i := range run.Tasks {
			if run.Tasks[i].ID == up {
				of = &run.Tasks[i]
			}
		}
	}
	return l.Shared > 0 && l.Shared == number
}
