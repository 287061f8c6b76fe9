//go:build !unix

package sample

import "time"

// CPU is not known here.
func (r *Real) CPU() time.Duration { return 0 }
