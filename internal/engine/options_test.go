package engine

import "testing"

// Of many dependencies one is found by an index: what a Get costs, or the end of one of
// AfterEnd, does not grow with their number.
func TestManyDependenciesHaveAnIndex(t *testing.T) {
	for _, n := range []int{0, 1, few, few + 1, 1000} {
		deps := make([]Dependency, 0, 2*n)
		for range n {
			deps = append(deps, Dependency{On: new(Node), Must: true})
		}
		for _, d := range deps[:n] { // each once more
			deps = append(deps, Dependency{On: d.On, Read: true})
		}
		o := (*Group)(nil).newOptions(&Node{body: noDeps{}}, &TaskConfig{Deps: deps})
		if len(o.links) != n {
			t.Fatalf("%d dependencies, each named twice: %d links", n, len(o.links))
		}
		if want := n > few; (o.index != nil) != want || want && len(o.index) != n {
			t.Errorf("%d dependencies: %d in the index, want all, if they are more than %d", n, len(o.index), few)
		}
		for i, d := range deps[:n] {
			if l := o.find(d.On); l != &o.links[i] || !l.Must || !l.Read {
				t.Fatalf("%d dependencies: the %d. is found as %v", n, i, l)
			}
		}
		if o.find(new(Node)) != nil {
			t.Errorf("%d dependencies: a stranger is found", n)
		}
	}
}

type noDeps struct{ Body }

func (noDeps) Dep(int) *Node { return nil }
