package engine

import "strconv"

// HasParts reports whether n is a Race or a Map.
func HasParts(n *Node) bool { return n.kind&(Race|Mapped) != 0 }

// numberedLabel is the label with the number of n if there is one: likes[3]#2 in the
// second Map of that name. Package watch has those of a group that somebody looks at,
// and a backend those of its tasks. Anybody may call it, with no lock held.
func (n *Node) numberedLabel() string {
	if b := n.group.backend; b != nil {
		if label := b.Label(n); label != "" {
			return label
		}
		return n.label()
	}
	if k := n.group.watch.NumberOf(n.order, n.kind&part != 0); k > 1 {
		return n.label() + "#" + strconv.FormatUint(uint64(k), 10)
	}
	return n.label()
}
