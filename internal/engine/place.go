package engine

import (
	"context"
	"time"
)

// Place is where a body stands among all: what statistics tell it by.
type Place struct {
	Group string    // the name of the outermost group around it
	Task  string    // its name, behind those of the tasks around it: checkout/likes[]
	Made  time.Time // that group
	Own   time.Time // its own group was made
}

// PlaceOf returns the place of the body of ctx. It reports false without such a body.
func PlaceOf(ctx context.Context) (p Place, ok bool) {
	if n := nodeOf(ctx); n != nil {
		return PlaceOfNode(n), true
	}
	return p, false
}

// PlaceOfNode returns the place of n, which has not ended.
func PlaceOfNode(n *Node) (p Place) {
	p.Task = n.family()
	g := n.group
	for owner := g.owner.Load(); owner != nil; owner = g.owner.Load() {
		p.Task = owner.family() + "/" + p.Task
		g = owner.group
	}
	p.Group, p.Made, p.Own = g.Name(), time.Unix(0, g.made), time.Unix(0, n.group.made)
	return p
}

// family is n's name: of a part that of its whole, as likes[].
func (n *Node) family() string {
	if of := n.whole(); of != nil {
		return of.label() + "[]"
	}
	return n.label()
}
