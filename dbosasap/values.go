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
// as their type shows it.
type kept struct {
	trusted map[reflect.Type]bool
	seen    map[reflect.Type]bool
}

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// visit looks at t, which was found at a place.
func (k *kept) visit(t reflect.Type, at string) error {
	if k.seen[t] || k.trusted[t] {
		return nil
	}
	k.seen[t] = true
	if isResult(t) {
		return k.visit(t.Field(0).Type, at+".Value")
	}
	if p := reflect.PointerTo(t); (p.Implements(jsonMarshaler) && p.Implements(jsonUnmarshaler)) ||
		(p.Implements(textMarshaler) && p.Implements(textUnmarshaler)) {
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
		return k.visit(t.Elem(), at)
	case reflect.Slice, reflect.Array:
		return k.visit(t.Elem(), at+"[…]")
	case reflect.Map:
		return k.visit(t.Elem(), at+"[…]")
	case reflect.Struct:
		for f := range t.Fields() {
			embedded := f.Anonymous && f.Type.Kind() == reflect.Struct
			switch {
			case f.Name == "_":
				continue
			case f.Tag.Get("json") == "-":
				return fmt.Errorf("%s.%s has the tag json:\"-\" and would be lost; leave the tag out, or say Trust(%s{})", at, f.Name, t)
			case !f.IsExported() && !embedded:
				return fmt.Errorf("%s.%s is not exported and would be lost; export it, give %s the methods of json.Marshaler and json.Unmarshaler, or say Trust(%s{})", at, f.Name, t, t)
			}
			if err := k.visit(f.Type, at+"."+f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func isResult(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[asap.Group]().PkgPath() && strings.HasPrefix(t.Name(), "Result[")
}

// values looks at what the task takes and returns.
func (t *task) values(trusted map[reflect.Type]bool) error {
	k := kept{trusted, make(map[reflect.Type]bool)}
	fn := reflect.TypeOf(t.call.Func)
	for r := range fn.Outs() {
		if fn.NumOut() == 2 && r != reflect.TypeFor[error]() {
			if err := k.visit(r, r.String()); err != nil {
				return fmt.Errorf("its value: %w", err)
			}
		}
	}
	return nil
}
