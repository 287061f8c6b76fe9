package chaos_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"

	"github.com/asap-go/asap/temporalasap/internal/servertest/chaos"
	"github.com/asap-go/asap/temporalasap/internal/servertest/server"
)

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
			r := runs[[2]string{id(i), t.Name}]
			for _, problem := range r.Against(done) {
				f.Errorf("%s: task %s: %s", id(i), t.Name, problem)
			}
			begun += r.Count(chaos.Began)
			if r.Count(chaos.Began) > 1 {
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

// newReplayer replays histories of the job's flows.
func newReplayer(t *testing.T, job chaos.Job) worker.WorkflowReplayer {
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Register(replayer, nil); err != nil {
		t.Fatal(err)
	}
	return replayer
}

// TestAuditFindsFaults holds journals with planted faults against a record:
// the audit of TestFaults is not one that accepts everything.
func TestAuditFindsFaults(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(1_000 + ms)) }
	began := func(attempt int32, ms int) chaos.Entry {
		return chaos.Entry{Event: chaos.Began, Attempt: attempt, At: at(ms)}
	}
	ended := func(attempt int32, ms int) chaos.Entry {
		return chaos.Entry{Event: chaos.Ended, Attempt: attempt, At: at(ms)}
	}
	for _, row := range []struct {
		name string
		runs chaos.Runs
		done chaos.Record
		want string // part of the one problem, "" for none
	}{
		{"once", chaos.Runs{began(1, 0), ended(1, 10)}, chaos.Record{1, at(11)}, ""},
		{"again after a crash", chaos.Runs{began(1, 0), began(2, 90), ended(2, 99)}, chaos.Record{2, at(100)}, ""},
		{"the crash took only the answer", chaos.Runs{began(1, 0), ended(1, 5), began(2, 90), ended(2, 99)}, chaos.Record{2, at(100)}, ""},
		{"again after the record", chaos.Runs{began(1, 0), ended(1, 10), began(1, 500)}, chaos.Record{1, at(11)}, "began twice"},
		{"later attempt after the record", chaos.Runs{began(1, 0), ended(1, 10), began(2, 500)}, chaos.Record{1, at(11)}, "attempt 2 began"},
		{"late begin of an early attempt", chaos.Runs{began(2, 0), ended(2, 10), began(1, 500)}, chaos.Record{2, at(11)}, "attempt 1 began"},
		{"recorded without a body", nil, chaos.Record{1, at(11)}, "did not end"},
		{"recorded without an end", chaos.Runs{began(1, 0)}, chaos.Record{1, at(11)}, "did not end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := row.runs.Against(row.done)
			switch {
			case row.want == "" && len(got) > 0:
				t.Errorf("Against found %q, want nothing", got)
			case row.want != "" && !strings.Contains(strings.Join(got, "; "), row.want):
				t.Errorf("Against found %q, want %q", got, row.want)
			}
		})
	}
}
