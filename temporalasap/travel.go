package temporalasap

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/journey"
)

// traveller finds out whether values of a type survive the way to another
// process: by the type, and by sending one with everything in it set.
type traveller struct {
	converter converter.DataConverter
	trusted   map[reflect.Type]bool
}

func (v *traveller) travels(t reflect.Type) error {
	var m messages
	c := journey.Check{Send: v.send, Trusted: v.trusted, Messages: &m, Fate: "cannot travel to another process"}
	err := c.Of(t)
	if _, unencoded := errors.AsType[*unencoded](err); unencoded && m.made { // such as Any, which has rules of its own
		m.empty = true
		err = c.Of(t)
	}
	return err
}

// send encodes a value and decodes it again.
func (v *traveller) send(in reflect.Value) (reflect.Value, error) {
	var payload *commonpb.Payload
	err := unpack(func(...any) (err error) { // which may panic, as they call methods of the user's
		payload, err = v.converter.ToPayload(in.Interface())
		return err
	})
	if err != nil {
		return in, &unencoded{fmt.Errorf("%s cannot be encoded: %w", journey.Text(in.Type()), err)}
	}
	back := reflect.New(in.Type())
	if err := unpack(func(into ...any) error { return v.converter.FromPayload(payload, into[0]) }, back.Interface()); err != nil {
		return in, fmt.Errorf("%s cannot be decoded: %w", journey.Text(in.Type()), err)
	}
	return back.Elem(), nil
}

// unencoded is the error of a value that the converter refuses.
type unencoded struct{ error }

func (e *unencoded) Unwrap() error { return e.error }

// isAwait reports whether fn is the Await of a task, as a body.
func isAwait(fn any) bool { return isMethod(fn, (*asap.Task[int])(nil).Await) }

// isRun reports whether fn is the Run of a flow, as a body.
func isRun(fn any) bool { return isMethod(fn, (*flow.Flow[int, int])(nil).Run) }

// isMethod reports whether fn is a method as a value, as like is one, whatever the type
// parameters are.
func isMethod(fn, like any) bool { return methodName(fn) == methodName(like) }

func methodName(fn any) string {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	if f == nil {
		return ""
	}
	return f.Name()
}
