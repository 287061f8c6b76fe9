package dbosasap_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap/dbosasap"
	"github.com/asap-go/asap/flow"
)

// What a body adds to the end of its own Within is kept, whichever of the call's clock and
// the group's cancel comes to it first; what it adds to another cancel is not.
func TestIsCause(t *testing.T) {
	canceled := fmt.Errorf("stopped by hand: %w", context.Canceled)
	limit := fmt.Errorf("within 80ms: %w", context.DeadlineExceeded)
	within := &flow.Call{Deadline: time.Now()}
	for _, tt := range []struct {
		name       string
		call       *flow.Call
		err, cause error
		want       bool
	}{
		{"the cause itself", &flow.Call{}, canceled, canceled, true},
		{"the cause, wrapped", &flow.Call{}, fmt.Errorf("saving: %w", canceled), canceled, true},
		{"no cause", &flow.Call{}, canceled, nil, false},
		{"another error", &flow.Call{}, limit, canceled, false},
		{"the limit itself", within, limit, limit, true},
		{"the limit, wrapped", within, fmt.Errorf("stopped: %w", limit), limit, false},
		{"another cause of what has a limit, wrapped", within, fmt.Errorf("stopped: %w", canceled), canceled, true},
	} {
		if got := dbosasap.IsCause(tt.call, tt.err, tt.cause); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
