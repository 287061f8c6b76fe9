package chaos_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

// field is a server and two worker processes for a test that measures one kind
// of fault.
type field struct {
	*testing.T
	server *server.Test
	client client.Client
	fleet  *chaos.Fleet
	job    chaos.Job
}

// newField starts everything and measures the hop of a flow without faults,
// which says how busy the machine is.
func newField(t *testing.T, heartbeat time.Duration, options ...server.Option) *field {
	f := &field{T: t, server: server.Start(t, options...)}
	f.client = f.server.Client()
	f.job = chaos.Job{
		Addr:      f.server.Addr(),
		Namespace: f.server.Namespace(),
		Queue:     "field",
		Journal:   filepath.Join(t.TempDir(), "journal"),
		Heartbeat: heartbeat,
	}
	f.fleet = chaos.NewFleet(t, f.job, 2)
	calm := f.start("calm", chaos.Hold{Took: 100 * time.Millisecond})
	if _, err := calm.Wait(t.Context()); err != nil {
		t.Fatalf("a flow without faults failed: %v", err)
	}
	var hops []time.Duration
	for i := range chaos.LaneCount {
		ended, began := f.entry("calm", lane(i), chaos.Ended), f.entry("calm", step(i), chaos.Began)
		hops = append(hops, began.At.Sub(ended.At))
	}
	slices.Sort(hops)
	t.Logf("from the end of a body to the begin of the next, %d at a time: median %v, longest %v",
		len(hops), hops[len(hops)/2], hops[len(hops)-1])
	return f
}

func lane(i int) string { return fmt.Sprint("lane", i) }
func step(i int) string { return fmt.Sprint("step", i) }

// start starts a flow of lanes.
func (f *field) start(id string, in chaos.Hold) *temporalasap.Handle[[]chaos.Value] {
	f.Helper()
	h, err := temporalasap.Start(f.Context(), f.client, chaos.Lanes(nil), in, client.StartWorkflowOptions{
		ID:                  id,
		TaskQueue:           f.job.Queue,
		WorkflowTaskTimeout: time.Second,
	})
	if err != nil {
		f.Fatalf("start of %s: %v", id, err)
	}
	return h
}

func (f *field) entries() []chaos.Entry {
	f.Helper()
	entries, err := chaos.ReadJournal(f.job.Journal)
	if err != nil {
		f.Fatal(err)
	}
	return entries
}

// wait polls until ok accepts the entries.
func (f *field) wait(what string, ok func([]chaos.Entry) bool) []chaos.Entry {
	f.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		entries := f.entries()
		if ok(entries) {
			return entries
		}
		if time.Now().After(end) {
			f.Fatalf("%s: not within %v; the journal has %v", what, patience, entries)
		}
	}
}

// entry waits for an entry of a task of a workflow.
func (f *field) entry(workflow, task, event string) chaos.Entry {
	f.Helper()
	return f.entryAfter(workflow, task, event, time.Time{})
}

func (f *field) entryAfter(workflow, task, event string, after time.Time) (found chaos.Entry) {
	f.Helper()
	f.wait(fmt.Sprintf("%s/%s %s", workflow, task, event), func(entries []chaos.Entry) (ok bool) {
		found, ok = chaos.ByTask(entries)[[2]string{workflow, task}].Next(event, after)
		return ok
	})
	return found
}

// count returns how many lanes of a workflow have an entry of the kind.
func count(entries []chaos.Entry, workflow, event string) int {
	tasks := make(map[string]bool)
	for _, e := range entries {
		if e.Workflow == workflow && e.Event == event && strings.HasPrefix(e.Task, "lane") {
			tasks[e.Task] = true
		}
	}
	return len(tasks)
}

// within logs how long things took, and fails the test with -limits if one of
// them took longer than limit.
func within(t *testing.T, what string, took []time.Duration, limit time.Duration) {
	t.Helper()
	if len(took) == 0 {
		t.Logf("%s: nothing to measure", what)
		return
	}
	slices.Sort(took)
	longest := took[len(took)-1]
	t.Logf("%s: %d times, median %v, longest %v; limit %v", what, len(took),
		took[len(took)/2].Round(time.Millisecond), longest.Round(time.Millisecond), limit)
	if *limits && longest > limit {
		t.Errorf("%s: %v, want %v at most", what, longest, limit)
	}
}
