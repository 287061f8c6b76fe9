package flow

import (
	"cmp"
	"context"
	"fmt"

	"github.com/asap-go/asap/internal/engine"
)

// backend is what a group of a flow has, one that is only drawn, and one whose
// bodies an Executor runs. What it has of the three says what it is; a flow in
// this process has a plan alone, which only refuses.
type backend struct {
	group   *engine.Group
	plan    *plan    // nil if the group is no flow's
	drawing *drawing // not nil if the group is only drawn
	remote  *remote  // not nil if an Executor runs the bodies
	exits   []engine.ExitHandle
}

var _ engine.Backend = (*backend)(nil)

// newBackend is the Backend of [engine.Config].
func newBackend(g *engine.Group, c *engine.Config) (engine.Backend, bool) {
	p, isFlow := c.Flow.(*plan)
	e, elsewhere := c.Executor.(Executor)
	if !isFlow && !elsewhere {
		return nil, false
	}
	var b *backend
	if isFlow {
		b = &p.backend
	} else {
		b = new(backend)
	}
	b.group = g
	if elsewhere {
		if r, ok := e.(Replayer); ok && c.Tellers != nil {
			quieten(r, c)
		}
		b.remote = newRemote(b, e)
		if isFlow && p.running != nil {
			p.running.on(e)
		}
	}
	return b, elsewhere || b.drawing != nil
}

func (b *backend) Refuse(call string, n *engine.Node) {
	if b.plan != nil {
		b.plan.refuseCall(call, n)
	}
}

func (b *backend) Undoes(n *engine.Node, fn any) (tag int, noted bool) {
	if b.plan != nil {
		b.plan.refuseRecorded("Undo", n)
	}
	switch {
	case b.remote != nil && b.remote.isAtWork():
		panic("asap: Undo of task " + engine.Name(n) + " inside a body that runs on another engine; declare it in the flow's function")
	case b.drawing != nil:
		b.drawing.addUndo(n, fn)
		return 0, false
	case b.remote != nil:
		return b.remote.addUndo(n, fn), true
	}
	return 0, true
}

func (b *backend) UndoElsewhere(todo []engine.UndoStep) { b.remote.undo(todo) }

func (b *backend) Declaring(n *engine.Node) {
	if b.remote != nil && b.remote.isAtWork() {
		panic("asap: task " + engine.Name(n) + " declared inside a body that runs on another engine; declare it before Wait")
	}
	if b.plan != nil {
		b.plan.refuseRecorded("declaring", n)
	}
	if b.remote != nil {
		b.remote.refuseWithoutClock(n)
	}
}

func (b *backend) Counted(n *engine.Node) {
	if b.plan == nil || b.drawing != nil || b.remote != nil {
		return
	}
	b.plan.note(n)
	if s := signalOf(n); s != nil && b.plan.running != nil {
		b.plan.running.declare(s)
	}
}

// Label numbers the names that are not unique.
func (b *backend) Label(n *engine.Node) string {
	switch {
	case b.remote != nil:
		whole := engine.WholeOf(n)
		if c, ok := engine.Backing(cmp.Or(whole, n)).(*remoteCall); ok {
			return c.numbered.label(n, whole)
		}
	case b.plan != nil && b.drawing == nil:
		return b.plan.label(n)
	}
	return ""
}

// tracker is who knows how far the tasks of a run with a handle are, nil without one.
func (b *backend) tracker() *tracker {
	if b.plan == nil || b.plan.running == nil || b.drawing != nil {
		return nil
	}
	return b.plan.running.tracker
}

func (b *backend) Numbered(n *engine.Node, number uint32) {
	if t := b.tracker(); t != nil {
		t.numbered(n, number)
	}
}

func (b *backend) Declared(n, of *engine.Node, index int) bool {
	if t := b.tracker(); t != nil {
		t.declared(n, of, index)
	}
	switch {
	case b.drawing != nil:
		b.drawing.add(n)
		return false
	case b.remote == nil:
	case of == nil:
		b.remote.declared(n)
	default:
		b.remote.declaredPart(n, of, index)
	}
	return true
}

func (b *backend) Holds(n *engine.Node) bool { return b.plan != nil && b.plan.holds(n) }

func (b *backend) Await(ctx context.Context, n, by *engine.Node) (waited bool, err error) {
	if err := b.refuseAwait(ctx, n, by); err != nil {
		return false, err
	}
	if b.remote == nil || engine.IsDone(n) {
		return false, nil
	}
	defer engine.ReportOutside(n, by)()
	return true, b.remote.await(ctx, n)
}

// refuseAwait is the error of a wait for n that a flow's definition, or a body
// on another engine, must not make.
func (b *backend) refuseAwait(ctx context.Context, n, by *engine.Node) error {
	if b.plan != nil {
		if err := b.plan.refuseAwait(n, by); err != nil {
			return err
		}
	}
	name := engine.Label(n)
	if body, ok := ctx.Value(remoteKey{}).(string); ok {
		return fmt.Errorf("asap: task %s awaits task %s inside its body, which runs on another engine; declare it with Needs(%s) and read it with Get",
			body, name, name)
	}
	if b.plan != nil && b.plan.isRecorded() {
		return b.plan.elsewhere("await", n)
	}
	if b.remote != nil && b.remote.isAtWork() {
		return fmt.Errorf("asap: task %s awaited inside a body that runs on another engine; declare it with Needs(%s) and read it with Get",
			name, name)
	}
	return nil
}

func (b *backend) Dispatch(ready engine.Chain) {
	if b.remote != nil {
		b.remote.dispatch(ready)
	}
}

func (b *backend) Drive() {
	if b.remote != nil {
		b.remote.drive(func() bool { return false })
	}
}

func (b *backend) Cancel(cause error) {
	if b.remote != nil {
		b.remote.cancel(cause)
	}
}

func (b *backend) Decided(race *engine.Node) {
	if b.remote != nil {
		b.remote.lose(race)
	}
}

func (b *backend) RefuseShared(task string) {
	switch {
	case b.remote == nil:
	case task == "":
		panic("asap: SharedLimit in a group with On: its bodies run on another engine; give the workers there a limit")
	default:
		panic("asap: task " + task + " with SharedLimit, whose body runs on another engine; give the workers there a limit")
	}
}

// KeepExit numbers the exits of a group whose bodies run elsewhere.
func (b *backend) KeepExit(e engine.ExitHandle) {
	if b.drawing != nil {
		b.plan.refuseRecorded("NewExit", nil)
	}
	if b.drawing != nil || b.remote != nil {
		b.exits = append(b.exits, e)
	}
}
