// Package chaos holds what the fault tests of temporalasap share: flows whose
// right result is known, a journal that outlives the processes that write it,
// and a fleet of worker processes to kill.
//
// The worker processes are the test binary itself, started again with an
// environment variable; see Worker.
package chaos
