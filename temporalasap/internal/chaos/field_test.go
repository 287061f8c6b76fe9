package chaos_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/asap-go/asap/temporalasap"
	"github.com/asap-go/asap/temporalasap/internal/chaos"
	"github.com/asap-go/asap/temporalasap/internal/server"
)

// field is a server and two worker processes for a test that measures one kind
// of fault.
type field struct {
	*testing.T
	server *server.Test
	client client.Client
	fleet  *chaos.Fleet
	job    chaos.Job
	hop    time.Duration // from the end of a body to the begin of the next one
}

// newField starts everything and measures the hop, by which the limits of the
// tests grow on a machine that is too busy for them.
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
	if _, err := calm.Get(t.Context()); err != nil {
		t.Fatalf("a flow without faults failed: %v", err)
	}
	var hops []time.Duration
	for i := range chaos.LaneCount {
		ended, began := f.entry("calm", lane(i), chaos.Ended), f.entry("calm", step(i), chaos.Began)
		hops = append(hops, began.At.Sub(ended.At))
	}
	slices.Sort(hops)
	f.hop = hops[len(hops)/2]
	t.Logf("a hop takes %v; heartbeat timeout %v", f.hop.Round(time.Millisecond), heartbeat)
	return f
}

func lane(i int) string { return fmt.Sprint("lane", i) }
func step(i int) string { return fmt.Sprint("step", i) }

// limit is the time that a thing may take: d, and more where hops say that the
// machine is busy with something else.
func (f *field) limit(d time.Duration, hops int) time.Duration {
	return max(d, time.Duration(hops)*f.hop)
}

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
	for end := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		entries := f.entries()
		if ok(entries) {
			return entries
		}
		if time.Now().After(end) {
			f.Fatalf("%s: not within a minute; the journal has %v", what, entries)
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

// spread says how long things took.
func spread(took []time.Duration) string {
	if len(took) == 0 {
		return "nothing"
	}
	slices.SortFunc(took, cmp.Compare)
	return fmt.Sprintf("%d: median %v, longest %v", len(took),
		took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}
