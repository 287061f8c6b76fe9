package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/asap-go/asap/bench/contender"
	"github.com/asap-go/asap/bench/cores"
	"github.com/asap-go/asap/bench/cores/sim"
	"github.com/asap-go/asap/bench/graph"
	"github.com/asap-go/asap/bench/sample"
	"github.com/asap-go/asap/bench/work"
)

// phases is what one process has measured of a graph without garbage
// collection, which the simulation does not know: nanoseconds a task of the
// clock until all was declared and until the end, and of processors, the first
// decile of its runs each.
type phases struct{ Declared, Total, CPU float64 }

// measurePhases is the child's side.
func measurePhases(g *graph.Graph, j job) (*phases, error) {
	c, err := contender.ByName(j.Contenders[0])
	if err != nil {
		return nil, err
	}
	run, m, n := c.New().For(g), sample.NewReal(), float64(g.Len())
	want, err := oracle(g, j.Body)
	if err != nil {
		return nil, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var declared, total, cpu []float64
	for range j.Config.Rounds {
		m.Collect()
		w := work.New(j.Body, g.Gated)
		var at time.Duration
		w.OnDeclared(func() { at = m.Now() })
		start, used := m.Now(), m.CPU()
		got, err := run(context.Background(), g, w)
		if err == nil && got != want {
			err = fmt.Errorf("result %#x, want %#x", got, want)
		}
		if err != nil {
			return nil, err
		}
		declared = append(declared, float64(at-start)/n)
		total = append(total, float64(m.Now()-start)/n)
		cpu = append(cpu, float64(m.CPU()-used)/n)
	}
	return &phases{sample.Quantile(declared, 0.1), sample.Quantile(total, 0.1), sample.Quantile(cpu, 0.1)}, nil
}

// checked is the simulation of a graph beside the measurement, nanoseconds a
// task, in rounds: bringing a line over takes Near at the time of each.
type checked struct {
	Graph           string
	Near            []float64
	One, Two        []phases
	SimOne          float64
	SimTwo, SimLine []float64 // SimLine: all words in one line
}

// ratio is two processors over one, the median over the rounds, measured and
// simulated, and the median of what the simulation is off.
func (c *checked) ratio() (measured, simulated, off float64) {
	var ms, ss, offs []float64
	for i := range c.One {
		m, s := c.Two[i].Total/c.One[i].Total, c.SimTwo[i]/c.SimOne
		ms, ss, offs = append(ms, m), append(ss, s), append(offs, s/m-1)
	}
	return sample.Median(ms), sample.Median(ss), sample.Median(offs)
}

// farFrom is between what a line takes within a die and from another, in ns.
const farFrom = 60

// where is the rounds in which the two processors were far from each other, or
// were not.
func (c *checked) where(far bool) *checked {
	part := &checked{Graph: c.Graph, SimOne: c.SimOne}
	for i, near := range c.Near {
		if near > farFrom == far {
			part.Near, part.One, part.Two = append(part.Near, near), append(part.One, c.One[i]), append(part.Two, c.Two[i])
			part.SimTwo, part.SimLine = append(part.SimTwo, c.SimTwo[i]), append(part.SimLine, c.SimLine[i])
		}
	}
	return part
}

func fastest(of []phases) phases {
	return slices.MinFunc(of, func(a, b phases) int { return int(1000 * (a.Total - b.Total)) })
}

// check measures the graphs on one and on two processors in turn, calibrates
// the private costs on independent tasks on one, and simulates the others.
func check(ctx context.Context, o *options, progress io.Writer) (sim.Costs, []*checked, error) {
	costs := cores.Measure()
	var all []*checked
	for _, name := range coresGraphs {
		g, err := graph.Find(name)
		if err != nil {
			return costs, nil, err
		}
		c := &checked{Graph: name}
		for range o.rounds {
			c.Near = append(c.Near, cores.Move(costs.RMW))
			for _, procs := range []int{1, 2} {
				a, err := ask(ctx, procs, job{
					Graph: name, Contenders: []string{contender.Declared}, Phases: true,
					Config: sample.Config{Rounds: max(10, 200_000/g.Len())},
				})
				if err != nil {
					return costs, nil, err
				}
				if procs == 1 {
					c.One = append(c.One, *a.Phases)
				} else {
					c.Two = append(c.Two, *a.Phases)
				}
			}
		}
		all = append(all, c)
		fmt.Fprintf(progress, "measured %s: %.0f ns a task on one processor, %.0f on two\n", name, fastest(c.One).Total, fastest(c.Two).Total)
	}
	wide := slices.IndexFunc(all, func(c *checked) bool { return strings.HasPrefix(c.Graph, "wide") })
	best := fastest(all[wide].One)
	costs = cores.Calibrate(costs, graph.Wide(20_000), best.Declared, best.Total)
	return costs, all, simulateChecked(costs, all)
}

func simulateChecked(costs sim.Costs, all []*checked) error {
	for _, c := range all {
		g, err := graph.Find(c.Graph)
		if err != nil {
			return err
		}
		c.SimOne = sim.Run(sim.Config{Costs: costs, Procs: 1}, g).PerTask()
		c.SimTwo, c.SimLine = nil, nil
		for _, near := range c.Near {
			now := costs
			now.Near = near
			c.SimTwo = append(c.SimTwo, sim.Run(sim.Config{Costs: now, Procs: 2, Fold: true}, g).PerTask())
			c.SimLine = append(c.SimLine, sim.Run(sim.Config{Costs: now, Design: sim.Packed, Procs: 2, Fold: true}, g).PerTask())
		}
	}
	return nil
}

// forecast is one simulated number of tasks on many processors.
type forecast struct {
	Graph  string
	Body   float64 // nanoseconds
	Design sim.Design
	Procs  int
	Nanos  float64 // a task
	Share  float64 // of what so many processors could do, were nothing shared
}

var (
	forecastProcs   = []int{1, 2, 4, 8, 16, 32, 64, 128}
	forecastBodies  = []float64{0, 1000, 10_000, 50_000}
	forecastDesigns = []sim.Design{sim.Relay, sim.OneLock, sim.TwoLocks, sim.Handful, sim.Sharded}
)

const (
	fromOutside = "independent, one declares"
	fromTasks   = "layers, all declared before"
)

// forecastAll simulates two loads: tasks that one goroutine declares while the
// others run them, n of them, and 2n tasks that make each other ready.
func forecastAll(c sim.Costs, n int) []forecast {
	var all []forecast
	for _, load := range []struct {
		name     string
		g        *graph.Graph
		declared bool
	}{{fromOutside, graph.Wide(n), false}, {fromTasks, graph.Layers(50, n/25), true}} {
		for _, body := range forecastBodies {
			for _, d := range forecastDesigns {
				for _, procs := range forecastProcs {
					r := sim.Run(sim.Config{Costs: c, Design: d, Procs: procs, Body: body, Declared: load.declared}, load.g)
					f := forecast{Graph: load.name, Body: body, Design: d, Procs: procs, Nanos: r.PerTask()}
					least := (c.Private + body) / float64(procs)
					if !load.declared {
						least = max((c.Private+c.Declare+body)/float64(procs), c.Declare)
					}
					f.Share = least / f.Nanos
					all = append(all, f)
				}
			}
		}
	}
	return all
}
