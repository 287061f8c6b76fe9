package temporalasap

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
)

// traveller finds out whether values of a type survive the way to another
// process: by the type, and by sending one with everything in it set.
type traveller struct {
	converter converter.DataConverter
	trusted   map[reflect.Type]bool
}

func (v *traveller) travels(t reflect.Type) error {
	w := walk{traveller: v, seen: make(map[visited]bool), opaque: make(map[reflect.Type]bool)}
	if err := w.visit(t, typeText(t), false); err != nil || w.opaque[t] && !t.Implements(protoMessage) {
		return err
	}
	in := reflect.New(t).Elem()
	w.fill(in, 4)
	back, err := v.send(in)
	if _, unencoded := errors.AsType[*unencoded](err); unencoded && w.messages { // such as Any, which has rules of its own
		w.plain = true
		in.SetZero()
		w.fill(in, 4)
		back, err = v.send(in)
	}
	if err != nil {
		for o := range w.opaque {
			if _, err := v.send(reflect.Zero(o)); err != nil {
				return nil // a type whose zero value is none, such as that of an enumeration: nothing to try with
			}
		}
		return err
	}
	if at := w.differs(in, back, typeText(t)); at != "" {
		return fmt.Errorf("%s does not survive: it is lost or changed when it is encoded and decoded", at)
	}
	return nil
}

// send encodes a value and decodes it again.
func (v *traveller) send(in reflect.Value) (reflect.Value, error) {
	var payload *commonpb.Payload
	err := unpack(func(...any) (err error) { // which may panic, as they call methods of the user's
		payload, err = v.converter.ToPayload(in.Interface())
		return err
	})
	if err != nil {
		return in, &unencoded{fmt.Errorf("%s cannot be encoded: %w", typeText(in.Type()), err)}
	}
	back := reflect.New(in.Type())
	if err := unpack(func(into ...any) error { return v.converter.FromPayload(payload, into[0]) }, back.Interface()); err != nil {
		return in, fmt.Errorf("%s cannot be decoded: %w", typeText(in.Type()), err)
	}
	return back.Elem(), nil
}

// unencoded is the error of a value that the converter refuses.
type unencoded struct{ error }

func (e *unencoded) Unwrap() error { return e.error }

// walk goes through a type.
type walk struct {
	*traveller
	seen     map[visited]bool
	opaque   map[reflect.Type]bool // encodes itself
	messages bool                  // fill has made messages of protobuf
	plain    bool                  // it is to make empty ones
}

// visited is a type at a place where the methods of its pointer are called by
// an encoder, or at one where they are not.
type visited struct {
	t           reflect.Type
	addressable bool
}

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	protoMessage    = reflect.TypeFor[proto.Message]()
)

// visit says why values of t, found at a place, do not travel.
func (w *walk) visit(t reflect.Type, at string, addressable bool) error {
	place := visited{t, addressable}
	if w.seen[place] {
		return nil
	}
	w.seen[place] = true
	if isResult(t) {
		return w.visit(t.Field(0).Type, at+".Value", addressable)
	}
	if w.trusted[t] {
		w.opaque[t] = true
		return nil
	}
	if encodesItself(t) {
		if embedded := w.promoted(t); embedded != "" {
			return fmt.Errorf("%s is encoded by the methods of %s, which it embeds, and the rest is lost; give the field a name, or %s methods of its own", at, embedded, typeText(t))
		}
		if !addressable && onlyPointerEncodes(t) {
			return fmt.Errorf("%s is a %s, whose MarshalJSON has a pointer receiver and is not called for a value; use *%s", at, typeText(t), typeText(t))
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
	case reflect.Pointer, reflect.Slice:
		return w.visit(t.Elem(), at+elemText(t), true)
	case reflect.Array:
		return w.visit(t.Elem(), at+elemText(t), addressable)
	case reflect.Map:
		if err := w.key(t.Key(), at); err != nil {
			return err
		}
		return w.visit(t.Elem(), at+"[…]", false)
	case reflect.Struct:
		return w.fields(t, at, addressable)
	}
	return nil
}

// promoted is the embedded field of a struct whose methods encode the whole,
// and with it nothing but that field: struct{ time.Time; Name string }.
func (w *walk) promoted(t reflect.Type) string {
	if t.Kind() != reflect.Struct {
		return ""
	}
	for f := range t.Fields() {
		if !f.Anonymous || !encodesItself(f.Type) {
			continue
		}
		in := reflect.New(t).Elem()
		w.fill(in, 4)
		if own := in.FieldByIndex(f.Index); own.CanSet() {
			own.SetZero()
		}
		back, err := w.send(in)
		if err == nil && !in.IsZero() && back.IsZero() {
			return typeText(f.Type)
		}
	}
	return ""
}

func (w *walk) key(t reflect.Type, at string) error {
	if t.Implements(textMarshaler) && reflect.PointerTo(t).Implements(textUnmarshaler) {
		w.opaque[t] = true
		return nil
	}
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return nil
	}
	return fmt.Errorf("%s is a map with keys of type %s, which cannot be encoded; use strings or numbers", at, typeText(t))
}

func (w *walk) fields(t reflect.Type, at string, addressable bool) error {
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
		if err := w.visit(f.Type, at+"."+f.Name, addressable); err != nil {
			return err
		}
	}
	return nil
}

func encodesItself(t reflect.Type) bool {
	if t.Name() != "" && t.PkgPath() == "" {
		return false // predeclared: no methods
	}
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshaler) && p.Implements(jsonUnmarshaler) ||
		p.Implements(textMarshaler) && p.Implements(textUnmarshaler) ||
		p.Implements(protoMessage) || t.Implements(protoMessage) ||
		t.Kind() == reflect.Pointer && (t.Implements(jsonMarshaler) && t.Implements(jsonUnmarshaler) || t.Implements(textMarshaler) && t.Implements(textUnmarshaler))
}

// onlyPointerEncodes reports whether t has its encoding method from its pointer.
func onlyPointerEncodes(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return !p.Implements(protoMessage) && !t.Implements(protoMessage) && !t.Implements(jsonMarshaler) && !t.Implements(textMarshaler)
}

func isResult(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[asap.Group]().PkgPath() && strings.HasPrefix(t.Name(), "Result[")
}

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

func typeText(t reflect.Type) string { return strings.ReplaceAll(t.String(), "interface {}", "any") }

func elemText(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return ""
	}
	return "[…]"
}
