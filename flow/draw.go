package flow

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
)

// Calls returns the bodies of the flow, one for each function that its
// definition names, as an [Executor] is asked to run them but without
// arguments, in order of declaration. An engine that runs bodies in another
// process finds them here by [Call.Body]. Calls runs no body; its errors are
// those of Graph.
func (f *Flow[In, Out]) Calls() ([]*Call, error) {
	b, err := f.draw()
	if err != nil {
		return nil, err
	}
	b.plan.building.Store(false)
	return b.calls(), nil
}

// draw calls the flow's function with a group that starts nothing.
func (f *Flow[In, Out]) draw() (*backend, error) {
	b := &newPlan(f.name).backend
	b.drawing = &drawing{index: make(map[*engine.Node]int), names: make(map[*engine.Node]string)}
	var err error
	done := make(chan struct{})
	go func() { // a Goexit of the function ends this goroutine alone
		returned := false
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("asap: flow %s: its function panicked: %v", f.name, v)
			} else if !returned {
				err = fmt.Errorf("asap: flow %s: its function called runtime.Goexit", f.name)
			}
		}()
		g := asap.New(context.Background(), b.plan, option(func(c *engine.Config) {
			b.drawing.nodeOf = c.NodeOf
			var own engine.Config
			for _, o := range f.options {
				o.Apply(&own)
			}
			c.Around = own.Around // of the rest nothing shows, or happens where a body runs
		}))
		var in In
		out := f.build(g, g.Input("input", in))
		returned = true
		switch {
		case out == nil:
			err = fmt.Errorf("asap: flow %s: its function returned no task; return the task of the result", f.name)
		case engine.GroupOf(b.drawing.nodeOf(out)) != b.group:
			err = fmt.Errorf("asap: flow %s: its function returned a task of another group; return one of the group that it was given", f.name)
		}
	}()
	<-done
	if refused := b.plan.refused(); refused != nil {
		return nil, refused
	}
	return b, err
}

// drawing is the tasks of a flow in order of declaration.
type drawing struct {
	nodeOf func(task any) *engine.Node

	mu    sync.Mutex
	nodes []*engine.Node
	undos []undo
	index map[*engine.Node]int
	names map[*engine.Node]string // of calls
}

func (d *drawing) add(n *engine.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.index[n] = len(d.nodes)
	d.nodes = append(d.nodes, n)
}

// functions yields the functions of a Race.
func functions(race *engine.Node) iter.Seq[*engine.Node] {
	return func(yield func(*engine.Node) bool) {
		body := engine.BodyOf(race).(engine.Contest)
		for i := 0; ; i++ {
			if n := body.Function(i); n == nil || !yield(n) {
				return
			}
		}
	}
}

// calls lists the bodies of a flow that was drawn.
func (b *backend) calls() []*Call {
	d := b.drawing
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*Call
	names := make(namer)
	add := func(n *engine.Node, name string) {
		c := b.call(n, name, name)
		c.In = nil
		if c.Out != nil { // nobody else's place
			c.Out = reflect.New(reflect.TypeOf(c.Out).Elem()).Interface()
		}
		list = append(list, c)
	}
	for _, n := range d.nodes {
		name := names.of(n)
		d.names[n] = name
		switch k := engine.KindOf(n); {
		case k&(engine.Given|engine.Gather|engine.Arriving) != 0:
		case k&engine.Race != 0:
			i := 0
			for fn := range functions(n) {
				add(fn, names.unique(name+"["+strconv.Itoa(i)+"]"))
				i++
			}
		default:
			add(n, name)
		}
	}
	for _, u := range d.undos {
		list = append(list, b.undoCall(u.n, u.fn, names.undo(d.names[u.n])))
	}
	return list
}

// call returns the call of n's body.
func (b *backend) call(n *engine.Node, task, body string) *Call {
	c := &Call{Flow: b.group.Name(), Task: task, Body: body, backend: b, node: n}
	if b.plan != nil {
		c.Flow = b.plan.flow
	}
	var in engine.Call
	engine.BodyOf(n).(engine.Filler).Fill(&in)
	c.Func, c.Out, c.In = in.Func, in.Out, in.In
	c.Timeout, c.Within = engine.LimitsOf(n)
	c.around = engine.WrapsOf(n)
	c.Around = len(c.around) > 0
	c.args = engine.ArgumentsOf(n)
	for _, need := range engine.NeedsOf(n) {
		if slices.Contains(c.args, need) {
			continue
		}
		at := reflect.ValueOf(b.group.Host().Place(need)).Elem()
		c.needs = append(c.needs, need)
		c.Needs = append(c.Needs, Need{b.nameOf(need), at.Type()})
		c.In = append(c.In, at.Interface())
	}
	return c
}

// nameOf is the unique name of a task.
func (b *backend) nameOf(n *engine.Node) string {
	if b.remote != nil {
		return callOf(n).name
	}
	return b.drawing.names[n]
}

// namer numbers names that come again: price, price#2.
type namer map[string]int

// of returns the name of n, which is no part of another: likes[] for a Map.
func (m namer) of(n *engine.Node) string {
	name := engine.Name(n)
	if engine.KindOf(n)&engine.Mapped != 0 {
		name += "[]"
	}
	return m.unique(name)
}

func (m namer) unique(name string) string {
	for {
		m[name]++
		if m[name] == 1 {
			return name
		}
		numbered := name + "#" + strconv.Itoa(m[name])
		if m[numbered] == 0 {
			m[numbered]++
			return numbered
		}
	}
}
