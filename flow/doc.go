// Package flow makes structure of a set of tasks: defined once, it runs in this
// process or on another engine, and can be drawn without being run.
//
// # Usage
//
// A definition declares tasks on a group of package asap, from the task of the
// input, and returns that of the result:
//
//	var checkout = flow.Define("checkout", func(g *asap.Group, order *asap.Task[order]) *asap.Task[receipt] {
//		stock := order.Then("stock", reserve)
//		charge := order.And(stock).Then("charge", chargeCard)
//		return charge.Then("receipt", issueReceipt)
//	})
//
// [Flow.Run] runs it here, at the cost of the same group made by hand, and is a
// body itself, so a flow can be a task of another one. [Flow.Graph] returns its
// tasks and edges. [Flow.With] gives it options of a group.
//
// The definition is called for every run and every drawing. It must declare the
// same tasks each time, and neither look at values nor wait: the input has its
// value only when the definition has returned, and what looks earlier gets an
// error that says so. Values travel along declared edges only. A body that awaits
// a task of its own flow gets an error that names the edge to declare; with
// [asap.Needs] it reads the value by [asap.Task.Get]. [asap.When] is part of the
// definition, too: it must be the same each time.
//
// [Graph.Write] draws the tasks as Mermaid or DOT.
//
// # What comes from outside
//
// [Signal] declares a value that a person or another system brings, and which may be late;
// [Sleep] a time that passes. [Flow.Start] returns the handle of a run, with which it
// is sent signals, watched, canceled and waited for. What is not kept is undone, as in
// any group: see [asap.Task.Undo].
//
// # Engines
//
// [On] gives the bodies of a flow, or of any group, to an [Executor]: to workers
// elsewhere, to an engine that survives the process, to one that orders bodies
// for a test. The group decides what starts and when, by the same rules, and what
// an end means; the executor runs what it is given. Panics and Goexit come back
// as errors of their tasks there.
//
// An executor in this process calls [Call.Run]. One elsewhere finds the function
// by the names of the flow and of the call, among [Flow.Calls] of the same
// definition, decodes the arguments, and what the body needs beside them, and calls
// [Call.Invoke]. Both run what [asap.Around] says, and keep limits of time. So a body
// may close over what its definition has made, but not over the data of a request. The
// JSON of [asap.Result], [*asap.TaskError] and [*asap.GroupError] keeps the rest
// of an error as a [RemoteError]; an [asap.Exit] crosses by [Call.Exited] and
// [Call.Exit].
//
// What else an engine can do it says by its methods: with a [Clock] limits of time and
// sleeps are its own, with a [Signaler] so are signals, a [Canceler] ends single calls. An
// undo is a [Call] like others. Its own Start gives users a [Running], which
// [NewRunning] makes of a [Run].
//
// Package asaptest has the tests that an executor must pass, one that runs bodies
// in an order made by chance, and Portable, which finds out whether a flow can
// cross to another process.
package flow
