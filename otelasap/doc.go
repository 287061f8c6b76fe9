// Package otelasap shows groups to OpenTelemetry: spans and metrics.
//
//	observer := otelasap.New()
//	g := asap.New(ctx, asap.Name("checkout"), asap.Observe(observer))
//
// One [Observer] serves any number of groups at the same time.
//
// # Spans
//
// Each group and each body that runs has a span, as have a Map and a Race,
// whose elements and functions are children of theirs. A task's span is a child
// of its group's, and a nested group's a child of the task that it was made in;
// the spans that a body starts with its context are children of the body's.
// What a task depends on is in its links: [LinkKind] tells declared
// dependencies from those that the body awaited, and [LinkLast] marks the one
// that ended last and so let the task start. Each wait in a body is an event
// blocked with its length; [TaskQueued] and [TaskBlocked] are the sums.
// A task that never ran has no span, but an event skipped on its group's.
//
// The status is an error for a body that failed, panicked or called
// runtime.Goexit, and otherwise unset: a task that was canceled because another
// failed is nobody's error, and one that the others went on without is no error
// either, but has its type and an event exception. [Outcome] has the precise word. The span of an
// outermost group has its critical path in [CriticalPath].
//
// # Metrics
//
//	asap.group.duration  s       from the making of a group to its end
//	asap.task.duration   s       from the start of a body to its end
//	asap.task.queued     s       from ready to started, for a slot or a processor
//	asap.task.blocked    s       in the body, waiting for tasks and nested groups
//	asap.task.critical   s       on the critical path of the run
//	asap.task.skipped    {task}  tasks whose body never ran
//
// All carry the names of group and task, and an outcome where there is one.
// The elements of a Map and the functions of a Race share a name, likes[], so
// that the number of series does not grow with the data. In how many runs a
// task was on the critical path, its criticality index, is the count of
// asap.task.critical over the count of asap.task.duration.
package otelasap
