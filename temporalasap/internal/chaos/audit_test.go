package chaos_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap/temporalasap/internal/chaos"
	"github.com/asap-go/asap/temporalasap/internal/server"
)

// clockSlack is how far two readings of the clock by two processes of one
// machine may disagree.
const clockSlack = 5 * time.Millisecond

// audit holds what the server has against what the bodies wrote.
func (f *faults) audit() {
	entries, err := chaos.ReadJournal(f.job.Journal)
	if err != nil {
		f.Fatal(err)
	}
	runs := chaos.ByTask(entries)
	replayer := newReplayer(f.T, f.job)
	var tasks, begun, again, refused int
	for i := range *flows {
		h, err := chaos.Fetch(f.Context(), f.client, id(i))
		if err != nil {
			f.Fatalf("history of %s: %v", id(i), err)
		}
		for _, r := range h.Refused {
			refused++
			f.Logf("%s: a workflow task failed: %v: %s", id(i), r.GetCause(), r.GetFailure().GetMessage())
			if r.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR {
				f.Errorf("%s: non-deterministic: %s", id(i), r.GetFailure().GetMessage())
			}
		}
		if err := replayer.ReplayWorkflowHistory(server.Quiet{}, &historypb.History{Events: h.Events}); err != nil {
			f.Errorf("%s: its history does not replay: %v", id(i), err)
		}
		for _, t := range shape(i).Tasks {
			tasks++
			done, ok := h.Completed[t.Name]
			if !ok || h.Scheduled[t.Name] != 1 {
				f.Errorf("%s: task %s was scheduled %d times, completed: %t; want once", id(i), t.Name, h.Scheduled[t.Name], ok)
				continue
			}
			bodies := checkRuns(f.T, id(i), t.Name, runs[[2]string{id(i), t.Name}], done)
			begun += bodies
			if bodies > 1 {
				again++
			}
		}
		if len(h.Completed) != len(shape(i).Tasks) {
			f.Errorf("%s: %d activities completed, the flow has %d: %v",
				id(i), len(h.Completed), len(shape(i).Tasks), slices.Sorted(maps.Keys(h.Completed)))
		}
	}
	lost := 0
	for _, v := range f.victims {
		lost += len(chaos.Lost(entries, v.pid, v.at))
	}
	f.Logf("%d tasks recorded once each; %d bodies began, %d tasks more than once; the kills of workers took %d bodies; %d workflow tasks failed; %d calls for a result unanswered",
		tasks, begun, again, lost, refused, f.unanswered.Load())
	if lost == 0 && *workerKills > 0 {
		f.Error("no kill of a worker took a body: the kills prove nothing")
	}
}

// checkRuns compares what the bodies of one task wrote with the completion
// that the server recorded, and returns how many bodies began.
func checkRuns(t *testing.T, id, task string, runs chaos.Runs, done chaos.Record) (bodies int) {
	ended := false
	seen := make(map[int32]bool)
	for _, e := range runs {
		switch e.Event {
		case chaos.Began:
			bodies++
			if seen[e.Attempt] {
				t.Errorf("%s: attempt %d at task %s began twice", id, e.Attempt, task)
			}
			seen[e.Attempt] = true
			if e.Attempt > done.Attempt || e.At.After(done.At.Add(clockSlack)) {
				t.Errorf("%s: attempt %d at task %s began at %v, but attempt %d was recorded as complete at %v",
					id, e.Attempt, task, e.At, done.Attempt, done.At)
			}
		case chaos.Ended:
			ended = ended || e.Attempt == done.Attempt
		}
	}
	if !ended {
		t.Errorf("%s: attempt %d at task %s is recorded as complete, but its body did not end: %v", id, done.Attempt, task, runs)
	}
	return bodies
}

// newReplayer replays histories of the job's flows.
func newReplayer(t *testing.T, job chaos.Job) worker.WorkflowReplayer {
	replayer := worker.NewWorkflowReplayer()
	if err := job.Register(replayer, nil); err != nil {
		t.Fatal(err)
	}
	return replayer
}
