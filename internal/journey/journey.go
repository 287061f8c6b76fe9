// Package journey finds out whether values of a type are the same after they were
// encoded and decoded again, for engines that keep them or send them elsewhere: by the
// type, and by the journey of one in which everything is set.
package journey

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Check is how values travel.
type Check struct {
	// Send encodes a value and decodes it again.
	Send func(reflect.Value) (reflect.Value, error)
	// Trusted types are taken as they are.
	Trusted map[reflect.Type]bool
	// JSON says that values are encoded by encoding/json, by their address: methods of
	// the pointer to them are called, but for what is in a map.
	JSON bool
	// Messages are those that are encoded by rules of their own, nil if there are none.
	Messages Messages
	// Fate is what becomes of a channel: it "cannot be kept".
	Fate string
}

// Messages are values that are encoded by rules of their own, such as protobuf's.
type Messages interface {
	// Is reports whether values of t are.
	Is(t reflect.Type) bool
	// Fill makes one, with everything in it set, down to a depth.
	Fill(v reflect.Value, depth int)
	// Equal compares two.
	Equal(a, b reflect.Value) bool
}

// Of says why values of type t are not the same after the journey, nil if they are as far
// as anybody can tell.
func (c *Check) Of(t reflect.Type) error {
	w := &walk{Check: c, seen: make(map[place]bool), opaque: make(map[reflect.Type]bool)}
	if err := w.visit(t, Text(t), c.JSON); err != nil || w.opaque[t] && !w.isMessage(t) {
		return err
	}
	in := reflect.New(t).Elem()
	w.fill(in, depth)
	back, err := c.Send(in)
	if err != nil {
		for o := range w.opaque {
			if _, err := c.Send(reflect.New(o).Elem()); err != nil {
				return nil // a type whose zero value is none, such as that of an enumeration: nothing to try with
			}
		}
		return err
	}
	if at := w.differs(in, back, Text(t)); at != "" {
		return fmt.Errorf("%s does not survive: it is lost or changed when it is encoded and decoded", at)
	}
	return nil
}

// depth is that to which a value is filled.
const depth = 4

// walk goes through a type.
type walk struct {
	*Check
	seen   map[place]bool
	opaque map[reflect.Type]bool // encodes itself
}

// place is a type where an encoder calls the methods of its pointer, or where it does
// not.
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

// visit looks at t, which was found at a place.
func (w *walk) visit(t reflect.Type, at string, addressable bool) error {
	if w.seen[place{t, addressable}] {
		return nil
	}
	w.seen[place{t, addressable}] = true
	switch {
	case isResult(t):
		return w.visit(t.Field(0).Type, at+".Value", addressable || w.JSON)
	case w.Trusted[t]:
		w.opaque[t] = true
		return nil
	case w.EncodesItself(t):
		if embedded := w.promoted(t); embedded != nil {
			return fmt.Errorf("%s is encoded by the methods of %s, which it embeds, and the rest is lost; give the field a name, or %s methods of its own", at, Text(embedded), Text(t))
		}
		if !addressable && w.onlyPointerEncodes(t) {
			return fmt.Errorf("%s is a %s, whose MarshalJSON has a pointer receiver and is not called for a value; use *%s", at, Text(t), Text(t))
		}
		w.opaque[t] = true
		return nil
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("%s is a %s, which %s; pass what it is made of", at, Text(t), w.Fate)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%s is the interface %s: what is in it cannot be told afterwards; use a concrete type", at, Text(t))
		}
	case reflect.Pointer:
		return w.visit(t.Elem(), at, true)
	case reflect.Slice:
		return w.visit(t.Elem(), at+"[…]", true)
	case reflect.Array:
		return w.visit(t.Elem(), at+"[…]", addressable)
	case reflect.Map:
		if !w.isKey(t.Key()) {
			return fmt.Errorf("%s is a map with keys of type %s, which cannot be encoded; use strings or numbers", at, Text(t.Key()))
		}
		return w.visit(t.Elem(), at+"[…]", false)
	case reflect.Struct:
		return w.fields(t, at, addressable)
	}
	return nil
}

func (w *walk) fields(t reflect.Type, at string, addressable bool) error {
	message, shown := isGenerated(t), 0
	for f := range t.Fields() {
		switch {
		case f.Name == "_" || message && !f.IsExported(): // its own affair
			continue
		case w.JSON && f.Tag.Get("json") == "-":
			return fmt.Errorf("%s.%s has the tag json:\"-\" and would be lost; leave the tag out, or say Trust(%s{})", at, f.Name, Text(t))
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			// Its exported fields travel as if they were t's.
		case !f.IsExported():
			return fmt.Errorf("%s.%s is not exported and would be lost; export it, give %s the methods of json.Marshaler and json.Unmarshaler, or say Trust(%s{})", at, f.Name, Text(t), Text(t))
		}
		shown++
		if err := w.visit(f.Type, at+"."+f.Name, addressable); err != nil {
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
func (w *walk) promoted(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		if !f.Anonymous || !w.EncodesItself(f.Type) {
			continue
		}
		in := reflect.New(t).Elem()
		w.fill(in, depth)
		if own := in.FieldByIndex(f.Index); own.CanSet() {
			own.SetZero()
		}
		if back, err := w.Send(in); err == nil && !in.IsZero() && back.IsZero() {
			return f.Type
		}
	}
	return nil
}

// EncodesItself reports whether values of t have methods that encode the whole of them.
func (c *Check) EncodesItself(t reflect.Type) bool {
	if t.Name() != "" && t.PkgPath() == "" {
		return false // predeclared: no methods
	}
	both := func(t reflect.Type) bool {
		return t.Implements(jsonMarshaler) && t.Implements(jsonUnmarshaler) || t.Implements(textMarshaler) && t.Implements(textUnmarshaler)
	}
	return both(reflect.PointerTo(t)) || t.Kind() == reflect.Pointer && both(t) || c.isMessage(t) || c.isMessage(reflect.PointerTo(t))
}

// onlyPointerEncodes reports whether t has its encoding method from its pointer.
func (w *walk) onlyPointerEncodes(t reflect.Type) bool {
	return !w.isMessage(t) && !w.isMessage(reflect.PointerTo(t)) && !t.Implements(jsonMarshaler) && !t.Implements(textMarshaler)
}

func (c *Check) isMessage(t reflect.Type) bool { return c.Messages != nil && c.Messages.Is(t) }

func (w *walk) isKey(t reflect.Type) bool {
	if t.Implements(textMarshaler) && reflect.PointerTo(t).Implements(textUnmarshaler) {
		w.opaque[t] = true
		return true
	}
	k := t.Kind()
	return k == reflect.String || k >= reflect.Int && k <= reflect.Uintptr
}

// isGenerated reports whether t is a message of protobuf, as its generated code has it.
func isGenerated(t reflect.Type) bool {
	m, ok := reflect.PointerTo(t).MethodByName("ProtoReflect")
	return ok && m.Type.NumIn() == 1 && m.Type.NumOut() == 1 && m.Type.Out(0).Name() == "Message"
}

// isResult reports whether t is an asap.Result, whose JSON has the rest of it beside its
// value.
func isResult(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "github.com/asap-go/asap" && strings.HasPrefix(t.Name(), "Result[")
}

// Text is the type as a user writes it.
func Text(t reflect.Type) string { return strings.ReplaceAll(t.String(), "interface {}", "any") }
