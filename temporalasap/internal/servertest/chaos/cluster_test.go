//go:build unix && cluster

package chaos_test

import (
	"math/rand/v2"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// TestCluster is TestFaults on a cluster of seven processes on PostgreSQL: workers are
// killed, and stopped for some seconds, and nodes of the cluster are killed, at last three
// at once. The histories are held against the journal in the end.
//
//	go test -tags cluster -run TestCluster -v -flows 90
func TestCluster(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -tags cluster -run TestCluster -seed %d", *seed)
	c := server.StartCluster(t)
	var err error
	f := &faults{T: t, finished: make(chan struct{})}
	if f.client, err = client.Dial(server.Options(c.Addr(), "default")); err != nil {
		t.Fatal(err)
	}
	defer f.client.Close()
	f.job = chaos.Job{Addr: c.Addr(), Namespace: "default", Queue: "faults", Journal: filepath.Join(t.TempDir(), "journal"), Heartbeat: heartbeat}
	f.fleet = chaos.NewFleet(t, f.job, 2)
	began := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() { f.disturb(c) })
	f.run()
	close(f.finished)
	wg.Wait()
	took := time.Since(began)
	if t.Failed() {
		return
	}
	t.Logf("%d flows with %d kills and stalls of workers and %d of nodes in %v, the longest took %v",
		*flows, *workerKills, *serverKills, took.Round(time.Millisecond), time.Duration(f.longest.Load()).Round(time.Millisecond))
	f.audit()
}

// disturb does to the cluster what kill does to a server. Every second worker is not
// killed but stopped, and goes on later.
func (f *faults) disturb(c *server.Cluster) {
	random := rand.New(rand.NewPCG(*seed, 0))
	ofNode := make([]bool, *workerKills+*serverKills)
	for i := range *serverKills {
		ofNode[i] = true
	}
	random.Shuffle(len(ofNode), func(i, j int) { ofNode[i], ofNode[j] = ofNode[j], ofNode[i] })
	nodesLeft := *serverKills
	for i, node := range ofNode {
		pause := time.Second + time.Duration(random.Int64N(int64(3*time.Second)))
		if !f.sleep(pause) || !f.until(func() bool { return f.inFlight.Load() > 0 }) {
			f.Errorf("the flows ended after %d of %d disturbances", i, len(ofNode))
			return
		}
		switch {
		case node:
			victims := 1
			if nodesLeft--; nodesLeft == 0 { // one of each
				victims = 3
			}
			first := random.IntN(2)
			kind := random.IntN(3)
			for k := range victims {
				n := c.Nodes[(kind+k)%3*2+first]
				n.Kill()
				n.Start()
				f.Logf("%d: the %s node", i+1, n.Service)
			}
		case i%2 == 0:
			pid := f.fleet.PIDs()[random.IntN(2)]
			f.Logf("%d: worker process %d is stopped for 3 s", i+1, pid)
			_ = syscall.Kill(pid, syscall.SIGSTOP)
			f.sleep(3 * time.Second)
			_ = syscall.Kill(pid, syscall.SIGCONT)
		default:
			pid := f.fleet.PIDs()[random.IntN(2)]
			f.victims = append(f.victims, victimOf{pid, f.fleet.Kill(pid)})
			f.fleet.Add()
			f.Logf("%d: worker process %d", i+1, pid)
		}
		f.kills.Add(1)
	}
}
