package waterfall

import (
	"slices"

	"github.com/asap-go/asap"
	"github.com/asap-go/asap/internal/look"
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
	Still bool      `json:"s,omitzero"` // of a band: nor are the critical tasks in it
	Inner []pageRow `json:"i,omitzero"` // bands inside a band, shown while it is folded
	Kids  []pageRow `json:"k,omitzero"`
}

// A page of more than mostPageRows rows shows the fewPageRows that tell most at
// first, with what is around them, so that it stays within two screens; the others are a
// band.
const (
	mostPageRows = 60
	fewPageRows  = 18
	roomOnPage   = 20
)

func (x *index) pageRows(critical map[asap.ID]bool) []pageRow {
	tree := x.tree(critical)
	rows := flatten(nil, tree, 0)
	picked := rows
	var left []int
	if len(rows) > mostPageRows {
		picked, left = x.important(rows, critical, fewPageRows, roomOnPage)
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
	out := x.pageBranches(nil, tree, hidden, false, 0)
	if len(left) > 0 {
		b := band{sort: leftOvers, tasks: left}
		label, _ := b.label()
		out = append(out, pageRow{Task: -1, Label: label, Band: 1 + int(leftOvers), Tasks: left})
	}
	return out
}

// maxPageDepth is how deep rows are inside of each other, as JSON may be that they
// travel in. What is deeper comes after the row that it is inside of.
const maxPageDepth = 100

// pageBranches adds the rows of branches; those that come from several places have
// their paths as labels, and what is inside them is elsewhere.
func (x *index) pageBranches(out []pageRow, branches []*branch, hidden map[*branch]bool, apart bool, depth int) []pageRow {
	for _, n := range branches {
		switch {
		case n.band != nil:
			out = append(out, x.pageBand(n, hidden, x.pageBranches(nil, n.kids, hidden, apart, depth+1)))
		case apart && n.task >= 0:
			r := x.pageRow(n, hidden)
			r.Label = x.told(n.task)
			out = append(out, r)
		case apart:
			out = append(out, x.pageRow(n, hidden))
		case depth < maxPageDepth:
			r := x.pageRow(n, hidden)
			r.Kids = x.pageBranches(nil, n.kids, hidden, false, depth+1)
			out = append(out, r)
		default:
			out = x.pageBranches(append(out, x.pageRow(n, hidden)), n.kids, hidden, false, depth)
		}
	}
	return out
}

func (x *index) pageRow(n *branch, hidden map[*branch]bool) pageRow {
	name, tail := x.label(n)
	return pageRow{Task: n.task, Label: told(name), Tail: tail, Left: hidden[n]}
}

// pageBand is the row of a band. The bands in it have tasks that are in rows elsewhere
// too, with all that is inside them; here they have none.
func (x *index) pageBand(n *branch, hidden map[*branch]bool, kids []pageRow) pageRow {
	r := x.pageRow(n, hidden)
	r.Band, r.Kids, r.Still = 1+int(n.band.sort), kids, n.still
	for _, in := range n.inner { // what is critical changes with a prediction, so the page finds it
		if in.band != nil && in.band.sort != onTheWay {
			r.Inner = append(r.Inner, x.pageBand(in, hidden, x.pageBranches(nil, in.kids, nil, true, 0)))
		}
	}
	return r
}

// noBreaks keeps numbers and their units on one line.
func noBreaks(sentences []string) []string {
	out := slices.Clone(sentences)
	for i := range out {
		out[i] = look.Unbroken(out[i])
	}
	return out
}
