package engine

import "context"

// Around is called in place of a body, which it is given.
type Around func(ctx context.Context, task string, body func(context.Context) error) error

// BeginKeep reports whether the value of the call of n's body that has succeeded is
// the body's. The caller stores it then, and calls EndKeep.
func BeginKeep(n *Node) bool { return true }

// EndKeep follows BeginKeep.
func EndKeep(n *Node) {}
