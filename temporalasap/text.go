package temporalasap

import (
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/flow"
	"github.com/asap-go/asap/internal/texts"
)

// What a failure may have, beside a value of the flow: the SDK tries for ever
// to send one of more than 4 MB, or one whose text is not UTF-8.
const (
	maxText   = 16 << 10
	minText   = 64
	maxReport = maxPayload / 4
)

// message is the text of err for Temporal's tools: that of a panic without the
// stack, which is in the details.
func message(err error) string {
	text := whole(err)
	if _, ok := errors.AsType[*asap.PanicError](err); ok {
		text, _, _ = strings.Cut(text, "\n\n")
	}
	return shortened(text, maxText)
}

// whole is the text of err, also if its Error method panics.
func whole(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = texts.Of(err)
		}
	}()
	return err.Error()
}

// shortened is text of at most so many bytes, as UTF-8.
func shortened(text string, most int) string {
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// bounded is the report of err, with shorter texts if it is too large to be
// sent: one of a settled flow may have a thousand errors.
func bounded(err error) report {
	data, fails := json.Marshal(report{Err: err})
	if fails != nil || len(data) <= maxReport {
		return report{Err: err}
	}
	var arrived report // nobody else has it
	if fails := json.Unmarshal(data, &arrived); fails != nil {
		return report{Err: err}
	}
	for most := maxText / 4; most >= minText && len(data) > maxReport; most /= 2 {
		shorten(arrived.Err, most)
		if data, fails = json.Marshal(arrived); fails != nil {
			break
		}
	}
	return arrived
}

// shorten cuts the texts of err, which has been decoded, and of its causes.
func shorten(err error, most int) {
	switch e := err.(type) {
	case *flow.RemoteError:
		e.Message = shortened(e.Message, most)
	case *asap.PanicError:
		e.Stack = []byte(shortened(string(e.Stack), most))
		if text, ok := e.Value.(string); ok {
			e.Value = shortened(text, most)
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		shorten(e.Unwrap(), most)
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			shorten(cause, most)
		}
	}
}

// oversize reports whether what a failure carries is too large.
func (v *values) oversize(all ...any) bool {
	payloads, err := v.encode(all...)
	return err == nil && v.limit > 0 && proto.Size(payloads) > v.limit-2*maxText
}
