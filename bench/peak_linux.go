package main

import (
	"bytes"
	"os"
	"strconv"
)

// resident is the memory of this process that is in RAM, in bytes.
func resident() float64 { return status("VmRSS:") }

// peak is the most that resident has been since resetPeak.
func peak() float64 { return status("VmHWM:") }

// resetPeak sets the peak to what is resident now (proc(5), clear_refs). Not
// getrusage: its peak survives exec, so it may be that of the parent.
func resetPeak() {
	// Where it is not allowed the peak is that of the whole process, which is
	// too high by what the graph took while it was made.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

func status(key string) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok {
			fields := bytes.Fields(rest)
			if len(fields) == 2 && string(fields[1]) == "kB" {
				n, err := strconv.ParseFloat(string(fields[0]), 64)
				if err == nil {
					return n * 1024
				}
			}
		}
	}
	return 0
}
