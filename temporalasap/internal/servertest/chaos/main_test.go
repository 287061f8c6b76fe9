package chaos_test

import (
	"flag"
	"os"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
)

// limits makes the times that the documentation promises a condition. They hold
// on a machine that has two free cores for the tests:
//
//	go test -run 'Faults|Recovery|Reaches' -v -limits
//
// Without it times are logged, and only what never happens fails.
var limits = flag.Bool("limits", false, "fail where something takes longer than the documentation says")

// patience is how long tests wait for what must happen at all.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	chaos.Worker() // does not return in a process of a Fleet
	os.Exit(m.Run())
}

// TestExpected runs the flows in this process: what the other tests hold the
// results from the server against is right.
func TestExpected(t *testing.T) {
	for _, s := range chaos.Shapes {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := chaos.Order{Number: 7}
				got, err := s.Flow(nil).Run(t.Context(), in)
				if err != nil {
					t.Fatalf("Run: %v", err)
				}
				if want := s.Expected(in); !reflect.DeepEqual(got, want) {
					t.Errorf("Run(%v)\n got %v\nwant %v", in, got, want)
				}
				if other := s.Expected(chaos.Order{Number: 8}); reflect.DeepEqual(got, other) {
					t.Errorf("orders 7 and 8 have the same result, %v", got)
				}
			})
		})
	}
}
