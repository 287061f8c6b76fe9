package chaos_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

var (
	flows       = flag.Int("flows", 400, "flows that TestFaults runs")
	workerKills = flag.Int("worker-kills", 14, "kills of worker processes during TestFaults")
	serverKills = flag.Int("server-kills", 4, "kills of the server during TestFaults")
	seed        = flag.Uint64("seed", 0, "seed of the instants and victims of TestFaults; 0 takes one from the clock")
)

// heartbeat is the activities' heartbeat timeout in all tests that kill.
const heartbeat = time.Second

// faults is one run of TestFaults.
type faults struct {
	*testing.T
	server *server.Test
	client client.Client
	fleet  *chaos.Fleet
	job    chaos.Job

	inFlight   atomic.Int32
	kills      atomic.Int32
	longest    atomic.Int64  // that a flow took
	unanswered atomic.Int32  // calls for a result that the server did not answer
	victims    []victimOf    // worker processes
	finished   chan struct{} // closed when every flow has its result
}

type victimOf struct {
	pid int
	at  time.Time
}

// TestFaults runs flows while workers and the server are killed at random
// instants, then holds the server's histories against the journal that the
// bodies wrote.
func TestFaults(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -run TestFaults -seed %d", *seed)
	f := &faults{T: t, finished: make(chan struct{})}
	f.server = server.Start(t)
	f.client = f.server.Client()
	f.job = chaos.Job{
		Addr:      f.server.Addr(),
		Namespace: f.server.Namespace(),
		Queue:     "faults",
		Journal:   filepath.Join(t.TempDir(), "journal"),
		Heartbeat: heartbeat,
	}
	f.fleet = chaos.NewFleet(t, f.job, 2)

	began := time.Now()
	var wg sync.WaitGroup
	wg.Go(f.kill)
	f.run()
	close(f.finished)
	wg.Wait()
	took := time.Since(began)
	if t.Failed() {
		return
	}
	t.Logf("%d flows with %d kills of workers and %d of the server in %v, %.0f flows a second",
		*flows, *workerKills, *serverKills, took.Round(time.Millisecond), float64(*flows)/took.Seconds())
	if *limits && took > 90*time.Second {
		t.Errorf("the flows took %v, want 90 s at most", took)
	}
	f.audit()
}

// shape of flow i: the same number of each.
func shape(i int) chaos.Shape { return chaos.Shapes[i%len(chaos.Shapes)] }

func id(i int) string { return fmt.Sprintf("%s-%d", shape(i).Name, i) }

// run starts the flows, some tens at a time and never ahead of the kills, so
// that every kill hits running flows, and compares their results.
func (f *faults) run() {
	planned := *workerKills + *serverKills
	limit := make(chan struct{}, 40)
	var wg sync.WaitGroup
	for i := range *flows {
		limit <- struct{}{}
		for f.inFlight.Load() > 0 && int(f.kills.Load()) < planned && i > *flows*(int(f.kills.Load())+1)/(planned+1) {
			time.Sleep(5 * time.Millisecond)
		}
		f.inFlight.Add(1)
		wg.Go(func() {
			defer func() { <-limit }()
			defer f.inFlight.Add(-1)
			began := time.Now()
			f.one(i)
			for took := int64(time.Since(began)); ; {
				if old := f.longest.Load(); took <= old || f.longest.CompareAndSwap(old, took) {
					break
				}
			}
		})
	}
	wg.Wait()
}

// one runs flow i to its end. The server may be down at any moment of it.
func (f *faults) one(i int) {
	s, in := shape(i), chaos.Order{Number: i}
	flow := s.Flow(nil)
	ctx, cancel := context.WithTimeout(f.Context(), patience)
	defer cancel()
	options := client.StartWorkflowOptions{
		ID:        id(i),
		TaskQueue: f.job.Queue,
		// A worker that dies with a workflow task has it for this time.
		WorkflowTaskTimeout:   time.Second,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}
	for {
		_, err := temporalasap.Start(ctx, f.client, flow, in, options)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			f.Errorf("%s could not be started: %v", id(i), err)
			return
		}
	}
	h := temporalasap.Attach(ctx, f.client, flow, id(i), "")
	for {
		got, err := h.Wait(ctx)
		switch {
		case err == nil && slices.Equal(got, s.Expected(in)):
			return
		case err == nil:
			f.Errorf("%s: result\n got %v\nwant %v", id(i), got, s.Expected(in))
			return
		case ctx.Err() != nil:
			f.Errorf("%s has not ended: %v", id(i), err)
			return
		}
		if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); ended {
			f.Errorf("%s failed: %v", id(i), err)
			return
		}
		f.unanswered.Add(1) // the server is down
	}
}

// kill ends workers and the server at random instants, each while flows run,
// and starts another one at once. The last kill of the server takes all workers
// with it, as a power cut would.
func (f *faults) kill() {
	random := rand.New(rand.NewPCG(*seed, 0))
	ofServer := make([]bool, *workerKills+*serverKills)
	for i := range *serverKills {
		ofServer[i] = true
	}
	random.Shuffle(len(ofServer), func(i, j int) { ofServer[i], ofServer[j] = ofServer[j], ofServer[i] })
	ofServerLeft := *serverKills
	for i, server := range ofServer {
		pause := 100*time.Millisecond + time.Duration(random.Int64N(int64(1200*time.Millisecond)))
		victim := random.IntN(2)
		if !f.sleep(pause) || !f.until(func() bool { return f.inFlight.Load() > 0 }) {
			f.Errorf("the flows ended after %d of %d kills", i, len(ofServer))
			return
		}
		running := f.inFlight.Load()
		if server {
			f.server.Kill()
			if ofServerLeft--; ofServerLeft == 0 { // this time everything
				for _, pid := range f.fleet.PIDs() {
					f.victims = append(f.victims, victimOf{pid, f.fleet.Kill(pid)})
					f.fleet.Add()
				}
			}
			f.server.Restart()
			f.Logf("kill %d: the server, with %d flows; back after %d ms", i+1, running, f.server.Ready().Millis)
		} else {
			pid := f.fleet.PIDs()[victim]
			f.victims = append(f.victims, victimOf{pid, f.fleet.Kill(pid)})
			f.fleet.Add()
			f.Logf("kill %d: worker process %d, with %d flows", i+1, pid, running)
		}
		f.kills.Add(1)
	}
}

// sleep and until report false when the flows have ended before.
func (f *faults) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-f.finished:
		return false
	}
}

func (f *faults) until(ok func() bool) bool {
	for !ok() {
		if !f.sleep(time.Millisecond) {
			return false
		}
	}
	return true
}
