package asaptest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/texts"
)

// elsewhere runs every body of the journal again, in a build of the flow in
// which no other body has run before it: the last one first. A body that gives
// another result there, and the same one again here, has got something on
// another way than along an edge.
func (p *portable) elsewhere(ctx context.Context, j *journal, calls []*flow.Call) {
	bodies := make(map[string]*flow.Call)
	for _, call := range calls {
		bodies[call.Body] = call
	}
	for _, c := range slices.Backward(j.calls) {
		there := bodies[c.Body]
		switch {
		case c.Func == nil: // a signal
		case there == nil:
			p.fault("task "+c.Task, "is not in the flow of the worker")
		case reflect.TypeOf(there.Func) != reflect.TypeOf(c.Func):
			p.fault("task "+c.Task, "is %T in the flow of the worker, not %T", there.Func, c.Func)
		case !slices.Equal(there.Needs, c.Needs):
			p.fault("task "+c.Task, "needs other tasks in the flow of the worker: %v, not %v", there.Needs, c.Needs)
		case c.canceled || c.misused || errors.Is(c.err, context.Canceled):
		default:
			p.again(ctx, c, there)
		}
	}
}

// rounds is how often a body must give one result there and another one here
// before it is called a fault: one that tosses a coin must not be.
const rounds = 8

// again runs the body of c where it is built as there.
func (p *portable) again(ctx context.Context, c *journaled, there *flow.Call) {
	want := p.journaled(c)
	var got result
	for range rounds {
		in, ok := p.arrived(c)
		if !ok {
			return
		}
		if got = p.run(ctx, c, there, in); p.same(c, want, got) {
			return
		}
		if isMisuse(got.text) {
			p.misuse(c.Task, got.text)
			return
		}
		if here := p.run(ctx, c, c.Call, c.In); !p.same(c, want, here) {
			return // it never gives the same
		}
	}
	in, _ := p.arrived(c)
	if here := p.run(ctx, c, c.Call, in); !p.same(c, want, here) {
		p.fault("task "+c.Task, "gives %s when its arguments have travelled, and %s before: it looks at what does not travel, such as the type of an error", here, want)
		return
	}
	p.fault("task "+c.Task, "gives %s in another process and %s here: it uses a variable that another body or the caller has set; pass what it needs along an edge", got, want)
}

// arrived are the arguments as they are after the journey.
func (p *portable) arrived(c *journaled) ([]any, bool) {
	in := make([]any, len(c.In))
	for i := range c.In {
		v, ok := p.codec.arrived(c.inData[i], c.inType(i))
		if !ok {
			return nil, false
		}
		in[i] = v.Interface()
	}
	return in, true
}

// result is what a body gave.
type result struct {
	value any
	text  string // of its error, "" for none
	exit  bool
}

func (r result) String() string {
	if r.text != "" {
		return fmt.Sprintf("the error %q", r.text)
	}
	text := fmt.Sprintf("%+v", r.value)
	if s, ok := r.value.(string); ok {
		text = strconv.Quote(s)
	}
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	if r.exit {
		return "an exit with " + text
	}
	return text
}

// journaled is what the body gave the first time.
func (p *portable) journaled(c *journaled) result {
	switch {
	case c.exit != nil:
		return result{value: c.exit.value, exit: true}
	case c.err != nil:
		return result{text: bodyText(c.err)}
	case c.Out != nil:
		return result{value: c.value()}
	}
	return result{}
}

// bodyText is the text of a body's error, of a panic without the stack.
func bodyText(err error) string {
	if pe, ok := errors.AsType[*asap.PanicError](err); ok {
		return fmt.Sprint("panic: ", pe.Value)
	}
	return texts.Of(err)
}

// run calls the body of a build with the arguments, as that of c.
func (p *portable) run(ctx context.Context, c *journaled, body *flow.Call, in []any) result {
	call := *body
	call.Task, call.In, call.Deadline = c.Task, in, time.Time{}
	if !c.Deadline.IsZero() {
		call.Deadline = time.Now().Add(c.left)
	}
	if call.Out != nil {
		call.Out = reflect.New(reflect.TypeOf(body.Out).Elem()).Interface()
	}
	err := call.Invoke(ctx)
	if _, v, ok := call.Exited(err); ok {
		return result{value: v, exit: true}
	}
	switch {
	case err != nil:
		return result{text: bodyText(err)}
	case call.Out != nil:
		return result{value: reflect.ValueOf(call.Out).Elem().Interface()}
	}
	return result{}
}

// same tells whether two results are the same after the journey.
func (p *portable) same(c *journaled, want, got result) bool {
	switch {
	case want.text != "" || got.text != "" || want.exit != got.exit:
		return want.text == got.text && want.exit == got.exit
	case c.exit != nil:
		return p.codec.becomes(c.exit.data, got.value, typeOf(want.value)) == ""
	case c.Out == nil:
		return true
	}
	return p.codec.becomes(c.outData, got.value, c.outType()) == ""
}
