package asap

import (
	"context"

	"github.com/asap-go/asap/internal/engine"
)

// Race starts all the functions at once and returns a task with the value of
// the first that succeeds. It fails only if all fail, with all their errors in
// argument order, each under the name of the task and the index: mirror[1].
//
// The contexts of the others are canceled when the race is decided. The winner's
// lives until the group ends, as that of any task: a body that it has begun to
// read can be read to its end. If the winner has asked for Done, or derived a
// context, that leaves a registration in the group until then: who races for ever
// makes a group for each race.
//
// The functions are bodies: each counts for a [Limit], and one that has not
// started when the race is decided never does. A Race takes no options: with a
// condition or a limit of time it is the body of a task, which makes a group for it.
// What a function opens that comes second is closed by [Task.Undo].
func (g *Group) Race[T any](name string, fns ...func(context.Context) (T, error)) *Task[T] {
	g.check("Race")
	checkRace(len(fns), name)
	for _, fn := range fns {
		checkFunc(fn == nil, "Race", name)
	}
	r := newRace[T](&g.core, name, nil, len(fns))
	for i := range r.entrants {
		r.entrants[i].fn = fns[i]
	}
	if !g.core.StartRace(&r.node, r.state, len(fns)) {
		r.entrants = nil
	}
	return &r.Task
}

// Race is [Group.Race] of functions that need the value of t: they start when t
// has succeeded.
func (t *Task[T]) Race[U any](name string, fns ...func(context.Context, T) (U, error)) *Task[U] {
	dep := checkTask(t, "Race")
	checkRace(len(fns), name)
	for _, fn := range fns {
		checkFunc(fn == nil, "Race", name)
	}
	in := &raceInputs{on: []*engine.Node{dep}, values: func() []any { return []any{t.value} }}
	r := newRace[U](engine.GroupOf(dep), name, in, len(fns))
	for i := range r.entrants {
		r.entrants[i].fn = func(ctx context.Context) (U, error) { return fns[i](ctx, t.value) }
		in.fns = append(in.fns, fns[i])
	}
	r.startAfter()
	return &r.Task
}

// raceInputs are the tasks that a Race needs. Its functions share it.
type raceInputs struct {
	on     []*engine.Node
	edges  []engine.Edge
	fns    []any        // the user's functions, which take the values as arguments
	values func() []any // when the tasks are done
}

type raceTask[T any] struct {
	Task[T]
	state    *engine.RaceState
	entrants []raceEntrant[T]
	in       *raceInputs // nil without, and when it is done
}

func newRace[T any](g *engine.Group, name string, in *raceInputs, k int) *raceTask[T] {
	r := &raceTask[T]{state: new(engine.RaceState), entrants: make([]raceEntrant[T], k), in: in}
	engine.Init(&r.node, g, name, r, engine.Inline|engine.Race)
	for i := range r.entrants {
		e := &r.entrants[i]
		e.of, e.index, e.in = r, i, in
		engine.InitPart(&e.node, &r.node, e, engine.Entrant)
	}
	return r
}

// startAfter declares a Race that has inputs.
func (r *raceTask[T]) startAfter() {
	r.in.edges = make([]engine.Edge, len(r.in.on))
	engine.GroupOf(&r.node).StartAfterAll(&r.node, r.in.edges)
}

// Inline starts the functions, when the inputs are there.
func (r *raceTask[T]) Inline() (parts engine.Chain, done bool, err error) {
	parts = engine.GroupOf(&r.node).Enter(&r.node, r.state, len(r.entrants))
	return parts, false, nil
}

func (r *raceTask[T]) Dep(i int) *engine.Node {
	if r.state.HasStarted() {
		return r.Function(i)
	}
	return r.Input(i)
}

func (r *raceTask[T]) Input(i int) *engine.Node { return r.in.at(i) }

// at returns the i-th input. Of none there is none.
func (in *raceInputs) at(i int) *engine.Node {
	if in != nil && i < len(in.on) {
		return in.on[i]
	}
	return nil
}

func (r *raceTask[T]) Function(i int) *engine.Node {
	if i < len(r.entrants) {
		return &r.entrants[i].node
	}
	return nil
}

func (r *raceTask[T]) Race() *engine.RaceState    { return r.state }
func (r *raceTask[T]) Call(context.Context) error { return nil }
func (r *raceTask[T]) Drop(bool) {
	r.in = nil
	if !r.state.HasStarted() {
		r.entrants = nil
	}
}

// raceEntrant is one function's body. Its Task keeps the value.
type raceEntrant[T any] struct {
	Task[T]
	noDeps
	of    *raceTask[T]
	index int
	fn    func(context.Context) (T, error)
	in    *raceInputs
}

func (e *raceEntrant[T]) Call(ctx context.Context) error {
	v, err := e.fn(ctx)
	if err == nil {
		e.keep(v)
	}
	return err
}

func (e *raceEntrant[T]) Drop(failed bool) {
	e.fn, e.in = nil, nil
	if failed {
		e.forget()
		return
	}
	if e.of.state.IsLostBy(e.index) {
		engine.Lose(&e.node, e.value)
	}
	var zero T
	e.value = zero // the winner's is the Race's by now
}

func (e *raceEntrant[T]) Fill(c *engine.Call) {
	c.Func, c.Out = e.fn, &e.value
	if e.in != nil {
		c.Func, c.In = e.in.fns[e.index], e.in.values()
	}
}
func (e *raceEntrant[T]) Input(i int) *engine.Node   { return e.in.at(i) }
func (e *raceEntrant[T]) Race() *engine.RaceState    { return e.of.state }
func (e *raceEntrant[T]) Whole() (*engine.Node, int) { return &e.of.node, e.index }
func (e *raceEntrant[T]) Win()                       { e.of.value = e.value }
