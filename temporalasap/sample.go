package temporalasap

import (
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fill sets everything in v that is not opaque to something that is not zero.
func (w *walk) fill(v reflect.Value, depth int) {
	t := v.Type()
	if t.Kind() == reflect.Pointer && t.Implements(protoMessage) && v.CanSet() && !w.trusted[t] {
		v.Set(reflect.New(t.Elem()))
		if w.messages = true; !w.plain {
			fillMessage(v.Interface().(proto.Message).ProtoReflect(), depth)
		}
		return
	}
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
		v.SetString("7") // a json.Number, too
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

// differs says where two values of one type differ, but for what encodes
// itself: of that fill has set nothing.
func (w *walk) differs(a, b reflect.Value, at string) string {
	t := a.Type()
	if t.Kind() == reflect.Pointer && t.Implements(protoMessage) && a.CanInterface() && !w.trusted[t] {
		if proto.Equal(a.Interface().(proto.Message), b.Interface().(proto.Message)) {
			return ""
		}
		return at
	}
	if w.opaque[t] {
		return ""
	}
	same := true
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if isResult(t) && i > 0 || t.Field(i).Name == "_" {
				continue
			}
			if d := w.differs(a.Field(i), b.Field(i), at+"."+t.Field(i).Name); d != "" {
				return d
			}
		}
	case reflect.Pointer, reflect.Interface:
		if same = a.IsNil() == b.IsNil(); same && !a.IsNil() {
			return w.differs(a.Elem(), b.Elem(), at)
		}
	case reflect.Slice, reflect.Array:
		if same = a.Len() == b.Len(); same {
			for i := range a.Len() {
				if d := w.differs(a.Index(i), b.Index(i), at+"[…]"); d != "" {
					return d
				}
			}
		}
	case reflect.Map:
		same = a.Len() == b.Len()
		for _, k := range a.MapKeys() { // one
			v := b.MapIndex(k)
			if !v.IsValid() {
				return at + "[…]"
			}
			if d := w.differs(a.MapIndex(k), v, at+"[…]"); d != "" {
				return d
			}
		}
	default:
		same = a.Equal(b)
	}
	if !same {
		return at
	}
	return ""
}

// fillMessage sets everything in a message of protobuf, of a oneof the last.
func fillMessage(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		isMessage := f.Message() != nil
		switch {
		case isMessage && depth <= 1:
		case f.IsMap():
		case f.IsList() && isMessage:
			fillMessage(m.Mutable(f).List().AppendMutable().Message(), depth-1)
		case f.IsList():
			m.Mutable(f).List().Append(sampleOf(f))
		case isMessage:
			fillMessage(m.Mutable(f).Message(), depth-1)
		default:
			m.Set(f, sampleOf(f))
		}
	}
}

func sampleOf(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(values.Len() - 1).Number())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("7")
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{7})
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(0.5)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(0.5)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(7)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(7)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(7)
	}
	return protoreflect.ValueOfInt32(7)
}
