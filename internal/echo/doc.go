// Package echo judges the errors of bodies: whether one only passes on that its group
// has ended, and so is an echo of that and no failure, whether it is there because of
// a failure that is known, and whether it ends the group early.
//
// A tree of errors is looked through once, in the body that returned it, as its
// methods are the user's, and never behind a node that decides. The error of a task
// keeps a [Mark] of what does not depend on the group that asks. So what was looked
// through once is not again at each level of nesting, nor in each of a row of tasks
// that pass an error on.
//
// The package knows contexts and the texts of remote errors (gRPC and Connect). The
// errors of tasks and groups are another package's, which says what they are: [Known].
package echo
