package temporalasap

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/asap-go/asap"
)

// traveller finds out whether values of a type survive the way to another
// process: by the type, and by sending one with everything in it set.
type traveller struct {
	converter converter.DataConverter
	trusted   map[reflect.Type]bool
}

func (v *traveller) travels(t reflect.Type) error {
	w := walk{trusted: v.trusted, seen: make(map[reflect.Type]bool)}
	if err := w.visit(t, typeText(t)); err != nil || w.opaque[t] {
		return err
	}
	in := reflect.New(t)
	w.fill(in.Elem(), 4)
	payload, err := v.converter.ToPayload(in.Elem().Interface())
	if err != nil {
		return fmt.Errorf("%s cannot be encoded: %w", typeText(t), err)
	}
	back := reflect.New(t)
	if err := v.converter.FromPayload(payload, back.Interface()); err != nil {
		return fmt.Errorf("%s cannot be decoded: %w", typeText(t), err)
	}
	if at := differs(in.Elem(), back.Elem(), typeText(t)); at != "" {
		return fmt.Errorf("%s does not survive: it is lost or changed when it is encoded and decoded", at)
	}
	return nil
}

// walk goes through a type.
type walk struct {
	trusted map[reflect.Type]bool
	seen    map[reflect.Type]bool
	opaque  map[reflect.Type]bool // encodes itself
}

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	protoMessage    = reflect.TypeFor[proto.Message]()
)

// visit says why values of t, found at a place, do not travel.
func (w *walk) visit(t reflect.Type, at string) error {
	if w.seen[t] {
		return nil
	}
	w.seen[t] = true
	if isResult(t) {
		return w.visit(t.Field(0).Type, at+".Value")
	}
	if w.trusted[t] || encodesItself(t) {
		if w.opaque == nil {
			w.opaque = make(map[reflect.Type]bool)
		}
		w.opaque[t] = true
		return nil
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("%s is a %s, which cannot travel to another process; pass what it is made of", at, typeText(t))
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return nil
		}
		return fmt.Errorf("%s is the interface %s: what is in it cannot be told after the journey; use a concrete type", at, typeText(t))
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return w.visit(t.Elem(), at+elemText(t))
	case reflect.Map:
		if err := w.key(t.Key(), at); err != nil {
			return err
		}
		return w.visit(t.Elem(), at+"[…]")
	case reflect.Struct:
		return w.fields(t, at)
	}
	return nil
}

func (w *walk) key(t reflect.Type, at string) error {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return nil
	}
	if t.Implements(textMarshaler) && reflect.PointerTo(t).Implements(textUnmarshaler) {
		return nil
	}
	return fmt.Errorf("%s is a map with keys of type %s, which cannot be encoded; use strings or numbers", at, typeText(t))
}

func (w *walk) fields(t reflect.Type, at string) error {
	for f := range t.Fields() {
		switch {
		case f.Anonymous && !f.IsExported() && f.Type.Kind() == reflect.Struct:
			// Its exported fields travel as if they were t's.
		case f.Name == "_":
			continue
		case !f.IsExported():
			return fmt.Errorf("%s.%s is not exported and would be lost on the way; export it, give %s the methods of json.Marshaler and json.Unmarshaler, or say Trust(%s{})",
				at, f.Name, typeText(t), typeText(t))
		}
		if err := w.visit(f.Type, at+"."+f.Name); err != nil {
			return err
		}
	}
	return nil
}

func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshaler) && p.Implements(jsonUnmarshaler) ||
		p.Implements(textMarshaler) && p.Implements(textUnmarshaler) ||
		p.Implements(protoMessage) || t.Implements(protoMessage) ||
		t.Kind() == reflect.Pointer && (t.Implements(jsonMarshaler) && t.Implements(jsonUnmarshaler) || t.Implements(textMarshaler) && t.Implements(textUnmarshaler))
}

func isResult(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[asap.Group]().PkgPath() && strings.HasPrefix(t.Name(), "Result[")
}

// fill sets everything in v that is not opaque to something that is not zero.
func (w *walk) fill(v reflect.Value, depth int) {
	t := v.Type()
	if depth == 0 || w.opaque[t] || !v.CanSet() {
		return
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	case reflect.String:
		v.SetString("x")
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		w.fill(v.Elem(), depth-1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
		w.fill(v.Index(0), depth-1)
	case reflect.Array:
		for i := range v.Len() {
			w.fill(v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		w.fill(key, depth-1)
		w.fill(elem, depth-1)
		v.SetMapIndex(key, elem)
	case reflect.Struct:
		for i := range t.NumField() {
			if !isResult(t) || i == 0 {
				w.fill(v.Field(i), depth-1)
			}
		}
	}
}

// differs says where two values of one type differ.
func differs(a, b reflect.Value, at string) string {
	if reflect.DeepEqual(a.Interface(), b.Interface()) {
		return ""
	}
	if a.Kind() == reflect.Struct {
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() {
				if d := differs(a.Field(i), b.Field(i), at+"."+a.Type().Field(i).Name); d != "" {
					return d
				}
			}
		}
	}
	return at
}

// isAwait reports whether fn is the Await of a task, as a body.
func isAwait(fn any) bool {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	return f != nil && strings.HasPrefix(f.Name(), "github.com/asap-go/asap.(*Task[") && strings.HasSuffix(f.Name(), ".Await-fm")
}

func typeText(t reflect.Type) string { return strings.ReplaceAll(t.String(), "interface {}", "any") }

func elemText(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return ""
	}
	return "[…]"
}
