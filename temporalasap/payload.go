package temporalasap

import (
	"fmt"
	"reflect"
	"time"

	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// maxPayload is what a server takes by default for the arguments of a call
// together, and for a value. The SDK tries for ever to send what is larger.
const maxPayload = 2 << 20

// tooLarge is the error of what does not fit into one payload.
type tooLarge struct {
	what string
	size int
}

func (e *tooLarge) Error() string {
	return fmt.Sprintf("%s %.1f MB, and Temporal takes at most %d MB; pass a reference instead", e.what, float64(e.size)/(1<<20), maxPayload>>20)
}

// fits returns a *tooLarge if values are more than one payload may have. Only
// what may come near that is encoded for it.
func fits(dc converter.DataConverter, what string, values ...any) error {
	weight := 0
	for _, v := range values {
		weigh(reflect.ValueOf(v), &weight)
	}
	if weight < nearly {
		return nil
	}
	payloads, err := dc.ToPayloads(values...)
	if err != nil {
		return nil // the SDK says so, too
	}
	if size := proto.Size(payloads); size > maxPayload {
		return &tooLarge{what, size}
	}
	return nil
}

// nearly is an eighth of what fits: no text of JSON is eight times as long as
// what weigh finds.
const nearly = maxPayload / 8

// weigh adds to weight about what v takes, and stops when it is enough.
func weigh(v reflect.Value, weight *int) {
	if !v.IsValid() || *weight >= nearly {
		return
	}
	*weight += 4
	t := v.Type()
	switch {
	case t == reflect.TypeFor[time.Time]():
		*weight += len(time.RFC3339Nano)
		return
	case isResult(t) && v.FieldByName("Err").IsNil():
		v = v.FieldByName("Value")
	case encodesItself(t):
		*weight += nearly // nobody knows
	}
	switch v.Kind() {
	case reflect.String:
		*weight += v.Len()
	case reflect.Pointer, reflect.Interface:
		weigh(v.Elem(), weight)
	case reflect.Slice, reflect.Array:
		if k := t.Elem().Kind(); k <= reflect.Complex128 && !encodesItself(t.Elem()) {
			*weight += v.Len() * int(t.Elem().Size())
			return
		}
		for i := range v.Len() {
			weigh(v.Index(i), weight)
		}
	case reflect.Map:
		for i := v.MapRange(); *weight < nearly && i.Next(); { // a sum: in any order the same
			weigh(i.Key(), weight)
			weigh(i.Value(), weight)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			*weight += len(t.Field(i).Name)
			weigh(v.Field(i), weight)
		}
	}
}
