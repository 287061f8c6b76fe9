// Package tail keeps the slowest calls from deciding how long a request takes: with a
// second call to what is slow this once, and by giving up what others can do without.
//
//	var quick = tail.Hedge(tail.At(.95), tail.Share(.02))   // for the whole service
//	…
//	product := g.Go("product", fetchProduct, quick)
//
// # A second call
//
// A [Hedger] is an option of tasks, and of Maps, whose bodies may be called twice at the
// same time: reads, and writes that are idempotent. It calls the body a second time when
// the first call takes longer than it usually does: see [At], [After] and [Least].
//
//   - What the first call waits for other tasks, in [asap.Task.Await] or for a batch, does
//     not count: a second call would wait for the same ones. A group that it makes itself
//     counts, as a second call makes another.
//   - The first call that succeeds has the value. The context of the other one is
//     canceled; whatever depends on the task goes on at once, and the group waits for the
//     other call before it ends. If that succeeds all the same, its value is undone by the
//     task's Undo.
//   - A failure is never the reason of a second call: one of the first call before the
//     second has begun is the task's, at once. After that the task fails when both have,
//     with the error of the first.
//   - Second calls are at most a [Share] of the first ones, at any moment. What calm
//     times have saved is worth at most 10 calls.
//   - With [Critical], only tasks are called twice that shorten the run.
//   - The first call runs in the task's slot of a limit, and nothing else holds one while
//     the delay lasts. The second takes a slot of its own; if it has to queue for it until
//     the first has ended, it is never made.
//   - The second call is a task named hedge in a group inside of the task: ads/hedge in
//     pictures, statistics and traces, which has succeeded if it has won, was canceled if
//     it has lost, and tolerated if it has failed. The task itself runs all the while, as
//     one without a Hedger does.
//
// Panics, Goexit and exits in either call are those of the body. With an engine elsewhere
// both calls are made where the body runs, within no limit and seen by nobody.
//
// # What is measured
//
// Delays are quantiles of the time that first calls would have run to succeed. One that
// failed, or was canceled since the second had won, tells only that it would have taken
// longer than it did. Kaplan and Meier's estimator ("Nonparametric Estimation from
// Incomplete Observations", JASA 53, 1958) makes use of those too: so a record does not
// get better by the hedges that it causes. It is one for each task of each outermost
// group, all elements of a Map together, over the last thousand calls or two.
//
// # What is learnt
//
// A [Learner], made by [Policy] and given to groups, finds out by itself which tasks make
// slow runs slow, calls those of them twice that are marked [Safe], and gives optional ones
// up, within bounds. One made by [Advise] only says what it would do. The debug page shows
// either: see asapweb.Tail.
//
// # Time that is left
//
// [Within] gives a task a share of what is left of the request's own deadline.
package tail
