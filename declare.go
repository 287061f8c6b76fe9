package asap

//go:generate go run ./internal/andgen and_gen.go

import (
	"context"
	"fmt"
)

// start declares a node without dependencies.
func (g *Group) start(n *node) {
	if g.admitted(n) {
		g.resumeReady(n)
	}
}

// admitted counts n in, and settles it as skipped when no body starts any
// more. It reports true when n is to be started or linked.
func (g *Group) admitted(n *node) bool {
	g.enter(n.name)
	if g.lim != nil {
		n.kind |= kind(g.lim.top.declared.Add(1)) << orderShift
	}
	if !g.plain && !g.announce(n) {
		return false
	}
	if !g.hasEnded() {
		return true
	}
	n.pending = dead
	g.resume(n, false)
	return false
}

// announce tells whoever wants to know of a new node. It reports false when n
// is only to be drawn.
func (g *Group) announce(n *node) bool {
	if g.plan != nil && g.plan.drawing {
		g.plan.add(n)
		return false
	}
	if g.remote != nil {
		g.remote.declared(n)
	}
	if g.watch != nil {
		g.watch.declared(n)
	}
	return true
}

// startAfter declares a node with one dependency.
func (g *Group) startAfter(n, dep *node, e *edge) {
	n.pending = one
	if !g.admitted(n) || dep.link(e, n) {
		return
	}
	if dep.failure() == nil {
		n.pending = 0
		g.resumeReady(n)
	} else {
		n.pending = dead
		g.resume(n, false)
	}
}

// resumeReady starts a node that nothing holds back any more.
func (g *Group) resumeReady(n *node) {
	switch {
	case !g.plain || n.kind&inline != 0:
		g.resume(n, true)
	case g.lim == nil:
		g.pushOne(n)
	default:
		g.push(g.admit(chain{n, n}))
	}
}

// startAfterAll declares a node with several dependencies, linked by edges. It
// holds the node until all are linked.
func (g *Group) startAfterAll(n *node, edges []edge) {
	n.pending = uint32(len(edges))*one + hold
	if !g.admitted(n) {
		return
	}
	for i := range edges {
		dep := n.body.dep(i)
		if dep.link(&edges[i], n) {
			continue
		}
		if dep.failure() != nil {
			n.kill()
			break
		}
		n.arrived()
	}
	n.release()
}

// release takes a hold back and does what it has kept from happening.
func (n *node) release() {
	switch start, skip := n.unpin(); {
	case start:
		n.group.resumeReady(n)
	case skip:
		n.group.resume(n, false)
	}
}

// init fills in what every node has.
func (n *node) init(g *Group, name string, b body, k kind) {
	n.group, n.name, n.body, n.kind = g, name, b, k
}

func checkFunc(isNil bool, call, name string) {
	if isNil {
		panic("asap: task " + name + ": " + call + " with a nil function; pass one that is its body")
	}
}

// checkTask returns the node of a task that a call is made on.
func checkTask[T any](t *Task[T], call string) *node { return checkArg(t, call, "") }

// checkArg returns the node of a task that is given to a call of another one.
func checkArg[T any](t *Task[T], call, task string) *node {
	if t == nil {
		if task != "" {
			call += " of task " + task
		}
		panic("asap: " + call + " with a nil Task; make one with Group.Go")
	}
	if t.node.group == nil {
		panic("asap: " + call + " of a zero Task; make one with Group.Go")
	}
	return &t.node
}

func checkGroup(g *Group, n *node, call, name string) {
	if n.group != g {
		panic(fmt.Sprintf("asap: %s of task %s with task %s of another group; bring it in with Go(%q, task.Await)", call, name, n.label(), n.label()))
	}
}

// noDeps is the part of a record without dependencies.
type noDeps struct{}

func (noDeps) dep(int) *node { return nil }

var _ context.Context = (*node)(nil)
