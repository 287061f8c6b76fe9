package temporalasap_test

import (
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/temporalasap"
)

// large is a value of n bytes, in one of the forms that values have.
type large struct {
	When time.Time
	Text string
	Raw  []byte
	List []map[string]int
	Any  any
	Sub  *large
	Opt  asap.Result[text]
}

type text string

// What nobody weighs must not be larger than it was taken for.
func TestPayloadSizes(t *testing.T) {
	control := strings.Repeat("\x01", 400_000) // \u0001: six times as long
	for _, test := range []struct {
		name string
		v    any
		fits bool
	}{
		{"nothing", nil, true},
		{"a number", 7, true},
		{"a text that fits", strings.Repeat("x", 2_000_000), true},
		{"a text", strings.Repeat("x", 2_200_000), false},
		{"control characters", control, false},
		{"bytes", large{Raw: make([]byte, 1_700_000)}, false}, // base64
		{"bytes that fit", large{Raw: make([]byte, 1_500_000)}, true},
		{"numbers", make([]float64, 1_100_000), false},
		{"maps", large{List: make([]map[string]int, 500_000)}, false}, // null
		{"behind an interface", large{Any: []any{control}}, false},
		{"behind a pointer", &large{Sub: &large{Text: control}}, false},
		{"in a Result", large{Opt: asap.Result[text]{Value: text(control)}}, false},
		{"in a key", map[string]bool{control: true}, false},
		{"empty structs", make([]struct{}, 1_100_000), false},
		{"times", make([]time.Time, 100_000), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := temporalasap.Fits(test.v); (err == nil) != test.fits {
				t.Errorf("fits = %v, want that it fits: %t", err, test.fits)
			}
		})
	}
}
