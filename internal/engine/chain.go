package engine

// Chain is a list of nodes linked by next, in one goroutine's hands.
type Chain struct{ head, tail *Node }

// Push appends n.
func (c *Chain) Push(n *Node) {
	n.next = nil
	if c.head == nil {
		c.head, c.tail = n, n
		return
	}
	c.tail.next = n
	c.tail = n
}

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

// Append moves all of d behind what c has.
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
