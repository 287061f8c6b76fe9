package dbosasap

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// encode returns v as JSON. Methods of the pointer to its type are found, as they are
// when it is part of something that has a place, and what they panic with is an error.
func encode(v any) (data json.RawMessage, err error) {
	defer recovered(&err)
	if of := reflect.ValueOf(v); of.IsValid() && of.Kind() != reflect.Pointer {
		place := reflect.New(of.Type())
		place.Elem().Set(of)
		v = place.Interface()
	}
	return json.Marshal(v)
}

// decode fills in what into points to, all of it or, beside an error, nothing.
func decode(data []byte, into any) (err error) {
	to := reflect.ValueOf(into).Elem()
	defer func() {
		if err != nil {
			to.SetZero()
		}
	}()
	defer recovered(&err)
	to.SetZero() // what was there is not to show through
	return json.Unmarshal(data, into)
}

func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v", v)
	}
}
