// Package seeds has the twins of the texts that asap was made from: each
// example of better-all's README and of the two rules for server handlers that
// go with it, written with asap. It has tests only.
//
// An Example shows what a twin prints; a test runs the same function in virtual
// time and compares when each task ran with what the text says, or with what it
// should have said. README.md's first program is in examples/dashboard.
package seeds
