package asaptest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"github.com/asap-go/asap"
)

// funcRecorder is an executor that runs no body and keeps the functions: those
// of a process that has built the flow and never ran it.
type funcRecorder struct{ funcs map[string]any }

func (r *funcRecorder) Start(call *asap.Call, done func(error)) {
	r.funcs[call.Task] = call.Func
	if call.Out != nil {
		out := reflect.ValueOf(call.Out).Elem()
		out.Set(oneOf(out.Type()))
	}
	done(nil)
}

func (r *funcRecorder) Step() error  { return errors.New("asaptest: nothing is in flight") }
func (r *funcRecorder) Cancel(error) {}

// oneOf is a zero value, but a slice of one element: a Map has a body then.
func oneOf(t reflect.Type) reflect.Value {
	if t.Kind() == reflect.Slice {
		return reflect.MakeSlice(t, 1, 1)
	}
	return reflect.Zero(t)
}

// flowFuncs builds the flow and keeps its functions.
func flowFuncs[In, Out any](flow *asap.Flow[In, Out]) func(context.Context) (*funcRecorder, error) {
	return func(ctx context.Context) (*funcRecorder, error) {
		if _, err := flow.Graph(); err != nil {
			return nil, err
		}
		r := &funcRecorder{funcs: make(map[string]any)}
		in, _ := oneOf(reflect.TypeFor[In]()).Interface().(In)
		_, err := flow.With(asap.On(r), asap.Settled()).Run(ctx, in)
		return r, err
	}
}

var lastIndex = regexp.MustCompile(`\[\d+\](#\d+)?$`)

// find returns the function of a call; all elements of a Map have the same one.
func (r *funcRecorder) find(task string) any {
	if fn := r.funcs[task]; fn != nil {
		return fn
	}
	return r.funcs[lastIndex.ReplaceAllString(task, "[0]$1")]
}

// elsewhere runs every body of the journal again, in a build of the flow in
// which no other body has run before it: the last one first. A body that gives
// another result there, and the same one again here, has got something on
// another way than along an edge.
func (p *portable) elsewhere(ctx context.Context, j *journal) {
	r, err := p.worker(ctx)
	if err != nil {
		p.fault("its function", "cannot be recorded for another process: %v", err)
		return
	}
	named := make(map[string]int)
	for _, c := range j.calls {
		named[c.task]++
	}
	for _, c := range slices.Backward(j.calls) {
		if named[c.task] > 1 {
			p.fault("task "+c.task, "has the name of another call, an element of a Map or a function of a Race; give it another one")
			continue
		}
		fn := r.find(c.task)
		if fn == nil && p.otherFlow {
			p.fault("task "+c.task, "is not in the flow of the worker")
		}
		if fn == nil || c.canceled || c.misused || exits(c.err) || errors.Is(c.err, context.Canceled) {
			continue
		}
		in, ok := p.arrived(c)
		if !ok {
			continue
		}
		if reflect.TypeOf(fn) != reflect.TypeOf(c.fn) {
			p.fault("task "+c.task, "is %T in the flow of the worker, not %T", fn, c.fn)
			continue
		}
		there := runAgain(ctx, fn, in)
		if p.same(c, there) {
			continue
		}
		if here := runAgain(ctx, c.fn, c.native()); !p.same(c, here) {
			continue // it never gives the same
		}
		in, _ = p.arrived(c)
		if here := runAgain(ctx, c.fn, in); !p.same(c, here) {
			p.fault("task "+c.task, "gives %s when its arguments have travelled, and %s before: it looks at what does not travel, such as the type of an error", here, p.journaled(c))
			continue
		}
		p.fault("task "+c.task, "gives %s in another process and %s here: it uses a variable that another body or the caller has set, or the Value of a task; pass what it needs along an edge", there, p.journaled(c))
	}
}

// arrived are the arguments as they are after the journey.
func (p *portable) arrived(c *journaled) ([]reflect.Value, bool) {
	in := make([]reflect.Value, len(c.in))
	for i := range c.in {
		if c.inData[i] == nil {
			return nil, false
		}
		v, err := p.codec.decode(c.inData[i], c.inType(i))
		if err != nil {
			return nil, false
		}
		in[i] = v
	}
	return in, true
}

// native are the arguments as they were the first time.
func (c *journaled) native() []reflect.Value {
	in := make([]reflect.Value, len(c.in))
	for i, v := range c.in {
		in[i] = typed(v, c.inType(i))
	}
	return in
}

// result is what a body gave when it ran again.
type result struct {
	value any
	text  string // of its error, "" for none
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
	return text
}

func (p *portable) journaled(c *journaled) result {
	if c.err == nil {
		return result{value: c.out}
	}
	if pe, ok := errors.AsType[*asap.PanicError](c.err); ok {
		return result{text: fmt.Sprint("panic: ", pe.Value)}
	}
	return result{text: c.err.Error()}
}

// same tells whether the result is that of the journal.
func (p *portable) same(c *journaled, r result) bool {
	if text := p.journaled(c).text; text != "" || r.text != "" {
		return text == r.text
	}
	return c.outType == nil || p.codec.becomes(c.outData, r.value, c.outType) == ""
}

// runAgain calls a body on a goroutine that it may leave as it likes.
func runAgain(ctx context.Context, fn any, in []reflect.Value) (r result) {
	args := append([]reflect.Value{reflect.ValueOf(ctx)}, in...)
	done := make(chan struct{})
	go func() { // ends before runAgain does
		defer close(done)
		r.text = asap.ErrGoexit.Error()
		defer func() {
			if v := recover(); v != nil {
				r.text = fmt.Sprint("panic: ", v)
			}
		}()
		outs := reflect.ValueOf(fn).Call(args)
		r.text = ""
		if err, _ := outs[len(outs)-1].Interface().(error); err != nil {
			r.text = err.Error()
		} else if len(outs) == 2 {
			r.value = outs[0].Interface()
		}
	}()
	<-done
	return r
}
