package engine

import "context"

// LeaveBehind calls f on a goroutine of its own, which counts as a call of the body of
// ctx that is left open: its group is not over before f has returned. It reports false,
// and does nothing, if ctx is of no body that an Around wraps, or that has returned.
func LeaveBehind(ctx context.Context, f func()) bool {
	n := nodeOf(ctx)
	if n == nil {
		return false
	}
	c := n.calls()
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.left++
	c.open.Add(1)
	go func() {
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.left--
			c.open.Done()
		}()
		f()
	}()
	return true
}
