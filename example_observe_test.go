package asap_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/asap-go/asap"
)

// tally is an observer that counts, and keeps how tasks ended. Calls for
// different tasks come at the same time, so it locks.
type tally struct {
	mu    sync.Mutex
	kinds map[asap.Kind]int
	ended []string
	group string // what it was made with
	races int
}

// Start could return a context with a trace span; it must derive from ctx.
func (y *tally) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

func (y *tally) Observe(e asap.Event) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.kinds == nil {
		y.kinds = make(map[asap.Kind]int)
	}
	y.kinds[e.Kind]++
	if e.Kind == asap.GroupStart {
		y.group = fmt.Sprintf("limit %d, settled %v", e.Limit, e.Settled)
	}
	if e.Race {
		y.races++
	}
	if e.Kind == asap.Ended {
		y.ended = append(y.ended, fmt.Sprint(e.Name, " ", e.Outcome))
	}
}

func ExampleObserver() {
	var y tally
	var o asap.Observer = &y
	g := asap.New(context.Background(), asap.Observe(o), asap.Limit(2), asap.Settled())
	g.Go("user", findUser).Then("cart", findCart)
	fmt.Println(g.Wait())
	fmt.Println(y.group, "and races:", y.races)
	fmt.Println(strings.Join(y.ended, ", "))
	// Output:
	// <nil>
	// limit 2, settled true and races: 0
	// user Succeeded, cart Succeeded
}

func ExampleObserve() {
	var first, second tally // both are told; nil would be ignored
	g := asap.New(context.Background(), asap.Observe(&first), asap.Observe(&second))
	g.Go("user", findUser)
	g.Wait()
	fmt.Println(first.kinds[asap.Started], second.kinds[asap.Started])
	// Output: 1 1
}

func ExampleKind() {
	var y tally
	g := asap.New(context.Background(), asap.Observe(&y))
	g.Go("user", findUser).Then("cart", findCart).Do("pay", func(ctx context.Context, cart []string) error {
		nested := asap.New(ctx)
		return nested.Wait() // the body waits: Blocked and Resumed
	})
	g.Wait()
	for _, k := range []asap.Kind{
		asap.GroupStart, asap.Declared, asap.Ready, asap.Started, asap.Blocked, asap.Resumed, asap.Ended, asap.GroupEnd,
	} {
		fmt.Println(k.String(), y.kinds[k])
	}
	// Output:
	// GroupStart 2
	// Declared 3
	// Ready 3
	// Started 3
	// Blocked 1
	// Resumed 1
	// Ended 3
	// GroupEnd 2
}

func ExampleOutcome() {
	for _, o := range []asap.Outcome{
		asap.Succeeded, // nothing is wrong
		asap.Tolerated, // the body returned an error of its own, of an Optional for example
		asap.LeftOut,   // done without its body
		asap.Failed,    // the body returned an error of its own
		asap.Skipped,   // the body never ran
		asap.Canceled,  // the body returned an error because its context ended
		asap.Exited,    // by an early exit
		asap.Panicked,
		asap.Goexited,
	} {
		fmt.Print(o.String(), " ")
	}
	// Output: Succeeded Tolerated LeftOut Failed Skipped Canceled Exited Panicked Goexited
}

// printed writes the events that say most, in the order in which they come.
type printed struct {
	mu    sync.Mutex
	names map[asap.ID]string
}

func (p *printed) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

func (p *printed) Observe(e asap.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Task == 0 {
		p.names[e.Group] = e.Name
		fmt.Println(e.Kind, "of group", e.Name)
		return
	}
	p.names[e.Task] = e.Name
	switch e.Kind {
	case asap.Declared:
		var deps []string
		for _, d := range e.Deps {
			deps = append(deps, p.names[d])
		}
		fmt.Println(e.Name, "needs", deps, "in group", p.names[e.Group], "of no task:", e.Parent == 0)
	case asap.Ready:
		if e.On != 0 {
			fmt.Println(e.Name, "is ready because of", p.names[e.On])
		}
	case asap.Ended:
		fmt.Println(e.Name, "has", e.Outcome, "with", e.Err, "at a known time:", e.At >= 0)
	}
}

func ExampleEvent() {
	p := &printed{names: make(map[asap.ID]string)}
	g := asap.New(context.Background(), asap.Name("shop"), asap.Observe(p))
	declared := make(chan struct{})
	user := g.Go("user", func(ctx context.Context) (string, error) {
		<-declared
		return "ada", nil
	})
	user.Then("cart", findCart)
	close(declared)
	fmt.Println(g.Wait())
	// Output:
	// GroupStart of group shop
	// user needs [] in group shop of no task: true
	// cart needs [user] in group shop of no task: true
	// user has Succeeded with <nil> at a known time: true
	// cart is ready because of user
	// cart has Succeeded with <nil> at a known time: true
	// GroupEnd of group shop
	// <nil>
}

// register is an observer that keeps the name of each task.
type register struct {
	mu    sync.Mutex
	names map[asap.ID]string
}

func (r *register) Start(ctx context.Context, e asap.Event) context.Context { return ctx }

func (r *register) Observe(e asap.Event) {
	if e.Kind == asap.Declared {
		r.mu.Lock()
		r.names[e.Task] = e.Name
		r.mu.Unlock()
	}
}

// Every task of a run has an ID of its own, though names may be the same.
func ExampleID() {
	r := register{names: make(map[asap.ID]string)}
	g := asap.New(context.Background(), asap.Observe(&r))
	g.Input("price", 1)
	g.Input("price", 2)
	g.Wait()
	for _, name := range r.names {
		fmt.Println(name)
	}
	fmt.Println(len(r.names), "tasks")
	// Output:
	// price
	// price
	// 2 tasks
}
