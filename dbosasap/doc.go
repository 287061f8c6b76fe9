// Package dbosasap runs flows of package asap durably, in this process, on a database
// that you have: a file (SQLite), or a PostgreSQL. Each flow is a workflow of DBOS
// Transact, whose steps have the ends of its tasks; a task starts the moment its inputs
// are there. There is no server. The definition stays as it is; one line changes:
//
//	receipt, err := Checkout.Run(ctx, order)              // in this process
//	receipt, err := dbosasap.Run(ctx, rt, Checkout, order) // in this process, durably
//
// and the process says at its start which flows it serves:
//
//	rt, err := dbosasap.Open(ctx, "shop", "shop.db") // or postgres://…
//	err = dbosasap.Register(rt, Checkout)
//	err = rt.Launch()                                 // goes on with what was interrupted
//	defer rt.Shutdown(10 * time.Second)
//
// # What stays
//
// Order of starts, failures, skipped tasks, Optional, settled flows, exits, Race, Map,
// Gather, limits, signals, sleeps, undos and limits of time are those of package asap.
// An error is a [flow.RemoteError] with the text and the type of the original, inside
// the same [asap.TaskError] and [asap.GroupError]. A panic and a Goexit are errors of
// their task.
//
// # What differs
//
// A body runs at least once: one whose end was not recorded before the process died runs
// again, so bodies should be idempotent, with their [Key], or run in a [Transaction]. What was recorded
// never runs again. Errors are final, unless a [RetryPolicy] asks for more. Values are
// kept as JSON, and the whole of a record goes through the serializer of the database.
// A body cannot use the flow's tasks but for Get of what it needs, nor variables that
// another body has set.
//
// # What it does not give
//
// The tasks of one flow run in one process: that which has begun it, or has taken it
// over. When a process dies its flows wait until one with the same executor id is
// started (see [dbos.Config]), on this machine or, with PostgreSQL, on any other; nobody
// watches for that. Fail-over by itself, many processes for one flow and a web interface
// for runs are what package temporalasap and a cluster are for. A flow goes on only in
// the version of the application that has begun it, which DBOS takes from the program's
// bytes unless it is told another one.
package dbosasap
