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
// started when the race is decided never does.
func (g *Group) Race[T any](name string, fns ...func(context.Context) (T, error)) *Task[T] {
	g.check("Race")
	if len(fns) == 0 {
		panic("asap: task " + name + ": Race without functions; pass at least one")
	}
	for _, fn := range fns {
		checkFunc(fn == nil, "Race", name)
	}
	r := &raceTask[T]{state: new(engine.RaceState), entrants: make([]raceEntrant[T], len(fns))}
	engine.Init(&r.node, &g.core, name, r, engine.Inline|engine.Race)
	for i := range r.entrants {
		e := &r.entrants[i]
		e.of, e.index, e.fn = r, i, fns[i]
		engine.InitPart(&e.node, &r.node, e, engine.Entrant)
	}
	if !g.core.StartRace(&r.node, r.state, len(fns)) {
		r.entrants = nil
	}
	return &r.Task
}

type raceTask[T any] struct {
	Task[T]
	state    *engine.RaceState
	entrants []raceEntrant[T]
}

func (r *raceTask[T]) Dep(i int) *engine.Node {
	if i < len(r.entrants) {
		return &r.entrants[i].node
	}
	return nil
}
func (r *raceTask[T]) Call(context.Context) error { return nil }
func (r *raceTask[T]) Drop(bool)                  {}

// raceEntrant is one function's body. Its Task keeps the value.
type raceEntrant[T any] struct {
	Task[T]
	noDeps
	of    *raceTask[T]
	index int
	fn    func(context.Context) (T, error)
}

func (e *raceEntrant[T]) Call(ctx context.Context) error {
	v, err := e.fn(ctx)
	if err == nil {
		e.value = v
	}
	return err
}
func (e *raceEntrant[T]) Drop(bool) {
	var zero T
	e.fn, e.value = nil, zero // the winner's is the Race's by now
}
func (e *raceEntrant[T]) Fill(c *engine.Call)        { c.Func, c.Out = e.fn, &e.value }
func (e *raceEntrant[T]) Race() *engine.RaceState    { return e.of.state }
func (e *raceEntrant[T]) Whole() (*engine.Node, int) { return &e.of.node, e.index }
func (e *raceEntrant[T]) Win()                       { e.of.value = e.value }
