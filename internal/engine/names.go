package engine

import "strconv"

// names are those of the tasks of a group that somebody looks at, whose errors
// number them. They are noted in order of declaration, and counted only when an
// error is made. A group that lives long does not keep all it ever had. The tasks
// of a backend are numbered there.
type names struct {
	noted   []noted
	counted int               // of noted, that are in numbers
	numbers map[uint32]uint32 // by order, of the second and further ones of a name
	parts   map[uint32]uint32 // the same for what the parts of a Race or Map are called
	last    map[string]uint32 // the number of the latest of each name
}

type noted struct {
	name  string
	order uint32
	whole bool // it has parts
}

// maxNames is how many tasks of a group are numbered.
const maxNames = 1 << 16

// HasParts reports whether n is a Race or a Map.
func HasParts(n *Node) bool { return n.kind&(Race|Mapped) != 0 }

// noteName notes the name of n, which was just declared and is no part of another.
func (g *Group) noteName(n *Node) {
	b := g.makeLedger()
	one := noted{n.label(), n.order, HasParts(n)}
	g.mu.Lock()
	s := &b.names
	if s.noted == nil {
		s.noted = make([]noted, 0, 6) // of a small group, at once
	}
	if len(s.noted) < maxNames {
		s.noted = append(s.noted, one)
	}
	g.mu.Unlock()
}

// numberedLabel is the label with the number of n if there is one: likes[3]#2 in the
// second Map of that name. Anybody may call it, with no lock held.
func (n *Node) numberedLabel() string {
	if b := n.group.backend; b != nil {
		if label := b.Label(n); label != "" {
			return label
		}
		return n.label()
	}
	if k := n.group.numberOf(n); k > 1 {
		return n.label() + "#" + strconv.FormatUint(uint64(k), 10)
	}
	return n.label()
}

// numberOf returns the number of n, 0 if its name is the first of its kind, or not
// noted. A part has the place in the order of what it is a part of.
func (g *Group) numberOf(n *Node) uint32 {
	b := g.ledger.Load()
	if b == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	b.names.count()
	if n.kind&part != 0 {
		return b.names.parts[n.order]
	}
	return b.names.numbers[n.order]
}

// count gives numbers to what was noted since it was last called. The group's mu
// is held.
func (s *names) count() {
	if s.last == nil && len(s.noted) > 0 {
		s.last = make(map[string]uint32)
		s.numbers, s.parts = make(map[uint32]uint32), make(map[uint32]uint32)
	}
	for ; s.counted < len(s.noted); s.counted++ {
		t := s.noted[s.counted]
		if k := s.next(t.name); k > 1 {
			s.numbers[t.order] = k
		}
		if !t.whole {
			continue
		}
		if k := s.next(t.name + "[]"); k > 1 {
			s.parts[t.order] = k
		}
	}
}

// next numbers one more task of that name, with none that somebody is called by.
func (s *names) next(name string) uint32 {
	k := s.last[name] + 1
	for k > 1 && s.last[name+"#"+strconv.FormatUint(uint64(k), 10)] != 0 {
		k++
	}
	s.last[name] = k
	return k
}
