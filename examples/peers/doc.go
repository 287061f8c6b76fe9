// Package peers tries how libraries for running tasks behave when a task
// fails, panics, calls runtime.Goexit, waits for another one, or depends on
// itself. Its tests hold the table of the repository's README.md to what the
// libraries do; this file has what they run, each as its documentation says.
package peers
