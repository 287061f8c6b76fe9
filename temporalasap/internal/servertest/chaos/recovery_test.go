package chaos_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
)

// TestRecoveryOfWorker kills workers with bodies in them: another worker takes
// up each of them, and what the dead one would have scheduled next.
func TestRecoveryOfWorker(t *testing.T) {
	f := newField(t, heartbeat)
	var bodies, steps []time.Duration
	for round := 0; len(bodies) == 0 || round < 3; round++ {
		if round == 20 {
			t.Fatal("no kill took a body: the kills prove nothing")
		}
		id := fmt.Sprint("worker", round)
		h := f.start(id, chaos.Hold{Took: time.Second})
		before := f.wait(id+" runs", func(e []chaos.Entry) bool { return count(e, id, chaos.Began) == chaos.LaneCount })
		// The worker with the most bodies has the workflow in memory, too.
		running, victim := make(map[int]int), f.fleet.PIDs()[0]
		for _, e := range before {
			if e.Workflow == id && e.Event == chaos.Began {
				running[e.PID]++
			}
		}
		for pid, n := range running {
			if n > running[victim] {
				victim = pid
			}
		}
		killed := f.fleet.Kill(victim)
		f.fleet.Add()
		lost := chaos.Lost(f.entries(), victim, killed)
		for _, l := range lost {
			again := f.entryAfter(l[0], l[1], chaos.Began, killed)
			bodies = append(bodies, again.At.Sub(killed))
		}
		if _, err := h.Wait(t.Context()); err != nil {
			t.Fatalf("flow %s: %v", id, err)
		}
		runs := chaos.ByTask(f.entries())
		for i := range chaos.LaneCount {
			lanes, next := runs[[2]string{id, lane(i)}], runs[[2]string{id, step(i)}]
			ended, ok := lanes.Next(chaos.Ended, time.Time{})
			if !ok {
				t.Fatalf("%s: %s has not ended: %v", id, lane(i), lanes)
			}
			steps = append(steps, next[0].At.Sub(later(ended.At, killed)))
		}
	}
	limit := heartbeat + 1500*time.Millisecond
	within(t, "from the kill of a worker to the new begin of its bodies", bodies, limit)
	within(t, "from the end of a body and the kill of the workflow's worker to the next body", steps, limit)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// TestRecoveryOfServer kills the server under running bodies: what ended while
// it was away is taken up when it is back.
func TestRecoveryOfServer(t *testing.T) {
	f := newField(t, heartbeat)
	var outages, took, fresh []time.Duration
	for round := range 3 {
		id := fmt.Sprint("server", round)
		h := f.start(id, chaos.Hold{Took: 300 * time.Millisecond})
		f.wait(id+" runs", func(e []chaos.Entry) bool { return count(e, id, chaos.Began) == chaos.LaneCount })
		f.server.Kill()
		killed := time.Now()
		f.wait(id+" has ended its lanes", func(e []chaos.Entry) bool { return count(e, id, chaos.Ended) == chaos.LaneCount })
		f.server.Restart()
		back := time.Now()
		outages = append(outages, back.Sub(killed))
		for i := range chaos.LaneCount {
			if began := f.entry(id, step(i), chaos.Began); began.At.After(killed) {
				took = append(took, began.At.Sub(back))
			}
		}
		if _, err := h.Wait(t.Context()); err != nil {
			t.Fatalf("flow %s: %v", id, err)
		}
		// A new flow, too, does not wait for a worker that has given up.
		began := time.Now()
		f.start("after "+id, chaos.Hold{})
		fresh = append(fresh, f.entry("after "+id, lane(0), chaos.Began).At.Sub(began))
	}
	// The SDK's calls and polls back off while there is no answer, each time for
	// twice as long, so an outage is noticed to be over after at most its own
	// length again.
	limit := max(2*time.Second, slices.Max(outages))
	within(t, "from the kill of the server until it was back", outages, 2*time.Second)
	within(t, "from then to the next bodies of a flow", took, limit)
	within(t, "from the start of a new flow to its first body", fresh, limit)
}
