package asaptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
)

// codec is how values travel.
type codec struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
	json      bool // encoding/json: what it loses is seen in the types
}

// newCodec returns a codec whose functions give a panic as an error: one that
// passes through an executor's Step would hang the group.
func newCodec(encode func(any) ([]byte, error), decode func([]byte, any) error) codec {
	return codec{marshal: func(v any) (data []byte, err error) {
		defer recovered(&err)
		return encode(v)
	}, unmarshal: func(data []byte, v any) (err error) {
		defer recovered(&err)
		return decode(data, v)
	}}
}

func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v", v)
	}
}

// check says what does not survive of v, of the static type t, and returns its
// bytes, nil if there are none.
func (c codec) check(v any, t reflect.Type) (data []byte, faults []string) {
	if c.json {
		faults = typeFaults(t)
	}
	data, err := c.encode(v, t)
	switch {
	case err != nil && faults == nil:
		faults = []string{fmt.Sprintf("cannot be encoded: %v", err)}
	case err == nil && faults == nil:
		if d := c.differs(v, data, t); d != "" {
			faults = []string{d + " when it is encoded and decoded"}
		}
	}
	return data, faults
}

// differs says how the decoded data differs from v.
func (c codec) differs(v any, data []byte, t reflect.Type) string {
	back, err := c.decode(data, t)
	if err != nil {
		return fmt.Sprintf("%s cannot be decoded: %v,", typeName(t), err)
	}
	return difference(typed(v, t), back, typeName(t))
}

// becomes says how v, after the journey, differs from the decoded data; not at
// all if there is none.
func (c codec) becomes(data []byte, v any, t reflect.Type) string {
	if data == nil {
		return ""
	}
	was, err := c.decode(data, t)
	if err != nil {
		return ""
	}
	return difference(was, c.copyOf(v, t), typeName(t))
}

// typed is v as a value of the static type t, which may be an interface.
func typed(v any, t reflect.Type) reflect.Value {
	to := reflect.New(t).Elem()
	if v != nil {
		to.Set(reflect.ValueOf(v))
	}
	return to
}

// wire is how the Result of an Optional travels: of the error, its task and
// its text.
type wire struct {
	Value  []byte
	Failed bool
	Task   string
	Err    string
}

// isResult tells whether t is an asap.Result.
func isResult(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[asap.Group]().PkgPath() && strings.HasPrefix(t.Name(), "Result[")
}

// hasResults tells whether t is an asap.Result, or a slice of them as Gather makes it.
func hasResults(t reflect.Type) bool {
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return isResult(t)
}

func (c codec) encode(v any, t reflect.Type) ([]byte, error) {
	if !hasResults(t) {
		return c.marshal(v)
	}
	from := reflect.ValueOf(v)
	if t.Kind() == reflect.Slice {
		parts := make([][]byte, from.Len())
		for i := range parts {
			part, err := c.encode(from.Index(i).Interface(), t.Elem())
			if err != nil {
				return nil, err
			}
			parts[i] = part
		}
		return json.Marshal(parts)
	}
	var w wire
	if err, _ := from.Field(1).Interface().(error); err != nil {
		w.Failed, w.Err = true, err.Error()
		if te, ok := errors.AsType[*asap.TaskError](err); ok {
			w.Task, w.Err = te.Task, te.Err.Error()
		}
		return json.Marshal(w)
	}
	data, err := c.marshal(from.Field(0).Interface())
	if err != nil {
		return nil, err
	}
	w.Value = data
	return json.Marshal(w)
}

func (c codec) decode(data []byte, t reflect.Type) (reflect.Value, error) {
	to := reflect.New(t)
	switch {
	case !hasResults(t):
		err := c.unmarshal(data, to.Interface())
		return to.Elem(), err
	case t.Kind() == reflect.Slice:
		var parts [][]byte
		if err := json.Unmarshal(data, &parts); err != nil {
			return to.Elem(), err
		}
		to.Elem().Set(reflect.MakeSlice(t, len(parts), len(parts)))
		for i, part := range parts {
			v, err := c.decode(part, t.Elem())
			if err != nil {
				return to.Elem(), err
			}
			to.Elem().Index(i).Set(v)
		}
		return to.Elem(), nil
	}
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return to.Elem(), err
	}
	if w.Failed {
		err := &asap.TaskError{Task: w.Task, Err: &flat{text: w.Err}}
		to.Elem().Field(1).Set(reflect.ValueOf(err))
		return to.Elem(), nil
	}
	err := c.unmarshal(w.Value, to.Elem().Field(0).Addr().Interface())
	return to.Elem(), err
}

// copyOf is v after the journey, v itself if it does not get there.
func (c codec) copyOf(v any, t reflect.Type) reflect.Value {
	data, err := c.encode(v, t)
	if err != nil {
		return typed(v, t)
	}
	back, err := c.decode(data, t)
	if err != nil {
		return typed(v, t)
	}
	return back
}
