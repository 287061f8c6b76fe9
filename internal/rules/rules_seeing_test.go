package rules_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap"
)

// tape keeps the events, and checks the contract of Observer while they come.
type tape struct {
	t      *testing.T
	mu     sync.Mutex
	events []asap.Event
	names  map[asap.ID]string
	last   map[asap.ID]asap.Kind // of each task
	waits  map[asap.ID]bool      // groups with a wait of their own
	at     map[asap.ID]time.Duration
	start  func(context.Context, asap.Event) context.Context
}

func newTape(t *testing.T) *tape {
	return &tape{t: t, names: make(map[asap.ID]string), last: make(map[asap.ID]asap.Kind), at: make(map[asap.ID]time.Duration), waits: make(map[asap.ID]bool)}
}

func (p *tape) Start(ctx context.Context, e asap.Event) context.Context {
	if e.Kind != asap.GroupStart && e.Kind != asap.Started {
		p.t.Errorf("Start with a %v", e.Kind)
	}
	if p.start != nil {
		return p.start(ctx, e)
	}
	return ctx
}

// wait takes a wait of the group's own, between its start and its end.
func (p *tape) wait(e asap.Event) {
	if waits := e.Kind == asap.Blocked; waits == p.waits[e.Group] || p.last[e.Group] != asap.GroupStart {
		p.t.Errorf("%s: a wait of the group is %v out of order", e.Name, e.Kind)
	}
	p.waits[e.Group] = e.Kind == asap.Blocked
}

func (p *tape) Observe(e asap.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
	id := e.Task
	if id == 0 {
		id = e.Group
	}
	p.names[id] = e.Name
	if e.Task == 0 && (e.Kind == asap.Blocked || e.Kind == asap.Resumed) {
		p.wait(e)
		return
	}
	after := map[asap.Kind][]asap.Kind{
		asap.GroupStart: {0},
		asap.Declared:   {0},
		asap.Ready:      {asap.Declared},
		asap.Started:    {asap.Ready},
		asap.Blocked:    {asap.Started, asap.Resumed},
		asap.Resumed:    {asap.Blocked},
		asap.Ended:      {asap.Declared, asap.Ready, asap.Started, asap.Resumed},
		asap.GroupEnd:   {asap.GroupStart},
	}
	if !slices.Contains(after[e.Kind], p.last[id]) {
		p.t.Errorf("%s: %v after %v", e.Name, e.Kind, p.last[id])
	}
	began := slices.Contains([]asap.Kind{asap.Started, asap.Blocked, asap.Resumed}, p.last[id])
	if began && e.At < p.at[id] { // before that, who makes a task ready may have read the clock early
		p.t.Errorf("%s: %v at %v, after %v", e.Name, e.Kind, e.At, p.at[id])
	}
	p.last[id], p.at[id] = e.Kind, e.At
	if e.Task != 0 && p.last[e.Group] != asap.GroupStart {
		p.t.Errorf("%s: %v outside its group's GroupStart and GroupEnd", e.Name, e.Kind)
	}
	for _, dep := range e.Deps {
		if p.last[dep] == 0 {
			p.t.Errorf("%s: the dependency %d was not declared", e.Name, dep)
		}
	}
	if e.Kind == asap.Ready && e.On != 0 && p.last[e.On] != asap.Ended {
		p.t.Errorf("%s is Ready before %s has Ended", e.Name, p.names[e.On])
	}
	if (e.Outcome != 0) != (e.Kind == asap.Ended || e.Kind == asap.GroupEnd) {
		p.t.Errorf("%s: %v with outcome %v", e.Name, e.Kind, e.Outcome)
	}
}

// of returns the events of one name as text.
func (p *tape) of(name string) (lines []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Name != name {
			continue
		}
		s := fmt.Sprint(e.At, " ", e.Kind)
		for _, d := range e.Deps {
			s += " " + p.names[d]
		}
		if e.On != 0 {
			s += " on " + p.names[e.On]
		}
		if e.Outcome != 0 {
			s += " " + e.Outcome.String()
		}
		lines = append(lines, s)
	}
	return lines
}

func (p *tape) check(name string, want ...string) {
	p.t.Helper()
	if got := p.of(name); !slices.Equal(got, want) {
		p.t.Errorf("events of %q:\n\t%q\nwant\n\t%q", name, got, want)
	}
}

func (p *tape) complete() {
	p.t.Helper()
	for id, kind := range p.last {
		if kind != asap.Ended && kind != asap.GroupEnd {
			p.t.Errorf("%s ends with a %v", p.names[id], kind)
		}
	}
}

func TestR24_Observer(t *testing.T) {
	virtual(t, "instants, dependencies and waits", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Name("page"), asap.Observe(p))
		user := g.Go("user", after(sec, 1))
		config := g.Go("config", after(10*sec, 2))
		profile := user.Then("profile", func(_ context.Context, v int) (int, error) { time.Sleep(2 * sec); return v, nil })
		user.And(config).Do("both", func(context.Context, int, int) error { return nil })
		g.Go("analytics", func(ctx context.Context) (int, error) {
			profile.Await(ctx)
			soft, cancel := context.WithTimeout(ctx, sec)
			defer cancel()
			config.Await(soft)
			return 1, nil
		})
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("user", "0s Declared", "0s Ready", "0s Started", "1s Ended Succeeded")
		p.check("profile", "0s Declared user", "1s Ready on user", "1s Started", "3s Ended Succeeded")
		p.check("both", "0s Declared user config", "10s Ready on config", "10s Started", "10s Ended Succeeded")
		p.check("analytics", "0s Declared", "0s Ready", "0s Started", "0s Blocked on profile", "3s Resumed",
			"3s Blocked on config", "4s Resumed", "4s Ended Succeeded")
		p.check("page", "0s GroupStart", "10s GroupEnd Succeeded")
	})
	virtual(t, "outcomes", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Settled(), asap.Observe(p))
		bad := g.Go("bad", fails(sec, errBoom))
		bad.Then("skipped", never1[int](t))
		g.Optional("optional", fails(sec, errBoom))
		g.Race("race", after(sec, 1), obeys)
		g.Gather("gather", bad)
		g.Map("map", g.Input("in", []int{1, 2}), func(context.Context, int) (int, error) { return 1, nil })
		wantFailed(t, g.Wait(), "bad")
		p.complete()
		p.check("bad", "0s Declared", "0s Ready", "0s Started", "1s Ended Failed")
		p.check("skipped", "0s Declared bad", "1s Ended Skipped")
		p.check("optional", "0s Declared", "0s Ready", "0s Started", "1s Ended Tolerated")
		p.check("race[0]", "0s Declared", "0s Ready", "0s Started", "1s Ended Succeeded")
		p.check("race[1]", "0s Declared", "0s Ready", "0s Started", "1s Ended Canceled")
		p.check("gather", "0s Declared bad", "1s Ended Skipped")
		p.check("map[1]", "0s Declared", "0s Ready", "0s Started", "0s Ended Succeeded")
		if last := p.events[len(p.events)-1]; last.Kind != asap.GroupEnd || last.Outcome != asap.Failed || !errors.Is(last.Err, errBoom) {
			t.Errorf("the last event: %+v, want GroupEnd Failed with the error of Wait", last)
		}
		for name, die := range dying {
			p := newTape(t)
			g := asap.New(t.Context(), asap.Name("g"), asap.Observe(p))
			g.Do("dead", func(context.Context) error { time.Sleep(sec); die(); return nil })
			g.Go("victim", obeys)
			ended(g.Wait)
			p.complete()
			want := map[string]string{"panic": "Panicked", "Goexit": "Goexited"}[name]
			p.check("dead", "0s Declared", "0s Ready", "0s Started", "1s Ended "+want)
			p.check("victim", "0s Declared", "0s Ready", "0s Started", "1s Ended Canceled")
			p.check("g", "0s GroupStart", "1s GroupEnd "+want)
		}
		p = newTape(t)
		g = asap.New(t.Context(), asap.Name("g"), asap.Observe(p))
		hit := g.NewExit[int]()
		g.Do("hit", func(context.Context) error { time.Sleep(sec); return hit.With(1) })
		g.Go("rest", obeys)
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("hit", "0s Declared", "0s Ready", "0s Started", "1s Ended Exited")
		p.check("rest", "0s Declared", "0s Ready", "0s Started", "1s Ended Exited")
		p.check("g", "0s GroupStart", "1s GroupEnd Exited")
	})
	virtual(t, "a body whose goroutines wait at once is blocked on one after the other", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(p))
		a, b, c := g.Go("a", after(2*sec, 1)), g.Go("b", after(3*sec, 1)), g.Go("c", after(4*sec, 1))
		g.Do("waits", func(ctx context.Context) error {
			var all sync.WaitGroup
			for i, task := range []*asap.Task[int]{a, b, c} {
				all.Go(func() {
					time.Sleep(time.Duration(3-i) * sec / 2) // c at .5 s, b at 1 s, a at 1.5 s
					task.Await(ctx)
				})
			}
			time.Sleep(sec / 2)
			soft, cancel := context.WithTimeout(ctx, 3*sec)
			defer cancel()
			c.Await(soft) // to 3.5 s
			all.Wait()
			return nil
		})
		g.Do("hands over", func(ctx context.Context) error {
			var all sync.WaitGroup
			all.Go(func() { a.Await(ctx) })
			time.Sleep(sec)
			all.Go(func() { b.Await(ctx) })
			time.Sleep(sec / 2)
			c.Await(ctx)
			all.Wait()
			return nil
		})
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("waits", "0s Declared", "0s Ready", "0s Started", "500ms Blocked on c", "4s Resumed", "4s Ended Succeeded")
		p.check("hands over", "0s Declared", "0s Ready", "0s Started", "0s Blocked on a", "2s Resumed",
			"2s Blocked on b", "3s Resumed", "3s Blocked on c", "4s Resumed", "4s Ended Succeeded")
	})
	virtual(t, "queued for a slot", func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Limit(1), asap.Observe(p))
		a := g.Go("a", after(sec, 1))
		g.Go("b", after(sec, 1))
		a.Then("c", inc)
		wantNil(t, "Wait", g.Wait())
		p.complete()
		p.check("b", "0s Declared", "0s Ready", "1s Started", "2s Ended Succeeded")
		p.check("c", "0s Declared a", "1s Ready on a", "1s Started", "1s Ended Succeeded")
	})
	virtual(t, "nested groups report to the enclosing observers as well", func(t *testing.T) {
		p, q := newTape(t), newTape(t)
		g := asap.New(t.Context(), asap.Name("outer"), asap.Observe(p))
		g.Do("task", func(ctx context.Context) error {
			time.Sleep(sec)
			nested := asap.New(ctx, asap.Name("inner"), asap.Observe(q))
			nested.Go("in", after(sec, 1))
			return nested.Wait()
		})
		wantNil(t, "Wait", g.Wait())
		p.complete()
		q.complete()
		for _, tape := range []*tape{p, q} {
			tape.check("in", "1s Declared", "1s Ready", "1s Started", "2s Ended Succeeded")
			tape.check("inner", "1s GroupStart", "2s GroupEnd Succeeded")
		}
		p.check("task", "0s Declared", "0s Ready", "0s Started", "1s Blocked on inner", "2s Resumed", "2s Ended Succeeded")
		q.check("task")
		var task, parent asap.ID
		for _, e := range p.events {
			switch {
			case e.Name == "task":
				task = e.Task
			case e.Name == "inner" && e.Kind == asap.GroupStart:
				parent = e.Parent
			}
		}
		if task == 0 || parent != task {
			t.Errorf("the parent of the nested group: %d, want %d, the task", parent, task)
		}
	})
	virtual(t, "Start's context", func(t *testing.T) {
		p := newTape(t)
		type span struct{}
		p.start = func(ctx context.Context, e asap.Event) context.Context {
			outer, _ := ctx.Value(span{}).(string)
			return context.WithValue(ctx, span{}, outer+"/"+e.Name)
		}
		g := asap.New(t.Context(), asap.Name("g"), asap.Limit(1), asap.Observe(p), asap.Observe(newTape(t)))
		slow := g.Go("slow", after(sec, 1))
		open := make(gate)
		var self *asap.Task[int]
		self = g.Go("self", func(ctx context.Context) (int, error) {
			<-open
			if got := ctx.Value(span{}); got != "/g/self" {
				t.Errorf("Value of the observer's key in a body: %v, want /g/self", got)
			}
			nested := asap.New(ctx, asap.Name("n"))
			nested.Do("in", func(ctx context.Context) error {
				if got := ctx.Value(span{}); got != "/g/self/n/in" {
					t.Errorf("Value of the observer's key in a nested body: %v, want /g/self/n/in", got)
				}
				return nil
			})
			if err := nested.Wait(); err != nil {
				return 0, err
			}
			if v, err := slow.Await(ctx); v != 1 || err != nil { // a hard wait, with a slot
				t.Errorf("Await: %d, %v, want 1, nil", v, err)
			}
			_, err := self.Await(ctx)
			wantCycle(t, err, "self")
			return 1, nil
		})
		close(open)
		wantNil(t, "Wait", g.Wait())
	})
	virtual(t, "a panicking observer is dropped, the others see the rest", func(t *testing.T) {
		for _, when := range []asap.Kind{asap.GroupStart, asap.Declared, asap.Ready, asap.Started, asap.Blocked, asap.Resumed, asap.Ended, asap.GroupEnd} {
			p, broken := newTape(t), &broken{when: when}
			g := asap.New(t.Context(), asap.Observe(broken), asap.Observe(p), asap.Observe(nil))
			a := g.Go("a", after(sec, 1))
			synctest.Wait() // a call for b at the instant of the panic would not be one after it
			g.Go("b", a.Await)
			wantNil(t, "Wait", g.Wait())
			p.complete()
			if len(p.events) < 10 {
				t.Errorf("observer beside one that panics at %v: %d events, want 10", when, len(p.events))
			}
			if broken.after != 0 {
				t.Errorf("the observer that panicked at %v was called %d times more", when, broken.after)
			}
		}
	})
	virtual(t, "no lock is held", func(t *testing.T) {
		// An observer that itself uses the group does not hang.
		p := newTape(t)
		var g *asap.Group
		other := asap.New(t.Context())
		slow := other.Go("slow", after(sec, 1))
		dead, cancel := context.WithCancel(context.Background())
		cancel()
		p.start = func(ctx context.Context, e asap.Event) context.Context {
			slow.Await(dead)
			if e.Kind == asap.Started {
				g.Input("in", 1)
			}
			return ctx
		}
		g = asap.New(t.Context(), asap.Limit(1), asap.Observe(p))
		a := g.Go("a", after(sec, 1))
		for range 5 {
			g.Go("b", a.Await)
		}
		wantNil(t, "Wait", g.Wait())
		wantNil(t, "Wait", other.Wait())
		p.complete()
	})
	t.Run("names", func(t *testing.T) {
		for want, s := range map[string]fmt.Stringer{
			"GroupStart": asap.GroupStart, "GroupEnd": asap.GroupEnd, "Kind(99)": asap.Kind(99), "Kind(0)": asap.Kind(0),
			"Succeeded": asap.Succeeded, "Goexited": asap.Goexited, "Outcome(99)": asap.Outcome(99),
		} {
			if got := s.String(); got != want {
				t.Errorf("String: %s, want %s", got, want)
			}
		}
	})
}

type broken struct {
	when  asap.Kind
	mu    sync.Mutex
	done  bool
	after int
}

func (b *broken) Start(ctx context.Context, _ asap.Event) context.Context { return ctx }
func (b *broken) Observe(e asap.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		b.after++
	}
	if e.Kind == b.when {
		b.done = true
		panic("broken observer")
	}
}

// A task without dependencies and options is ready at the instant of its declaration: no clock is
// asked again, and what its observers take is no time between the two.
func TestR24_ReadyWhenDeclared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTape(t)
		g := asap.New(t.Context(), asap.Observe(slowTape{p, asap.Declared, time.Millisecond}))
		g.Go("go", func(context.Context) (int, error) { return 0, nil })
		g.Do("do", func(context.Context) error { return nil })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		declared := make(map[asap.ID]time.Duration)
		for _, e := range p.events {
			switch e.Kind {
			case asap.Declared:
				declared[e.Task] = e.At
			case asap.Ready:
				if e.At != declared[e.Task] {
					t.Errorf("%s was declared at %v and ready at %v, want the same instant", e.Name, declared[e.Task], e.At)
				}
			}
		}
		if len(declared) != 2 {
			t.Errorf("%d tasks were declared, want 2", len(declared))
		}
	})
}
