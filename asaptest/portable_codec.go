package asaptest

import (
	"fmt"
	"reflect"
)

// codec is how values travel.
type codec struct {
	encode    func(any) ([]byte, error)
	unmarshal func([]byte, any) error
	json      bool // encoding/json: what it loses is seen in the types
	trusted   map[reflect.Type]bool
}

// newCodec returns a codec whose functions give a panic as an error, so that
// the message names the task.
func newCodec(encode func(any) ([]byte, error), decode func([]byte, any) error) codec {
	return codec{encode: func(v any) (data []byte, err error) {
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
		faults = typeFaults(t, c.trusted)
	}
	data, err := c.encode(v)
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
	return difference(typed(v, t), back, typeName(t), c.trusted)
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
	return difference(was, c.copyOf(v, t), typeName(t), c.trusted)
}

// typed is v as a value of the static type t, which may be an interface.
func typed(v any, t reflect.Type) reflect.Value {
	to := reflect.New(t).Elem()
	if v != nil {
		to.Set(reflect.ValueOf(v))
	}
	return to
}

func (c codec) decode(data []byte, t reflect.Type) (reflect.Value, error) {
	to := reflect.New(t)
	err := c.unmarshal(data, to.Interface())
	return to.Elem(), err
}

// arrived is what the data is elsewhere, if there is any.
func (c codec) arrived(data []byte, t reflect.Type) (reflect.Value, bool) {
	if data == nil {
		return reflect.Value{}, false
	}
	v, err := c.decode(data, t)
	return v, err == nil
}

// copyOf is v after the journey, v itself if it does not get there.
func (c codec) copyOf(v any, t reflect.Type) reflect.Value {
	data, err := c.encode(v)
	if err != nil {
		return typed(v, t)
	}
	back, err := c.decode(data, t)
	if err != nil {
		return typed(v, t)
	}
	return back
}
