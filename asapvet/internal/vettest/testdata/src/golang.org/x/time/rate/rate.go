// Package rate has the signatures of rate, without what they do.
package rate

import "context"

type Limiter struct{ _ int }

func (l *Limiter) Wait(ctx context.Context) error         { return nil }
func (l *Limiter) WaitN(ctx context.Context, n int) error { return nil }
func (l *Limiter) Allow() bool                            { return true }
