// Package stress tests package asap with random graphs of tasks against a
// sequential simulation of its rules. It has tests only.
package stress
