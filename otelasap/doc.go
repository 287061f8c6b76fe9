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
// that ended last and so let the task start. Each wait in a body that took time is
// an event blocked with its length, also one that ended with an error, and the link to
// what was awaited comes with its end; of several waits at once one after the other is
// told, so that no moment counts twice. [TaskQueued] and [TaskBlocked] are the sums. A
// wait outside of any body, of the handler that made the group, is an event on the
// group's span. A task that never ran has no span, but an event skipped on its group's.
//
// The status is an error for a body that failed, panicked or called
// runtime.Goexit, and otherwise unset: a task that was canceled because another
// failed is nobody's error. A canceled group is an error if its deadline had
// passed, with the error.type of [context.DeadlineExceeded], and none if whoever asked
// has left. A server that is told the deadline, as by gRPC, may answer that it has passed
// before the group's context ends: then a task failed, with what the server says. A task
// that the others went on without is no error either, but has its type and an event
// exception; so is a function of a Race that failed by itself, whose outcome is tolerated here: whether that was an error is the
// Race's to say, which fails only if all of them do. [Outcome] has the precise word.
//
// The span of an outermost group has its critical path in [CriticalPath], and how many
// seconds each task held it up in attributes of the task's name: see [Critical].
//
// # Traces that are not sampled
//
// If the span of an outermost group is not recorded nothing in the group has a
// span, and nothing is kept of it until it ends. Bodies have the group's span
// context, whose flag says to whom they call that the trace is not sampled. So a
// sampler is asked once for such a group: one that would sample single tasks by their
// names has to sample the group. A nested group in a body that has begun a sampled
// trace of its own has its spans.
//
// # Metrics
//
//	asap.group.duration  s       from the making of a group to its end
//	asap.task.duration   s       from the start of a body to its end
//	asap.task.queued     s       from ready to started, for a slot or a processor, if that took 0.1 ms
//	asap.task.blocked    s       in the body, waiting for tasks and nested groups
//	asap.task.critical   s       on the critical path of the run
//	asap.task.skipped    {task}  tasks whose body never ran
//
// All carry the names of group and task, and an outcome where there is one. With the
// outcomes failed, panicked and goexited the durations have an error.type: panic,
// goexit, or the type of the error that went wrong first, without what package asap and
// fmt.Errorf have wrapped around it, by the rule of semconv.ErrorType. It is never a text
// of an error, so an alert on it counts what was an error. A limit of time is a
// context.deadlineExceededError. What a type does not tell, as the code of an error of
// gRPC, the option [ErrorType] does:
//
//	otelasap.ErrorType(func(err error) string {
//		if s, ok := status.FromError(err); ok {
//			return s.Code().String()
//		}
//		return ""
//	})
//
// The elements of a Map and the functions of a Race share
// a name, likes[], so that the number of series does not grow with the data. In how
// many runs a task was on the critical path, its criticality index, is the count of
// asap.task.critical over the count of asap.task.duration, and in how many it was
// queued the count of asap.task.queued over that. What a view drops costs
// nothing. The metrics of a group whose span is not recorded are the same, and come when
// its outermost group has ended: see Servers.
//
// # What is bounded
//
// Of a name 256 bytes are told, and of the text of an error or the stack of a panic
// 8 KB, as valid UTF-8: an exporter that cannot encode one text loses all spans that go
// with it. There are at most 100 values of error.type, and a span has at most 128 links,
// that to the dependency that ended last among them. Where the SpanLimits of a provider
// are lower, what tells most is kept: of attributes the names, the outcome and the
// error.type, then the critical path with the longest times first; of links that to the
// dependency that ended last, and what was awaited after it; of events the last.
//
// # Servers
//
// What happens in a body is part of its group's trace. A server or a worker that is a
// task itself, of a group that is observed, begins a trace of its own for each request,
// and gives the observer to the request's group as well: once the group around has run
// for a minute, one that is given the observer is told with its critical path when it
// ends, and nothing is kept of it. The span of a group comes with its end, so shut
// providers down after the last Wait: of a group that still runs then only the bodies
// that have ended are seen.
//
// # From a run to its trace
//
// [TraceID] makes the runs of package waterfall know their trace:
//
//	stats := &waterfall.Stats{TraceID: otelasap.TraceID}
package otelasap
