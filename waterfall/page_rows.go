package waterfall

import (
	"slices"
	"strings"

	"github.com/asap-go/asap"
)

// pageRow is a row of the page with what is inside it. All rows travel, and the
// page makes those that it shows.
type pageRow struct {
	Task  int       `json:"t"` // or -1
	Label string    `json:"l"`
	Tail  string    `json:"n,omitzero"` // what of the label is not cut off
	Band  int       `json:"b,omitzero"` // 1 of tasks alike, 3 of what is left
	Tasks []int     `json:"m,omitzero"` // of a band that has no rows of its own
	Left  bool      `json:"h,omitzero"` // not shown at first
	Inner []pageRow `json:"i,omitzero"` // bands inside a band, shown while it is folded
	Kids  []pageRow `json:"k,omitzero"`
}

// A page of more than mostPageRows rows shows the fewPageRows that tell most at
// first, so that it stays within two screens; the others are a band.
const (
	mostPageRows = 60
	fewPageRows  = 18
)

func (x *index) pageRows(critical map[asap.ID]bool) []pageRow {
	tree := x.tree(critical)
	rows := flatten(nil, tree, 0)
	picked := rows
	var left []int
	if len(rows) > mostPageRows {
		picked, left = x.important(rows, critical, fewPageRows)
	}
	shown := make(map[*branch]bool, len(picked))
	for _, r := range picked {
		shown[r.branch] = true
	}
	hidden := make(map[*branch]bool)
	for _, r := range rows {
		if !shown[r.branch] {
			hidden[r.branch] = true
		}
	}
	out := x.pageBranches(tree, hidden, false)
	if len(left) > 0 {
		b := band{sort: leftOvers, tasks: left}
		label, _ := b.label()
		out = append(out, pageRow{Task: -1, Label: label, Band: 1 + int(leftOvers), Tasks: left})
	}
	return out
}

// pageBranches are the rows of branches; those that come from several places have
// their paths as labels, and what is inside them is elsewhere.
func (x *index) pageBranches(branches []*branch, hidden map[*branch]bool, apart bool) []pageRow {
	if len(branches) == 0 {
		return nil
	}
	out := make([]pageRow, len(branches))
	for i, n := range branches {
		name, tail := x.label(n)
		r := pageRow{Task: n.task, Label: told(name), Tail: tail, Left: hidden[n]}
		if apart && n.task >= 0 {
			r.Label = x.told(n.task)
		}
		switch {
		case n.band != nil:
			r.Band = 1 + int(n.band.sort)
			r.Kids = x.pageBranches(n.kids, hidden, apart)
			for _, in := range n.inner { // what is critical changes with a prediction, so the page finds it
				if in.band == nil || in.band.sort == onTheWay {
					continue
				}
				inner := x.pageBranches([]*branch{in}, hidden, false)[0]
				inner.Kids = x.pageBranches(in.kids, nil, true)
				r.Inner = append(r.Inner, inner)
			}
		case !apart:
			r.Kids = x.pageBranches(n.kids, hidden, false)
		}
		out[i] = r
	}
	return out
}

// noBreaks keeps numbers and their units on one line.
func noBreaks(sentences []string) []string {
	out := slices.Clone(sentences)
	for i, s := range out {
		parts := unbroken(s)
		for k := range parts {
			parts[k] = strings.ReplaceAll(parts[k], " ", "\u00a0")
		}
		out[i] = strings.Join(parts, " ")
	}
	return out
}
