package chaos_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// long is a heartbeat timeout under which a cancellation that waits for a
// heartbeat can be told from one that is pushed.
const long = 6 * time.Second

// TestFailureReachesSiblings fails one body of a flow while others run on both
// workers.
func TestFailureReachesSiblings(t *testing.T) {
	for _, row := range []struct {
		name    string
		options []server.Option
		limit   time.Duration
	}{
		{"by push", nil, 50 * time.Millisecond},
		{"by heartbeat", []server.Option{server.NoPush()}, long / 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t, long, row.options...)
			var took []time.Duration
			h := f.start("fails", chaos.Hold{Took: time.Hour, Fuse: time.Second})
			_, err := h.Wait(t.Context())
			if failed, ok := errors.AsType[*asap.TaskError](err); !ok || failed.Task != "fuse" {
				t.Fatalf("the flow's error is %v, want that of task fuse", err)
			}
			blew := f.entry("fails", "fuse", chaos.Ended)
			for i := range chaos.LaneCount {
				took = append(took, f.entry("fails", lane(i), chaos.Canceled).At.Sub(blew.At))
			}
			within(t, "from a failure to the end of its siblings "+row.name, took, row.limit)
		})
	}
}

// TestCancelReachesBodies cancels a flow from outside.
func TestCancelReachesBodies(t *testing.T) {
	for _, row := range []struct {
		name    string
		options []server.Option
		limit   time.Duration
	}{
		{"by push", nil, 50 * time.Millisecond},
		{"by heartbeat", []server.Option{server.NoPush()}, long / 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t, long, row.options...)
			h := f.start("canceled", chaos.Hold{Took: time.Hour})
			f.wait("canceled runs", func(e []chaos.Entry) bool { return count(e, "canceled", chaos.Began) == chaos.LaneCount })
			began := time.Now()
			if err := h.Cancel(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Wait(t.Context()); !errors.Is(err, context.Canceled) {
				t.Errorf("the canceled flow's error is %v, want context.Canceled", err)
			}
			var took []time.Duration
			for i := range chaos.LaneCount {
				took = append(took, f.entry("canceled", lane(i), chaos.Canceled).At.Sub(began))
			}
			within(t, "from a cancellation to the end of the bodies "+row.name, took, row.limit)
		})
	}
}
