package engine

// BeginKeep reports whether the value of the call of n's body that has succeeded is
// the body's: of the first, if that comes before the end. The caller stores it then,
// and calls EndKeep.
func BeginKeep(n *Node) bool {
	c := n.calls()
	if c == nil {
		return true
	}
	c.mu.Lock()
	if c.kept || c.closed {
		c.mu.Unlock()
		return false
	}
	c.kept = true
	return true
}

// HasKept reports whether a call of n's body has succeeded, whose value is the body's
// unless that fails. Who settles n asks, or the body.
func HasKept(n *Node) bool {
	c := n.calls()
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept
}

// EndKeep follows a BeginKeep that has reported true.
func EndKeep(n *Node) {
	if c := n.calls(); c != nil {
		c.mu.Unlock()
	}
}
