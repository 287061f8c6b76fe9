//go:build !unix

package sample

import "time"

// CPU is not known here.
func (r *Real) CPU() time.Duration { return 0 }

// Switches is not known here.
func (r *Real) Switches() int64 { return 0 }
