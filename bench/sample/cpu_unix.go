//go:build unix

package sample

import (
	"syscall"
	"time"
)

// CPU is the time in user and kernel mode of all threads.
func (r *Real) CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
