package temporalasap_test

import (
	"fmt"
	"testing"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// journal writes the history of a workflow that went well, as a server does.
type journal struct {
	history.History
	t     testing.TB
	at    time.Time
	queue *taskqueue.TaskQueue
	task  int64 // the last workflow task's completion
}

func newJournal(t testing.TB, workflow string, in any) *journal {
	j := &journal{t: t, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), queue: &taskqueue.TaskQueue{Name: "asap"}}
	j.add(enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &history.WorkflowExecutionStartedEventAttributes{
			WorkflowType: &common.WorkflowType{Name: workflow}, TaskQueue: j.queue, Input: j.payloads(in),
			OriginalExecutionRunId: "run", FirstExecutionRunId: "run", Attempt: 1,
		}}})
	j.workflowTask()
	return j
}

func (j *journal) add(kind enums.EventType, e *history.HistoryEvent) int64 {
	j.at = j.at.Add(time.Millisecond)
	e.EventType, e.EventId, e.EventTime = kind, int64(len(j.Events)+1), timestamppb.New(j.at)
	j.Events = append(j.Events, e)
	return e.EventId
}

func (j *journal) payloads(v any) *common.Payloads {
	p, err := converter.GetDefaultDataConverter().ToPayloads(v)
	if err != nil {
		j.t.Fatal(err)
	}
	return p
}

func (j *journal) workflowTask() {
	s := j.add(enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowTaskScheduledEventAttributes{
		WorkflowTaskScheduledEventAttributes: &history.WorkflowTaskScheduledEventAttributes{TaskQueue: j.queue, Attempt: 1}}})
	b := j.add(enums.EVENT_TYPE_WORKFLOW_TASK_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowTaskStartedEventAttributes{
		WorkflowTaskStartedEventAttributes: &history.WorkflowTaskStartedEventAttributes{ScheduledEventId: s, HistorySizeBytes: int64(200 * len(j.Events))}}})
	j.task = j.add(enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowTaskCompletedEventAttributes{
		WorkflowTaskCompletedEventAttributes: &history.WorkflowTaskCompletedEventAttributes{ScheduledEventId: s, StartedEventId: b}}})
}

// schedule returns the number of the event. By hand that is the id, too.
func (j *journal) schedule(activity, id string, in any) int64 {
	if id == "" {
		id = fmt.Sprint(len(j.Events) + 1)
	}
	return j.add(enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskScheduledEventAttributes{
		ActivityTaskScheduledEventAttributes: &history.ActivityTaskScheduledEventAttributes{
			ActivityId: id, ActivityType: &common.ActivityType{Name: activity}, TaskQueue: j.queue, Input: j.payloads(in), WorkflowTaskCompletedEventId: j.task,
		}}})
}

func (j *journal) complete(scheduled int64, out any) {
	b := j.add(enums.EVENT_TYPE_ACTIVITY_TASK_STARTED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskStartedEventAttributes{
		ActivityTaskStartedEventAttributes: &history.ActivityTaskStartedEventAttributes{ScheduledEventId: scheduled, Attempt: 1}}})
	j.add(enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskCompletedEventAttributes{
		ActivityTaskCompletedEventAttributes: &history.ActivityTaskCompletedEventAttributes{ScheduledEventId: scheduled, StartedEventId: b, Result: j.payloads(out)}}})
}

func (j *journal) end(out any) *history.History {
	j.workflowTask()
	j.add(enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
		WorkflowExecutionCompletedEventAttributes: &history.WorkflowExecutionCompletedEventAttributes{Result: j.payloads(out), WorkflowTaskCompletedEventId: j.task}}})
	return &j.History
}

// namer gives activities the types and ids of a flow, or those by hand.
type namer struct {
	flow string // empty by hand
	seen map[string]int
}

func (n *namer) next(task string) (activity, id string) {
	if n.flow == "" {
		return task, ""
	}
	n.seen[task]++
	id = task
	if n.seen[task] > 1 {
		id = fmt.Sprint(task, "#", n.seen[task])
	}
	return n.flow + "." + id, id
}

func newNamer(flow string) *namer { return &namer{flow: flow, seen: make(map[string]int)} }

// chainJournal is the history of a chain.
func chainJournal(t testing.TB, workflow string, names *namer, n int) *history.History {
	j := newJournal(t, workflow, 1)
	for i := range n {
		if i > 0 {
			j.workflowTask()
		}
		activity, id := names.next("add")
		j.complete(j.schedule(activity, id, i+1), i+2)
	}
	return j.end(n + 1)
}

// wideJournal is the history of n activities at once, of which each workflow
// task sees batch ends, in the order of the starts or the last first.
func wideJournal(t testing.TB, workflow string, names *namer, n, batch int, reverse bool) *history.History {
	j := newJournal(t, workflow, 1)
	var scheduled []int64
	for range n {
		activity, id := names.next("add")
		scheduled = append(scheduled, j.schedule(activity, id, 1))
	}
	list := make([]int, n)
	for i := range scheduled {
		if i > 0 && i%batch == 0 {
			j.workflowTask()
		}
		k := i
		if reverse {
			k = n - 1 - i
		}
		j.complete(scheduled[k], 2)
		list[i] = 2
	}
	j.workflowTask()
	activity, id := names.next("sum")
	j.complete(j.schedule(activity, id, list), 2*n)
	return j.end(2 * n)
}
