package engine

// Chain is a list of nodes linked by next, in one goroutine's hands. A node is in
// one chain or queue at a time, and only the one that made it ready, or is to
// settle it, may put it there: so one link in the node does for all of them.
type Chain struct{ head, tail *Node }

// Push appends n, which is in no other chain.
func (c *Chain) Push(n *Node) {
	n.next = nil
	if c.head == nil {
		c.head, c.tail = n, n
		return
	}
	c.tail.next = n
	c.tail = n
}

// pushFront puts n first: for lists that have the latest first.
func (c *Chain) pushFront(n *Node) {
	n.next = c.head
	c.head = n
	if c.tail == nil {
		c.tail = n
	}
}

// Pop takes the first, nil if there is none.
func (c *Chain) Pop() *Node {
	n := c.head
	if n == nil {
		return nil
	}
	c.head = n.next
	if c.head == nil {
		c.tail = nil
	}
	n.next = nil
	return n
}

// Append moves all of d behind what c has. The caller forgets d.
func (c *Chain) Append(d Chain) {
	switch {
	case d.head == nil:
	case c.head == nil:
		*c = d
	default:
		c.tail.next = d.head
		c.tail = d.tail
	}
}

func (c *Chain) isEmpty() bool { return c.head == nil }
