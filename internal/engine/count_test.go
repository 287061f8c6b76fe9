package engine

import (
	"context"
	"sync/atomic"
	"testing"
)

// mute is a host of groups in which everything succeeds.
type mute struct{ Host }

func (mute) Ended() (Outcome, error) { return Succeeded, nil }

// declares is a body that declares the next one, so many times.
type declares struct {
	Node
	left int
	runs *atomic.Int64
	edge Edge
}

func (d *declares) Dep(int) *Node { return nil }
func (d *declares) Drop(bool)     {}
func (d *declares) Call(context.Context) error {
	d.runs.Add(1)
	if d.left > 0 {
		next := &declares{left: d.left - 1, runs: d.runs}
		Init(&next.Node, d.group, "next", next, 0)
		if d.left%2 == 0 {
			d.group.Start(&next.Node)
		} else {
			d.group.StartAfter(&next.Node, &d.Node, &next.edge)
		}
	}
	return nil
}

// TestE9_CountsPastAnyDay: a group goes on and ends as it does when it is new, when
// more was declared in it than 32 bits count, and while they run over.
func TestE9_CountsPastAnyDay(t *testing.T) {
	for name, before := range map[string]int64{
		"new": 0, "2³¹": 1<<31 - 500, "2³²": 1<<32 - 500, "years": 1 << 55,
	} {
		for _, limit := range []int{0, 1} {
			t.Run(name, func(t *testing.T) {
				const n = 1000
				var runs atomic.Int64
				var c *Config
				if limit > 0 {
					c = &Config{Limit: limit}
				}
				g := new(Group)
				g.Init(t.Context(), mute{}, c)
				g.declared.Add(before)
				g.ended.Add(before)
				first := &declares{left: n - 1, runs: &runs}
				Init(&first.Node, g, "first", first, 0)
				g.Start(&first.Node)
				g.Join()
				if got := runs.Load(); got != n {
					t.Errorf("%d bodies have run, want %d", got, n)
				}
				if left := g.declared.Load()&^sealed - g.ended.Load(); left != 0 {
					t.Errorf("%d tasks are left", left)
				}
			})
		}
	}
}

// TestE8_OrderPastAnyDay: the order of declaration holds while its 32 bits run over.
func TestE8_OrderPastAnyDay(t *testing.T) {
	g := new(Group)
	g.Init(t.Context(), mute{}, nil)
	g.declared.Add(1<<32 - 3)
	nodes := make([]declares, 6)
	for i := range nodes {
		Init(&nodes[i].Node, g, "", &nodes[i], 0)
		g.countDeclared(&nodes[i].Node)
		for j := range i {
			if a, b := &nodes[j].Node, &nodes[i].Node; !a.before(b) || b.before(a) {
				t.Errorf("the %d-th is not before the %d-th: %d and %d", j, i, a.order, b.order)
			}
		}
	}
}
