// Package errgroup has five functions as one finds them written with
// golang.org/x/sync/errgroup, and each of them again with asap. The page
// docs/from-errgroup.md shows them side by side; the tests run both, compare
// the results and assert, in virtual time, how long each takes.
package errgroup
