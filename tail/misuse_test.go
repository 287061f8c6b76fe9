package tail_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/tail"
)

func TestMisuse(t *testing.T) {
	for want, f := range map[string]func(){
		"asap: tail.Hedge with a nil option":                                 func() { tail.Hedge(nil) },
		"asap: tail.At(1); pass a quantile":                                  func() { tail.At(1) },
		"asap: tail.At(0); pass a quantile":                                  func() { tail.At(0) },
		"asap: tail.At(NaN); pass a quantile":                                func() { tail.At(math.NaN()) },
		"asap: tail.Share(0); pass a share":                                  func() { tail.Share(0) },
		"asap: tail.Share(1.5); pass a share":                                func() { tail.Share(1.5) },
		"asap: tail.Share(NaN); pass a share":                                func() { tail.Share(math.NaN()) },
		"asap: tail.After(0s); pass a duration above 0":                      func() { tail.After(0) },
		"asap: tail.Least(-1ns); pass a duration above 0":                    func() { tail.Least(-1) },
		"asap: tail.Critical of nil Stats":                                   func() { tail.Critical(nil, "ads") },
		"asap: tail.Within with a nil context":                               func() { tail.Within(nil, .5) }, //lint:ignore SA1012 that is the mistake
		"asap: tail.Within with the share 0; pass one above 0 and at most ":  func() { tail.Within(context.Background(), 0) },
		"asap: tail.Within with the share 2; pass one above 0 and at most 1": func() { tail.Within(context.Background(), 2) },
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.HasPrefix(v, want) {
					t.Errorf("panic %q, want %q", v, want)
				}
			}()
			f()
		}()
	}
}

// TestMarked: a second call is a choice for each task, as no group takes a Hedger: so there
// is none of a task that was not marked.
func TestMarked(t *testing.T) {
	for _, o := range []any{always(ms), tail.Safe()} {
		if _, ok := o.(asap.Option); ok {
			t.Errorf("%T is an option of groups", o)
		}
		if _, ok := o.(asap.TaskOption); !ok {
			t.Errorf("%T is no option of tasks", o)
		}
	}
}
