package temporalasap_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/asaptest"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/temporalasap"
)

// moment has a message of protobuf in it.
type moment struct {
	At   *timestamppb.Timestamp
	Name string
}

// ended has a message with a oneof, which encoding/json cannot decode.
type ended struct{ By *failurepb.Failure }

// Messages of protobuf travel, on their own and in what the converter takes apart.
func TestRegisterMessages(t *testing.T) {
	for name, f := range map[string]*flow.Flow[int, int]{
		"a message":           through[*timestamppb.Timestamp](),
		"another":             through[*durationpb.Duration](),
		"a oneof":             through[*failurepb.Failure](),
		"a struct with one":   through[moment](),
		"a slice":             through[[]*timestamppb.Timestamp](),
		"a map":               through[map[string]*moment](),
		"a Result":            through[asap.Result[*timestamppb.Timestamp]](),
		"a value of any kind": through[*structpb.Value](),
		"an Any":              through[*anypb.Any](),
		"a field mask":        through[*fieldmaskpb.FieldMask](),
	} {
		if err := temporalasap.Register(newEnv(), f, defaults); err != nil {
			t.Errorf("Register of %s: %v", name, err)
		}
	}
	if err := temporalasap.Register(newEnv(), through[ended](), defaults); err == nil || !strings.Contains(err.Error(), "task cart: its value: ") {
		t.Errorf("Register of a oneof in a struct: %v, want it refused", err)
	}
}

// They arrive as they were, and Portable has nothing to say.
func TestMessages(t *testing.T) {
	at := &timestamppb.Timestamp{Seconds: 1, Nanos: 2}
	f := flow.Define("dated", func(g *asap.Group, in *asap.Task[*timestamppb.Timestamp]) *asap.Task[string] {
		next := in.Then("next", func(_ context.Context, t *timestamppb.Timestamp) (*timestamppb.Timestamp, error) {
			return &timestamppb.Timestamp{Seconds: t.Seconds + 1, Nanos: t.Nanos}, nil
		})
		m := next.Then("moment", func(_ context.Context, t *timestamppb.Timestamp) (moment, error) { return moment{t, "noon"}, nil })
		return in.And(m).Then("text", func(_ context.Context, t *timestamppb.Timestamp, m moment) (string, error) {
			return fmt.Sprint(proto.Equal(t, at), m.At.Seconds, m.At.Nanos, " ", m.Name), nil
		})
	})
	const want = "true 2 2 noon"
	for _, c := range converters {
		if c.name == "gob" { // which knows no messages
			continue
		}
		if v, err := temporalasap.Run(t.Context(), under(c.make(), f), f, at); v != want || err != nil {
			t.Errorf("Run with %s = %q, %v, want %q", c.name, v, err, want)
		}
	}
	if v, err := asaptest.Portable(t, f, at); v != want || err != nil {
		t.Errorf("Portable = %q, %v, want %q", v, err, want)
	}
}
