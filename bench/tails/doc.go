// Package tails has no code: its test says what each technique against slow calls
// is worth at p99, by running the request graphs of public systems with the
// library itself, in virtual time, with log-normal latencies. It writes the table
// of docs/tail.md with
//
//	go test ./tails -runs 30000 -update -timeout 1h
package tails
