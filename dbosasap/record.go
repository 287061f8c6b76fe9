package dbosasap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// record is what a flow's history has of one thing that has happened: the end of a
// call, or an event (a limit of time, a message). It is the value of a DBOS step, as
// text, so that whatever serializer the database has sees the whole as one payload.
//
// Seq is the place in which it happened. What a flow does next depends on the order
// in which it hears of ends, and on nothing else; so with the places in the records
// themselves there is no record of the order to write.
//
// The names are short because a row that is twice as long takes a database longer.
type record struct {
	Seq   int             `json:"n,omitempty"`
	Time  int64           `json:"t,omitempty"` // µs after the flow began
	Began int64           `json:"b,omitempty"` // Unix µs, in those of before anything was told
	Value json.RawMessage `json:"v,omitempty"`
	Error json.RawMessage `json:"err,omitempty"`  // of asap.Result
	Exit  *int            `json:"exit,omitempty"` // which one of the flow was taken, with Value
	Event string          `json:"event,omitempty"`
	Tries int             `json:"tries,omitempty"` // above 1
	Cause bool            `json:"c,omitempty"`     // Error is the cause with which the call was canceled
}

// at is when it happened.
func (r *record) at(began time.Time) time.Time {
	return began.Add(time.Duration(r.Time) * time.Microsecond)
}

// report carries an error with all that is known of it.
type report = asap.Result[struct{}]

func encodeError(err error) json.RawMessage {
	data, fails := encode(report{Err: err})
	if fails != nil {
		data, _ = encode(report{Err: fmt.Errorf("asap: an error that cannot be encoded: %w", fails)})
	}
	return data
}

func decodeError(data json.RawMessage) error {
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("asap: an error that cannot be decoded: %w", err)
	}
	return r.Err
}

// ended is the record of a call whose body has returned err.
func ended(call *flow.Call, err error) (r record) {
	value := call.Out
	if exit, v, ok := call.Exited(err); ok {
		r.Exit, value, err = &exit, v, nil
	}
	if err != nil {
		r.Error = encodeError(err)
		return r
	}
	if value == nil {
		return r
	}
	data, err := encode(value)
	if err != nil {
		what := "its value"
		if r.Exit != nil {
			what = "the value of its exit"
		}
		return record{Error: encodeError(fmt.Errorf("asap: %s cannot be kept: %w", what, err))}
	}
	r.Value = data
	return r
}

// outcome fills the call's Out with what r has, and returns its error: cause itself if
// that is what the call was canceled with.
func (r *record) outcome(call *flow.Call, cause error) error {
	switch {
	case r.Cause && cause != nil:
		return cause
	case r.Error != nil:
		return decodeError(r.Error)
	case r.Exit != nil:
		return call.Exit(*r.Exit, func(into any) error { return decode(r.Value, into) })
	case call.Out == nil || r.Value == nil:
		return nil
	}
	if err := decode(r.Value, call.Out); err != nil {
		return fmt.Errorf("asap: its value cannot be read from the database: %w", err)
	}
	return nil
}

// arrived fills in where a signal goes.
func (r *record) arrived(call *flow.Call) error {
	if err := decode(r.Value, call.Out); err != nil {
		return fmt.Errorf("signal %s was sent what is no %s", call.Task, reflect.TypeOf(call.Out).Elem())
	}
	return nil
}

func (r *record) text() (string, error) {
	data, err := json.Marshal(r)
	return string(data), err
}

// listed returns the text that a listing of DBOS has: with its own serializer that is
// the JSON of it, and with any other the text.
func listed(output any) (text string, ok bool) {
	text, ok = output.(string)
	if ok && strings.HasPrefix(text, `"`) {
		ok = json.Unmarshal([]byte(text), &text) == nil
	}
	return text, ok
}

func readRecord(text string) (r record, err error) {
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("asap: a record of another format: %w", err)
	}
	return r, nil
}
