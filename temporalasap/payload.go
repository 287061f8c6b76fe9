package temporalasap

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
)

// maxPayload is what a server takes by default for the arguments of a call
// together, and for a value. The SDK tries for ever to send what is larger.
const maxPayload = 2 << 20

// fits returns a *notSent if all are more than one payload may have. Only what may come
// near that is encoded for it, and so encoded twice.
func (v *values) fits(what string, all ...any) error {
	if v.limit <= 0 || atMost(v.limit, all) {
		return nil
	}
	payloads, err := v.encode(all...)
	if err != nil {
		return nil // the SDK says so, too
	}
	if size := proto.Size(payloads); size > v.limit {
		return &notSent{fmt.Sprintf("%s %.1f MB, and Temporal takes at most %s; pass a reference instead", what, float64(size)/(1<<20), megabytes(v.limit))}
	}
	return nil
}

func megabytes(n int) string { return strconv.FormatFloat(float64(n)/(1<<20), 'g', 3, 64) + " MB" }

// atMost reports whether all are sure to fit into a payload of that size, as far as their
// memory tells: encoded they take no more than the text of JSON would, and a third more
// if what encrypts them writes base64. Of what encodes itself nobody knows: it is taken
// for about what it is made of.
func atMost(size int, all []any) bool {
	left := size/4*3 - 1024
	for _, v := range all {
		weigh(reflect.ValueOf(v), &left)
	}
	return left >= 0
}

// weigh takes off what v takes at most as JSON, and stops when nothing is left.
func weigh(v reflect.Value, left *int) {
	if *left -= 8; !v.IsValid() || *left < 0 {
		return
	}
	t := v.Type()
	if t == reflect.TypeFor[time.Time]() {
		*left -= len(time.RFC3339Nano)
		return
	}
	if encodesItself(t) {
		*left -= 256 // and the rest in relation to what is in it
	}
	switch v.Kind() {
	case reflect.String:
		*left -= quoted(v.String())
	case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Uint8, reflect.Uint16:
	case reflect.Pointer, reflect.Interface:
		weigh(v.Elem(), left)
	case reflect.Slice, reflect.Array:
		if n, ok := widths[t.Elem().Kind()]; ok && !encodesItself(t.Elem()) {
			*left -= v.Len() * n
			return
		}
		for i := 0; i < v.Len() && *left >= 0; i++ {
			weigh(v.Index(i), left)
		}
	case reflect.Map:
		for i := v.MapRange(); *left >= 0 && i.Next(); { // a sum: in any order the same
			weigh(i.Key(), left)
			weigh(i.Value(), left)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			*left -= len(t.Field(i).Name) + len(t.Field(i).Tag)
			weigh(v.Field(i), left)
		}
	default:
		*left -= 24
	}
}

// widths are what elements of a slice take at most with their comma. Bytes are base64 or
// a list of numbers.
var widths = map[reflect.Kind]int{
	reflect.Bool: 6, reflect.Int: 24, reflect.Int8: 5, reflect.Int16: 7, reflect.Int32: 12, reflect.Int64: 24,
	reflect.Uint: 24, reflect.Uint8: 4, reflect.Uint16: 6, reflect.Uint32: 11, reflect.Uint64: 24, reflect.Uintptr: 24,
	reflect.Float32: 24, reflect.Float64: 25,
}

// quoted is the length of a text as JSON has it, at most.
func quoted(s string) int {
	n := len(s) + 2
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x7f || c >= 0x80:
			n += 5
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}
