package main

import (
	"strings"
	"testing"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/temporalasap/internal/server"
)

// A flow does what the workflow by hand does, with as many activities.
func TestSameAsByHand(t *testing.T) {
	c := server.Start(t).Client(client.Options{})
	shapes := []shape{page(), chain(3), wide(5)}
	b, stop, err := newBench(t.Context(), c, shapes...)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, s := range shapes {
		var counts [2]int
		for i, hand := range []bool{true, false} {
			run, _, err := b.once(&s, hand) // compares the values
			if err != nil {
				t.Fatal(err)
			}
			h, err := b.history(run)
			if err != nil {
				t.Fatal(err)
			}
			counts[i] = count(h, "ActivityTask")
		}
		if counts[0] != counts[1] || counts[0] != 3*s.tasks {
			t.Errorf("%s: %d events of activities by hand and %d by the flow, want %d", s.name, counts[0], counts[1], 3*s.tasks)
		}
		r, err := b.measure(s, 1, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		r.print(&text)
		if r.wall.flow <= 0 || r.wall.hand <= 0 || r.replay.flow <= 0 || r.rate.hand <= 0 || !strings.HasPrefix(text.String(), "| "+s.name+" | ") {
			t.Errorf("%s: measured %+v, printed %q", s.name, r, text.String())
		}
	}
}

// It has a server of its own: a second worker on the queue that does not know
// the flow would take its tasks too.
func TestWidest(t *testing.T) {
	c := server.Start(t).Client(client.Options{})
	var text strings.Builder
	if err := widest(t.Context(), &text, c, 7); err != nil || !strings.Contains(text.String(), "7 side by side: ") {
		t.Errorf("widest = %v, printed %q", err, text.String())
	}
}

func count(h *history.History, kind string) (n int) {
	for _, e := range h.Events {
		if strings.HasPrefix(e.EventType.String(), kind) {
			n++
		}
	}
	return n
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		all  []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}} {
		if got := median(test.all); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.all, got, test.want)
		}
	}
}
