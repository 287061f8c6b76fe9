package dbosasap

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/asap-go/asap"
)

// kept says why values of a type are not the same after they were kept as JSON, as far
// as their type shows it, and one in which everything is set.
type kept struct {
	trusted map[reflect.Type]bool
	seen    map[place]bool
	opaque  map[reflect.Type]bool // encodes itself
}

// place is a type where the methods of its pointer are called by encoding/json, or where
// they are not: in a map.
type place struct {
	t           reflect.Type
	addressable bool
}

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// check looks at values of type t.
func check(t reflect.Type, trusted map[reflect.Type]bool) error {
	k := &kept{trusted, make(map[place]bool), make(map[reflect.Type]bool)}
	if err := k.visit(t, t.String(), true); err != nil {
		return err
	}
	if k.opaque[t] {
		return nil
	}
	in := reflect.New(t).Elem()
	k.fill(in, 4)
	back, err := again(in)
	if err != nil { // of what encodes itself, and has a zero value that is none
		return nil
	}
	if at := k.differs(in, back, t.String()); at != "" {
		return fmt.Errorf("%s does not survive: it is lost or changed when it is kept as JSON", at)
	}
	return nil
}

// again is what becomes of v.
func again(v reflect.Value) (reflect.Value, error) {
	back := reflect.New(v.Type())
	data, err := encode(v.Interface())
	if err == nil {
		err = decode(data, back.Interface())
	}
	return back.Elem(), err
}

// visit looks at t, which was found at a place.
func (k *kept) visit(t reflect.Type, at string, addressable bool) error {
	if k.seen[place{t, addressable}] {
		return nil
	}
	k.seen[place{t, addressable}] = true
	switch {
	case isResult(t):
		return k.visit(t.Field(0).Type, at+".Value", true)
	case k.trusted[t]:
		k.opaque[t] = true
		return nil
	case encodesItself(t):
		if embedded := k.promoted(t); embedded != nil {
			return fmt.Errorf("%s is encoded by the methods of %s, which it embeds, and the rest would be lost; give the field a name, or %s methods of its own", at, embedded, t)
		}
		if !addressable && t.Kind() != reflect.Pointer && !t.Implements(jsonMarshaler) && !t.Implements(textMarshaler) {
			return fmt.Errorf("%s is a %s, whose MarshalJSON has a pointer receiver and is not called for what is in a map; use *%s", at, t, t)
		}
		k.opaque[t] = true
		return nil
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("%s is a %s, which cannot be kept; pass what it is made of", at, t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%s is the interface %s: what is in it cannot be told after it was kept; use a concrete type", at, t)
		}
	case reflect.Pointer:
		return k.visit(t.Elem(), at, true)
	case reflect.Slice:
		return k.visit(t.Elem(), at+"[…]", true)
	case reflect.Array:
		return k.visit(t.Elem(), at+"[…]", addressable)
	case reflect.Map:
		if _, err := again(reflect.MakeMapWithSize(t, 1)); err != nil || !isKey(t.Key()) {
			return fmt.Errorf("%s is a map with keys of type %s, which cannot be kept; use strings or numbers", at, t.Key())
		}
		return k.visit(t.Elem(), at+"[…]", false)
	case reflect.Struct:
		return k.fields(t, at, addressable)
	}
	return nil
}

func (k *kept) fields(t reflect.Type, at string, addressable bool) error {
	message, shown := isMessage(t), 0
	for f := range t.Fields() {
		embedded := f.Anonymous && f.Type.Kind() == reflect.Struct
		switch {
		case f.Name == "_" || message && !f.IsExported(): // its own affair
			continue
		case f.Tag.Get("json") == "-":
			return fmt.Errorf("%s.%s has the tag json:\"-\" and would be lost; leave the tag out, or say Trust(%s{})", at, f.Name, t)
		case !f.IsExported() && !embedded:
			return fmt.Errorf("%s.%s is not exported and would be lost; export it, give %s the methods of json.Marshaler and json.Unmarshaler, or say Trust(%s{})", at, f.Name, t, t)
		}
		shown++
		if err := k.visit(f.Type, at+"."+f.Name, addressable); err != nil {
			return err
		}
	}
	if message && shown == 0 {
		return fmt.Errorf("%s is a message of protobuf with hidden fields, of which encoding/json sees nothing; keep the bytes of proto.Marshal", at)
	}
	return nil
}

// promoted is the type of an embedded field of a struct whose methods encode the whole, and
// with it nothing but that field: struct{ time.Time; Name string }.
func (k *kept) promoted(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		if !f.Anonymous || !encodesItself(f.Type) {
			continue
		}
		in := reflect.New(t).Elem()
		k.fill(in, 4)
		if own := in.FieldByIndex(f.Index); own.CanSet() {
			own.SetZero()
		}
		if back, err := again(in); err == nil && !in.IsZero() && back.IsZero() {
			return f.Type
		}
	}
	return nil
}

func encodesItself(t reflect.Type) bool {
	both := func(t reflect.Type) bool {
		return t.Implements(jsonMarshaler) && t.Implements(jsonUnmarshaler) || t.Implements(textMarshaler) && t.Implements(textUnmarshaler)
	}
	return both(reflect.PointerTo(t)) || t.Kind() == reflect.Pointer && both(t)
}

func isKey(t reflect.Type) bool {
	k := t.Kind()
	return k == reflect.String || k >= reflect.Int && k <= reflect.Float64 ||
		t.Implements(textMarshaler) && reflect.PointerTo(t).Implements(textUnmarshaler)
}

// isMessage reports whether t is a message of protobuf, as its generated code has it.
func isMessage(t reflect.Type) bool {
	m, ok := reflect.PointerTo(t).MethodByName("ProtoReflect")
	return ok && m.Type.NumIn() == 1 && m.Type.NumOut() == 1 && m.Type.Out(0).Name() == "Message"
}

func isResult(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[asap.Group]().PkgPath() && strings.HasPrefix(t.Name(), "Result[")
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
