package dbosasap

import (
	"fmt"
	"reflect"

	"github.com/asap-go/asap/internal/journey"
)

// check says why values of type t are not the same after they were kept.
func check(t reflect.Type, trusted map[reflect.Type]bool) error {
	c := journey.Check{Send: again, Trusted: trusted, JSON: true, Fate: "cannot be kept"}
	return c.Of(t)
}

// again is what becomes of v.
func again(v reflect.Value) (reflect.Value, error) {
	back := reflect.New(v.Type())
	data, err := encode(v.Interface())
	if err != nil {
		return v, fmt.Errorf("%s cannot be kept: %w", journey.Text(v.Type()), err)
	}
	if err := decode(data, back.Interface()); err != nil {
		return v, fmt.Errorf("%s cannot be read again: %w", journey.Text(v.Type()), err)
	}
	return back.Elem(), nil
}

// values looks at what the task takes from others, and returns.
func (t *task) values(trusted map[reflect.Type]bool) error {
	fn := reflect.TypeOf(t.call.Func)
	for r := range fn.Outs() {
		if fn.NumOut() == 2 && r != reflect.TypeFor[error]() {
			if err := check(r, trusted); err != nil {
				return fmt.Errorf("its value: %w", err)
			}
		}
	}
	if t.kind == asStep { // it takes what is there
		return nil
	}
	for i := 1; i < fn.NumIn(); i++ {
		if err := check(fn.In(i), trusted); err != nil {
			return fmt.Errorf("argument %d after the context: %w", i, err)
		}
	}
	for _, need := range t.call.Needs {
		if err := check(need.Type, trusted); err != nil {
			return fmt.Errorf("the value of %s: %w", need.Task, err)
		}
	}
	return nil
}
