package asaptest

import (
	"context"
	"testing"
	"time"
)

// MakespanMessage is what AssertMakespan would say.
func MakespanMessage(t *testing.T, want time.Duration, f func(ctx context.Context) error) string {
	got, path, err := makespan(t, f)
	return makespanMessage(got, want, err, path)
}

// Exact makes r compare the times of different tasks, which are exact in
// virtual time alone.
func (r *Events) Exact() { r.exact = true }
