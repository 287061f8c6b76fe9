//go:build !linux

package main

// Other systems have no peak that a process can read and reset, so the
// columns of resident memory stay empty there.

func resident() float64 { return 0 }
func peak() float64     { return 0 }
func resetPeak()        {}
