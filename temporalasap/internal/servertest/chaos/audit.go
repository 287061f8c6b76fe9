package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// Record is what the server has of one activity that completed.
type Record struct {
	Attempt int32 // the one whose completion was recorded
	At      time.Time
}

// History is the history of a workflow and what the tests ask of it.
type History struct {
	ID        string
	Events    []*historypb.HistoryEvent
	Scheduled map[string]int    // activity id → how often it was scheduled
	Completed map[string]Record // activity id → its completion
	// Refused are the workflow tasks that a worker failed, such as for a
	// non-deterministic definition.
	Refused []*historypb.WorkflowTaskFailedEventAttributes
}

// Fetch reads the history of a workflow.
func Fetch(ctx context.Context, c client.Client, id string) (*History, error) {
	h := &History{ID: id, Scheduled: make(map[string]int), Completed: make(map[string]Record)}
	names := make(map[int64]string)   // event of schedule → activity id
	attempts := make(map[int64]int32) // event of schedule → attempt
	iter := c.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		e, err := iter.Next()
		if err != nil {
			return nil, err
		}
		h.Events = append(h.Events, e)
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			name := e.GetActivityTaskScheduledEventAttributes().GetActivityId()
			names[e.GetEventId()] = name
			h.Scheduled[name]++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			a := e.GetActivityTaskStartedEventAttributes()
			attempts[a.GetScheduledEventId()] = a.GetAttempt()
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			of := e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
			if twice, ok := h.Completed[names[of]]; ok {
				return nil, fmt.Errorf("workflow %s: activity %s is recorded as completed twice, at %v and %v",
					id, names[of], twice.At, e.GetEventTime().AsTime())
			}
			h.Completed[names[of]] = Record{attempts[of], e.GetEventTime().AsTime()}
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			h.Refused = append(h.Refused, e.GetWorkflowTaskFailedEventAttributes())
		}
	}
	return h, nil
}

// Runs are the entries of one task of one workflow.
type Runs []Entry

// ByTask sorts entries by workflow and task.
func ByTask(entries []Entry) map[[2]string]Runs {
	runs := make(map[[2]string]Runs)
	for _, e := range entries {
		key := [2]string{e.Workflow, e.Task}
		runs[key] = append(runs[key], e)
	}
	return runs
}

// Lost are the tasks that ran in the process at the moment at, when it was
// killed: begun there and not over.
func Lost(entries []Entry, pid int, at time.Time) [][2]string {
	open := make(map[[2]string]bool)
	for _, e := range entries {
		if e.PID == pid && !e.At.After(at) {
			open[[2]string{e.Workflow, e.Task}] = e.Event == Began
		}
	}
	var lost [][2]string
	for key, is := range open {
		if is {
			lost = append(lost, key)
		}
	}
	slices.SortFunc(lost, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return lost
}

// Next is the first entry of the kind after the moment, and whether there is
// one.
func (r Runs) Next(event string, after time.Time) (Entry, bool) {
	i := slices.IndexFunc(r, func(e Entry) bool { return e.Event == event && e.At.After(after) })
	if i < 0 {
		return Entry{}, false
	}
	return r[i], true
}

// Count is the number of entries of the kind.
func (r Runs) Count(event string) (n int) {
	for _, e := range r {
		if e.Event == event {
			n++
		}
	}
	return n
}

// clockSlack is how far two readings of the clock by two processes of one
// machine may disagree.
const clockSlack = 5 * time.Millisecond

// Against says in words where the entries of a task contradict its recorded
// completion: a body that began after it, or a completion without a body.
func (r Runs) Against(done Record) (problems []string) {
	ended := false
	begun := make(map[int32]bool)
	for _, e := range r {
		switch e.Event {
		case Began:
			if begun[e.Attempt] {
				problems = append(problems, fmt.Sprintf("attempt %d began twice", e.Attempt))
			}
			begun[e.Attempt] = true
			if e.Attempt > done.Attempt || e.At.After(done.At.Add(clockSlack)) {
				problems = append(problems, fmt.Sprintf("attempt %d began at %v, but attempt %d was recorded as complete at %v",
					e.Attempt, e.At, done.Attempt, done.At))
			}
		case Ended:
			ended = ended || e.Attempt == done.Attempt
		}
	}
	if !ended {
		problems = append(problems, fmt.Sprintf("attempt %d is recorded as complete, but its body did not end", done.Attempt))
	}
	return problems
}
