package asap

import (
	"fmt"

	"github.com/asap-go/asap/internal/engine"
)

// What callers must not do panics at the call, with what to do instead.

func checkFunc(isNil bool, call, name string) {
	if isNil {
		panic("asap: task " + name + ": " + call + " with a nil function; pass one that is its body")
	}
}

func checkOption(isNil bool, n *engine.Node) {
	if isNil {
		panic("asap: task " + engine.Label(n) + " with a nil option; leave it out")
	}
}

func checkRace(fns int, name string) {
	if fns == 0 {
		panic("asap: task " + name + ": Race without functions; pass at least one")
	}
}

// checkTask returns the node of a task that a call is made on.
func checkTask[T any](t *Task[T], call string) *engine.Node { return checkArg(t, call, "") }

// checkArg returns the node of a task that is given to a call of another one.
func checkArg[T any](t *Task[T], call, task string) *engine.Node {
	if t == nil {
		if task != "" {
			call += " of task " + task
		}
		panic("asap: " + call + " with a nil Task; make one with Group.Go")
	}
	if engine.GroupOf(&t.node) == nil {
		panic("asap: " + call + " of a zero Task; make one with Group.Go")
	}
	return &t.node
}

func checkGroup(g *engine.Group, n *engine.Node, call, name string) {
	if engine.GroupOf(n) != g {
		panic(fmt.Sprintf("asap: %s of task %s with task %s of another group; bring it in with Go(%q, task.Await)", call, name, engine.Label(n), engine.Label(n)))
	}
}

// checkAnd panics unless u is a task of n's group. Labels are made only to say so.
func checkAnd[U any](n *engine.Node, u *Task[U]) {
	if u == nil || engine.GroupOf(&u.node) != engine.GroupOf(n) {
		checkGroup(engine.GroupOf(n), checkArg(u, "And", engine.Label(n)), "And", engine.Label(n))
	}
}
