package chaos_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/asap-go/asap/temporalasap/internal/chaos"
)

// TestRecoveryOfWorker kills workers with bodies in them: another worker has
// each of them after the heartbeat timeout and at most 1.5 s, and what the dead
// one would have scheduled next is not later.
func TestRecoveryOfWorker(t *testing.T) {
	f := newField(t, heartbeat)
	var bodies, steps []time.Duration
	for round := range 3 {
		id := fmt.Sprint("worker", round)
		h := f.start(id, chaos.Hold{Took: time.Second})
		before := f.wait(id+" runs", func(e []chaos.Entry) bool { return count(e, id, chaos.Began) == chaos.LaneCount })
		// The worker with the most bodies has the workflow in memory, too.
		var victim int
		running := make(map[int]int)
		for _, e := range before {
			if running[e.PID]++; e.Workflow == id && running[e.PID] > running[victim] {
				victim = e.PID
			}
		}
		killed := f.fleet.Kill(victim)
		f.fleet.Add()
		lost := chaos.Lost(f.entries(), victim, killed)
		if len(lost) == 0 {
			t.Fatalf("the killed worker %d had nothing to do: %v", victim, before)
		}
		for _, l := range lost {
			again := f.entryAfter(l[0], l[1], chaos.Began, killed)
			bodies = append(bodies, again.At.Sub(killed))
		}
		if _, err := h.Get(t.Context()); err != nil {
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
	t.Logf("bodies of killed workers began again after: %s", spread(bodies))
	t.Logf("the next step of a flow whose worker was killed began after: %s", spread(steps))
	if limit := f.limit(heartbeat+1500*time.Millisecond, 40); bodies[len(bodies)-1] > limit {
		t.Errorf("a body began again %v after its worker was killed, want %v at most", bodies[len(bodies)-1], limit)
	}
	if limit := f.limit(heartbeat+1500*time.Millisecond, 40); steps[len(steps)-1] > limit {
		t.Errorf("a step began %v after it could, want %v at most", steps[len(steps)-1], limit)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// TestRecoveryOfServer kills the server under running bodies: what ended while
// it was away is taken up at most 2 s after it is back.
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
			took = append(took, f.entry(id, step(i), chaos.Began).At.Sub(back))
		}
		if _, err := h.Get(t.Context()); err != nil {
			t.Fatalf("flow %s: %v", id, err)
		}
		// A new flow, too, does not wait for a worker that has given up.
		began := time.Now()
		f.start("after "+id, chaos.Hold{})
		fresh = append(fresh, f.entry("after "+id, lane(0), chaos.Began).At.Sub(began))
	}
	t.Logf("the server was away: %s", spread(outages))
	t.Logf("steps that waited for the server began after it was back by: %s", spread(took))
	t.Logf("a new flow began after: %s", spread(fresh))
	// The SDK's calls and polls back off while there is no answer, each time for
	// twice as long, so an outage is noticed to be over after at most its own
	// length again.
	limit := f.limit(max(2*time.Second, outages[len(outages)-1]), 40)
	if longest := took[len(took)-1]; longest > limit {
		t.Errorf("a step began %v after the server was back, want %v at most", longest, limit)
	}
	if longest := fresh[len(fresh)-1]; longest > limit {
		t.Errorf("a new flow began after %v, want %v at most", longest, limit)
	}
}
