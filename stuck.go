package asap

import "slices"

// stuck finds out what can never end if w waits for a node. It takes in
// everything that the node waits for, assumes that nothing of it can go on,
// and then lets go on what can:
//
//   - a body that runs, and a task that is done;
//   - a body that awaits a task, if that task can;
//   - a pending task, and a body in the Wait of a nested group, if everything
//     it waits for can;
//   - a Race, if one of its functions can.
//
// What is left waits for w, and w for it.
type stuck struct {
	w, from *node
	index   map[*node]int // of what was taken in, from 1
	nodes   []stuckNode
	pinned  []*node // see release
}

type stuckNode struct {
	n      *node
	deps   []int // what it waits for, as indexes
	users  []int // what waits for it
	left   int   // deps that cannot go on
	oneOf  bool  // goes on with the first of deps
	goesOn bool
}

func newStuck(w, from *node) *stuck {
	s := &stuck{w: w, from: from, index: make(map[*node]int), nodes: make([]stuckNode, 1, 8)}
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
		if waits && len(deps) == 0 && n != w {
			s.nodes[i].goesOn = true // its wait is about to end
		}
	}
	return s
}

func (s *stuck) add(n *node) int {
	i := s.index[n]
	if i == 0 {
		i = len(s.nodes)
		s.index[n] = i
		s.nodes = append(s.nodes, stuckNode{n: n})
	}
	return i
}

// waitsFor returns what n waits for and has not ended. A pending node is
// pinned until release, so that its dependencies stay.
func (s *stuck) waitsFor(n *node) (deps []*node, oneOf, waits bool) {
	if n == s.w {
		return nil, false, true
	}
	if n.done() {
		return nil, false, false
	}
	if b := n.madeBed(); b != nil {
		if on := b.on.Load(); on != nil {
			return s.held(nil, on), false, true
		}
		if g := b.group.Load(); g != nil {
			deps = g.root.crossers(g)
			if g.awaits(s.w) && !slices.Contains(deps, s.w) {
				deps = append(deps, s.w)
			}
			return deps, false, true
		}
	}
	if !n.pin() {
		return nil, false, false
	}
	s.pinned = append(s.pinned, n)
	oneOf = n.kind&race != 0
	for i := 0; ; i++ {
		d := n.body.dep(i)
		if d == nil {
			return deps, oneOf, true
		}
		before := len(deps)
		deps = s.held(deps, d)
		if oneOf && len(deps) == before && !d.done() {
			return nil, true, false // this function runs
		}
	}
}

// held appends n to deps, unless it clearly goes on: a task with a thousand
// dependencies that run is looked at quickly.
func (s *stuck) held(deps []*node, n *node) []*node {
	if n == s.w || !n.done() && (n.madeBed() != nil || n.waits()) {
		return append(deps, n)
	}
	return deps
}

// path returns the names from w over the node to w again, nil if w's wait can end.
func (s *stuck) path() []string {
	if s.index[s.w] == 0 {
		return nil
	}
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
	if s.nodes[s.index[s.from]].goesOn {
		return nil
	}
	way := s.way()
	if way == nil {
		return nil
	}
	names := []string{s.w.label()}
	for _, i := range way {
		names = append(names, s.nodes[i].n.label())
	}
	return names
}

// way is a shortest way from the node to w over what cannot go on.
func (s *stuck) way() []int {
	before := make(map[int]int)
	start, end := s.index[s.from], s.index[s.w]
	before[start] = 0
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

// release lets the pending nodes go on, outside any lock: one of them may have
// become ready, or is to be skipped.
func (s *stuck) release() {
	for _, n := range s.pinned {
		n.release()
	}
}
