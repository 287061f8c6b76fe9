package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// workerVariable makes the test binary a worker process: see Worker.
const workerVariable = "ASAP_CHAOS_WORKER"

// Job says what a worker process serves.
type Job struct {
	Addr, Namespace, Queue string
	Journal                string        // name of the file
	Heartbeat              time.Duration // timeout of the activities
	Edition                string        // of the flow of Shop, "" for no such flow
	Build                  string        // of a versioned worker, "" for one that is not
}

// Worker runs this process as a worker and never returns, if it was started as
// one by a Fleet; else it does nothing. TestMain calls it first.
func Worker() {
	text := os.Getenv(workerVariable)
	if text == "" {
		return
	}
	go func() { // the parent holds the other end, and dies with it
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var job Job
	err := json.Unmarshal([]byte(text), &job)
	if err == nil {
		err = job.run()
	}
	fmt.Fprintln(os.Stderr, "worker:", err)
	os.Exit(1)
}

// run serves the job's flows until the process is killed.
func (job Job) run() error {
	// Lazy: the server may be down at this moment.
	c, err := client.NewLazyClient(client.Options{HostPort: job.Addr, Namespace: job.Namespace, Logger: server.Quiet{}})
	if err != nil {
		return err
	}
	journal, err := OpenJournal(job.Journal)
	if err != nil {
		return err
	}
	options := worker.Options{
		// What a dead worker was to get next is given to another one after
		// this time.
		StickyScheduleToStartTimeout: time.Second,
		// Else the SDK learns only after 0.8 × the heartbeat timeout.
		MaxHeartbeatThrottleInterval: job.Heartbeat / 4,
	}
	if job.Build != "" {
		options.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: job.Queue, BuildID: job.Build},
			DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		}
	}
	for {
		w := worker.New(c, job.Queue, options)
		if err := job.Register(w, journal); err != nil {
			return err
		}
		if err := w.Start(); err == nil {
			break // for ever
		}
		// The server is down.
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Println("started")
	select {}
}

// Register makes r serve the flows of the job.
func (job Job) Register(r temporalasap.Registry, journal *Journal) error {
	defaults := temporalasap.Defaults(workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    job.Heartbeat,
	})
	for _, s := range Shapes {
		if err := temporalasap.Register(r, s.Flow(journal), defaults); err != nil {
			return err
		}
	}
	if err := temporalasap.Register(r, Lanes(journal), defaults); err != nil {
		return err
	}
	if job.Edition == "" {
		return nil
	}
	return temporalasap.Register(r, Shop(job.Edition, journal), defaults)
}
