// Package temporalasap runs flows of package asap on a Temporal cluster: the
// flow becomes a workflow, each of its tasks an activity that starts the moment
// its inputs are there. The definition stays as it is; one line changes:
//
//	receipt, err := Checkout.Run(ctx, order)                      // in this process
//	receipt, err := temporalasap.Run(ctx, client, Checkout, order) // on Temporal
//
// and a worker has to serve the flow:
//
//	w := worker.New(client, temporalasap.TaskQueue, worker.Options{})
//	err := temporalasap.Register(w, Checkout,
//		temporalasap.Defaults(workflow.ActivityOptions{StartToCloseTimeout: time.Minute}))
//	...
//	err = w.Run(worker.InterruptCh())
//
// # What stays
//
// Order of starts, failures, skipped tasks, Optional, settled flows, Exit, Race,
// Map, Gather and limits are those of package asap. An error that crosses is an
// [flow.RemoteError] with the text and the type of the original, inside the same
// [asap.TaskError] and [asap.GroupError]. A panic and a Goexit are errors of
// their task.
//
// # What differs
//
// An activity runs at least once: a body whose result was not recorded before
// its worker died runs again, so bodies should be idempotent. Errors that bodies
// return are final, unless the task's RetryPolicy asks for more.
//
// Values travel through the client's data converter, 2 MB at most each; [Converter] tells
// Register which that is. A body
// cannot use the flow's tasks, nor variables that another body or the caller of
// Run has set: it runs in the worker, with what the definition has there.
//
// A workflow's history has at most 51,200 events: about 8,000 tasks in a chain
// or 14,000 side by side; of those 1,000 are handed to Temporal at a time. A flow
// that does not fit ends with an error before that.
//
// Observers of the flow run in the workflow, by its clock, and hear nothing of
// replays.
package temporalasap
