package asaptest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
)

// journal is an executor that runs each body on a goroutine of its own and
// writes down what the group asks for and what becomes of it.
type journal struct {
	p      *portable
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  bool // by Cancel
	ends   chan ending
	ops    []op
	calls  []*journaled
	open   []inFlight // by call
}

// op is one step between group and executor.
type op struct {
	kind opKind
	call int
}

type opKind int

const (
	opStart opKind = iota
	opStep
	opEnd // within the Step before it
	opCancel
)

// journaled is one call and what came of it.
type journaled struct {
	task     string
	fn       any
	in       []any
	inData   [][]byte     // nil for what cannot be encoded
	out      any          // the value
	outType  reflect.Type // nil for a body without a value
	outData  []byte
	err      error
	canceled bool // it ended after the group was canceled
	misused  bool // the body awaits or declares: it is at fault already
}

// inType is the static type of an argument.
func (c *journaled) inType(i int) reflect.Type { return reflect.TypeOf(c.fn).In(i + 1) }

// inFlight is where the end of a call goes.
type inFlight struct {
	out  any
	done func(error)
}

type ending struct {
	call int
	err  error
}

func newJournal(ctx context.Context, p *portable) *journal {
	j := &journal{p: p, ends: make(chan ending)}
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	return j
}

func (j *journal) Start(call *asap.Call, done func(error)) {
	i := len(j.calls)
	c := &journaled{task: call.Task, fn: call.Func, in: call.In}
	for k, v := range call.In {
		c.inData = append(c.inData, j.p.carry(argument(call.Task, k), v, c.inType(k)))
	}
	j.calls = append(j.calls, c)
	j.open = append(j.open, inFlight{call.Out, done})
	j.ops = append(j.ops, op{opStart, i})
	go func() { // ends when Step has received
		j.ends <- ending{i, call.Run(j.ctx)}
	}()
}

func argument(task string, i int) string {
	return fmt.Sprintf("task %s: argument %d", task, i+1)
}

func (j *journal) Step() error {
	j.ops = append(j.ops, op{kind: opStep})
	j.end(<-j.ends)
	for {
		select {
		case e := <-j.ends:
			j.end(e)
		default:
			return nil
		}
	}
}

func (j *journal) end(e ending) {
	c, o := j.calls[e.call], j.open[e.call]
	c.err, c.canceled = e.err, j.ended
	if e.err == nil && o.out != nil {
		out := reflect.ValueOf(o.out).Elem()
		c.out, c.outType = out.Interface(), out.Type()
		c.outData = j.p.carry("task "+c.task+": its value", c.out, c.outType)
	}
	c.misused = j.misused(c)
	j.ops = append(j.ops, op{opEnd, e.call})
	o.done(e.err)
}

// misused finds bodies that use the handles of their group.
func (j *journal) misused(c *journaled) bool {
	if c.err == nil {
		return false
	}
	text := c.err.Error()
	if pe, ok := errors.AsType[*asap.PanicError](c.err); ok {
		text = fmt.Sprint(pe.Value)
	}
	for _, sign := range []string{"which runs on another engine", "inside a body that runs on another engine", "inside flow " + j.p.flow + ":"} {
		if at := strings.Index(text, sign); at >= 0 {
			j.p.fault("task "+c.task, "%s", strings.TrimPrefix(text, "asap: "))
			return true
		}
	}
	return false
}

func (j *journal) Cancel(cause error) {
	j.ended = true
	j.ops = append(j.ops, op{kind: opCancel})
	j.cancel(cause)
}
