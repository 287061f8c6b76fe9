package flow

import (
	"iter"
	"time"

	"github.com/asap-go/asap/internal/engine"
)

// Graph is the structure of a flow: [Flow.Graph] makes it, [Graph.Write] draws it.
type Graph struct {
	Name  string
	Tasks []GraphTask // in order of declaration, with unique names
}

// GraphTask is one task of a [Graph]. A Map is one task, named likes[].
type GraphTask struct {
	Name string
	Kind string // input, task, optional, gather, map, race, signal or sleep
	Deps []int  // indexes of all declared dependencies in Graph.Tasks
	// After and AfterEnd are those of Deps whose value the task does not get: of
	// After it needs the success, of AfterEnd only the end.
	After, AfterEnd []int

	LeftOut         bool          // by asap.When: its body does not run
	MayFail         bool          // by asap.MayFail, and of an optional or the elements of a MapOptional
	Timeout, Within time.Duration // 0 for none
	Sleep           time.Duration // of a sleep
}

// Graph returns the structure of the flow, without running any body. It
// returns an error, and never panics, if the function that declares it looks
// at values, waits, panics, or returns no task of its group.
func (f *Flow[In, Out]) Graph() (*Graph, error) {
	b, err := f.draw()
	if err != nil {
		return nil, err
	}
	return b.drawing.graph(f.name), nil
}

func (d *drawing) graph(flow string) *Graph {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := &Graph{Name: flow}
	names := make(namer)
	for _, n := range d.nodes {
		k := engine.KindOf(n)
		t := GraphTask{Name: names.of(n), Kind: kindOf(n), LeftOut: k&engine.WithoutBody != 0, MayFail: k&(engine.MayFail|engine.Optional) != 0}
		t.Timeout, t.Within = engine.LimitsOf(n)
		if a := engine.ArrivalOf(n); a != nil {
			t.Sleep = a.After
		}
		if k&engine.Mapped != 0 {
			var c engine.Call
			engine.BodyOf(n).(engine.Filler).Fill(&c)
			t.MayFail = t.MayFail || c.Optional
		}
		for dep := range deps(n) {
			i := d.index[dep.On]
			t.Deps = append(t.Deps, i)
			switch {
			case !dep.Must:
				t.AfterEnd = append(t.AfterEnd, i)
			case !dep.Read:
				t.After = append(t.After, i)
			}
		}
		g.Tasks = append(g.Tasks, t)
	}
	return g
}

// deps yields the dependencies of n, which is only drawn.
func deps(n *engine.Node) iter.Seq[engine.Dependency] {
	return func(yield func(engine.Dependency) bool) {
		for i := 0; ; i++ {
			d, ok := engine.DepOf(n, i)
			if !ok || !yield(d) {
				return
			}
		}
	}
}

func kindOf(n *engine.Node) string {
	switch k := engine.KindOf(n); {
	case k&engine.Given != 0:
		return "input"
	case k&engine.Arriving != 0 && engine.ArrivalOf(n).After > 0:
		return "sleep"
	case k&engine.Arriving != 0:
		return "signal"
	case k&engine.Optional != 0:
		return "optional"
	case k&engine.Gather != 0:
		return "gather"
	case k&engine.Mapped != 0:
		return "map"
	case k&engine.Race != 0:
		return "race"
	}
	return "task"
}
