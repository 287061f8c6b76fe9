package temporalasap

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/texts"
)

// about is what an activity is told beside what its body takes: its last argument,
// of those tasks that need it.
type about struct {
	Task string        `json:"task,omitempty"` // of an element of a Map as a local activity, whose id the SDK makes
	Left time.Duration `json:"left,omitempty"` // of its Within, when it was handed to the server
}

// tellsAbout reports whether the task's activity has that argument.
func (t *task) tellsAbout() bool {
	return t.call.Within > 0 || t.kind == localActivity && t.inMap
}

// arguments are those of a call that is handed to the server now. A child workflow
// reads nothing that its flow does not take.
func (f *flight) arguments(now time.Time) []any {
	in := f.call.In
	if f.kind == childWorkflow {
		return in[:len(in)-len(f.call.Needs)]
	}
	if !f.tellsAbout() {
		return in
	}
	var a about
	if f.call.Within > 0 {
		a.Left = f.call.Deadline.Sub(now)
	}
	if f.kind == localActivity && f.inMap {
		a.Task = f.name
	}
	return append(in[:len(in):len(in)], a)
}

// function is the activity of the task: it takes what the user's function takes, so
// that the data converter sees the same values as in a workflow written by hand,
// then what the body reads with Get, and what it has to know.
func (t *task) function() any {
	fn := reflect.TypeOf(t.call.Func)
	var in, out []reflect.Type
	for p := range fn.Ins() {
		in = append(in, p)
	}
	for _, need := range t.call.Needs {
		in = append(in, need.Type)
	}
	values := len(in) - 1
	if t.tellsAbout() {
		in = append(in, reflect.TypeFor[about]())
	}
	for r := range fn.Outs() {
		out = append(out, r)
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		call := *t.call
		call.In = make([]any, values)
		for i, arg := range args[1 : values+1] {
			call.In[i] = arg.Interface()
		}
		ctx := args[0].Interface().(context.Context)
		var a about
		if t.tellsAbout() {
			a = args[values+1].Interface().(about)
		}
		t.tell(&call, activity.GetInfo(ctx), a)
		results := make([]reflect.Value, len(out))
		for i := range results {
			results[i] = reflect.New(out[i]).Elem()
		}
		call.Out = nil
		if len(out) == 2 {
			call.Out = results[0].Addr().Interface()
		}
		if err := t.invoke(ctx, &call); err != nil {
			results[0].SetZero()
			results[len(results)-1].Set(reflect.ValueOf(err))
		}
		return results
	}).Interface()
}

// invoke runs the body, and returns the error of the activity.
func (t *task) invoke(ctx context.Context, call *flow.Call) error {
	if err := t.stale(ctx); err != nil {
		return err
	}
	ctx, stop := t.keepAlive(ctx)
	defer stop()
	body, end := patient(ctx, call.Deadline)
	err := call.Invoke(body)
	end()
	switch {
	case errors.Is(err, activity.ErrResultPending):
		return t.pend(ctx)
	case err == nil && call.Out != nil:
		err = t.encodable(reflect.ValueOf(call.Out).Elem().Interface())
	}
	if err == nil {
		return nil
	}
	return t.send(ctx, call, err)
}

// encodable is the error of a value that cannot be sent. That it is encoded at all the
// SDK says, finally, where no policy of the user's has a say in it: see plainTypes. Small
// ones are tried out beforehand where one has, or a converter is there that may say so in
// its own way.
func (t *task) encodable(value any) error {
	if (t.tried || !t.final) && atMost(small, []any{value}) {
		if _, err := t.values.encode(value); err != nil {
			return &notSent{fmt.Sprint("its value cannot be encoded: ", err)}
		}
	}
	if t.kind == localActivity {
		return nil
	}
	return t.values.fits("its value is", value)
}

const small = 64 << 10

// near is how much sooner than the end of a Within here the cancel may come that the
// workflow asks for then.
const near = 50 * time.Millisecond

// patient returns the context of a body whose Within has an end, without a cancel that
// comes near that: so the body is told of a deadline, as everywhere.
func patient(ctx context.Context, deadline time.Time) (body context.Context, end func()) {
	if deadline.IsZero() {
		return ctx, func() {}
	}
	body, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if time.Until(deadline) > near {
			cancel(context.Cause(ctx))
		}
	})
	return body, func() {
		stop()
		cancel(nil)
	}
}

// isLate reports whether err is that of a body that a limit of the call has ended, and
// whether that was its Within, after which no attempt begins.
func isLate(call *flow.Call, err error) (late, final bool) {
	if !errors.Is(err, context.DeadlineExceeded) {
		return false, false
	}
	text := texts.Of(err)
	final = call.Within > 0 && strings.HasPrefix(text, "within "+call.Within.String())
	return final || call.Timeout > 0 && strings.HasPrefix(text, "timeout "+call.Timeout.String()), final
}

// tell gives the call its name and the end of its Within. What the way to this worker
// has taken is gone, by the server's clock: of an attempt after others as well.
func (t *task) tell(call *flow.Call, info activity.Info, a about) {
	switch {
	case a.Task != "":
		call.Task = a.Task
	case t.kind == remoteActivity && info.WorkflowType != nil && info.WorkflowType.Name != t.flow:
		call.Task = withoutLabel(info.ActivityID) // inside a workflow by hand
	case t.kind == remoteActivity:
		call.Task = info.ActivityID
	}
	if call.Within > 0 {
		left := a.Left
		if way := info.StartedTime.Sub(info.ScheduledTime); !info.ScheduledTime.IsZero() && way > 0 {
			left -= way
		}
		call.Deadline = time.Now().Add(left)
	}
}
