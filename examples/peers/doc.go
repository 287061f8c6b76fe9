// Package peers tries how libraries for running tasks behave when a task
// fails, panics, calls runtime.Goexit, waits for another one, or depends on
// itself. Its tests hold the table of the repository's README.md to what the
// libraries do; run.go has what they run, each as its documentation says.
//
// The tests in faults_*_test.go need asap alone: each names a fault that was
// measured on a library with a like purpose, and asserts the right behavior.
package peers
