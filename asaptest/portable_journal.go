package asaptest

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap/flow"
)

// journal is an executor that runs each body on a goroutine of its own and
// writes down what the group asks for and what becomes of it.
type journal struct {
	p      *portable
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  bool // by Cancel
	cause  error
	ends   chan ending
	ops    []op
	calls  []*journaled
	byCall map[*flow.Call]int
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
	opCancelCall
	opCancel
)

// journaled is one call and what came of it.
type journaled struct {
	*flow.Call
	inData   [][]byte // nil for what cannot be encoded
	outData  []byte
	err      error
	exit     *exit
	canceled bool // the end of its context may have come before its own
	cause    error
	misused  bool // the body awaits or declares: it is at fault already

	done   func(error)
	cancel context.CancelCauseFunc
}

// exit is an early exit that a body took.
type exit struct {
	number int
	data   []byte
	value  any
}

// inType is the static type of an argument, outType that of the value.
func (c *journaled) inType(i int) reflect.Type { return reflect.TypeOf(c.Func).In(i + 1) }
func (c *journaled) outType() reflect.Type     { return reflect.TypeOf(c.Out).Elem() }
func (c *journaled) value() any                { return reflect.ValueOf(c.Out).Elem().Interface() }

type ending struct {
	call int
	err  error
}

func newJournal(ctx context.Context, p *portable) *journal {
	j := &journal{p: p, ends: make(chan ending), byCall: make(map[*flow.Call]int)}
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	return j
}

func (j *journal) Start(call *flow.Call, done func(error)) {
	i := len(j.calls)
	own := *call
	c := &journaled{Call: &own, done: done}
	for k, v := range call.In {
		c.inData = append(c.inData, j.p.carry(argument(call.Task, k), v, c.inType(k)))
	}
	j.byCall[call] = i
	j.calls = append(j.calls, c)
	j.ops = append(j.ops, op{opStart, i})
	var ctx context.Context
	ctx, c.cancel = context.WithCancelCause(j.ctx)
	go func() { // ends when Step has received
		j.ends <- ending{i, call.Run(ctx)}
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
	c := j.calls[e.call]
	c.cancel(context.Canceled) // nobody uses it any more
	if c.err = e.err; j.ended {
		c.canceled, c.cause = true, cmp.Or(c.cause, j.cause)
	}
	switch number, v, exits := c.Exited(e.err); {
	case exits:
		c.exit = &exit{number, j.p.carry("task "+c.Task+": the value of its exit", v, typeOf(v)), v}
	case e.err == nil && c.Out != nil:
		out := reflect.New(c.outType()) // the group's place is not for ever
		out.Elem().Set(reflect.ValueOf(c.Out).Elem())
		c.Out = out.Interface()
		c.outData = j.p.carry("task "+c.Task+": its value", c.value(), c.outType())
	}
	if e.err != nil && isMisuse(bodyText(e.err)) {
		c.misused = true
		j.p.misuse(c.Task, bodyText(e.err))
	}
	j.ops = append(j.ops, op{opEnd, e.call})
	c.done(e.err)
}

// typeOf is the type of v, any if it is nil.
func typeOf(v any) reflect.Type {
	if v == nil {
		return reflect.TypeFor[any]()
	}
	return reflect.TypeOf(v)
}

// isMisuse tells whether text is of an error that package asap gives a body
// that uses the flow's tasks.
func isMisuse(text string) bool {
	return strings.Contains(text, "which runs on another engine") || strings.Contains(text, "inside a body that runs on another engine")
}

func (p *portable) misuse(task, text string) {
	for _, prefix := range []string{"panic: ", "asap: ", "flow " + p.flow + ": "} {
		text = strings.TrimPrefix(text, prefix)
	}
	p.fault("task "+task, "%s", text)
}

func (j *journal) Cancel(cause error) {
	j.ended, j.cause = true, cause
	j.ops = append(j.ops, op{kind: opCancel})
	j.cancel(cause)
}

// CancelCall ends a function of a Race that was lost.
func (j *journal) CancelCall(call *flow.Call, cause error) {
	i := j.byCall[call]
	j.calls[i].canceled, j.calls[i].cause = true, cause
	j.ops = append(j.ops, op{opCancelCall, i})
	j.calls[i].cancel(cause)
}
