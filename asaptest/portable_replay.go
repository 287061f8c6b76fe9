package asaptest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
)

// replayer is an executor that answers from a journal and runs nothing. It
// says where the group asks for something else than the first time.
type replayer struct {
	p    *portable
	j    *journal
	at   int                // in j.ops
	open map[int]*asap.Call // by number in the journal
	done map[int]func(error)
	ctx  context.Context
	off  bool // it asks for other calls: the rest says nothing
}

// replay runs the flow on the journal, with values that have travelled, and
// compares what comes of it with out and err of the first run.
func replay[In, Out any](ctx context.Context, p *portable, j *journal, flow *asap.Flow[In, Out], in In, out Out, err error) (Out, error) {
	in, _ = p.codec.copyOf(in, reflect.TypeFor[In]()).Interface().(In)
	r := &replayer{p: p, j: j, ctx: ctx, open: make(map[int]*asap.Call), done: make(map[int]func(error))}
	again, errAgain := flow.With(asap.On(r)).Run(ctx, in)
	if r.off {
		return out, err
	}
	switch {
	case errorText(err) != errorText(errAgain):
		p.fault("its result", "is the error %q, and %q when the journal is replayed", errorText(err), errorText(errAgain))
	case err == nil:
		data, _ := p.codec.encode(out, reflect.TypeFor[Out]())
		if d := p.codec.becomes(data, again, reflect.TypeFor[Out]()); d != "" {
			p.fault("its result", "is another one when the journal is replayed: %s", d)
		}
	}
	return again, errAgain
}

// errorText is the text without the stack of a panic.
func errorText(err error) string {
	if err == nil {
		return "<nil>"
	}
	text, _, _ := strings.Cut(err.Error(), "\n\n")
	return text
}

const unsteady = "the function that declares it must not use the order of a map, the time, or anything random"

func (r *replayer) next(kind opKind) (op, bool) {
	if r.at < len(r.j.ops) && r.j.ops[r.at].kind == kind {
		r.at++
		return r.j.ops[r.at-1], true
	}
	return op{}, false
}

// expected says what the group asked for at this place the first time.
func (r *replayer) expected() string {
	if r.at == len(r.j.ops) {
		return "ended"
	}
	switch o := r.j.ops[r.at]; o.kind {
	case opStart:
		return "started task " + r.j.calls[o.call].task
	case opCancel:
		return "canceled the rest"
	}
	return "waited"
}

func (r *replayer) Start(call *asap.Call, done func(error)) {
	if r.off {
		return
	}
	o, ok := r.next(opStart)
	if !ok || r.j.calls[o.call].task != call.Task {
		if ok {
			r.at--
		}
		r.p.fault("task "+call.Task, "starts when the journal is replayed, where the flow %s the first time; %s", r.expected(), unsteady)
		r.off = true
		return
	}
	c := r.j.calls[o.call]
	for i, v := range call.In {
		if d := r.p.codec.becomes(c.inData[i], v, c.inType(i)); d != "" {
			r.p.fault(argument(call.Task, i), "is another one when the journal is replayed: %s; %s, and no body may change a value that another one has", d, unsteady)
		}
	}
	r.open[o.call], r.done[o.call] = call, done
}

func (r *replayer) Step() error {
	if _, ok := r.next(opStep); !ok && !r.off {
		r.p.fault("its function", "declares other tasks when the journal is replayed: the flow waits where it %s the first time; %s", r.expected(), unsteady)
		r.off = true
	}
	if r.off {
		return errors.New("asaptest: the replay is off the journal")
	}
	for {
		o, ok := r.next(opEnd)
		if !ok {
			return nil
		}
		r.end(o.call)
	}
}

// end gives the call the value or the error that the journal has.
func (r *replayer) end(i int) {
	c, call := r.j.calls[i], r.open[i]
	err := c.err
	switch {
	case err == nil && call.Out != nil:
		out := typed(c.out, c.outType)
		if c.outData != nil {
			if v, err := r.p.codec.decode(c.outData, c.outType); err == nil {
				out = v
			}
		}
		reflect.ValueOf(call.Out).Elem().Set(out)
	case exits(err):
		err = call.Run(r.ctx) // an exit belongs to a group, so this one makes its own
	case err != nil:
		err = flatten(err)
	}
	r.done[i](err)
}

func (r *replayer) Cancel(error) {
	if _, ok := r.next(opCancel); !ok && !r.off {
		r.p.fault("its function", "declares other tasks when the journal is replayed: the flow cancels the rest where it %s the first time; %s", r.expected(), unsteady)
		r.off = true
	}
}

// exits tells whether err is an early exit.
func exits(err error) bool {
	return err != nil && strings.Contains(err.Error(), "early exit; return it from a body")
}

// flat is what is left of an error that has crossed a wire: the text, and
// which of the errors that everybody knows it is.
type flat struct {
	text string
	is   []error
}

func (f *flat) Error() string   { return f.text }
func (f *flat) Unwrap() []error { return f.is }

var known = []error{context.Canceled, context.DeadlineExceeded, asap.ErrSkipped, asap.ErrExited, asap.ErrGoexit}

func flatten(err error) error {
	if pe, ok := errors.AsType[*asap.PanicError](err); ok {
		return &asap.PanicError{Task: pe.Task, Value: fmt.Sprint(pe.Value), Stack: pe.Stack}
	}
	f := &flat{text: err.Error()}
	for _, k := range known {
		if errors.Is(err, k) {
			f.is = append(f.is, k)
		}
	}
	return f
}
