package flow

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/engine"
	"github.com/asap-go/asap/internal/wire"
)

// What happens where a body runs for an executor, in this process or elsewhere:
// its limits of time, what is around it, and the values that it may read.

// remoteKey is the key under which a body's context has the task's name while
// the body runs for an executor.
type remoteKey struct{}

// run runs a body that begins now, with left of its Within, and reads values. It
// returns when the last call of it has.
func (c *Call) run(ctx context.Context, values map[*engine.Node]any, left time.Duration, body func(context.Context) error) error {
	if c.within != nil && left <= 0 {
		return c.within // it never begins
	}
	label := c.label()
	ctx = context.WithValue(ctx, remoteKey{}, c.Task)
	ctx = engine.WithValues(ctx, label, values)
	ctx, judge, end := c.limited(ctx, left)
	defer end()
	call := func(ctx context.Context) error {
		return c.alive(func() error { return body(ctx) })
	}
	err := error(nil)
	if len(c.around) == 0 {
		err = call(ctx)
	} else {
		err = c.alive(func() error { return engine.CallWrapped(ctx, label, c.around, call, c.ends) })
	}
	if d, died := err.(*death); died {
		return d.error
	}
	if err = judge(err); hasDeath(err) {
		return wire.Return(err)
	}
	return err
}

// hasDeath reports whether there is a panic or Goexit in err.
func hasDeath(err error) bool {
	_, panicked := errors.AsType[*asap.PanicError](err)
	return panicked || errors.Is(err, asap.ErrGoexit)
}

// alive runs a part of the body apart: a panic and Goexit of it are deaths, and so is a
// panic of a method of its error.
func (c *Call) alive(part func() error) error {
	returned := false
	err := apart(c.Task, func() (err error) {
		err = part()
		ask(err)
		returned = true
		return err
	})
	if !returned {
		return &death{err}
	}
	return err
}

// ask calls the methods of the errors in err that whoever is told of it will call: the
// group, on its one goroutine, and engines. They are the user's, and what they panic with
// is to be the panic of who returned err.
func ask(err error) {
	if err == nil {
		return
	}
	for _, s := range []error{asap.ErrSkipped, asap.ErrExited, asap.ErrGoexit, context.Canceled, context.DeadlineExceeded} {
		errors.Is(err, s)
	}
	errors.AsType[*asap.PanicError](err)
}

// asked returns err, or its panic when it is asked.
func asked(task string, err error) (out error) {
	defer func() {
		if v := recover(); v != nil {
			out = &asap.PanicError{Task: task, Value: v, Stack: debug.Stack()}
		}
	}()
	ask(err)
	return err
}

func (c *Call) outOfTime(limit string, after time.Duration) error {
	return c.backend.group.Host().OutOfTime(limit, after)
}

// death is the panic or Goexit of a body.
type death struct{ error }

func (d *death) Unwrap() error { return d.error }

// ends reports whether no further call of a body may follow one that has returned err.
func (c *Call) ends(err error) bool {
	if _, died := err.(*death); died {
		return true
	}
	_, _, exited := c.Exited(err)
	return exited
}

// label is the name by which the body is known to what is around it, which is not
// unique: likes[3] of likes[3]#2.
func (c *Call) label() string {
	if c.node == nil {
		return c.Task
	}
	label := engine.PlainLabel(c.node)
	if engine.KindOf(c.node)&engine.Mapped == 0 { // it is the node of the call itself
		return label
	}
	if part, ok := strings.CutPrefix(c.Task, label); ok {
		if i := strings.IndexByte(part, ']'); i > 0 {
			return label + part[:i+1]
		}
	}
	return c.Task
}

// values are those that the body may read, of a call whose arguments are checked.
func (c *Call) values() (map[*engine.Node]any, error) {
	values := make(map[*engine.Node]any, len(c.args)+len(c.needs))
	for i, n := range c.args {
		v, err := c.value(i, reflect.TypeOf(c.Func).In(i+1))
		if err != nil {
			return nil, err
		}
		values[n] = v
	}
	first := len(c.In) - len(c.Needs)
	for i, need := range c.Needs {
		v, err := c.value(first+i, need.Type)
		if err != nil {
			return nil, err
		}
		if i < len(c.needs) {
			values[c.needs[i]] = v
		}
	}
	return values, nil
}

// value returns the i-th of In as a value of type t.
func (c *Call) value(i int, t reflect.Type) (any, error) {
	v := reflect.ValueOf(c.In[i])
	if !v.IsValid() {
		return reflect.Zero(t).Interface(), nil
	}
	if !v.Type().AssignableTo(t) {
		what := fmt.Sprint("argument ", i+1)
		if need := i - (len(c.In) - len(c.Needs)); need >= 0 {
			what = "the value of task " + c.Needs[need].Task
		}
		return nil, fmt.Errorf("asap: call of task %s: %s is of type %s, but its body reads a %s", c.Task, what, v.Type(), t)
	}
	to := reflect.New(t).Elem()
	to.Set(v)
	return to.Interface(), nil
}

// apart runs a body on a goroutine of its own, which ends before apart
// returns, so that a Goexit ends it alone. A panic and Goexit are errors.
func apart(task string, body func() error) (err error) {
	done := make(chan struct{})
	go func() {
		returned := false
		defer close(done)
		defer func() {
			v := recover()
			if p, ok := v.(*asap.PanicError); ok { // of a nested group: it names the task
				err = p
			} else if v != nil {
				err = &asap.PanicError{Task: task, Value: v, Stack: debug.Stack()}
			} else if !returned {
				err = asap.ErrGoexit
			}
		}()
		err = body()
		returned = true
	}()
	<-done
	return err
}
