package temporalasap

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/wire"
)

// What a failure carries beside what Temporal's tools show of it is a packet, encoded by
// the data converter of the client: a failure converter sees neither it nor the value
// behind it. By itself the SDK would encode them with the default converter, in clear,
// and lose what only the client's knows how to encode.

// packet is what is told of an error: of a body's to the workflow, of a flow's to who
// waits for it. The value of an exit, or the one beside the error of a settled flow, is
// a payload of its own.
type packet struct {
	Report *report  `json:"report,omitempty"`
	Exit   *int     `json:"exit,omitempty"` // the number of the exit whose value is behind
	Value  bool     `json:"value,omitempty"`
	Own    [][]byte `json:"own,omitempty"` // errors of Temporal's own in Report, as failures
}

// report is an error as JSON.
type report = asap.Result[struct{}]

// values is how values travel.
type values struct {
	converter.DataConverter     // the client's
	limit                   int // of a payload, 0 for none
}

// details are those of a failure: the packet and the value, each encoded once.
func (v *values) details(p packet, value any) ([]any, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	all := []any{json.RawMessage(data)}
	if p.Exit != nil || p.Value {
		all = append(all, value)
	}
	payloads, err := v.encode(all...)
	if err != nil {
		return nil, err
	}
	return []any{client.NewValues(payloads)}, nil
}

// encode is the converter's ToPayloads. What panics cannot be encoded either.
func (v *values) encode(all ...any) (_ *commonpb.Payloads, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v", converter.ErrUnableToEncode, p)
		}
	}()
	return v.ToPayloads(all...)
}

// detailed is an error of the SDK with details.
type detailed interface {
	HasDetails() bool
	Details(into ...any) error
}

var (
	_ detailed = (*temporal.ApplicationError)(nil)
	_ detailed = (*temporal.CanceledError)(nil)
)

// open returns the packet of a failure and what decodes the value behind it. ok is
// false of a failure that this package has not made, or that v cannot read.
//
// A failure converter decodes the details as they are, with the default converter, or
// takes off a codec that it has; one that knows no raw payloads is that of the values.
func (v *values) open(err detailed) (p packet, value func(into any) error, ok bool) {
	var first, second converter.RawValue
	if unpack(err.Details, &first, &second) == nil && first.Payload() != nil {
		var data json.RawMessage
		from := func(into ...any) error { return v.FromPayload(first.Payload(), into[0]) }
		if unpack(from, &data) == nil && p.read(data) {
			return p, func(into any) error {
				if second.Payload() == nil {
					return errors.New("asap: a value is missing")
				}
				return v.FromPayload(second.Payload(), into)
			}, true
		}
	}
	var data json.RawMessage
	if unpack(err.Details, &data) == nil && p.read(data) {
		return p, func(into any) error { return err.Details(new(json.RawMessage), into) }, true
	}
	return openFirst(err)
}

// openFirst is open for the histories of flows that have begun with the first edition,
// whose failures carried a report, or the number of an exit, and a value, for a failure
// converter to encode.
func openFirst(err detailed) (p packet, value func(into any) error, ok bool) {
	var data json.RawMessage
	if unpack(err.Details, &data) != nil {
		return packet{}, nil, false
	}
	var r report
	app, ok := err.(*temporal.ApplicationError)
	if ok && app.Type() != exitType || json.Unmarshal(data, &p.Exit) != nil { // a number of somebody else's is no exit
		if p.Exit = nil; json.Unmarshal(data, &r) != nil || r.Err == nil {
			return packet{}, nil, false
		}
		p.Report, p.Value = &r, true
	}
	return p, func(into any) error { return err.Details(new(json.RawMessage), into) }, p.Exit != nil || p.Report != nil
}

// unpack calls what decodes, whose panic is an error: of a converter that was given what
// another one has made.
func unpack(decode func(into ...any) error, into ...any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("asap: decode: panic: %v", p)
		}
	}()
	return decode(into...)
}

// read decodes the packet and reports whether it is one.
func (p *packet) read(data []byte) bool {
	*p = packet{}
	return len(data) > 0 && data[0] == '{' && json.Unmarshal(data, p) == nil && (p.Exit != nil || p.Report != nil && p.Report.Err != nil)
}

// pack returns the packet of err, whose texts are bounded. The errors of Temporal's own
// in it keep their types and details.
func (v *values) pack(err error) packet {
	r := bounded(err)
	p := packet{Report: &r}
	size := 0
	for own := range ownErrors(err) {
		data := v.failure(own)
		if size += len(data); size > maxReport {
			data = nil
		}
		p.Own = append(p.Own, data)
	}
	return p
}

// err is the error of the packet here.
func (p *packet) err(v *values) error {
	if p.Report == nil {
		return nil
	}
	i := 0
	for own := range ownErrors(p.Report.Err) {
		r, ok := own.(*flow.RemoteError)
		if i < len(p.Own) && ok {
			wire.Stand(r, v.original(p.Own[i]))
		}
		i++
	}
	return p.Report.Err
}

// failure is an error of Temporal's own as the SDK sends it, nil if it cannot be sent.
func (v *values) failure(err error) (data []byte) {
	if _, ok := err.(*flow.RemoteError); ok { // nobody knows the original any more
		return nil
	}
	defer func() {
		if recover() != nil { // the SDK panics for details that cannot be encoded
			data = nil
		}
	}()
	data, fails := proto.Marshal(v.failures().ErrorToFailure(err))
	if fails != nil {
		return nil
	}
	return data
}

func (v *values) original(data []byte) error {
	var f failurepb.Failure
	if len(data) == 0 || proto.Unmarshal(data, &f) != nil {
		return nil
	}
	return v.failures().FailureToError(&f)
}

func (v *values) failures() converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: v.DataConverter})
}

// ownErrors yields the errors in err that are of Temporal's own and what is left of such,
// in the order in which they are wrapped. What one of them wraps is its own affair.
func ownErrors(err error) func(yield func(error) bool) {
	var walk func(err error, yield func(error) bool) bool
	walk = func(err error, yield func(error) bool) bool {
		switch e := err.(type) {
		case nil:
			return true
		case *temporal.ApplicationError, *temporal.TimeoutError:
			return yield(err)
		case *flow.RemoteError:
			if slices.Contains(ownTypes, e.Type) {
				return yield(own(e))
			}
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			return walk(e.Unwrap(), yield)
		case interface{ Unwrap() []error }:
			for _, cause := range e.Unwrap() {
				if !walk(cause, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(error) bool) { walk(err, yield) }
}

// own is what a RemoteError stands for, or else itself.
func own(r *flow.RemoteError) error {
	if err := wire.StandsFor(r); err != nil {
		return err
	}
	return r
}

// Types of Temporal's errors, as a RemoteError has them.
const timeoutType = "*temporal.TimeoutError"

var (
	applicationType = fmt.Sprintf("%T", (*temporal.ApplicationError)(nil))
	ownTypes        = []string{applicationType, timeoutType, fmt.Sprintf("%T", (*temporal.TimeoutError)(nil))}
)

// isTimeLimit reports whether t is the end of a limit of time, and not a worker's that
// sent no heartbeat.
func isTimeLimit(t *temporal.TimeoutError) bool {
	return t.TimeoutType() != enums.TIMEOUT_TYPE_HEARTBEAT
}
