package flow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/internal/wire"
)

// undo is one undo of a task, in a group that is drawn or whose bodies an executor runs.
type undo struct {
	n  *engine.Node
	fn any
}

func (d *drawing) addUndo(n *engine.Node, fn any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.undos = append(d.undos, undo{n, fn})
}

// addUndo notes an undo, for its function and its name: they are numbered in order of
// declaration.
func (r *remote) addUndo(n *engine.Node, fn any) (tag int) {
	r.undos = append(r.undos, undo{n, fn})
	return len(r.undos) - 1
}

// undo names the undo of a task with that name: charge.undo. All tasks have theirs.
func (m namer) undo(task string) string {
	return m.unique(strings.Replace(task, "[]", "", 1) + ".undo")
}

// undoCall is the call of an undo of n.
func (b *backend) undoCall(n *engine.Node, fn any, name string) *Call {
	c := &Call{Flow: b.group.Name(), Task: name, Body: name, Func: fn, Undo: true, backend: b}
	if b.plan != nil {
		c.Flow = b.plan.flow
	}
	return c
}

// undo calls undos on the executor when nothing else is in flight. Once that is broken,
// what is left fails for it.
func (r *remote) undo(todo []engine.UndoStep) {
	names := make([]string, len(r.undos)) // as Flow.Calls has them
	for i, u := range r.undos {
		names[i] = r.names.undo(callOf(u.n).name)
	}
	times := make([]int, len(r.undos))
	for _, s := range todo {
		task := names[s.Tag]
		if k := times[s.Tag]; k > 0 { // of one more value: a Race may lose several
			task = r.names.unique(fmt.Sprintf("%s[%d]", task, k))
		}
		times[s.Tag]++
		if err := r.undoOne(&s, names[s.Tag], task); err != nil {
			r.g.Host().UndoFailed(s.Node, err)
		}
	}
}

// undoOne calls one undo, and steps the executor until it has ended.
func (r *remote) undoOne(s *engine.UndoStep, body, task string) (err error) {
	if r.broken != nil {
		return r.broken
	}
	call := r.backend.undoCall(s.Node, r.undos[s.Tag].fn, body)
	call.Task = task
	if !s.IsLost {
		s.Value = reflect.ValueOf(r.g.Host().Place(s.Node)).Elem().Interface()
	}
	call.In = []any{s.Value}
	call.Run = func(ctx context.Context) error {
		return apart(task, func() error {
			err := s.Call(context.WithoutCancel(ctx))
			ask(err)
			return err
		})
	}
	ended := false
	r.busy.Store(true)
	defer r.busy.Store(false)
	r.exec.Start(call, func(e error) {
		if ended {
			return
		}
		e, _ = wire.Lives(asked(task, e))
		ended, err = true, e
		if p, ok := e.(*asap.PanicError); ok && p.Task == task {
			err = &asap.PanicError{Task: engine.Label(s.Node), Value: p.Value, Stack: p.Stack}
		}
	})
	for !ended {
		r.fired = false
		if e := r.exec.Step(); e != nil {
			r.broken = fmt.Errorf("asap: executor: %w", e)
			return r.broken
		}
		if !ended && !r.fired && r.g.Parent().Err() == nil {
			r.broken = errors.New("asap: executor: step returned before a call was done")
			return r.broken
		}
	}
	return err
}
