// Package rules holds the tests of the contract: what package asap guarantees,
// from R1 on, each rule with a test by its number, such as TestR21_Order. It has
// tests only.
//
// They know what a user knows: the exported names, in virtual time. So the
// engine can be written anew under them. One looks elsewhere: source_test.go
// reads the source, for what no call can show, such as that there is no global
// state.
//
// The files are by subject, rules_<subject>_test.go. Beside them: misuse_test.go
// has the mistakes of callers (R31), executor_test.go and seam_test.go where a
// group meets another engine (R29), alloc_test.go the budget of allocations
// (R23). Bodies, clocks and checks that they share are in helpers_test.go, and
// readers of what the Go tracer and the profiler were told in trace_test.go.
package tmprules
