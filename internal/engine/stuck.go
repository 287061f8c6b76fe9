package engine

import "slices"

// stuck finds out what can never end if by waits for a node. It takes in
// everything that the node waits for, assumes that nothing of it can go on,
// and then lets go on what can:
//
//   - a body that runs, and a task that is done;
//   - a body that waits, for tasks or in the Waits of nested groups, if
//     everything that it waits for can: it does not return before all its waits
//     have ended;
//   - a pending task, if all its dependencies can;
//   - a Race, if one of its functions can.
//
// What is left waits for by, and by for it. Nothing here calls a method of the
// caller's, so it may run under a lock; only release must not. It is linear in
// what it takes in, with one allocation a node: mayLeadTo comes first. Keeps 15.
type stuck struct {
	by, from *Node
	index    map[*Node]int // of what was taken in, from 1
	nodes    []stuckNode
	pinned   []*Node // see release
}

type stuckNode struct {
	n      *Node
	deps   []int // what it waits for, as indexes
	users  []int // what waits for it
	left   int   // deps that cannot go on
	oneOf  bool  // goes on with the first of deps
	goesOn bool
}

// newStuck takes in what from waits for, if by waits for it. Pins are held until
// release, which every caller owes.
func newStuck(by, from *Node) *stuck {
	s := &stuck{by: by, from: from, index: make(map[*Node]int), nodes: make([]stuckNode, 1, 8)}
	s.add(from)
	for i := 1; i < len(s.nodes); i++ {
		n := s.nodes[i].n
		deps, oneOf, waits := s.waitsFor(n)
		s.nodes[i].goesOn = !waits
		s.nodes[i].oneOf = oneOf
		for _, d := range deps {
			k := s.add(d)
			s.nodes[i].deps = append(s.nodes[i].deps, k)
			s.nodes[k].users = append(s.nodes[k].users, i)
		}
		s.nodes[i].left = len(deps)
		if waits && len(deps) == 0 && n != by {
			s.nodes[i].goesOn = true // its wait is about to end
		}
	}
	return s
}

// add returns the index of n, and takes it in if it is new.
func (s *stuck) add(n *Node) int {
	i := s.index[n]
	if i == 0 {
		i = len(s.nodes)
		s.index[n] = i
		s.nodes = append(s.nodes, stuckNode{n: n})
	}
	return i
}

// waitsFor returns what n waits for and has not ended. A pending node is
// pinned until release, so that its dependencies stay: keeps 3. by itself is not
// followed: its new wait is the question.
func (s *stuck) waitsFor(n *Node) (deps []*Node, oneOf, waits bool) {
	if n == s.by {
		return nil, false, true
	}
	if n.isDone() {
		return nil, false, false
	}
	if b := n.waiter(); b != nil && b.waits.Load() != nil {
		deps, waits = s.bodyWaitsFor(b)
		return deps, false, waits
	}
	if !n.pin() {
		return nil, false, false
	}
	s.pinned = append(s.pinned, n)
	oneOf = n.kind&Race != 0 && n.race().started
	for i := 0; ; i++ {
		d := n.dep(i)
		if d == nil {
			return deps, oneOf, true
		}
		if oneOf && d.isDone() {
			continue // a function that has failed
		}
		held := s.appendWaiting(nil, d)
		if oneOf && len(held) == 0 {
			return nil, true, false
		}
		deps = append(deps, held...)
	}
}

// bodyWaitsFor returns what the body of b waits for. A wait is none once its group has
// ended; that of a nested group is one until that has ended.
func (s *stuck) bodyWaitsFor(b *waiter) (deps []*Node, waits bool) {
	for w := b.waits.Load(); w != nil; w = w.nextOpen.Load() {
		if w.ended.Load() {
			continue
		}
		if g := w.group.Load(); g != nil {
			waits = true
			deps = append(deps, g.crossers()...)
			if g.awaits(s.by) && !slices.Contains(deps, s.by) {
				deps = append(deps, s.by)
			}
		} else if on := w.on.Load(); on != nil && b.node.group.ending.Load() == nil {
			waits = true
			deps = s.appendWaiting(deps, on)
		}
	}
	return deps, waits
}

// appendWaiting appends n to deps, unless it clearly goes on: a task with a thousand
// dependencies that run is looked at quickly.
func (s *stuck) appendWaiting(deps []*Node, n *Node) []*Node {
	if n == s.by || !n.isDone() && (n.waiter() != nil || n.isPending()) {
		return append(deps, n)
	}
	return deps
}

// way is a shortest way from the node to by over what cannot go on, nil if by's
// wait can end.
func (s *stuck) way() []int {
	if s.index[s.by] == 0 {
		return nil
	}
	s.letGo()
	start, end := s.index[s.from], s.index[s.by]
	if s.nodes[start].goesOn {
		return nil
	}
	before := map[int]int{start: 0}
	queue := []int{start}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		if i == end {
			var way []int
			for ; i != 0; i = before[i] {
				way = append(way, i)
			}
			slices.Reverse(way)
			return way
		}
		for _, d := range s.nodes[i].deps {
			if _, seen := before[d]; !seen && !s.nodes[d].goesOn {
				before[d] = i
				queue = append(queue, d)
			}
		}
	}
	return nil
}

// letGo lets go on what can, and then who waits for that alone, and so on.
func (s *stuck) letGo() {
	var free []int
	for i := range s.nodes {
		if i > 0 && s.nodes[i].goesOn {
			free = append(free, i)
		}
	}
	for len(free) > 0 {
		i := free[len(free)-1]
		free = free[:len(free)-1]
		for _, u := range s.nodes[i].users {
			user := &s.nodes[u]
			user.left--
			if !user.goesOn && (user.oneOf || user.left == 0) {
				user.goesOn = true
				free = append(free, u)
			}
		}
	}
}

// nodesOf returns the nodes of the way, nil if there is none.
func (s *stuck) nodesOf(way []int) (nodes []*Node) {
	for _, i := range way {
		nodes = append(nodes, s.nodes[i].n)
	}
	return nodes
}

// names returns those from by over the way to by again.
func (s *stuck) names(way []*Node) []string {
	names := []string{s.by.numberedLabel()}
	for _, n := range way {
		names = append(names, n.numberedLabel())
	}
	return names
}

// release lets the pending nodes go on, outside any lock: one of them may have
// become ready, or is to be skipped.
func (s *stuck) release() { releaseAll(s.pinned) }
