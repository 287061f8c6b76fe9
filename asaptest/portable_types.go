package asaptest

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// typeFaults says what encoding/json loses of any value of the type.
func typeFaults(t reflect.Type, trusted map[reflect.Type]bool) []string {
	w := typeWalk{seen: make(map[reflect.Type]bool), trusted: trusted}
	w.walk(t, typeName(t))
	return w.faults
}

func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer && t.Elem().Name() != "" {
		t = t.Elem()
	}
	if t.Name() == "" {
		return t.String()
	}
	return t.Name()
}

type typeWalk struct {
	seen    map[reflect.Type]bool
	trusted map[reflect.Type]bool
	faults  []string
}

func (w *typeWalk) fault(path, format string, args ...any) {
	w.faults = append(w.faults, path+" "+fmt.Sprintf(format, args...))
}

func (w *typeWalk) walk(t reflect.Type, path string) {
	if isResult(t) {
		w.walk(t.Field(0).Type, typeName(t.Field(0).Type))
		return
	}
	if w.seen[t] || w.trusted[t] || marshals(t) {
		return
	}
	w.seen[t] = true
	if t.Kind() == reflect.Struct && isMessage(reflect.PointerTo(t)) {
		if !slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.IsExported() }) {
			w.fault(path, "is a message of protobuf with hidden fields, of which encoding/json sees nothing; give Portable a Codec")
		}
		return
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		w.fault(path, "is a %s, which cannot travel", t.Kind())
	case reflect.Interface:
		if t.NumMethod() > 0 {
			w.fault(path, "is the interface %s, and nobody knows what to make of it elsewhere; use a type that is none", t)
		}
	case reflect.Map:
		if k := t.Key(); k.Kind() != reflect.String && !k.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && !isInteger(k) {
			w.fault(path, "has keys of type %s, which cannot travel", k)
		}
		w.walk(t.Elem(), path+"[]")
	case reflect.Slice, reflect.Array:
		w.walk(t.Elem(), path+"[]")
	case reflect.Pointer:
		w.walk(t.Elem(), path)
	case reflect.Struct:
		for f := range t.Fields() {
			w.field(t, f, path)
		}
	}
}

func (w *typeWalk) field(t reflect.Type, f reflect.StructField, path string) {
	at := path + "." + f.Name
	switch {
	case f.Tag.Get("json") == "-" || f.Name == "_" || f.Type.PkgPath() == "sync":
	case f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct:
		w.walk(f.Type, at)
	case f.Type.Size() > 0:
		w.fault(at, "is an unexported field, which vanishes; export it, or give %s the methods MarshalJSON and UnmarshalJSON", strings.TrimPrefix(typeName(t), "*"))
	}
}

// isResult tells whether t is an asap.Result, which encodes the value in it.
func isResult(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[asap.Group]().PkgPath() && strings.HasPrefix(t.Name(), "Result[")
}

// isMessage tells whether t is a pointer to a message of protobuf, as its generated code
// has it: what is not exported in that is its own affair.
func isMessage(t reflect.Type) bool {
	m, ok := t.MethodByName("ProtoReflect")
	return ok && t.Kind() == reflect.Pointer && m.Type.NumIn() == 1 && m.Type.NumOut() == 1 && m.Type.Out(0).Name() == "Message"
}

func isInteger(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uintptr
}

// marshals tells whether values of the type say themselves how they travel.
func marshals(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	for _, t := range []reflect.Type{t, reflect.PointerTo(t)} {
		if t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			return true
		}
	}
	return false
}
