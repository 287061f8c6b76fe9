package temporalasap

import (
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/asap-go/asap/internal/journey"
)

// messages are those of protobuf, which converters encode by their descriptors.
type messages struct {
	made  bool // some were filled
	empty bool // they are to be empty ones
}

// encodesItself reports whether values of t have methods that encode the whole of them.
func encodesItself(t reflect.Type) bool { return byMethods.EncodesItself(t) }

var byMethods = journey.Check{Messages: &messages{}}

var protoMessage = reflect.TypeFor[proto.Message]()

func (m *messages) Is(t reflect.Type) bool { return t.Implements(protoMessage) }

func (m *messages) Fill(v reflect.Value, depth int) {
	if v.Kind() != reflect.Pointer {
		return // of an interface nobody knows which
	}
	v.Set(reflect.New(v.Type().Elem()))
	if m.made = true; !m.empty {
		fillMessage(v.Interface().(proto.Message).ProtoReflect(), depth)
	}
}

func (m *messages) Equal(a, b reflect.Value) bool {
	return a.Kind() != reflect.Pointer || proto.Equal(a.Interface().(proto.Message), b.Interface().(proto.Message))
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
