package otelasap

import (
	"strings"

	"github.com/asap-go/asap"
	"go.opentelemetry.io/otel/attribute"
)

// Keys of attributes. Times are in seconds, as float64.
const (
	// GroupName is the name of the group, on every span and metric of it.
	GroupName = attribute.Key("asap.group.name")
	// TaskName is the name of the task. On metrics, elements of a Map and
	// functions of a Race have that of all: likes[]. The second call of a task, by package
	// tail, is there in the task's group, with /hedge behind its name: product/hedge.
	TaskName = attribute.Key("asap.task.name")
	// Outcome is how a group or task ended. A function of a Race that fails by itself is
	// tolerated. The words: succeeded, tolerated, leftout, failed,
	// skipped, canceled, exited, panicked or goexited.
	Outcome = attribute.Key("asap.outcome")
	// TaskQueued is how long a task was ready before its body started.
	TaskQueued = attribute.Key("asap.task.queued")
	// TaskBlocked is how long a body waited for tasks and nested groups. On
	// the event blocked it is the length of that wait.
	TaskBlocked = attribute.Key("asap.task.blocked")
	// BlockedOn names what a body waited for, on the event blocked. It is
	// missing if that is nobody's task, as in Blocking.
	BlockedOn = attribute.Key("asap.blocked.on")
	// CriticalPath names the tasks that an outermost group waited for, from
	// its start to its end, on the group's span; at most 64 of them.
	CriticalPath = attribute.Key("asap.critical_path")
	// Critical with a dot and the name of a task as on metrics, asap.critical.likes[],
	// is how long that task held an outermost group up, on the group's span: the
	// time of its steps on the critical path. Those of at most 16 tasks have one, the
	// longest, and there are at most 512 such keys; CriticalOther is the sum of the
	// rest.
	Critical      = attribute.Key("asap.critical")
	CriticalOther = attribute.Key("asap.critical.other")
	// SkippedBecause is the error of a task that never ran, on the event skipped.
	SkippedBecause = attribute.Key("asap.skipped.because")
	// LinkKind is declared or awaited, on the link to a dependency.
	LinkKind = attribute.Key("asap.link.kind")
	// LinkLast is true on the link to the dependency that ended last.
	LinkLast = attribute.Key("asap.link.last")
)

// outcomes are the attributes of outcomes.
var outcomes = func() (all [asap.Goexited + 1]attribute.KeyValue) {
	for o := asap.Succeeded; o <= asap.Goexited; o++ {
		all[o] = Outcome.String(strings.ToLower(o.String()))
	}
	return all
}()

func outcomeOf(o asap.Outcome) attribute.KeyValue {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return Outcome.String("unknown")
}
