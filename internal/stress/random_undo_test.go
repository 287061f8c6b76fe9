package stress_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"

	"github.com/asap-go/asap"
)

var undosFlag = flag.Float64("undos", .5, "weight of undos, in graphs without limits")

// undoCall is one call of an undo.
type undoCall struct {
	task  *task
	value uint64
	own   bool // the value is the task's
}

// undoes reports whether t has an undo, by chances of its own. Not under a limit: an
// undo moves the moment in which a body goes on behind others of the same instant.
func (g *graph) undoes(t *task) bool {
	if g.limited || *undosFlag <= 0 || rand.New(rand.NewPCG(g.seed, 0x0d0)).Float64() >= *undosFlag {
		return false
	}
	return rand.New(rand.NewPCG(g.seed, uint64(t.id))).Float64() < .8
}

// undo declares one for h, if the group has not ended meanwhile.
func (r *run) undo(t *task, h any) {
	if !r.g.undoes(t) {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			if text, ok := v.(string); !ok || !strings.Contains(text, "after the end of its group") {
				panic(v)
			}
		}
	}()
	switch h := h.(type) {
	case *asap.Task[uint64]:
		undoOf(r, t, h)
	case *asap.Task[struct{}]:
		undoOf(r, t, h)
	case *asap.Task[asap.Result[uint64]]:
		undoOf(r, t, h)
	case *asap.Task[[]uint64]:
		undoOf(r, t, h)
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hasUndo[t.id] = true
}

func undoOf[T any](r *run, t *task, h *asap.Task[T]) {
	h.Undo(func(_ context.Context, v T) error {
		d := digest(r, v)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.undos[t.scope] = append(r.undos[t.scope], undoCall{task: t, value: d})
		return nil
	})
}

// undone checks what the group of that number has undone (R42): all that has succeeded
// or nothing of it, by how it has ended, each once, what depends on a task before it;
// and besides what was lost in Races and after an exit.
func (c *checker) undone(id int) {
	list := c.undos[id]
	place := make(map[*task]int)
	for i := range list {
		u := &list[i]
		v, err, ended := c.outcome(u.task)
		u.own = ended && err == nil && v == u.value
		switch {
		case u.own && place[u.task] > 0:
			c.bad("group g%d: task %s undone twice (R42)", id, u.task.name())
		case u.own:
			place[u.task] = i + 1
		case u.task.kind == kRace, errors.Is(err, asap.ErrExited):
		default:
			c.bad("group g%d: undone %x of task %s, which has %x, %v (R42)", id, u.value, u.task.name(), v, err)
		}
	}
	for i, u := range list {
		for k, w := range list {
			if i < k && !u.own && !w.own && u.task == w.task && u.value == w.value && u.task.kind == kRace {
				c.bad("group g%d: a value of %s undone twice (R42)", id, u.task.name())
			}
		}
	}
	all, known := c.undoesAll(id)
	for t, h := range c.handles {
		task := c.g.tasks[t]
		if h == nil || task.scope != id || !c.hasUndo[t] || task.leftOut {
			continue
		}
		_, err, ended := c.outcome(task)
		has := place[task] > 0
		if !known && ended && err == nil {
			all, known = has, true
		}
		if ended && has != (all && err == nil) {
			c.bad("group g%d: task %s undone %t, want %t (R42)", id, task.name(), has, all && err == nil)
		}
		if task.within > 0 && !c.ran(task) { // an Optional that was late needed nothing
			continue
		}
		for _, e := range task.edges() {
			if d := place[e.on]; has && d > 0 && d < place[task] && c.hasUndo[e.on.id] {
				c.bad("group g%d: task %s undone before %s, which needs it (R42)", id, e.on.name(), task.name())
			}
		}
	}
}

// undoesAll reports whether the group has to undo what has succeeded in it, if that is
// known of it.
func (c *checker) undoesAll(id int) (all, known bool) {
	err := c.errs[id]
	if c.raises[id].Load() > 0 {
		return true, true
	}
	if c.waited[id] {
		return false, true
	}
	ge, ok := err.(*asap.GroupError)
	switch {
	case err == nil:
		return false, false
	case ok && c.g.scopes[id].settled:
		return ge.Cause != nil, true
	case ok:
		return true, true
	}
	_, panicked := errors.AsType[*asap.PanicError](err)
	return panicked, panicked || errors.Is(err, asap.ErrExited)
}
