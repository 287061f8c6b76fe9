package journey_test

//lint:file-ignore U1000 fields that nobody uses are what types are walked for

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/journey"
)

// Message is what generated code of protobuf calls the interface of its messages.
type Message interface{ Interface() any }

// state and unknown are what generated code has beside the fields.
type (
	plain struct {
		state, unknown []byte
		Seconds        int64 `json:"seconds,omitempty"`
		Name           *string
	}
	oneof struct {
		state []byte
		Kind  interface{ isKind() }
	}
	opaque struct{ state, hidden []byte }
)

func (*plain) ProtoReflect() Message  { return nil }
func (*oneof) ProtoReflect() Message  { return nil }
func (*opaque) ProtoReflect() Message { return nil }

type (
	hidden struct{ secret int }
	gone   struct {
		N int `json:"-"`
	}
	event struct {
		time.Time
		Name string
	}
	twins struct {
		Left
		Right
	}
	Left  struct{ N int }
	Right struct{ N int }
	color int // 0 is none
	dress struct {
		Color color
		Sizes map[color]int
	}
	sealed struct{ Values []int } // encodes none of them
)

func (c color) MarshalText() ([]byte, error) {
	if c != 1 {
		return nil, fmt.Errorf("no color %d", int(c))
	}
	return []byte("red"), nil
}

func (c *color) UnmarshalText([]byte) error { *c = 1; return nil }

func byJSON(v reflect.Value) (reflect.Value, error) {
	place, back := reflect.New(v.Type()), reflect.New(v.Type())
	place.Elem().Set(v)
	data, err := json.Marshal(place.Interface())
	if err == nil {
		err = json.Unmarshal(data, back.Interface())
	}
	return back.Elem(), err
}

// What a type loses is said, and nothing of one that loses nothing.
func TestJSON(t *testing.T) {
	for _, row := range []struct {
		of  reflect.Type
		say string // "" if it travels
	}{
		{reflect.TypeFor[int](), ""},
		{reflect.TypeFor[map[string][]*float64](), ""},
		{reflect.TypeFor[asap.Result[[]big.Int]](), ""},
		{reflect.TypeFor[any](), ""},
		{reflect.TypeFor[dress](), ""},
		{reflect.TypeFor[plain](), ""},
		{reflect.TypeFor[[]*plain](), ""},
		{reflect.TypeFor[oneof](), "journey_test.oneof.Kind is the interface interface { journey_test.isKind() }: what is in it cannot be told afterwards"},
		{reflect.TypeFor[*opaque](), "*journey_test.opaque is a message of protobuf with hidden fields"},
		{reflect.TypeFor[map[string]big.Int](), "map[string]big.Int[…] is a big.Int, whose MarshalJSON has a pointer receiver and is not called for a value"},
		{reflect.TypeFor[[]hidden](), "[]journey_test.hidden[…].secret is not exported and would be lost"},
		{reflect.TypeFor[gone](), `journey_test.gone.N has the tag json:"-" and would be lost`},
		{reflect.TypeFor[event](), "journey_test.event is encoded by the methods of time.Time, which it embeds"},
		{reflect.TypeFor[twins](), "journey_test.twins.Left.N does not survive"},
		{reflect.TypeFor[chan int](), "chan int is a chan int, which cannot be kept; pass what it is made of"},
		{reflect.TypeFor[map[bool]int](), "map[bool]int is a map with keys of type bool, which cannot be encoded"},
		{reflect.TypeFor[fmt.Stringer](), "fmt.Stringer is the interface fmt.Stringer"},
	} {
		c := journey.Check{Send: byJSON, JSON: true, Fate: "cannot be kept"}
		if err := c.Of(row.of); (err == nil) != (row.say == "") || err != nil && !strings.Contains(err.Error(), row.say) {
			t.Errorf("Of(%s) = %v, want %q", row.of, err, row.say)
		}
	}
}

// A journey that loses something is found whatever it is, and so is one that fails.
func TestSend(t *testing.T) {
	loses := func(v reflect.Value) (reflect.Value, error) { return reflect.New(v.Type()).Elem(), nil }
	fails := func(v reflect.Value) (reflect.Value, error) { return v, fmt.Errorf("no way") }
	for _, of := range []reflect.Type{reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[[2]uint8](), reflect.TypeFor[*float32](),
		reflect.TypeFor[[]int](), reflect.TypeFor[map[string]int](), reflect.TypeFor[sealed]()} {
		for want, send := range map[string]func(reflect.Value) (reflect.Value, error){"does not survive": loses, "no way": fails} {
			c := journey.Check{Send: send}
			if err := c.Of(of); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Of(%s) = %v, want %q", of, err, want)
			}
		}
	}
	if c := (journey.Check{Send: fails, Trusted: map[reflect.Type]bool{reflect.TypeFor[hidden](): true}}); c.Of(reflect.TypeFor[hidden]()) != nil {
		t.Error("a trusted type is tried")
	}
}
