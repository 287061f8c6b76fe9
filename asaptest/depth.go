package asaptest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/asap-go/asap/flow"
)

// AssertDepth fails t unless the longest chain of dependencies in the flow has
// want tasks: the round trips that must come one after the other, however fast
// each is. Tasks with a body, a Map and a Race count one each; an Input and a
// Gather run nothing and do not count. It runs no body.
//
// A flow that became less deep fails too, so that the better number is kept.
// The message says which tasks are too deep and what each of them waits for.
// An [flow.Flow] of any type is a flow.
func AssertDepth(t testing.TB, f interface{ Graph() (*flow.Graph, error) }, want int) {
	t.Helper()
	g, err := f.Graph()
	if err != nil {
		t.Errorf("AssertDepth: %v", err)
		return
	}
	l := levels(g)
	switch {
	case l.depth > want:
		t.Errorf("flow %s is %s deep, want %d: %s%s", g.Name, steps(l.depth), want, l.chain(l.last), l.tooDeep(want))
	case l.depth < want:
		t.Errorf("flow %s is %s deep, want %d: %s\nIt got better; assert %d so that it stays.", g.Name, steps(l.depth), want, l.chain(l.last), l.depth)
	}
}

func steps(n int) string {
	if n == 1 {
		return "1 step"
	}
	return fmt.Sprint(n, " steps")
}

// leveled is a graph of which the depth of every task is known.
type leveled struct {
	*flow.Graph
	level []int // tasks that count on the longest chain up to this one, itself included
	via   []int // the dependency on that chain, -1 for none
	depth int
	last  int // the first task at that depth, -1 in an empty graph
}

func levels(g *flow.Graph) *leveled {
	l := &leveled{Graph: g, level: make([]int, len(g.Tasks)), via: make([]int, len(g.Tasks)), last: -1}
	for i, t := range g.Tasks { // dependencies come before their dependents
		l.via[i] = -1
		for _, d := range t.Deps {
			if l.via[i] < 0 || l.level[d] > l.level[l.via[i]] {
				l.via[i] = d
			}
		}
		if l.via[i] >= 0 {
			l.level[i] = l.level[l.via[i]]
		}
		if l.counts(i) {
			l.level[i]++
		}
		if l.level[i] > l.depth {
			l.depth, l.last = l.level[i], i
		}
	}
	return l
}

func (l *leveled) counts(i int) bool {
	return l.Tasks[i].Kind != "input" && l.Tasks[i].Kind != "gather"
}

// chain writes the longest chain that ends with task i: user → profile → page.
func (l *leveled) chain(i int) string {
	if i < 0 {
		return "no task runs anything"
	}
	var names []string
	for ; i >= 0; i = l.via[i] {
		if l.counts(i) {
			names = append([]string{l.Tasks[i].Name}, names...)
		}
	}
	return strings.Join(names, " → ")
}

// tooDeep writes a line for every task below the wanted depth: what it waits
// for, and how deep it would be without that.
func (l *leveled) tooDeep(want int) string {
	var b strings.Builder
	for i, t := range l.Tasks {
		if l.level[i] <= want || !l.counts(i) {
			continue
		}
		d := l.before(i)
		if d < 0 {
			fmt.Fprintf(&b, "\n\t%s is step %d", t.Name, l.level[i])
			continue
		}
		fmt.Fprintf(&b, "\n\t%s is step %d, because it waits for %s", t.Name, l.level[i], l.Tasks[d].Name)
		if without := l.without(i); without < l.level[i] {
			fmt.Fprintf(&b, "; without that it would be step %d", without)
		}
	}
	return b.String()
}

// before is the task that counts before i on the longest chain, -1 for none.
func (l *leveled) before(i int) int {
	d := l.via[i]
	for d >= 0 && !l.counts(d) {
		d = l.via[d]
	}
	return d
}

// without is the level that i would have without the dependency on its chain.
func (l *leveled) without(i int) int {
	most := 0
	for _, d := range l.Tasks[i].Deps {
		if d != l.via[i] {
			most = max(most, l.level[d])
		}
	}
	return most + 1
}
