package asaptest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

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
	nows   []time.Time // what the group was told
	timers []timer     // that have not fired, in order
	afters int         // calls of After
	mail   []ending    // signals, for the next Step
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
	opEnd  // within the Step before it
	opFire // likewise: the call is the number of the After
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
	left     time.Duration // of its Within, when it was started
	overdue  bool          // canceled because of its Within
	misused  bool          // the body awaits or declares: it is at fault already

	done   func(error)
	cancel context.CancelCauseFunc
}

// exit is an early exit that a body took.
type exit struct {
	number int
	data   []byte
	value  any
}

// inType is the static type of an argument or of what the body needs, outType that of the value.
func (c *journaled) inType(i int) reflect.Type {
	if n := c.arguments(); i >= n {
		return c.Needs[i-n].Type
	}
	return reflect.TypeOf(c.Func).In(i + 1)
}
func (c *journaled) arguments() int        { return reflect.TypeOf(c.Func).NumIn() - 1 }
func (c *journaled) outType() reflect.Type { return reflect.TypeOf(c.Out).Elem() }
func (c *journaled) value() any            { return reflect.ValueOf(c.Out).Elem().Interface() }

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
	c := &journaled{Call: &own, done: done, left: time.Until(call.Deadline)}
	for k, v := range call.In {
		c.inData = append(c.inData, j.p.carry(c.argument(k), v, c.inType(k)))
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

// Receive answers with what [Sends] says, in the next Step. What nobody sends may be late.
func (j *journal) Receive(call *flow.Call, done func(error)) {
	i := len(j.calls)
	own := *call
	j.calls = append(j.calls, &journaled{Call: &own, done: done})
	j.ops = append(j.ops, op{opStart, i})
	v, ok := j.p.sends[call.Task]
	switch {
	case ok:
		j.mail = append(j.mail, ending{i, fill(&own, v)})
	case call.Timeout == 0 && call.Within == 0:
		j.mail = append(j.mail, ending{i, errors.New("asaptest: nobody sends signal " + call.Task + "; give Portable its value with Sends")})
	}
}

// argument says what In has at i.
func (c *journaled) argument(i int) string {
	if n := c.arguments(); i >= n {
		return fmt.Sprintf("task %s: the value of %s", c.Task, c.Needs[i-n].Task)
	}
	return fmt.Sprintf("task %s: argument %d", c.Task, i+1)
}

// Now is the time of this process.
func (j *journal) Now() time.Time {
	j.nows = append(j.nows, time.Now())
	return j.nows[len(j.nows)-1]
}

// After has f called in the Step in which it is due.
func (j *journal) After(d time.Duration, f func()) {
	i := j.afters
	j.afters++
	j.timers = addTimer(j.timers, timer{time.Now().Add(d), func() {
		j.ops = append(j.ops, op{opFire, i})
		f()
	}})
}

func (j *journal) Step() error {
	j.ops = append(j.ops, op{kind: opStep})
	if mail := j.mail; mail != nil {
		j.mail = nil
		for _, e := range mail {
			j.end(e)
		}
		return nil
	}
	var due <-chan time.Time // of the first timer
	if len(j.timers) > 0 {
		t := time.NewTimer(time.Until(j.timers[0].at))
		defer t.Stop()
		due = t.C
	}
	select {
	case e := <-j.ends:
		j.end(e)
	case <-due:
		j.timers[0].f()
		j.timers = j.timers[1:]
	}
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
	if c.cancel != nil {
		c.cancel(context.Canceled) // nobody uses it any more
	}
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

// CancelCall ends a function of a Race that was lost, or a body that is late.
func (j *journal) CancelCall(call *flow.Call, cause error) {
	i := j.byCall[call]
	c := j.calls[i]
	c.canceled, c.cause, c.overdue = true, cause, errors.Is(cause, context.DeadlineExceeded)
	j.ops = append(j.ops, op{opCancelCall, i})
	c.cancel(cause)
}
