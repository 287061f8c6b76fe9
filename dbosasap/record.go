package dbosasap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// record is one thing that has happened to a flow: a call has ended, the one of Task,
// or there is an Event (a limit of time, a signal, a cancel). What happens at about the
// same time is in one step of DBOS, in the order in which it did: what a flow does next
// depends on that order, and on nothing else. See engine.
//
// The names are short because a row that is twice as long takes a database longer.
type record struct {
	Task  string          `json:"k,omitempty"`
	Event string          `json:"e,omitempty"`
	Time  int64           `json:"t,omitempty"` // µs after the flow began
	Began int64           `json:"b,omitempty"` // Unix µs, in the first of a flow
	Value json.RawMessage `json:"v,omitempty"`
	Error json.RawMessage `json:"err,omitempty"`   // of asap.Result
	Exit  *int            `json:"exit,omitempty"`  // which one of the flow was taken, with Value
	Tries int             `json:"tries,omitempty"` // above 1
	Cause bool            `json:"c,omitempty"`     // Error is the cause with which the call was canceled
}

// at is when it happened.
func (r *record) at(began time.Time) time.Time {
	return began.Add(time.Duration(r.Time) * time.Microsecond)
}

// size is about that of its text.
func (r *record) size() int { return 64 + len(r.Value) + len(r.Error) }

// unknown is the error of a record that the flow has no use for.
func (r *record) unknown() error {
	return fmt.Errorf("asap: the history has %s%s, and the flow does not: its definition is another one", r.Task, r.Event)
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
	r.Task = call.Task
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
		return record{Task: call.Task, Error: encodeError(fmt.Errorf("asap: %s cannot be kept: %w", what, err))}
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

// text is the record of a whole workflow: what it has returned.
func (r *record) text() string { return string(r.append(nil)) }

// append adds the JSON of r to b. It is what json.Marshal does, which looks at values
// again that it has made.
func (r *record) append(b []byte) []byte {
	first := true
	member := func(name string) []byte {
		if !first {
			b = append(b, ',')
		}
		first = false
		return append(append(append(b, '"'), name...), `":`...)
	}
	b = append(b, '{')
	if r.Task != "" {
		b = appendText(member("k"), r.Task)
	}
	if r.Event != "" {
		b = appendText(member("e"), r.Event)
	}
	if r.Time != 0 {
		b = strconv.AppendInt(member("t"), r.Time, 10)
	}
	if r.Began != 0 {
		b = strconv.AppendInt(member("b"), r.Began, 10)
	}
	if len(r.Value) > 0 {
		b = append(member("v"), r.Value...)
	}
	if len(r.Error) > 0 {
		b = append(member("err"), r.Error...)
	}
	if r.Exit != nil {
		b = strconv.AppendInt(member("exit"), int64(*r.Exit), 10)
	}
	if r.Tries != 0 {
		b = strconv.AppendInt(member("tries"), int64(r.Tries), 10)
	}
	if r.Cause {
		b = append(member("c"), "true"...)
	}
	return append(b, '}')
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			data, _ := json.Marshal(s) // of a string
			return append(b, data...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func readRecord(text string) (r record, err error) {
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("asap: a record of another format: %w", err)
	}
	return r, nil
}

// pageText is what a step has, as text, so that whatever serializer the database has
// sees the whole as one payload.
func pageText(page []record) string {
	size := 2
	for i := range page {
		size += page[i].size() + len(page[i].Task)
	}
	b := append(make([]byte, 0, size), '[')
	for i := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = page[i].append(b)
	}
	return string(append(b, ']'))
}

func readPage(text string) (page []record, err error) {
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		return nil, fmt.Errorf("asap: a record of another format: %w", err)
	}
	return page, nil
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
