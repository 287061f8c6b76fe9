package engine

import "github.com/asap-go/asap/internal/record"

// What observers that read are told of how a node was declared, beside its name and its
// dependencies.

// facts returns those of n, which nobody else knows yet: bits of a state, and what few
// nodes have, nil if there is nothing of it. A part has those of its whole, but for bits.
func (n *Node) facts() (bits uint32, f *record.Facts) {
	if n.kind&Race != 0 {
		bits |= record.Race
	}
	if n.kind&MayFail != 0 {
		bits |= record.MayFail
	}
	if n.kind&Optional != 0 && n.kind&Mapped == 0 {
		bits |= record.Optional
	}
	if n.isAround() {
		bits |= record.Around
	}
	if n.kind&part != 0 || n.kind&(Opted|Bounded|Mapped) == 0 {
		return bits, nil
	}
	all := record.Facts{Limit: n.elementLimit()}
	if n.kind&Bounded != 0 && n.limiter() != nil {
		all.Shared = n.limiter().shared.told
	}
	if o := n.options(); o != nil {
		if n.kind&WithoutBody == 0 { // what is left out has no limit of time
			all.Timeout, all.Within = o.timeout, o.within
		}
		for i := range o.links {
			switch l := &o.links[i]; {
			case !l.Must:
				all.AfterEnd = append(all.AfterEnd, l.On.number())
			case !l.Read:
				all.After = append(all.After, l.On.number())
			}
		}
	}
	if all.IsEmpty() {
		return bits, nil
	}
	return bits, &all
}

// isAround reports whether an Around is around n's body, or those of its parts.
func (n *Node) isAround() bool {
	if n.kind&Wrapped == 0 || n.kind&WithoutBody != 0 {
		return false
	}
	if o := n.options(); o != nil && len(o.around) > 0 {
		return true
	}
	a := n.group.forAll()
	return a != nil && len(a.around) > 0 && n.kind&(Inline|Given) == 0
}

// sharedFacts is the shared limit that the bodies of g have and those of the group
// around it, if that is looked at as well, have not.
func (g *Group) sharedFacts(c *Config, outer bool) *record.Shared {
	if g.limiter == nil || g.limiter.shared == nil || outer && (c == nil || c.Shared == nil) {
		return nil
	}
	return g.limiter.shared.told
}
