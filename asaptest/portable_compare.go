package asaptest

import (
	"fmt"
	"math"
	"reflect"

	"github.com/asap-go/asap/internal/texts"
)

// difference says where b differs from a, which is of the same static type,
// "" if nowhere. Values with a method Equal are asked, so that a time is the
// same in another zone and without its monotonic part; a nil slice or map is
// an empty one, and a nil pointer that a type hides is one to its zero value, as
// those of decimals and big numbers are; of errors the text counts, and of messages of
// protobuf the fields that are exported. Values of trusted types are taken for the same.
func difference(a, b reflect.Value, path string, trusted map[reflect.Type]bool) string {
	return (&comparison{make(map[[2]uintptr]bool), trusted}).differ(a, b, path)
}

type comparison struct {
	seen    map[[2]uintptr]bool // pointers that are being compared
	trusted map[reflect.Type]bool
}

func changed(path string, a, b reflect.Value) string {
	if a.Kind() == reflect.String {
		return fmt.Sprintf("%s is %q and becomes %q", path, a, b)
	}
	return fmt.Sprintf("%s is %v and becomes %v", path, a, b)
}

func (c *comparison) differ(a, b reflect.Value, path string) string {
	if a.Type() != b.Type() {
		return fmt.Sprintf("%s is of type %s and becomes %s", path, a.Type(), b.Type())
	}
	if c.trusted[a.Type()] {
		return ""
	}
	if equal, ok := asks(a, b); ok {
		if !equal {
			return changed(path, a, b)
		}
		return ""
	}
	same := true
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		return c.indirect(a, b, path)
	case reflect.Struct:
		message := isMessage(reflect.PointerTo(a.Type()))
		for i := range a.NumField() {
			if message && !a.Type().Field(i).IsExported() {
				continue
			}
			if d := c.differ(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name); d != "" {
				return d
			}
		}
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return fmt.Sprintf("%s is %d long and becomes %d long", path, a.Len(), b.Len())
		}
		for i := range a.Len() {
			if d := c.differ(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i)); d != "" {
				return d
			}
		}
	case reflect.Map:
		return c.maps(a, b, path)
	case reflect.Float32, reflect.Float64:
		same = a.Float() == b.Float() || math.IsNaN(a.Float()) && math.IsNaN(b.Float())
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		same = a.IsZero() && b.IsZero()
	default:
		same = a.Equal(b)
	}
	if !same {
		return changed(path, a, b)
	}
	return ""
}

// asks has a value compare itself, as time.Time does.
func asks(a, b reflect.Value) (equal, ok bool) {
	if !a.CanInterface() || !b.CanInterface() || a.Kind() == reflect.Interface || a.Kind() == reflect.Pointer && (a.IsNil() || b.IsNil()) {
		return false, false
	}
	m := a.MethodByName("Equal")
	if !m.IsValid() {
		return false, false
	}
	t := m.Type()
	if t.NumIn() != 1 || t.In(0) != b.Type() || t.NumOut() != 1 || t.Out(0).Kind() != reflect.Bool {
		return false, false
	}
	return m.Call([]reflect.Value{b})[0].Bool(), true
}

func (c *comparison) indirect(a, b reflect.Value, path string) string {
	if a.IsNil() || b.IsNil() {
		switch {
		case a.IsNil() == b.IsNil():
			return ""
		case a.Kind() == reflect.Interface || a.CanInterface():
			return changed(path, a, b)
		case a.IsNil():
			return c.differ(reflect.Zero(a.Type().Elem()), b.Elem(), path)
		default:
			return c.differ(a.Elem(), reflect.Zero(a.Type().Elem()), path)
		}
	}
	if a.Kind() == reflect.Interface && a.CanInterface() {
		x, isErr := a.Interface().(error)
		if y, ok := b.Interface().(error); isErr && ok {
			if before, after := texts.Of(x), texts.Of(y); before != after {
				return fmt.Sprintf("%s is the error %q and becomes %q", path, before, after)
			}
			return ""
		}
	}
	if a.Kind() == reflect.Pointer {
		pair := [2]uintptr{a.Pointer(), b.Pointer()}
		if a.Pointer() == b.Pointer() || c.seen[pair] {
			return ""
		}
		c.seen[pair] = true
	}
	return c.differ(a.Elem(), b.Elem(), path)
}

func (c *comparison) maps(a, b reflect.Value, path string) string {
	if a.Len() != b.Len() {
		return fmt.Sprintf("%s has %d entries and then %d", path, a.Len(), b.Len())
	}
	for _, k := range a.MapKeys() {
		at := fmt.Sprintf("%s[%v]", path, k)
		v := b.MapIndex(k)
		if !v.IsValid() {
			return at + " is there and then no more"
		}
		if d := c.differ(a.MapIndex(k), v, at); d != "" {
			return d
		}
	}
	return ""
}
