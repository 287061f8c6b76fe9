package asaptest

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/texts"
)

// replayer is an executor that answers from a journal and runs nothing. It
// says where the group asks for something else than the first time.
type replayer struct {
	p    *portable
	j    *journal
	at   int                // in j.ops
	open map[int]*flow.Call // by number in the journal
	done map[int]func(error)
	nows int      // of j.nows that it has told
	fs   []func() // of After
	off  bool     // it asks for other calls: the rest says nothing
}

// replay runs the flow on the journal, with values that have travelled, and
// compares what comes of it with out and err of the first run.
func replay[In, Out any](ctx context.Context, p *portable, j *journal, f *flow.Flow[In, Out], in In, out Out, err error) (Out, error) {
	in, _ = p.codec.copyOf(in, reflect.TypeFor[In]()).Interface().(In)
	r := &replayer{p: p, j: j, open: make(map[int]*flow.Call), done: make(map[int]func(error))}
	again, errAgain := f.With(flow.On(r)).Run(ctx, in)
	if r.off {
		return out, err
	}
	switch {
	case errorText(err) != errorText(errAgain):
		p.fault("its result", "is the error %q, and %q when the journal is replayed", errorText(err), errorText(errAgain))
	case err == nil:
		data, _ := p.codec.encode(out)
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
	text, _, _ := strings.Cut(texts.Of(err), "\n\n")
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
		return "started task " + r.j.calls[o.call].Task
	case opCancel:
		return "canceled the rest"
	case opCancelCall:
		return "canceled a call"
	}
	return "waited"
}

func (r *replayer) Start(call *flow.Call, done func(error)) {
	if r.off {
		return
	}
	o, ok := r.next(opStart)
	if !ok || r.j.calls[o.call].Task != call.Task {
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
			r.p.fault(c.argument(i), "is another one when the journal is replayed: %s; %s, and no body may change a value that another one has", d, unsteady)
		}
	}
	r.open[o.call], r.done[o.call] = call, done
}

// Receive is a call like others: that it was answered is in the journal.
func (r *replayer) Receive(call *flow.Call, done func(error)) { r.Start(call, done) }

func (r *replayer) Step() error {
	if _, ok := r.next(opStep); !ok && !r.off {
		r.p.fault("its function", "declares other tasks when the journal is replayed: the flow waits where it %s the first time; %s", r.expected(), unsteady)
		r.off = true
	}
	if r.off {
		return errors.New("asaptest: the replay is off the journal")
	}
	for {
		if o, ok := r.next(opEnd); ok {
			r.end(o.call)
		} else if o, ok := r.next(opFire); ok {
			r.fire(o.call)
		} else {
			return nil
		}
	}
}

// Now is the time of the first run, at the same question.
func (r *replayer) Now() time.Time {
	if r.nows < len(r.j.nows) {
		r.nows++
		return r.j.nows[r.nows-1]
	}
	return time.Now() // off the journal
}

func (r *replayer) After(_ time.Duration, f func()) { r.fs = append(r.fs, f) }

func (r *replayer) fire(i int) {
	if i < len(r.fs) {
		r.fs[i]()
	}
}

// end gives the call the value or the error that the journal has.
func (r *replayer) end(i int) {
	c, call := r.j.calls[i], r.open[i]
	err := c.err
	switch {
	case c.exit != nil:
		err = call.Exit(c.exit.number, func(into any) error {
			to := reflect.ValueOf(into).Elem()
			if v, ok := r.p.codec.arrived(c.exit.data, to.Type()); ok {
				to.Set(v)
			} else {
				to.Set(typed(c.exit.value, to.Type()))
			}
			return nil
		})
	case c.canceled && !c.overdue && c.cause != nil && errors.Is(err, c.cause):
		err = context.Canceled // the cause is known to the group alone
	case err != nil:
		err = crossed(err)
	case call.Out != nil:
		out := reflect.ValueOf(c.Out).Elem()
		if v, ok := r.p.codec.arrived(c.outData, c.outType()); ok {
			out = v
		}
		reflect.ValueOf(call.Out).Elem().Set(out)
	}
	r.done[i](err)
}

func (r *replayer) Cancel(error) {
	if _, ok := r.next(opCancel); !ok && !r.off {
		r.p.fault("its function", "declares other tasks when the journal is replayed: the flow cancels the rest where it %s the first time; %s", r.expected(), unsteady)
		r.off = true
	}
}

// CancelCall is what the group asks for when a Race is decided or a body late.
func (r *replayer) CancelCall(*flow.Call, error) {
	if _, ok := r.next(opCancelCall); !ok && !r.off {
		r.p.fault("its function", "declares other tasks when the journal is replayed: the flow cancels a call where it %s the first time; %s", r.expected(), unsteady)
		r.off = true
	}
}

// crossed is what is left of an error in another process.
func crossed(err error) error {
	data, fails := json.Marshal(asap.Result[struct{}]{Err: err})
	var r asap.Result[struct{}]
	if fails == nil {
		fails = json.Unmarshal(data, &r)
	}
	if fails != nil {
		return fails
	}
	return r.Err
}
